"""Text in other scripts is found in English text, with its language."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policybook import languages, places, render


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("plain words, 95 % “quoted”", []),
        ("普惠 speaks of benefits", [("普惠", "zh-Hans")]),
        ("a set phrase, 安全可靠, of two", [("安全可靠", "zh-Hans")]),
        ("第55次《中国互联网络发展》 (report)", [("第55次《中国互联网络发展》", "zh-Hans")]),
        ("2026世界人工智能大会 and 标准", [("世界人工智能大会", "zh-Hans"), ("标准", "zh-Hans")]),
        ("外務審議官の「パックス・シリカ」出席", [("外務審議官の「パックス・シリカ」出席", "ja")]),
        ("인공지능 act", [("인공지능", "ko")]),
        ("", []),
    ],
)
def test_runs_have_their_language(text: str, marked: list[tuple[str, str]]) -> None:
    assert [piece for piece in languages.runs(text) if piece[1]] == marked


def test_the_form_of_the_script_can_be_left_open() -> None:
    assert languages.runs("x 中文", chinese="zh") == [("x ", ""), ("中文", "zh")]


@given(st.text(st.sampled_from("a <&“”1《》中普のー인 "), max_size=30))
def test_nothing_is_lost_or_left_unmarked(text: str) -> None:
    pieces = languages.runs(text)
    assert "".join(piece for piece, _ in pieces) == text
    assert all(bool(re.search("[中普のー인]", piece)) == bool(language) for piece, language in pieces)


def test_cells_of_tables_are_marked_and_escaped() -> None:
    own = places.Links("plan", ["plan"])
    assert render._piece_html({"text": "<b>普惠</b>"}, own, "") == '&lt;b&gt;<span lang="zh-Hans">普惠</span>&lt;/b&gt;'
    assert render._piece_html({"text": "中文", "lang": "zh-Hant"}, own, "") == '<span lang="zh-Hant">中文</span>'
