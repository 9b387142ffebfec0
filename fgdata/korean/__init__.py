"""Korean, grammatically: particles, conjugation, registers and numerals as pure functions.

No native speaker has checked the tables; they were compared with kiwipiepy and read line by line.
"""

from fgdata.korean.clauses import connective, negative
from fgdata.korean.counting import channel, clock, count, count_forms
from fgdata.korean.number_words import read_clock, read_number
from fgdata.korean.numerals import decimal, half, native, native_count, percent, sino, sino_digits
from fgdata.korean.particles import josa
from fgdata.korean.reading import final_sound
from fgdata.korean.registers import REGISTERS, prohibition_endings, request_endings, verbless_endings
from fgdata.korean.verbs import conjugate

__all__ = [
    "REGISTERS",
    "channel",
    "clock",
    "conjugate",
    "connective",
    "count",
    "count_forms",
    "decimal",
    "final_sound",
    "half",
    "josa",
    "native",
    "native_count",
    "negative",
    "percent",
    "prohibition_endings",
    "read_clock",
    "read_number",
    "request_endings",
    "sino",
    "sino_digits",
    "verbless_endings",
]
