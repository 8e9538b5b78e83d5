"""Was it true? Real torch, in another process."""
