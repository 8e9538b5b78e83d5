"""Rules about the checkpoints that are read (TLL5xx)."""
