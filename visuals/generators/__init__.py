"""What paints: networks, ours and foreign ones, and the idle generator."""
