"""What a page says in short: read from its document, without what points elsewhere, cut where a reader would cut it."""

from __future__ import annotations

import pytest
from docutils import nodes
from docutils.utils import new_document
from hypothesis import given
from hypothesis import strategies as st

from policybook import summary


def _pointer(text):
    return nodes.reference("", "", nodes.inline("", text), internal=True, refuri="x.html")


def _cited(text):
    return nodes.inline("", text, classes=["bibtex-citation"])


def paragraph(*parts):
    return nodes.paragraph("", "", *[nodes.Text(part) if isinstance(part, str) else part for part in parts])


def items(*parts):
    return nodes.bullet_list("", *[nodes.list_item("", part) for part in parts])


def question(*parts):
    return nodes.admonition(
        "", nodes.title("", "The question"), *[paragraph(part) for part in parts], classes=["pb-question"]
    )


def page(*parts):
    document = new_document("page")
    document += nodes.section("", nodes.title("", "Title"), *parts)
    return document


def test_the_question_and_the_first_finding_are_read():
    brief = nodes.section(
        "",
        nodes.title("", "In brief"),
        items(
            paragraph(
                nodes.strong("", "All is well."),
                " Of 12 things, 5 (",
                _pointer("Fig. 8"),
                ") hold ",
                _cited("[A, 2025]"),
                ". More.",
            ),
            paragraph("Second."),
        ),
    )
    said = summary.of_document(page(question("What is it?", "And why?"), paragraph("Text."), brief))
    assert said == summary.Summary("What is it? And why?", "All is well.", "Of 12 things, 5 hold.")
    assert said.finding == "All is well. Of 12 things, 5 hold."
    assert said.description == "What is it? And why? All is well. Of 12 things, 5 hold."


def test_a_page_without_a_question_is_described_by_its_first_paragraph():
    aside = nodes.note("", paragraph("A note."))
    code = nodes.container("", paragraph("An output."), classes=["cell"])
    cell = nodes.table("", nodes.tgroup("", nodes.tbody("", nodes.row("", nodes.entry("", paragraph("A cell."))))))
    said = summary.of_document(page(aside, code, cell, paragraph("It ", nodes.emphasis("", "is"), " so. ", "Rest.")))
    assert said == summary.Summary("It is so. Rest.")
    assert summary.of_document(page()) == summary.Summary() and summary.Summary().description == ""


def test_what_is_only_recalled_is_no_finding():
    caveat = paragraph("Of 128 asks 27 are marked ", nodes.emphasis("", "recalled"), ".")
    said = summary.of_document(page(question("What?"), items(caveat, paragraph("It asks. It begs. It hopes."))))
    assert (said.lead, said.rest) == ("It asks.", "It begs.")


def test_without_bold_words_a_short_sentence_leads_and_a_long_one_stands_alone():
    long = "This sentence has a good many words, more than would stand in bold above another."
    found = [summary.of_document(page(items(paragraph(f"{text} More.")))) for text in ("Short.", long)]
    assert [(said.lead, said.rest) for said in found] == [("Short.", "More."), ("", long)]
    assert summary.of_document(page(items(paragraph("Alone.")))).finding == "Alone."


def test_a_list_beyond_the_opening_is_no_finding():
    first = nodes.section("", nodes.title("", "One"), paragraph("x"))
    second = nodes.section("", nodes.title("", "Two"), items(paragraph("A detail.")))
    assert summary.of_document(page(question("What?"), first, second)).finding == ""


def test_a_citation_in_the_sentence_stays_and_one_in_brackets_goes():
    cited, pointed = (_cited("Longterm Wiki [2026]"), _cited("[A, 2025]")), _pointer("Article 8")
    text = paragraph("As ", cited[0], " says, it is so ", cited[1], "; see ", pointed, ".")
    assert summary.words(text) == "As Longterm Wiki says, it is so; see Article 8."


def test_pointers_in_brackets_go_with_their_brackets():
    one, two, three = map(_pointer, ("Fig. 1", "Table 2", "Fig. 3"))
    text = paragraph("One (", one, ", ", two, ") and two (in ", three, ") (three).")
    assert summary.words(text) == "One and two (in Fig. 3) (three)."


@pytest.mark.parametrize(
    ("text", "longest", "short"),
    [
        ("Short.", 20, "Short."),
        ("One sentence. Another sentence.", 20, "One sentence."),
        ("No. What it is goes on and on.", 20, "No. What it is goes…"),
        ("A clause of words, and more that is cut", 30, "A clause of words…"),
        ("A, clause of words and more that is cut", 30, "A, clause of words and more…"),
        ("word " * 10, 14, "word word…"),
        ("人工智能全球治理行动计划", 6, "人工智能全…"),
        ("He asks: “Why?” Then more words follow here.", 20, "He asks: “Why?”"),
    ],
)
def test_texts_are_cut_where_a_reader_would_cut(text, longest, short):
    assert summary.shorten(text, longest) == short


@given(st.text(), st.integers(min_value=2, max_value=200))
def test_no_text_is_too_long_or_ends_within_a_word(text, longest):
    short = summary.shorten(text, longest)
    whole = " ".join(text.split())
    assert len(short) <= longest
    assert short == whole or whole.startswith(short.removesuffix("…"))


def test_a_long_question_gives_way_to_what_it_asks():
    setting = (
        "Article 8 of the Plan asks for dialogue among standards bodies, and for norms that are open to everybody."
    )
    said = summary.Summary(f"{setting} Who makes AI standards today, and how binding are they?", "Much.", "It is so.")
    assert said.description == "Who makes AI standards today, and how binding are they?"
