"""What libraries download, and where their local caches keep it."""
