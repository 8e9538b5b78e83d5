"""Rules about calls that save (TLL4xx)."""
