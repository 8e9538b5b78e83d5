"""Whose state is saved and restored."""
