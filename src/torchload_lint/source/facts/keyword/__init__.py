"""What ``weights_only`` is at a call."""
