/*{
    "DESCRIPTION": "Slats turn over one after the other, with the next picture on their backs.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Transition"],
    "INPUTS": [
        {"NAME": "startImage", "TYPE": "image"},
        {"NAME": "endImage", "TYPE": "image"},
        {"NAME": "progress", "TYPE": "float", "LABEL": "How far it is", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "slats", "TYPE": "float", "LABEL": "How many slats", "DEFAULT": 12.0, "MIN": 2.0, "MAX": 40.0},
        {"NAME": "apart", "TYPE": "float", "LABEL": "How far one is behind the other", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 0.9}
    ]
}*/

void main() {
    vec2 at = isf_FragNormCoord;
    float count = max(1.0, floor(slats + 0.5)), place = at.x * count, number = min(floor(place), count - 1.0);
    float passed = clamp((progress - apart * number / count) / (1.0 - apart * (count - 1.0) / count), 0.0, 1.0);
    float turn = 3.14159265 * passed * passed * (3.0 - 2.0 * passed), flat_ = cos(turn), edge = sin(turn);
    // Across the slat, from -1 to 1; the side that comes near looks larger.
    float seen = 2.0 * (place - number) - 1.0;
    float across = seen / (flat_ + 0.35 * edge * seen * sign(flat_));
    float near = 1.0 + 0.35 * edge * across * sign(flat_);
    float high = 0.5 + (at.y - 0.5) * mix(1.0, near, 0.12);
    float pixel = 2.0 * count / RENDERSIZE.x;
    float cover = 1.0 - smoothstep(1.0 - pixel, 1.0 + pixel, abs(across)) * step(0.001, edge);
    vec2 from = vec2((number + 0.5 + 0.5 * across) / count, high);
    vec3 old = IMG_NORM_PIXEL(startImage, from).rgb;
    vec3 fresh = IMG_NORM_PIXEL(endImage, vec2((number + 0.5 + 0.5 * seen / min(flat_ - 0.35 * edge * seen, -0.001) * -1.0) / count, high)).rgb;
    vec3 rgb = flat_ >= 0.0 ? old : fresh;
    float light = 1.0 - 0.6 * edge * (flat_ >= 0.0 ? 1.0 : 0.55);
    float shine = 0.35 * exp(-40.0 * (turn - 2.1) * (turn - 2.1));
    vec3 behind = IMG_NORM_PIXEL(endImage, at).rgb * (0.12 + 0.25 * passed);
    gl_FragColor = vec4(mix(behind, rgb * (light + shine), cover), 1.0);
}
