"""WHO CHANGES WHAT? attributes and names that the files of a project give other values."""
