"""How things that glide begin and end."""


def ease(t: float) -> float:
    """0..1 to 0..1, slow at both ends."""
    return t * t * (3.0 - 2.0 * t)
