"""How is it mended? A load call and what it needs in, the smallest text edits out (libcst)."""
