"""Functions and methods that change nothing of what they are given, or do what their name says."""

from __future__ import annotations

import sys

from torchload_lint.source.libraries import registry

READS = frozenset(
    """
    get items keys values copy index count join split format startswith endswith union
    intersection difference issubset issuperset isdisjoint most_common __len__ __contains__
    __getitem__ __iter__ __str__ __repr__ __eq__ to_dict as_dict to_container
    """.split()
)
"""Methods of containers that change nothing."""
CHANGING = frozenset(
    {
        name
        for kind in (dict, list, set)
        for name in dir(kind)
        if name not in READS and not hasattr(object, name)
    }
    | {"rotate", "popleft", "appendleft", "extendleft", "move_to_end", "__next__", "send"}
)
"""Methods of containers that change them."""
TAKING = frozenset({"pop", "popleft", "__next__"})
"""Methods that yield any part: it does not matter who takes first."""
READING_CALLS = frozenset(
    """
    len print str repr bool sorted list tuple dict set frozenset enumerate zip range min max sum
    any next all isinstance issubclass type id hash reversed format callable iter filter hasattr
    int float map
    """.split()
)
"""Builtins that change nothing of what they are given."""
PLAIN_READERS = frozenset(
    """
    os.path.join os.path.exists os.path.isfile os.path.isdir os.path.dirname os.path.basename
    os.fspath pathlib.Path json.dumps json.dump pprint.pprint copy.copy copy.deepcopy torch.load
    argparse.Namespace types.SimpleNamespace collections.OrderedDict collections.Counter
    dataclasses.asdict dataclasses.astuple dataclasses.fields dataclasses.replace
    pickle.dump pickle.dumps torch.save inspect.signature logging.info
    logging.warning logging.debug logging.error os.makedirs os.listdir
    itertools.chain itertools.chain.from_iterable itertools.islice numpy.array_split
    """.split()
)
"""Functions of other packages that change nothing of what they are given."""
CHANGING_CALLS = frozenset(
    """
    operator.setitem operator.delitem operator.iadd operator.iconcat operator.ior random.shuffle
    heapq.heapify heapq.heappush heapq.heappop heapq.heapreplace heapq.heappushpop bisect.insort
    bisect.insort_left bisect.insort_right importlib.reload
    """.split()
)
"""Functions of other packages that change what they are given first."""
SHALLOW = frozenset(
    """
    sorted list tuple dict set frozenset enumerate zip reversed iter filter copy.copy
    collections.OrderedDict argparse.Namespace types.SimpleNamespace dataclasses.replace
    """.split()
)
"""Those whose result holds the same parts."""
LISTING = frozenset({"items", "values", "copy"})
"""Methods of a namespace whose result holds its parts."""
PICKING = frozenset({"next", "min", "max", "get", "__getitem__", "__iter__"})
"""Those (and methods) whose result is one of the parts."""
_OF_OTHERS = frozenset({"torch", "torchvision", "torchaudio", "numpy", "builtins"})
_REACHING_IN = frozenset({"functools.update_wrapper", "functools.wraps", "inspect.getmembers"})


def leaves_objects_alone(dotted: str) -> bool:
    """Whether a function sets no attribute of the objects of other people's classes."""
    root = dotted.partition(".")[0]
    if dotted in _REACHING_IN or root in {"unittest", "ctypes", "operator"}:
        return False
    if root in _OF_OTHERS or root in sys.stdlib_module_names:
        return True
    return registry.leaves_objects_alone(root)
