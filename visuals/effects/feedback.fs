/*{
    "DESCRIPTION": "What was seen stays as a trail that turns and grows; kicks push it.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Feedback"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "echo", "TYPE": "float", "LABEL": "How long the trail is", "DEFAULT": 0.9, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "zoom", "TYPE": "float", "LABEL": "Growth", "DEFAULT": 0.5, "MIN": -1.0, "MAX": 1.0},
        {"NAME": "turn", "TYPE": "float", "LABEL": "Rotation", "DEFAULT": 0.25, "MIN": -1.0, "MAX": 1.0},
        {"NAME": "hue", "TYPE": "float", "LABEL": "Change of colour", "DEFAULT": 0.25, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "low", "TYPE": "float", "LABEL": "Low band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "low"}
    ],
    "PASSES": [
        {"TARGET": "trail", "PERSISTENT": true, "FLOAT": true},
        {}
    ]
}*/

vec3 turned(vec3 rgb, float angle) {
    vec3 axis = vec3(0.57735);
    return rgb * cos(angle) + cross(axis, rgb) * sin(angle) + axis * dot(axis, rgb) * (1.0 - cos(angle));
}

void main() {
    if (PASSINDEX == 0) {
        float steps = TIMEDELTA * 60.0;
        float angle = turn * 0.02 * steps;
        float grows = 1.0 + (zoom * 0.02 + 0.02 * low * sign(zoom)) * steps;
        vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
        vec2 at = (isf_FragNormCoord - 0.5) * aspect / grows;
        at = mat2(cos(angle), -sin(angle), sin(angle), cos(angle)) * at / aspect + 0.5;
        vec3 fresh = IMG_THIS_PIXEL(inputImage).rgb;
        vec3 old = FRAMEINDEX == 0 ? fresh : IMG_NORM_PIXEL(trail, abs(mod(at + 1.0, 2.0) - 1.0)).rgb;
        old = turned(old, hue * 0.05 * steps) * pow(0.94, (1.0 - echo) * steps);
        // The trail shows towards the rim, and where it is the lighter one.
        float lighter = smoothstep(-0.15, 0.25, dot(old - fresh, vec3(0.3, 0.5, 0.2)));
        float rim = smoothstep(0.18, 0.5, length((isf_FragNormCoord - 0.5) * vec2(1.15, 1.0)));
        gl_FragColor = vec4(mix(fresh, max(old, 0.0), (0.6 + 0.4 * echo) * max(rim, 0.8 * lighter)), 1.0);
    } else {
        gl_FragColor = IMG_THIS_PIXEL(trail);
    }
}
