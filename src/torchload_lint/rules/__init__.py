"""What is wrong? One file a rule; each is a function of one fact and a context."""
