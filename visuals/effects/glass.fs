/*{
    "DESCRIPTION": "A window of coloured glass: each pane has one colour of the picture, lead runs between them.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Stylise"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "size", "TYPE": "float", "LABEL": "Size of the panes", "DEFAULT": 0.35, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "lead", "TYPE": "float", "LABEL": "Width of the lead", "DEFAULT": 0.35, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "light", "TYPE": "float", "LABEL": "Light behind the glass", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "low", "TYPE": "float", "LABEL": "Low band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "low"}
    ],
    "PASSES": [
        {"TARGET": "glow", "PERSISTENT": true, "FLOAT": true, "WIDTH": "1", "HEIGHT": "1"},
        {}
    ]
}*/

vec2 chance(vec2 at) {
    vec3 p = fract(vec3(at.xyx) * vec3(0.1031, 0.1030, 0.0973));
    p += dot(p, p.yzx + 33.33);
    return fract((p.xx + p.yz) * p.zy);
}

vec2 middle_of(vec2 cell) {
    return cell + 0.5 + 0.4 * sin(TIME * 0.35 + 6.28318 * chance(cell));
}

vec4 window() {
    float cells = mix(34.0, 7.0, size);
    vec2 at = (isf_FragNormCoord - 0.5) * vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) * cells;
    vec2 cell = floor(at), nearest = vec2(0.0);
    float near = 9.0, second = 9.0;
    for (int y = -1; y <= 1; y++) {
        for (int x = -1; x <= 1; x++) {
            vec2 middle = middle_of(cell + vec2(x, y));
            float far = distance(middle, at);
            if (far < near) {
                second = near;
                near = far;
                nearest = middle;
            } else if (far < second) {
                second = far;
            }
        }
    }
    vec2 seen = nearest / cells / vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0) + 0.5;
    vec3 pane = IMG_NORM_PIXEL(inputImage, clamp(seen, 0.01, 0.99)).rgb;
    vec3 through = IMG_THIS_PIXEL(inputImage).rgb;
    float strength = 0.9 + 0.8 * light * (0.65 + 0.5 * IMG_NORM_PIXEL(glow, vec2(0.5)).r);
    vec3 rgb = mix(pane, through, 0.22) * strength * (1.15 - 0.45 * near);
    rgb = mix(vec3(dot(rgb, vec3(0.3, 0.55, 0.15))), rgb, 1.3);
    float line = smoothstep(0.03 + 0.14 * lead, 0.09 + 0.2 * lead, second - near);
    return vec4(max(rgb, 0.0) * mix(0.05, 1.0, line), 1.0);
}

void main() {
    if (PASSINDEX == 0) {
        // Up with the kick, and slowly down: all panes together would flash.
        float before = FRAMEINDEX == 0 ? low : IMG_NORM_PIXEL(glow, vec2(0.5)).r;
        gl_FragColor = vec4(mix(low, before, exp(-TIMEDELTA / (low > before ? 0.04 : 0.6))), 0.0, 0.0, 1.0);
    } else {
        gl_FragColor = window();
    }
}
