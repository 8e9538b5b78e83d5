"""Code of an object that nobody calls: torch or Python runs it, meanwhile or when it goes."""
