"""Rules about calls that load (TLL1xx)."""
