"""Cutting the text of a policy document into its sections: articles by their numbers, else chapters and headings.

Which numbers are the articles is decided by how they divide the text. A candidate is a run 1, 2, 3 … of numbers in one
style at the starts of lines. With ``p`` the shares of its sections in the text that they cover, ``exp(-sum p ln p)``
(the exponential of Shannon's entropy, Hill's number of order 1) is the number of equally long sections that would be as
even; the score of a run is this number squared, over the number of its sections, times the share of the text that it
covers. So a table of contents, a list inside an article and footnotes lose against the articles they stand beside.
"""

from __future__ import annotations

import bisect
import itertools
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from policybook import confined
from policybook.intake import IntakeError

MOST_WORDS, MOST_CHARACTERS = 15, 40  # of a heading; characters in Chinese
MOST_LOOKED_AT = 2_000  # characters of a section in which its heading is looked for
MOST_SECTIONS = 2_000
PATTERN_SECONDS = 5


@dataclass(frozen=True)
class Section:
    """A part of a text.

    ``name`` is unique in the text and matches ``[A-Za-z][A-Za-z0-9_]*``; ``heading`` is its heading without number
    and final stop, or empty; ``text`` is all of it, number and heading included, without the marks of headings.
    """

    name: str
    heading: str
    text: str


def sections(text: str, language: str, pattern: str | None = None) -> list[Section]:
    """Cut a text into sections, in the order of the text.

    Without ``pattern``: numbered articles (``1. Heading. Text``, ``Article 1``, ``Article I``, ``1)``, ``一、``,
    ``第一条``), named ``A01``, ``A02`` …; else headings (``#`` to ``######``) of the highest level that occurs twice,
    or lines such as ``Chapter 1``, ``Pillar I`` or ``第一章``, named by word and number (``pillar_1``, ``chapter_1``)
    or by a slug of the heading; else the one section ``whole``. Articles must run from 1 without a gap: after a gap the
    rest belongs to the last one, so look at the sections before you use them. ``language`` (ISO 639-1) tells how long a
    heading may be. Articles have headings when at least half of them have one.

    ``preamble`` is what stands before the first section, if it holds a sentence. Lines before its first sentence
    (title, who issued it, date) and an agency's dateline belong to no section; nor do lines of chapters between
    articles, nor what follows a line of page furniture ("Suggest to a friend", "责任编辑") in the last section. Annexes
    and notes after the last article are sections of their own.

    ``pattern`` is a regular expression that is matched at the starts of lines; each match starts a section. Its first
    group, if it has one, gives the number (``A`` and the number become the name) or the heading.

    Raises :class:`policybook.intake.IntakeError` for an empty text, for more than 2,000 sections, for a pattern that is
    no regular expression, one that matches no line and one that takes longer than 5 seconds.
    """
    if not text.strip():
        raise IntakeError("no section found: the text is empty")
    text = text.replace("\r\n", "\n")
    if pattern is not None:
        return _named(text, _by_pattern(text, pattern), language)
    articles, score = _articles(text)
    heads, other = _headings(text)
    # A list of a few points under one of many headings is no list of articles.
    if articles and (articles[0].explicit or score >= other / 2):
        return _named(text, articles + _after(text, articles[-1]), language)
    if heads:
        return _named(text, heads, language)
    return [Section("whole", "", _without_marks(_without_furniture(text)))]


# ------------------------------------------------------------------------------------------------------- where to cut


@dataclass(frozen=True)
class _Cut:
    """A line at which a section starts: where it starts, where its number ends, and what it is called."""

    start: int
    end: int
    number: int = 0
    word: str = ""  # "A" for articles, "chapter", "pillar" …; empty: named by its heading
    heading: str | None = None  # where it is known without reading on
    explicit: bool = False  # said by a word ("Article"), not by a bare number


_CHINESE = "〇零一二三四五六七八九十百"
_NUMBER = r"(?P<number>\d{1,3}|[IVXLC]{1,8})"
_START = r"^(?P<indent>[ \t\u3000\xa0]*)(?P<mark>\#{1,6}[ ]+)?\**"
# What follows a number that is a heading: the end of the line, a colon or dash, or a word that starts a sentence.
_ENDS = r"(?:\**[ \t]*$|\**[ \t]*[.:：—–-][ \t]*|[ \t]+(?=[^\sa-z]))"
_EXPLICIT = (
    rf"(?:Article|ARTICLE|Art\.)[ \xa0]+{_NUMBER}{_ENDS}",
    rf"第(?P<number>[{_CHINESE}]+|\d{{1,3}})条(?:$|[ \t\u3000\xa0：:]+|(?=[【（]))",
)
_BARE = (
    rf"(?P<number>[{_CHINESE}]+|\d{{1,3}})、",
    r"(?P<number>\d{1,3})[.．](?!\d)(?:\**[ \t\u3000\xa0]+|\**$|(?=[A-Z\u4e00-\u9fff“《]))",
    r"(?P<number>\d{1,3})[)）](?:[ \t\u3000\xa0]+|$|(?=[\u4e00-\u9fff“《]))",
    r"(?P<number>[IVXLC]{1,8})[.．][ \t\xa0]+",
)
_WORDS = {
    **{word.lower(): rf"(?:{word}|{word.upper()})[ \xa0]+{_NUMBER}(?={_ENDS})" for word in ("Chapter", "Part")},
    **{word.lower(): rf"(?:{word}|{word.upper()})[ \xa0]+{_NUMBER}(?={_ENDS})" for word in ("Section", "Pillar")},
    "chapter_zh": rf"第(?P<number>[{_CHINESE}]+|\d{{1,3}})章(?=$|[ \t\u3000\xa0：:])",
    "part_zh": rf"第(?P<number>[{_CHINESE}]+|\d{{1,3}})(?:编|部分)(?=$|[ \t\u3000\xa0：:])",
    "section_zh": rf"第(?P<number>[{_CHINESE}]+|\d{{1,3}})节(?=$|[ \t\u3000\xa0：:])",
}
MOST_MARKS, MOST_STARTS, MOST_DEPTH = 5_000, 100, 6  # of numbers in one style; more are a table, not articles
MOST_STEPS = 100_000  # of marks times starts: with many marks fewer starts are tried


def _value(word: str) -> int:
    """Return the number that a word writes in digits, Roman or Chinese numerals."""
    if word.isdecimal():
        return int(word)
    if word[0] in "IVXLC":
        values = [{"I": 1, "V": 5, "X": 10, "L": 50, "C": 100}[letter] for letter in word]
        return sum(-value if value < after else value for value, after in zip(values, [*values[1:], 0], strict=True))
    total = digit = 0
    for letter in word:
        if letter in "十百":
            total, digit = total + (digit or 1) * (10 if letter == "十" else 100), 0
        else:
            digit = max(_CHINESE.index(letter) - 1, 0)
    return total + digit


def _runs(text: str, style: str, word: str, explicit: bool, deep: bool = False) -> Iterator[tuple[float, list[_Cut]]]:
    """Give the candidate runs 1, 2, 3 … of one style, among the lines set in (``deep``) or the others, with scores."""
    cuts = [
        _Cut(found.start(), found.end(), _value(found["number"]), word, None, explicit)
        for found in re.finditer(_START + style, text, re.MULTILINE)
        if ("\t" in found["indent"] or found["indent"].count(" ") >= 4) == deep
    ]
    numbers = [cut.number for cut in cuts]
    places: dict[int, list[int]] = {}
    for place, number in enumerate(numbers):
        places.setdefault(number, []).append(place)
    tried = set()
    starts = min(MOST_STARTS, MOST_STEPS // max(len(cuts), 1)) if len(cuts) <= MOST_MARKS else 0
    for first in places.get(1, [])[:starts]:
        for run in (_next_best(places, first), _nested(numbers, first)):
            if len(run) >= 2 and tuple(run) not in tried:
                tried.add(tuple(run))
                # A number that goes on from a skipped one may belong to a list inside: it costs a fifth.
                steps = itertools.pairwise(run)
                stolen = sum(at - 1 != last and numbers[at - 1] == numbers[at] - 1 for last, at in steps)
                chosen = [cuts[place] for place in run]
                yield _score(chosen, len(text)) * 0.8**stolen, chosen


def _next_best(places: dict[int, list[int]], first: int) -> list[int]:
    """Return the run that takes the next 2, the next 3 and so on, whatever stands between."""
    run = [first]
    while True:
        later = places.get(len(run) + 1, [])
        at = bisect.bisect(later, run[-1])
        if at == len(later):
            return run
        run.append(later[at])


def _nested(numbers: list[int], first: int) -> list[int]:
    """Return the run in which each 1 opens a list inside, that goes on as long as its numbers do."""
    run, last = [first], [1]
    for at in range(first + 1, len(numbers)):
        depth = next((level for level in reversed(range(len(last))) if last[level] + 1 == numbers[at]), None)
        if depth is not None:
            last[depth:] = [numbers[at]]
            if depth == 0:
                run.append(at)
        elif numbers[at] == 1:
            last.append(1)
            del last[1:-MOST_DEPTH]
    return run


def _evenness(cuts: list[_Cut], length: int) -> float:
    """Return the share of the sections that equally long ones would need to be as even (above 0, at most 1)."""
    ends = [*(cut.start for cut in cuts[1:]), length]
    shares = [(end - cut.start) / (length - cuts[0].start) for cut, end in zip(cuts, ends, strict=True)]
    return math.exp(-sum(share * math.log(share) for share in shares if share)) / len(cuts)


def _score(cuts: list[_Cut], length: int) -> float:
    covered = (length - cuts[0].start) / length
    return covered * _evenness(cuts, length) ** 2 * len(cuts)


def _articles(text: str) -> tuple[list[_Cut], float]:
    """Return the numbered articles of a text and the score of their run; articles in so many words go first."""
    # The limits keep out lines that happen to start with "Article 1 …" in running text, and lists in a longer text.
    said, bare = (_EXPLICIT, True, 0.25, 0.0), (_BARE, False, 0.5, 0.4)
    for (styles, explicit, least_covered, least_even), deep in itertools.product((said, bare), (False, True)):
        found = [
            (score, cuts)
            for style in styles
            for score, cuts in _runs(text, style, "A", explicit, deep)
            if len(text) - cuts[0].start >= least_covered * len(text) and _evenness(cuts, len(text)) >= least_even
        ]
        if found:
            score, cuts = max(found, key=lambda item: (item[0], -item[1][0].start))
            return cuts, score
    return [], 0.0


def _headings(text: str) -> tuple[list[_Cut], float]:
    """Return the chapters or headings of a text and the score of the division."""
    found = []
    marked = list(re.finditer(r"^(#{1,6})[ \t]+(\S.*)$", text, re.MULTILINE))
    levels = Counter(len(head[1]) for head in marked)
    level = min((level for level, times in levels.items() if times >= 2), default=0)
    if level and len(marked) <= MOST_MARKS:
        cuts = []
        for head in marked:
            # A lone higher heading is the title when it comes first, and a division of its own later.
            if len(head[1]) > level or (not cuts and len(head[1]) < level):
                continue
            word, number = _word(head[0])
            numbered = word or _AFTER.match(head[0])
            joins = cuts and not numbered and len(cuts[-1].heading or "") < MOST_LOOKED_AT
            if joins and not text[cuts[-1].end : head.start()].strip():  # "# ANNEX I", "# List of …"
                cuts[-1] = replace(cuts[-1], end=head.end(), heading=f"{cuts[-1].heading}: {_plain(head[2])}")
                continue
            cuts.append(_Cut(head.start(), head.end(), number, word, _plain(head[2])))
        if len(cuts) >= 2:
            found.append((_score(cuts, len(text)), cuts))
    found += [(score, cuts) for word, style in _WORDS.items() for score, cuts in _runs(text, style, word, True)]
    score, cuts = max(found, key=lambda item: (item[0], -item[1][0].start), default=(0.0, []))
    return cuts, score


def _word(line: str) -> tuple[str, int]:
    """Return the word and the number of a chapter line, or nothing and 0."""
    for word, style in _WORDS.items():
        if found := re.match(_START + style, line, re.MULTILINE):
            return word, _value(found["number"])
    return "", 0


_AFTER = re.compile(
    r"^(?:\#{1,6}[ ]+)?\**(?P<heading>(?:annex|appendix|schedule)(?:es|[ \xa0]+[\dA-Z]{1,5})?(?:[ \t]*[:.—–-].{0,80})?|"
    r"(?:附件|附录|附表)[一二三四五六七八九十\d]*(?:[：:、 \u3000].{0,40})?|(?<=\#[ ])notes)\**[ \t]*$",
    re.IGNORECASE | re.MULTILINE,
)


def _after(text: str, last: _Cut) -> list[_Cut]:
    """Return the annexes and notes that follow the last article."""
    found = _AFTER.finditer(text, last.end)
    return [_Cut(part.start(), part.end(), heading=_plain(part["heading"])) for part in found]


def _matches(text: str, pattern: str) -> list[tuple[int, int, str, str]]:
    """Return where a pattern matches at the starts of lines: start, end, the line and the first group.

    A pattern can take for ever, and :mod:`re` cannot be stopped: this is called in a process of its own.
    """
    try:
        compiled = re.compile(pattern, re.MULTILINE)
    except (re.error, RecursionError, OverflowError) as error:
        raise IntakeError(f"no section found: pattern {pattern!r} is no regular expression: {error}") from None
    found: list[tuple[int, int, str, str]] = []
    for line in re.finditer(r"^.*\S.*$", text, re.MULTILINE):
        match = compiled.match(text, line.start())
        if match and not (found and line.start() < found[-1][1]):
            given = (match[1] or "").strip() if compiled.groups else ""
            found.append((line.start(), match.end(), line[0], given))
            if len(found) > MOST_SECTIONS:
                break
    return found


def _by_pattern(text: str, pattern: str) -> list[_Cut]:
    try:
        found = confined.call(_matches, text, pattern, seconds=PATTERN_SECONDS, says=IntakeError)
    except confined.Broken as broken:
        raise IntakeError(f"no section found: pattern {pattern!r} {broken}: write a simpler one") from None
    cuts = []
    for start, end, line, given in found:
        if re.fullmatch(rf"\d{{1,3}}|[IVXLC]{{1,8}}|[{_CHINESE}]+", given):
            cuts.append(_Cut(start, end, _value(given), "A"))
        else:
            cuts.append(_Cut(start, end, heading=_plain(given or line)))
    if not cuts:
        raise IntakeError(f"no section found: pattern {pattern!r} matches no line of the text")
    return cuts


# ------------------------------------------------------------------------------------------------- what a section says


def _named(text: str, cuts: list[_Cut], language: str) -> list[Section]:
    if len(cuts) > MOST_SECTIONS:
        raise IntakeError(
            f"falls into more than {MOST_SECTIONS:,} sections: give a pattern that fewer lines match with --sections"
        )
    width = _width(text)
    bodies = []
    for cut, end in zip(cuts, [*(cut.start for cut in cuts[1:]), len(text)], strict=True):
        body = text[cut.start : end]
        body = _without_furniture(body) if end == len(text) else body
        bodies.append(_without_chapter_lines(body) if cut.word == "A" else body)
    read = {
        cut: _heading(body[cut.end - cut.start :], width, language, cut.end - cut.start)
        for cut, body in zip(cuts, bodies, strict=True)
        if cut.word == "A"
    }
    if 2 * sum(map(bool, read.values())) < len(read):  # then these are short first sentences
        read = dict.fromkeys(read, "")
    found = []
    opening = _opening(_without_chapter_lines(text[: cuts[0].start]), width)
    if opening:
        found.append(Section("preamble", "", opening))
    taken = {"preamble"}
    for cut, body in zip(cuts, bodies, strict=True):
        heading = read.get(cut, cut.heading)
        heading = _plain(_joined(body[:MOST_LOOKED_AT], width)[0]) if heading is None else heading
        name = base = f"A{cut.number:02d}" if cut.word == "A" else _slug(cut, heading)
        count = 1
        while name in taken:
            count += 1
            name = f"{base}_{count}"
        taken.add(name)
        found.append(Section(name, heading, _without_marks(body)))
    return found


def _slug(cut: _Cut, heading: str) -> str:
    if cut.word:
        return f"{cut.word.removesuffix('_zh')}_{cut.number}"
    letters = unicodedata.normalize("NFKD", heading).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "_", letters)[:48].strip("_")
    if not re.search("[a-z]", slug):
        return "section"
    return slug if slug[0].isalpha() else f"s_{slug}"


def _plain(line: str) -> str:
    """Return a line without the marks of headings and emphasis and without blanks around it."""
    return re.sub(r"^#{1,6}\s+|\*\*|`", "", " ".join(line.split())).strip(" *_:：")


def _without_marks(text: str) -> str:
    return re.sub(r"^#{1,6}[ \t]+", "", text, flags=re.MULTILINE).strip()


def _width(text: str) -> int:
    """Return the length at which the lines of a text are wrapped; in a text of short lines none is."""
    lengths = sorted(len(line) for line in text.splitlines() if line.strip())
    width = lengths[int(0.9 * len(lengths))]
    return width if width >= 45 else len(text)


_OPEN_END = re.compile(r"(?:[,;，、；–—-]|\b(?:an?|and|as|at|by|for|from|in|into|of|on|or|that|the|to|which|with))$")
# What ends a line of a text, and no title: a stop, or a comma ("The General Assembly,").
_SAYS = re.compile(r"[.!?。！？:：;；,，][\"”’'）)]*$")
_CLOSED_END = re.compile(r"[.!?。！？:：;；][\"”’'）)]*$")


def _joined(text: str, width: int, before: int = 0) -> list[str]:
    """Return the lines of a text, each with those that it goes on in when it is wrapped at ``width``.

    A line goes on when it does not end a sentence and the next one starts with a small letter, or it ends with a comma
    or a word such as "of", or the first word of the next line would not have had room in it. ``before`` is the
    number of characters that stand before the text in its first line.
    """
    whole: list[str] = []
    goes_on = False
    for line in [*text.strip("\n").split("\n"), ""]:
        line = line.strip()
        if goes_on and line and not line.startswith("#"):
            last = whole[-1]
            word = line.split()[0]
            used = len(last.rpartition("\n")[2]) + (before if len(whole) == 1 and "\n" not in last else 0)
            room = used + 1 + min(len(word), 20) <= width
            if not (room and not line[0].islower() and not _OPEN_END.search(last)):
                whole[-1] = f"{last}\n{line}"
                goes_on = not _CLOSED_END.search(line)
                continue
        if line:
            whole.append(line)
        goes_on = bool(line) and not _CLOSED_END.search(line)
    return whole or [""]


def _heading(rest: str, width: int, language: str, before: int) -> str:
    """Return the heading of an article from what follows its number.

    It is the first sentence when that is short, ends in a full stop and has text after it, or the first line when
    that is short and the line ends there on purpose; else empty.
    """
    lines = _joined(rest.lstrip()[:MOST_LOOKED_AT], width, before)
    line = _plain(lines[0])
    # The stop of an initial ("U.N. bodies") ends no sentence.
    sentence = re.match(r"(.+?)(?:(?<!\b[A-Z])\.(?=\s|$)|。)", line)
    follows = len(lines) > 1 or (sentence and line[sentence.end() :].strip())
    if sentence and follows and _is_short(sentence[1], language):
        return sentence[1].strip()
    if not sentence and _is_short(line, language) and not re.search(r"[,:;，：；、–—-]$", lines[0]):
        return line
    return ""


def _is_short(line: str, language: str) -> bool:
    return len(line) <= MOST_CHARACTERS if language in ("zh", "ja") else len(line.split()) <= MOST_WORDS


_DATELINE = re.compile(
    r"^\s*(?:(?:新华社|中新社|人民网|中新网|央视网)\S{0,15}?\d{1,2}月\d{1,2}日[电讯](?:（[^）]{0,30}）|\([^)]{0,30}\))?\s*|"
    r"[A-Z][A-Z .]+,\s+(?:[A-Z][a-z]+\.?\s+\d{1,2}|\d{1,2}\s+[A-Z][a-z]+)[^\n]{0,12}?\([A-Z][\w ]+\)\s*[-–—]+\s*)"
)


def _opening(text: str, width: int) -> str:
    """Return the preamble: the text before the first section from its first sentence on, or nothing."""
    lines = text.strip().split("\n")
    at = 0
    while at < len(lines):
        first = _joined("\n".join(lines[at : at + 10])[:MOST_LOOKED_AT], width)[0]
        if len(first) > 120 or (_SAYS.search(first) and not first.startswith("#")):
            break
        at += first.count("\n") + 1
        while at < len(lines) and not lines[at].strip():
            at += 1
    body = _DATELINE.sub("", "\n".join(lines[at:]).strip())
    return _without_marks(body) if re.search(r"[.!?:][\"”’')]*(?:\s|$)|[。！？：]", body) else ""


_FURNITURE = re.compile(
    r"^[ \t\u3000\xa0\[【（(|]*(?:suggest to a friend|print(?: this page)?|back to top|copyright\b.{0,60}|"
    r"share(?: this(?: page)?)?(?: (?:to|on|with)\b.{0,30})?|(?:responsible )?editors?\s*[:：].{0,60}|"
    r"related (?:news|links|articles|documents|stories)\b.{0,40}|(?:责任)?编辑\s*[:：].{0,30}|责编\s*[:：].{0,30}|"
    r"分享(?:到|至).{0,30}|相关(?:新闻|链接|阅读|稿件|报道|文档).{0,30}|扫一扫.{0,30}|扫描二维码.{0,30}|"
    r"[上下]一[篇条]\s*[:：].{0,60}|打印(?:本页)?|推荐给朋友|关闭窗口|返回顶部|版权所有.{0,60})"
    r"[ \t\u3000\xa0\]】）)|]*$",
    re.IGNORECASE | re.MULTILINE,
)


def _without_furniture(text: str) -> str:
    """Return a text up to the first line that belongs to the page and not to the document."""
    found = _FURNITURE.search(text)
    return text[: found.start()] if found and text[: found.start()].strip() else text


def _without_chapter_lines(text: str) -> str:
    """Return an article without the lines at its end that open the next chapter."""
    lines = text.rstrip().split("\n")
    while len(lines) > 1:
        places = (place for place in reversed(range(len(lines))) if lines[place].strip())
        filled = list(itertools.islice(places, 2))[::-1]
        place = next((place for place in filled if place and _word(lines[place])[0]), None)
        if place is None and filled[-1] and re.match(r"#{1,6}\s", lines[-1]):
            place = filled[-1]
        if place is None:
            break
        del lines[place:]
        while lines and not lines[-1].strip():
            lines.pop()
    return "\n".join(lines)
