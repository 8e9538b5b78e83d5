"""What does this checkpoint need? Bytes in, a report out; nothing is unpickled, torch is not used."""
