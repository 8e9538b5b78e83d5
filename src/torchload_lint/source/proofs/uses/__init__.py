"""What the place where something is used tells about the use."""
