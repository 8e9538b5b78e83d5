"""What does a pickle build? Run abstractly, over descriptions of values; nothing is called."""
