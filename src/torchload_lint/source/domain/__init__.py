"""What can a value be? Nothing is looked up here."""
