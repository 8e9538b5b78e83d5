"""torchload-lint: find every torch.load, and allow exactly what its checkpoint needs."""

__version__ = "0.1.0"
