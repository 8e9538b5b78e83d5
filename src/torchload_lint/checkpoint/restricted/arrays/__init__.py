"""What numpy does with the arrays, dtypes and numbers of a file."""
