"""Counting texts: tokens, sentences, terms and Chinese characters, by the rule with which the tables were made.

The rule: Unicode NFKC, straight quotes, an en dash becomes a hyphen and an em dash a spaced hyphen, soft hyphens go.
A token is a run of a-z in the lower-cased text, with inner hyphens and apostrophes (``open-source``, ``america's``);
digits are no tokens; there is no stemming and no stop list. A sentence is a piece that ends in ``.``, ``!`` or ``?``
before white space, or at the end of the text, and holds at least three tokens. Terms are regular expressions over the
lower-cased text with white space folded. Chinese is counted without white space, by plain substrings, per character of
U+4E00 to U+9FFF.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

_QUOTES = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": " - ", "\u00ad": None})
_TOKEN = re.compile(r"[a-z]+(?:[-'][a-z]+)*")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+")
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True)
class Counts:
    """What is kept of a text: words, sentences, characters (as read), and how often each token occurs."""

    words: int
    sentences: int
    characters: int
    tokens: Counter[str]

    @property
    def distinct_tokens(self) -> int:
        """The number of different tokens."""
        return len(self.tokens)


def normalise(text: str) -> str:
    """Return a text in the form in which it is counted."""
    return unicodedata.normalize("NFKC", text).translate(_QUOTES)


def tokens(text: str) -> list[str]:
    """Return the tokens of a text (normalised here) in order."""
    return _TOKEN.findall(normalise(text).lower())


def sentences(text: str) -> int:
    """Return the number of sentences; headings without a full stop join the next one, semicolon lists count once."""
    pieces = _SENTENCE_END.split(normalise(text).lower())
    return sum(len(_TOKEN.findall(piece)) >= 3 for piece in pieces)


def count(text: str) -> Counts:
    """Count an English text."""
    found = Counter(tokens(text))
    return Counts(found.total(), sentences(text), len(text), found)


def count_terms(text: str, patterns: Mapping[str, str]) -> dict[str, int]:
    """Count matches of regular expressions (by term id) in a text, lower-cased and with white space folded.

    Raises ``ValueError`` for a pattern that is no regular expression, and names it.
    """
    folded = " ".join(normalise(text).lower().split())
    counts = {}
    for term, pattern in patterns.items():
        try:
            counts[term] = sum(1 for _ in re.finditer(pattern, folded))
        except re.error as error:
            raise ValueError(f"term {term}: {pattern!r} is no regular expression: {error}") from None
    return counts


def _chinese(text: str) -> str:
    # NFKC also turns the Kangxi radicals, which some PDFs hold in their stead, into characters.
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text))


def chinese_characters(text: str) -> int:
    """Return the number of Chinese characters, the base of rates for Chinese texts."""
    return len(_CHINESE.findall(_chinese(text)))


def count_chinese_terms(text: str, terms: list[str]) -> dict[str, int]:
    """Count terms in a Chinese text, as plain substrings that do not overlap themselves."""
    squeezed = _chinese(text)
    return {term: squeezed.count(term) for term in terms}
