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
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

_MARKS = {"‘": "'", "’": "'", "“": '"', "”": '"', "–": "-", "—": " - ", "\u00ad": ""}
_TOKEN = re.compile(r"[a-z]+(?:[-'][a-z]+)*")
_SENTENCE_ENDS = (".", "!", "?")
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
    text = unicodedata.normalize("NFKC", text)
    # Plain replacements, since str.translate is slow beyond ASCII; none of them makes a mark that a later one changes.
    for mark, plain in _MARKS.items():
        text = text.replace(mark, plain)
    return text


def tokens(text: str) -> list[str]:
    """Return the tokens of a text (normalised here) in order."""
    return _TOKEN.findall(normalise(text).lower())


def sentences(text: str) -> int:
    """Return the number of sentences; headings without a full stop join the next one, semicolon lists count once."""
    return count(text).sentences


def count(text: str) -> Counts:
    """Count an English text."""
    return _count_pieces(_pieces(text), len(text))


def _pieces(text: str) -> list[str]:
    """Return what stands between white space in a text, in the form in which it is counted."""
    return normalise(text).lower().split()


def _count_pieces(pieces: list[str], characters: int) -> Counts:
    """Count a text from its pieces; no token and no end of a sentence reaches across white space.

    A piece that comes again is looked into once, which is why this is several times as fast as the rule as it is said.
    """
    found: Counter[str] = Counter()
    sizes, ends = {}, set()
    for piece, times in Counter(pieces).items():
        words = [piece] if piece.isascii() and piece.isalpha() else _TOKEN.findall(piece)
        sizes[piece] = len(words)
        for word in words:
            found[word] += times
        if piece.endswith(_SENTENCE_ENDS):
            ends.add(piece)
    total = length = 0
    for piece in pieces:
        length += sizes[piece]
        if piece in ends:
            total += length >= 3
            length = 0
    return Counts(found.total(), total + (length >= 3), characters, found)


# -------------------------------------------------------------------------------------------------------------- terms


def count_terms(text: str, patterns: Mapping[str, str]) -> dict[str, int]:
    """Count matches of regular expressions (by term id) in a text, lower-cased and with white space folded.

    Raises ``ValueError`` for a pattern that is no regular expression, and names it.
    """
    return _count_matches(" ".join(_pieces(text)), _compiled(patterns))


def _compiled(patterns: Mapping[str, str]) -> dict[str, re.Pattern[str]]:
    terms = {}
    for name, pattern in patterns.items():
        try:
            terms[name] = re.compile(pattern)
        except re.error as error:
            raise ValueError(f"term {name}: {pattern!r} is no regular expression: {error}") from None
    return terms


def _count_matches(folded: str, terms: Mapping[str, re.Pattern[str]]) -> dict[str, int]:
    return {name: sum(1 for _ in term.finditer(folded)) for name, term in terms.items()}


# -------------------------------------------------------------------------------------------------------- many files


@dataclass(frozen=True)
class FileCounts:
    """What was counted in a file: the counts of its text, and the matches of each term."""

    path: Path
    counts: Counts
    terms: dict[str, int]


def count_files(paths: Iterable[str | Path], patterns: Mapping[str, str], processes: int = 1) -> Iterator[FileCounts]:
    """Count English plain-text files (UTF-8), one after the other; yields in the order of ``paths``.

    Only a few texts are held at a time, so the number of files has no limit but the patience of the reader; what is
    yielded does not depend on ``processes``. With more than one process, files are counted in processes of their own,
    which are spawned: a script needs its ``if __name__ == "__main__"``.

    Raises ``ValueError`` at once for a pattern that is no regular expression or fewer than one process, and on
    reaching a file that is not UTF-8; a file that cannot be read raises ``OSError``. Both name the file.
    """
    _compiled(patterns)
    if processes < 1:
        raise ValueError(f"{processes} processes cannot count")
    files = (Path(path) for path in paths)
    if processes == 1:
        return (_count_file(path, patterns) for path in files)
    return _count_in_pool(files, dict(patterns), processes)


def _count_file(path: Path, patterns: Mapping[str, str]) -> FileCounts:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} is not UTF-8 at byte {error.start}") from None
    pieces = _pieces(text)
    terms = _count_matches(" ".join(pieces), _compiled(patterns)) if patterns else {}
    return FileCounts(path, _count_pieces(pieces, len(text)), terms)


def _count_in_pool(files: Iterator[Path], patterns: dict[str, str], processes: int) -> Iterator[FileCounts]:
    # Not by fork: a process with threads, as a kernel is, could hang when it forks.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        # A few files ahead keep all processes at work; more would pile up results that nobody has asked for.
        waiting: deque[Future[FileCounts]] = deque(
            pool.submit(_count_file, path, patterns) for path in islice(files, 4 * processes)
        )
        try:
            while waiting:
                yield waiting.popleft().result()
                waiting.extend(pool.submit(_count_file, path, patterns) for path in islice(files, 1))
        finally:
            pool.shutdown(cancel_futures=True)


# ------------------------------------------------------------------------------------------------------------ Chinese


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


def chinese_words(text: str) -> list[str]:
    """Return the words of a Chinese text in order, as the library rjieba (jieba-rs) cuts them.

    A dictionary with word frequencies, and a hidden Markov model for words that it lacks (the method of jieba). The
    text is cut as it is counted: NFKC, without white space. What holds no Chinese character is no word.
    """
    import rjieba  # loads its dictionary, which only this function needs

    return [word for word in rjieba.cut(_chinese(text)) if _CHINESE.search(word)]


def segmenter_version() -> str:
    """Return the version of the library that cuts Chinese into words."""
    return version("rjieba")
