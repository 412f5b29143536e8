/*{
    "DESCRIPTION": "Dots of colour on dark paper, larger where it is lighter; kicks swell them.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Stylise"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "size", "TYPE": "float", "LABEL": "Size of the dots", "DEFAULT": 0.3, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "turn", "TYPE": "float", "LABEL": "Angle of the screen", "DEFAULT": 0.35, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "paper", "TYPE": "float", "LABEL": "Light of the paper", "DEFAULT": 0.06, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "low", "TYPE": "float", "LABEL": "Low band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "low"}
    ]
}*/

void main() {
    float cell = mix(4.0, 40.0, size) * RENDERSIZE.y / 720.0;
    float angle = turn * 1.5708;
    mat2 there = mat2(cos(angle), sin(angle), -sin(angle), cos(angle));
    vec2 at = there * (gl_FragCoord.xy - 0.5 * RENDERSIZE) / cell;
    vec2 middle = floor(at) + 0.5;
    vec2 seen = (middle * there) * cell + 0.5 * RENDERSIZE;
    vec3 rgb = IMG_NORM_PIXEL(inputImage, clamp(seen / RENDERSIZE, 0.0, 1.0)).rgb;
    float light = dot(rgb, vec3(0.3, 0.55, 0.15));
    float radius = (0.18 + 0.52 * sqrt(light)) * (0.95 + 0.2 * low);
    float dot_ = 1.0 - smoothstep(radius - 0.8 / cell, radius + 0.8 / cell, length(at - middle));
    vec3 ink = rgb * (1.1 + 0.35 * (1.0 - light));
    gl_FragColor = vec4(mix(rgb * paper, ink, dot_), 1.0);
}
