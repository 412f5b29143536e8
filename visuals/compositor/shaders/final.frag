#version 330 core
// The last pass: the camera, and the finish. SEEN is the picture at a place, finish() what is done to its colours;
// final.py writes both. Alpha is multiplied into the colours.
uniform sampler2D picture;
uniform vec2 shown;          // part of the picture, per axis
uniform vec2 middle;         // where in it the target's middle is
uniform float brightness;
uniform float dither;        // against banding

void main() {
    speck = SPECK;
    vec2 at = middle + (uv - 0.5) * shown;
    // Mirrored beyond its edges, so that drift never shows one.
    vec4 seen = SEEN((1.0 - abs(abs(at) - 1.0)));
    vec3 rgb = finish(seen.rgb);
    colour = vec4((rgb + speck * dither) * brightness, seen.a);
}
