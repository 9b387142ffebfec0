"""The way to the Hub: token, names of repositories, and what its refusals mean. A token is never part of a text."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, TypeAlias

from fgdata.errors import HubError, Problem, UsageError
from fgdata.hub.patience import answer_behind, is_hub_failure, limit_waits, patiently, status_of, wait_of

Kind: TypeAlias = Literal["dataset", "model"]
TOKEN_NAMES = ("HF_TOKEN", "HUGGINGFACE_HUB_TOKEN")
TOKEN_PAGE = "https://huggingface.co/settings/tokens"
TOKEN_LIKE = re.compile(r"\b(?:hf_(?:oauth_|jwt_)?|api_org_)[A-Za-z0-9]{30,}")
"""What the Hub's tokens look like."""
LICENCE = re.compile(r"[a-z0-9]+([.+-][a-z0-9]+)*")
AGAIN = "Run the same command again; what has arrived is not sent twice."


def load_env(folder: str | os.PathLike[str] = ".") -> None:
    """Take the hub token from `folder`/.env into the environment; what is set there already wins. Nothing is printed.

    Both names of the token are read: `HF_TOKEN` and `HUGGINGFACE_HUB_TOKEN`, which the hub's library does not know.
    """
    try:
        lines = (Path(folder) / ".env").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        lines = []
    for line in lines:
        name, equals, value = line.strip().removeprefix("export ").partition("=")
        value = value.strip().strip("\"'")
        if equals and name.strip() in TOKEN_NAMES and value:
            name = name.strip()
            os.environ[name] = os.environ.get(name) or value  # an empty variable says nothing
    token = next((os.environ[name] for name in TOKEN_NAMES if os.environ.get(name)), None)
    if token:
        os.environ["HF_TOKEN"] = os.environ.get("HF_TOKEN") or token


def require_hub(what: str) -> None:
    """Raise UsageError unless the libraries of the extra `hub` are there."""
    try:
        import datasets  # noqa: F401
        import huggingface_hub  # noqa: F401
        import pyarrow  # noqa: F401
    except ImportError as error:
        raise UsageError(
            Problem(
                what,
                f"needs the package {error.name}, which is not installed.",
                "Install it with the extra: pip install 'fgsuite[hub]'.",
            )
        ) from error


def find_token() -> str | None:
    """The token of the environment, of `.env` or of the user's login, the first that there is; None if there is none."""
    from huggingface_hub import get_token

    load_env()
    return get_token() or None


def need_token() -> str:
    """The token.

    Raises: HubError if there is none, or it is no text that a header may carry.
    """
    token = find_token()
    remedy = f"Make one that may write at {TOKEN_PAGE} and put it into .env or the environment as {TOKEN_NAMES[0]}, or run `hf auth login`."
    if token is None:
        raise HubError(Problem("token", "there is none: publishing needs an account's token.", remedy))
    if not token.isascii() or not token.isprintable() or " " in token:
        raise HubError(Problem("token", "holds characters that no token has.", remedy))
    return token


def redact(text: str) -> str:
    """`text` without any token."""
    for value in {find_token(), *map(os.environ.get, TOKEN_NAMES)}:
        if value:
            text = text.replace(value, "[token]")
    return TOKEN_LIKE.sub("[token]", text)


def check_repo(repo: str, kind: Kind) -> None:
    """Raise UsageError unless `repo` is OWNER/NAME as the Hub allows it."""
    from huggingface_hub.errors import HFValidationError
    from huggingface_hub.utils._validators import validate_repo_id

    remedy = "Write OWNER/NAME: your account or organisation, then letters, digits, - _ and . (such as me/climate-ko)."
    if repo.count("/") != 1 or not all(repo.split("/")):
        raise UsageError(Problem("REPO", f"{repo!r} is no name of a {kind} on the Hub.", remedy))
    try:
        validate_repo_id(repo)
    except HFValidationError as error:
        raise UsageError(
            Problem("REPO", f"{repo!r} is no name that the Hub allows for a {kind}.", remedy)
        ) from error


def licence_name(given: str) -> str:
    """A licence as the Hub writes its name.

    Raises: UsageError for what cannot be one.
    """
    name = given.lower()
    if not LICENCE.fullmatch(name):
        raise UsageError(
            Problem(
                "--licence",
                f"{given!r} is no licence's name on the Hub.",
                "Write one such as cc-by-4.0 or apache-2.0, or other: https://huggingface.co/docs/hub/repositories-licenses.",
            )
        )
    return name


def hub_error(error: Exception, repo: str, kind: Kind, *, writing: bool) -> HubError:
    """What an error of the hub's library means, and what to do; the library's own text may name headers and signed addresses."""
    status = status_of(error)
    where = f"{kind} {repo}"
    again = AGAIN if writing else "Run the same command again."
    if status == 401:
        found = Problem(
            "token",
            f"the Hub refused it (401, {where})."
            if find_token()
            else f"there is none, and {where} asks for one (401).",
            f"Make a new one that may {'write' if writing else 'read'} at {TOKEN_PAGE}; it comes from .env, the environment "
            f"({TOKEN_NAMES[0]}) or `hf auth login`.",
        )
    elif status == 403:
        may = "write to it, or make it" if writing else "read it"
        found = Problem(
            where,
            f"the token's account may not {may} (403).",
            f"Use a name of your own account, or a token that may: {TOKEN_PAGE}. {_reason(error)}".strip(),
        )
    elif status == 404:
        remedy = "Check the name and the revision; a private one needs a token that may read it."
        found = Problem(where, "is not on the Hub, or not for this account (404).", remedy)
    elif status in (409, 412):
        found = Problem(
            where,
            f"was made or changed by somebody else at the same time ({status}).",
            "Look at it on the Hub, then run the same command again.",
        )
    elif status == 429:
        found = Problem(
            where,
            "the Hub gets too many requests from this account (429).",
            f"{_asked_wait(error) or 'Wait a while.'} {again}",
        )
    elif status is not None:
        what = "the Hub failed" if status >= 500 else "the Hub refused the request"
        remedy = f"{_asked_wait(error)} {again}".strip() if status >= 500 else _reason(error)
        found = Problem(where, f"{what} ({status}).", remedy)
    elif type(answer_behind(error)).__name__ == "OfflineModeIsEnabled":
        found = Problem(where, "the Hub is not asked: HF_HUB_OFFLINE is set.", "Unset it, or give a file.")
    else:
        found = Problem(
            where, f"the connection to the Hub broke ({type(answer_behind(error)).__name__}).", again
        )
    return HubError(found)


def _reason(error: Exception) -> str:
    """The Hub's own words, for what no case above explains."""
    said = getattr(answer_behind(error), "server_message", None) or ""
    return redact(f"It says: {said[:300]}") if said else ""


def _asked_wait(error: Exception) -> str:
    seconds = wait_of(error)
    return f"It asks to wait {seconds:,.0f} s." if seconds else ""


def asking(work: Callable[[], Any], repo: str, kind: Kind, *, writing: bool = False) -> Any:
    """What `work`, a request to the Hub that may be sent twice, gives; its failure as one of ours.

    Raises: HubError.
    """
    try:
        return patiently(work)
    except Exception as error:
        if not is_hub_failure(error):
            raise
        raise hub_error(error, repo, kind, writing=writing) from None


def quiet_library() -> None:
    """Keep the hub's library from writing to the terminal, and from waiting without a word.

    Its warnings name signed addresses, its bars the files of its cache.
    """
    import logging

    from huggingface_hub.utils.tqdm import disable_progress_bars

    logging.getLogger("huggingface_hub").setLevel(logging.ERROR)
    disable_progress_bars()
    limit_waits()
