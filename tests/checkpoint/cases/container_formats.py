"""Other containers than torch's own zip, and files that are no checkpoints at all."""

# ruff: noqa: PLC3002 - optional libraries; a value that refers to itself

from __future__ import annotations

import argparse
import gzip
import io
import json
import pickle
import struct
import tarfile
import zipfile

import torch
from torch import nn

from checkpoint import sample_classes as own
from checkpoint.cases import forge
from checkpoint.cases.registry import (
    ALLOWLIST,
    AS_IS,
    IMPOSSIBLE,
    Case,
    add,
    legacy_bytes,
    saved,
    saved_bytes,
    written,
)

LEGACY_VALUES = {
    "legacy_state_dict": (lambda: nn.Linear(2, 2).state_dict(), None),
    "legacy_namespace": (lambda: argparse.Namespace(a=1), ALLOWLIST),
    "legacy_module": (lambda: nn.Linear(2, 2), None),
    "legacy_own_module": (own.Net, None),
    "legacy_tensor": (lambda: torch.ones(2), None),
    "legacy_tied": (lambda: (lambda t: [t, t[0], t.view(4)])(torch.ones(2, 2)), None),
    "legacy_optimizer_state": (
        lambda: torch.optim.Adam(nn.Linear(2, 2).parameters()).state_dict(), None
    ),
    "legacy_dataclass": (own.Cfg, None),
    "legacy_nothing": (lambda: None, None),
    "legacy_recursive_tuple": (lambda: (lambda x: (x.append((x,)), x)[1])([]), None),
    "legacy_bytes": (lambda: {"a": b"x", "b": b""}, None),
    "legacy_sparse": (lambda: torch.eye(2).to_sparse(), None),
    "legacy_half_and_long": (lambda: [torch.ones(2).half(), torch.ones(2).long()], None),
}  # fmt: skip

for _name, (_value, _truth) in LEGACY_VALUES.items():
    add(
        Case(
            _name,
            "format",
            lambda value=_value: legacy_bytes(value(), 2),
            truth=_truth,
        )
    )


@written("format", requires=("numpy",))
def legacy_numpy() -> bytes:
    import numpy as np

    return legacy_bytes({"a": np.ones(2), "b": np.float32(1)}, 2)


@written("format")
def legacy_truncated() -> bytes:
    return legacy_bytes(nn.Linear(2, 2).state_dict(), 2)[:-20]


@written("format")
def legacy_cut_in_the_pickle() -> bytes:
    return legacy_bytes(nn.Linear(2, 2).state_dict(), 2)[:200]


@written("format")
def legacy_wrong_version() -> bytes:
    data = legacy_bytes({"a": 1}, 2)
    return data.replace(b"\x80\x02M\xe9\x03.", b"\x80\x02M\xea\x03.")


@written("format")
def legacy_trailing_bytes() -> bytes:
    return legacy_bytes({"a": 1}, 2) + b"trailing"


@written("format", IMPOSSIBLE)
def torchscript() -> bytes:
    stream = io.BytesIO()
    torch.jit.save(torch.jit.script(nn.Linear(2, 2)), stream)
    return stream.getvalue()


@written("format")
def torchscript_traced() -> bytes:
    stream = io.BytesIO()
    torch.jit.save(torch.jit.trace(nn.Linear(2, 2), torch.ones(1, 2)), stream)
    return stream.getvalue()


@written("format", IMPOSSIBLE)
def torch_export() -> bytes:
    """An archive of torch.export, which has no data.pkl (forged: exporting is slow)."""
    return forge.zip_of(
        [
            ("archive/archive_format", b"pt2"),
            ("archive/models/model.json", b"{}"),
            ("archive/version", b"0"),
            ("archive/byteorder", b"little"),
        ]
    )


def _safetensors() -> bytes:
    header = json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode()
    header = header.ljust(56)
    return struct.pack("<Q", len(header)) + header + struct.pack("<2f", 1, 2)


@written("format", IMPOSSIBLE)
def safetensors_named_pt() -> bytes:
    return _safetensors()


@written("format", suffix=".safetensors", requires=("safetensors",))
def safetensors_file() -> bytes:
    return _safetensors()


@written("format", IMPOSSIBLE)
def raw_pickle_file() -> bytes:
    return pickle.dumps({"a": 1}, 2)


@written("format", IMPOSSIBLE, requires=("numpy",))
def raw_pickle_numpy() -> bytes:
    import numpy as np

    return pickle.dumps({"a": np.ones(2)}, 4)


@written("format")
def raw_pickle_protocol_0() -> bytes:
    return pickle.dumps({"a": 1}, 0)


@written("format")
def raw_pickle_none() -> bytes:
    return pickle.dumps(None, 2)


@written("format", IMPOSSIBLE, requires=("numpy",))
def npz_file() -> bytes:
    import numpy as np

    stream = io.BytesIO()
    np.savez(stream, a=np.ones(2))
    return stream.getvalue()


@written("format", requires=("numpy",))
def npy_file() -> bytes:
    import numpy as np

    stream = io.BytesIO()
    np.save(stream, np.ones(2))
    return stream.getvalue()


@written("format", IMPOSSIBLE)
def empty_file() -> bytes:
    return b""


@written("format", IMPOSSIBLE)
def html_error_page() -> bytes:
    return b"<!DOCTYPE html><html><body>404</body></html>"


@written("format", IMPOSSIBLE)
def git_lfs_pointer() -> bytes:
    return b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0" * 64 + b"\nsize 1024\n"


@written("format", IMPOSSIBLE)
def gzip_wrapped() -> bytes:
    return gzip.compress(saved_bytes({"a": 1}), mtime=0)


@written("format")
def hdf5_header() -> bytes:
    return b"\x89HDF\r\n\x1a\n" + bytes(64)


@written("format")
def json_error() -> bytes:
    return b'{"error": "Repository not found"}'


@written("format")
def xml_error() -> bytes:
    return b'<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>'


@written("format")
def gguf_header() -> bytes:
    return b"GGUF\x03\x00\x00\x00" + bytes(32)


@written("format")
def onnx_like() -> bytes:
    return b"\x08\x08\x12\x07pytorch\x1a\x032.0"


@written("format")
def text_file() -> bytes:
    return b"hello world\n"


@written("format")
def zero_bytes() -> bytes:
    return bytes(100)


@written("format")
def bz2_wrapped() -> bytes:
    import bz2

    return bz2.compress(saved_bytes({"a": 1}))


@written("format")
def xz_wrapped() -> bytes:
    import lzma

    return lzma.compress(saved_bytes({"a": 1}))


@written("format", ALLOWLIST)
def zip_deflated_resaved() -> bytes:
    entries = forge.entries_of(saved_bytes({"ns": argparse.Namespace(a=1), "w": torch.ones(2)}))
    return forge.zip_of(entries, zipfile.ZIP_DEFLATED)


@written("format", IMPOSSIBLE)
def zip_prefix_junk() -> bytes:
    return b"#!/bin/sh\n" + saved_bytes({"a": 1})


@written("format")
def zip_suffix_junk() -> bytes:
    return saved_bytes({"a": 1}) + b"junk"


@written("format")
def zip_truncated() -> bytes:
    data = saved_bytes({"w": torch.ones(100)})
    return data[: len(data) // 2]


@written("format")
def zip_without_version() -> bytes:
    return forge.archive(forge.program(b"N"), version=None)


@written("format")
def zip_with_odd_version() -> bytes:
    return forge.archive(forge.program(b"N"), version=b"nonsense")


@written("format")
def zip_with_future_version() -> bytes:
    return forge.archive(forge.program(b"N"), version=b"9999\n")


@written("format")
def zip_upper_case_pickle() -> bytes:
    return forge.archive(forge.program(b"N"), pickle_name="DATA.PKL")


@written("format")
def zip_missing_storage() -> bytes:
    return forge.archive(forge.program(forge.tensor()), members=())


@written("format")
def zip_short_storage() -> bytes:
    return forge.archive(forge.program(forge.tensor()), members=(("data/0", bytes(4)),))


@written("format")
def zip_long_storage() -> bytes:
    return forge.archive(forge.program(forge.tensor()), members=(("data/0", bytes(64)),))


@written("format")
def zip_forged_tensor() -> bytes:
    return forge.archive(forge.program(forge.tensor()))


@written("format")
def zip_tensor_beyond_its_storage() -> bytes:
    return forge.archive(forge.program(forge.tensor(size=5)))


@written("format", AS_IS)
def zip_tensor_flags_empty() -> bytes:
    return forge.archive(forge.program(_tensor_with(b"N")))


@written("format", IMPOSSIBLE)
def zip_tensor_flags_no_dict() -> bytes:
    return forge.archive(forge.program(_tensor_with(forge.number(1))))


@written("format", IMPOSSIBLE)
def zip_tensor_gradient_flag_as_number() -> bytes:
    tensor = forge.tensor().replace(b"\x89", forge.number(1))
    return forge.archive(forge.program(tensor))


@written("format", IMPOSSIBLE)
def zip_meta_tensor_without_a_size() -> bytes:
    rebuild = forge.name("torch._utils", "_rebuild_meta_tensor_no_storage")
    dtype = forge.name("torch", "float32")
    call = forge.call(rebuild, dtype, forge.number(2), forge.pair(forge.number(1)), b"\x89")
    return forge.archive(forge.program(call))


@written("format", IMPOSSIBLE)
def zip_empty_alignment() -> bytes:
    entries = forge.entries_of(forge.archive(forge.program(forge.tensor())))
    return forge.zip_of([*entries, ("archive/.storage_alignment", b"")])


def _tensor_with(flags: bytes) -> bytes:
    """A tensor with ``conj``, ``neg`` and their like as a last argument."""
    tensor = forge.tensor()
    return tensor.removesuffix(b"tR") + flags + b"tR"


@written("format")
def zip_big_endian() -> bytes:
    entries = forge.entries_of(forge.archive(forge.program(forge.tensor())))
    return forge.zip_of(
        [(name, b"big" if name.endswith("byteorder") else data) for name, data in entries]
    )


@written("format")
def zip_odd_byteorder() -> bytes:
    entries = forge.entries_of(forge.archive(forge.program(forge.tensor())))
    return forge.zip_of(
        [(name, b"middle" if name.endswith("byteorder") else data) for name, data in entries]
    )


@written("format")
def zip_without_prefix() -> bytes:
    return forge.zip_of([("data.pkl", forge.program(b"N")), ("version", b"3\n")])


@written("format")
def zip_long_prefix() -> bytes:
    return forge.archive(forge.program(b"N"), prefix="a/b/c")


@written("format")
def zip_odd_prefix() -> bytes:
    return forge.archive(forge.program(b"N"), prefix="été model (1)")


@written("format")
def zip_empty() -> bytes:
    return forge.zip_of([])


@written("format")
def zip_of_anything() -> bytes:
    return forge.zip_of([("README.md", b"hello"), ("src/a.py", b"x = 1")])


@written("format")
def zip_with_constants() -> bytes:
    return forge.archive(forge.program(b"N"), members=(("constants.pkl", forge.program(b")")),))


@written("format")
def zip_resaved_with_directory_entry() -> bytes:
    entries = forge.entries_of(saved_bytes({"w": torch.ones(2)}))
    return forge.zip_of([("archive/", b""), *entries])


@written("format")
def tar_old_format() -> bytes:
    """The format before 0.1.10: a tar of sys_info, pickle, storages, tensors."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as out:
        for name in ("sys_info", "pickle", "storages", "tensors"):
            data = pickle.dumps({}, 2)
            info = tarfile.TarInfo(name)
            info.size = len(data)
            out.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@written("format")
def tar_of_files() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as out:
        info = tarfile.TarInfo("weights/model.pt")
        data = saved_bytes({"a": 1})
        info.size = len(data)
        out.addfile(info, io.BytesIO(data))
    return stream.getvalue()


@written("format")
def tar_gz() -> bytes:
    return gzip.compress(tar_of_files(), mtime=0)


OLD_REBUILD = {b"ctorch._tensor\n_rebuild": b"ctorch.tensor\n_rebuild"}


@saved("format", ALLOWLIST, edit=OLD_REBUILD)
def py2_legacy_torch_tensor_module():
    value = torch.ones(2)
    value.tag = 1
    return value


@saved("format", AS_IS, name="zip_crc_disabled")
def _plain_for_reader():
    return {"w": torch.ones(3), "n": 1}
