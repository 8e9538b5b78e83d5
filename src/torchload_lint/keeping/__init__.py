"""What stays of a file when another takes its place."""
