/*{
    "DESCRIPTION": "Pixels change places until the light ones are above the dark ones, and never get done.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Glitch"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "order", "TYPE": "float", "LABEL": "How much order there is", "DEFAULT": 0.7, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "threshold", "TYPE": "float", "LABEL": "Only what is lighter than this is sorted", "DEFAULT": 0.2, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "sideways", "TYPE": "bool", "LABEL": "Sideways", "DEFAULT": false},
        {"NAME": "high", "TYPE": "float", "LABEL": "High band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "high"}
    ],
    "PASSES": [
        {"TARGET": "rows", "PERSISTENT": true, "FLOAT": true},
        {"TARGET": "rows", "PERSISTENT": true, "FLOAT": true},
        {}
    ]
}*/

float light(vec3 rgb) {
    return dot(rgb, vec3(0.3, 0.55, 0.15));
}

// Two pixels compare and may change places: which two is another pair with every pass.
vec3 sorted(sampler2D image, float stride, float turn) {
    vec2 size = IMG_SIZE(image);
    vec2 pixel = floor(isf_FragNormCoord * size);
    float at = sideways ? pixel.x : pixel.y;
    float lower = mod(floor((at + turn * stride) / stride), 2.0);
    float other = at + (lower < 0.5 ? stride : -stride);
    float last = (sideways ? size.x : size.y) - 1.0;
    vec3 mine = texture(image, isf_FragNormCoord).rgb;
    if (other < 0.0 || other > last) return mine;
    vec2 there = ((sideways ? vec2(other, pixel.y) : vec2(pixel.x, other)) + 0.5) / size;
    vec3 theirs = texture(image, there).rgb;
    if (min(light(mine), light(theirs)) < threshold) return mine;
    bool wrong = lower < 0.5 ? light(mine) > light(theirs) : light(theirs) > light(mine);
    return wrong ? theirs : mine;
}

void main() {
    float turn = mod(float(FRAMEINDEX), 2.0);
    if (PASSINDEX == 0) {
        vec3 fresh = IMG_THIS_PIXEL(inputImage).rgb;
        float comes = FRAMEINDEX == 0 ? 1.0 : mix(0.25, 0.004, sqrt(order)) * (1.0 + 2.0 * high);
        gl_FragColor = vec4(mix(sorted(rows, 1.0, turn), fresh, min(1.0, comes * max(TIMEDELTA, 0.001) * 60.0)), 1.0);
    } else if (PASSINDEX == 1) {
        gl_FragColor = vec4(sorted(rows, 5.0, mod(floor(float(FRAMEINDEX) / 2.0), 2.0)), 1.0);
    } else {
        gl_FragColor = IMG_THIS_PIXEL(rows);
    }
}
