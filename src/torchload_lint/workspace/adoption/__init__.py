"""What an old code base starts with: baselines, noqa comments, entries of the configuration."""
