#version 330 core
// The points of a window that is edited, in its pixels.
uniform vec2 window;
in vec2 at;
in vec3 tint;
out vec3 shade;

void main() {
    shade = tint;
    gl_Position = vec4(2.0 * at / window - 1.0, 0.0, 1.0);
}
