"""Rules about source files themselves (TLL0xx, TLL8xx)."""
