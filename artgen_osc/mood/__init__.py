"""How the music feels: valence and energy."""
