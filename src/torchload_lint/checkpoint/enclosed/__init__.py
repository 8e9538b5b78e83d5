"""What a file holds besides what torch.load reads of it: arrays, members, what is packed."""
