"""What the authors of generators, layers, effects, outputs and surfaces test with."""
