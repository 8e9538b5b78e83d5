"""Handlers of signals may run at any place, also while notes are taken: what they raise is kept."""

import sys

getsignal, NUMBERS = sys.modules["_signal"].getsignal, range(1, sys.modules["_signal"].NSIG)
MOST_PARTS = 100


def pass_on(error):
    """Raise what a handler of a signal has raised, and nothing else."""
    traceback = error.__traceback__
    codes = set()
    while traceback is not None:
        codes.add(traceback.tb_frame.f_code)
        traceback = traceback.tb_next
    if not codes.isdisjoint(handler_codes()):
        raise error


def handler_codes():
    """The code of each handler of a signal; of one that calls others (``partial``), also theirs."""
    parts = [getsignal(number) for number in NUMBERS]
    for part in parts:  # what is found is appended
        code = getattr(part, "__code__", None)
        if code is not None:
            yield code
        elif callable(part) and len(parts) < MOST_PARTS + len(NUMBERS):
            parts += [getattr(part, "__func__", None), type(part).__call__]
            parts += [getattr(part, "func", None), *(getattr(part, "args", None) or ())]
