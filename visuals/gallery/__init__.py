"""Pictures that were kept: each a PNG file that knows how to be painted again, and an index over all of them."""
