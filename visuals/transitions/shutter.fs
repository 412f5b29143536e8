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
    float turn = 3.14159265 * passed * passed * (3.0 - 2.0 * passed), edge = sin(turn);
    float side = turn <= 1.5707963 ? 1.0 : -1.0;
    // Across the slat, from -1 to 1; the side that comes near looks larger.
    float seen = 2.0 * (place - number) - 1.0;
    float wide = cos(turn) + 0.35 * edge * seen * side;
    float across = clamp(seen / (abs(wide) < 0.001 ? 0.001 : wide), -4.0, 4.0) * side;
    float high = 0.5 + (at.y - 0.5) * (1.0 + 0.042 * edge * across);
    float pixel = 2.0 * count / RENDERSIZE.x;
    float cover = 1.0 - smoothstep(1.0 - pixel, 1.0 + pixel, abs(across)) * step(0.001, edge);
    vec2 from = vec2((number + 0.5 + 0.5 * across) / count, high);
    vec4 slat = side > 0.0 ? IMG_NORM_PIXEL(startImage, from) : IMG_NORM_PIXEL(endImage, from);
    float light = 1.0 - edge * (side > 0.0 ? 0.6 : 0.33) + 0.35 * exp(-40.0 * (turn - 2.1) * (turn - 2.1));
    vec4 behind = IMG_NORM_PIXEL(endImage, at) * vec4(vec3(0.12 + 0.25 * passed), 1.0);
    gl_FragColor = mix(behind, slat * vec4(vec3(light), 1.0), cover);
}
