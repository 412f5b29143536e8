#version 330 core
// Strokes of a brush: each place takes the calmest of the four sides around it (Kuwahara et al., 1976), softly
// (Papari et al., 2007). Contours stay, and the network's fine noise becomes paint.
uniform sampler2D picture;
uniform int stride;          // pixels of the picture between them
uniform float brush;         // 0: the picture as it is, 1: strokes alone
out vec4 colour;

const float CALM = 0.02;     // below this spread all sides are equal

float calmness(vec3 mean, vec3 square) {
    vec3 spread = sqrt(max(square - mean * mean, 0.0));
    float other = 1.0 / (CALM + spread.r + spread.g + spread.b);
    return other * other * other * other * other * other;
}

// TAPS comes from brush.py: LOOK at one of 5 x 5 places, and ADD it to each side for as much as it counts.
#define LOOK(x, y) rgb = texelFetch(picture, clamp(here + stride * ivec2(x, y), ivec2(0), last), 0).rgb; \
    square = rgb * rgb;
#define ADD(side, count) m##side += count * rgb; s##side += count * square;

void main() {
    ivec2 here = ivec2(gl_FragCoord.xy), last = textureSize(picture, 0) - 1;
    vec3 m0 = vec3(0.0), m1 = m0, m2 = m0, m3 = m0, s0 = m0, s1 = m0, s2 = m0, s3 = m0, rgb, square;
    TAPS
    vec3 middle = texelFetch(picture, here, 0).rgb;
    vec4 calm = vec4(calmness(m0, s0), calmness(m1, s1), calmness(m2, s2), calmness(m3, s3));
    vec3 stroke = (calm.x * m0 + calm.y * m1 + calm.z * m2 + calm.w * m3) / dot(calm, vec4(1.0));
    colour = vec4(mix(middle, stroke, brush), 1.0);
}
