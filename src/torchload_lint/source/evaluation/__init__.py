"""What can this expression be? The engine, and one file for each kind of expression."""
