#version 330 core
// The picture at several times its size, smooth: what is left for final.frag to enlarge shows no grid.
uniform sampler2D picture;
uniform sampler2D noise;     // smooth offsets, 0.5 is none
uniform float ragged;        // pixels of the picture
in vec2 uv;
out vec4 colour;

// Cubic B-spline from four linear fetches (Sigg & Hadwiger, GPU Gems 2, chapter 20).
vec3 cubic(vec2 at) {
    vec2 size = vec2(textureSize(picture, 0));
    vec2 p = at * size - 0.5;
    vec2 f = fract(p);
    vec2 base = p - f;
    vec2 g = 1.0 - f;
    vec2 w0 = g * g * g / 6.0;
    vec2 w1 = (4.0 - 3.0 * f * f * (2.0 - f)) / 6.0;
    vec2 left = w0 + w1;
    vec2 right = 1.0 - left;
    vec2 a = (base - 0.5 + w1 / left) / size;
    vec2 b = (base + 1.5 + (f * f * f / 6.0) / right) / size;
    return mix(
        mix(texture(picture, b).rgb, texture(picture, vec2(a.x, b.y)).rgb, left.x),
        mix(texture(picture, vec2(b.x, a.y)).rgb, texture(picture, a).rgb, left.x),
        left.y);
}

void main() {
    // Uneven contours, as of paint on paper, instead of the smooth blur of an enlarged picture.
    vec2 offset = (texture(noise, uv * 3.0).rg - 0.5) * ragged / vec2(textureSize(picture, 0));
    colour = vec4(cubic(uv + offset), 1.0);
}
