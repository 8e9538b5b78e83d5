"""What torch's weights-only unpickler says at each step."""
