"""How checkpoints are told of: to people, as one allowlist, as findings, as an inventory."""
