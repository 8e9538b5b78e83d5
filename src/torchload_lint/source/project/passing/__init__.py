"""WHERE DOES A FUNCTION GO? under other names, through partial, into dictionaries, to others."""
