/*{
    "DESCRIPTION": "Contours glow in the dark in the colours of the picture.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Stylise"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "width", "TYPE": "float", "LABEL": "Width of the lines", "DEFAULT": 2.5, "MIN": 0.5, "MAX": 6.0},
        {"NAME": "glow", "TYPE": "float", "LABEL": "How bright they are", "DEFAULT": 0.6, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "picture", "TYPE": "float", "LABEL": "How much of the picture stays", "DEFAULT": 0.18, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "low", "TYPE": "float", "LABEL": "Low band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "low"},
        {"NAME": "high", "TYPE": "float", "LABEL": "High band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "high"}
    ]
}*/

vec3 seen(float x, float y) {
    return IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + vec2(x, y) * width * RENDERSIZE.y / 720.0 / RENDERSIZE).rgb;
}

void main() {
    vec3 nw = seen(-1.0, 1.0), n = seen(0.0, 1.0), ne = seen(1.0, 1.0);
    vec3 w = seen(-1.0, 0.0), middle = seen(0.0, 0.0), e = seen(1.0, 0.0);
    vec3 sw = seen(-1.0, -1.0), s = seen(0.0, -1.0), se = seen(1.0, -1.0);
    vec3 across = ne + 2.0 * e + se - nw - 2.0 * w - sw;
    vec3 along = nw + 2.0 * n + ne - sw - 2.0 * s - se;
    float line = length(sqrt(across * across + along * along));
    line = line * (0.9 + 0.9 * low) / (0.25 + line);
    vec3 hue = middle / max(max(middle.r, max(middle.g, middle.b)), 0.05);
    vec3 light = mix(hue, vec3(1.0), 0.15 + 0.35 * high) * line * (0.6 + 1.4 * glow);
    gl_FragColor = vec4(middle * picture + light, 1.0);
}
