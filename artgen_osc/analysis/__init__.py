"""What each hop of sound is like."""
