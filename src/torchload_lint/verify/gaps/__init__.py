"""Why what was proven may not be what the program does: what its files show besides."""
