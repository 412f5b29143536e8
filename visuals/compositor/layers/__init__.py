"""The layers that come with artgen; entry points name them."""
