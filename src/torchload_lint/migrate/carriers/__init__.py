"""What becomes of each kind of value? One file for each family of classes."""
