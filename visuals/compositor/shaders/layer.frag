#version 330 core
// A layer over what is there.
uniform sampler2D picture;
uniform float amount;
in vec2 uv;
out vec4 colour;

void main() {
    colour = texture(picture, uv) * vec4(1.0, 1.0, 1.0, amount);
}
