"""What the authors of plugins test with: checks of what each kind promises, sound made by code, pytest fixtures."""
