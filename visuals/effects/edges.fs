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
    ],
    "PASSES": [
        {"TARGET": "heard", "PERSISTENT": true, "FLOAT": true, "WIDTH": "1", "HEIGHT": "1"},
        {}
    ]
}*/

vec3 seen(float x, float y) {
    return IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + vec2(x, y) * width * RENDERSIZE.y / 720.0 / RENDERSIZE).rgb;
}

vec4 contours() {
    vec3 nw = seen(-1.0, 1.0), n = seen(0.0, 1.0), ne = seen(1.0, 1.0);
    vec3 w = seen(-1.0, 0.0), middle = seen(0.0, 0.0), e = seen(1.0, 0.0);
    vec3 sw = seen(-1.0, -1.0), s = seen(0.0, -1.0), se = seen(1.0, -1.0);
    vec3 across = ne + 2.0 * e + se - nw - 2.0 * w - sw;
    vec3 along = nw + 2.0 * n + ne - sw - 2.0 * s - se;
    vec2 now = IMG_NORM_PIXEL(heard, vec2(0.5)).rg;
    float line = length(sqrt(across * across + along * along));
    // Hair and canvas are no contours.
    line = max(line - 0.15, 0.0);
    line = line * (1.15 + 0.5 * now.x) / (0.6 + line);
    vec3 hue = middle / max(max(middle.r, max(middle.g, middle.b)), 0.05);
    vec3 light = mix(hue, vec3(1.0), 0.15 + 0.3 * now.y) * line * (0.6 + 1.4 * glow);
    return vec4(middle * picture + light, 1.0);
}

void main() {
    if (PASSINDEX == 0) {
        // Up with the music, and slowly down: all lines together would flash.
        vec2 bands = vec2(low, high);
        vec2 before = FRAMEINDEX == 0 ? bands : IMG_NORM_PIXEL(heard, vec2(0.5)).rg;
        vec2 lag = mix(vec2(0.6), vec2(0.04), step(before, bands));
        gl_FragColor = vec4(mix(bands, before, exp(-TIMEDELTA / lag)), 0.0, 1.0);
    } else {
        gl_FragColor = contours();
    }
}
