/*{
    "DESCRIPTION": "A few flat colours with clean edges, as of a screen print.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Colour"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "steps", "TYPE": "float", "LABEL": "How many steps of light", "DEFAULT": 4.0, "MIN": 2.0, "MAX": 12.0},
        {"NAME": "colour", "TYPE": "float", "LABEL": "Strength of the colours", "DEFAULT": 0.7, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "ink", "TYPE": "float", "LABEL": "Dark lines between them", "DEFAULT": 0.3, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "mid", "TYPE": "float", "LABEL": "Middle band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "mid"}
    ],
    "PASSES": [
        {"TARGET": "slow", "PERSISTENT": true, "FLOAT": true, "WIDTH": "1", "HEIGHT": "1"},
        {}
    ]
}*/

float light(vec3 rgb) {
    return dot(rgb, vec3(0.3, 0.55, 0.15));
}

vec3 soft_at(vec2 off) {
    vec3 near = IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + off).rgb;
    return 0.5 * (near + IMG_NORM_PIXEL(inputImage, isf_FragNormCoord + 2.5 * off).rgb);
}

void print_it() {
    // Hair and canvas would break the edges up.
    vec2 px = 1.6 * RENDERSIZE.y / 720.0 / RENDERSIZE;
    vec2 slant = vec2(px.x, -px.y);
    vec3 rgb = 0.25 * (soft_at(px) + soft_at(-px) + soft_at(slant) + soft_at(-slant));
    float steep = light(rgb) * steps + 0.25 * sin(TIME * 0.4) + 0.5 * IMG_NORM_PIXEL(slow, vec2(0.5)).r;
    float level = floor(steep), into = fract(steep);
    float soft = clamp(fwidth(steep), 0.02, 0.4);
    float edge = smoothstep(1.0 - soft, 1.0, into);
    float flat_light = (level + edge + 0.5) / (steps + 1.0);
    vec3 tint = rgb / max(light(rgb), 0.03);
    tint = max(mix(vec3(1.0), tint, 0.7 + 0.9 * colour + 0.4 * mid), 0.0);
    // The tint, too, has few values.
    tint = mix(tint, floor(tint * 3.0 + 0.5) / 3.0, 0.35);
    float line = 1.0 - ink * (1.0 - smoothstep(0.0, soft * 2.0, min(into, 1.0 - into)));
    gl_FragColor = vec4(clamp(tint * flat_light, 0.0, 1.0) * line, 1.0);
}

void main() {
    if (PASSINDEX == 0) {
        // Flat areas are all light or all dark: where they end may move with the music in seconds only, or they flash.
        float before = FRAMEINDEX == 0 ? mid : IMG_NORM_PIXEL(slow, vec2(0.5)).r;
        gl_FragColor = vec4(mix(mid, before, exp(-TIMEDELTA / 1.5)), 0.0, 0.0, 1.0);
    } else {
        print_it();
    }
}
