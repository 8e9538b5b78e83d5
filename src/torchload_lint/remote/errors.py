"""What goes wrong with a place that is far away."""

from __future__ import annotations


class RemoteError(OSError):
    """A place cannot be read, or its answers contradict one another; says which, and why."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.strerror = message
