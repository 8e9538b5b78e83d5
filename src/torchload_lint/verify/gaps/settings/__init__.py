"""What is set for the whole process, where storages are put, what is made of functions."""
