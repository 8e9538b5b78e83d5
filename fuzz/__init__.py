"""Inputs made at random, and what must hold for each of them: ``python -m fuzz --help``."""
