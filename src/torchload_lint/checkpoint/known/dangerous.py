"""Callables that run code, reach the system, or hand out such callables (data).

Collected from CPython 3.10 to 3.13's standard library, torch 2.13, and the published bypasses of
pickle scanners. The list refuses; it is never the reason to allow anything.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

DANGEROUS_NAMES = {
    "builtins": "__import__ breakpoint compile eval exec execfile input open apply",
    "io": "open open_code FileIO",
    "_io": "open open_code FileIO",
    "codecs": "open",
    "_frozen_importlib": "*",
    "_frozen_importlib_external": "*",
    "types": "CodeType FunctionType LambdaType",
    "copyreg": "add_extension pickle constructor dispatch_table",
    "copy_reg": "add_extension pickle constructor",
    "uuid": "_get_command_stdout _popen",
    "linecache": "getline getlines updatecache lazycache checkcache",
    "logging": "FileHandler",
    "logging.config": "*",
    "logging.handlers": "*",
    "code": "InteractiveConsole InteractiveInterpreter interact",
    "commands": "getoutput getstatusoutput getstatus",
    "platform": "popen _syscmd_file _syscmd_ver",
    "profile": "run runctx Profile",
    "resource": "setrlimit prlimit",
    "signal": "signal raise_signal pthread_kill",
    "site": "main addsitedir addpackage execsitecustomize execusercustomize",
    "test.support": "*",
    "trace": "Trace main",
    "numpy": "load fromfile memmap save savez loadtxt genfromtxt fromregex",
    "numpy.testing": "*",
    "numpy.testing._private.utils": "*",
    "numpy.f2py": "*",
    "numpy.f2py.crackfortran": "*",
    "numpy.distutils": "*",
    "pandas": "read_pickle eval read_csv read_hdf",
    "pandas.io.pickle": "*",
    "pandas.core.computation.eval": "*",
    "torch": "load hub compile",
    "torch.serialization": "load",
    "torch.storage": "_load_from_bytes",
    "torch._utils_internal": "*",
    "torch.jit": "load unused_load",
    "torch.jit._serialization": "load",
    "torch.jit.unsupported_tensor_ops": "execWrapper",
    "torch.hub": "*",
    "torch.package": "*",
    "torch.package.package_importer": "*",
    "torch.utils.cpp_extension": "*",
    "torch.utils.model_dump": "*",
    "torch.utils.bottleneck.__main__": "*",
    "torch.utils.collect_env": "*",
    "torch.utils._config_module": "*",
    "torch.utils.data.datapipes.utils.decoder": "*",
    "torch.fx.experimental.symbolic_shapes": "ShapeEnv",
    "torch.fx.graph_module": "_exec_with_source _forward_from_src reduce_graph_module "
    "reduce_package_graph_module reduce_deploy_graph_module",
    "torch.fx._symbolic_trace": "*",
    "torch.distributed.rpc": "*",
    "torch.distributed.elastic": "*",
    "torch.distributed.run": "*",
    "torch._dynamo.guards": "*",
    "torch._inductor.codecache": "*",
    "torch.testing._internal": "*",
    "torch.testing._internal.common_utils": "*",
    "dill": "*",
    "joblib": "*",
    "cloudpickle": "*",
}
"""Module → the dangerous names in it, space-separated; ``*`` is every name."""

DANGEROUS_PACKAGES = frozenset(
    """
    __main__.__builtins__ _aix_support _asyncio _ctypes _imp _pickle _posixsubprocess _pyrepl
    _socket _thread _winapi aiohttp antigravity ast asyncio bdb cProfile cgi cgitb codeop
     compileall concurrent ctypes dbm distutils setuptools doctest ensurepip fcntl filecmp fileinput
    ftplib gc getpass glob httplib http.client http.server httpx idlelib imaplib imp importlib
    importlib.util inspect lib2to3 marshal mmap msvcrt multiprocessing netrc nntplib nt ntpath.os
    nturl2path os paramiko pdb pickle pickletools pip pkg_resources pkgutil poplib posix
    posixpath.os pstats pty py_compile pyclbr pydoc readline requests requests.api
    runpy sched selectors shelve shutil smtpd smtplib socket socketserver
    sqlite3 ssl subprocess symtable sys sysconfig syslog telnetlib tempfile threading timeit
    test.__main__ test.autotest test.libregrtest test.regrtest this tkinter traceback turtle
    turtledemo urllib urllib2 urllib.request urllib3 venv webbrowser
    winreg wsgiref xmlrpc zipapp zipimport
    """.split()
)
"""Packages in which no callable is a value that a checkpoint would hold."""

HARMLESS = frozenset(
    {
        "subprocess.CompletedProcess",
        "commands.CompletedProcess",
        "platform.uname_result",
        "os.stat_result",
        "sys.version_info",
        "urllib.parse.ParseResult",
        "urllib.parse.SplitResult",
        "threading.local",
        "inspect.Signature",
        "inspect.Parameter",
        "inspect._ParameterKind",
        "inspect._empty",
        "torch.testing._internal.two_tensor.TwoTensor",
        "concurrent.futures.process._ExceptionWithTraceback",
    }
)
"""Plain records that live in a package named above."""

GATEWAYS = {
    "builtins.getattr": "reaches any attribute of any object it is given",
    "builtins.setattr": "changes any attribute of any object it is given",
    "builtins.delattr": "removes any attribute of any object it is given",
    "builtins.globals": "hands out a module's names",
    "builtins.locals": "hands out a function's names",
    "builtins.vars": "hands out an object's names",
    "builtins.map": "calls a function that the file chooses",
    "builtins.filter": "calls a function that the file chooses",
    "builtins.type": "makes classes that the file describes",
    "abc.ABCMeta": "makes classes that the file describes",
    "enum.EnumMeta": "makes classes that the file describes",
    "enum.EnumType": "makes classes that the file describes",
    "operator.attrgetter": "reaches any attribute of any object it is given",
    "operator.methodcaller": "calls a method that the file chooses",
    "functools.reduce": "calls a function that the file chooses",
    "functools.partial": "calls a function that the file chooses",
    "functools.partialmethod": "calls a function that the file chooses",
    "types.MethodType": "binds a function that the file chooses",
}
"""Not dangerous by themselves, but they hand out or call what is; nobody may allow them unseen."""

PYTHON_2_MODULES = {"__builtin__": "builtins", "copy_reg": "copyreg", "thread": "_thread"}


def why_dangerous(name: str) -> str:
    """Why calling this global runs code or reaches the system; empty where it does not.

    ``name`` is a dotted name, in Python 2 or 3 spelling (``__builtin__.eval``, ``os.system``).
    """
    module, _, attribute = name.rpartition(".")
    module = PYTHON_2_MODULES.get(module, module)
    if f"{module}.{attribute}" in HARMLESS:
        return ""
    if _is_listed([*module.split("."), attribute]):
        return "runs code or reaches the system when it is called"
    return ""


MOST_PARTS = 32
"""Of a dotted name; no name of the tables has more than ten, and none that a program means."""


def why_inside(name: str) -> str:
    """Why a name may lead, through what a module imports, to what runs code: ``a.b.os.system``."""
    parts = name.split(".")
    if len(parts) > MOST_PARTS:
        return f"has {len(parts)} parts"
    inner = (".".join(parts[start:]) for start in range(1, len(parts) - 1))
    reached = next((one for one in inner if why_dangerous(one) or why_gateway(one)), "")
    return f"may be {reached}, reached through another module" if reached else ""


def why_interpreter(name: str) -> str:
    """Why a name reaches into the interpreter: ``Namespace.__init__.__globals__.get``."""
    for part in name.split(".")[1:]:
        special = part.startswith("__") and part.endswith("__")
        if special and part not in MAKERS:
            return f"reaches into the interpreter, through {part}"
    return ""


MAKERS = frozenset({"__new__", "__newobj__", "__newobj_ex__"})
"""Special names with which objects are saved."""


def why_gateway(name: str) -> str:
    """Why a global that is harmless by itself must still not be allowed unseen; else empty."""
    module, _, attribute = name.rpartition(".")
    return GATEWAYS.get(f"{PYTHON_2_MODULES.get(module, module)}.{attribute}", "")


def dangerous_prefixes() -> Iterator[str]:
    """Dotted names: what is defined as one of them or below it must not be allowed unseen."""
    yield from DANGEROUS_PACKAGES
    yield from GATEWAYS
    for module, names in DANGEROUS_NAMES.items():
        for name in names.split():
            yield module if name == "*" else f"{module}.{name}"


def _is_listed(parts: list[str]) -> bool:
    """Whether a package above the name, or the name itself at any depth, is in the tables.

    ``builtins.eval.__call__`` counts like ``builtins.eval``.
    """
    for size in range(1, min(len(parts), MOST_PARTS)):
        module, inner = ".".join(parts[:size]), parts[size]
        if module in DANGEROUS_PACKAGES:
            return True
        names = DANGEROUS_NAMES.get(module, "").split()
        if "*" in names or inner in names:
            return True
    return False
