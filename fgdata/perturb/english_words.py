"""The words of English perturbation: what must stay, homophones, fillers, and words that no typing error may make."""

from __future__ import annotations

import re

SENSE_WORDS = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen",
    "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty", "thirty", "forty", "fifty", "sixty",
    "seventy", "eighty", "ninety", "hundred", "thousand", "million", "half", "quarter", "double", "twice", "once", "dozen",
    "first", "second", "third", "minus", "point",
    "no", "not", "never", "without", "except", "unless", "instead", "neither", "nor", "dont", "doesnt", "didnt", "cant",
    "cannot", "couldnt", "wont", "wouldnt", "shouldnt", "isnt", "arent", "wasnt", "werent", "havent", "hasnt", "hadnt",
    "mustnt", "neednt", "aint", "cancel", "avoid", "skip", "but",
)  # fmt: skip
"""Numbers and negations, as letters without apostrophes."""

_LONGEST_FIRST = sorted(SENSE_WORDS, key=lambda word: (-len(word), word))
_BY_LETTER = {
    letter: [word[1:] for word in _LONGEST_FIRST if word[0] == letter]
    for letter in sorted({word[0] for word in SENSE_WORDS})
}
SENSE_RUN = re.compile("|".join(f"{letter}(?:{'|'.join(ends)})" for letter, ends in _BY_LETTER.items()))
"""Finds them in lower-case letters without blanks and apostrophes, inside other words, too."""
SENSE_SPAN = re.compile(rf"[0-9](?:[ .,:/]*[0-9])*|\b(?:{SENSE_RUN.pattern})\b|\b[a-z]+n['’]t\b")
"""Finds them as words of a text in lower case, and digits."""

HOMOPHONES: tuple[tuple[str, str, str], ...] = (
    ("their", "there", "sound alike"),
    ("there", "their", "sound alike"),
    ("they're", "their", "sound alike"),
    ("your", "you're", "sound alike"),
    ("you're", "your", "sound alike"),
    ("its", "it's", "sound alike"),
    ("it's", "its", "sound alike"),
    ("then", "than", "unstressed, they sound alike"),
    ("than", "then", "unstressed, they sound alike"),
    ("hear", "here", "sound alike"),
    ("here", "hear", "sound alike"),
    ("weather", "whether", "sound alike"),
    ("whether", "weather", "sound alike"),
    ("lets", "let's", "sound alike"),
    ("let's", "lets", "sound alike"),
    ("who's", "whose", "sound alike"),
    ("whose", "who's", "sound alike"),
    ("quite", "quiet", "mixed up in typing"),
    ("could have", "could of", "unstressed, they sound alike"),
    ("should have", "should of", "unstressed, they sound alike"),
    ("want to", "wanna", "as it is said"),
    ("going to", "gonna", "as it is said"),
    ("brake", "break", "sound alike"),
    ("steal", "steel", "sound alike"),
    ("wear", "where", "sound alike"),
)
"""Spelling, the spelling that sounds like it, why. Left out because one of the two is a number or an opposite: to/two/too, for/four,
won/one, ate/eight, know/no, write/right, close/lose."""

FILLERS = ("uh", "um", "er", "hmm", "please", "uh,", "um,", "like")
OPENERS = ("uh,", "um,", "hey,", "so,", "well,", "please", "hmm,", "okay,", "hi,")
SIGNS = ("?", "!", ".", "..", "...", "!!", "??", " :)", "~")

_TURNING = (
    "on off of up down in out hot cold cool heat warm high low more less lock open close start stop left right last next "
    "raise lower increase decrease light night quiet quite play pause save delete send"
)
NEVER_TYPED = frozenset(_TURNING.split())
"""Words that no typing error makes of another word: they turn a command around, or into another."""
