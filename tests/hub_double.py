"""A loopback double of the Hub: enough of its API for the real clients to create, commit, upload, list and download.

It shows what the clients send and how they take failures, not all that the Hub answers. Failures are planted with `fail`.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import re
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

TOKEN = "hf_" + "PlantedTokenOfTheTests0123456789abcd"
READ_TOKEN = "hf_" + "ReadOnlyTokenOfTheTests0123456789abc"
ACCOUNTS = {TOKEN: ("me", ["lab"], "write"), READ_TOKEN: ("me", ["lab"], "read")}
LARGE = (".parquet", ".safetensors", ".bin", ".gguf")
LARGE_BYTES = 10 * 2**20
"""The Hub takes any file of this size by LFS, whatever its name: FunctionGemma's tokenizer.json is one."""


def is_large(path: str, n_bytes: int) -> bool:
    return path.endswith(LARGE) or n_bytes >= LARGE_BYTES


@dataclass
class Repo:
    """A repository: its commits, oldest first, each with all of its files."""

    private: bool = False
    commits: list[tuple[str, str, dict[str, bytes]]] = field(default_factory=list)
    """Hash, message, path -> content."""
    tags: dict[str, str] = field(default_factory=dict)
    """Name of a tag or branch -> commit."""

    def commit(self, message: str, files: dict[str, bytes]) -> str:
        seed = f"{len(self.commits)} {message} {sorted((n, hashlib.sha1(c).hexdigest()) for n, c in files.items())}"
        name = hashlib.sha1(seed.encode()).hexdigest()
        self.commits.append((name, message, files))
        return name

    def at(self, revision: str) -> tuple[str, dict[str, bytes]] | None:
        """The commit that a revision names: `main`, a tag or branch, or a hash, which may be cut short."""
        if revision == "main" and self.commits:
            return self.commits[-1][0], self.commits[-1][2]
        sought = self.tags.get(revision, revision)
        hits = [(name, files) for name, _, files in self.commits if name.startswith(sought)]
        return hits[0] if len(hits) == 1 and len(sought) >= 7 else None


@dataclass
class Fault:
    """A failure that waits for a request."""

    method: str
    path: str
    status: int | str
    """An HTTP status; "cut": the connection ends in the middle of the upload; "lost": done, but the answer never comes;
    "hang": the upload arrives and nothing happens until the client goes away."""
    times: int = 1
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Hub:
    """What the double holds."""

    url: str = ""
    repos: dict[tuple[str, str], Repo] = field(default_factory=dict)
    objects: dict[str, bytes] = field(default_factory=dict)
    """Large files that have arrived, by SHA-256."""
    faults: list[Fault] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    refused_objects: str = ""
    """What is said of each large file that is announced, if it is refused."""
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(
        self, method: str, path: str, status: int | str, times: int = 1, headers: dict[str, str] | None = None
    ) -> None:
        """Let the next requests whose path matches fail."""
        self.faults.append(Fault(method, path, status, times, headers or {"Retry-After": "0"}))

    def fault(self, method: str, path: str) -> Fault | None:
        with self.lock:
            for fault in self.faults:
                if fault.times and fault.method == method and re.search(fault.path, path):
                    fault.times -= 1
                    return fault
        return None

    def files(self, repo: str, kind: str = "dataset") -> dict[str, bytes]:
        """The files of a repository's newest commit."""
        return self.repos[kind, repo].commits[-1][2]

    def writes(self) -> list[tuple[str, str]]:
        """Requests that change something, of those seen so far."""
        wrote = ("/repos/create", "/commit/", "/lfs-store/")
        return [(method, path) for method, path in self.requests if any(part in path for part in wrote)]


class Handler(BaseHTTPRequestHandler):
    """One request."""

    hub: Hub
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body in one packet: two would wait for each other

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        pass

    def do_GET(self) -> None:
        self.handle_one("GET")

    def do_HEAD(self) -> None:
        self.handle_one("HEAD")

    def do_POST(self) -> None:
        self.handle_one("POST")

    def do_PUT(self) -> None:
        self.handle_one("PUT")

    def handle_one(self, method: str) -> None:
        path = unquote(urlsplit(self.path).path)
        self.query = parse_qs(urlsplit(self.path).query)
        self.hub.requests.append((method, path))
        length = int(self.headers.get("Content-Length") or 0)
        planted = self.hub.fault(method, path)
        fault = planted.status if planted else None
        if fault == "cut":
            self.rfile.read(length // 2)
            self.close_connection = True
            self.connection.close()
            return None
        body = self.rfile.read(length)
        if fault == "hang":
            self.rfile.read(1)  # returns when the client's end is gone
            self.close_connection = True
            return None
        if isinstance(fault, int):
            assert planted is not None
            said = {"error": f"planted {fault}, {self.headers.get('Authorization')}"}
            return self.answer(fault, said, planted.headers)
        self.lost = fault == "lost"
        for pattern, verb, action in ROUTES:
            if method in verb and (found := re.fullmatch(pattern, path)):
                return action(self, body, **found.groupdict())
        return self.answer(404, {"error": f"no such address: {path}"})

    def answer(self, status: int, content: Any = None, headers: dict[str, str] | None = None) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        if getattr(self, "lost", False):
            self.close_connection = True
            self.connection.close()
            return
        self.send_response(status)
        for name, value in {
            "Content-Type": "application/json",
            "Content-Length": str(len(data)),
            **(headers or {}),
        }.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    @property
    def account(self) -> tuple[str, list[str], str] | None:
        return ACCOUNTS.get((self.headers.get("Authorization") or "").removeprefix("Bearer "))

    def missing(self, what: str = "RepoNotFound") -> None:
        self.answer(404, {"error": what}, {"X-Error-Code": what})

    def repo(self, kinds: str, name: str) -> Repo | None:
        found = self.hub.repos.get((kinds.removesuffix("s"), name))
        return None if found is None or (found.private and self.account is None) else found

    # What the clients ask for

    def whoami(self, body: bytes) -> None:
        if self.account is None:
            return self.answer(401, {"error": "Invalid credentials in Authorization header"})
        name, organisations, role = self.account
        return self.answer(200, {
            "type": "user", "name": name, "orgs": [{"name": one} for one in organisations], "auth": {"accessToken": {"role": role}},
        })  # fmt: skip

    def create(self, body: bytes) -> None:
        asked = json.loads(body)
        if self.account is None:
            return self.answer(401, {"error": "Invalid username or password."})
        owner = asked.get("organization") or self.account[0]
        if owner not in (self.account[0], *self.account[1]):
            return self.answer(
                403, {"error": f"You don't have the rights to create a {asked['type']} under {owner}"}
            )
        key = (asked.get("type") or "model", f"{owner}/{asked['name']}")
        if key in self.hub.repos:
            return self.answer(409, {"error": "You already created this repo"})
        made = self.hub.repos[key] = Repo(asked.get("visibility") == "private" or bool(asked.get("private")))
        made.commit(
            "initial commit", {".gitattributes": "".join(f"*{e} filter=lfs\n" for e in LARGE).encode()}
        )
        return self.answer(200, {"url": f"{self.hub.url}/{key[1]}", "id": key[1], "name": key[1]})

    def validate(self, body: bytes) -> None:
        self.answer(200, {"errors": [], "warnings": []})

    def info(self, body: bytes, kinds: str, name: str, revision: str = "main") -> None:
        repo = self.repo(kinds, name)
        if repo is None:
            return self.missing()
        found = repo.at(revision)
        if found is None:
            return self.missing("RevisionNotFound")
        return self.answer(200, {
            "id": name, "sha": found[0], "private": repo.private, "gated": False, "tags": [], "downloads": 0, "likes": 0, "disabled": False,
            "siblings": [{"rfilename": path, **describe(path, content)} for path, content in sorted(found[1].items())],
        })  # fmt: skip

    def tree(self, body: bytes, kinds: str, name: str, revision: str, folder: str = "") -> None:
        repo = self.repo(kinds, name)
        found = repo.at(revision) if repo else None
        if found is None:
            return self.missing("RevisionNotFound" if repo else "RepoNotFound")
        inside = {
            path: content for path, content in found[1].items() if not folder or path.startswith(f"{folder}/")
        }
        if folder and not inside:
            return self.missing("EntryNotFound")
        recursive = self.query.get("recursive", ["false"])[0].lower() == "true"
        start = len(folder) + 1 if folder else 0
        entries: dict[str, dict[str, Any]] = {}
        for path, content in sorted(inside.items()):
            parents = path[start:].split("/")[:-1]
            for depth in range(1, len(parents) + 1 if recursive else min(2, len(parents) + 1)):
                place = path[:start] + "/".join(parents[:depth])
                entries[place] = {
                    "type": "directory",
                    "path": place,
                    "oid": hashlib.sha1(place.encode()).hexdigest(),
                    "size": 0,
                }
            if recursive or not parents:
                entries[path] = {"type": "file", "path": path, **tree_entry(path, content)}
        return self.answer(200, list(entries.values()))

    def paths(self, body: bytes, kinds: str, name: str, revision: str) -> None:
        repo = self.repo(kinds, name)
        found = repo.at(revision) if repo else None
        if found is None:
            return self.missing("RevisionNotFound" if repo else "RepoNotFound")
        asked = json.loads(body)["paths"] if body.startswith(b"{") else parse_qs(body.decode())["paths"]
        entries = []
        for path in asked:
            if path in found[1]:
                entries.append({"type": "file", "path": path, **tree_entry(path, found[1][path])})
            elif any(one.startswith(f"{path}/") for one in found[1]):
                entries.append(
                    {
                        "type": "directory",
                        "path": path,
                        "oid": hashlib.sha1(path.encode()).hexdigest(),
                        "size": 0,
                    }
                )
        return self.answer(200, entries)

    def preupload(self, body: bytes, kinds: str, name: str, revision: str) -> None:
        if self.account is None:
            return self.answer(401, {"error": "Invalid username or password."})
        files = [
            {
                "path": one["path"],
                "uploadMode": "lfs" if is_large(one["path"], one["size"]) else "regular",
                "shouldIgnore": False,
            }
            for one in json.loads(body)["files"]
        ]
        return self.answer(200, {"files": files})

    def batch(self, body: bytes, name: str, prefix: str = "") -> None:
        objects = []
        for one in json.loads(body)["objects"]:
            found = {"oid": one["oid"], "size": one["size"]}
            if self.hub.refused_objects:
                found["error"] = {"code": 422, "message": self.hub.refused_objects}
            elif one["oid"] not in self.hub.objects:  # what is there already need not be sent
                found["actions"] = {
                    "upload": {"href": f"{self.hub.url}/lfs-store/{one['oid']}", "header": {}}
                }
            objects.append(found)
        return self.answer(200, {"transfer": "basic", "objects": objects})

    def store(self, body: bytes, oid: str) -> None:
        if hashlib.sha256(body).hexdigest() != oid:
            return self.answer(400, {"error": "not the file that was announced"})
        self.hub.objects[oid] = body
        return self.answer(200, {})

    def commit(self, body: bytes, kinds: str, name: str, revision: str) -> None:
        if self.account is None:
            return self.answer(401, {"error": "Invalid username or password."})
        repo = self.repo(kinds, name)
        if repo is None:
            return self.missing()
        lines = [json.loads(line) for line in body.splitlines()]
        header = next(line["value"] for line in lines if line["key"] == "header")
        head, files = repo.commits[-1][0], dict(repo.commits[-1][2])
        if header.get("parentCommit") not in (None, head):
            return self.answer(412, {"error": "A commit has happened since. Please refresh and try again."})
        for line in lines:
            value = line["value"]
            match line["key"]:
                case "file":
                    files[value["path"]] = base64.b64decode(value["content"])
                case "lfsFile":
                    files[value["path"]] = self.hub.objects[value["oid"]]
                case "deletedFile":
                    del files[value["path"]]
        made = repo.commit(header["summary"], files)
        return self.answer(
            200,
            {
                "success": True,
                "commitOid": made,
                "commitUrl": f"{self.hub.url}/{name}/commit/{made}",
                "hookOutput": "",
            },
        )

    def resolve(self, body: bytes, name: str, revision: str, file: str, kinds: str = "models") -> None:
        repo = self.repo(kinds, name)
        if repo is None:
            return self.missing()
        found = repo.at(revision)
        if found is None:
            return self.missing("RevisionNotFound")
        if file not in found[1]:
            return self.missing("EntryNotFound")
        content = found[1][file]
        headers = {
            "ETag": f'"{etag(file, content)}"',
            "X-Repo-Commit": found[0],
            "Accept-Ranges": "bytes",
            "Content-Type": "application/octet-stream",
        }
        if is_large(file, len(content)):
            headers |= {"X-Linked-Size": str(len(content)), "X-Linked-ETag": headers["ETag"]}
        if wanted := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or ""):
            first, last = int(wanted[1]), int(wanted[2] or len(content) - 1)
            headers["Content-Range"] = f"bytes {first}-{min(last, len(content) - 1)}/{len(content)}"
            return self.answer(206, content[first : last + 1], headers)
        return self.answer(200, content, headers)


def git_hash(content: bytes) -> str:
    return hashlib.sha1(b"blob %d\0" % len(content) + content).hexdigest()


def etag(path: str, content: bytes) -> str:
    return hashlib.sha256(content).hexdigest() if is_large(path, len(content)) else git_hash(content)


def describe(path: str, content: bytes) -> dict[str, Any]:
    found: dict[str, Any] = {"size": len(content), "blobId": git_hash(content)}
    if is_large(path, len(content)):
        found["lfs"] = {
            "sha256": hashlib.sha256(content).hexdigest(),
            "size": len(content),
            "pointerSize": 130,
        }
    return found


def tree_entry(path: str, content: bytes) -> dict[str, Any]:
    entry: dict[str, Any] = {"size": len(content), "oid": git_hash(content)}
    if is_large(path, len(content)):
        entry["lfs"] = {"oid": hashlib.sha256(content).hexdigest(), "size": len(content), "pointerSize": 130}
    return entry


_API = r"/api/(?P<kinds>models|datasets)/(?P<name>[^/]+/[^/]+)"
ROUTES: list[tuple[str, tuple[str, ...], Any]] = [
    (r"/api/whoami-v2", ("GET",), Handler.whoami),
    (r"/api/repos/create", ("POST",), Handler.create),
    (r"/api/validate-yaml", ("POST",), Handler.validate),
    (_API, ("GET",), Handler.info),
    (_API + r"/revision/(?P<revision>.+)", ("GET",), Handler.info),
    (_API + r"/tree/(?P<revision>[^/]+)", ("GET",), Handler.tree),
    (_API + r"/tree/(?P<revision>[^/]+)/(?P<folder>.+)", ("GET",), Handler.tree),
    (_API + r"/paths-info/(?P<revision>.+)", ("POST",), Handler.paths),
    (_API + r"/preupload/(?P<revision>.+)", ("POST",), Handler.preupload),
    (_API + r"/commit/(?P<revision>.+)", ("POST",), Handler.commit),
    (r"/(?P<prefix>datasets/)?(?P<name>[^/]+/[^/]+)\.git/info/lfs/objects/batch", ("POST",), Handler.batch),
    (r"/lfs-store/(?P<oid>[0-9a-f]+)", ("PUT",), Handler.store),
    (
        r"/(?P<kinds>datasets)/(?P<name>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)",
        ("GET", "HEAD"),
        Handler.resolve,
    ),
    (r"/(?P<name>[^/]+/[^/]+)/resolve/(?P<revision>[^/]+)/(?P<file>.+)", ("GET", "HEAD"), Handler.resolve),
]


@contextlib.contextmanager
def run_hub() -> Iterator[Hub]:
    """A double that listens on a port of this machine until the block ends."""
    hub = Hub()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("OwnHandler", (Handler,), {"hub": hub}))
    server.daemon_threads = True
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def connect(url: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the clients take the double for the Hub, keep all they store in `home`, know no token and never wait."""
    import datasets.config
    from huggingface_hub import constants, hf_api
    from huggingface_hub.utils import _http

    from fgdata.hub import patience

    environment = {
        "HF_ENDPOINT": url,
        "HF_HOME": home,
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1",
    }
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    for name in ("HF_TOKEN", "HUGGINGFACE_HUB_TOKEN", "HF_TOKEN_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(constants, "ENDPOINT", url)
    monkeypatch.setattr(
        constants, "HUGGINGFACE_CO_URL_TEMPLATE", url + "/{repo_id}/resolve/{revision}/{filename}"
    )
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(constants, "HF_HUB_DISABLE_XET", True)
    monkeypatch.setattr(constants, "HF_HOME", str(home))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(hf_api.api, "endpoint", url)
    monkeypatch.setattr(datasets.config, "HF_ENDPOINT", url)
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE"):
        monkeypatch.setattr(datasets.config, name, False)
    monkeypatch.setattr(datasets.config, "HF_DATASETS_CACHE", home / "datasets")
    monkeypatch.setattr(datasets.config, "HF_MODULES_CACHE", home / "modules")
    # Their own clock only: other threads of this process would spin without a sleep.
    monkeypatch.setattr(
        _http, "time", SimpleNamespace(sleep=lambda _: None, time=time.time, monotonic=time.monotonic)
    )
    monkeypatch.setattr(patience, "FIRST_WAIT_S", 0)
    monkeypatch.setattr(patience, "time", _http.time)
