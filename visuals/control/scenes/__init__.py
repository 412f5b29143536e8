"""Scenes: settings of the picture under a name."""
