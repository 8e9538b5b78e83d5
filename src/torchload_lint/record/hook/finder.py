"""Waits for the import of torch, and then looks after its openers."""

import sys

TARGET = "torch.serialization"


class Finder:
    """Finds torch.serialization as the others would."""

    def find_spec(self, fullname, path=None, target=None):
        """See importlib: None for every other module."""
        if fullname != TARGET:
            return None
        finders = list(sys.meta_path)
        own = [place for place, finder in enumerate(finders) if finder is self]
        for finder in finders[own[0] + 1 if own else 0 :]:  # those before it have been asked
            find = getattr(finder, "find_spec", None)
            spec = find(fullname, path, target) if find else None
            if spec is not None:
                return with_openers(spec)
        return None


def with_openers(spec):
    """The same spec, whose module has other openers once it is executed."""
    try:
        loader = spec.loader
        run = loader.exec_module
        openers = beside("openers")
        openers.buffers.watch()

        def run_and_replace(module):
            loader.__dict__.pop("exec_module", None)
            run(module)
            openers.replace_all(module)

        loader.exec_module = run_and_replace
    except Exception:
        pass
    return spec


def catch_up():
    """Look after the openers of a torch that is there already: a ``.pth`` file may import it."""
    module = sys.modules.get(TARGET)
    if module is not None:
        openers = beside("openers")
        openers.buffers.watch()
        openers.replace_all(module)
