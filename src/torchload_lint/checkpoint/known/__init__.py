"""What torch's releases allow, and what names stand for (data)."""
