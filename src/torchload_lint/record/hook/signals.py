"""Handlers of signals may run at any place, also while notes are taken: what they raise is kept."""

import sys

native = sys.modules["_signal"]
getsignal, NUMBERS = native.getsignal, range(1, native.NSIG)
mask, take = getattr(native, "pthread_sigmask", None), getattr(native, "sigtimedwait", None)
TOO_LARGE = {getattr(native, "SIGXFSZ", None)} - {None}
"""What ends a program that writes beyond the size that it may (``ulimit -f``)."""
ALL = getattr(native, "valid_signals", set)()
MOST_PARTS = 100


def undisturbed(function, *given):
    """Call what writes a file: a handler that raises in between would leave half of it, and
    where the program's files may not be so large, the program must not be told so.

    A handler may also run as ``mask`` returns, when all is blocked already: that is undone, too.
    """
    if not (mask and take and TOO_LARGE):
        return function(*given)
    before = mask(native.SIG_BLOCK, ())
    try:
        mask(native.SIG_BLOCK, ALL)
        return function(*given)
    except OSError:
        if TOO_LARGE.isdisjoint(before):
            take(TOO_LARGE, 0)
        raise
    finally:
        mask(native.SIG_SETMASK, before)


def pass_on(error):
    """Raise what a handler of a signal has raised, or another thread has sent, and nothing else.

    What an audit hook raises is for what is asked here, and no matter of the program's.
    """
    try:
        codes = codes_of(error)
    except BaseException:
        return  # a hook that lets nobody see where it stands
    if not codes.keys().isdisjoint(handler_codes()) or is_sent(error, codes):
        try:
            raise error
        finally:
            del error  # else this frame and the error hold one another, and all files open there


def codes_of(error):
    """The code of each frame that an error has left, from the outermost to where it was raised."""
    traceback = error.__traceback__
    codes = {}
    while traceback is not None:
        code = traceback.tb_frame.f_code
        codes.pop(code, None)
        codes[code] = code.co_filename
        traceback = traceback.tb_next
    return codes


def is_sent(error, codes):
    """Whether no code has raised it: Ctrl-C, or ``PyThreadState_SetAsyncExc`` (time limits)."""
    is_known = isinstance(error, Exception) and type(error).__module__ == "builtins"
    innermost = [*codes.values()][-1:]
    return innermost == [pass_on.__code__.co_filename] and not is_known


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
