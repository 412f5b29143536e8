/*{
    "DESCRIPTION": "Blocks of the picture slip sideways and lose their colours, three times a second at most.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Glitch"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "slip", "TYPE": "float", "LABEL": "How far blocks slip", "DEFAULT": 0.4, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "torn", "TYPE": "float", "LABEL": "How much is torn", "DEFAULT": 0.4, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "colour", "TYPE": "float", "LABEL": "How far colours part", "DEFAULT": 0.4, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "high", "TYPE": "float", "LABEL": "High band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "high"},
        {"NAME": "low", "TYPE": "float", "LABEL": "Low band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "low"}
    ]
}*/

float chance(vec2 at) {
    vec3 p = fract(vec3(at.xyx) * vec3(0.1031, 0.1030, 0.0973));
    p += dot(p, p.yzx + 33.33);
    return fract((p.x + p.y) * p.z);
}

void main() {
    float now = floor(TIME * 3.0);
    float rows = 6.0 + floor(chance(vec2(now, 3.0)) * 22.0);
    float row = floor(isf_FragNormCoord.y * rows);
    float column = floor(isf_FragNormCoord.x * (2.0 + floor(4.0 * chance(vec2(row, now)))));
    float loose = step(1.0 - torn * (0.35 + 0.5 * low), chance(vec2(row * 7.0 + column, now + 11.0)));
    float moved = (chance(vec2(row, now + 5.0)) - 0.5) * slip * 0.5 * loose;
    float fine = (chance(vec2(floor(gl_FragCoord.y / 2.0), now)) - 0.5) * 0.01 * slip * (loose + high);
    vec2 at = vec2(isf_FragNormCoord.x + moved + fine, isf_FragNormCoord.y);
    vec2 part = vec2(colour * (0.002 + 0.03 * loose + 0.006 * high), 0.0);
    vec3 rgb;
    rgb.r = IMG_NORM_PIXEL(inputImage, abs(mod(at - part + 1.0, 2.0) - 1.0)).r;
    rgb.g = IMG_NORM_PIXEL(inputImage, abs(mod(at + 1.0, 2.0) - 1.0)).g;
    rgb.b = IMG_NORM_PIXEL(inputImage, abs(mod(at + part + 1.0, 2.0) - 1.0)).b;
    gl_FragColor = vec4(rgb * (1.0 - 0.12 * loose * step(0.5, fract(gl_FragCoord.y * 0.25))), 1.0);
}
