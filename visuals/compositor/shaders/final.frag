#version 330 core
// Frame and finish. SEEN, from screen.py, is the picture at a place.
uniform sampler2D picture;
uniform sampler2D noise;     // white noise, 256 x 256
uniform vec2 cover;          // part of the picture that the target shows, per axis
uniform vec2 aspect;         // of the target: width / height, 1
uniform vec2 drift;
uniform float zoom;
uniform float brightness;
uniform float grain;
uniform float vignette;
uniform vec2 grain_shift;    // where in the noise this frame's grain begins
in vec2 uv;
out vec4 colour;

void main() {
    vec2 centred = uv - 0.5;
    vec2 at = 0.5 + centred * cover / zoom + drift;
    // Mirrored beyond its edges, so that drift never shows one.
    vec3 rgb = SEEN((1.0 - abs(abs(at) - 1.0)));
    float speck = texture(noise, gl_FragCoord.xy / 256.0 + grain_shift).r - 0.5;
    // Film grain is strongest in the middle tones; the rest is dither against banding.
    float film = rgb.g * (1.2 - rgb.g);
    rgb += speck * (grain * 0.45 * film + 1.0 / 255.0);
    vec2 from_centre = centred * aspect;
    float shade = brightness - brightness * vignette * clamp(dot(from_centre, from_centre) * 0.9 - 0.15, 0.0, 1.0);
    colour = vec4(rgb * shade, 1.0);
}
