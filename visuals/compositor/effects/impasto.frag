#version 330 core
// A picture with the hairs of a brush on it.
uniform sampler2D picture;
uniform sampler2D hairs;
uniform float amount;
in vec2 uv;
out vec4 colour;

void main() {
    vec3 rgb = texelFetch(picture, ivec2(gl_FragCoord.xy), 0).rgb;
    vec2 relief = amount * texture(hairs, uv).rg;
    colour = vec4(rgb * (1.0 + 0.037 * relief.x) + 0.05 * relief.y * (0.15 + rgb), 1.0);
}
