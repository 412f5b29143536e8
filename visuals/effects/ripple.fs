/*{
    "DESCRIPTION": "Rings run over the picture as over water, from where the low band hits it.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Distortion"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "height", "TYPE": "float", "LABEL": "How high the rings are", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "width", "TYPE": "float", "LABEL": "How wide they are", "DEFAULT": 0.4, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "centre", "TYPE": "point2D", "LABEL": "Where they begin", "DEFAULT": [0.5, 0.5], "MIN": [0.0, 0.0], "MAX": [1.0, 1.0]},
        {"NAME": "low", "TYPE": "float", "LABEL": "Low band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "low"}
    ]
}*/

void main() {
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 from = (isf_FragNormCoord - centre) * aspect;
    float far = length(from);
    float waves = mix(70.0, 14.0, width);
    float ring = sin(far * waves - TIME * 7.0) * exp(-1.6 * far) * height * (0.35 + low);
    float second = sin(far * waves * 0.53 - TIME * 4.1 + 1.0) * exp(-0.8 * far) * height * 0.5;
    float slope = ring + second;
    vec2 way = from / max(far, 0.02);
    vec2 at = isf_FragNormCoord + way / aspect * slope * 0.055;
    vec3 rgb = IMG_NORM_PIXEL(inputImage, abs(mod(at + 1.0, 2.0) - 1.0)).rgb;
    float shine = dot(way, vec2(-0.6, 0.8)) * slope;
    gl_FragColor = vec4(rgb * (1.0 + 0.6 * shine) + 0.2 * max(shine, 0.0) * max(shine, 0.0), 1.0);
}
