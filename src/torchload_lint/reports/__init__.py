"""How is it told? One file a format; results in, text out."""
