"""Charts and tables: what leaves a notebook, and what becomes of it in the page."""

from __future__ import annotations

import csv
import io
import itertools
import json

import altair as alt
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from policybook import charts, figures, render, tables
from policybook.stills import Stills, chart_data


@pytest.fixture
def shown(monkeypatch):
    """What charts and tables display, in order."""
    bundles = []
    for module in (charts, tables):
        monkeypatch.setattr(module, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


@pytest.fixture
def stills(tmp_path):
    """A folder of stills of its own."""
    return Stills(tmp_path)


FRAME = pd.DataFrame({"name": ["=SUM(A1)", "人工智能", "<b>bold</b>"], "n": [3, 1, 2]})


def _chart():
    return charts.titled(alt.Chart(FRAME).mark_bar().encode(x="n:Q", y="name:N"), "Finding 全球", "Things, number")


def _show(**change):
    said = {"name": "fig-x", "caption": "Caption.", "alt": "Bars of things. The first is longest."}
    charts.show(_chart(), **(said | change))


def test_a_notebook_gives_the_specification_and_nothing_else(shown):
    _show(sources=["ansi_2025_plan", None])
    (bundle,) = shown
    assert set(bundle) == {charts.MIME_V6, charts.MIME_V5, "text/plain"}
    assert bundle["text/plain"] == "Bars of things. The first is longest."
    assert bundle[charts.MIME_V5]["$schema"].endswith("/v5.json")
    # JupyterLab does not repaint the ink on its dark page.
    assert bundle[charts.MIME_V5]["background"] == charts.PAPER and "background" not in bundle[charts.MIME_V6]
    about = bundle[charts.MIME_V6]["usermeta"]["policybook"]
    assert about["sources"] == "Source: {cite:t}`ansi_2025_plan` [standards body · en · read]{.pb-source}."
    assert about["name"] == "fig-x"
    json.dumps(bundle, allow_nan=False)


def test_text_of_two_scripts_is_as_wide_as_its_parts(shown, stills):
    """Whatever font the machine would take for the letters that the first one lacks."""

    def width(text):
        bare = alt.Chart(pd.DataFrame({"t": [text]})).mark_text(fontSize=40).encode(text="t:N")
        spec = bare.properties(width=1, height=20).to_dict()
        still = stills.svg(render.specification(spec))
        return float(etree.fromstring(still.encode()).get("width")) - 10  # the padding

    latin, chinese = width("developing countries"), width("发展中国家发展中国家")
    assert chinese == pytest.approx(10 * 40, abs=4)
    assert width("developing countries发展中国家发展中国家") == pytest.approx(latin + chinese, abs=4)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"name": "x"}, "figure name 'x'"),
        ({"name": 'fig-"x'}, "figure name"),
        ({"caption": " "}, "caption is empty"),
        ({"alt": "One sentence."}, "two sentences"),
        ({"sources": ["nobody"]}, "unknown source: nobody"),
    ],
)
def test_a_figure_without_its_parts_is_refused(shown, change, said):
    with pytest.raises(ValueError, match=said):
        _show(**change)
    assert not shown


def test_the_still_has_title_and_chinese_and_is_the_same_every_time(shown, stills):
    _show()
    spec = json.dumps(shown[0][charts.MIME_V6], sort_keys=True)
    first = stills.svg(spec)
    text = "".join(etree.fromstring(first.encode()).itertext())
    assert "Finding 全球" in text and "人工智能" in text
    for path in [*stills.folder.glob("*.svg"), *stills.folder.glob("*.png")]:
        path.unlink()
    assert stills.svg(spec) == first
    assert stills.png(spec).startswith(b"\x89PNG")


def test_text_is_measured_in_the_font_it_is_drawn_in(shown, stills):
    """The same words take less room in a narrow font; a font that is not found would be replaced by a wide one."""
    bare = alt.Chart(pd.DataFrame({"t": ["Institutions named by the Plan and its neighbours"]})).mark_text(
        fontSize=16, align="left"
    )
    spec = bare.encode(text="t:N").properties(width=1, height=20).to_dict()
    assert "Source Sans 3" in spec["config"]["font"]
    still = stills.svg(json.dumps(spec))
    # 331 px by the advance widths of the font in a browser, and the padding of 5 px on both sides.
    assert float(etree.fromstring(still.encode()).get("width")) == pytest.approx(341, abs=6)
    assert "Source Sans 3" in still and "Drawn" not in still


def test_chinese_is_drawn_with_a_font_that_has_it(shown, stills):
    """Two characters without glyphs would be two equal boxes."""
    pictures = []
    for word in ("全", "球"):
        bare = alt.Chart(pd.DataFrame({"t": [word]})).mark_text(fontSize=40).encode(text="t:N").properties(width=80)
        pictures.append(stills.png(json.dumps(bare.to_dict())))
    assert pictures[0] != pictures[1]


def test_the_data_behind_a_chart_is_safe_in_a_spreadsheet(shown):
    _show()
    rows = list(csv.reader(io.StringIO(chart_data(shown[0][charts.MIME_V6]))))
    assert rows == [["name", "n"], ["'=SUM(A1)", "3"], ["人工智能", "1"], ["<b>bold</b>", "2"]]


@given(st.text(alphabet="ab -é全", max_size=300), st.integers(5, 90))
def test_titles_are_broken_into_few_even_lines(text, width):
    lines = charts._wrap(text, width)
    assert " ".join(" ".join(lines).split()) == " ".join(text.split())
    longest = max(map(len, text.split()), default=1)
    assert all(len(line) <= max(width, longest) for line in lines)


def test_a_title_leaves_no_word_alone_on_its_last_line():
    assert charts._wrap("Of the first quarter most are in support, of the last a quarter", 60) == [
        "Of the first quarter most are in",
        "support, of the last a quarter",
    ]
    assert charts._wrap("", 60) == [""]


def test_ids_of_two_stills_in_one_page_differ():
    still = '<svg><clipPath id="clip0"/><g clip-path="url(#clip0)"/></svg>'
    one, two = render._own_ids(still, "fig-a"), render._own_ids(still, "fig-b")
    assert 'id="fig-a-clip0"' in one and "url(#fig-a-clip0)" in one
    assert 'id="fig-b-clip0"' in two


def test_a_table_is_escaped_and_keeps_bad_links_out(shown):
    frame = pd.DataFrame({"a": ["<script>x</script>", "ok"], "b": ["javascript:alert(1)", "https://iso.org"]})
    tables.show(
        frame,
        name="tbl-x",
        caption="A <table>",
        columns={"a": "A & B", "b": "Link"},
        formats={"b": lambda url: tables.Text("there", href=url)},
    )
    page = shown[0]["text/html"]
    assert "<script" not in page and "&lt;script&gt;" in page and "A &amp; B" in page
    assert "javascript" not in page and 'href="https://iso.org"' in page


def test_values_of_a_table_are_written_plainly(shown):
    frame = pd.DataFrame(
        {
            "date": pd.to_datetime(["2025-07-26", None]),
            "n": pd.array([12345, None], dtype="Int64"),
            "share": [0.123456, float("nan")],
            "tags": [("a", "b"), ()],
            "yes": pd.array([True, None], dtype="boolean"),
        }
    )
    tables.show(frame, name="tbl-x", caption="Values")
    cells = [[piece[0]["text"] for piece in row] for row in shown[0][tables.MIME]["rows"]]
    assert cells == [["2025-07-26", "12,345", "0.1235", "a; b", "yes"], ["–"] * 5]
    assert shown[0][tables.MIME]["kinds"] == ["date", "num", "num", "", ""]


def test_a_table_with_unknown_columns_is_refused(shown):
    with pytest.raises(ValueError, match="no such column: nothing"):
        tables.show(FRAME, name="tbl-x", caption="X", columns={"nothing": "Nothing"})
    with pytest.raises(ValueError, match="table name"):
        tables.show(FRAME, name="x", caption="X")


def test_a_table_says_what_a_reader_can_choose(shown):
    frame = pd.DataFrame({"a": ["x", "y"], "tags": [("b_one", "c"), ()]})
    tables.show(frame, name="tbl-x", caption="X", columns={"a": "A"}, filters={"tags": "Tag", "a": "Letter"})
    assert shown[0][tables.MIME]["filters"] == [
        {"label": "Tag", "values": [["b one", "c"], []]},
        {"label": "Letter", "values": [["x"], ["y"]]},
    ]
    with pytest.raises(ValueError, match="no such column: nothing"):
        tables.show(frame, name="tbl-x", caption="X", filters={"nothing": "Nothing"})


def test_long_tables_can_be_searched(shown):
    tables.show(pd.DataFrame({"a": range(16)}), name="tbl-a", caption="A")
    tables.show(pd.DataFrame({"a": range(15)}), name="tbl-b", caption="B")
    assert [bundle[tables.MIME]["searchable"] for bundle in shown] == [True, False]


def _luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("paper", ["#ffffff", "#14181d"])
@pytest.mark.parametrize("colour", [*charts.PALETTE, *charts.EVIDENCE_COLOURS.values()])
def test_marks_keep_their_contrast_on_both_pages(colour, paper):
    light, dark = sorted([_luminance(colour), _luminance(paper)], reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 3.0


@pytest.mark.parametrize(
    ("rows", "packed"),
    [
        ([{"a": 1, "b": None}, {"b": 2, "a": 3}], {"columns": {"a": [1, 3], "b": [None, 2]}}),
        ([{}], [{}]),  # a mark without data
        ([{"a": 1}, {"b": 2}], [{"a": 1}, {"b": 2}]),
        ([], []),
        ({"type": "Topology"}, {"type": "Topology"}),
        ([1, 2], [1, 2]),
    ],
)
def test_a_dataset_goes_by_column_where_its_rows_are_alike(rows, packed):
    text = json.dumps({"datasets": {"d": rows}, "usermeta": {"policybook": {"name": "fig-x", "alt": "long"}}})
    script = figures.for_browser(text)
    spec = json.loads(script[script.index("] = ") + 4 :].removesuffix(";\n"))
    assert spec == {"datasets": {"d": packed}, "usermeta": {"policybook": {"name": "fig-x"}}}


def test_the_first_two_colours_are_told_apart_in_black_and_white():
    blue, orange = (116 * _luminance(colour) ** (1 / 3) - 16 for colour in charts.PALETTE[:2])  # CIE L*
    assert orange - blue > 14


def test_degrees_of_evidence_are_told_apart_in_black_and_white():
    shades = [116 * _luminance(colour) ** (1 / 3) - 16 for colour in charts.EVIDENCE_COLOURS.values()]  # CIE L*
    assert all(after - before > 8 for before, after in itertools.pairwise(shades)), shades
