/*{
    "DESCRIPTION": "The picture rushes at you, and out of the blur comes the next one.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Transition"],
    "INPUTS": [
        {"NAME": "startImage", "TYPE": "image"},
        {"NAME": "endImage", "TYPE": "image"},
        {"NAME": "progress", "TYPE": "float", "LABEL": "How far it is", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "rush", "TYPE": "float", "LABEL": "How far it rushes", "DEFAULT": 0.5, "MIN": 0.1, "MAX": 1.0},
        {"NAME": "centre", "TYPE": "point2D", "LABEL": "Where to", "DEFAULT": [0.5, 0.5], "MIN": [0.0, 0.0], "MAX": [1.0, 1.0]}
    ]
}*/

const int SAMPLES = 12;

float hash(vec2 at) {
    vec3 p = fract(vec3(at.xyx) * vec3(0.1031, 0.1030, 0.0973));
    p += dot(p, p.yzx + 33.33);
    return fract((p.x + p.y) * p.z);
}

// Mirrored beyond its edges.
vec2 within(vec2 at) { return 1.0 - abs(1.0 - mod(at, 2.0)); }

void main() {
    vec2 from = isf_FragNormCoord - centre;
    float eased = progress * progress * (3.0 - 2.0 * progress);
    float blur = rush * 0.9 * pow(max(0.0, sin(3.14159265 * eased)), 1.5), jitter = hash(gl_FragCoord.xy);
    // The old picture grows; the new one comes from afar and stands still at the end.
    float old = 1.0 / (1.0 + 2.0 * rush * eased), fresh = 1.0 + 1.2 * rush * (1.0 - eased);
    float share = smoothstep(0.35, 0.65, eased);
    vec4 first = vec4(0.0), second = vec4(0.0);
    for (int i = 0; i < SAMPLES; i++) {
        float scale = 1.0 - blur * (float(i) + jitter) / float(SAMPLES);
        if (share < 1.0) first += IMG_NORM_PIXEL(startImage, within(centre + from * old * scale));
        if (share > 0.0) second += IMG_NORM_PIXEL(endImage, within(centre + from * fresh * scale));
    }
    vec4 seen = mix(first, second, share) / float(SAMPLES);
    gl_FragColor = vec4(seen.rgb * (1.0 + 0.5 * blur * exp(-6.0 * dot(from, from))), seen.a);
}
