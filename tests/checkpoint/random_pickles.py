"""Pickles that no program writes: opcodes drawn at random, with arguments that fit more or less."""

from __future__ import annotations

WORDS = [b"abc", b"def", b"collections", b"OrderedDict", b"latin1", b"rot13"]
GLOBALS = [b"cabc\ndef\n", b"ccollections\nOrderedDict\n", b"cghi\njkl\n", b"iabc\ndef\n"]
NUMBERS = [b"1", b"0x10", b"010", b" 7", b"1_0", b"08", b"", b"-1", b"+1", b"1L"]


def random_pickle(chance):
    """From one opcode to fourteen, and one in five with a byte that is another."""
    data = b"".join(_opcode(chance) for _ in range(chance.randint(1, 14))) + b"."
    if chance.random() < 0.3:
        data = b"\x80" + bytes([chance.choice([2, 4])]) + data
    if chance.random() < 0.2:
        changed = bytearray(data)
        changed[chance.randrange(len(data))] = chance.randrange(128)
        data = bytes(changed)
    return data


def _opcode(chance):
    word, number = chance.choice(WORDS), chance.choice(NUMBERS)
    named = chance.choice(GLOBALS)
    text = b"\x8c" + bytes([len(word)]) + word
    place = bytes([chance.randrange(4)])
    frame = chance.choice([0, 3, 20]).to_bytes(8, "little")
    return chance.choice(
        [
            named, named + b")R", named + text + b"\x85R", named + b")\x81", text, b"\x93", b"R",
            text + text + b"\x93", b"\x81", b"(", b"t", b"\x85", b"\x86", b")", b"}", b"]", b"a",
            b"e", b"s", b"u", b"b", b"0", b"1", b"2", b"q" + place, b"h" + place, b"\x94", b"N",
            b"K\x01", b"I" + number + b"\n", b"L" + number + b"\n", b"F" + number + b"\n",
            b"S'" + word + b"'\n", b"S'a'b'\n", b"V" + word + b"\n", b"V\\u0041\n",
            b"g" + number + b"\n", b"p" + number + b"\n", b"(" + named + b")o", b"\x8f", b"\x90",
            b"\x91", b"\x92", b"P1\n", b"Q", b"\x80" + place, b"\x95" + frame, b"\x88", b"\x89",
            b"\x8a\x01\x05", b"G" + bytes(8), b"U\x02ab", b"C\x02ab", b"l", b"d", b"M\x01\x00",
        ]
    )  # fmt: skip
