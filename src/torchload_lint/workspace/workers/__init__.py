"""Many files shared out to processes."""
