"""Where frames go: window, page, strip."""
