#version 330 core
// Hairs of a brush: noise smeared along the contours; their height, and how they are lit.
uniform sampler2D directions;
uniform sampler2D noise;     // height and slope
uniform vec2 size;           // of the picture, pixels
uniform float scale;         // pixels of the picture for one of the noise
in vec2 uv;
out vec4 colour;

// Along the contour at a place of the picture: half the angle of the map.
vec2 way(vec2 place) {
    vec2 twice = texture(directions, place).rg;
    vec2 once = sqrt(max(0.5 + vec2(0.5, -0.5) * twice.x * inversesqrt(dot(twice, twice)), 0.0));
    return vec2(once.x, twice.y < 0.0 ? -once.y : once.y);
}

vec2 here;

vec2 look(vec2 off) { return texture(noise, (here + off) / 256.0).rg - 0.5; }

// LOOKS comes from impasto.py.
void main() {
    vec2 sum;
    here = uv * size / scale;
    // To both sides on a bow, from the direction here to that at its end.
    vec2 start = way(uv), ahead = way(uv + REACH * scale * start / size), behind = way(uv - REACH * scale * start / size);
    ahead = 0.5 / REACH * ((dot(ahead, start) < 0.0 ? -ahead : ahead) - start);
    behind = 0.5 / REACH * ((dot(behind, start) < 0.0 ? behind : -behind) + start);
    LOOKS
    colour = vec4(sum, 0.0, 1.0);
}
