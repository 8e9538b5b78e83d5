"""How a place in a file names an object, and which import that takes."""
