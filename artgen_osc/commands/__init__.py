"""The commands, one module each: what it is called with, and what it then runs.

Nothing heavy is imported before a command runs.
"""
