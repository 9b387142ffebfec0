"""fgeval.report: what stands in the report is what stands in the summaries, and nothing can break out of it."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from eval_data import ADAPTER, BASE, BY_NAME, ROWS, TOOLS, call, text_of, write_predictions, write_rows
from scored_runs import answers, family_rows

from fgdata.errors import DataError, UsageError
from fgeval import read_scores, score_predictions
from fgeval import report as report_module
from fgeval.backends import BackendOptions
from fgeval.cli import main
from fgeval.clusters import clustered_rate
from fgeval.compare import compare_runs
from fgeval.predictions import read_run
from fgeval.profiles import PROFILES, load_profile
from fgeval.report import NotComparableError, write_report
from fgeval.report.figures import interval, markdown_code, markdown_text, percent, points, words
from fgeval.report.korean import KOREAN
from fgeval.report.reasons import REASONS, reason_in_korean, split_reasons
from fgeval.report.view import DETAILS, HEADLINES, SLICE_TITLES
from fgeval.run import run_model
from fgeval.score import ERROR_TYPES, score_completion
from fgeval.scores import ScoredRun
from fgeval.tallies import METRICS

HOSTILE = (
    "</script><script>alert(1)</script> & <img src=x onerror='alert(2)'> \"quoted\" {{ 7 * 7 }} | `code` \x00"
)


class Page(HTMLParser):
    """The tags and the texts of a page, with the attributes that could load something."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.texts: list[str] = []
        self.handlers: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [
            value or "" for name, value in attrs if name in ("src", "href", "srcset", "data", "action")
        ]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]

    def handle_data(self, data: str) -> None:
        self.texts.append(data)


def scored_run(
    folder: Path, name: str, texts: dict[str, str], rows: list[dict[str, Any]] = ROWS, **options: Any
) -> ScoredRun:
    """The scores of recorded completions, by way of a replayed run."""
    data = write_rows(folder / "test.jsonl", rows)
    recorded = write_predictions(folder / f"{name}-recorded.jsonl", texts)
    run_model(
        data, folder / f"{name}-run", backend="replay", options=BackendOptions(predictions=str(recorded))
    )
    score_predictions(data, folder / f"{name}-run", folder / name, **{"min_n": 1, **options})
    return read_scores(name, folder / name)


@pytest.fixture
def runs(tmp_path: Path) -> list[ScoredRun]:
    return [scored_run(tmp_path, "base", BASE), scored_run(tmp_path, "adapter", ADAPTER)]


def texts_of(out: Path) -> tuple[str, str]:
    return (out / "report.html").read_text(encoding="utf-8"), (out / "report.md").read_text(encoding="utf-8")


def test_numbers_are_the_summaries(tmp_path: Path, runs: list[ScoredRun]):
    """Every headline, interval and count of summary.json stands in both reports."""
    write_report(runs, tmp_path / "report")
    html, markdown = texts_of(tmp_path / "report")
    for run in runs:
        overall = json.loads((run.folder / "summary.json").read_text(encoding="utf-8"))["overall"]
        for key, _, _ in HEADLINES:
            rate = overall[key] if key in overall else overall["arguments"][key]
            section = (
                html[html.index(f'data-metric="{key}"') :].split("</section>")[0].split("data-metric", 2)[1]
            )
            assert (
                f"{run.name}: {percent(rate['value'])}, interval {interval(rate)}, n={rate['n']}" in section
            )
            assert f"{percent(rate['value'])} ({interval(rate)}, n={rate['n']}, " in markdown
    assert "exact match, 2 of 8" in html
    assert "exact match, 7 of 8" in html
    assert "+62.5" in html
    assert "6 items gained, 1 lost" in html
    assert re.search(
        r"\+62\.5 points \(.* to .*, 8 template families, p = 0\.125\)\. 6 items gained, 1 lost\.", markdown
    )
    assert "Lost: 1 items that base gets right and adapter wrong" in html


def test_families_are_counted(tmp_path: Path, runs: list[ScoredRun]):
    """Both reports hold the rates by template family, the difference, and the warning that eight are few."""
    view = write_report(runs, tmp_path / "report")
    exact = view["families"]["rows"][0]
    (difference,) = exact["differences"]
    assert exact["rates"][0]["n_clusters"] == 8 and difference["difference"] == 0.625
    shown = f"{points(difference['low'])} to {points(difference['high'])}"
    for text in texts_of(tmp_path / "report"):
        section = text[text.index("By template family") :]
        assert shown in section and "only 8 template families" in section


def test_head_and_slices_count_families(tmp_path: Path):
    """Where families are known, head, difference and slices have the interval of `compare`; without families it is Wilson's."""
    rows = family_rows()
    found = [
        scored_run(tmp_path, name, answers(rows, right, seed), rows)
        for name, right, seed in (("base", 0.5, 1), ("new", 0.9, 2))
    ]
    view = write_report(found, tmp_path / "report")
    (compared,) = compare_runs(found[0], found[1:])
    exact = compared.metrics[0]
    assert exact.paired is not None and exact.base.n_clusters == 30
    shown = [(rate["low"], rate["high"], rate["n_clusters"]) for rate in view["headlines"][0]["rates"]]
    assert shown == [(rate.low, rate.high, rate.n_clusters) for rate in (exact.base, exact.new)]
    assert view["comparisons"][0]["by_family"]["low"] == exact.paired.low
    slices = {(one.by, one.value): one for one in compared.slices}
    for row in view["slices"]["register"]:
        one = slices["register", row["label"]]
        assert [(rate["low"], rate["n_clusters"]) for rate in row["rates"]] == [
            (rate.low, rate.n_clusters) for rate in (one.base, one.new)
        ]
    html, markdown = texts_of(tmp_path / "report")
    assert all("Wilson" not in text and "McNemar" not in text for text in (html, markdown))
    alone = [{key: value for key, value in row.items() if key != "family"} for row in rows]
    view = write_report(
        [scored_run(tmp_path / "alone", "base", answers(rows, 0.5, 1), alone)], tmp_path / "alone" / "report"
    )
    assert "n_clusters" not in view["headlines"][0]["rates"][0]
    assert "95 % Wilson interval" in texts_of(tmp_path / "alone" / "report")[1]


def test_page_stands_alone(tmp_path: Path, runs: list[ScoredRun]):
    """No address, no external file, no inline handler, and a policy that forbids the network."""
    write_report(runs, tmp_path / "report")
    html, markdown = texts_of(tmp_path / "report")
    page = Page(html)
    assert not re.search(r"(?:https?:)?//[\w.]", html + markdown)
    assert all(link.startswith("#") for link in page.links)
    assert not page.handlers
    assert not {"link", "img", "iframe", "object", "embed", "base", "form"} & set(page.tags)
    assert "@import" not in html
    assert "url(" not in html
    assert "default-src 'none'" in html
    ids = set(re.findall(r'id="([\w-]+)"', html))
    assert {link[1:] for link in page.links} <= ids


def test_hostile_texts_stay_text(tmp_path: Path):
    """Markup in an utterance, a call, a raw completion, a title, a note or a run's name is shown, never run."""
    rows = json.loads(json.dumps(ROWS))
    rows[0]["messages"][1]["content"] = HOSTILE
    rows[0]["family"] = rows[0]["intent"] = HOSTILE
    texts = ADAPTER | {
        "item-0": f"<start_function_call>call:set_code{{code:<escape>{HOSTILE}<escape>}}<end_function_call>\ud800",
        "item-6": f"<start_function_call>call:<b>{{a:1}}<end_function_call>{HOSTILE}",
    }
    run = scored_run(tmp_path, "base", texts, rows)
    view = write_report([run], tmp_path / "report", title=HOSTILE, note=HOSTILE)
    html, markdown = texts_of(tmp_path / "report")
    page = Page(html)
    assert page.tags.count("script") == 1
    assert not {"img", "b"} & set(page.tags)
    assert not page.handlers
    assert "{{ 7 * 7 }}" in html
    assert "49" not in page.texts
    outside_code = "\n".join(line for line in markdown.splitlines() if "`" not in line.replace("\\`", ""))
    assert not re.search(r"(?<!\\)<", outside_code)
    assert view["failures"][0]["utterance"] == HOSTILE


@pytest.mark.parametrize(
    "text", ["a|b", "`", "``", "a`b``c", "x\ny", "*b*", "<b>", "[a](b)", "#", "a & b", "_x_"]
)
def test_markdown_is_escaped(text: str):
    """No text ends a table cell, a line or a code span."""
    assert not re.search(r"(?<!\\)[|<*\[`]", markdown_text(text))
    code = markdown_code(text)
    assert "\n" not in code
    assert not re.search(r"(?<!\\)\|", code)
    fence = re.match(r"`+", code)
    assert fence is not None
    assert code.endswith(fence[0])
    assert fence[0] not in code[len(fence[0]) : -len(fence[0])].replace(" ", "x")


def test_other_data_is_not_compared(tmp_path: Path):
    """Runs on different rows are refused, and the difference is named."""
    first = scored_run(tmp_path / "1", "base", BASE)
    seven = {name: text for name, text in ADAPTER.items() if name != "item-7"}
    other = scored_run(tmp_path / "2", "adapter", seven, ROWS[:7])
    with pytest.raises(
        NotComparableError, match=r"--run adapter=.*cannot be compared with 'base': data\.sha256"
    ):
        write_report([first, other], tmp_path / "report")
    assert not (tmp_path / "report").exists()


def test_other_items_are_not_compared(tmp_path: Path):
    """One data file, but predictions missing in one run: refused too."""
    first = scored_run(tmp_path, "base", BASE)
    some = write_predictions(tmp_path / "some.jsonl", {"item-0": ADAPTER["item-0"]})
    score_predictions(tmp_path / "test.jsonl", some, tmp_path / "some", allow_missing=True)
    with pytest.raises(NotComparableError, match="8 there, 1 now"):
        write_report([first, read_scores("some", tmp_path / "some")], tmp_path / "report")


def test_other_profile_is_not_compared(tmp_path: Path, runs: list[ScoredRun]):
    """Scores of different rules are refused."""
    runs[1].summary["profile"] = {"name": "semantic", "rules": ""}
    with pytest.raises(NotComparableError, match=r"profile\.name: 'strict' there, 'semantic' now"):
        write_report(runs, tmp_path / "report")


def test_missing_predictions_are_shown(tmp_path: Path):
    """Rows that were left out are counted where the reader looks first."""
    data = write_rows(tmp_path / "test.jsonl", ROWS)
    some = write_predictions(tmp_path / "some.jsonl", {"item-0": BASE["item-0"], "item-1": BASE["item-1"]})
    score_predictions(data, some, tmp_path / "some", allow_missing=True)
    write_report([read_scores("some", tmp_path / "some")], tmp_path / "report", note="Only two.")
    html, markdown = texts_of(tmp_path / "report")
    assert "6 rows have no prediction in some" in html
    assert "**6 rows have no prediction in some and are left out of every number.**" in markdown
    assert "Only two." in html
    assert "A run without provenance" in html


def test_failures_are_limited_and_counted(tmp_path: Path, runs: list[ScoredRun]):
    """A limit on the list is said, with the number of all."""
    write_report(runs, tmp_path / "report", max_failures=2)
    html, _ = texts_of(tmp_path / "report")
    assert "7 items are wrong in at least one run; 2 are listed" in html
    assert html.count("data-wrong=") == 2


def test_folder_in_use(tmp_path: Path, runs: list[ScoredRun]):
    """A report is not replaced unasked; two runs need two names."""
    write_report(runs, tmp_path / "report")
    with pytest.raises(UsageError, match=r"holds a report\.md already"):
        write_report(runs, tmp_path / "report")
    write_report(runs, tmp_path / "report", overwrite=True)
    with pytest.raises(UsageError, match="same name"):
        write_report([runs[0], runs[0]], tmp_path / "other")


def test_three_runs(tmp_path: Path, runs: list[ScoredRun]):
    """More than two runs: each later one is compared with the first."""
    third = ScoredRun("third", runs[1].folder, runs[1].summary, runs[1].rows)
    view = write_report([*runs, third], tmp_path / "report")
    assert [(c["first"], c["second"]) for c in view["comparisons"]] == [
        ("base", "adapter"),
        ("base", "third"),
    ]


@pytest.mark.parametrize("change", ['"exact": true', '"exact": false'])
def test_scores_and_summary_belong_together(runs: list[ScoredRun], change: str):
    """A verdict changed by hand, or scores of another run, are no source for a report."""
    file = runs[0].folder / "scores.jsonl"
    other = '"exact": false' if "true" in change else '"exact": true'
    file.write_text(file.read_text(encoding="utf-8").replace(change, other, 1), encoding="utf-8")
    with pytest.raises(DataError, match=r"is not the file that summary\.json was written with"):
        read_scores("base", runs[0].folder)


@pytest.mark.parametrize("name", ["data", "decoding", "versions"])
def test_run_header_that_is_none(tmp_path: Path, name: str):
    """A run.json with a text where a mapping belongs is an error with its name."""
    (tmp_path / "run.json").write_text(json.dumps({name: "x"}), encoding="utf-8")
    with pytest.raises(DataError, match=f"`{name}` must be a mapping, not 'x'"):
        read_run(tmp_path)


def test_points_do_not_depend_on_the_way_they_were_computed() -> None:
    """A difference of rates and a share of items round to the same text."""
    assert points(0.835 - 0.2175) == points(247 / 400) == "+61.8"


# ---------------------------------------------------------------- languages, latency, prompts

TEMPLATES = Path(report_module.__file__).parent / "templates"


def report_texts() -> set[str]:
    """Every text that the report takes into a language: of the templates, of metrics and slices, of error types."""
    sources = "".join(file.read_text(encoding="utf-8") for file in TEMPLATES.glob("*.jinja"))
    literals = {double or single for double, single in re.findall(r"""_\((?:"([^"]+)"|'([^']+)')""", sources)}
    metrics = {text for metric in (*HEADLINES, *DETAILS) for text in metric[1:]}
    labels = {rule.label for rule in METRICS.values()}
    return literals | metrics | labels | set(SLICE_TITLES.values()) | {words(name) for name in ERROR_TYPES}


def test_every_text_is_korean():
    """No text of the report lacks its Korean, and each Korean one has the fields of the English one."""
    missing = report_texts() - KOREAN.keys()
    assert not missing
    for english, korean in KOREAN.items():
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", korean)), english
        assert re.search("[가-힣]", korean) or english in {"F1", "points", "{low} to {high}"}


BROKEN = [
    *(
        "<start_function_call>call:power_on{",
        "<start_function_call>power_on{}<end_function_call>",
        "<start_function_call>",
    ),
    *(
        "<start_function_call>call:set_mode{mode:<escape>cool",
        "<start_function_call>call:set_mode{mode}<end_function_call>",
    ),
    *(
        "<start_function_call>call:set_mode{:1}<end_function_call>",
        "<start_function_call>call:set_mode{mode:}<end_function_call>",
    ),
    "<start_function_call>call:set_mode{a:1 b:2}<end_function_call>",
    "<start_function_call>call:set_mode{a:1,a:2}<end_function_call>",
    "<start_function_call>call:set_mode{a:[1<end_function_call>}",
    "<start_function_call>call:set_code{code:" + "1" * 5000 + "}<end_function_call>",
    "<start_function_call>call:set_code{code:" + "[" * 2000 + "}<end_function_call>",
    "<end_function_call>call:power_on{}",
    "<escape>",
    text_of(call("power_on")) + "x<end_of_turn>y",
    text_of(call("fly", to="달")),
    text_of(call("set_mode", mode="냉방; 또는")),
    text_of(call("set_temperature", temperature=24, zone="a; b"), call("set_mode", mode="냉방")),
    text_of(call("set_temperature", zone="거실"), call("power_off")),
    text_of(call("adjust_temperature", delta="2; 3"), call("power_on"), call("power_on")),
    "",
]
DUE = [
    (),
    (call("power_on"),),
    (call("set_temperature", temperature=22),),
    (call("set_temperature", temperature=22, zone="x"), call("set_mode", mode="auto")),
    (call("adjust_temperature", delta=2),),
]


@pytest.mark.parametrize("profile", PROFILES)
def test_every_reason_is_korean(profile: str):
    """No reason that scoring gives is left in English, whatever is due and whatever is written; no two have one sentence."""
    seen = set()
    for due in DUE:
        for text in BROKEN:
            for cut_off in (False, True):
                score = score_completion(due, text, BY_NAME, load_profile(profile), cut_off=cut_off)
                for reason in score.reasons:
                    seen.add(reason)
                    said = without_data(reason_in_korean(reason))
                    assert re.search("[가-힣]", said) and not re.search(r"[a-z]{2,} [a-z]{2,}", said), (
                        reason,
                        said,
                    )
                assert split_reasons(score.reason) == list(score.reasons) or not score.reasons
    assert len(seen) > 4


def without_data(text: str) -> str:
    """A reason without values, calls and names."""
    return re.sub(r"\"[^\"]*\"|'[^']*'|`[^`]*`|\w+\{.*?\}|<\w+>|[\w.]+\.\w+", "", text)


def test_sentences_of_reading_and_comparing_are_in_the_table():
    """The sentences that cannot be provoked on these rows, each with its fields."""
    for text, said in (
        (
            "only 5 template families: below 20 the intervals and tests by family are a rough guide",
            "템플릿 계열이 5개뿐",
        ),
        ("12 items state no template family; each counts as one of its own", "문항 12개"),
        ("no item states a template family: all are taken for independent", "독립으로 보았습니다"),
        (
            "does not read as a call at character 9: the completion holds more than 100,000 values",
            "값이 100,000개보다",
        ),
        (
            "no call fits 'f': call 1: the argument 'x' is not expected; call 2: a: 'b' is str, not integer",
            "2번째 호출: a: 'b'의 타입이",
        ),
        ("the argument 'x' is missing, and gold does not let it be left out", "생략할 수 없는"),
    ):
        assert said in reason_in_korean(text)
    assert reason_in_korean("a sentence that is not ours") == "a sentence that is not ours"
    for english, korean in REASONS.items():
        assert sorted(re.findall(r"{\w+}", english)) == sorted(re.findall(r"{\w+}", korean)), english


class Sentences(HTMLParser):
    """The texts of a page that are no data: not in code, not in cells and lists that hold names and values as they are."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "hr", "input", "line", "rect"):
            self.inside.append(
                "code" if ("class", "mono") in attrs or tag in ("style", "script", "code") else tag
            )
        self.found += [
            value or ""
            for name, value in attrs
            if name in ("title", "aria-label", "placeholder", "data-text")
        ]

    def handle_endtag(self, tag: str) -> None:
        if self.inside:
            self.inside.pop()

    def handle_data(self, data: str) -> None:
        if "code" not in self.inside:
            self.found.append(data)


@pytest.mark.parametrize("profile", PROFILES)
def test_no_english_sentence_in_a_korean_report(tmp_path: Path, profile: str):
    """Neither headings nor reasons, warnings, rules or caveats: three English words in a row are data."""
    data = write_rows(tmp_path / "test.jsonl", ROWS)
    for number, texts in enumerate(
        (dict(zip(BASE, BROKEN, strict=False)), dict(zip(BASE, BROKEN[8:], strict=False)))
    ):
        written = write_predictions(tmp_path / f"{number}.jsonl", texts, time_s=0.5, finished="length")
        score_predictions(data, written, tmp_path / str(number), profile=profile, train=[data])
    scores = [read_scores(name, tmp_path / name) for name in ("0", "1")]
    write_report(scores, tmp_path / "report", language="ko")
    html, markdown = texts_of(tmp_path / "report")
    page = Sentences()
    page.feed(html)
    lines = [*page.found, *markdown.split("\n")]
    for line in lines:
        said = re.sub(r"`[^`]*`", "", without_data(line))
        said = said.replace("You are a model that can do function calling with the following functions", "")
        assert not re.search(r"[A-Za-z]+ [a-z]+ [a-z]+", said), line
    assert re.search(r"템플릿 계열이 \d개뿐", html) and "토큰 한도에서 잘림" in html


def test_report_in_korean(tmp_path: Path, runs: list[ScoredRun]):
    """The Korean report has the numbers of the English one and none of its headings; a name out of the data cannot break out."""
    rows = [{**one, "error_type": HOSTILE if one["error_type"] else ""} for one in runs[1].rows]
    hostile = [runs[0], replace(runs[1], rows=rows)]
    view = write_report(hostile, tmp_path / "ko", language="ko")
    html, markdown = texts_of(tmp_path / "ko")
    assert '<html lang="ko">' in html and view["title"] == "함수 호출 테스트 보고서"
    assert "<script>alert" not in html and "{{ 7 * 7 }}" in html
    for text in (html, markdown):
        assert "템플릿 계열별 구간" in text and "+62.5" in text and "지연 시간" not in text
        assert not re.search(r"By template family|Exact match|Failures|lower is better", text)
    assert (
        main(["report", "--run", f"a={runs[0].folder}", "--out", str(tmp_path / "cli"), "--language", "ko"])
        == 0
    )
    assert "## 요약" in texts_of(tmp_path / "cli")[1]


def test_latency_prompt_and_what_is_left_out(tmp_path: Path):
    """Times, the conversation before the utterance, slices of one value, backend errors and training rows are all told."""
    rows = [json.loads(json.dumps(one)) for one in ROWS]
    rows[2]["messages"].insert(1, {"role": "user", "content": "너무 더운데 <b>"})
    data = write_rows(tmp_path / "test.jsonl", rows)
    lines = [{"id": one["id"], "text": "", "time_s": 0.25} for one in rows[:-1]]
    write_rows(tmp_path / "run" / "predictions.jsonl", lines)
    (tmp_path / "run" / "run.json").write_text('{"backend": "openai"}', encoding="utf-8")
    (tmp_path / "run" / "errors.jsonl").write_text(
        '{"id": "item-7", "reason": "HTTP 500"}\n', encoding="utf-8"
    )
    train = write_rows(tmp_path / "train.jsonl", rows[:1])
    score_predictions(data, tmp_path / "run", tmp_path / "out", allow_missing=True, min_n=1, train=[train])
    write_report([read_scores("one", tmp_path / "out")], tmp_path / "report")
    html, markdown = texts_of(tmp_path / "report")
    for text in (html, markdown):
        assert "0.250 s" in text and "On 1 of them the backend failed" in text
        assert "Number of tools 7" in text and "Split test" in text and "touched" in text
    assert "너무 더운데 &lt;b&gt;" in html and "너무 더운데" in markdown


def test_a_merged_adapter_is_named(tmp_path: Path, runs: list[ScoredRun]):
    """Whether an adapter was merged into its base stands beside it, in the run that says so; without one there is no such line."""
    write_report(runs, tmp_path / "plain")
    assert not [text for text in texts_of(tmp_path / "plain") if "Adapter merged" in text]
    head = runs[1].summary["run"] | {"adapter_sha256": "abc", "merged": True}
    merged = replace(runs[1], summary=runs[1].summary | {"run": head})
    write_report([runs[0], merged], tmp_path / "report")
    assert re.search(r"\| Adapter merged \| – \| yes \|", texts_of(tmp_path / "report")[1])
    assert "Adapter merged" in texts_of(tmp_path / "report")[0]


def test_failures_show_the_whole_prompt(tmp_path: Path, runs: list[ScoredRun]):
    """Developer line, earlier messages and the declared tools, folded; every declaration once, and every link leads to one."""
    write_report(runs, tmp_path / "report")
    html, markdown = texts_of(tmp_path / "report")
    failures = html[html.index('id="failure-list"') : html.index('id="declarations"')]
    declarations = html[html.index('id="declarations"') :]
    assert failures.count("You are a model that can do function calling") == failures.count("data-wrong=")
    assert failures.count("7 declared tools") == failures.count("data-wrong=") == 7
    linked = set(re.findall(r'href="#(tool-\d+)"', html))
    assert linked == set(re.findall(r'<details id="(tool-\d+)"', html)) and len(linked) == len(TOOLS)
    assert declarations.count("&#34;maximum&#34;: 30") == 1
    assert "`set_temperature`, `adjust_temperature`, `set_mode`" in markdown
    old = [
        ScoredRun(run.name, run.folder, run.summary, run.rows) for run in runs
    ]  # no tools.json beside the scores
    write_report(old, tmp_path / "old")
    assert "declared tools" not in texts_of(tmp_path / "old")[0]
    (runs[0].folder / "tools.json").write_text("{", encoding="utf-8")
    with pytest.raises(DataError, match=r"tools\.json"):
        read_scores("base", runs[0].folder)


def test_robustness_stands_in_the_report(tmp_path: Path, runs: list[ScoredRun]):
    """Flip rates of twins stand in both files, with intervals by family; a folder without them is named."""
    rate = clustered_rate(np.array([1.0, 0.0, 1.0, 0.0]), np.array([1.0, 1.0, 1.0, 1.0]))
    clustered = dict.fromkeys(("base", "worst", "flips", "flipped_items"), rate.to_json())
    kind = {"kind": "typos", "n_twins": 4, "lost": 1, "gained": 0, "clustered": clustered}
    write_rows(tmp_path / "rob" / "robust.json", [{"profile": {"name": "strict"}, "kinds": [kind]}])
    write_report(runs, tmp_path / "report", robust=[tmp_path / "rob"])
    for text in texts_of(tmp_path / "report"):
        section = text[text.index("Robustness: rob") :]
        assert "typos" in section and "50.0%" in section and "15.0–85.0%" in section
        assert "fewer than 20 template families and are a rough guide: typos" in section
        assert "Nothing shows which of the runs these flips are of." in section
    with pytest.raises(DataError, match=r"robust\.json"):
        write_report(runs, tmp_path / "other", robust=[tmp_path])
    assert not (tmp_path / "other").exists()


def test_flips_name_their_run(tmp_path: Path, runs: list[ScoredRun]):
    """The table says whose flips it holds; those of a model that none of the runs is are refused."""
    for run in runs:
        run.summary["run"] = {"model": "tiny", "model_fingerprint": "m", "adapter_sha256": run.name}
    head = {"model": "tiny", "model_fingerprint": "m", "adapter": "out/a", "adapter_sha256": "adapter"}
    write_rows(tmp_path / "rob" / "robust.json", [{"run": head, "kinds": []}])
    write_report(runs, tmp_path / "report", robust=[tmp_path / "rob"])
    for text in texts_of(tmp_path / "report"):
        assert "These flips are of adapter (tiny + out/a)." in text
    with pytest.raises(
        NotComparableError, match=r"is of tiny \+ out/a, which none of the runs is \(base: tiny\)"
    ):
        write_report(runs[:1], tmp_path / "other", robust=[tmp_path / "rob"])
    assert not (tmp_path / "other").exists()
