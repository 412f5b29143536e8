"""Settings: their tables, and how they are loaded."""
