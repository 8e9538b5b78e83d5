"""Values of the standard library's types."""

# ruff: noqa: DTZ001, ICN001 - what people save

from __future__ import annotations

import argparse
import array
import collections
import configparser
import datetime
import decimal
import fractions
import functools
import http
import ipaddress
import itertools
import logging
import operator
import os
import pathlib
import random
import re
import string
import subprocess
import time
import types
import typing
import uuid
import zoneinfo

import torch

from checkpoint.cases.registry import ALLOWLIST, IMPOSSIBLE, save_all

UTC = datetime.timezone.utc

save_all(
    "stdlib",
    {
        "argparse_namespace": lambda: argparse.Namespace(lr=0.1, gpus=[0]),
        "pathlib_posix": lambda: pathlib.PosixPath("/a/b"),
        "datetime_": lambda: [
            datetime.datetime(2024, 1, 2),
            datetime.date(2024, 1, 2),
            datetime.timedelta(1, 2),
        ],
        "decimal_fraction_uuid": lambda: [
            decimal.Decimal("1.5"),
            fractions.Fraction(1, 3),
            uuid.UUID(int=5),
        ],
        "defaultdict_empty": lambda: collections.defaultdict(list),
        "functools_partial": lambda: functools.partial(
            torch.nn.functional.gelu, approximate="tanh"
        ),
        "operator_getters": lambda: [operator.itemgetter(1), operator.attrgetter("a.b")],
        "regex_": lambda: re.compile("a+", re.IGNORECASE),
        "os_environ_copy": lambda: {"env": {"HOME": "/root"}, "join": os.path.join},
        "configparser_": lambda: configparser.RawConfigParser,
        "subprocess_completed": lambda: subprocess.CompletedProcess(["true"], 0),
        "http_cookies": lambda: http.HTTPStatus.OK,
        "array_array": lambda: array.array("f", [1.0, 2.0]),
        "ipaddress_": lambda: ipaddress.ip_address("127.0.0.1"),
    },
    ALLOWLIST,
)

save_all(
    "stdlib",
    {
        "defaultdict_filled": lambda: collections.defaultdict(list, a=[1]),
        "deque_filled": lambda: collections.deque([1, 2], maxlen=5),
    },
    IMPOSSIBLE,
)

save_all(
    "stdlib",
    {
        "namespace_of_paths": lambda: argparse.Namespace(
            out=pathlib.Path("runs"), device=torch.device("cpu"), sub=argparse.Namespace(a=1)
        ),
        "namespace_empty": argparse.Namespace,
        "pathlib_pure": lambda: [pathlib.PurePosixPath("a"), pathlib.PureWindowsPath("b")],
        "pathlib_in_dict": lambda: {"model": torch.ones(1), "path": pathlib.Path("x/y.pt")},
        "time_of_day": lambda: datetime.time(1, 2, 3),
        "timezone_utc": lambda: datetime.datetime(2024, 1, 2, tzinfo=UTC),
        "timezone_offset": lambda: datetime.timezone(datetime.timedelta(hours=2), "CEST"),
        "zoneinfo_": lambda: datetime.datetime(2024, 1, 2, tzinfo=zoneinfo.ZoneInfo("UTC")),
        "struct_time": lambda: time.gmtime(0),
        "decimal_context": decimal.getcontext,
        "deque_empty": collections.deque,
        "deque_empty_bounded": lambda: collections.deque(maxlen=3),
        "counter_in_counter": lambda: collections.Counter({"a": 1, "b": 2}),
        "chain_map": lambda: collections.ChainMap({"a": 1}, {"b": 2}),
        "user_dict": lambda: collections.UserDict({"a": 1}),
        "user_list": lambda: collections.UserList([1]),
        "user_string": lambda: collections.UserString("a"),
        "defaultdict_int_empty": lambda: collections.defaultdict(int),
        "defaultdict_no_factory": lambda: collections.defaultdict(None),
        "defaultdict_of_dicts": lambda: {"log": collections.defaultdict(dict, a={"b": 1})},
        "ordered_dict_of_namespace": lambda: collections.OrderedDict(a=argparse.Namespace(x=1)),
        "partial_of_linear": lambda: functools.partial(torch.nn.Linear, bias=False),
        "partial_of_partial": lambda: functools.partial(functools.partial(int, base=2), "1"),
        "cached_function": lambda: functools.reduce,
        "cmp_to_key": lambda: functools.cmp_to_key,
        "method_caller": lambda: operator.methodcaller("strip"),
        "itemgetter_two": lambda: operator.itemgetter(1, 2),
        "operator_function": lambda: operator.mul,
        "regex_match_flags": lambda: re.MULTILINE,
        "random_random": lambda: random.Random(1),
        "random_instance_state": lambda: random.Random(1).getstate(),
        "itertools_count": lambda: itertools.count(3),
        "itertools_cycle": lambda: itertools.cycle([1, 2]),
        "logging_level": lambda: {"level": logging.INFO, "name": "x"},
        "logger": lambda: logging.getLogger("torchload"),
        "string_template": lambda: string.Template("$a"),
        "types_namespace_nested": lambda: types.SimpleNamespace(a=types.SimpleNamespace(b=1)),
        "typing_any": lambda: typing.Any,
        "typing_optional": lambda: typing.Optional[int],  # noqa: UP045
        "typing_list": lambda: typing.List[int],  # noqa: UP006
        "array_doubles": lambda: array.array("d", [0.5]),
        "array_empty": lambda: array.array("i"),
        "ip_network": lambda: ipaddress.ip_network("10.0.0.0/8"),
        "uuid_random": lambda: uuid.UUID(int=2**127),
        "completed_process_output": lambda: subprocess.CompletedProcess(["a"], 1, b"out"),
        "signal_enum": lambda: __import__("signal").Signals.SIGINT,
        "math_function": lambda: __import__("math").sqrt,
        "os_path_function": lambda: os.path.basename,
        "os_stat_result": lambda: os.stat("/"),  # noqa: PTH116
        "os_getcwd_function": lambda: os.getcwd,
        "sys_version_info": lambda: tuple(__import__("sys").version_info),
        "platform_uname": lambda: tuple(__import__("platform").uname()),
        "calendar_month": lambda: __import__("calendar").TextCalendar(),
        "email_message": __import__("email.message").message.Message,
        "io_bytes": lambda: __import__("io").BytesIO(b"abc"),
        "io_string": lambda: __import__("io").StringIO("abc"),
        "queue_class": lambda: __import__("queue").Queue,
        "url_parsed": lambda: __import__("urllib.parse").parse.urlparse("http://a/b?c"),
        "statistics_normal": lambda: __import__("statistics").NormalDist(0, 1),
        "difflib_match": lambda: __import__("difflib").Match(0, 1, 2),
        "tempfile_class": lambda: __import__("tempfile").SpooledTemporaryFile,
        "copyreg_function": lambda: __import__("copyreg").dispatch_table and {"ok": 1},
        "ast_node": lambda: __import__("ast").parse("x = 1"),
        "fraction_and_tensor": lambda: [fractions.Fraction(1, 2), torch.ones(2)],
        "date_in_history": lambda: [{"when": datetime.date(2024, 5, 1), "loss": 0.1}] * 2,
        "inspect_signature_empty": lambda: __import__("inspect").Parameter.empty,
        "weak_set_empty_class": lambda: __import__("weakref").WeakSet,
        "thread_lock_class": lambda: __import__("threading").Thread,
        "codecs_info": lambda: __import__("codecs").lookup,
        "gettext": lambda: __import__("gettext").NullTranslations,
    },
)
