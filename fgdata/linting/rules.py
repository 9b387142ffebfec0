"""The rules: what is looked for, why it hurts and what to do. All texts about a rule come from this table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from fgdata.format import TRIGGER

Level = Literal["error", "warning", "note"]
LEVELS: Final[tuple[Level, ...]] = ("error", "warning", "note")
"""Gravest first. An error spoils training or a score; a warning most likely does; a note is worth knowing and may be meant."""

SIMILARITY: Final = 0.85
"""Share of character trigrams (Jaccard) from which two texts are near duplicates."""
LEAST_SIMILAR: Final = 0.5
"""The least that may be asked for: below it texts are hardly near, and the search slows down."""
CONTAMINATED: Final = 0.05
"""Share of a file's rows, found in a larger file too, above which its scores measure memory."""
FEWEST_ROWS: Final = 20
"""Rows below which a file's shares are not spoken of."""
SEVERAL: Final = 0.01
"""Share of calling rows with several calls, below which it is said."""
FEWEST_CALLS: Final = 100
"""Calling rows below which that share is not spoken of."""
RARE_SCRIPT: Final = 0.1
"""Share of a parameter's values in another script than Latin up to which they are taken for slips."""
FEWEST_VALUES: Final = 10
"""Values of a parameter below which its script is not judged."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is looked for."""

    id: str
    level: Level
    what: str
    """What breaks it."""
    why: str
    """Why it hurts."""
    remedy: str
    """What to do."""


RULES: Final[dict[str, Rule]] = {
    rule.id: rule
    for rule in (
        # Rows
        Rule("broken-line", "error", "A line that is no row, or a file without any.", "A row that does not read is lost, or stops the training run.", "Write one JSON object a line, in one of the layouts of docs/layouts.md."),
        Rule("broken-tools", "error", "Declared tools that are no tools: no name, a name twice, no JSON Schema.", "The model reads a declaration that no call can fit.", "Correct the row's `tools`."),
        Rule("missing-developer-line", "error", "No developer message, or one without the trigger sentence.", "Without the trigger sentence the model does not know that functions follow.", f"Begin with a developer message that holds: {TRIGGER}"),
        Rule("missing-user-message", "error", "No user message with a text.", "There is nothing to answer.", "Add the user's message."),
        Rule("control-token", "error", "A control token in a message that is not the assistant's.", "A mark of the format inside a text ends turns and calls where none ends.", "Take it out of the text."),
        Rule("unwritable", "error", "A conversation that the format cannot express: order of messages, text behind a call, a control token in an argument.", "Training refuses the row.", "Correct the row; `fgdata show FILE --id ID` says the same."),
        Rule("no-answer", "warning", "A benchmark's row that says whether a call is due, and no answer.", "It can test a model; training refuses it.", "Keep it out of training files, or give it an answer."),
        Rule("too-long", "error", "More tokens than `--max-length`; looked for only if it is given.", "What is cut off is the answer, or the declarations that it needs.", "Raise the length, or declare fewer tools in the row."),
        Rule("duplicate-id", "error", "One id in two rows of a file.", "Predictions are matched to rows by id.", "Give every row of a file its own id."),
        # Calls
        Rule("unparsable-call", "error", "A call that does not read.", "The model learns to write what no parser reads.", "Write calls as <start_function_call>call:NAME{...}<end_function_call>, or as `tool_calls`."),
        Rule("unknown-tool", "error", "A call of a tool that the row does not declare.", "The model learns to make names up.", "Declare the tool, or correct the name."),
        Rule("off-enum", "error", "A value that is not among those the schema lists.", "The model learns a value that the device refuses.", "Use one of the listed values, or list this one."),
        Rule("untranslated-value", "error", "A value in another script than the schema's listed values: 거실 where they are living_room, kitchen.", "The device wants its own word, and the model learns to copy the user's.", "Write the listed value that is meant."),
        Rule("out-of-range", "error", "A value beyond the schema's limits: minimum, maximum, length, pattern.", "The model learns a value that the device refuses.", "Correct the value, or the limits."),
        Rule("wrong-type", "error", "A value of another type than the schema states; 1 is not 1.0 and not \"1\".", "The model writes a text where the device wants a number, or the other way round.", "Give the value the type that the schema states."),
        Rule("missing-argument", "error", "A required argument is not there.", "The model learns to leave out what the device needs.", "Add the argument; where the user does not give it, the right answer is to ask."),
        Rule("unknown-argument", "error", "An argument that the tool does not have.", "The model learns to make arguments up.", "Correct its name, or add the parameter to the schema."),
        Rule("off-schema-call", "error", "A call that breaks its tool's schema in another way.", "The model learns calls that the device refuses.", "Correct the call, or the tool's schema."),
        Rule("phantom-null", "error", "An argument, a parameter or a word of its schema is null: what Arrow makes of keys that only other rows have.", "The model reads parameters that do not exist, and learns to write `name:None`.", "Drop the nulls; keep `messages` and `tools` as JSON text in Arrow and Parquet files."),
        Rule("mixed-values", "error", "Numbers and booleans bare in some answers, inside <escape> in others.", "The model's guesses split between two spellings of one value.", "Write all bare (native), or all inside <escape>."),
        Rule("odd-script", "warning", f"A few values of a parameter (at most {RARE_SCRIPT:.0%}, of {FEWEST_VALUES} or more) in another script than Latin, the rest in Latin.", "A value was most likely left in the user's language.", "Write the value as the other rows do; if it is a name or a text that may be anything, leave it."),
        # Sets
        Rule("conflicting-labels", "error", "One utterance, Unicode form, case and blanks apart, with two answers under the same declared tools.", "It cannot be learnt; each copy undoes the other.", "Keep one answer, or make the texts differ."),
        Rule("duplicate", "error", "The same text with the same answer again in a file.", "The text counts more often than others, and memory passes for skill.", "Keep one of the rows."),
        Rule("split-leak", "error", "The same text in two files.", "What was trained on is tested on: the score is too good.", "Keep the text in one file; put whole template families into one split."),
        Rule("near-leak", "error", f"Two files hold texts that share {SIMILARITY:.0%} of their character trigrams (`--near`).", "A letter apart is not unseen: the score is too good.", "Keep both in one file."),
        Rule("family-leak", "error", "One `family` in two files.", "Its rows differ in their slots only: the test asks for what was trained.", "Put whole families into one split."),
        Rule("contaminated-split", "error", f"More than {CONTAMINATED:.0%} of a file's rows (of {FEWEST_ROWS} or more) share their text or stem with a larger file.", "The file's score measures memory.", "Split by template families or by authors, not by rows."),
        Rule("stem-leak", "warning", "Two files hold texts that differ in particles, endings, politeness, punctuation and numbers only.", "Another ending is not another request: the score is a little too good.", "Keep both in one file."),
        Rule("near-duplicate", "note", f"Texts of one file share {SIMILARITY:.0%} of their character trigrams (`--near`).", "Rows that differ by a letter teach little.", "Vary the wording; numbers that differ on purpose are fine."),
        Rule("no-no-call-rows", "note", "Every answer is a call.", "A model that only ever saw calls, calls something whatever is said.", "Add rows whose right answer is no call, about a tenth."),
        Rule("few-several-calls", "note", f"Fewer than {SEVERAL:.0%} of the calling rows (of {FEWEST_CALLS} or more) make several calls.", "A model that never saw two calls in one answer stops after the first.", "If users ask for two things at once, add rows that do."),
        Rule("escaped-values", "note", "Every number and boolean stands inside <escape>.", "The model itself writes numbers bare: training has to undo what it knows, and scorers that read one spelling misjudge it.", "Write them bare, as the official template does."),
        Rule("glued-ending", "note", "A polite ending stuck onto a finished sentence: 켜줘요요, 덥다요.", "Nobody talks like that: the rows teach forms that no user sends.", "Conjugate instead of appending; `fgdata.korean` does."),
        Rule("unchecked-calls", "note", "Calls of rows whose tools are not known.", "They cannot be checked against a schema.", "Name the tools with --tools FILE or --pack NAME."),
    )
}  # fmt: skip
"""By id, in the order they are told."""


def rules_text() -> str:
    """The rules for a terminal: a line for each, with its level."""
    return "\n".join(f"{rule.id:<24}{rule.level:<9}{rule.what}" for rule in RULES.values())


def rules_markdown() -> str:
    """The rules as a page's section: what breaks each, why it hurts, what to do."""
    return "\n\n".join(
        f"### {rule.id}\n\n*{rule.level}* · {rule.what} {rule.why}\n\n**What to do.** {rule.remedy}".replace(
            "<", "\\<"
        )
        for rule in RULES.values()
    )
