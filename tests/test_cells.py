"""Code on a page: one switch for each thing shown, under it, with all code since the last."""

from __future__ import annotations

from docutils import nodes
from docutils.utils import new_document
from myst_nb.sphinx_ import HideCodeCellNode

from policybook import cells


def _cell(code: str, output: str = "", hide: bool = True) -> nodes.container:
    cell = nodes.container(nb_element="cell_code")
    source = nodes.container("", nodes.literal_block(text=code), nb_element="cell_code_source")
    if hide:
        hidden = HideCodeCellNode(classes=["above-input"])
        hidden += source
        source = hidden
    cell += source
    if output:
        cell += nodes.container("", nodes.paragraph(text=output), nb_element="cell_code_output")
    return cell


def _arranged(*parts: nodes.Node) -> list[str]:
    document = new_document("book/x")
    document += list(parts)
    cells.arrange(document)
    return [text.astext() for text in document.findall(nodes.Text)]


def _prose(text: str) -> nodes.paragraph:
    return nodes.paragraph(text=text)


def test_code_stands_under_what_it_makes_with_the_code_before_it():
    parts = [_cell("setup"), _prose("answer"), _cell("numbers"), _prose("finding"), _cell("draw", "figure")]
    assert _arranged(*parts) == ["answer", "finding", "figure", "setup", "numbers", "draw"]


def test_each_figure_has_the_code_since_the_one_before():
    parts = [_cell("a", "one"), _cell("b"), _cell("c", "two")]
    assert _arranged(*parts) == ["one", "a", "two", "b", "c"]


def test_code_with_nothing_after_it_is_one_switch_in_its_place():
    document = new_document("book/x")
    document += [_cell("a", "one"), _cell("b"), _prose("end"), _cell("c")]
    cells.arrange(document)
    assert [text.astext() for text in document.findall(nodes.Text)] == ["one", "a", "b", "c", "end"]
    assert len(list(document.findall(HideCodeCellNode))) == 2


def test_code_that_is_not_hidden_stays_where_it_is():
    assert _arranged(_cell("seen", "out", hide=False), _cell("a"), _cell("b", "two")) == [
        "seen",
        "out",
        "two",
        "a",
        "b",
    ]


def test_an_empty_output_shows_nothing():
    cell = _cell("a")
    cell += nodes.container(nb_element="cell_code_output")
    assert _arranged(cell, _cell("b", "two")) == ["two", "a", "b"]
