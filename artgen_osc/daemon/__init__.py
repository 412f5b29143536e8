"""The daemon: puts the rooms together, and runs the show."""
