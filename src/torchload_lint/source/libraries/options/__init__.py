"""Options of command lines: how programs declare them, and where they are given."""
