"""Which classes are allowed where? ``safe_globals``, ``add_safe_globals`` and their items."""
