#version 330 core
// The help text, pixel for pixel in the upper left corner.
uniform sampler2D text;
uniform vec2 target;
in vec2 uv;
out vec4 colour;

void main() {
    vec2 size = vec2(textureSize(text, 0));
    vec2 at = vec2(uv.x * target.x, (1.0 - uv.y) * target.y);
    if (at.x >= size.x || at.y >= size.y) discard;
    colour = texture(text, at / size);
}
