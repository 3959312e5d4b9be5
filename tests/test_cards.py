"""Cards: the picture that a link brings along. Legible, complete, small, the same for the same words."""

from __future__ import annotations

import re
import struct
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from policybook import cards
from policybook.cards import Card

LONG = "How it was done and what it cannot show, in every respect that a careful reader could think of and ask"
CARD = Card(
    "What the Plan says",
    "It asks.",
    "It does not oblige <anybody> & 人工智能.",
    "The report",
    "Version 1, data of today",
)


def _lines(drawing):
    """The lines of text of a drawing: text, size, x, y."""
    root = etree.fromstring(drawing.encode())
    return [
        ("".join(text.itertext()), float(text.get("font-size")), float(text.get("x")), float(text.get("y")))
        for text in root.iter("{http://www.w3.org/2000/svg}text")
    ]


def test_a_card_says_its_words_in_fonts_that_have_them():
    drawing = cards.svg(CARD)
    said = " ".join(text.strip() for text, *_ in _lines(drawing))
    assert (
        said
        == "The report What the Plan says It asks. It does not oblige <anybody> & 人工智能. Version 1, data of today"
    )
    assert re.findall(r"font-family=\"'Noto Sans SC'\">([^<]*)<", drawing) == ["人工智能"]
    assert 'font-weight="600" font-family="\'Source Sans 3\'">It asks. <' in drawing


@pytest.mark.parametrize(
    "title", ["Data", "What the Plan says, article by article", LONG, "人工智能全球治理行动计划" * 3, "x" * 200]
)
@pytest.mark.parametrize("rest", ["", "Of 212 items 39 are about the Plan.", LONG * 3, "字" * 300])
def test_no_line_leaves_the_card_or_meets_another(title, rest):
    card = Card(title, "A lead." if rest else "", rest, LONG, LONG)
    lines = _lines(cards.svg(card))
    for text, size, x, y in lines:
        weight = 700 if size in (68, 60, 52, 46) else 600  # the widest that the line may have
        assert x + cards.width(text.rstrip(), size, weight) <= cards.WIDTH - 40, text
        assert y - size > 0 and y + size * 0.3 < cards.HEIGHT
    below = sorted((y, size) for _, size, _, y in lines)
    for (above, _), (y, size) in pairwise(below):
        assert y - above >= size, "lines overlap"
    ends = [text for text, *_ in lines if text.rstrip().endswith("…")]
    assert bool(ends), "the long report is cut, and says so"


def test_no_word_of_a_title_stands_alone_where_two_lines_could_share():
    title = "What the Plan says, article by article"
    first, second = (text for text, size, *_ in _lines(cards.svg(Card(title, "", "", "R", "E"))) if size == 68)
    assert f"{first}{second}".split() == title.split() and len(second.split()) > 1


@given(st.text(max_size=200), st.text(max_size=400))
@settings(max_examples=60, deadline=None)
def test_any_words_give_a_drawing(title, rest):
    xml = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
    title, rest = xml.sub("", title), xml.sub("", rest)
    etree.fromstring(cards.svg(Card(title, "", rest, "Report", "Edition")).encode())


def test_a_card_is_a_small_png_of_the_right_size_and_the_same_each_time(tmp_path):
    first = cards.png(CARD, tmp_path / "a")
    assert first.startswith(b"\x89PNG\r\n") and struct.unpack(">II", first[16:24]) == (1200, 630)
    assert 5_000 < len(first) < 60_000
    assert cards.png(CARD, tmp_path / "b") == first
    (kept,) = (tmp_path / "a").iterdir()
    kept.write_bytes(b"kept")
    assert cards.png(CARD, tmp_path / "a") == b"kept", "what is drawn already is not drawn again"


def test_chinese_letters_have_pictures_of_their_own(tmp_path):
    """A font without the letter would give the same empty box for all."""
    one, other = (cards.png(Card(letter, "", "", "", ""), tmp_path) for letter in "普惠")
    assert one != other
