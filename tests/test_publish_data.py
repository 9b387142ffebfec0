"""Data sets on the Hub: the real clients against a loopback double, failures of every kind, and what comes back."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from eval_data import call, row, write_rows
from hub_double import READ_TOKEN, TOKEN, Hub
from hypothesis import given, settings
from hypothesis import strategies as st

from fgdata.cli import main
from fgdata.dialects.parquet import ParquetRows
from fgdata.errors import DataError
from fgdata.example import write_jsonl
from fgdata.publish.card import size_category
from fgdata.publish.chart import bar_chart
from fgdata.publish.columns import columns_of
from fgdata.publish.parquet import write_parquet

REPO = "me/fitness-small"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data set that `fgdata generate` made; read only."""
    folder = tmp_path_factory.mktemp("data") / "fitness"
    assert main(["generate", "fitness_ko", "--rows", "120", "--seed", "3", "--out", str(folder)]) == 0
    return folder


def rows_of(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def typed(value: Any) -> str:
    """A value as JSON text: 1, 1.0, "1" and true differ in it."""
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def without_none(row: dict[str, Any]) -> dict[str, Any]:
    """A row as it comes back, without the columns that it did not have."""
    return {name: value for name, value in row.items() if value is not None}


def test_what_was_published_comes_back_unchanged(
    hub: Hub, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """`load_dataset` gives every split's rows with every argument's type; the card names splits, pack, licence, lint and counts."""
    from datasets import load_dataset

    assert main(["publish", str(made), REPO]) == 0
    said = capsys.readouterr().out
    revision = hub.repos["dataset", REPO].commits[-1][0]
    assert f"Published: {hub.url}/datasets/{REPO}, revision {revision}" in said
    assert len(hub.repos["dataset", REPO].commits) == 2, "the empty one, then one commit"
    loaded = load_dataset(REPO)
    assert set(loaded) == {"train", "validation", "test"}
    for split, rows in loaded.items():
        assert [typed(without_none(row)) for row in rows] == [
            typed(row) for row in rows_of(made / f"{split}.jsonl")
        ]
    card = hub.files(REPO)["README.md"].decode()
    scope: dict[str, Any] = {}
    exec(card.split("```python\n")[1].split("```")[0], scope)  # the card's own snippet
    assert len(scope["rows"]) == 96
    metadata = yaml.safe_load(card.split("---\n")[1])
    assert (metadata["license"], metadata["language"], metadata["size_categories"]) == (
        "cc-by-4.0",
        ["ko"],
        ["n<1K"],
    )
    assert metadata["configs"][0]["data_files"][0] == {
        "split": "train",
        "path": "data/default/train-*.parquet",
    }
    manifest = json.loads((made / "manifest.json").read_text("utf-8"))
    for fact in (
        manifest["pack_sha256"],
        "120 requests in ko",
        "seed 3",
        "load_dataset",
        "SFTTrainer",
        "fgtrain lora",
        "@misc",
        "no error",
    ):
        assert fact in card, fact
    assert json.loads(hub.files(REPO)["manifests/default.json"]) == manifest
    assert b"<svg" in hub.files(REPO)["counts.svg"]


def test_arguments_keep_their_types(hub: Hub, tmp_path: Path) -> None:
    """Rows whose arguments differ in names and types: no key of another row, no number for a text, no text for a number."""
    from datasets import load_dataset

    answers = [
        ("24도로 맞춰 주세요", call("set_temperature", temperature=24)),
        ("거실을 스물네 도로", call("set_temperature", temperature=24, zone="24")),
        ("습도 사십 점 오로 조용히", call("set_humidity", level=40.0, silent=True)),
        ("비밀번호 공이일삼사", call("set_code", code="02134")),
        ("전원을 넣어 줘", call("power_on")),
    ]
    rows = [row(number, text, answer) for number, (text, answer) in enumerate(answers)]
    write_rows(tmp_path / "train.jsonl", rows)
    assert main(["publish", str(tmp_path), REPO, "--licence", "mit"]) == 0
    assert [typed(without_none(one)) for one in load_dataset(REPO, split="train")] == [
        typed(one) for one in rows
    ]


def test_rows_of_many_groups_and_files_come_back_all(
    hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More rows than fit into a group, and more groups than fit into a file: each comes back once, in order, streamed or not."""
    from datasets import load_dataset

    from fgdata.publish import parquet

    odd: list[Any] = [1, 1.0, "1", True, None, 0, -0.0, "", [], {}, [None], {"a": None}, {"a": 1}, {"a": 1.0}, {"b": "1"},
                      [1, 1.0, "1", True], {"n": [{"x": None}, {}]}, 1e22, 2**63 - 1, "\u2028 \\ 가", "null"]  # fmt: skip
    rows = [row(n, f"{chr(0xAC00 + 97 * n)}{chr(0xAC00 + 311 * n)} 켜 줘", call("power_on")) | {"slots": {"v": value, **({"w": value} if n % 3 else {})}, "mixed": value}
            for n, value in enumerate(odd)]  # fmt: skip
    write_rows(tmp_path / "train.jsonl", rows)
    monkeypatch.setattr(parquet, "ROWS_A_GROUP", 3)
    monkeypatch.setattr(parquet, "ROWS_A_FILE", 7)
    assert main(["publish", str(tmp_path), REPO, "--licence", "mit"]) == 0
    assert sum(name.endswith(".parquet") for name in hub.files(REPO)) == 3
    for streaming in (False, True):
        back = list(load_dataset(REPO, split="train", streaming=streaming))
        assert [typed(one) for one in back] == [typed(one) for one in rows]
    write_rows(tmp_path / "train.jsonl", rows[:8])
    assert main(["publish", str(tmp_path), REPO, "--licence", "mit"]) == 0
    assert sorted(name for name in hub.files(REPO) if name.endswith(".parquet")) == [
        f"data/default/train-0000{n}-of-00002.parquet" for n in (0, 1)
    ]


def test_a_second_publication_changes_nothing(
    hub: Hub, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same rows again: no commit. Other rows: one commit, in which a split that is gone is removed."""
    assert main(["publish", str(made), REPO]) == 0
    hub.requests.clear()
    assert main(["publish", str(made), REPO]) == 0
    assert "Nothing to do" in capsys.readouterr().out
    assert hub.writes() == []
    write_jsonl(tmp_path / "train.jsonl", rows_of(made / "train.jsonl")[:20])
    assert main(["publish", str(tmp_path), REPO, "--licence", "cc-by-4.0"]) == 0
    assert len(hub.repos["dataset", REPO].commits) == 3
    assert [name for name in hub.files(REPO) if name.endswith(".parquet")] == [
        "data/default/train-00000-of-00001.parquet"
    ]
    assert "manifests/default.json" not in hub.files(REPO)
    assert "removed" in capsys.readouterr().out


@pytest.mark.parametrize("layout", ["json-columns", "prompt-columns"])
def test_layouts_of_text_columns(hub: Hub, made: Path, layout: str) -> None:
    """The second seed's columns: plain texts for any trainer, and our linter reads the same conversations from them."""
    from datasets import load_dataset

    from fgdata.dialects import LayoutReader

    assert main(["publish", str(made), REPO, "--layout", layout]) == 0
    loaded = load_dataset(REPO, split="test")
    assert {feature.dtype for feature in loaded.features.values()} == {"string"}
    program = hub.files(REPO)["README.md"].decode().split("```python\n")[2].split("```")[0]
    scope: dict[str, Any] = {}
    exec(re.sub(r"(?m)^(from trl|trainer).*$", "", program), scope)  # the card's program for TRL, without TRL
    trained = rows_of(made / "train.jsonl")
    assert [typed([one["messages"], one["tools"]]) for one in scope["rows"]] == [
        typed([one["messages"], one["tools"]]) for one in trained
    ]
    reader = LayoutReader()
    for got, original in zip(loaded, rows_of(made / "test.jsonl"), strict=True):
        if layout == "json-columns":
            assert typed([json.loads(got["messages"]), json.loads(got["tools"])]) == typed(
                [original["messages"], original["tools"]]
            )
        else:
            assert set(got) >= {"system", "user", "assistant", "tools"}
            assert json.loads(got["tools"]) == [entry["function"] for entry in original["tools"]]
        (example,) = reader.read(without_none(got), "loaded", "loaded:1")
        expected = [call["function"] for call in original["messages"][-1].get("tool_calls", [])]
        assert typed([call.to_json()["function"] for call in example.expected_calls]) == typed(expected)
        assert example.utterance == original["messages"][-2]["content"]
    assert reader.counts == {layout: len(loaded)}


def test_a_large_file_of_any_name_is_known_again(hub: Hub, tmp_path: Path) -> None:
    """What the Hub takes by LFS for its size alone, such as a tokenizer, is found unchanged the second time."""
    import hub_double

    from fgdata.hub.upload import Publication, publish

    files = {"README.md": b"---\nlicense: mit\n---\n", "tokenizer.json": b" " * hub_double.LARGE_BYTES}
    sent = Publication("me/model", "model", files, "a model")
    first = publish(sent)
    assert first.outcome == "new"
    assert len(hub.objects) == 1
    assert publish(sent).outcome == "unchanged"
    assert hub.files("me/model", "model")["tokenizer.json"] == files["tokenizer.json"]


def test_stem_leaks_are_told_and_do_not_stop(hub: Hub, tmp_path: Path) -> None:
    """Texts of two splits that differ in endings alone: published, and the card counts them among the limits."""
    write_rows(tmp_path / "train.jsonl", [row(0, "에어컨을 켜줘", call("power_on")), row(1, "온도 좀 낮춰줘요", call("power_off"))])  # fmt: skip
    write_rows(tmp_path / "test.jsonl", [row(2, "에어컨 켜주세요", call("power_on"))])
    assert main(["publish", str(tmp_path), REPO, "--licence", "mit"]) == 0
    card = hub.files(REPO)["README.md"].decode()
    assert "1 stem\\-leak" in card or "1 stem-leak" in card
    assert "1 texts differ from one of another split in particles, endings or numbers only" in card


def test_folders_are_configurations(hub: Hub, made: Path, tmp_path: Path) -> None:
    """A folder of data sets is published as configurations, each with its splits."""
    from datasets import get_dataset_config_names, load_dataset

    for name in ("small", "large"):
        for split in ("train", "test"):
            write_jsonl(
                tmp_path / name / f"{split}.jsonl",
                rows_of(made / f"{split}.jsonl")[: 5 if name == "small" else 9],
            )
    assert main(["publish", str(tmp_path), REPO, "--licence", "apache-2.0"]) == 0
    assert get_dataset_config_names(REPO) == ["large", "small"]
    assert len(load_dataset(REPO, "small", split="test")) == 5
    assert len(load_dataset(REPO, "large", split="train")) == 9
    card = hub.files(REPO)["README.md"].decode()
    assert "fgtrain lora --dataset_name me/fitness-small --dataset_config large --train_split train" in card
    assert "fgeval run --data me/fitness-small --data-config large --data-split test" in card


# Failures


@pytest.mark.parametrize(
    ("method", "path", "status", "word"),
    [
        ("GET", "whoami", 401, "the Hub refused it (401"),
        ("POST", "validate-yaml", 400, "the Hub refuses the card's metadata"),
        ("POST", "repos/create", 403, "may not write to it, or make it (403)"),
        ("POST", "repos/create", 409, "by somebody else at the same time (409)"),
        ("POST", "/commit/", 403, "may not write to it"),
        ("POST", "/commit/", 412, "by somebody else at the same time (412)"),
    ],
)
def test_a_refusal_is_one_error(
    hub: Hub, made: Path, capsys: pytest.CaptureFixture[str], method: str, path: str, status: int, word: str
) -> None:
    """A refusal of the Hub: exit code 2, one message that says what to do, nothing of the publication to be seen there."""
    hub.fail(method, path, status, times=99)
    assert main(["publish", str(made), REPO]) == 2
    said = capsys.readouterr().err
    assert word in said
    assert said.count("error:") == 1
    assert TOKEN not in said
    assert "/commit/" in path or not hub.repos, "refused before a repository was made"
    assert not any(
        set(files) - {".gitattributes"} for repo in hub.repos.values() for _, _, files in repo.commits
    )


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("PUT", "lfs-store", 429), ("PUT", "lfs-store", 500), ("PUT", "lfs-store", "cut"), ("POST", "/commit/", 429), ("POST", "/commit/", 500), ("POST", "/commit/", "cut"), ("POST", "preupload", 500), ("POST", "objects/batch", 429)],
)  # fmt: skip
def test_a_passing_failure_is_got_over(
    hub: Hub, made: Path, method: str, path: str, status: int | str
) -> None:
    """Too many requests, a failing server, a connection cut in mid-upload: sent again, and there is one commit."""
    hub.fail(method, path, status, times=2)
    assert main(["publish", str(made), REPO]) == 0
    assert len(hub.repos["dataset", REPO].commits) == 2
    assert "README.md" in hub.files(REPO)


def test_a_lost_answer_makes_no_second_commit(hub: Hub, made: Path) -> None:
    """The commit was made and its answer lost: it is found, not made again."""
    hub.fail("POST", "/commit/", "lost")
    assert main(["publish", str(made), REPO]) == 0
    assert len(hub.repos["dataset", REPO].commits) == 2


def test_a_broken_upload_leaves_no_half_and_goes_on(
    hub: Hub, made: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The connection stays broken after two of three large files: no revision; the second run sends the third file only."""
    files = sorted(Path(made).glob("*.jsonl"))
    assert len(files) == 3
    assert main(["publish", str(made), "me/other"]) == 0  # what the files are
    test_split = hub.files("me/other")["data/default/test-00000-of-00001.parquet"]
    import hashlib

    oid = hashlib.sha256(test_split).hexdigest()
    hub.objects.clear()
    hub.fail("PUT", oid, "cut", times=10**6)
    assert main(["publish", str(made), REPO]) == 2
    assert "the connection to the Hub broke" in capsys.readouterr().err
    assert list(hub.files(REPO)) == [".gitattributes"]
    assert len(hub.objects) == 2
    hub.faults.clear()
    hub.requests.clear()
    assert main(["publish", str(made), REPO]) == 0
    assert [path for method, path in hub.requests if method == "PUT"] == [f"/lfs-store/{oid}"]
    assert len(hub.repos["dataset", REPO].commits) == 2


# What stops before anything is sent


def leaky(folder: Path, made: Path) -> None:
    rows = rows_of(made / "train.jsonl")
    write_jsonl(folder / "train.jsonl", rows)
    write_jsonl(folder / "test.jsonl", rows[:3])


def wrong_type(folder: Path, made: Path) -> None:
    write_rows(
        folder / "train.jsonl", [row(0, "24도로 맞춰 주세요", call("set_temperature", temperature="24"))]
    )


def with_token(folder: Path, made: Path) -> None:
    rows = rows_of(made / "train.jsonl")
    write_jsonl(folder / "train.jsonl", [row | {"remark": TOKEN} for row in rows[:5]])


def changed_since(folder: Path, made: Path) -> None:
    write_jsonl(folder / "train.jsonl", rows_of(made / "train.jsonl")[:5])
    (folder / "manifest.json").write_bytes((made / "manifest.json").read_bytes())


def too_big(folder: Path, made: Path) -> None:
    rows = rows_of(made / "train.jsonl")
    write_jsonl(folder / "train.jsonl", [rows[0] | {"slots": {"n": 10**30}}])


def too_fine(folder: Path, made: Path) -> None:
    rows = rows_of(made / "train.jsonl")
    write_jsonl(folder / "train.jsonl", [rows[0] | {"slots": {"n": 1.7976931348623157e308}}])


def bad_split(folder: Path, made: Path) -> None:
    write_jsonl(folder / "my rows.jsonl", rows_of(made / "train.jsonl")[:5])


@pytest.mark.parametrize(
    ("prepare", "words"),
    [
        (leaky, ("split-leak", "family-leak", "nothing was sent", "fgdata lint")),
        (wrong_type, ("wrong-type", "train.jsonl:1", "nothing was sent")),
        (with_token, ("train.jsonl: holds a token of the Hub", "revoke it")),
        (changed_since, ("is not the file that the manifest lists", "test.jsonl: is not there")),
        (too_big, ("datasets` cannot read back", "--layout json-columns")),
        (too_fine, ("a number that `datasets` would round", "--layout json-columns")),
        (bad_split, ("'my rows' is no name of a split",)),
        (lambda folder, made: None, ("holds no data set",)),
    ],
)  # fmt: skip
def test_bad_data_is_not_sent(
    hub: Hub,
    made: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    prepare: Callable[[Path, Path], None],
    words: tuple[str, ...],
) -> None:
    """A linter's error, a leak, a token in a row, a stale manifest, values that would change: exit code 2, nothing sent."""
    prepare(tmp_path, made)
    assert main(["publish", str(tmp_path), REPO, "--licence", "mit"]) == 2
    said = capsys.readouterr().err
    for word in words:
        assert word in said, said
    assert hub.writes() == []
    assert TOKEN not in said


@pytest.mark.parametrize(
    ("repo", "token", "flags", "word"),
    [
        ("climate", TOKEN, (), "'climate' is no name of a dataset"),
        ("me/climate ko", TOKEN, (), "is no name that the Hub allows"),
        ("me/a--b", TOKEN, (), "is no name that the Hub allows"),
        ("somebody/climate", TOKEN, (), "may not write to it, or make it (403)"),
        (REPO, None, (), "token: there is none"),
        (REPO, "hf_" + "x" * 34, (), "token: the Hub refused it (401"),
        (REPO, READ_TOKEN, (), "token: may read, not write"),
        (REPO, "hf_one two", (), "holds characters that no token has"),
        (REPO, TOKEN, ("--out", "."), "is in use"),
        (REPO, TOKEN, ("--licence", "My own!"), "'My own!' is no licence's name"),
    ],
)  # fmt: skip
def test_bad_names_and_tokens(
    hub: Hub,
    made: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    repo: str,
    token: str | None,
    flags: tuple[str, ...],
    word: str,
) -> None:
    """A name that is malformed or another's, a token that is missing, refused or may only read: one clear error, nothing sent."""
    monkeypatch.setenv("HF_TOKEN", token or "")
    assert main(["publish", str(made), repo, *flags]) == 2
    said = capsys.readouterr()
    assert word in said.err
    assert said.err.count("error:") == 1
    assert not hub.repos
    assert not token or token not in said.out + said.err


def test_a_taken_name(hub: Hub, made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A repository with files of another making is left alone, or added to with --replace."""
    from huggingface_hub import HfApi

    api = HfApi()
    api.create_repo(REPO, repo_type="dataset")
    api.upload_file(path_or_fileobj=b"mine", path_in_repo="notes.txt", repo_id=REPO, repo_type="dataset")
    assert main(["publish", str(made), REPO]) == 2
    assert "the name is taken" in capsys.readouterr().err
    assert set(hub.files(REPO)) == {".gitattributes", "notes.txt"}
    assert main(["publish", str(made), REPO, "--replace"]) == 0
    assert hub.files(REPO)["notes.txt"] == b"mine"
    assert main(["publish", str(made), REPO, "--private"]) == 2
    assert "is public; --private would not hide" in capsys.readouterr().err


def test_private_and_dry_run(
    hub: Hub, made: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """--dry-run lists what would be sent, puts it where --out says and asks nothing of the Hub; --private makes a private repository."""
    assert main(["publish", str(made), REPO, "--dry-run", "--private", "--out", str(tmp_path / "look")]) == 0
    said = capsys.readouterr().out
    assert "data/default/train-00000-of-00001.parquet" in said
    assert "to the private dataset me/fitness-small. Nothing was sent." in said
    assert hub.requests == []
    parquet = sorted(map(str, (tmp_path / "look" / "data" / "default").glob("*.parquet")))
    assert main(["lint", *parquet]) == 0, "the files themselves are rows, too"
    assert main(["publish", str(made), REPO, "--private"]) == 0
    assert hub.repos["dataset", REPO].private
    looked_at = {
        path.relative_to(tmp_path / "look").as_posix(): path.read_bytes()
        for path in (tmp_path / "look").rglob("*")
        if path.is_file()
    }
    assert looked_at == {
        name: content for name, content in hub.files(REPO).items() if name != ".gitattributes"
    }


FAILURES = [
    ("POST", "/commit/", 400),
    ("POST", "preupload", 403),
    ("PUT", "lfs-store", 500),
    ("POST", "repos/create", 500),
    ("GET", "/api/datasets", 500),
]


@pytest.mark.parametrize("place", ["environment", ".env", "login"])
def test_the_token_is_found_and_never_shown(
    hub: Hub,
    made: Path,
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    place: str,
) -> None:
    """A token of the environment, of .env or of the login is used, and stands in no output and no file, whatever fails."""
    from huggingface_hub import constants

    monkeypatch.chdir(tmp_path)
    if place != "environment":
        monkeypatch.delenv("HF_TOKEN")
    if place == ".env":
        (tmp_path / ".env").write_text(f"HUGGINGFACE_HUB_TOKEN={TOKEN}\n", encoding="utf-8")
    if place == "login":
        Path(constants.HF_TOKEN_PATH).write_text(TOKEN, encoding="utf-8")
    for number, (method, path, status) in enumerate(FAILURES if place == "environment" else FAILURES[:1]):
        hub.objects.clear()
        hub.fail(method, path, status, times=10**6)
        assert main(["publish", str(made), f"me/try-{number}"]) == 2
        hub.faults.clear()
    assert main(["publish", str(made), REPO]) == 0
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HUGGINGFACE_HUB_TOKEN", raising=False)
    said = capfd.readouterr()
    assert "error:" in said.err
    assert TOKEN not in said.out + said.err
    assert not [name for name, content in hub.files(REPO).items() if TOKEN.encode() in content]


def test_without_the_extra(
    made: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the libraries of the extra are not installed, one error says how to install them; `fgdata --help` needs none of them."""
    monkeypatch.setitem(sys.modules, "datasets", None)
    assert main(["publish", str(made), REPO]) == 2
    assert "pip install 'fgsuite[hub]'" in capsys.readouterr().err
    probe = "import sys, fgdata.cli, fgeval.cli, fgtrain.cli; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", probe], text=True).split()
    assert {"datasets", "huggingface_hub", "pyarrow", "pandas", "torch"}.isdisjoint(loaded)


# Parquet


values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(-1e9, 1e9).map(lambda x: round(x, 4)) | st.text(st.characters(exclude_categories=["Cs"]), max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab가", max_size=2), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.dictionaries(st.sampled_from(["id", "messages", "n", "slots"]), values, min_size=1, max_size=4),
        min_size=1,
        max_size=4,
    )
)
def test_parquet_gives_back_any_json(
    tmp_path_factory: pytest.TempPathFactory, rows: list[dict[str, Any]]
) -> None:
    """Any JSON values, mixed in one column or not, come back with their types, or the row is refused; two writings are the same bytes."""
    folder = tmp_path_factory.mktemp("parquet")
    columns = columns_of(rows)
    try:
        [file] = write_parquet(folder / "a", "train", rows, columns, len(rows))
    except DataError as error:
        assert "datasets" in str(error)
        return
    back = [
        line.value for line in ParquetRows(file, keep_nulls=True).lines() if not isinstance(line, DataError)
    ]
    assert [typed(row) for row in back] == [typed(without_none(row)) for row in rows]
    [again] = write_parquet(folder / "b", "train", rows, columns, len(rows))
    assert file.read_bytes() == again.read_bytes()


def test_sizes_and_charts() -> None:
    """The Hub's size categories at their bounds; a chart is the same for the same counts and holds no raw markup."""
    assert [size_category(n) for n in (1, 999, 1000, 99_999, 10**6)] == [
        "n<1K",
        "n<1K",
        "1K<n<10K",
        "10K<n<100K",
        "1M<n<10M",
    ]
    counts = {"kind": {"<b>&": 2, "켜": 5}, "many": {f"value {n}": n + 1 for n in range(60)}, "none": {}}
    chart = bar_chart(counts, "t<itle")
    assert chart == bar_chart(counts, "t<itle")
    assert "&lt;b&gt;&amp;" in chart
    assert "(37 others)" in chart
    from xml.etree import ElementTree

    assert ElementTree.fromstring(chart).tag.endswith("svg")
