"""e3nn: constants that it once loaded when it was imported."""

from torchload_lint.source.facts.loader import Library

LIBRARY = Library(
    roots=("e3nn",),
    distributions=("e3nn",),
    loaders=(),
    note="No function loads a file that its caller names. e3nn 0.4.4 (`o3/_wigner.py`) loads its "
    "own `constants.pt` with torch's default as soon as it is imported: on torch 2.6 and newer "
    "that needs `slice`, allowed before the import. e3nn 0.5.1 and 0.6.0 load no pickle.",
)
