"""What a new block takes: its entries with their imports, and that it runs inside of no other."""
