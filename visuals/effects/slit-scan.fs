/*{
    "DESCRIPTION": "Only a slit sees the picture; what it has seen moves away to both sides.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Time"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "speed", "TYPE": "float", "LABEL": "How fast it moves away", "DEFAULT": 0.6, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "slit", "TYPE": "float", "LABEL": "Width of the slit", "DEFAULT": 0.3, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "place", "TYPE": "float", "LABEL": "Where the slit is", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "waver", "TYPE": "float", "LABEL": "How much the band of middle notes bends it", "DEFAULT": 0.15, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "mid", "TYPE": "float", "LABEL": "Middle band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "mid"}
    ],
    "PASSES": [
        {"TARGET": "past", "PERSISTENT": true},
        {}
    ]
}*/

void main() {
    if (PASSINDEX == 0) {
        float bend = place + waver * 0.06 * mid * sin(isf_FragNormCoord.y * 7.0 + TIME);
        float side = isf_FragNormCoord.x - bend;
        // Whole pixels, since what is between two of them would blur on its way.
        float moves = max(1.0, floor(speed * TIMEDELTA * RENDERSIZE.x * 0.5)) / RENDERSIZE.x;
        vec2 from = vec2(isf_FragNormCoord.x - sign(side) * moves, isf_FragNormCoord.y);
        vec3 fresh = IMG_THIS_PIXEL(inputImage).rgb;
        bool seen = FRAMEINDEX < 2 || abs(side) < max(slit * 0.5, moves);
        gl_FragColor = vec4(seen ? fresh : IMG_NORM_PIXEL(past, from).rgb, 1.0);
    } else {
        gl_FragColor = IMG_THIS_PIXEL(past);
    }
}
