"""Checkpoints in other places: buckets, web servers, the hub; only where a user asks for it."""
