"""torch_geometric: processed data sets."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_FS = (
    Behaviour(Does.DEFAULT, "torch_geometric 2.5.3, io/fs.py"),
    Behaviour(Does.FALLS_BACK, "torch_geometric 2.6.1 to 2.8.1, io/fs.py", since="2.6"),
)  # fmt: skip

LIBRARY = Library(
    roots=("torch_geometric",),
    distributions=("torch-geometric", "torch_geometric"),
    loaders=(
        Loader("load", "path", ("path", "data_cls"), _FS, of="InMemoryDataset"),
        Loader("torch_load", "path", ("path", "map_location"), _FS, within="fs"),
    ),
)  # fmt: skip
