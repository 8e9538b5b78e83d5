"""What does a name stand for, within one file? Bindings, and what reaches a place."""
