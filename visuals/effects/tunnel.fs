/*{
    "DESCRIPTION": "A flight through a tunnel that the picture is painted on.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Geometry"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "speed", "TYPE": "float", "LABEL": "How fast", "DEFAULT": 0.4, "MIN": -1.0, "MAX": 1.0},
        {"NAME": "twist", "TYPE": "float", "LABEL": "How twisted it is", "DEFAULT": 0.3, "MIN": -1.0, "MAX": 1.0},
        {"NAME": "depth", "TYPE": "float", "LABEL": "How dark its end is", "DEFAULT": 0.6, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "low", "TYPE": "float", "LABEL": "Low band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "low"}
    ],
    "PASSES": [
        {"TARGET": "clock", "PERSISTENT": true, "FLOAT": true, "WIDTH": "1", "HEIGHT": "1"},
        {}
    ]
}*/

const float PI = 3.14159265;

void main() {
    if (PASSINDEX == 0) {
        // Counted on, since the speed may change at any time: TIME times the speed would leap.
        float before = FRAMEINDEX == 0 ? 0.0 : IMG_NORM_PIXEL(clock, vec2(0.5)).r;
        gl_FragColor = vec4(FRAMEINDEX == 0 ? 0.0 : mod(before + TIMEDELTA * speed * 0.6, 2.0), 0.0, 0.0, 1.0);
    } else {
        vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
        vec2 bend = 0.12 * vec2(sin(TIME * 0.43), cos(TIME * 0.31));
        vec2 from = (isf_FragNormCoord - 0.5) * aspect;
        from += bend * (1.0 - smoothstep(0.0, 0.8, length(from)));
        float far = length(from) * (1.0 + 0.05 * low);
        float into = 0.32 / max(far, 0.02);
        float round = atan(from.y, from.x) / PI + twist * into * 0.25 + TIME * 0.02;
        vec2 at = vec2(round * 1.5, into + IMG_NORM_PIXEL(clock, vec2(0.5)).r);
        // The seams of both ways are mirrors; 1.5 turns there and back meet again.
        at = abs(mod(vec2(abs(mod(round + 1.0, 2.0) - 1.0) * 2.0, at.y) + 1.0, 2.0) - 1.0);
        vec3 rgb = textureLod(inputImage, at, 0.0).rgb;
        float fog = exp(-depth * 0.9 * max(into - 0.4, 0.0));
        gl_FragColor = vec4(rgb * mix(fog, 1.0, 1.0 - depth) * (1.0 + 0.08 * low * fog), 1.0);
    }
}
