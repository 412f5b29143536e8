"""Effects and layers out of ISF files, the Interactive Shader Format 2: their host."""
