"""What code may use and still be harmless (data)."""
