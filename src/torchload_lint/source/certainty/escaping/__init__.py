"""Who else holds a thing, and may change it: forwards, from a value to all its uses."""
