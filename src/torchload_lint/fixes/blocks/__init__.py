"""How a statement gets into a block, or a function, that allows what it needs (libcst)."""
