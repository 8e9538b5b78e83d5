"""Proofs that a class is harmless, whatever a checkpoint does with it."""
