"""What the program may change of the classes that a proof rests on, and who is handed them."""
