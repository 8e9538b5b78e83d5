"""What modules hold beside what a state dict says of them."""
