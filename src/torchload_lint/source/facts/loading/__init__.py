"""Which calls load and save, with which arguments, and what becomes of the value."""
