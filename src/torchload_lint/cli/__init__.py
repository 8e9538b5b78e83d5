"""The command line: reads arguments, calls the rooms, prints, exits. Nothing else prints."""
