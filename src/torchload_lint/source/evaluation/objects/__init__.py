"""What an object of a class of the project has: its fields, its attributes, its items."""
