"""Where sound comes from and where it is heard."""
