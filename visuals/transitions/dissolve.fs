/*{
    "DESCRIPTION": "The dark of the picture gives way first and its lights last, along borders that glow.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Transition"],
    "INPUTS": [
        {"NAME": "startImage", "TYPE": "image"},
        {"NAME": "endImage", "TYPE": "image"},
        {"NAME": "progress", "TYPE": "float", "LABEL": "How far it is", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "soft", "TYPE": "float", "LABEL": "How soft the borders are", "DEFAULT": 0.25, "MIN": 0.02, "MAX": 0.6},
        {"NAME": "glow", "TYPE": "float", "LABEL": "How much they glow", "DEFAULT": 0.3, "MIN": 0.0, "MAX": 1.0}
    ]
}*/

float hash(vec2 at) {
    vec3 p = fract(vec3(at.xyx) * vec3(0.1031, 0.1030, 0.0973));
    p += dot(p, p.yzx + 33.33);
    return fract((p.x + p.y) * p.z);
}

float noise(vec2 at) {
    vec2 cell = floor(at), f = fract(at);
    f = f * f * (3.0 - 2.0 * f);
    float low = mix(hash(cell), hash(cell + vec2(1.0, 0.0)), f.x);
    return mix(low, mix(hash(cell + vec2(0.0, 1.0)), hash(cell + vec2(1.0, 1.0)), f.x), f.y);
}

// The light around a place: that of a single pixel would make specks.
float light(vec2 at) {
    float sum = 0.0;
    for (int i = 0; i < 7; i++) {
        float turn = 2.39996 * float(i), far = 0.018 * sqrt(float(i) / 7.0);
        vec2 step = vec2(cos(turn) * RENDERSIZE.y / RENDERSIZE.x, sin(turn)) * far;
        sum += dot(IMG_NORM_PIXEL(startImage, at + step).rgb, vec3(0.299, 0.587, 0.114));
    }
    return sum / 7.0;
}

void main() {
    vec2 at = isf_FragNormCoord;
    vec4 from = IMG_NORM_PIXEL(startImage, at), to = IMG_NORM_PIXEL(endImage, at);
    vec2 square = at * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float height = 0.8 * smoothstep(0.0, 0.9, light(at)) + 0.14 * noise(square * 5.0) + 0.06 * noise(square * 23.0);
    float share = smoothstep(height - soft, height + soft, mix(-soft, 1.0 + soft, progress));
    float rim = 4.0 * share * (1.0 - share);
    vec4 seen = mix(from, to, share);
    gl_FragColor = vec4(seen.rgb + glow * rim * rim * mix(from, to, 0.5).rgb, seen.a);
}
