"""The renderer: a client of the OSC stream that owns the window and the picture."""
