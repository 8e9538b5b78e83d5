"""How are checkpoints read and written? Containers, storages, the bytes of tensors."""
