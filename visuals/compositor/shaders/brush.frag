#version 330 core
// Strokes of a brush: each place takes the calmest of the four sides around it (Kuwahara et al., 1976), softly
// (Papari et al., 2007). Contours stay, and the network's fine noise becomes paint.
uniform sampler2D picture;
uniform vec4 sides[25];      // how much each of 5 x 5 places counts for each side
uniform int stride;          // pixels of the picture between them
uniform float brush;         // 0: the picture as it is, 1: strokes alone
out vec4 colour;

const float CALM = 0.02;     // below this spread all sides are equal

float calmness(vec3 mean, vec3 square) {
    vec3 spread = sqrt(max(square - mean * mean, 0.0));
    float other = 1.0 / (CALM + spread.r + spread.g + spread.b);
    return other * other * other * other * other * other;
}

void main() {
    ivec2 here = ivec2(gl_FragCoord.xy), last = textureSize(picture, 0) - 1;
    vec3 m0 = vec3(0.0), m1 = m0, m2 = m0, m3 = m0, s0 = m0, s1 = m0, s2 = m0, s3 = m0, middle = m0;
    for (int at = 0; at < 25; at++) {
        vec4 counts = sides[at];
        if (counts == vec4(0.0)) continue;
        vec3 rgb = texelFetch(picture, clamp(here + stride * ivec2(at % 5 - 2, at / 5 - 2), ivec2(0), last), 0).rgb;
        vec3 square = rgb * rgb;
        m0 += counts.x * rgb;
        m1 += counts.y * rgb;
        m2 += counts.z * rgb;
        m3 += counts.w * rgb;
        s0 += counts.x * square;
        s1 += counts.y * square;
        s2 += counts.z * square;
        s3 += counts.w * square;
        if (at == 12) middle = rgb;
    }
    vec4 calm = vec4(calmness(m0, s0), calmness(m1, s1), calmness(m2, s2), calmness(m3, s3));
    vec3 stroke = (calm.x * m0 + calm.y * m1 + calm.z * m2 + calm.w * m3) / dot(calm, vec4(1.0));
    colour = vec4(mix(middle, stroke, brush), 1.0);
}
