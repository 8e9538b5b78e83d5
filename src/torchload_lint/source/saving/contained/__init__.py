"""What a saved object holds: contents, and the globals that its pickle names."""
