"""Rules about what is allowed (TLL2xx)."""
