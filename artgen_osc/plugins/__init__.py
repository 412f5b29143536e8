"""The mechanism of plugins: how they are found, loaded and kept from harm. It knows no kind of them."""
