"""What do the other files of the project say? Callers, classes, imports."""
