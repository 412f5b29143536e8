#version 330 core
// What is on screen now: between the last picture and the next. final.py writes between().
uniform float turned;        // 1: bottom row first; 0: top row first, as generated pictures come
in vec2 uv;
out vec4 colour;

void main() {
    colour = vec4(between(vec2(uv.x, abs(turned - uv.y))), 1.0);
}
