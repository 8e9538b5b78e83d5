"""Loads that are not spelled ``torch.load``: functions of libraries that load a checkpoint."""
