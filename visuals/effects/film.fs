/*{
    "DESCRIPTION": "Old film: warm tones, grain, dust, scratches, and a gate that isn't quite steady.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Film"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "age", "TYPE": "float", "LABEL": "How old it is", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "grain", "TYPE": "float", "LABEL": "Grain", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "tone", "TYPE": "float", "LABEL": "Warmth", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "weave", "TYPE": "float", "LABEL": "How unsteady it is", "DEFAULT": 0.4, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "low", "TYPE": "float", "LABEL": "Low band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "low"}
    ]
}*/

float chance(vec2 at) {
    vec3 p = fract(vec3(at.xyx) * 0.1031);
    p += dot(p, p.yzx + 33.33);
    return fract((p.x + p.y) * p.z);
}

void main() {
    float frame = floor(TIME * 18.0);
    vec2 shake = vec2(chance(vec2(frame, 1.0)), chance(vec2(frame, 2.0))) - 0.5;
    vec2 at = isf_FragNormCoord + shake * weave * (0.003 + 0.004 * low);
    vec3 rgb = IMG_NORM_PIXEL(inputImage, at).rgb;
    float light = dot(rgb, vec3(0.3, 0.55, 0.15));
    vec3 aged = mix(rgb, light * vec3(1.12, 0.98, 0.76), tone * 0.8);
    aged = mix(aged, smoothstep(0.0, 1.05, aged), 0.6) * (0.94 + 0.04 * age) + 0.025 * age;
    // Silver: coarse, and strongest in the middle tones.
    vec2 grains = gl_FragCoord.xy * 720.0 / RENDERSIZE.y;
    float silver = chance(floor(grains * 0.8) + frame * 17.0) + chance(floor(grains * 0.45) + frame * 5.0) - 1.0;
    aged += silver * grain * 0.16 * (0.3 + light * (1.0 - light) * 2.8);
    // A scratch that wanders, and now and then one more.
    for (float i = 0.0; i < 3.0; i++) {
        float here = chance(vec2(floor(frame / (5.0 + 9.0 * i)), i + 7.0));
        float wide = abs(isf_FragNormCoord.x - here - 0.002 * sin(isf_FragNormCoord.y * 9.0 + i)) * RENDERSIZE.x;
        float there = step(0.62, chance(vec2(floor(frame / 5.0), i + 3.0)));
        float thin = smoothstep(1.4, 0.2, wide) * (0.5 + 0.5 * chance(vec2(grains.y, i)));
        aged += (i < 1.5 ? 0.22 : -0.25) * age * there * thin;
    }
    // Dust: no two grains of one size and shape, and some are holes in the layer.
    vec2 spot = floor(grains / 9.0), off = mod(grains, 9.0) - 4.5;
    float kind = chance(spot + frame * 1.3), size = mix(0.7, 3.4, pow(fract(kind * 7.0), 2.0));
    float speck = step(1.0 - 0.002 * age, chance(spot + frame * 3.7));
    off = mat2(cos(kind * 40.0), -sin(kind * 40.0), sin(kind * 40.0), cos(kind * 40.0)) * off;
    float away = length(off * vec2(1.0, 1.0 + 1.5 * fract(kind * 3.0))) * (1.0 + 0.25 * sin(3.0 * atan(off.y, off.x) + kind * 9.0));
    aged = mix(aged, vec3(kind > 0.75 ? 0.85 : 0.05), speck * smoothstep(size + 0.6, size - 0.6, away));
    vec2 corner = (isf_FragNormCoord - 0.5) * 1.25;
    gl_FragColor = vec4(max(aged, 0.0) * (1.0 - 0.75 * age * pow(dot(corner, corner), 1.3)), 1.0);
}
