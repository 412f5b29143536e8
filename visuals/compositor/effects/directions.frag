#version 330 core
// Where contours lead: the slopes around each place, averaged along one axis and then along the other (a Gauss function
// with a spread of 4), and in the end the direction across them, as the cosine and sine of twice its angle.
uniform sampler2D picture;
uniform ivec2 along;
uniform bool last;
in vec2 uv;
out vec4 colour;

const float DRIFT = 0.004;   // where the picture is as flat as this, the brush goes its own ways

void main() {
    ivec2 here = ivec2(gl_FragCoord.xy), end = textureSize(picture, 0) - 1;
    vec3 sum = vec3(0.0);
    for (int step = -9; step <= 9; step++) {
        float weight = exp(-0.5 * float(step * step) / 16.0);
        sum += weight * texelFetch(picture, clamp(here + step * along, ivec2(0), end), 0).rgb;
    }
    sum *= 0.0997;
    if (last) {
        float turn = 2.0 * sin(3.1 * uv.x + 1.7 * sin(2.3 * uv.y)) + 2.0 * sin(2.7 * uv.y + 1.3 * uv.x + 4.0);
        sum = vec3(normalize(vec2(sum.g - sum.r, -2.0 * sum.b) + DRIFT * vec2(cos(turn), sin(turn))), 0.0);
    }
    colour = vec4(sum, 1.0);
}
