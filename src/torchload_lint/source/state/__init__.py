"""What was stored or handed on before this place? Arguments, attributes, entries."""
