"""Pickles that would run code. Each payload is harmless: it computes, fails, or opens nothing.

No test loads one without ``weights_only=True``.
"""

from __future__ import annotations

import os

from checkpoint.cases import forge
from checkpoint.cases.forge import call, name, new, number, program, raw, text
from checkpoint.cases.registry import (
    ALLOWLIST,
    AS_IS,
    IMPOSSIBLE,
    Case,
    Truth,
    add,
    legacy_bytes,
    written,
)


def calls(truth: Truth | None, dotted: str, *arguments: bytes, case: str, runs: str = "") -> None:
    """Register a checkpoint whose pickle calls ``module:qualname`` with these arguments."""
    module, _, qualname = dotted.partition(":")
    data = program(call(name(module, qualname), *arguments))
    add(
        Case(
            f"mal_{case}",
            "malicious",
            lambda: forge.archive(data),
            truth=truth,
            runs=(runs or f"{module}.{qualname}",),
        )
    )


TRUE = text("true")

calls(IMPOSSIBLE, "posix:system", TRUE, case="posix_system")
calls(IMPOSSIBLE, "nt:system", TRUE, case="nt_system")
calls(IMPOSSIBLE, "sys:exit", case="sys_exit")
calls(ALLOWLIST, "builtins:eval", text("1+1"), case="eval")
calls(ALLOWLIST, "builtins:exec", text("1"), case="exec")
calls(ALLOWLIST, "__builtin__:eval", text("1+1"), case="py2_eval", runs="builtins.eval")
calls(ALLOWLIST, "builtins:compile", text("1"), text("x"), text("eval"), case="compile")
calls(ALLOWLIST, "subprocess:Popen", TRUE, case="subprocess_popen")
calls(ALLOWLIST, "subprocess:getoutput", TRUE, case="subprocess_getoutput")
calls(ALLOWLIST, "_pickle:loads", raw(b"N."), case="_pickle_loads")
calls(IMPOSSIBLE, "torch:load", text("/nonexistent.pt"), case="torch_load_nested")
calls(IMPOSSIBLE, "pip:main", forge.array(text("--version-of-nothing")), case="pip_main")
calls(ALLOWLIST, "webbrowser:open", text("about:blank"), case="webbrowser")
calls(ALLOWLIST, "timeit:timeit", text("1"), case="timeit")
calls(None, "cProfile:run", text("1"), case="cprofile")
calls(ALLOWLIST, "doctest:debug_script", text(""), b"\x89", b"}", case="doctest")
calls(IMPOSSIBLE, "idlelib.run:Executive", case="idlelib")
calls(None, "torch._inductor.codecache:compile_file", text("x"), case="torch_inductor_compile")
calls(IMPOSSIBLE, "linecache:getline", text("x"), case="linecache", runs="-")
calls(IMPOSSIBLE, "shutil:rmtree", text("/nonexistent-x"), case="shutil")
calls(ALLOWLIST, "socket:socket", case="socket")
calls(IMPOSSIBLE, "marshal:loads", case="marshal")
calls(None, "ensurepip._bootstrap:x", case="ensurepip", runs="-")
calls(IMPOSSIBLE, "venv:create", text("/proc/nope"), case="venv_create")
calls(ALLOWLIST, "profile:run", text("1"), case="profile_run")
calls(ALLOWLIST, "bdb:Bdb", case="bdb", runs="-")
calls(IMPOSSIBLE, "zipimport:zipimporter", text("/nonexistent"), case="zipimport")
calls(ALLOWLIST, "uuid:_get_command_stdout", TRUE, case="uuid_get")
calls(IMPOSSIBLE, "ssl:get_server_certificate", case="ssl")
calls(ALLOWLIST, "urllib.request:urlopen", text("data:,x"), case="requests")

calls(None, "os:system", TRUE, case="os_system")
calls(None, "os:popen", TRUE, case="os_popen")
calls(None, "posixpath:os.system", TRUE, case="posixpath_os_system", runs="posixpath.os.system")
calls(None, "commands:getoutput", TRUE, case="py2_commands")
calls(None, "subprocess:check_output", TRUE, case="subprocess_check_output")
calls(None, "subprocess:run", TRUE, case="subprocess_run")
calls(None, "importlib:import_module", text("json"), case="import_module")
calls(None, "builtins:__import__", text("json"), case="dunder_import")
calls(
    None,
    "__builtin__:execfile",
    text("/nonexistent"),
    case="py2_execfile",
    runs="builtins.execfile",
)
calls(None, "builtins:open", text("/nonexistent"), case="open")
calls(None, "io:open", text("/nonexistent"), case="io_open")
calls(None, "runpy:run_path", text("/nonexistent"), case="runpy")
calls(None, "runpy:_run_code", text("1"), b"}", case="runpy_run_code")
calls(None, "code:interact", b"N", text("x"), case="code_interact")
calls(None, "pickle:loads", raw(b"N."), case="pickle_loads")
calls(None, "pickle:_loads", raw(b"N."), case="pickle__loads")
calls(None, "ctypes:CDLL", text("/nonexistent.so"), case="ctypes")
calls(None, "torch.hub:load", text("/nonexistent"), text("x"), case="torch_hub")
calls(None, "torch:load", raw(b"x"), case="torch_load_bytes")
calls(None, "torch.serialization:load", text("/nonexistent.pt"), case="torch_serialization_load")
calls(None, "torch.utils.cpp_extension:load", text("x"), b"]", case="cpp_extension")
calls(None, "torch._dynamo.guards:GuardBuilder.get", TRUE, case="dynamo_guards", runs="-")
calls(None, "numpy.testing._private.utils:runstring", text("1"), b"}", case="numpy_runstring")
calls(None, "numpy:load", text("/nonexistent.npy"), case="numpy_load")
calls(None, "pandas:read_pickle", text("/nonexistent.pkl"), case="pandas_read_pickle")
calls(None, "joblib:load", text("/nonexistent.pkl"), case="joblib_load")
calls(None, "multiprocessing.util:spawnv_passfds", raw(b"x"), b"]", b"]", case="spawnv")
calls(None, "pty:spawn", text("true"), case="pty_spawn")
calls(None, "asyncio:run", case="asyncio_run", runs="-")
calls(None, "types:FunctionType", case="function_type")
calls(None, "types:CodeType", case="code_type")
calls(None, "shutil:copyfile", text("/nonexistent-a"), text("/nonexistent-b"), case="copyfile")
calls(None, "pydoc:pipepager", text(""), TRUE, case="pydoc_pipepager")
calls(None, "pdb:run", text("1"), case="pdb_run")
calls(None, "trace:Trace", case="trace", runs="-")
calls(None, "http.client:HTTPSConnection", text("localhost"), case="http_client")
calls(None, "smtplib:SMTP", case="smtp")
calls(None, "urllib.request:urlretrieve", text("data:,x"), case="urlretrieve")
calls(None, "requests.api:get", text("data:,x"), case="requests_get")
calls(None, "sqlite3:connect", text(":memory:"), case="sqlite", runs="-")
calls(None, "logging.config:fileConfig", text("/nonexistent"), case="logging_config")
calls(None, "site:addsitedir", text("/nonexistent-x"), case="site_addsitedir")
calls(None, "nt:startfile", text("x"), case="nt_startfile")
calls(None, "distutils.spawn:spawn", b"]", case="distutils_spawn")
calls(None, "operator:methodcaller", text("system"), TRUE, case="methodcaller", runs="-")


def _chain() -> bytes:
    """``getattr(argparse, "_os")`` needs a module: reached through a function's globals."""
    getattr_ = name("__builtin__", "getattr")
    function = name("argparse", "Namespace.__init__")
    return program(call(getattr_, function, text("__globals__")))


def pickles(case: str, data: bytes, runs: tuple[str, ...], truth: Truth | None = None) -> None:
    """Register a pickle that runs code by more than one call."""
    add(Case(f"mal_{case}", "malicious", lambda: forge.archive(data), truth=truth, runs=runs))


pickles(
    "functools_partial_eval",
    program(call(name("functools", "partial"), name("__builtin__", "eval"), text("1"))),
    ("builtins.eval",),
    ALLOWLIST,
)
pickles("getattr_chain", _chain(), ("builtins.getattr",))
pickles(
    "map_of_eval",
    program(new(name("__builtin__", "map"), name("__builtin__", "eval"), forge.array(text("1")))),
    ("builtins.eval",),
)
pickles(
    "eval_beside_weights",
    program(
        forge.mapping({"w": forge.tensor(), "x": call(name("__builtin__", "eval"), text("1"))})
    ),
    ("builtins.eval",),
)
pickles(
    "eval_popped", program(call(name("__builtin__", "eval"), text("1")) + b"0N"), ("builtins.eval",)
)
pickles("eval_by_memo", program(
    name("__builtin__", "eval") + b"q\x000" + b"h\x00" + forge.pair(text("1")) + b"R"
), ("builtins.eval",))  # fmt: skip
pickles(
    "stack_global",
    program(text("builtins") + text("eval") + b"\x93" + forge.pair(text("1")) + b"R", protocol=4),
    ("builtins.eval",),
    IMPOSSIBLE,
)
pickles("inst_opcode", program(b"(" + TRUE + b"iposix\nsystem\n"), ("posix.system",))
pickles("obj_opcode", program(b"(" + name("posix", "system") + TRUE + b"o"), ("posix.system",))
pickles(
    "two_calls",
    program(
        forge.array(call(name("__builtin__", "eval"), text("1")), call(name("os", "system"), TRUE))
    ),
    ("builtins.eval", "os.system"),
)
pickles(
    "build_with_setstate_of_popen",
    program(new(name("subprocess", "Popen")) + b"}b"),
    ("subprocess.Popen",),
)

EVIL = program(call(name("posix", "system"), TRUE))
GOOD = program(forge.mapping({"a": number(1)}))


@written("malicious", AS_IS)
def mal_after_stop_second_pickle() -> bytes:
    return forge.archive(GOOD + EVIL)


@written("malicious", AS_IS)
def mal_other_member_pickle() -> bytes:
    return forge.archive(GOOD, members=(("data/0", forge.STORAGE), ("extra.pkl", EVIL)))


def _two_pickles(first: bytes, second: bytes) -> bytes:
    return forge.zip_of(
        [("archive/data.pkl", first), ("archive/data.pkl", second), ("archive/version", b"3\n")]
    )


@written("malicious", AS_IS)
def mal_two_datapkl() -> bytes:
    return _two_pickles(GOOD, EVIL)


@written("malicious", runs=("posix.system",))
def mal_two_datapkl_first_is_evil() -> bytes:
    return _two_pickles(EVIL, GOOD)


@written("malicious")
def mal_two_datapkl_by_case() -> bytes:
    return forge.zip_of(
        [("archive/DATA.PKL", GOOD), ("archive/data.pkl", EVIL), ("archive/version", b"3\n")]
    )


@written("malicious", IMPOSSIBLE)
def mal_two_prefixes() -> bytes:
    return forge.zip_of(
        [("good/data.pkl", GOOD), ("evil/data.pkl", EVIL), ("good/version", b"3\n"), ("top", b"")]
    )


@written("malicious")
def mal_second_prefix_is_evil() -> bytes:
    return forge.zip_of(
        [("good/data.pkl", GOOD), ("good/version", b"3\n"), ("evil/data.pkl", EVIL)]
    )


@written("malicious", IMPOSSIBLE, runs=("posix.system",))
def mal_legacy_os_system() -> bytes:
    class Evil:
        def __reduce__(self) -> object:
            return os.system, ("true",)

    return legacy_bytes(Evil(), 2)


@written("malicious", runs=("builtins.eval",))
def mal_legacy_eval() -> bytes:
    class Evil:
        def __reduce__(self) -> object:
            return eval, ("1",)

    return legacy_bytes({"w": Evil()}, 2)


@written("malicious", runs=("posix.system",))
def mal_raw_pickle() -> bytes:
    return EVIL


@written("malicious", runs=("posix.system",))
def mal_raw_pickle_protocol_0() -> bytes:
    return b"cposix\nsystem\n(S'true'\ntR."
