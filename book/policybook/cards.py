"""The picture that a link to a page brings along (``og:image``): title, what was found, report and date, as a PNG.

Set with the committed fonts, in the size that the networks ask for; the same words give the same bytes.
"""

from __future__ import annotations

import hashlib
import html
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import oxipng
import vl_convert
from fontTools.ttLib import TTFont

from policybook import languages, paths
from policybook.charts import INK, MUTED, PAPER, RULE
from policybook.paths import keep
from policybook.stills import prepare_fonts

WIDTH, HEIGHT = 1200, 630
# Counts up when cards are drawn in another way.
EDITION = 1
ACCENT = "#1f5793"
_LEFT, _RIGHT = 80, 1120
_ROOM = _RIGHT - _LEFT
# What stands in no Latin font is set in the Chinese one, a full square a letter.
_LATIN, _CHINESE = "'Source Sans 3'", "'Noto Sans SC'"
_FILES = {400: "SourceSans3-Regular.ttf", 600: "SourceSans3-Semibold.ttf", 700: "SourceSans3-Bold.ttf"}
# The mark of the site, as in favicon.svg, without its ground.
_MARK = "M7 24V15h4v9zM14 24V8h4v16zM21 24V12h4v12z"


@dataclass(frozen=True)
class Card:
    """The words of a card: title of the page, what it says (``lead`` in bold, ``rest``), the report and its edition."""

    title: str
    lead: str
    rest: str
    report: str
    edition: str


# A piece that is not broken: a word with the blank after it, or a Chinese letter; and its weight.
Piece = tuple[str, int]


@cache
def _advances(weight: int) -> tuple[dict[int, str], dict[str, tuple[int, int]], int]:
    font = TTFont(paths.FONTS / _FILES[weight], lazy=True)
    return font.getBestCmap(), dict(font["hmtx"].metrics), font["head"].unitsPerEm


def width(text: str, size: float, weight: int = 400) -> float:
    """Return how wide a line of text is in pixels, by the widths that its letters have in the font (no kerning)."""
    letters, advances, em = _advances(weight)
    return sum(advances[letters[ord(one)]][0] / em if ord(one) in letters else 1.0 for one in text) * size


def pieces(text: str, weight: int) -> list[Piece]:
    """Return the pieces of a text between which a line may break, each with this weight."""
    found = []
    for word in text.split():
        run = [piece for part, language in languages.runs(word) for piece in (part if language else [part])]
        found += [(piece, weight) for piece in [*run[:-1], f"{run[-1]} "]]
    return found


def lines(text: list[Piece], size: float, most: int, room: float = _ROOM) -> tuple[list[list[Piece]], bool]:
    """Break a text into at most ``most`` lines of ``room`` pixels; return these, and whether all of it has its place.

    What is left out is replaced by an ellipsis.
    """
    broken: list[list[Piece]] = [[]]
    for piece in text:
        if broken[-1] and _long([*broken[-1], piece], size) > room:
            if len(broken) == most:
                return _cut(broken, size, room), False
            broken.append([])
        broken[-1].append(piece)
        if _long(broken[-1], size) > room:  # one word wider than the card
            return _cut(broken, size, room), False
    return broken, True


def balanced(text: list[Piece], size: float, broken: list[list[Piece]], room: float = _ROOM) -> list[list[Piece]]:
    """Break a text into as many lines as it is broken into, of much the same length: no word stands alone."""
    best = broken
    while len(best) > 1 and (room := room - 10) > 0:
        narrower, whole = lines(text, size, len(best), room)
        if not whole:
            break
        best = narrower
    return best


def _long(line: list[Piece], size: float) -> float:
    last = len(line) - 1
    return sum(width(text.rstrip() if at == last else text, size, weight) for at, (text, weight) in enumerate(line))


def _cut(broken: list[list[Piece]], size: float, room: float) -> list[list[Piece]]:
    """Let the last line end in an ellipsis, after as many pieces, or letters of a single one, as have room."""
    line = list(broken[-1])
    while line:
        text, weight = line.pop()
        ended = (text.rstrip(" ,;:.–—-") + "…", weight)
        if _long([*line, ended], size) <= room:
            return [*broken[:-1], [*line, ended]]
        if not line and len(text) > 1:
            line = [(text[:-1], weight)]
    return broken[:-1]


def svg(card: Card) -> str:
    """Return a card as SVG."""
    for size in (68, 60, 52, 46):
        words = pieces(card.title, 700)
        title, whole = lines(words, size, 2 if size > 52 else 3)
        if whole:
            title = balanced(words, size, title)
            break
    body = [*pieces(card.lead, 600), *pieces(card.rest, 400)]
    top = 150 + size * 0.9
    under = top + (len(title) - 1) * size * 1.12 + 56
    room = HEIGHT - 118 - (under + 30)
    for small in (48, 44, 40, 36, 32, 29):
        text, whole = lines(body, small, max(1, int(room // (small * 1.32))))
        if whole:
            break
    drawn = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{HEIGHT}" viewBox="0 0 {WIDTH} {HEIGHT}">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="{PAPER}"/>',
        f'<rect width="24" height="{HEIGHT}" fill="{ACCENT}"/>',
        f'<g transform="translate({_LEFT} 58) scale(1.625)"><rect width="32" height="32" rx="6" fill="{ACCENT}"/>',
        f'<path d="{_MARK}" fill="{PAPER}"/></g>',
        _line(_fit(card.report, 30, 600, _ROOM - 72), _LEFT + 72, 95, 30, MUTED),
        *(_line(line, _LEFT, top + at * size * 1.12, size, INK) for at, line in enumerate(title)),
    ]
    if text and text[0]:
        drawn.append(f'<rect x="{_LEFT}" y="{under - 14:.1f}" width="96" height="6" fill="{ACCENT}"/>')
        start = under + 30 + small * 0.72
        drawn += [_line(line, _LEFT, start + at * small * 1.32, small, INK) for at, line in enumerate(text)]
    drawn += [
        f'<rect x="{_LEFT}" y="{HEIGHT - 92}" width="{_ROOM}" height="2" fill="{RULE}"/>',
        _line(_fit(card.edition, 26, 400, _ROOM), _LEFT, HEIGHT - 48, 26, MUTED),
    ]
    return "".join(drawn) + "</svg>\n"


def _fit(text: str, size: float, weight: int, room: float) -> list[Piece]:
    return lines(pieces(text, weight), size, 1, room)[0][0]


def _line(line: list[Piece], x: float, y: float, size: float, colour: str) -> str:
    """Return a line as SVG text: one span for each run of one weight and script."""
    spans: list[tuple[str, int, bool]] = []
    for text, weight in line:
        for piece, language in languages.runs(text):
            if spans and spans[-1][1:] == (weight, bool(language)):
                spans[-1] = (spans[-1][0] + piece, *spans[-1][1:])
            else:
                spans.append((piece, weight, bool(language)))
    said = "".join(
        f'<tspan font-weight="{(700 if weight > 400 else 400) if chinese else weight}"'
        f' font-family="{_CHINESE if chinese else _LATIN}">{html.escape(piece)}</tspan>'
        for piece, weight, chinese in spans
    )
    return f'<text x="{x}" y="{y:.1f}" font-size="{size}" fill="{colour}" xml:space="preserve">{said}</text>'


def cover(title: str, subtitle: str, authors: str, edition: str) -> str:
    """Return the cover of a book as SVG, 1600 by 2400 pixels; readers of EPUB show it small on a shelf: large type."""
    left, room, size = 150, 1300, 132
    words = pieces(title, 700)
    broken, whole = lines(words, size, 6, room)
    while not whole and size > 60:
        size -= 12
        broken, whole = lines(words, size, 6, room)
    broken = balanced(words, size, broken, room) if whole else broken
    under = lines(pieces(subtitle, 400), 72, 3, room)[0] if subtitle else []
    drawn = [
        '<svg xmlns="http://www.w3.org/2000/svg" width="1600" height="2400" viewBox="0 0 1600 2400">',
        f'<rect width="1600" height="2400" fill="{PAPER}"/><rect width="48" height="2400" fill="{ACCENT}"/>',
        f'<g transform="translate({left} 180) scale(4)"><rect width="32" height="32" rx="6" fill="{ACCENT}"/>',
        f'<path d="{_MARK}" fill="{PAPER}"/></g>',
        f'<rect x="{left}" y="560" width="220" height="14" fill="{ACCENT}"/>',
    ]
    top = 720.0
    for part, height, colour, space in ((broken, size, INK, 1.14), (under, 72, MUTED, 1.3)):
        for line in part:
            drawn.append(_line(line, left, top, height, colour))
            top += height * space
        top += 40
    drawn.append(f'<rect x="{left}" y="2080" width="{room}" height="3" fill="{RULE}"/>')
    for text, below in ((authors, 2170), (edition, 2250)):
        drawn.append(_line(lines(pieces(text, 400), 52, 1, room)[0][0], left, below, 52, MUTED) if text else "")
    return "".join(drawn) + "</svg>\n"


def png(card: Card | str, folder: Path) -> bytes:
    """Return a card, or another drawing (SVG), as PNG, kept in ``folder`` by its content."""
    drawing = card if isinstance(card, str) else svg(card)
    key = hashlib.sha256(f"{vl_convert.__version__} {EDITION} {drawing}".encode()).hexdigest()[:24]
    kept = folder / f"card-{key}.png"
    if not kept.is_file():
        prepare_fonts()
        keep(kept, oxipng.optimize_from_memory(vl_convert.svg_to_png(drawing, scale=1), level=1))
    return kept.read_bytes()
