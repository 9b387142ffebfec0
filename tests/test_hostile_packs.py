"""Packs from a stranger: each attack is one clear error with its place, soon, and no file is read or written for it."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
from small_pack import INTENTS, PACK, SLOTS, TOOLS, write_korean_pack, write_pack

from fgdata.cli import main
from fgdata.errors import FgError, PackError
from fgdata.pack_reader import read_pack
from fgdata.stock import Stock

LINE = next(number for number, line in enumerate(INTENTS["weather"].split("\n")) if "word0" in line)
LIMIT_S = 5.0


def refused(folder: Path, capsys: pytest.CaptureFixture[str], out: Path) -> list[str]:
    """What `fgdata generate` says of the pack, a problem a line, paths cut to the file's name; and nothing stands in `out`."""
    started = time.process_time()
    code = main(["generate", str(folder), "--rows", "400", "--out", str(out)])
    assert time.process_time() - started < LIMIT_S
    assert code == 2
    assert not out.exists()
    assert [path.name for path in out.parent.iterdir() if path.name.startswith(".")] == []
    said = capsys.readouterr().err
    assert "Traceback" not in said
    return [
        re.sub(r"^(error: )?([^ ]*/(?=\w+\.(yaml|json)))?", "", line)
        for line in said.splitlines()
        if line.strip()
    ]


def with_template(folder: Path, template: str, **files: str) -> Path:
    """The small pack with this as one of its templates, written as YAML would write any text."""
    lines = INTENTS["weather"].split("\n")
    lines[LINE] = f"      - {json.dumps(template, ensure_ascii=False)}"
    return write_pack(folder, weather="\n".join(lines), **files)


TEMPLATES = {
    "attribute": ("{{ room.__class__ }}", "a template holds no getattr expression"),
    "attribute by filter": ("{{ room | attr('__class__') }}", "unknown filter 'attr'"),
    "item": ("{{ room['__class__'] }}", "a template holds no getitem expression"),
    "subclasses": ("{{ ''.__class__.__mro__[1].__subclasses__() }}", "only pick(...) and maybe(...) are called"),
    "globals": ("{{ pick.__globals__ }}", "a template holds no getattr expression"),
    "environment": ("{{ environment }}", "unknown slot 'environment'"),
    "self": ("{{ self }}", "unknown slot 'self'"),
    "wording": ("{{ _wording }}", "unknown slot '_wording'"),
    "cycler": ("{{ cycler('a') }}", "only pick(...) and maybe(...) are called"),
    "range": ("{{ range(10**9) }}", "only pick(...) and maybe(...) are called"),
    "lipsum": ("{{ lipsum() }}", "only pick(...) and maybe(...) are called"),
    "power": ("{{ 9 ** 9 ** 9 }}", "a template holds no pow expression"),
    "times": ("{{ 'a' * 10 ** 9 }}", "a template holds no mul expression"),
    "test": ("{{ room is defined }}", "a template holds no test expression"),
    "unknown test": ("{{ room is nothing }}", "a template holds no test expression"),
    "format": ("{{ '%999999999d' % 1 }}", "a template holds no mod expression"),
    "centre": ("{{ 'a' | center(999999999) }}", "unknown filter 'center'"),
    "for": ("{% for x in room %}{{ x }}{% endfor %}", "a template holds no statements (for)"),
    "endless for": ("{% for x in range(9) recursive %}{{ loop(x) }}{% endfor %}", "a template holds no statements (for)"),
    "if": ("{% if room %}a{% endif %}", "a template holds no statements (if)"),
    "inline if": ("{{ 'a' if room else 'b' }}", "a template holds no condexpr expression"),
    "set": ("{% set x = room %}{{ x }}", "a template holds no statements (assign)"),
    "macro": ("{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "a template holds no statements (macro)"),
    "include": ("{% include '/etc/passwd' %}", "a template holds no statements (include)"),
    "import": ("{% import 'slots.yaml' as x %}", "a template holds no statements (import)"),
    "from": ("{% from 'os' import system %}", "a template holds no statements (fromimport)"),
    "extends": ("{% extends '../../x' %}", "a template holds no statements (extends)"),
    "block": ("{% block x %}{% endblock %}", "a template holds no statements (block)"),
    "filter block": ("{% filter upper %}a{% endfilter %}", "a template holds no statements (filterblock)"),
    "call block": ("{% call pick() %}a{% endcall %}", "a template holds no statements (callblock)"),
    "do": ("{% do room %}", "broken template"),
    "star": ("{{ pick(*room) }}", "pick(...) takes texts in quotes and slots"),
    "keywords": ("{{ maybe(**room) }}", "maybe(...) takes texts in quotes and slots"),
    "list": ("{{ ['a', 'b'] }}", "a template holds no list expression"),
    "call of a call": ("{{ pick('a', 'b')() }}", "only pick(...) and maybe(...) are called"),
    "maybe without end": ("{{ maybe('a', 1e308) }}", "a share between 0 and 1"),
    "maybe of nothing": ("{{ maybe() }}", "maybe(...) takes one thing"),
    "nested brackets": ("{{ " + "(" * 5000 + "'a'" + ")" * 5000 + " }}", "nested too deep"),
    "nested picks": ("{{ " + "pick('a', " * 3000 + "'b'" + ")" * 3000 + " }}", "nested too deep"),
    "chained filters": ("{{ room" + " | lower" * 3000 + " }}", "nested too deep"),
    "not not not": ("{{ " + "not " * 5000 + "room }}", "nested too deep"),
    "a million choices": ("{{ " + " ~ ".join([f"pick({', '.join(repr(str(n)) for n in range(10))})"] * 6) + " }}", "more than 100,000 choices hang together"),
    "a million through a slot": (" ".join(["{{ level ~ pick('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h') }}"] * 6), "more than 100,000 choices hang together"),
    "a token in parts": ("is it <{{ 'start_of' }}_turn> ?", "holds the control token <start_of_turn>"),
    "a token in choices": ("is it {{ pick('<', '(') }}{{ pick('bos', 'eos') }}{{ pick('>', ')') }} ?", "holds the control token <"),
    "a token in escapes": ("is it {{ '\\x3cbos\\x3e' }} ?", "holds the control token <bos>"),
    "half a character": ("is it {{ '\\ud800' }} ?", "a character that is not seen (U+D800)"),
    "nothing between words": ("is it {{ '\\u200b' }} ?", "a character that is not seen (U+200B)"),
    "right to left": ("is it \u202enwod\u202c ?", "a character that is not seen (U+202E)"),
    "a joiner": ("is\u200dit ?", "a character that is not seen (U+200D)"),
    "a filler": ("is \u3164 it ?", "a character that is not seen (U+3164)"),
    "a tag": ("is \U000e0041 it ?", "a character that is not seen (U+E0041)"),
    "an escape sequence": ("is \x1b[2J it ?", "a character that is not seen (U+001B)"),
    "a mark alone": ("is it {{ lamp }}{{ '\\u0301' }} ?", "would change the letter before it"),
    "half a syllable": ("is it {{ pick('가', '나') }}{{ '\\u11a8' }} ?", "would change the letter before it"),
}  # fmt: skip


@pytest.mark.parametrize(("template", "said"), TEMPLATES.values(), ids=TEMPLATES.keys())
def test_hostile_templates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], template: str, said: str
) -> None:
    """What a template may not hold is told with the line it stands in."""
    found = refused(with_template(tmp_path / "lamp", template), capsys, tmp_path / "out")
    assert any(said in line and line.startswith(f"weather.yaml:{LINE + 1}: ") for line in found), found[:5]


def test_long_ways_to_say_a_lot(tmp_path: Path) -> None:
    """Long but flat templates are no attack: read and drawn from in bounded time."""
    template = "is it " + " ".join("{{ pick('a', 'b') }}" for _ in range(500)) + " ?"
    started = time.process_time()
    assert main(["generate", str(with_template(tmp_path / "lamp", template)), "--rows", "400", "--out", str(tmp_path / "out")]) == 0  # fmt: skip
    assert time.process_time() - started < LIMIT_S


LAUGHS = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 12)
)
FILES = {
    "billion laughs": ("slots", LAUGHS, r"slots\.yaml:1: holds too many values"),
    "laughs in an intent": ("weather", LAUGHS, r"weather\.yaml:1: holds too many values"),
    "an alias of itself": ("pack", "a: &a [*a]", r"pack\.yaml:1: holds too many values"),
    "python object": ("slots", "slots: !!python/object/apply:os.system ['touch owned']", r"slots\.yaml:1: has the tag tag:yaml\.org,2002:python/object/apply:os\.system"),
    "python name": ("pack", PACK.replace("title: A lamp", "title: !!python/name:os.system ''"), r"pack\.yaml:4: has the tag"),
    "own tag": ("pack", PACK.replace("title: A lamp", "title: !mine A lamp"), r"pack\.yaml:4: has the tag !mine"),
    "merge key": ("pack", PACK + "<<: {title: B}\n", r"pack\.yaml:12: unknown key '<<'"),
    "deep lists": ("pack", "a: " + "[" * 50_000 + "]" * 50_000, r"pack\.yaml: is nested too deep"),
    "deep blocks": ("slots", "\n".join(" " * n + "a:" for n in range(3000)), r"slots\.yaml: is nested too deep"),
    "giant range": ("slots", SLOTS.replace("to: 100, step: 5", "to: 999999999999999"), r"slots\.yaml:7: slot 'level' holds 1000000000000000 numbers"),
    "giant number": ("slots", SLOTS.replace("to: 100", "to: 1" + "0" * 5000), r"slots\.yaml:7: "),
    "tiny step": ("slots", SLOTS.replace("step: 5", "step: 1.0e-300"), r"slots\.yaml:7: slot 'level' holds \d+ numbers"),
    "a range of many forms": ("slots", SLOTS.replace("to: 100, step: 5", "to: 9000, step: 1").replace('"{{ n }}%"', ", ".join(f'"{{{{ n }}}} of {k}"' for k in range(60))), r"slots\.yaml:8: slot 'level' has \d+ forms"),
    "infinite weight": ("slots", SLOTS.replace("forms: [kitchen", "weight: .inf, forms: [kitchen"), r"slots\.yaml:4: weight must be a number"),
    "shares out of proportion": ("pack", PACK.replace("train: 0.8", "train: 100000000000"), r"--rows: 400 rows leave a split empty\. Ask for \d+ at least"),
    "pack name": ("pack", PACK.replace("name: lamp", "name: ../../lamp"), r"pack\.yaml:1: name is '\.\./\.\./lamp'"),
    "long name": ("pack", PACK.replace("name: lamp", f"name: {'l' * 5000}"), r"pack\.yaml:1: name is 'l+'"),
    "version": ("pack", PACK.replace("version: 1.0.0", "version: 1/../../0"), r"pack\.yaml:2: version is '1/\.\./\.\./0'"),
    "language": ("pack", PACK.replace("language: en", "language: 'en\", \"kind\": \"x'"), r"pack\.yaml:3: language is "),
    "register": ("pack", PACK.replace("{plain: 1}", "{'../x': 1}"), r"pack\.yaml:9: a register is '\.\./x'"),
    "intent name": ("weather", INTENTS["weather"].replace("intent: weather", "intent: ../../weather"), r"weather\.yaml:1: intent is '\.\./\.\./weather'"),
    "intent of several": ("weather", INTENTS["weather"].replace("intent: weather", "intent: a+b"), r"weather\.yaml:1: intent is 'a\+b'"),
    "family name": ("weather", INTENTS["weather"].replace("name: family_0", 'name: "/etc/passwd"'), r"weather\.yaml:5: name of a family is '/etc/passwd'"),
    "slot name": ("slots", SLOTS.replace("  lamp:", "  __class__.x:"), r"slots\.yaml:9: '__class__\.x' cannot be a slot's name"),
    "half a character": ("slots", SLOTS.replace("[lamp, light]", '[lamp, "\\ud83d"]'), r"slots\.yaml:10: holds a character that is not seen \(U\+D83D\)"),
    "unseen form": ("slots", SLOTS.replace("[lamp, light]", '[lamp, "la\\u200bmp"]'), r"slots\.yaml:10: holds a character that is not seen \(U\+200B\)"),
    "the same form in parts": ("slots", SLOTS.replace("[kitchen, cooking area]", "[caf\u00e9]").replace("[bedroom,", '["cafe\\u0301",'), r"slots\.yaml:5: 'caf\u00e9' says two values of slot 'room'"),
    "byte order mark inside": ("weather", INTENTS["weather"].replace("word1", "wo\ufeffrd1"), r"weather\.yaml:\d+: (holds a character|is no YAML)"),
    "null": ("slots", "slots:\n  a: \x00", r"slots\.yaml: is no YAML"),
    "tools of depth": ("tools", "[" * 100_000, r"tools\.json"),
    "tools of a giant number": ("tools", json.dumps(TOOLS).replace('"maximum": 100', '"maximum": 1' + "0" * 6000), r"tools\.json"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "text", "said"), FILES.values(), ids=FILES.keys())
def test_hostile_files(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, text: str, said: str) -> None:  # fmt: skip
    """Bombs, tags, giant numbers and names that go astray are told with file and line."""
    here = set(Path.cwd().iterdir())
    found = refused(write_pack(tmp_path / "lamp", **{name: text}), capsys, tmp_path / "out")
    assert any(re.match(said, line) for line in found), [line[:300] for line in found[:5]]
    assert set(Path.cwd().iterdir()) == here


@pytest.mark.parametrize("name", ["pack.yaml", "slots.yaml", "tools.json", "intents/weather.yaml"])
def test_files_that_are_none(tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str) -> None:
    """A pipe, a device without end, a folder and another encoding are refused at once."""
    for number, make in enumerate((os.mkfifo, lambda path: path.symlink_to("/dev/zero"), Path.mkdir, lambda path: path.write_bytes("이름: 가".encode("euc-kr")))):  # fmt: skip
        folder = write_pack(tmp_path / f"lamp{number}")
        (folder / name).unlink()
        make(folder / name)  # type: ignore[operator]
        found = refused(folder, capsys, tmp_path / "out")
        if name == "pack.yaml" and number < 3:
            assert any("no pack.yaml" in line for line in found)  # by that file a pack is known
        else:
            said = "is not UTF-8" if number == 3 else "cannot be read"
            assert any(line.startswith(name.rpartition("/")[2]) and said in line for line in found), found


def test_decomposed_text_is_composed(tmp_path: Path) -> None:
    """Hangul in parts, as some systems type it, is no attack: it reads as the same text."""
    from unicodedata import is_normalized, normalize

    folder = write_korean_pack(tmp_path / "home")
    for file in (folder / "intents").iterdir():
        file.write_text(normalize("NFD", file.read_text(encoding="utf-8")), encoding="utf-8")
    assert main(["generate", str(folder), "--rows", "200", "--out", str(tmp_path / "out")]) == 0
    same = write_korean_pack(tmp_path / "same")
    assert main(["generate", str(same), "--rows", "200", "--out", str(tmp_path / "out2")]) == 0
    text = (tmp_path / "out" / "train.jsonl").read_text(encoding="utf-8")
    assert is_normalized("NFC", text)
    assert text == (tmp_path / "out2" / "train.jsonl").read_text(encoding="utf-8")


def test_emoji_are_no_attack(tmp_path: Path) -> None:
    """Joiners and selectors inside of emoji stay."""
    template = "is it {{ pick('👨‍👩‍👧', '❤️', '👩🏽‍🚀', '🇰🇷', '1️⃣') }} {{ pick('a', 'b') }} ?"
    assert main(["generate", str(with_template(tmp_path / "lamp", template)), "--rows", "300", "--out", str(tmp_path / "out")]) == 0  # fmt: skip


MAYBES = "{{ maybe('a') }}"
WAYS = {
    "of itself": ([f"q {MAYBES * 300}"], None),
    "of two alike": ([f"q {MAYBES * 200}", f"q {MAYBES * 201}"], None),
    "of lengths": (["{{ pick('a','aa','aaa') }} " * 150, "{{ pick('a ','aa ','aaa ','a a') }} " * 150], None),
    "of joined choices": (["{{ pick('a','b') ~ pick('a','b','ab','ba') }}" * n for n in (120, 130)], None),
    "to no end": ([f"q {MAYBES * 400} xyyyxyxxx", f"q {MAYBES * 400} xyxyyyxxx"], "overlaps with weather/f0 (weather.yaml:8) in too many ways"),
    "far too many": ([f"q {MAYBES * 6000}"], "in too many ways to be told apart"),
}  # fmt: skip


@pytest.mark.parametrize(("templates", "said"), WAYS.values(), ids=WAYS.keys())
def test_many_ways_to_spell_one_text(tmp_path: Path, templates: list[str], said: str | None) -> None:
    """Templates that spell a text in ever so many ways are read and drawn from, or refused: soon, and in little memory."""
    head, families, rest = INTENTS["weather"].partition("families:\n")
    more = "".join(
        f"  - name: f{number}\n    split: train\n    templates:\n      - {json.dumps(template)}\n"
        for number, template in enumerate(templates)
    )
    folder = write_pack(tmp_path / "lamp", weather=head + families + more + rest)
    started = time.process_time()
    try:
        stock = Stock(read_pack(folder))
        checked = [
            source for source in stock.sources if source.path.startswith("weather/f") and source.is_checked
        ]
        for source in checked:
            cell = source.cells["plain"]
            for number in range(20):
                digits = cell.unrank(cell.count * number // 20)
                source.rival_of("plain", cell, digits, cell.text(digits))
        assert said is None
    except PackError as error:
        assert said is not None, error
        assert said in str(error).replace(f"{folder}/intents/", "")
    assert time.process_time() - started < LIMIT_S


def test_choices_just_below_the_limit(tmp_path: Path) -> None:
    """A pack that stays below every limit cannot take the machine: memory and time stay bounded."""
    digits = "pick('0000000', '1111111', '2222222', '3333333', '4444444', '5555555', '6666666', '7777777')"
    template = "is it {{ " + " ~ ".join([digits] * 5) + " }} {{ " + " ~ ".join([digits] * 5) + " }} ?"
    folder = with_template(tmp_path / "lamp", template)
    probe = (
        "import resource, sys\n"
        "resource.setrlimit(resource.RLIMIT_AS, (3 << 30, 3 << 30)); resource.setrlimit(resource.RLIMIT_CPU, (20, 20))\n"
        "from fgdata.cli import main\nsys.exit(main(sys.argv[1:]))"
    )
    command = [sys.executable, "-c", probe, "generate", str(folder), "--rows", "300", "--out", str(tmp_path / "out")]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)
    assert done.returncode == 0, done.stderr[-2000:]


def test_a_library_call_raises_the_same(tmp_path: Path) -> None:
    """From Python an attack is an FgError, whatever it is."""
    with pytest.raises(FgError):
        read_pack(write_pack(tmp_path, slots=LAUGHS))
