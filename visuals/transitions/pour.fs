/*{
    "DESCRIPTION": "The next picture runs down over the old one in drips, as wet paint does.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Transition"],
    "INPUTS": [
        {"NAME": "startImage", "TYPE": "image"},
        {"NAME": "endImage", "TYPE": "image"},
        {"NAME": "progress", "TYPE": "float", "LABEL": "How far it is", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "drips", "TYPE": "float", "LABEL": "How narrow the drips are", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "thick", "TYPE": "float", "LABEL": "How thick the paint is", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0}
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

// How far the paint has run down at a place across the picture, in heights of it.
float run(float x) {
    float many = mix(6.0, 22.0, drips), at = x * many * RENDERSIZE.x / RENDERSIZE.y, cell = floor(at);
    float all = progress * 1.5 + 0.12 * progress * (noise(vec2(at * 0.35, 2.0)) - 1.0), sum = exp(26.0 * (0.62 * all - 0.03));
    for (int i = -1; i <= 1; i++) {
        vec2 one = vec2(cell + float(i), 7.0);
        float fast = hash(one), off = at - one.x - 0.5 - 0.4 * (hash(one + 3.0) - 0.5);
        float width = 0.3 + 0.2 * hash(one + 5.0);
        // Straight sides and a round tip.
        float tip = all * (0.62 + 0.75 * fast * fast) - 0.05 * pow(abs(off) / width, 5.0);
        sum += exp(26.0 * max(tip, -1.0));
    }
    return log(sum) / 26.0 - 0.045 + smoothstep(0.8, 1.0, progress) * 0.8;
}

void main() {
    vec2 at = isf_FragNormCoord;
    float before = progress * 30.0, ran = mix(-0.06, run(at.x), min(before, 1.0)), depth = at.y - 1.0 + ran;
    float slope = (run(at.x + 0.003) - run(at.x - 0.003)) / 0.006;
    float settled = smoothstep(0.8, 1.0, progress), edge = 1.5 / RENDERSIZE.y * (1.0 + abs(slope));
    float share = mix(smoothstep(-edge, edge, depth) * min(before, 1.0), 1.0, settled);
    // How far from the rim of a drip, sideways too.
    float rim = max(depth, 0.0) / sqrt(1.0 + 0.15 * slope * slope);
    float bead = exp(-pow(rim / 0.022, 1.3)) * (1.0 - settled);
    vec2 from = vec2(at.x, min(1.0, at.y + 0.06 * exp(-rim / 0.12) * (1.0 - settled)));
    float shine = (rim - 0.012) / 0.006;
    vec4 paint = IMG_NORM_PIXEL(endImage, from);
    float turn = slope / sqrt(1.0 + slope * slope);
    paint.rgb *= 1.0 + thick * bead * (0.5 * turn - 0.35);
    paint.rgb += 0.5 * thick * bead * max(turn, 0.0) * exp(-shine * shine) * paint.a;
    // Its shadow falls down and to the right.
    float shade = 1.0 - 0.5 * thick * exp(-max(-depth, 0.0) / 0.025) * min(before, 1.0);
    gl_FragColor = mix(IMG_NORM_PIXEL(startImage, at) * vec4(vec3(shade), 1.0), paint, share);
}
