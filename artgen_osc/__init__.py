"""The daemon: sound in, features and mood out as OSC."""

__version__ = "0.1.0"
