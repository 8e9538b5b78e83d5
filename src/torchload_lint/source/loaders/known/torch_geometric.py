"""torch_geometric: processed data sets."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_REGISTERED = tuple(
    f"torch_geometric.{name}"
    for name in (
        "data.data.Data data.hetero_data.HeteroData data.temporal.TemporalData "
        "loader.cluster.ClusterData data.feature_store.TensorAttr data.graph_store.EdgeAttr "
        "data.graph_store.EdgeLayout index.Index index.CatMetadata edge_index.EdgeIndex "
        "edge_index.SortOrder edge_index.CatMetadata"
    ).split()
)
"""What an import allows: torch_geometric 2.6.1 to 2.8.1, ``__init__.py``, ``data/__init__.py``."""
_FS = (
    Behaviour(Does.DEFAULT, "torch_geometric 2.5.3, io/fs.py"),
    Behaviour(Does.FALLS_BACK, "torch_geometric 2.6.1 to 2.8.1, io/fs.py", since="2.6",
              allows=(*_REGISTERED, "collections.defaultdict")),
)  # fmt: skip

LIBRARY = Library(
    roots=("torch_geometric",),
    distributions=("torch-geometric", "torch_geometric"),
    words=("InMemoryDataset", "torch_load"),
    loaders=(
        Loader("load", "path", ("path", "data_cls"), _FS, of="InMemoryDataset"),
        Loader("torch_load", "path", ("path", "map_location"), _FS, within="fs"),
    ),
)  # fmt: skip
