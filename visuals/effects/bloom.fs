/*{
    "DESCRIPTION": "What is light glows, the more the louder it is.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Light"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "glow", "TYPE": "float", "LABEL": "How much it glows", "DEFAULT": 0.6, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "threshold", "TYPE": "float", "LABEL": "What counts as light", "DEFAULT": 0.45, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "warmth", "TYPE": "float", "LABEL": "Warmth of the glow", "DEFAULT": 0.3, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "level", "TYPE": "float", "LABEL": "Level", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "level"}
    ],
    "PASSES": [
        {"TARGET": "quarter", "WIDTH": "$WIDTH/4", "HEIGHT": "$HEIGHT/4"},
        {"TARGET": "across", "WIDTH": "$WIDTH/4", "HEIGHT": "$HEIGHT/4"},
        {"TARGET": "soft", "WIDTH": "$WIDTH/4", "HEIGHT": "$HEIGHT/4"},
        {"TARGET": "wide", "WIDTH": "$WIDTH/16", "HEIGHT": "$HEIGHT/16"},
        {"TARGET": "wider", "WIDTH": "$WIDTH/16", "HEIGHT": "$HEIGHT/16"},
        {}
    ]
}*/

vec3 blurred(sampler2D image, vec2 way) {
    vec2 near = 1.385 * way / IMG_SIZE(image), far = 3.231 * way / IMG_SIZE(image);
    vec3 sum = 0.227 * texture(image, isf_FragNormCoord).rgb;
    sum += 0.316 * (texture(image, isf_FragNormCoord + near).rgb + texture(image, isf_FragNormCoord - near).rgb);
    return sum + 0.07 * (texture(image, isf_FragNormCoord + far).rgb + texture(image, isf_FragNormCoord - far).rgb);
}

void main() {
    if (PASSINDEX == 0) {
        vec3 rgb = IMG_THIS_PIXEL(inputImage).rgb;
        float bright = max(rgb.r, max(rgb.g, rgb.b));
        gl_FragColor = vec4(rgb * smoothstep(threshold * 0.9, threshold * 0.9 + 0.4, bright), 1.0);
    } else if (PASSINDEX == 1) {
        gl_FragColor = vec4(blurred(quarter, vec2(1.0, 0.0)), 1.0);
    } else if (PASSINDEX == 2) {
        gl_FragColor = vec4(blurred(across, vec2(0.0, 1.0)), 1.0);
    } else if (PASSINDEX == 3) {
        gl_FragColor = vec4(blurred(soft, vec2(1.5, 0.0)), 1.0);
    } else if (PASSINDEX == 4) {
        gl_FragColor = vec4(blurred(wide, vec2(0.0, 1.5)), 1.0);
    } else {
        vec3 rgb = IMG_THIS_PIXEL(inputImage).rgb;
        vec3 light = 0.5 * IMG_THIS_PIXEL(soft).rgb + 0.9 * IMG_THIS_PIXEL(wider).rgb;
        light *= mix(vec3(1.0), vec3(1.25, 0.95, 0.7), warmth) * glow * (0.8 + 0.7 * level);
        gl_FragColor = vec4(1.0 - (1.0 - min(rgb, 1.0)) * exp(-1.3 * light), 1.0);
    }
}
