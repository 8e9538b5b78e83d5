"""Settings of a program: variables, and the files that libraries read beside them."""
