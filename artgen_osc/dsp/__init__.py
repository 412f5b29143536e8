"""Pure functions on signals, and the resampler."""
