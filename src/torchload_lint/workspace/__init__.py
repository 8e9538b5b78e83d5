"""Many files: find them, remember them, share them out, write them."""
