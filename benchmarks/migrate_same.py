"""Does a file hold after ``migrate`` what torch loads from it before, or is the difference said?

    python benchmarks/migrate_same.py [--inputs 20000] [--seed 0] [--keep FOLDER]

Values are made at random of what a restricted load gives, saved in protocol 2 or 4, and two thirds
of the files are damaged: opcodes of the pickle are left out, doubled, or put in another's place.
What torch loads before and after is compared: types, order, bits, strides, what is one object and
what shares a storage. The new file is loaded with nothing allowed, and so is a damaged one. Each
fault is printed; ``--keep`` keeps its file.
"""

from __future__ import annotations

import argparse
import collections
import io
import pickletools
import random
import sys
import tempfile
import warnings
import zipfile
from pathlib import Path
from typing import Any, cast

import torch

from torchload_lint.migrate import MigrationError, MigrationOptions, migrate_file

ATOMS: tuple[Any, ...] = (
    None, True, 0, -1, 255, 65536, -(2**31), 2**63, 2**200, 0.0, -0.0, float("inf"), 1e-320, 1j, "",
    "a", "é", "\ud800", "x" * 300, "**", "__args__", b"", b"\xff" * 300, torch.float32,
    torch.device("cpu"), torch.Size([2]),
)  # fmt: skip
DTYPES = (torch.float32, torch.bfloat16, torch.int64, torch.bool, torch.complex64, torch.uint16)
SETTLED = frozenset({"GLOBAL", "STACK_GLOBAL", "PROTO", "FRAME"})
FAULTS = ("crash", "torch refuses the new file", "differs unsaid")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--inputs", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", type=Path, help="a folder for the files with faults")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    torch.serialization.clear_safe_globals()
    chance = random.Random(options.seed)
    counts: collections.Counter[str] = collections.Counter()
    with tempfile.TemporaryDirectory() as folder:
        before, after = Path(folder, "before.pt"), Path(folder, "after.pt")
        for number in range(options.inputs):
            content, is_damaged = made(chance)
            before.write_bytes(content)
            said = outcome(before, after, is_damaged=is_damaged)
            counts[said.partition(":")[0]] += 1
            if said.startswith(FAULTS):
                print(f"{number}: {said}")
                if options.keep:
                    options.keep.mkdir(exist_ok=True)
                    (options.keep / f"{number}.pt").write_bytes(before.read_bytes())
    for name, count in counts.most_common():
        print(f"{count:>7,} {name}")
    sys.exit(any(name in FAULTS for name in counts))


def outcome(before: Path, after: Path, *, is_damaged: bool) -> str:
    """What becomes of one file."""
    try:
        old = described(torch.load(before, weights_only=is_damaged))
    except Exception:  # noqa: BLE001 - a damaged file may raise anything
        old = None
    try:
        result = migrate_file(before, after, MigrationOptions())
    except MigrationError:
        return "refused by both" if old is None else "refused, though torch loads it"
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        return f"crash: {error!r}"
    try:
        new = described(torch.load(after, weights_only=True))
    except Exception as error:  # noqa: BLE001 - as above
        return f"torch refuses the new file: {error}"
    if old is None:
        return "migrated, though torch refuses it"
    if old == new:
        return "equal"
    return "differs, and is said" if result.plan.notes else f"differs unsaid: {old} | {new}"


# -- what is made ---------------------------------------------------------------------------------


def made(chance: random.Random) -> tuple[bytes, bool]:
    """A file of torch.save, damaged two times in three, and whether it is."""
    while True:
        file = io.BytesIO()
        try:
            torch.save(value(chance, 3, []), file, pickle_protocol=chance.choice((2, 2, 4)))
        except (RuntimeError, TypeError, UnicodeError):  # what torch cannot save
            continue
        content, is_damaged = file.getvalue(), chance.random() < 2 / 3
        return (damaged(chance, content) if is_damaged else content), is_damaged


def value(chance: random.Random, depth: int, pool: list[Any]) -> Any:
    """A value that a restricted load gives; parts of it may be met again."""
    if pool and chance.random() < 0.2:
        return chance.choice(pool)
    kind = chance.randrange(3) if depth == 0 else chance.randrange(9)
    if kind <= 1:
        return chance.choice(ATOMS)
    if kind == 2:
        found: Any = tensor(chance, depth)
    elif kind in {3, 4}:
        found = [value(chance, depth - 1, pool) for _ in range(chance.randrange(5))]
    elif kind == 5:
        return tuple(value(chance, depth - 1, pool) for _ in range(chance.randrange(5)))
    elif kind == 6:
        found = {key(chance): value(chance, depth - 1, pool) for _ in range(chance.randrange(5))}
    elif kind == 7:
        made_of = [
            (key(chance), value(chance, depth - 1, pool)) for _ in range(chance.randrange(4))
        ]
        found = collections.OrderedDict(made_of)
        if chance.random() < 0.5:
            found._metadata = value(chance, 0, [])
    else:
        found = {key(chance) for _ in range(chance.randrange(4))}
    pool.append(found)
    return found


def key(chance: random.Random) -> Any:
    return chance.choice((chance.randrange(9), f"k{chance.randrange(99)}", (1, "t"), True, 1.0))


def tensor(chance: random.Random, depth: int) -> torch.Tensor:
    kind = chance.choice(DTYPES)
    shape = [chance.randrange(4) for _ in range(chance.randrange(4))]
    found = torch.tensor([chance.randrange(9) for _ in range(64)]).to(kind)
    found = found[: torch.Size(shape).numel()].reshape(shape)
    changed = chance.randrange(6)
    if changed == 0 and found.dim() > 1:
        return found.transpose(0, 1)
    if changed == 1:
        return found.expand(2, *shape)
    if changed == 2 and kind.is_floating_point:
        return torch.nn.Parameter(found)
    if changed == 3 and kind is torch.float32 and len(shape) == 2:
        return found.to_sparse()
    if changed == 4 and kind.is_complex:
        return found.conj()
    if changed == 5 and depth:
        found.note = value(chance, 0, [])  # type: ignore[attr-defined]
    return found


def damaged(chance: random.Random, content: bytes) -> bytes:
    """The file with up to three opcodes of its pickle left out, doubled or moved."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    pickle = next(name for name in members if name.endswith("data.pkl"))
    places = [(code.name, at) for code, _, at in pickletools.genops(members[pickle])]
    ends = [*(at for _, at in places[1:]), len(members[pickle])]
    parts = [(name, members[pickle][at:end]) for (name, at), end in zip(places, ends, strict=True)]
    for _ in range(chance.randrange(1, 4)):
        at, other = (chance.randrange(1, len(parts)) for _ in range(2))
        if parts[at][0] in SETTLED or parts[other][0] in SETTLED:
            continue
        change = chance.randrange(3)
        if change == 0 and len(parts) > 3:
            del parts[at]
        elif change == 1:
            parts.insert(at, parts[other])
        else:
            parts[at], parts[other] = parts[other], parts[at]
    members[pickle] = b"".join(part for name, part in parts if name != "FRAME")
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return file.getvalue()


# -- what is compared -----------------------------------------------------------------------------


def described(loaded: object) -> str:
    """All that a value is, in words; what is met again is a number."""
    return _described(loaded, {}, [])


def _described(one: Any, seen: dict[object, int], kept: list[Any]) -> str:
    if one is None or isinstance(one, (bool, int, float, complex, str, bytes)):
        return f"{type(one).__name__} {one!a}"
    if isinstance(one, tuple) and not one:
        return f"{type(one).__name__} ()"
    if id(one) in seen:
        return f"#{seen[id(one)]}"
    seen[id(one)] = len(seen)
    kept.append(one)  # else its number may be that of another
    if isinstance(one, torch.Tensor):
        words = _tensor(one, seen, kept)
    elif isinstance(one, dict):
        entries = [_described(part, seen, kept) for entry in one.items() for part in entry]
        words = f"{{{', '.join(entries)}}}"
    elif isinstance(one, (list, tuple)):
        words = f"[{', '.join(_described(part, seen, kept) for part in one)}]"
    elif isinstance(one, (set, frozenset)):
        words = f"{{{', '.join(sorted(_described(part, {}, kept) for part in one))}}}"
    else:
        return repr(one)
    more = [f"{name}={_described(part, seen, kept)}" for name, part in vars_of(one).items()]
    return f"{type(one).__name__} {words} {' '.join(more)}"


def vars_of(one: object) -> dict[str, Any]:
    return dict(getattr(one, "__dict__", {}))


def _tensor(one: torch.Tensor, seen: dict[object, int], kept: list[Any]) -> str:
    kind = f"{one.dtype} {tuple(one.shape)} {one.requires_grad} {one.is_conj()} {one.is_neg()}"
    if one.layout is torch.sparse_coo:
        parts = (one._indices(), one._values())
        return f"sparse {kind} {[_described(part, seen, kept) for part in parts]}"
    storage = one.untyped_storage()
    kept.append(storage)
    number = seen.setdefault(("storage", storage._cdata), len(seen))
    content = bytes(cast("Any", storage).tolist()).hex()
    return f"{kind} {one.stride()} {one.storage_offset()} in #{number} {content}"


if __name__ == "__main__":
    main()
