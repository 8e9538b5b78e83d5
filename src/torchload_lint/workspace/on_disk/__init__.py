"""Files to look at, checkpoints, installed packages: what the disk has, and when it changed."""
