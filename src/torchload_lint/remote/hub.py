"""The Hugging Face hub: ``hf://org`` (all its models), ``hf://org/repo[@revision][/path]``.

huggingface_hub lists, with the endpoint and the token that it finds; parts of files are read from
the address that it gives, of one commit, so that head and tail are of one file. Its own file
system (2.4) asks several times for each file, and takes 5 MiB at a time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from torchload_lint.named_tuples import NamedTuple
from torchload_lint.remote.errors import RemoteError
from torchload_lint.remote.remote_stores import RemoteObject, missing
from torchload_lint.remote.web import Web

if TYPE_CHECKING:
    from collections.abc import Iterator

_KINDS = {"datasets": "dataset", "spaces": "space", "models": "model"}


class _Place(NamedTuple):
    """What an address of the hub says."""

    kind: str
    owner: str
    name: str
    revision: str
    path: str

    @property
    def repository(self) -> str:
        return f"{self.owner}/{self.name}"


class _Commit(NamedTuple):
    """A repository at one time."""

    sha: str
    modified: str


class Hub:
    """All repositories of the endpoint that ``HF_ENDPOINT`` names."""

    def __init__(self) -> None:
        """Raises RemoteError."""
        try:
            import huggingface_hub  # noqa: PLC0415 - an optional package
            from huggingface_hub.utils import build_hf_headers  # noqa: PLC0415
        except ImportError as error:
            raise missing("huggingface_hub", "hf") from error
        self._hub: Any = huggingface_hub
        self._api: Any = huggingface_hub.HfApi()
        self._web = Web(build_hf_headers())
        self._commits: dict[tuple[str, str, str], _Commit] = {}

    def one(self, uri: str) -> RemoteObject:
        """The file at an address. Raises RemoteError."""
        place = _parsed(uri)
        if not place.path:
            raise RemoteError(f"{uri}: this is no file")
        try:
            commit = self._commit(place)
            found = self._api.get_paths_info(
                place.repository, [place.path], revision=commit.sha, repo_type=place.kind
            )
        except Exception as error:
            raise _failed(uri, error) from error
        if not found or not isinstance(getattr(found[0], "size", None), int):
            raise RemoteError(f"{uri}: there is no such file")
        return _described(uri, found[0], commit)

    def below(self, uri: str) -> Iterator[RemoteObject]:
        """All files below an address: of a folder, a repository, or an organisation's models.

        Raises RemoteError.
        """
        place = _parsed(uri)
        try:
            if place.name:
                yield from self._in_repository(uri, place)
                return
            for model in self._api.list_models(author=place.owner):
                inside = _parsed(f"hf://{model.id}")
                yield from self._in_repository(f"hf://{model.id}", inside)
        except Exception as error:
            raise _failed(uri, error) from error

    def fetch(self, item: RemoteObject, start: int, end: int) -> bytes:
        """Bytes of a file as it was in the commit that it was listed in. Raises RemoteError."""
        place = _parsed(item.uri)
        url = self._hub.hf_hub_url(
            place.repository, place.path, repo_type=place.kind, revision=item.version,
            endpoint=self._api.endpoint,
        )  # fmt: skip
        try:
            return self._web.fetch(RemoteObject(url, item.size), start, end)
        except RemoteError as error:
            reason = str(error).removeprefix(f"{url}: ")
            raise RemoteError(f"{item.uri}: {reason}") from error

    def _in_repository(self, uri: str, place: _Place) -> Iterator[RemoteObject]:
        commit = self._commit(place)
        root = uri.rstrip("/").removesuffix(quote(place.path)).removesuffix(place.path).rstrip("/")
        for one in self._api.list_repo_tree(
            place.repository, place.path or None, recursive=True, revision=commit.sha,
            repo_type=place.kind,
        ):  # fmt: skip
            if isinstance(getattr(one, "size", None), int):
                yield _described(f"{root}/{quote(one.path)}", one, commit)

    def _commit(self, place: _Place) -> _Commit:
        """The commit that a revision means now; asked for once."""
        key = place.kind, place.repository, place.revision
        if key not in self._commits:
            found = self._api.repo_info(
                place.repository, revision=place.revision or None, repo_type=place.kind
            )
            modified = found.last_modified
            self._commits[key] = _Commit(found.sha, modified.isoformat() if modified else "")
        return self._commits[key]


def _parsed(uri: str) -> _Place:
    """Raises RemoteError."""
    parts = uri.partition("://")[2].strip("/").split("/")
    kind = _KINDS.get(parts[0], "")
    owner, name, *path = [*(parts[1:] if kind else parts), "", ""]
    name, _, revision = name.partition("@")
    if not owner:
        raise RemoteError(f"{uri}: it names no organisation")
    inside = "/".join(filter(None, path))
    return _Place(kind or "model", owner, name, unquote(revision), unquote(inside))


def _described(uri: str, found: Any, commit: _Commit) -> RemoteObject:  # noqa: ANN401 - RepoFile
    """The etag is the hash of the content, which is the same in each commit that has it."""
    etag = found.lfs.sha256 if found.lfs else found.blob_id
    return RemoteObject(uri, found.size, etag or "", commit.sha, commit.modified)


def _failed(uri: str, error: Exception) -> RemoteError:
    """One sentence: huggingface_hub's own messages go on for pages."""
    if isinstance(error, RemoteError):
        return error
    words = {
        "RepositoryNotFoundError": "there is no such repository, or it may not be read",
        "GatedRepoError": "it may only be read by those who were let in",
        "RevisionNotFoundError": "there is no such revision",
        "EntryNotFoundError": "there is no such file",
        "RemoteEntryNotFoundError": "there is no such file",
    }
    kind = type(error).__name__
    return RemoteError(
        f"{uri}: {words.get(kind) or f'{kind}: ' + ' '.join(str(error).split())[:160]}"
    )
