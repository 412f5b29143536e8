#version 330 core
// How the picture's brightness changes: the products of its slopes, one pixel for several of the picture (Sobel).
uniform sampler2D picture;
in vec2 uv;
out vec4 slopes;             // across squared, down squared, both

float bright(float x, float y) {
    vec3 rgb = texture(picture, uv + vec2(x, y) / vec2(textureSize(picture, 0))).rgb;
    return dot(rgb, vec3(0.3, 0.59, 0.11));
}

void main() {
    const float far = 3.0;   // pixels of the picture
    float a = bright(-far, -far), b = bright(0.0, -far), c = bright(far, -far), d = bright(-far, 0.0);
    float e = bright(far, 0.0), f = bright(-far, far), g = bright(0.0, far), h = bright(far, far);
    vec2 slope = vec2(c + 2.0 * e + h - a - 2.0 * d - f, f + 2.0 * g + h - a - 2.0 * b - c);
    slopes = vec4(slope * slope, slope.x * slope.y, 1.0);
}
