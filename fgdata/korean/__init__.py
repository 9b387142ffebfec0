"""Korean, grammatically: particles, conjugation, registers and numerals as pure functions.

No native speaker has checked the tables; they were compared with kiwipiepy and read line by line.
"""

from fgdata.korean.numerals import decimal, half, native, native_count, percent, sino, sino_digits
from fgdata.korean.particles import josa
from fgdata.korean.reading import final_sound
from fgdata.korean.registers import REGISTERS, request_endings
from fgdata.korean.verbs import conjugate

__all__ = [
    "REGISTERS",
    "conjugate",
    "decimal",
    "final_sound",
    "half",
    "josa",
    "native",
    "native_count",
    "percent",
    "request_endings",
    "sino",
    "sino_digits",
]
