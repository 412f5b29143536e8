#version 330 core
// A layer over what is there, by the formulas of W3C's Compositing and Blending Level 1.
// What is there, and what comes of it, has its alpha multiplied into its colours.
uniform sampler2D picture;
uniform sampler2D mask;
uniform mat3 place;
uniform mat3 mask_place;
uniform bool straight;       // whether the layer's alpha isn't multiplied into its colours yet
uniform bool mask_straight;
uniform float mask_level;    // how much there is of the mask
uniform int mask_by;         // 0: no mask, 1: its alpha, 2: its luma, 3 and 4: what these leave
uniform float opacity;
#ifndef OVER
uniform sampler2D backdrop;
uniform int mode;
#endif
in vec2 uv;
out vec4 colour;

// What of a picture is at this pixel; its edges are as soft as a pixel.
vec4 placed(sampler2D image, mat3 to, bool is_straight) {
    vec2 at = (to * vec3(uv, 1.0)).xy;
    vec2 a_pixel = max(sqrt(dFdx(at) * dFdx(at) + dFdy(at) * dFdy(at)), 1e-6);
    vec2 inside = clamp(min(at, 1.0 - at) / a_pixel + 0.5, 0.0, 1.0);
    vec2 edge = 0.5 / vec2(textureSize(image, 0));
    vec4 found = texture(image, clamp(at, edge, 1.0 - edge));
    if (is_straight) {
        found.rgb *= found.a;
    }
    return found * inside.x * inside.y;
}

float masked() {
    if (mask_by == 0) {
        return 1.0;
    }
    vec4 found = placed(mask, mask_place, mask_straight) * mask_level;
    bool by_alpha = mask_by == 1 || mask_by == 3;
    float much = by_alpha ? found.a : dot(found.rgb, vec3(0.2126, 0.7152, 0.0722));
    return clamp(mask_by > 2 ? 1.0 - much : much, 0.0, 1.0);
}

#ifndef OVER
vec3 screened(vec3 b, vec3 s) {
    return b + s - b * s;
}

vec3 hard_light(vec3 b, vec3 s) {
    return mix(b * 2.0 * s, screened(b, 2.0 * s - 1.0), step(0.5, s));
}

vec3 soft_light(vec3 b, vec3 s) {
    vec3 d = mix(((16.0 * b - 12.0) * b + 4.0) * b, sqrt(b), step(0.25, b));
    return mix(b - (1.0 - 2.0 * s) * b * (1.0 - b), b + (2.0 * s - 1.0) * (d - b), step(0.5, s));
}

vec3 dodge(vec3 b, vec3 s) {
    vec3 lit = mix(min(vec3(1.0), b / max(1.0 - s, 1e-6)), vec3(1.0), step(1.0, s));
    return lit * vec3(greaterThan(b, vec3(0.0)));
}

vec3 blended(vec3 b, vec3 s) {
    switch (mode) {
        case 1: return b * s;
        case 2: return screened(b, s);
        case 3: return hard_light(s, b);
        case 4: return min(b, s);
        case 5: return max(b, s);
        case 6: return dodge(b, s);
        case 7: return 1.0 - dodge(1.0 - b, 1.0 - s);
        case 8: return hard_light(b, s);
        case 9: return soft_light(b, s);
        case 10: return abs(b - s);
        case 11: return b + s - 2.0 * b * s;
    }
    return s;
}

vec3 plain(vec4 multiplied) {
    return multiplied.a > 0.0 ? clamp(multiplied.rgb / multiplied.a, 0.0, 1.0) : vec3(0.0);
}
#endif

void main() {
    vec4 layer = placed(picture, place, straight) * masked() * opacity;
#ifdef OVER
    colour = layer;
#else
    vec4 below = texture(backdrop, uv);
    if (mode == 12) {
        colour = min(below + layer, 1.0);
    } else {
        vec3 both = blended(plain(below), plain(layer));
        colour.rgb = (1.0 - below.a) * layer.rgb + (1.0 - layer.a) * below.rgb + below.a * layer.a * both;
        colour.a = layer.a + below.a * (1.0 - layer.a);
    }
#endif
}
