"""fgeval.backends: the openai and the python backend, failures apart from wrong answers, shards and filters."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from api_server import chat, serving, tool_call
from eval_data import ADAPTER, BASE, ROWS, write_predictions, write_rows

from fgdata.errors import FgError, ModelError, UsageError
from fgdata.format import parse_completion
from fgdata.schema import Call
from fgeval.backends import BackendOptions, open_backend
from fgeval.backends.openai_answers import ServerError, answer_to_text, read_answer
from fgeval.backends.python import returned_to_text
from fgeval.predictions import read_predictions, read_run
from fgeval.run import join_runs, run_model

UTTERANCES = {row["messages"][1]["content"]: row["id"] for row in ROWS}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "test.jsonl", ROWS)


def remote(url: str, **more: Any) -> BackendOptions:
    return BackendOptions(model="tiny", base_url=url, **more)


def as_tool_calls(path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """What a server with a parser of its own sends for `ADAPTER`."""
    completion = parse_completion(ADAPTER[UTTERANCES[body["messages"][1]["content"]]])
    calls = [tool_call(c.name, json.dumps(dict(c.arguments))) for c in completion.calls]
    return 200, chat(None if calls else "음식은 잘 몰라요.", calls)


def as_text(path: str, body: dict[str, Any]) -> tuple[int, Any]:
    """What a server without a parser sends: raw text, the stop token taken off."""
    text = ADAPTER[UTTERANCES[body["messages"][1]["content"]]]
    return 200, chat(text.removesuffix("<start_function_response>"))


# ---------------------------------------------------------------- openai


@pytest.mark.parametrize("answer", [as_tool_calls, as_text])
def test_calls_and_text_are_read_alike(tmp_path: Path, data: Path, answer: Any):
    """Whether the server reads the calls or sends raw text, the same calls are predicted; tools and limits were sent."""
    with serving(answer) as served:
        run_model(data, tmp_path / "out", backend="openai", options=remote(served.url, max_new_tokens=33))
    found = {p.id: parse_completion(p.text).calls for p in read_predictions(tmp_path / "out")}
    assert found == {name: parse_completion(text).calls for name, text in ADAPTER.items()}
    assert len(served.bodies) == 8
    for body in served.bodies:
        assert (body["model"], body["max_tokens"], body["temperature"]) == ("tiny", 33, 0)
        assert [tool["function"]["name"] for tool in body["tools"]][:2] == [
            "set_temperature",
            "adjust_temperature",
        ]
        assert [message["role"] for message in body["messages"]] == ["developer", "user"]
    run = read_run(tmp_path / "out")
    assert run is not None
    assert (run["server"], run["served_model"], run["endpoint"]) == (served.url, "tiny", "chat")


def test_our_own_prompt(tmp_path: Path, data: Path):
    """With `completions` the server gets the prompt as text, so that its chat template plays no part."""

    def answer(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        name = next(name for said, name in UTTERANCES.items() if f"user\n{said}<" in body["prompt"])
        choice = {"index": 0, "text": ADAPTER[name], "finish_reason": "length", "logprobs": None}
        return 200, {
            "id": "c",
            "object": "text_completion",
            "created": 0,
            "model": "tiny",
            "choices": [choice],
        }

    with serving(answer) as served:
        options = remote(served.url, endpoint="completions")
        run_model(data, tmp_path / "out", backend="openai", options=options)
    predictions = read_predictions(tmp_path / "out")
    assert {p.id: p.text for p in predictions} == ADAPTER
    assert {p.finished for p in predictions} == {"length"}
    assert all(body["prompt"].startswith("<bos><start_of_turn>developer") for body in served.bodies)


def test_busy_servers_are_asked_again(tmp_path: Path, data: Path):
    """429 and 503 are tried again until the server answers; nothing is lost and nothing is asked twice after that."""
    tries: Counter[str] = Counter()

    def answer(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        said = body["messages"][1]["content"]
        tries[said] += 1
        return as_text(path, body) if tries[said] > 2 else ((429, 503)[tries[said] - 1], {"error": "busy"})

    with serving(answer) as served:
        result = run_model(data, tmp_path / "out", backend="openai", options=remote(served.url))
    assert result.failures == ()
    assert set(tries.values()) == {3}


def test_failures_are_no_answers(tmp_path: Path, data: Path):
    """An item that the server cannot answer has no prediction and stands in errors.jsonl; the same command tries it again."""

    def answer(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        said = body["messages"][1]["content"]
        if UTTERANCES[said] == "item-3" and broken:
            return 500, {"error": {"message": "out of luck"}}
        if UTTERANCES[said] == "item-4" and broken:
            return 200, "this is no JSON"
        return as_text(path, body)

    broken = True
    out = tmp_path / "out"
    with serving(answer) as served:
        result = run_model(data, out, backend="openai", options=remote(served.url, retries=0))
        assert (result.n, result.n_done_before) == (6, 0)
        reasons = {failure.id: failure.reason for failure in result.failures}
        assert set(reasons) == {"item-3", "item-4"}
        assert "HTTP 500" in reasons["item-3"]
        assert "out of luck" in reasons["item-3"]
        lines = (out / "errors.jsonl").read_text(encoding="utf-8").splitlines()
        assert {json.loads(line)["id"] for line in lines} == {"item-3", "item-4"}
        assert {p.id for p in read_predictions(out)} == set(ADAPTER) - {"item-3", "item-4"}
        broken = False
        again = run_model(data, out, backend="openai", options=remote(served.url, retries=0))
    assert (again.n, again.n_done_before, again.failures) == (8, 6, ())
    assert not (out / "errors.jsonl").exists()


def test_arguments_that_are_no_json():
    """A call that nobody can read is the model's mistake: it does not read here either, and what came can be seen."""
    for arguments in ('{"delta": 2', "{delta:2}", '["a"]', '{"code": "<escape>"}'):
        text = answer_to_text(None, [("adjust_temperature", arguments)])
        parsed = parse_completion(text)
        assert parsed.calls == ()
        assert parsed.problems
    assert parse_completion(answer_to_text("", [("power_on", "")])).calls == (Call("power_on"),)
    twice = answer_to_text("ok<start_function_call>call:power_on{}<end_function_call>", [("power_on", "{}")])
    assert parse_completion(twice).calls == (Call("power_on"),)


CALL = "<start_function_call>call:{}<end_function_call>"
ON, UP = CALL.format("power_on{}"), CALL.format("adjust_temperature{delta:2}")
AS_ON, AS_UP = ("power_on", "{}"), ("adjust_temperature", '{"delta": "2"}')


@pytest.mark.parametrize(
    ("text", "calls", "names"),
    [
        ("ok" + ON + UP, [AS_UP], ["power_on", "adjust_temperature"]),  # one of two is copied
        (ON + UP, [AS_ON, AS_UP], ["power_on", "adjust_temperature"]),
        (ON, [AS_UP], ["power_on", "adjust_temperature"]),
        (ON + "<end_of_turn>", [AS_UP], ["power_on", "adjust_temperature"]),
        (ON, [AS_ON, AS_ON], ["power_on", "power_on"]),
        ("ok", [AS_ON], ["power_on"]),
    ],
)
def test_calls_in_text_and_beside_it(text: str, calls: list[tuple[str, str]], names: list[str]):
    """Nothing that the text holds is dropped, and what `tool_calls` only copies counts once."""
    parsed = parse_completion(answer_to_text(text, calls))
    assert ([call.name for call in parsed.calls], parsed.problems) == (names, ())


def message(finish: str = "stop", **fields: Any) -> dict[str, Any]:
    return {"choices": [{"message": {"role": "assistant", **fields}, "finish_reason": finish}]}


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (message(content=[{"type": "text", "text": "안"}, {"type": "text", "text": "녕"}]), "안녕"),
        (message(content=[{"type": "refusal", "refusal": "아니요"}]), "아니요"),
        (message(refusal="아니요"), "아니요"),
        (message(content=None), ""),
        (
            message(function_call={"name": "power_on", "arguments": "{}"}),
            ON + "<start_function_response>",
        ),
    ],
)
def test_unusual_answers_are_read(body: dict[str, Any], text: str):
    """Content in parts, a refusal beside it, and a call as it was sent before there was `tool_calls`."""
    assert read_answer(body, "chat").text == text


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (message("content_filter", content="네"), "content filter"),
        (message(tool_calls=[{"type": "custom", "custom": {"name": "on"}}]), "'custom'"),
        (message(tool_calls=["on"]), "'str'"),
        (message(content=[{"type": "image_url", "image_url": {}}]), "'image_url'"),
        ({"error": {"message": "model overloaded"}}, "model overloaded"),
        ({"error": "model overloaded"}, "model overloaded"),
        ({"choices": [{"error": {"message": "upstream"}, "finish_reason": "error"}]}, "upstream"),
        ({"choices": []}, "no `choices`"),
        ({"choices": [{}]}, "no `message`"),
        ([], "none of OpenAI's API"),
    ],
)
def test_answers_that_are_none_of_the_models(body: Any, said: str):
    """A filter, a call of another type, an error in the body: failures of the item, with the server's own words."""
    with pytest.raises(ModelError, match=said):
        read_answer(body, "chat")


def test_an_error_in_the_body_is_tried_again(tmp_path: Path, data: Path):
    """HTTP 200 with an error is a busy server, unless the error says that the request is at fault."""
    tries: Counter[str] = Counter()

    def answer(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        name = UTTERANCES[body["messages"][1]["content"]]
        tries[name] += 1
        if name == "item-3" or tries[name] == 1:
            code = 400 if name == "item-3" else None
            return 200, {"error": {"message": "model overloaded", "code": code}}
        return as_text(path, body)

    with serving(answer) as served:
        result = run_model(data, tmp_path / "out", backend="openai", options=remote(served.url, retries=2))
    (failure,) = result.failures
    assert (failure.id, tries["item-3"], tries["item-0"]) == ("item-3", 1, 2)
    assert failure.reason == "the server reports an error: model overloaded"
    with pytest.raises(ServerError):
        read_answer({"error": {"message": "busy"}}, "completions")


def test_a_request_that_kills_its_connection(tmp_path: Path, data: Path):
    """Alone in its batch it is a failure of that item, too, as long as the server answers anything else."""

    def answer(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        return (0, "") if UTTERANCES[body["messages"][1]["content"]] == "item-3" else as_text(path, body)

    with serving(answer) as served:
        options = remote(served.url, retries=0)
        result = run_model(data, tmp_path / "out", backend="openai", options=options, batch_size=1)
    assert [failure.id for failure in result.failures] == ["item-3"]
    assert result.n == 7
    assert (tmp_path / "out" / "errors.jsonl").exists()


def test_several_turns_are_sent(tmp_path: Path):
    """Earlier calls and tool responses go out as the API wants them: ids, and arguments as JSON text."""
    row = json.loads(json.dumps(ROWS[0]))
    earlier = [
        {"role": "assistant", "tool_calls": [Call("set_code", {"code": "열"}).to_json()]},
        {"role": "tool", "name": "set_code", "content": {"ok": True}},
    ]
    row["messages"][2:2] = earlier
    data = write_rows(tmp_path / "turns.jsonl", [row])
    with serving(as_text) as served:
        run_model(data, tmp_path / "out", backend="openai", options=remote(served.url))
    call, response = served.bodies[0]["messages"][2:4]
    assert json.loads(call["tool_calls"][0]["function"]["arguments"]) == {"code": "열"}
    assert response["tool_call_id"] == call["tool_calls"][0]["id"]
    assert json.loads(response["content"]) == {"ok": True}


def test_the_key_comes_from_the_environment(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch):
    """The key goes to the server and stands in no file."""
    monkeypatch.setenv("MY_KEY", "a-secret")
    with serving(as_text) as served:
        options = remote(served.url, api_key_env="MY_KEY")
        run_model(data, tmp_path / "out", backend="openai", options=options)
    assert served.keys == {"Bearer a-secret"}
    assert all(b"a-secret" not in file.read_bytes() for file in (tmp_path / "out").iterdir())


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_a_server_that_is_not_there(tmp_path: Path, data: Path):
    """Nobody listens: the address is named with what to do, and nothing is written."""
    url = f"http://127.0.0.1:{free_port()}/v1"
    with pytest.raises(ModelError, match=r"cannot be reached .*Start the server, or correct --base-url"):
        run_model(data, tmp_path / "out", backend="openai", options=remote(url))
    assert not (tmp_path / "out").exists()


def test_a_server_that_goes_away(tmp_path: Path, data: Path):
    """The run stops when nothing answers any more; what was predicted before stays, and the next run goes on from there."""
    out = tmp_path / "out"

    def answer(path: str, body: dict[str, Any]) -> tuple[int, Any]:
        served.is_down = len(served.bodies) > 4 and not back
        return as_text(path, body)

    back = False
    with serving(answer) as served:
        options = remote(served.url, retries=0)
        with pytest.raises(ModelError, match=r"no longer answers .* 2 requests in a row failed"):
            run_model(data, out, backend="openai", options=options, batch_size=2)
        assert len(read_predictions(out)) == 4
        back, served.is_down = True, False
        assert run_model(data, out, backend="openai", options=options).n_done_before == 4
    assert len(read_predictions(out)) == 8


@pytest.mark.parametrize(
    ("status", "message"), [(404, r"it serves tiny"), (401, r"environment variable OPENAI_API_KEY")]
)
def test_what_no_request_would_fare_better_with(tmp_path: Path, data: Path, status: int, message: str):
    """A model that is not served, a key that is refused: the run ends at once and says what to correct."""
    with serving(lambda path, body: (status, {"error": {"message": "no"}})) as served:
        with pytest.raises(ModelError, match=message):
            run_model(data, tmp_path / "out", backend="openai", options=remote(served.url))
        assert len(served.bodies) <= 8


@pytest.mark.parametrize(
    ("changes", "flag"),
    [
        ({"model": None}, "--model"),
        ({"base_url": None}, "--base-url"),
        ({"base_url": "localhost:8000"}, "--base-url"),
        ({"endpoint": "responses"}, "--endpoint"),
        ({"concurrency": 0}, "--concurrency"),
        ({"retries": -1}, "--retries"),
        ({"timeout_s": 0.0}, "--timeout-s"),
        ({"adapter": "a"}, "--adapter"),
        ({"device": "cpu"}, "--device"),
    ],
)
def test_flags_of_the_openai_backend(changes: dict[str, Any], flag: str):
    """Each is refused by name before anything is asked."""
    options = BackendOptions(**({"model": "tiny", "base_url": "http://127.0.0.1:9/v1"} | changes))
    with pytest.raises(UsageError) as error:
        open_backend("openai", options)
    assert error.value.problems[0].where == flag


# ---------------------------------------------------------------- python

MODULE = """
from fgdata.schema import Call
from fgeval.backends import Request

NUMBER = 5

def answer(request: Request):
    said = request.messages[-1]["content"]
    if "켜줘" in said:
        return [Call("power_on")]
    if "2도" in said:
        return [{"name": "adjust_temperature", "arguments": {"delta": 2}}]
    if "꺼" in said:
        raise RuntimeError("the lamp is hot\\nsecond line")
    if "냉방" in said:
        return 5
    return "음식은 잘 몰라요."
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A module of the user's in the folder that the command runs in."""
    name = "users_model"
    (tmp_path / f"{name}.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "broken_model.py").write_text("import no_such_library_anywhere\n", encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for loaded in (name, "broken_model"):
        sys.modules.pop(loaded, None)
    return name


def test_a_function_is_a_model(tmp_path: Path, data: Path, module: str):
    """Text and calls of a function are predictions; what it raises, or returns that is no answer, is a failure of that item."""
    result = run_model(
        data, tmp_path / "out", backend="python", options=BackendOptions(function=f"{module}:answer")
    )
    calls = {p.id: parse_completion(p.text).calls for p in read_predictions(tmp_path / "out")}
    assert calls["item-0"] == (Call("adjust_temperature", {"delta": 2}),)
    assert calls["item-3"] == (Call("power_on"),)
    assert calls["item-6"] == ()
    assert {one.id: one.reason for one in result.failures} == {
        "item-2": "TypeError: it must return text or a list of calls, not int",
        "item-4": "RuntimeError: the lamp is hot",
    }
    run = read_run(tmp_path / "out")
    assert run is not None
    assert len(run["model_fingerprint"]) == 64


def test_another_file_is_another_run(tmp_path: Path, data: Path, module: str):
    """The function's file counts: after an edit, a folder with its old predictions is not gone on with."""
    options = BackendOptions(function=f"{module}:answer")
    run_model(data, tmp_path / "out", backend="python", options=options)
    (tmp_path / f"{module}.py").write_text(MODULE + "\n# edited\n", encoding="utf-8")
    with pytest.raises(UsageError, match="model_fingerprint"):
        run_model(data, tmp_path / "out", backend="python", options=options)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("users_model", "is no module:function"),
        ("no_such_module:answer", "cannot be imported"),
        ("broken_model:answer", "no_such_library_anywhere"),
        ("users_model:reply", r"has no 'reply'\. Functions there: .*answer"),
        ("users_model:NUMBER", "is a int"),
    ],
)
def test_functions_that_are_none(module: str, name: str, message: str):
    """A module that does not import, a name that is not there or no function: one sentence, and what to do."""
    with pytest.raises(UsageError, match=message):
        open_backend("python", BackendOptions(function=name))


def test_what_a_function_may_return():
    """Text stays as it is, no call at all is an empty text, and what is no call is refused."""
    assert returned_to_text("온도") == "온도"
    assert returned_to_text([]) == ""
    for wrong in (None, 1, {"name": "f"}, ["f"]):
        with pytest.raises(TypeError):
            returned_to_text(wrong)
    with pytest.raises(FgError):
        returned_to_text([{"arguments": {}}])


# ---------------------------------------------------------------- shards, filters


def recorded(tmp_path: Path) -> BackendOptions:
    return BackendOptions(predictions=str(write_predictions(tmp_path / "recorded.jsonl", BASE)))


def test_shards_are_put_together(tmp_path: Path, data: Path):
    """Three shards have every row once; joined they are the run that one process makes, and can be gone on with as such."""
    options = recorded(tmp_path)
    parts = [tmp_path / f"part-{i}" for i in (1, 2, 3)]
    for i, part in enumerate(parts, 1):
        run_model(data, part, backend="replay", options=options, shard=f"{i}/3")
    assert join_runs(parts, tmp_path / "whole") == 8
    run_model(data, tmp_path / "one", backend="replay", options=options)
    assert read_run(tmp_path / "whole") == read_run(tmp_path / "one")
    whole, one = (sorted(read_predictions(tmp_path / name), key=lambda p: p.id) for name in ("whole", "one"))
    assert whole == one
    assert run_model(data, tmp_path / "whole", backend="replay", options=options).n_done_before == 8


def test_shards_that_do_not_belong_together(tmp_path: Path, data: Path):
    """A shard that is missing, given twice, or of another run is named, and nothing is written."""
    options = recorded(tmp_path)
    for i in (1, 2):
        run_model(data, tmp_path / f"p{i}", backend="replay", options=options, shard=f"{i}/2")
    other = BackendOptions(predictions=str(write_predictions(tmp_path / "other.jsonl", ADAPTER)))
    run_model(data, tmp_path / "q2", backend="replay", options=other, shard="2/2")
    (tmp_path / "empty").mkdir()
    for folders, message in (
        (["p1"], "2/2 is missing"),
        (["p1", "p1", "p2"], "1/2 is given twice"),
        (["p1", "q2"], "model_fingerprint"),
        (["p1", "empty"], r"holds no run"),
    ):
        with pytest.raises(FgError, match=message):
            join_runs([tmp_path / name for name in folders], tmp_path / "whole")
    assert not (tmp_path / "whole").exists()


def test_a_shard_that_is_not_finished(tmp_path: Path, data: Path):
    """Rows that a shard has not predicted yet are counted; it must be finished first."""
    options = recorded(tmp_path)
    for i in (1, 2):
        run_model(data, tmp_path / f"p{i}", backend="replay", options=options, shard=f"{i}/2")
    file = tmp_path / "p1" / "predictions.jsonl"
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:2]))
    with pytest.raises(FgError, match="2 of 8 predictions are missing"):
        join_runs([tmp_path / "p1", tmp_path / "p2"], tmp_path / "whole")


def test_filters_and_limit(tmp_path: Path, data: Path):
    """Values of one key are alternatives, keys restrict each other, and the limit counts what is left."""
    options = recorded(tmp_path)
    run_model(data, tmp_path / "a", backend="replay", options=options, filters=["kind=no_call"])
    assert {p.id for p in read_predictions(tmp_path / "a")} == {"item-6", "item-7"}
    run_model(
        data,
        tmp_path / "b",
        backend="replay",
        options=options,
        limit=2,
        filters=["register=haeyo", "register=fragment", "kind=call"],
    )
    assert [p.id for p in read_predictions(tmp_path / "b")] == ["item-2", "item-1"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": ["kind"]}, "is no filter"),
        ({"filters": ["colour=red"]}, "is no filter"),
        ({"filters": ["kind=calls"]}, r"no row has kind=calls.*'call', 'no_call'"),
        ({"filters": ["kind=no_call", "register=haeyo"]}, "no row fits all"),
        ({"shard": "0/2"}, "is no shard"),
        ({"shard": "3/2"}, "is no shard"),
        ({"shard": "²/2"}, "is no shard"),
        ({"limit": 0}, "must be at least 1"),
    ],
)
def test_selections_that_are_none(tmp_path: Path, data: Path, arguments: dict[str, Any], message: str):
    """Filters, shards and limits that select nothing are refused before anything is written."""
    with pytest.raises(UsageError, match=message):
        run_model(data, tmp_path / "out", backend="replay", options=recorded(tmp_path), **arguments)
    assert not (tmp_path / "out").exists()


def test_a_line_of_another_run(tmp_path: Path, data: Path):
    """A prediction that was copied into a run's file is found by its key."""
    options = recorded(tmp_path)
    run_model(data, tmp_path / "out", backend="replay", options=options)
    file = tmp_path / "out" / "predictions.jsonl"
    first, *rest = file.read_text(encoding="utf-8").splitlines(keepends=True)
    key = json.loads(first)["key"]
    file.write_text("".join([first.replace(key, "0" * 16), *rest]), encoding="utf-8")
    with pytest.raises(FgError, match=r"predictions\.jsonl:1: the prediction of .* is not of this run"):
        run_model(data, tmp_path / "out", backend="replay", options=options)


@pytest.mark.slow
def test_transformers_serve(tmp_path: Path, data: Path):
    """A real server of the transformers library with the bundled tiny base: tools go out, its answers are read and scored."""
    pytest.importorskip("fastapi")
    pytest.importorskip("uvicorn")
    from fgeval.scores import score_predictions

    tiny = Path(__file__).parents[1] / "models" / "tiny"
    port = free_port()
    command = [str(Path(sys.executable).parent / "transformers"), "serve", str(tiny), "--host", "127.0.0.1"]
    command += ["--port", str(port), "--device", "cpu", "--dtype", "float32"]
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
    options = BackendOptions(
        model=str(tiny), base_url=f"http://127.0.0.1:{port}/v1", max_new_tokens=24, concurrency=2
    )
    try:
        deadline = time.monotonic() + 120
        while True:
            try:
                open_backend("openai", options)
                break
            except ModelError:
                assert server.poll() is None, (tmp_path / "log").read_text()
                assert time.monotonic() < deadline, (tmp_path / "log").read_text()
                time.sleep(1)
        result = run_model(data, tmp_path / "out", backend="openai", options=options, limit=4)
    finally:
        server.terminate()
        server.wait()
    assert result.failures == (), result.failures
    assert result.n == 4
    assert all(p.text for p in read_predictions(tmp_path / "out"))
    scored = score_predictions(data, tmp_path / "out", tmp_path / "scores", allow_missing=True)
    assert scored["n"] == 4
