"""What is set for the whole process before a load, and where its storages are put."""
