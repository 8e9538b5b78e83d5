"""The work of `migrate`: which files, where to, and the lines of source that load them."""
