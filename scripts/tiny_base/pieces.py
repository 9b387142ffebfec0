"""Words made of the tokenizer's own pieces, for the second and third stage of pretraining.

The corpus of the first stage uses a part of the vocabulary. A piece that was never written in an answer cannot be copied into
one later, whatever an adapter learns: `cooling` came out as `c<unused102>ing`. From the second stage on devices, attributes and
values are made up from random pieces.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable

from scripts.tiny_base.language import Code
from scripts.tiny_base.lexicon import Choice, Thing


class Pieces:
    """The pieces of a vocabulary that words are made of."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        pieces = sorted(vocabulary)
        self._latin = [piece for piece in pieces if re.fullmatch(r"[a-z]{1,7}", piece)]
        self._hangul = [piece for piece in pieces if re.fullmatch(r"[가-힣]{1,3}", piece)]

    def word(self, rng: random.Random, code: Code) -> str:
        """A word of one to three pieces."""
        pieces = self._hangul if code == "ko" else self._latin
        return "".join(rng.choice(pieces) for _ in range(rng.choice([1, 2, 2, 3])))

    def name(self, rng: random.Random, code: Code) -> tuple[str, str]:
        """Slug and spoken name of something that does not exist; the English name is the slug."""
        slug = self.word(rng, "en")
        return slug, self.word(rng, "ko") if code == "ko" else slug

    def choice(self, rng: random.Random, code: Code) -> Choice:
        """A kind of choice with made-up values, which requests name as calls do."""
        slug, spoken = self.name(rng, code)
        script: Code = "ko" if code == "ko" and rng.random() < 0.3 else "en"
        words = dict.fromkeys(self.word(rng, script) for _ in range(6))
        return Choice(slug, (spoken,), (slug,), values=tuple(Thing(word, (word,), (word,)) for word in words))

    def described_choice(self, rng: random.Random) -> Choice:
        """A kind of choice with made-up values whose Korean names only the declaration tells."""
        slug, spoken = self.name(rng, "ko")
        slugs = dict.fromkeys(self.word(rng, "en") for _ in range(4))
        names = list(dict.fromkeys(self.word(rng, "ko") for _ in range(12)))
        values = []
        for word in slugs:
            own = tuple(names.pop() for _ in range(min(len(names), rng.choice([1, 1, 2]))))
            if own:
                values.append(Thing(word, own, (word,)))
        return Choice(slug, (spoken,), (slug,), values=tuple(values), is_described=True)
