/*{
    "DESCRIPTION": "Soft flashes, three a second at most: some who see them would be hurt by more. Unlock only if you know your audience.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Light"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "rate", "TYPE": "float", "LABEL": "Flashes a second", "DEFAULT": 1.0, "MIN": 0.1, "MAX": 12.0},
        {"NAME": "flash", "TYPE": "float", "LABEL": "How strong", "DEFAULT": 0.6, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "unlock", "TYPE": "bool", "LABEL": "More than three a second", "DEFAULT": false},
        {"NAME": "colour", "TYPE": "color", "LABEL": "Colour", "DEFAULT": [1.0, 0.95, 0.85, 1.0]},
        {"NAME": "level", "TYPE": "float", "LABEL": "Level", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "level"}
    ],
    "PASSES": [
        {"TARGET": "clock", "PERSISTENT": true, "FLOAT": true, "WIDTH": "1", "HEIGHT": "1"},
        {}
    ]
}*/

void main() {
    if (PASSINDEX == 0) {
        // Counted on, since the rate may change at any time: TIME times a rate would flash with every change.
        float before = FRAMEINDEX == 0 ? 0.0 : IMG_NORM_PIXEL(clock, vec2(0.5)).r;
        gl_FragColor = vec4(FRAMEINDEX == 0 ? 0.0 : fract(before + TIMEDELTA * (unlock ? rate : min(rate, 3.0))), 0.0, 0.0, 1.0);
    } else {
        vec3 rgb = IMG_THIS_PIXEL(inputImage).rgb;
        float turn = IMG_NORM_PIXEL(clock, vec2(0.5)).r;
        float light = exp(-turn * 7.0) * flash * (0.4 + 0.6 * level);
        vec2 from = isf_FragNormCoord - 0.5;
        light *= 1.0 - 0.6 * dot(from, from);
        gl_FragColor = vec4(1.0 - (1.0 - min(rgb, 1.0)) * (1.0 - light * colour.rgb), 1.0);
    }
}
