/*{
    "DESCRIPTION": "The bands push the picture about: the low in swells, the middle in waves, the high in shivers.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Distortion"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "swell", "TYPE": "float", "LABEL": "Push of the low band", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "wave", "TYPE": "float", "LABEL": "Push of the middle band", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "shiver", "TYPE": "float", "LABEL": "Push of the high band", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "rest", "TYPE": "float", "LABEL": "Push without sound", "DEFAULT": 0.25, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "low", "TYPE": "float", "LABEL": "Low band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "low"},
        {"NAME": "mid", "TYPE": "float", "LABEL": "Middle band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "mid"},
        {"NAME": "high", "TYPE": "float", "LABEL": "High band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "high"}
    ]
}*/

// Waves that never quite meet again.
vec2 push(vec2 at, float fine, float speed) {
    float t = TIME * speed;
    vec2 a = sin(at.yx * fine + vec2(t, 1.3 * t) + 2.0 * sin(at * fine * 0.37 + vec2(0.7 * t, -t)));
    return a + 0.5 * sin(at * fine * 1.9 + vec2(-1.7 * t, 1.1 * t));
}

void main() {
    vec2 aspect = vec2(RENDERSIZE.x / RENDERSIZE.y, 1.0);
    vec2 at = isf_FragNormCoord * aspect;
    vec2 moved = push(at, 5.0, 0.4) * 0.12 * swell * (rest + low);
    moved += push(at + 3.0, 16.0, 0.9) * 0.035 * wave * (rest + mid);
    moved += push(at + 7.0, 60.0, 3.0) * 0.005 * shiver * (rest + high);
    vec2 there = isf_FragNormCoord + moved / aspect;
    gl_FragColor = vec4(IMG_NORM_PIXEL(inputImage, abs(mod(there + 1.0, 2.0) - 1.0)).rgb, 1.0);
}
