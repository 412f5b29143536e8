#version 330 core
// What is on screen now: between the last picture and the next.
uniform sampler2D before;
uniform sampler2D after;
uniform float amount;
in vec2 uv;
out vec4 colour;

void main() {
    // Generated pictures come with their top row first.
    vec3 next = texture(after, vec2(uv.x, 1.0 - uv.y)).rgb;
    colour = vec4(mix(texture(before, uv).rgb, next, amount), 1.0);
}
