"""Templates: a text with slots, written in a small part of Jinja2.

    {{ room }}                      the slot's surface form
    {{ pick('bitte', room) }}       one of them
    {{ maybe('please') }}           this, or nothing
    {{ maybe('please', 0.2) }}      the same, printed in a fifth of the rows
    {{ room | josa('을/를') }}       the word with its particle (Korean packs)
    {{ '켜다' | verb('어 줘') }}      the verb with an ending
    {{ '켜다' | request }}           the verb with an ending that asks, drawn from the row's register
    {{ '켜다' | prohibit }}          the verb with an ending that forbids: 켜지 마
    {{ '24도로' | verbless }}        words that ask without a verb: 24도로 부탁해
    {{ a ~ b }}                     both, without a blank

No loops, conditions, attributes or other calls: every choice is found, and counted, from Jinja's own syntax tree when the pack
is read (`fgdata.space`). What passes that check still runs in Jinja's immutable sandbox with strict undefined: `render` is that
reference, and `fgdata check` renders every template in it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any, Literal

import jinja2
from jinja2 import nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from fgdata import english, korean
from fgdata.chance import Chance, Weighted
from fgdata.errors import FgError
from fgdata.positions import Place, Text, closest

TemplateUse = Literal["utterance", "answer", "form"]
"""Where a template stands: what a user says, what the model answers, how a number is said."""

CHOICES = ("pick", "maybe")
ASKING = ("request", "prohibit", "verbless")
"""Filters whose endings are drawn from the row's register."""
KOREAN_FILTERS = ("josa", "verb", *ASKING, "sino", "native")
ENGLISH_FILTERS = ("a", "plural", "contracted")
FILTERS: Mapping[TemplateUse, tuple[str, ...]] = {
    "utterance": ("josa", "verb", *ASKING, "lower", "upper", "capitalize", *ENGLISH_FILTERS),
    "answer": ("josa", "verb", "lower", "upper", "capitalize", *ENGLISH_FILTERS),
    "form": ("sino", "native", "abs", "josa"),
}
ARGUMENTS = {"josa": 1, "verb": 1}
"""How many literal texts a filter takes; none, where it is not named."""


class Wording:
    """What a rendering draws from: chance and, for requests, the row's register."""

    __slots__ = ("chance", "register")

    def __init__(self, chance: Chance, register: str = "") -> None:
        self.chance = chance
        self.register = register


josa_of = lru_cache(maxsize=65536)(korean.josa)
conjugated = lru_cache(maxsize=65536)(korean.conjugate)


@cache
def endings_of(register: str, lemma: str | None = None, use: str = "request") -> Weighted[str]:
    """The endings of a register for one of `ASKING`, those that suit the verb; empty where there are none."""
    if register not in korean.REGISTERS:
        return Weighted(())
    if use == "prohibit":
        return Weighted(korean.prohibition_endings(register))
    if use == "verbless":
        return Weighted(korean.verbless_endings(register))
    return Weighted(korean.request_endings(register, lemma))


def with_ending(text: str, ending: str, use: str) -> str:
    """The text with one of the endings of `endings_of`; an empty text stays empty."""
    if not text or use != "verbless":
        return conjugated(text, ending) if text else ""
    return f"{text}{'' if ending in ('', '요') else ' '}{ending}"


def _josa(word: str | int, particle: str) -> str:
    return josa_of(str(word), particle) if word != "" else ""


def _verb(lemma: str, ending: str) -> str:
    return conjugated(lemma, ending) if lemma else ""


def _asking(use: str) -> Callable[[Context, str], str]:
    @jinja2.pass_context
    def asking(context: Context, text: str) -> str:
        wording: Wording = context["_wording"]
        return (
            with_ending(text, wording.chance.weighted(endings_of(wording.register, text, use)), use)
            if text
            else ""
        )

    return asking


@jinja2.pass_context
def _pick(context: Context, *options: str) -> str:
    wording: Wording = context["_wording"]
    return wording.chance.one_of(options)


@jinja2.pass_context
def _maybe(context: Context, option: str, share: float = 0.5) -> str:
    wording: Wording = context["_wording"]
    return option if wording.chance.below(1000) < share * 1000 else ""


_FUNCTIONS = {"pick": _pick, "maybe": _maybe}


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    environment = ImmutableSandboxedEnvironment(
        undefined=jinja2.StrictUndefined, autoescape=False, cache_size=0
    )
    environment.globals = {}
    environment.tests = {}
    environment.filters = {
        "josa": _josa,
        "verb": _verb,
        **{use: _asking(use) for use in ASKING},
        "sino": korean.sino,
        "native": korean.native,
        "abs": abs,
        "lower": str.lower,
        "upper": str.upper,
        "capitalize": lambda text: text[:1].upper() + text[1:],
        "a": english.with_article,
        "plural": english.plural,
        "contracted": english.contracted,
    }
    return environment


def apply_filter(name: str, text: str, *arguments: str) -> str:
    """The text through one of the filters; `request` is `verb` with an ending that was drawn."""
    return str(_environment().filters[name](text, *arguments))


def tidied(text: str) -> str:
    """The text with runs of blanks as one, none at its ends and none before , . ? !"""
    if "  " in text or text[:1] == " " or text[-1:] == " " or not text.isprintable():
        text = " ".join(text.split())
    for sign in ",.?!":
        if sign in text:
            text = text.replace(f" {sign}", sign)
    return text


@lru_cache(maxsize=65536)
def _compiled(text: str) -> jinja2.Template:
    """A template's code, made once, when it is first rendered: reading a pack need not wait for it."""
    return _environment().from_string(text)


@dataclass(frozen=True, slots=True)
class Template:
    """A checked template."""

    source: Text
    slots: tuple[str, ...]
    """Names of the slots it may print, in the order they first stand."""
    always: frozenset[str]
    """Those of them that it prints whatever is chosen."""
    uses_request: bool
    parts: tuple[str | nodes.Expr, ...] = field(default=(), compare=False, repr=False)
    """Fixed text and expressions, in turn, as Jinja's syntax tree has them."""
    language: str = ""
    """Of its texts."""

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self.source.place

    def render(self, wording: Wording, forms: Mapping[str, Any]) -> str:
        """A text, tidied.

        Args:
            forms: a surface form for each of `slots` (for a number's form: `n` and the number).
        """
        # `shared` spares a copy: what a template may name is this much and no more.
        compiled = _compiled(self.source.text)
        context = compiled.new_context({**_FUNCTIONS, **forms, "_wording": wording}, shared=True)
        return tidied("".join(compiled.root_render_func(context)))


Complain = Callable[[Place, str, str], None]
"""Notes a problem: where, what, what to do."""


def read_template(
    source: Text,
    use: TemplateUse,
    slots: Mapping[str, Iterable[str]],
    registers: Iterable[str],
    complain: Complain,
    *,
    is_korean: bool,
    language: str = "",
) -> Template | None:
    """The template in `source`, or None if a problem was noted.

    Args:
        slots: the names it may use, each with its surface forms.
        registers: those a row of it may have; `request` is tried with each.
        is_korean: whether the filters for Korean may be used.
        language: what the template is noted to be of.
    """
    first_line = source.place.line + source.is_block
    try:
        tree = _environment().parse(source.text)
    except jinja2.TemplateSyntaxError as error:
        place = Place(source.place.file, first_line + error.lineno - 1)
        complain(
            place,
            f"broken template: {error.message}",
            "Write {{ slot }}, {{ pick(a, b) }} or {{ word | filter }}.",
        )
        return None
    except RecursionError:
        complain(source.place, "the template is nested too deep.", "Write it flatter.")
        return None
    check = _Check(
        file=source.place.file,
        first_line=first_line,
        use=use,
        slots=slots,
        registers=tuple(registers),
        complain=complain,
        filters=tuple(name for name in FILTERS[use] if is_korean or name not in KOREAN_FILTERS),
    )
    try:
        always = check.body(tree.body)
    except RecursionError:
        complain(source.place, "the template is nested too deep.", "Write it flatter.")
        return None
    if check.failed:
        return None
    parts = [
        part.data if isinstance(part, nodes.TemplateData) else part
        for statement in tree.body
        if isinstance(statement, nodes.Output)
        for part in statement.nodes
    ]
    return Template(source, tuple(check.used), frozenset(always), check.uses_request, tuple(parts), language)


@dataclass(slots=True, kw_only=True)
class _Check:
    """Walks a template's syntax tree: notes what is not allowed, and which slots are printed."""

    file: str
    first_line: int
    use: TemplateUse
    slots: Mapping[str, Iterable[str]]
    registers: tuple[str, ...]
    complain: Complain
    filters: tuple[str, ...]
    """Filters that may be used here."""
    used: dict[str, None] = field(default_factory=dict)
    uses_request: bool = False
    failed: bool = False

    def wrong(self, node: nodes.Node, what: str, remedy: str) -> None:
        self.failed = True
        self.complain(Place(self.file, self.first_line + node.lineno - 1), what, remedy)

    def body(self, statements: Iterable[nodes.Node]) -> set[str]:
        """The slots that are printed whatever is chosen."""
        always: set[str] = set()
        for statement in statements:
            if not isinstance(statement, nodes.Output):
                name = type(statement).__name__.lower()
                self.wrong(
                    statement,
                    f"a template holds no statements ({name}).",
                    "Write {{ pick(...) }} or {{ maybe(...) }}, or two templates.",
                )
                continue
            for part in statement.nodes:
                if not isinstance(part, nodes.TemplateData):
                    always |= self.expression(part)
        return always

    def expression(self, node: nodes.Expr) -> set[str]:
        """The slots that the expression prints whatever is chosen."""
        if isinstance(node, nodes.Const):
            if not isinstance(node.value, str):
                self.wrong(
                    node,
                    f"{node.value!r} is no text.",
                    "Put it in quotes, or write it outside of the braces.",
                )
            return set()
        if isinstance(node, nodes.Name):
            return self.name(node)
        if isinstance(node, nodes.Concat):
            return set().union(*(self.expression(part) for part in node.nodes))
        if isinstance(node, nodes.Filter) and node.node is not None:
            return self.filter(node, node.node)
        if isinstance(node, nodes.Call):
            return self.call(node)
        if isinstance(node, nodes.Add):
            self.wrong(node, "texts are not added with +.", "Write `a ~ b`.")
            return set()
        what = type(node).__name__.lower()
        self.wrong(
            node,
            f"a template holds no {what} expression.",
            "Slots, texts in quotes, filters, pick, maybe and ~ are all there is.",
        )
        return set()

    def name(self, node: nodes.Name) -> set[str]:
        if node.name not in self.slots:
            if node.name in CHOICES:
                self.wrong(
                    node, f"{node.name!r} is called without arguments.", f"Write {{{{ {node.name}(...) }}}}."
                )
            else:
                known = closest(node.name, self.slots)
                self.wrong(
                    node,
                    f"unknown slot {node.name!r}.",
                    f"Add `{node.name}:` under `slots` in slots.yaml, or put a text in quotes. {known}",
                )
            return set()
        self.used[node.name] = None
        return {node.name}

    def call(self, node: nodes.Call) -> set[str]:
        name = node.node.name if isinstance(node.node, nodes.Name) else ""
        if name not in CHOICES or self.use == "form":
            allowed = (
                "a number's form calls no function"
                if self.use == "form"
                else "only pick(...) and maybe(...) are called"
            )
            self.wrong(
                node,
                f"{allowed}.",
                "List another form instead."
                if self.use == "form"
                else "Use a filter: {{ word | josa('을/를') }}.",
            )
            return set()
        if node.kwargs or node.dyn_args is not None or node.dyn_kwargs is not None:
            self.wrong(
                node,
                f"{name}(...) takes texts in quotes and slots, separated by commas.",
                "Write every choice out.",
            )
            return set()
        if name == "maybe":
            return self.maybe(node)
        printed = [self.expression(argument) for argument in node.args]
        if len(node.args) < 2:
            self.wrong(
                node,
                f"pick(...) takes two or more, not {len(node.args)}.",
                "Add another choice, or take pick away.",
            )
        return set.intersection(*printed) if printed else set()

    def maybe(self, node: nodes.Call) -> set[str]:
        """Nothing is printed for sure; what may be is looked at."""
        share = node.args[1] if len(node.args) == 2 else None
        is_share = isinstance(share, nodes.Const) and isinstance(share.value, float) and 0 < share.value < 1
        if len(node.args) != 1 and not is_share:
            self.wrong(
                node,
                f"maybe(...) takes one thing, and a share between 0 and 1 if you like, not {len(node.args)} things.",
                "Write {{ maybe(pick(a, b)) }} for one of several or nothing, {{ maybe('please', 0.2) }} for a share.",
            )
        for argument in node.args[:1]:
            self.expression(argument)
        return set()

    def filter(self, node: nodes.Filter, inner: nodes.Expr) -> set[str]:
        printed = self.expression(inner)
        if node.name not in self.filters:
            where = {"utterance": "an utterance", "answer": "an answer", "form": "a number's form"}[self.use]
            self.wrong(node, f"unknown filter {node.name!r} in {where}.", closest(node.name, self.filters))
            return printed
        wanted = ARGUMENTS.get(node.name, 0)
        arguments = [
            argument.value
            for argument in node.args
            if isinstance(argument, nodes.Const) and isinstance(argument.value, str)
        ]
        if (
            len(arguments) != wanted
            or len(node.args) != wanted
            or node.kwargs
            or node.dyn_args
            or node.dyn_kwargs
        ):
            takes = "one text in quotes" if wanted else "no arguments"
            self.wrong(
                node,
                f"the filter {node.name!r} takes {takes}.",
                "Write it out: {{ word | josa('을/를') }}, {{ '켜다' | verb('어 줘') }}.",
            )
            return printed
        if node.name in ASKING:
            self.uses_request = True
            for register in self.registers:
                if not endings_of(register, None, node.name).items:
                    self.wrong(
                        node,
                        f"the register {register!r} has no endings that ask, so `request` cannot be used.",
                        "Name other `registers` for this family.",
                    )
        if node.name in ("josa", "verb", *ASKING, *ENGLISH_FILTERS) and not self.failed:
            self.try_out(node, inner, arguments)
        return printed

    def try_out(self, node: nodes.Filter, inner: nodes.Expr, arguments: list[str]) -> None:
        """Run a Korean filter over every word it can meet: what it refuses is said now, not in the middle of a run."""
        refused = []
        for word in dict.fromkeys(self.words(inner)):
            try:
                if node.name not in ASKING:
                    apply_filter(node.name, word, *arguments)
                    continue
                for register in self.registers if word else ():
                    for ending in endings_of(register, word, node.name).items:
                        with_ending(word, ending, node.name)
            except (FgError, ValueError) as error:
                refused.append(str(error))
        for reason in dict.fromkeys(refused):
            self.wrong(node, f"`{node.name}` refuses: {reason}", "")

    def words(self, node: nodes.Expr) -> Iterator[str]:
        """Every text an expression can print (of joined parts: the last one, which is what filters look at)."""
        if isinstance(node, nodes.Const):
            yield node.value
        elif isinstance(node, nodes.Name):
            yield from self.slots[node.name]
        elif isinstance(node, nodes.Call):
            for argument in node.args:
                yield from self.words(argument)
        elif isinstance(node, nodes.Concat):
            yield from self.words(node.nodes[-1])
        elif isinstance(node, nodes.Filter) and node.node is not None:
            apply = _environment().filters[node.name]
            arguments = [argument.value for argument in node.args if isinstance(argument, nodes.Const)]
            for word in self.words(node.node):
                yield from [] if node.name in ASKING else [apply(word, *arguments)]
