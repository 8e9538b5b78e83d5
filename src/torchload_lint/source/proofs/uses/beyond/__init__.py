"""What code does beyond its own object: functions handed on, random numbers drawn, messages."""
