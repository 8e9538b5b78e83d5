"""Which kind of file is it, and where in it are the pickles? Zip archives by torch's rules."""
