/*{
    "DESCRIPTION": "The light of the picture in the colours of the mood: warm when happy, pale when calm.",
    "CREDIT": "artgen-osc (MIT)",
    "ISFVSN": "2",
    "CATEGORIES": ["Colour"],
    "INPUTS": [
        {"NAME": "inputImage", "TYPE": "image"},
        {"NAME": "strength", "TYPE": "float", "LABEL": "How much of the palette", "DEFAULT": 0.85, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "drift", "TYPE": "float", "LABEL": "How the colours drift", "DEFAULT": 0.3, "MIN": 0.0, "MAX": 1.0},
        {"NAME": "valence", "TYPE": "float", "LABEL": "Happiness", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "valence"},
        {"NAME": "energy", "TYPE": "float", "LABEL": "Energy", "DEFAULT": 0.5, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "energy"},
        {"NAME": "mid", "TYPE": "float", "LABEL": "Middle band", "DEFAULT": 0.0, "MIN": 0.0, "MAX": 1.0, "FOLLOWS": "mid"}
    ]
}*/

// Dark, middle and light of four moods: sad and calm, sad and wild, happy and calm, happy and wild.
const vec3 SAD_CALM[3] = vec3[3](vec3(0.03, 0.06, 0.11), vec3(0.2, 0.36, 0.48), vec3(0.74, 0.82, 0.84));
const vec3 SAD_WILD[3] = vec3[3](vec3(0.07, 0.02, 0.1), vec3(0.5, 0.1, 0.3), vec3(0.97, 0.6, 0.42));
const vec3 HAPPY_CALM[3] = vec3[3](vec3(0.09, 0.12, 0.09), vec3(0.5, 0.6, 0.4), vec3(1.0, 0.93, 0.78));
const vec3 HAPPY_WILD[3] = vec3[3](vec3(0.16, 0.03, 0.08), vec3(0.93, 0.4, 0.12), vec3(1.0, 0.9, 0.45));

vec3 of_the_mood(int place) {
    vec3 sad = mix(SAD_CALM[place], SAD_WILD[place], energy);
    return mix(sad, mix(HAPPY_CALM[place], HAPPY_WILD[place], energy), valence);
}

void main() {
    vec3 rgb = IMG_THIS_PIXEL(inputImage).rgb;
    float seen = dot(rgb, vec3(0.3, 0.55, 0.15));
    float light = smoothstep(0.03, 0.92, seen) + 0.06 * drift * (mid - 0.5 + sin(TIME * 0.23));
    vec3 dark = of_the_mood(0), middle = of_the_mood(1), bright = of_the_mood(2);
    vec3 shade = light < 0.5 ? mix(dark, middle, light * 2.0) : mix(middle, bright, light * 2.0 - 1.0);
    // What is more colourful than its surroundings stays so a little.
    vec3 tint = rgb - seen;
    gl_FragColor = vec4(mix(rgb, max(shade + 0.25 * tint, 0.0), strength), 1.0);
}
