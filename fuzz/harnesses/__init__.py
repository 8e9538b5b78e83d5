"""One file a class of input; ``HARNESSES`` are all of them."""

from __future__ import annotations

from fuzz.harnesses import (
    archives,
    notebooks,
    paths,
    pickles,
    server,
    settings,
    sources,
)

HARNESSES = {
    each.HARNESS.name: each.HARNESS
    for each in (pickles, archives, paths, sources, notebooks, settings, server)
}
