#version 330 core
// A frame in a window: its crop, its colours, soft edges, black level, mask. What isn't defined costs nothing.
uniform sampler2D picture;
uniform vec4 crop;           // left, bottom, width and height of what is seen of the frame
uniform mat2 turn;           // quarter turns
in vec2 st;
out vec4 colour;

#ifdef COLOURED
uniform float brightness;
uniform float contrast;
uniform float gamma;
uniform vec3 gain;
#endif
#ifdef EDGED
uniform vec4 edges;          // left, bottom, right, top: parts of the picture
uniform float edge_gamma;
uniform float black;
#endif
#ifdef MASKED
uniform sampler2D mask;
uniform vec2 window;         // pixels
#endif
#ifdef EDITED
uniform vec2 cells;          // of the mesh
#endif

// Two windows that overlap add up to one: s + (1 - s) is 1 in light, whatever the display's gamma.
float ramp(float at, float width) {
    float s = clamp(at / max(width, 1e-6), 0.0, 1.0);
    return s * s * (3.0 - 2.0 * s);
}

void main() {
    vec2 upright = turn * (st - 0.5) + 0.5;
    vec3 rgb = clamp(texture(picture, crop.xy + upright * crop.zw).rgb, 0.0, 1.0);
#ifdef COLOURED
    rgb = max(((rgb - 0.5) * contrast + 0.5 + brightness) * gain, 0.0);
    rgb = min(pow(rgb, vec3(1.0 / gamma)), 1.0);
#endif
#ifdef EDGED
    float light = ramp(st.x, edges.x) * ramp(st.y, edges.y) * ramp(1.0 - st.x, edges.z) * ramp(1.0 - st.y, edges.w);
    rgb *= pow(light, 1.0 / edge_gamma);
    // Where only one projector shines, its black is as light as that of two.
    vec2 inner = step(edges.xy, st) * step(edges.zw, 1.0 - st);
    rgb = mix(rgb, vec3(1.0), black * inner.x * inner.y);
#endif
#ifdef MASKED
    rgb *= dot(texture(mask, gl_FragCoord.xy / window).rgb, vec3(0.2126, 0.7152, 0.0722));
#endif
#ifdef EDITED
    vec2 near = abs(fract(st * cells + 0.5) - 0.5) / fwidth(st * cells);
    float line = clamp(2.0 - min(near.x, near.y), 0.0, 1.0);
    rgb = mix(rgb * 0.6, vec3(1.0, 0.84, 0.55), line);
#endif
#ifdef WARPED
    vec2 rim = min(st, 1.0 - st) / max(fwidth(st), 1e-6);
    rgb *= clamp(min(rim.x, rim.y) + 0.5, 0.0, 1.0);
#endif
    // Interleaved gradient noise (Jimenez, 2014), against banding in eight bits.
    float speck = fract(52.9829189 * fract(dot(gl_FragCoord.xy, vec2(0.06711056, 0.00583715)))) - 0.5;
    colour = vec4(rgb + speck / 255.0, 1.0);
}
