/*{
    "DESCRIPTION": "One half of the picture is the other's mirror, or one quarter that of all.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Geometry"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "axis", "TYPE": "long", "LABEL": "Mirror", "VALUES": [0, 1, 2], "LABELS": ["left and right", "below and above", "both"], "DEFAULT": 0},
        {"NAME": "place", "TYPE": "float", "LABEL": "Where the mirror cuts", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "sway", "TYPE": "float", "LABEL": "How far it sways", "DEFAULT": 0.15, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "low", "TYPE": "float", "LABEL": "Low band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "low"}
    ]
}*/

vec2 folded(vec2 at) {
    return abs(mod(at + 1.0, 2.0) - 1.0);
}

void main() {
    float cut = place + sway * (0.35 * sin(TIME * 0.31) + 0.08 * low);
    vec2 at = isf_FragNormCoord;
    vec2 away = abs(at - 0.5);
    if (axis != 1) at.x = cut - away.x;
    if (axis != 0) at.y = cut - away.y;
    gl_FragColor = vec4(IMG_NORM_PIXEL(inputImage, folded(at)).rgb, 1.0);
}
