"""segment_anything: models made of a checkpoint, and the table of their functions."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_SAM = (Behaviour(Does.DEFAULT, "segment_anything 1.0, build_sam.py"),)
_FUNCTIONS = ("build_sam", "build_sam_vit_h", "build_sam_vit_l", "build_sam_vit_b")

LIBRARY = Library(
    roots=("segment_anything",),
    distributions=("segment_anything", "segment-anything"),
    words=("build_sam", "sam_model_registry"),
    loaders=tuple(
        Loader(name, "checkpoint", ("checkpoint",), _SAM, nothing_with=(("checkpoint", None),))
        for name in (*_FUNCTIONS, "sam_model_registry")
    ),
)
