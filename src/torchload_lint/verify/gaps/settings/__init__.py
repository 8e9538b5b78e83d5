"""What is set for the whole process before a load, where its storages are put, and what is made of the
function that holds it.
"""
