"""What stands in these bytes? Text, syntax trees, notebooks and comments."""
