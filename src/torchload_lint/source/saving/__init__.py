"""What does torch.save write? Found in the code, without running it."""
