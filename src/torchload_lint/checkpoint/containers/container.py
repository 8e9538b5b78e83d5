"""Which kind of file it is, and where its pickles are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torchload_lint.checkpoint.advice import too_large
from torchload_lint.checkpoint.containers.compressed import unpack_file
from torchload_lint.checkpoint.containers.formats import is_tar, recognise
from torchload_lint.checkpoint.containers.npy import npy_problem, npz_problem
from torchload_lint.checkpoint.containers.safetensors import is_safetensors, safetensors_fault
from torchload_lint.checkpoint.containers.zip_archive import (
    LOCAL_SIGNATURE,
    ZipArchive,
    ZipFaultError,
)
from torchload_lint.checkpoint.known.torch_versions import NEWEST, Target, features
from torchload_lint.checkpoint.limits import LimitExceededError
from torchload_lint.checkpoint.report import Problem
from torchload_lint.named_tuples import NamedTuple

if TYPE_CHECKING:
    from torchload_lint.checkpoint.containers.bytesource import ByteSource
    from torchload_lint.checkpoint.limits import Limits

_AGAIN = "get the file again: the download or the save was cut off"


class Container(NamedTuple):
    """A file as torch.load meets it, before any pickle is read."""

    kind: str
    """``zip``, ``torchscript``, ``legacy or pickle``, ``tar``, ``safetensors``, ``npz``, …"""
    problem: Problem | None = None
    """Why torch reads nothing from it."""
    is_torch_file: bool = False
    """With a problem: whether the file is sound and made by torch or its kin (so it *cannot be
    loaded*), or no readable checkpoint at all."""
    archive: ZipArchive | None = None
    loads: bool = False
    """Whether it loads without any pickle being read (safetensors)."""

    @property
    def kind_of_parts(self) -> str:
        """How another loader than torch's would look for something in it."""
        if self.problem is None or self.kind != "zip":
            return self.kind
        return self.problem.code if self.problem.code == "foreign-zip" else "damaged-zip"


def open_container(
    source: ByteSource, name: str, limits: Limits, target: Target = NEWEST
) -> Container:
    """Recognise a file by its bytes (and, where torch does so too, by its name)."""
    if name.endswith(".safetensors") and features(target.torch).safetensors_paths:
        return _named_safetensors(source)
    if source.read_at(0, 4) == LOCAL_SIGNATURE:
        return _zip(source, limits, target)
    if is_safetensors(source):
        return _safetensors_out_of_place(source, name)
    problem = recognise(source)
    if problem is not None and _is_text_about_x(source, problem):
        problem = None
    if problem is not None:
        problem = npy_problem(source) if problem.code == "npy" else problem
        return Container(problem.code, problem)
    if is_tar(source):
        return _tar(target)
    return Container("legacy or pickle")


def _is_text_about_x(source: ByteSource, problem: Problem) -> bool:
    """``x^2`` begins as zlib does, too."""
    return problem.code == "zlib" and not unpack_file("zlib", source, 1).data


def _named_safetensors(source: ByteSource) -> Container:
    if source.size == 0:
        return Container("empty", recognise(source))
    if not is_safetensors(source):
        other = recognise(source)
        problem = other or Problem(
            "not-safetensors",
            "the path ends in .safetensors, where torch >= 2.13 expects a safetensors file; this "
            "is not one",
            "rename it to what it is",
        )
        return Container(problem.code, problem)
    return _damaged_safetensors(source) or Container("safetensors", loads=True)


def _damaged_safetensors(source: ByteSource) -> Container | None:
    fault = safetensors_fault(source)
    damage = Problem("damaged", f"safetensors: {fault}", _AGAIN)
    return Container("safetensors", damage) if fault else None


def _safetensors_out_of_place(source: ByteSource, name: str) -> Container:
    """Without its ending in the name, or with it before torch read such files at all."""
    damaged = _damaged_safetensors(source)
    if damaged is not None:
        return damaged
    if name.endswith(".safetensors"):
        message = "this is a safetensors file, which torch.load reads since torch 2.13 only"
        more = ""
    else:
        message = "this is a safetensors file, which torch.load cannot read under this name"
        more = "; torch >= 2.13 also takes it where its name ends in .safetensors"
    advice = f"read it with safetensors.torch.load_file(path){more}"
    return Container("safetensors", Problem("safetensors", message, advice), is_torch_file=True)


def _tar(target: Target) -> Container:
    if features(target.torch).refuses_tar_and_torchscript:
        message = "this is a tar file, as torch < 0.2 wrote them; weights-only loading refuses it"
    else:
        message = "this is a tar file, as torch < 0.2 wrote them, or any other tar archive"
    advice = (
        "unpack it if it is a plain tar archive; if a very old torch wrote it, "
        "`torchload-lint migrate` rewrites it, and runs nothing"
    )
    return Container("tar", Problem("tar", message, advice), is_torch_file=True)


def _zip(source: ByteSource, limits: Limits, target: Target) -> Container:
    try:
        archive = ZipArchive(source, limits)
        if not archive.members:
            return Container("zip", Problem("damaged", "the archive is empty", _AGAIN))
        return _torch_zip(archive, limits, target)
    except ZipFaultError as error:
        return Container("zip", Problem(error.code, str(error), _AGAIN))
    except LimitExceededError as error:
        return Container("zip", too_large(error))


def _torch_zip(archive: ZipArchive, limits: Limits, target: Target) -> Container:
    fault = archive.layout_fault()
    foreign = _foreign_zip(archive, whole=limits.whole)
    if foreign is not None and (fault or archive.find("data.pkl") is None):
        return foreign
    if fault:
        return Container("zip", Problem("damaged", fault, _AGAIN), archive=archive)
    if archive.has("constants.pkl") and features(target.torch).refuses_tar_and_torchscript:
        message = "this is a TorchScript archive, which torch.load(weights_only=True) refuses"
        advice = "read it with torch.jit.load(path), if you trust it: it holds code"
        problem = Problem("torchscript", message, advice)
        return Container("torchscript", problem, is_torch_file=True, archive=archive)
    if archive.has("constants.pkl"):
        return Container("torchscript", loads=True)
    if archive.find("data.pkl") is None:
        message = "the archive has no record data.pkl, so torch.save did not write it"
        return Container("zip", Problem("damaged", message, _AGAIN), archive=archive)
    return Container("zip", archive=archive)


_FOREIGN = (
    (
        "torch.package",
        (".data/extern_modules", "extern_modules"),
        "this is a package of torch.package, which holds code",
        "read it with torch.package.PackageImporter(path), if you trust it",
    ),
    (
        "torch.export",
        ("archive_format", "serialized_exported_program.json", "models/model.json"),
        "this is an exported program",
        "read it with torch.export.load(path)",
    ),
)


def _foreign_zip(archive: ZipArchive, *, whole: bool) -> Container | None:
    """A zip archive that another writer made."""
    names = [member.name for member in archive.members]
    for kind, records, message, advice in _FOREIGN:
        if any(name.partition("/")[2] in records or name in records for name in names):
            return Container(kind, Problem(kind, message, advice), is_torch_file=True)
    if all(name.endswith(".npy") for name in names):
        return Container("npz", npz_problem(archive, whole=whole))
    if not any(name.endswith("data.pkl") for name in names):
        message = f"this is a zip archive of something else ({names[0]!r:.60} comes first)"
        return Container("zip", Problem("foreign-zip", message, "unpack it, or get the right file"))
    return None
