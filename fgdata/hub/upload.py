"""A publication goes to the Hub as one commit, or not at all."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from fgdata.errors import HubError, Problem
from fgdata.files import file_sha256
from fgdata.hub import patience
from fgdata.hub.access import (
    AGAIN,
    TOKEN_LIKE,
    Kind,
    asking,
    check_repo,
    hub_error,
    need_token,
    quiet_library,
    redact,
)
from fgdata.hub.patience import is_hub_failure, may_pass, patiently, pause, status_of

FACTS = "fgsuite.json"
"""What every publication holds: how it was made, and which files are its own. By it a later one knows what it may replace."""


@dataclass(frozen=True, slots=True)
class Publication:
    """Files for a repository."""

    repo: str
    kind: Kind
    files: Mapping[str, bytes | Path]
    """Path in the repository -> content, or the file that holds it."""
    message: str
    facts: Mapping[str, Any] = field(default_factory=dict)

    def all_files(self) -> dict[str, bytes | Path]:
        """The files with the facts about them, sorted by path."""
        names = sorted([*self.files, FACTS])
        facts = {"fgsuite_publication": 1, **self.facts, "files": names}
        text = json.dumps(facts, ensure_ascii=False, indent=2, sort_keys=True) + "\n"
        return {name: text.encode() if name == FACTS else self.files[name] for name in names}


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a publication."""

    repo: str
    url: str
    revision: str
    """The commit that holds it."""
    outcome: Literal["new", "changed", "unchanged"]
    sent: tuple[str, ...]
    """Files that differ from what was there."""
    removed: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Remote:
    """A repository as it stands."""

    head: str
    digests: Mapping[str, str]
    """Path -> what tells whether the content is the same: SHA-256 of large files, git's hash of others."""
    large: frozenset[str]
    is_private: bool


def size_of(content: bytes | Path) -> int:
    """Bytes."""
    return len(content) if isinstance(content, bytes) else content.stat().st_size


def write_folder(publication: Publication, folder: Path) -> None:
    """Put the files of a publication into a folder, to be looked at."""
    for name, content in publication.all_files().items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.read_bytes())


def secret_problems(files: Mapping[str, bytes | Path], token: str | None) -> Iterator[Problem]:
    """Files that hold the token, or what looks like one of the Hub's. Read line by line: files may be larger than memory."""
    pattern = re.compile(TOKEN_LIKE.pattern.encode())
    for name, content in files.items():
        with io.BytesIO(content) if isinstance(content, bytes) else content.open("rb") as stream:
            if any((token and token.encode() in line) or pattern.search(line) for line in stream):
                yield Problem(
                    name, "holds a token of the Hub.", "Take it out, and revoke it: it was written to a file."
                )


def publish(publication: Publication, *, private: bool = False, replace: bool = False) -> Published:
    """Send a publication as one commit on `main`; nothing is sent where the Hub has the same already.

    Large files go first, each once: what has arrived before a failure is not sent again. Nobody sees them until the commit.

    Args:
        private: make the repository private if it is new.
        replace: write into a repository that holds files of somebody else's making; they stay.
    Raises: UsageError for a name that is none; HubError for all that the Hub refuses, with nothing of it visible there.
    """
    from huggingface_hub import HfApi

    repo, kind = publication.repo, publication.kind
    check_repo(repo, kind)
    token = need_token()
    files = publication.all_files()
    HubError.raise_if(secret_problems(files, token))
    quiet_library()
    api = HfApi(token=token)
    _check_account(api, repo, kind)
    _check_card(files.get("README.md", b""), repo, kind)
    remote = _look(api, repo, kind)
    is_new = remote is None
    if remote is None:
        _create(api, repo, kind, private=private)
        remote = _look(api, repo, kind) or _Remote("", {}, frozenset(), private)
    elif private and not remote.is_private:
        raise HubError(
            Problem(
                f"{kind} {repo}",
                "is public; --private would not hide what is sent.",
                "Make it private in its settings on the Hub, or leave --private out.",
            )
        )
    own = _own_files(api, publication, remote, replace=replace or is_new)
    sent = [
        name
        for name, content in files.items()
        if remote.digests.get(name) != _digest(content, name in remote.large)
    ]
    removed = sorted(name for name in own if name in remote.digests and name not in files)
    url = f"{api.endpoint}/{'datasets/' if kind == 'dataset' else ''}{repo}"
    if not sent and not removed:
        return Published(repo, url, remote.head, "unchanged", (), ())
    revision = _commit(api, publication, remote.head, {name: files[name] for name in sent}, removed)
    return Published(repo, url, revision, "new" if is_new else "changed", tuple(sent), tuple(removed))


def _check_account(api: Any, repo: str, kind: Kind) -> None:
    """Raise HubError if the token is refused, or may only read."""
    account = asking(api.whoami, repo, kind, writing=True)
    role = ((account.get("auth") or {}).get("accessToken") or {}).get("role")
    if role == "read":
        raise HubError(
            Problem(
                "token", "may read, not write.", "Make one that may write, or publish with another account."
            )
        )


def _check_card(card: bytes | Path, repo: str, kind: Kind) -> None:
    """Raise HubError if the Hub does not take the card's metadata: asked before a repository is made, so that none is left empty."""
    from huggingface_hub import RepoCard

    text = (card if isinstance(card, bytes) else card.read_bytes()).decode()
    try:
        asking(lambda: RepoCard(text).validate(kind), repo, kind, writing=True)
    except ValueError as error:
        raise HubError(
            Problem(
                f"{kind} {repo}",
                f"the Hub refuses the card's metadata ({redact(' '.join(str(error).split()))[:300]}).",
                "Correct what it names, such as --licence.",
            )
        ) from None


def _create(api: Any, repo: str, kind: Kind, *, private: bool) -> None:
    """Make the repository. A name that was taken in between is an error; an empty one after a lost answer is the one asked for."""
    wait = patience.FIRST_WAIT_S
    for left in reversed(range(patience.TRIES)):
        try:
            api.create_repo(repo, repo_type=kind, private=private, exist_ok=False)
            return
        except Exception as error:
            if not is_hub_failure(error):
                raise
            if not left or not may_pass(error) or not pause(error, wait):
                raise hub_error(error, repo, kind, writing=True) from None
        made = _look(api, repo, kind)
        if made is not None and set(made.digests) <= {".gitattributes"} and made.is_private == private:
            return
        wait *= 2


def _look(api: Any, repo: str, kind: Kind) -> _Remote | None:
    """The repository's state on `main`; None if there is none that this account sees."""
    try:
        found = patiently(lambda: api.repo_info(repo, repo_type=kind, files_metadata=True))
    except Exception as error:
        if not is_hub_failure(error):
            raise
        if status_of(error) == 404:
            return None
        raise hub_error(error, repo, kind, writing=True) from None
    digests, large = {}, set()
    for file in found.siblings or ():
        digests[file.rfilename] = file.lfs.sha256 if file.lfs else file.blob_id
        if file.lfs:
            large.add(file.rfilename)
    return _Remote(found.sha or "", digests, frozenset(large), bool(found.private))


def _own_files(api: Any, publication: Publication, remote: _Remote, *, replace: bool) -> list[str]:
    """The files that an earlier publication of ours left there.

    Raises: HubError if the repository holds other files and no publication of ours.
    """
    repo, kind = publication.repo, publication.kind
    if FACTS not in remote.digests:
        if set(remote.digests) <= {".gitattributes"} or replace:
            return []
        raise HubError(
            Problem(
                f"{kind} {repo}",
                f"the name is taken: it holds {len(remote.digests)} files, and fgsuite did not publish them.",
                "Choose another name, or add to it with --replace: files of the same name are written over, others stay.",
            )
        )
    file = asking(lambda: api.hf_hub_download(repo, FACTS, repo_type=kind, revision=remote.head), repo, kind)
    try:
        facts = json.loads(Path(file).read_text(encoding="utf-8"))
        return [str(name) for name in facts["files"]]
    except (ValueError, KeyError, TypeError):
        return []


def _digest(content: bytes | Path, is_large: bool) -> str:
    """SHA-256, or the hash by which git knows a small file."""
    if is_large and isinstance(content, Path):
        return file_sha256(content)
    data = content if isinstance(content, bytes) else content.read_bytes()
    if is_large:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data, usedforsecurity=False).hexdigest()


def _commit(
    api: Any, publication: Publication, parent: str, files: Mapping[str, bytes | Path], removed: list[str]
) -> str:
    """The commit that was made. A lost answer is looked into before the commit is sent again: it may have been made."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete

    repo, kind = publication.repo, publication.kind
    wait = patience.FIRST_WAIT_S
    for left in reversed(range(patience.TRIES)):
        # Made anew for each try: the library marks what it has sent.
        operations = [
            *(
                CommitOperationAdd(name, content if isinstance(content, bytes) else str(content))
                for name, content in files.items()
            ),
            *(CommitOperationDelete(name) for name in removed),
        ]
        try:
            with _by_lfs():
                made = api.create_commit(
                    repo,
                    operations,
                    commit_message=publication.message,
                    repo_type=kind,
                    parent_commit=parent or None,
                )
            return str(made.oid)
        except Exception as error:
            failed, in_storage = _commit_failure(error, repo, kind)
        # An address that storage gave out lasts some minutes only; another try gets another one.
        passes = in_storage or may_pass(failed)
        if not passes or not left or not pause(failed, wait):
            raise _final_error(failed, repo, kind, in_storage=in_storage) from None
        now = _look(api, repo, kind)
        if now is not None and now.head != parent and _holds(now, files, removed):
            return now.head
        wait *= 2
    raise AssertionError("the last try returns or raises")


@contextlib.contextmanager
def _by_lfs() -> Iterator[None]:
    """Send large files as LFS does, which is what the tests try; over Xet only if HF_HUB_DISABLE_XET says 0 in so many words."""
    from huggingface_hub import constants

    before = constants.HF_HUB_DISABLE_XET
    if "HF_HUB_DISABLE_XET" not in os.environ:
        constants.HF_HUB_DISABLE_XET = True
    try:
        yield
    finally:
        constants.HF_HUB_DISABLE_XET = before


def _commit_failure(error: Exception, repo: str, kind: Kind) -> tuple[Exception, bool]:
    """What made a commit fail, and whether the storage of large files refused one.

    Raises: HubError if the Hub says what is wrong with the files; the error itself if it is no failure of the Hub's.
    """
    if isinstance(error, RuntimeError):  # what the library makes of a large file that did not arrive
        cause = error.__cause__ if isinstance(error.__cause__, Exception) else ConnectionError(str(error))
        return cause, 400 <= (status_of(cause) or 0) < 429
    if is_hub_failure(error):
        return error, False
    if isinstance(error, ValueError):
        said = redact(" ".join(str(error).split()))[:300]
        raise HubError(Problem(f"{kind} {repo}", f"the Hub refused what was sent: {said}.")) from None
    raise error


def _final_error(error: Exception, repo: str, kind: Kind, *, in_storage: bool) -> HubError:
    if in_storage:
        what = f"the Hub's storage refused a large file ({status_of(error)})."
        return HubError(Problem(f"{kind} {repo}", what, AGAIN))
    return hub_error(error, repo, kind, writing=True)


def _holds(remote: _Remote, files: Mapping[str, bytes | Path], removed: list[str]) -> bool:
    return not set(removed) & set(remote.digests) and all(
        remote.digests.get(name) == _digest(content, name in remote.large) for name, content in files.items()
    )
