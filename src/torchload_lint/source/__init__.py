"""What does this file load? Python text in, facts out; the disk is never looked at from here."""
