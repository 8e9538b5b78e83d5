"""Appends lines of JSON to the file of notes."""

system = beside("system")
signals = beside("signals")

NOTES = ""
"""The file; ``sitecustomize`` sets it."""
MOST_BYTES = 64 * 2**20
"""When so much was noted, no more is."""
PRINTABLE = frozenset(map(chr, range(32, 127))) - {'"', "\\"}


def announce():
    """Note that a process of the command can be seen at all."""
    try:
        append(b'{"process": %d}\n' % system.getpid())
    except Exception:
        pass


def write(line):
    """Append one line; a single write to a file opened for appending is not torn apart."""
    append((as_json(line) + "\n").encode())


def append(line):
    """Append to the notes, where these are a file and not full."""

    def write_at_end(handle):
        if system.fstat(handle).st_size < MOST_BYTES:
            system.write(handle, line)

    flags = system.APPEND | system.NO_LINK
    signals.undisturbed(system.with_handle, write_at_end, NOTES, flags)


def as_json(value):
    """JSON of texts, numbers and None, and dicts of them; ``json`` may be the program's by now."""
    if isinstance(value, dict):
        entries = [as_json(name) + ": " + as_json(one) for name, one in value.items()]
        return "{" + ", ".join(entries) + "}"
    if value is None:
        return "null"
    if isinstance(value, int):
        return int.__repr__(value)
    return '"' + "".join(map(as_escaped, system.text(value))) + '"'


def as_escaped(letter):
    """A letter of a JSON text."""
    if letter in PRINTABLE:
        return letter
    units = letter.encode("utf-16-be", "surrogatepass").hex()
    return "".join("\\u" + units[at : at + 4] for at in range(0, len(units), 4))
