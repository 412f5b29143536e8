#version 330 core
// Hairs of a brush: noise smeared along the contours, and lit.
uniform sampler2D picture;
uniform sampler2D directions;
uniform sampler2D noise;     // height and slope
uniform float amount;
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
    vec2 sum, size = vec2(textureSize(picture, 0));
    here = gl_FragCoord.xy / scale;
    // To both sides on a bow, from the direction here to that at its end.
    vec2 start = way(uv), ahead = way(uv + REACH * scale * start / size), behind = way(uv - REACH * scale * start / size);
    ahead = 0.5 / REACH * ((dot(ahead, start) < 0.0 ? -ahead : ahead) - start);
    behind = 0.5 / REACH * ((dot(behind, start) < 0.0 ? behind : -behind) + start);
    LOOKS
    vec3 rgb = texelFetch(picture, ivec2(gl_FragCoord.xy), 0).rgb;
    vec2 relief = 6.0 * amount * sum;
    colour = vec4(rgb * (1.0 + 0.037 * relief.x) + 0.05 * relief.y * (0.15 + rgb), 1.0);
}
