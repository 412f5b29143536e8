#version 330 core
// Upscale, frame and finish.
uniform sampler2D picture;
uniform sampler2D noise;     // rg: smooth offsets in -1..1, b: white noise in 0..1
uniform vec2 cover;          // part of the picture that the target shows, per axis
uniform vec2 target;         // pixels
uniform vec2 drift;
uniform float zoom;
uniform float brightness;
uniform float grain;
uniform float vignette;
uniform vec2 grain_shift;    // where in the noise this frame's grain begins
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
    vec2 w2 = (4.0 - 3.0 * g * g * (2.0 - g)) / 6.0;
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
    vec2 centred = uv - 0.5;
    vec2 at = 0.5 + centred * cover / zoom + drift;
    // Soft, uneven contours instead of the smooth blur of an upscaled picture.
    vec2 ragged = texture(noise, at * 3.0).rg - 0.5;
    at += ragged * grain * 3.0 / vec2(textureSize(picture, 0));
    // Mirrored beyond its edges, so that drift never shows one.
    vec3 rgb = cubic(1.0 - abs(mod(at, 2.0) - 1.0));
    float speck = texelFetch(noise, ivec2(gl_FragCoord.xy + grain_shift) & 255, 0).b - 0.5;
    float light = dot(rgb, vec3(0.299, 0.587, 0.114));
    // Strongest in the middle tones, like film; the rest is dither against banding.
    rgb += speck * (grain * 0.35 * clamp(light * (1.2 - light) * 2.0, 0.0, 1.0) + 1.0 / 255.0);
    vec2 from_centre = centred * vec2(target.x / target.y, 1.0);
    rgb *= 1.0 - vignette * smoothstep(0.35, 1.15, length(from_centre));
    colour = vec4(clamp(rgb, 0.0, 1.0) * brightness, 1.0);
}
