"""Training: labelled music and pictures in, model files out. The only place that imports torch."""
