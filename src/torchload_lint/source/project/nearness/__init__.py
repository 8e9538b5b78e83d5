"""Which files are looked into for who calls something: those that stand nearest."""
