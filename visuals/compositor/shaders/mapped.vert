#version 330 core
// A picture where it lies in a window; `st` runs over it from bottom left to top right.
uniform vec2 fit;            // part of the window that it fills, per axis
in vec3 at;                  // homogeneous: 0..1 of the window
in vec2 place;
out vec2 st;

void main() {
    st = place;
    gl_Position = vec4((2.0 * at.xy - at.z) * fit, 0.0, at.z);
}
