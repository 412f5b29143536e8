/*{
    "DESCRIPTION": "Broad strokes of a brush, to and fro, paint the new picture over the old one.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Transition"],
    "INPUTS": [
        {"NAME": "startImage", "TYPE": "image"},
        {"NAME": "endImage", "TYPE": "image"},
        {"NAME": "progress", "TYPE": "float", "LABEL": "How far it is", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "strokes", "TYPE": "float", "LABEL": "How many strokes", "DEFAULT": 6.0, "MIN": 2.0, "MAX": 14.0},
        {"NAME": "relief", "TYPE": "float", "LABEL": "How thick the paint is", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0}
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

// Of one stroke at a place: whether there is its paint, and how thick and wet that is; hairs run ahead and stay behind.
vec2 stroke(float number, vec2 at, float hairs) {
    float count = max(1.0, floor(strokes + 0.5));
    float delay = 0.45 * (count - 1.0 - number) / count + 0.08 * hash(vec2(number, 3.0));
    float passed = clamp((progress - delay) / (1.0 - 0.53), 0.0, 1.0);
    passed = passed * passed * (3.0 - 2.0 * passed);
    float along = mod(number, 2.0) < 0.5 ? at.x : 1.0 - at.x;
    float across = at.y * count - number - 0.5 + 0.13 * (noise(vec2(at.x * 3.0, number * 7.0)) - 0.5);
    float front = passed * 1.75 - 0.3 - along - 0.5 * across * across + 0.3 * (hairs - 0.5);
    float sides = 0.78 - abs(across) + 0.35 * (hairs - 0.5);
    float there = smoothstep(0.0, 0.05, front) * smoothstep(0.0, 0.08, sides);
    return vec2(there, there * smoothstep(0.0, 0.5, sides) * (0.5 + hairs) * exp(-3.5 * max(front, 0.0)));
}

vec2 paint(vec2 at) {
    float count = max(1.0, floor(strokes + 0.5)), own = floor(at.y * count);
    float hairs = 0.65 * noise(vec2(at.x * 4.0, at.y * count * 6.0)) + 0.35 * noise(vec2(at.x * 7.0, at.y * count * 17.0));
    vec2 most = vec2(0.0);
    for (int i = -1; i <= 1; i++) {
        most = max(most, stroke(own + float(i), at, hairs));
    }
    return most;
}

void main() {
    vec2 at = isf_FragNormCoord, pixel = 2.0 / RENDERSIZE;
    vec2 here = paint(at);
    float slope = paint(at + vec2(-pixel.x, pixel.y)).y - paint(at + vec2(pixel.x, -pixel.y)).y;
    float share = mix(here.x, 1.0, smoothstep(0.9, 1.0, progress));
    float wet = 1.0 - smoothstep(0.8, 1.0, progress);
    // The brush drags the fresh picture along a little, and where it is thick it shines.
    vec2 drag = vec2(0.02 * here.y * wet * sin(3.14159265 * at.x), 0.0);
    vec4 seen = mix(IMG_NORM_PIXEL(startImage, at), IMG_NORM_PIXEL(endImage, at + drag), share);
    float lit = relief * wet * clamp(slope, -0.5, 0.5);
    gl_FragColor = vec4(seen.rgb * (1.0 + lit) + 0.12 * max(lit, 0.0) * seen.a, seen.a);
}
