/*{
    "DESCRIPTION": "Drops of ink fall on the picture and spread; where they dry, the next one appears.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Transition"],
    "INPUTS": [
        {"NAME": "startImage", "TYPE": "image"},
        {"NAME": "endImage", "TYPE": "image"},
        {"NAME": "progress", "TYPE": "float", "LABEL": "How far it is", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "drops", "TYPE": "float", "LABEL": "How many drops", "DEFAULT": 7.0, "MIN": 1.0, "MAX": 12.0},
        {"NAME": "ink", "TYPE": "float", "LABEL": "How dark the ink is", "DEFAULT": 0.75, "MIN": 0.0, "MAX": 1.0}
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

float cloud(vec2 at) {
    return 0.5 * noise(at) + 0.25 * noise(at * 2.1 + 7.0) + 0.15 * noise(at * 4.3 + 3.0) + 0.1 * noise(at * 9.1 + 5.0);
}

void main() {
    float wide = RENDERSIZE.x / RENDERSIZE.y;
    vec2 at = isf_FragNormCoord * vec2(wide, 1.0);
    vec2 warp = vec2(cloud(at * 2.6 + 11.0), cloud(at * 2.6 + 31.0)) - 0.5;
    vec2 creep = at + 0.34 * warp;
    float fringe = 0.14 * (cloud(at * 5.5) - 0.5);
    // How far behind the nearest edge of ink a place is, in heights of the picture.
    float inside = -1.0;
    for (int i = 0; i < 12; i++) {
        if (float(i) >= drops) break;
        float one = float(i);
        vec2 fell = vec2(fract(0.5 + one * 0.754877), fract(0.45 + one * 0.569840)) * vec2(wide, 1.0);
        float passed = max(progress - 0.045 * one, 0.0);
        inside = max(inside, passed > 0.0 ? 1.15 * pow(passed, 1.1) - length(creep - fell) + fringe * min(1.0, 6.0 * passed) : -1.0);
    }
    inside += smoothstep(0.8, 1.0, progress) * 2.0 * wide;
    float wet = smoothstep(0.0, 0.015, inside);
    float dry = smoothstep(0.05, 0.3, inside);
    vec4 from = IMG_NORM_PIXEL(startImage, isf_FragNormCoord), to = IMG_NORM_PIXEL(endImage, isf_FragNormCoord);
    vec4 tint = mix(vec4(0.03, 0.035, 0.09, 1.0), vec4(from.rgb * 0.25, 1.0), 0.35);
    vec4 inked = mix(from, tint, wet * ink * (0.8 + 0.2 * smoothstep(0.06, 0.0, inside)));
    gl_FragColor = mix(inked, to, dry);
}
