/*{
    "DESCRIPTION": "Towards its rim the picture falls apart into its colours; kicks tear it further.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Colour"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "spread", "TYPE": "float", "LABEL": "How far apart", "DEFAULT": 0.4, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "kick", "TYPE": "float", "LABEL": "How much kicks add", "DEFAULT": 0.6, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "turn", "TYPE": "float", "LABEL": "Round the middle instead of away from it", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "low", "TYPE": "float", "LABEL": "Low band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "low"}
    ]
}*/

void main() {
    vec2 from = isf_FragNormCoord - 0.5;
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    float far = dot(from * aspect, from * aspect);
    vec2 way = mix(from, vec2(-from.y, from.x) * aspect.yx / aspect, turn);
    way *= (0.002 + far * 0.14) * (spread + kick * low) * 1.4;
    vec3 red = IMG_NORM_PIXEL(inputImage, isf_FragNormCoord - way).rgb;
    vec3 yellow = IMG_NORM_PIXEL(inputImage, isf_FragNormCoord - 0.5 * way).rgb;
    vec3 green = IMG_THIS_PIXEL(inputImage).rgb;
    vec3 cyan = IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + 0.5 * way).rgb;
    vec3 blue = IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + way).rgb;
    vec3 rgb = red * vec3(0.6, 0.0, 0.0) + yellow * vec3(0.4, 0.3, 0.0) + green * vec3(0.0, 0.4, 0.0);
    gl_FragColor = vec4(rgb + cyan * vec3(0.0, 0.3, 0.4) + blue * vec3(0.0, 0.0, 0.6), 1.0);
}
