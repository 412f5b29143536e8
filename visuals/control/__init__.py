"""What the picture should look like now: controls, keys, scenes."""
