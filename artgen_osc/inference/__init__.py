"""Model files, and the engines that run them."""
