"""What the tests around an expression leave of its values. Nothing is looked up elsewhere."""
