"""OSC in and out: codec, patterns, framing and schedule without input or output; sockets, receiver, sender."""
