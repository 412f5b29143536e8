/*{
    "DESCRIPTION": "The picture between mirrors that turn slowly.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Geometry"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "mirrors", "TYPE": "float", "LABEL": "How many", "DEFAULT": 6.0, "MIN": 2.0, "MAX": 16.0},
        {"NAME": "spin", "TYPE": "float", "LABEL": "How fast they turn", "DEFAULT": 0.15, "MIN": -1.0, "MAX": 1.0},
        {"NAME": "zoom", "TYPE": "float", "LABEL": "Zoom", "DEFAULT": 1.0, "MIN": 0.25, "MAX": 4.0},
        {"NAME": "centre", "TYPE": "point2D", "LABEL": "What is in the middle", "DEFAULT": [0.5, 0.5], "MIN": [0.0, 0.0], "MAX": [1.0, 1.0]},
        {"NAME": "low", "TYPE": "float", "LABEL": "Low band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "low"}
    ],
    "PASSES": [
        {"TARGET": "clock", "PERSISTENT": true, "FLOAT": true, "WIDTH": "1", "HEIGHT": "1"},
        {}
    ]
}*/

const float PI = 3.14159265;

// There and back again, so that no edge is seen.
vec2 folded(vec2 at) {
    return abs(mod(at + 1.0, 2.0) - 1.0);
}

void main() {
    if (PASSINDEX == 0) {
        // Counted on, since the spin may change at any time: TIME times the spin would leap.
        float before = FRAMEINDEX == 0 ? 0.0 : IMG_NORM_PIXEL(clock, vec2(0.5)).r;
        gl_FragColor = vec4(FRAMEINDEX == 0 ? 0.0 : mod(before + TIMEDELTA * spin, 20.0 * PI), 0.0, 0.0, 1.0);
    } else {
        vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
        vec2 from = (isf_FragNormCoord - 0.5) * aspect;
        float wedge = PI / max(1.0, floor(mirrors + 0.5));
        float turned = IMG_NORM_PIXEL(clock, vec2(0.5)).r;
        float angle = mod(atan(from.y, from.x) + turned * 0.3, 2.0 * wedge);
        angle = abs(angle - wedge) + turned * 0.2;
        float far = length(from) / (zoom * (1.0 + 0.06 * low));
        vec2 at = centre + far * vec2(cos(angle), sin(angle)) / aspect;
        gl_FragColor = vec4(IMG_NORM_PIXEL(inputImage, folded(at)).rgb, 1.0);
    }
}
