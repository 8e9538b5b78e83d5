"""How is it fixed? A load call and what it needs in, the smallest text edits out (libcst)."""
