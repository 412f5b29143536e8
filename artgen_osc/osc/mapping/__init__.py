"""Our values at the addresses of other programs: rows, their shaping, presets."""
