#version 330 core
// Prefilter for the cubic B-spline in enlarge.frag, cut to its first taps: the upscaled picture
// passes (nearly) through the pixels again instead of being blurred.
uniform sampler2D picture;
in vec2 uv;
out vec4 colour;

void main() {
    ivec2 last = textureSize(picture, 0) - 1;
    ivec2 at = ivec2(gl_FragCoord.xy);
    vec3 middle = texelFetch(picture, at, 0).rgb;
    vec3 ring = texelFetch(picture, clamp(at + ivec2(1, 0), ivec2(0), last), 0).rgb
              + texelFetch(picture, clamp(at - ivec2(1, 0), ivec2(0), last), 0).rgb
              + texelFetch(picture, clamp(at + ivec2(0, 1), ivec2(0), last), 0).rgb
              + texelFetch(picture, clamp(at - ivec2(0, 1), ivec2(0), last), 0).rgb;
    colour = vec4(middle + (4.0 * middle - ring) * 0.2, 1.0);
}
