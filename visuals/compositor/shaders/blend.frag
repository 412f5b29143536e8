#version 330 core
// A layer over what is there, by the formulas of W3C's Compositing and Blending Level 1.
// What is there, and what comes of it, has its alpha multiplied into its colours.
// MODE is the number of the blend mode; MASKED, STRAIGHT and MASK_STRAIGHT are defined or not, since a processor that
// draws without a graphics card works through both sides of every branch.
uniform sampler2D picture;
uniform mat3 place;
uniform float opacity;
#ifdef MASKED
uniform sampler2D mask;
uniform mat3 mask_place;
uniform float mask_level;    // how much there is of the mask
uniform vec2 mask_by;        // 0: its alpha, 1: its luma; 1: what that leaves
#endif
#if MODE > 0
uniform sampler2D backdrop;
#endif
in vec2 uv;
out vec4 colour;

// Where in a picture this pixel is, and how much of the pixel is inside it: its edges are as soft as a pixel.
vec3 placed(sampler2D image, mat3 to) {
    vec2 at = (to * vec3(uv, 1.0)).xy;
    vec2 a_pixel = max(sqrt(dFdx(at) * dFdx(at) + dFdy(at) * dFdy(at)), 1e-6);
    vec2 inside = clamp(min(at, 1.0 - at) / a_pixel + 0.5, 0.0, 1.0);
    vec2 edge = 0.5 / vec2(textureSize(image, 0));
    return vec3(clamp(at, edge, 1.0 - edge), inside.x * inside.y);
}

vec4 seen() {
    vec3 at = placed(picture, place);
    vec4 found = texture(picture, at.xy);
#ifdef STRAIGHT
    found.rgb *= found.a;
#endif
    found *= at.z * opacity;
#ifdef MASKED
    at = placed(mask, mask_place);
    vec4 by = texture(mask, at.xy);
#ifdef MASK_STRAIGHT
    by.rgb *= by.a;
#endif
    by *= at.z * mask_level;
    float much = clamp(mix(by.a, dot(by.rgb, vec3(0.2126, 0.7152, 0.0722)), mask_by.x), 0.0, 1.0);
    found *= mix(much, 1.0 - much, mask_by.y);
#endif
    return found;
}

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

#if MODE == 1
#define BLEND(b, s) b * s
#elif MODE == 2
#define BLEND(b, s) screened(b, s)
#elif MODE == 3
#define BLEND(b, s) hard_light(s, b)
#elif MODE == 4
#define BLEND(b, s) min(b, s)
#elif MODE == 5
#define BLEND(b, s) max(b, s)
#elif MODE == 6
#define BLEND(b, s) dodge(b, s)
#elif MODE == 7
#define BLEND(b, s) 1.0 - dodge(1.0 - b, 1.0 - s)
#elif MODE == 8
#define BLEND(b, s) hard_light(b, s)
#elif MODE == 9
#define BLEND(b, s) soft_light(b, s)
#elif MODE == 10
#define BLEND(b, s) abs(b - s)
#elif MODE == 11
#define BLEND(b, s) b + s - 2.0 * b * s
#endif

vec3 plain(vec4 multiplied) {
    return clamp(multiplied.rgb / max(multiplied.a, 1e-6), 0.0, 1.0);
}

void main() {
    vec4 layer = seen();
#if MODE == 0
    colour = layer;  // the card's own blending does the rest
#else
    vec4 below = texelFetch(backdrop, ivec2(gl_FragCoord.xy), 0);
#ifdef BLEND
    vec3 both = BLEND(plain(below), plain(layer));
    colour.rgb = (1.0 - below.a) * layer.rgb + (1.0 - layer.a) * below.rgb + below.a * layer.a * (both);
    colour.a = layer.a + below.a * (1.0 - layer.a);
#else
    colour = min(below + layer, 1.0);
#endif
#endif
}
