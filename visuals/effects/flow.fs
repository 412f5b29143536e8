/*{
    "DESCRIPTION": "The picture is carried along its own contours, as wet paint under a brush.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Feedback"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "speed", "TYPE": "float", "LABEL": "How fast it flows", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "wet", "TYPE": "float", "LABEL": "How long it stays wet", "DEFAULT": 0.75, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "swirl", "TYPE": "float", "LABEL": "Along the contours (0) or across (1)", "DEFAULT": 0.1, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "level", "TYPE": "float", "LABEL": "Level", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "level"}
    ],
    "PASSES": [
        {"TARGET": "paint", "PERSISTENT": true, "FLOAT": true},
        {}
    ]
}*/

float light(vec2 at) {
    return dot(IMG_NORM_PIXEL(inputImage, at).rgb, vec3(0.3, 0.55, 0.15));
}

void main() {
    if (PASSINDEX == 0) {
        vec2 wide = 4.0 / vec2(RENDERSIZE.y);
        vec2 at = isf_FragNormCoord;
        vec2 x = vec2(wide.x * RENDERSIZE.y / RENDERSIZE.x, 0.0), y = vec2(0.0, wide.y);
        vec2 slope = vec2(light(at + x) - light(at - x), light(at + y) - light(at - y));
        float angle = 1.5708 * (1.0 - swirl);
        vec2 way = mat2(cos(angle), sin(angle), -sin(angle), cos(angle)) * slope;
        way /= length(way) + 0.03;
        float steps = min(TIMEDELTA * 60.0, 3.0);
        vec2 from = at - way * steps * speed * (0.01 + 0.01 * level) * vec2(RENDERSIZE.y / RENDERSIZE.x, 1.0);
        vec3 fresh = IMG_THIS_PIXEL(inputImage).rgb;
        vec3 old = IMG_NORM_PIXEL(paint, from).rgb;
        float dries = FRAMEINDEX == 0 ? 1.0 : 1.0 - pow(1.0 - mix(0.4, 0.012, sqrt(wet)), steps);
        gl_FragColor = vec4(mix(old, fresh, dries), 1.0);
    } else {
        // A little relief, as paint has it.
        vec2 px = 1.0 / RENDERSIZE;
        vec3 rgb = IMG_THIS_PIXEL(paint).rgb;
        float relief = dot(rgb - IMG_NORM_PIXEL(paint, isf_FragNormCoord + vec2(px.x, -px.y)).rgb, vec3(0.33));
        gl_FragColor = vec4(rgb * (1.0 + 1.5 * clamp(relief, -0.2, 0.2)), 1.0);
    }
}
