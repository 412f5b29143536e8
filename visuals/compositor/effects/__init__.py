"""The effects that come with artgen, each in a module of its own; entry points name them."""
