"""Mechanisms that a live show needs, each once. They know nothing of sound, pictures or OSC."""
