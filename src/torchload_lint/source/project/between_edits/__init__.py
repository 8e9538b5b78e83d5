"""What an editor's questions leave behind for the next ones, after an edit."""
