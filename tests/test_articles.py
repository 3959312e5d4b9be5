"""The articles and their coding: hand-computed cases, figures of the real tables, charts by their specification."""

import nbformat
import pandas as pd
import pytest

from policybook import articles, data, paths, settings, tables
from policybook.charts import BLUE, EVIDENCE_COLOURS, GREY, ORANGE, plan


@pytest.fixture(scope="module")
def asks() -> pd.DataFrame:
    return data.load("commitments")


@pytest.fixture(scope="module")
def second() -> pd.DataFrame:
    return data.load("commitments_coder_b")


@pytest.fixture(scope="module")
def sections() -> pd.DataFrame:
    return data.load("articles")


@pytest.fixture(scope="module")
def chapter() -> nbformat.NotebookNode:
    return nbformat.read(paths.report().root / "book" / "plan.ipynb", as_version=4)


def coding(codes: list[str], evidence: list[str] | None = None) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "commitment_id": [f"A01.{place:02d}" for place in range(1, len(codes) + 1)],
            "deontic": pd.Categorical(codes, ["call", "promote", "need_to"], ordered=True),
        }
    )
    return table if evidence is None else table.assign(evidence=evidence)


def test_code_counts_keep_recalled_rows_apart() -> None:
    first = coding(["call", "promote", "promote", "promote"], ["read", "excerpt", "recalled", "read"])
    other = coding(["promote", "promote", "call", "promote"])
    found = articles.code_counts(first, other, "deontic").set_index("code")
    assert found["seen"].to_dict() == {"call": 1, "promote": 2, "need_to": 0}
    assert found["recalled"].to_dict() == {"call": 0, "promote": 1, "need_to": 0}
    assert found["second_seen"].to_dict() == {"call": 0, "promote": 3, "need_to": 0}
    assert articles.percent_agreement(first, other, "deontic") == 0.5


def test_coders_must_have_coded_the_same_rows() -> None:
    first = coding(["call", "promote"], ["read", "read"])
    with pytest.raises(ValueError, match="did not code all rows"):
        articles.percent_agreement(first, coding(["call"]), "deontic")


def test_theme_matrix_counts_an_ask_under_both_themes() -> None:
    rows = pd.DataFrame(
        {
            "article": ["A01", "A01", "A02"],
            "themes": [("data",), ("data", "standards"), ("data",)],
            "evidence": ["read", "recalled", "excerpt"],
        }
    )
    found = articles.theme_matrix(rows).set_index(["article", "theme"])
    assert found.loc[("A01", "data")].tolist() == [1, 1]
    assert found.loc[("A01", "standards")].tolist() == [0, 1]
    assert found.loc[("A02", "data")].tolist() == [1, 0]
    assert len(found) == 3


def test_evidence_shares_of_an_article_add_up(asks: pd.DataFrame, sections: pd.DataFrame) -> None:
    known = articles.evidence_by_article(asks, sections)
    assert known.groupby("article")["share"].sum().tolist() == pytest.approx([1.0] * 14)
    assert known["rows"].sum() == 128
    ninth = known[known["article"] == "A09"].set_index("evidence")["rows"]
    assert ninth.to_dict() == {"read": 0, "excerpt": 1, "recalled": 6}


def test_parts_seen_of_the_plan() -> None:
    parts = articles.parts_seen(data.load("doc_stats"), data.load("text_versions"), settings.load().document)
    found = parts.set_index(["language", "article"])
    assert found.loc[("en", "A00")].tolist() == [176, "whole"]
    assert found.loc[("en", "A05")].tolist() == [63, "part"]
    assert found.loc[("zh", "A03")].tolist() == [34, "part"]
    assert parts.groupby("language")["size"].sum().to_dict() == {"en": 316, "zh": 551}


def test_articles_that_the_prose_calls_left_out_are_those_of_the_data() -> None:
    taken_up = set(data.load("successor_mapping")["articles"].explode())
    assert set(data.load("articles")["article"]) - taken_up == {"A01", "A09", "A11", "A13"}


def test_recalled_headings_are_marked(sections: pd.DataFrame) -> None:
    rows = sections.set_index("article_no")
    assert "recalled" not in articles.headings(rows.loc[1])
    assert articles.headings(rows.loc[3]).count("recalled wording") == 1
    assert articles.headings(rows.loc[7]).count("recalled wording") == 2
    assert "]{.language-zh-Hans}" in articles.headings(rows.loc[7])


def test_asks_have_anchors_and_say_how_they_were_seen() -> None:
    rows = articles.article_asks("A07").set_index("commitment_id")
    assert rows.loc["A07.01", "anchor"] == "a07-01"
    assert rows.loc["A07.01", "number"].href == "plan.html#a07-01"
    assert [piece.badge for piece in rows.loc["A07.06", "seen_in"]] == ["recalled"]
    assert [piece.cite for piece in rows.loc["A07.10", "seen_in"]][-1] == "cn_capacity_plan_2024"
    assert rows.loc["A07.01", "ask"][1].text == "“sustainable AI”"


def test_chinese_phrases_are_marked_as_chinese() -> None:
    rows = articles.article_asks("A10").set_index("commitment_id")
    assert rows.loc["A10.01", "ask"][1].lang == "zh-Hans"


def test_the_chapter_has_every_article_under_its_anchor(chapter: nbformat.NotebookNode, sections: pd.DataFrame) -> None:
    cells = [cell.source for cell in chapter.cells]
    for row in sections.itertuples():
        title = "Preamble" if row.article_no == 0 else f"Article {row.article_no}: {row.short_title}"
        place = cells.index(f"(article-{row.article_no})=\n### {title}")
        assert cells[place + 1] == f"articles.show_article({row.article_no})"


def lines(title: str | list[str]) -> str:
    return title if isinstance(title, str) else " ".join(title)


def test_evidence_chart_names_the_articles_mostly_recalled(sections: pd.DataFrame) -> None:
    known = pd.DataFrame(
        {
            "article": ["A00", "A01", "A01"],
            "article_no": [0, 1, 1],
            "short_title": ["Preamble", "Opportunities", "Opportunities"],
            "evidence": ["read", "excerpt", "recalled"],
            "rows": [2, 1, 3],
            "share": [1.0, 0.25, 0.75],
        }
    )
    parts = pd.DataFrame({"article": ["A00"], "language": ["en"], "size": [176], "extent": ["whole"]})
    spec = plan.evidence(known, parts).to_dict()
    assert lines(spec["title"]["text"]) == "3 of 6 asks are only recalled; article 1 mostly so"
    assert spec["hconcat"][0]["encoding"]["color"]["scale"]["range"] == list(EVIDENCE_COLOURS.values())
    wording = [row.get("wording") for rows in spec["datasets"].values() for row in rows]
    assert "whole, 176 words" in wording
    assert wording.count("none") == 3


def test_strength_chart_shows_both_coders_in_the_order_of_the_codebook(
    asks: pd.DataFrame, second: pd.DataFrame
) -> None:
    spec = plan.strength(articles.code_counts(asks, second, "deontic")).to_dict()
    assert lines(spec["title"]["text"]) == "Most asks promote: 33 and 54 of 101 by the two coders; none obliges"
    bars, ticks, _ = spec["layer"]
    assert bars["encoding"]["y"]["sort"][0] == "call"
    assert bars["encoding"]["y"]["sort"][-1] == "need to"
    assert bars["encoding"]["color"]["scale"]["range"] == [BLUE, GREY, ORANGE]
    assert ticks["mark"]["type"] == "tick"


def test_actor_chart_states_the_largest_group(asks: pd.DataFrame, second: pd.DataFrame) -> None:
    spec = plan.actors(articles.code_counts(asks, second, "actor")).to_dict()
    assert lines(spec["title"]["text"]) == "82 of 101 asks address nobody in particular"


def test_theme_chart_marks_recalled_asks_without_colour(sections: pd.DataFrame) -> None:
    matrix = pd.DataFrame(
        {
            "article": ["A01", "A02", "A03"],
            "theme": ["data", "standards", "data"],
            "seen": [4, 0, 2],
            "recalled": [1, 9, 0],
        }
    )
    spec = plan.themes(matrix, sections).to_dict()
    assert (
        lines(spec["title"]["text"])
        == "Of the asks seen, most are on data (6); with the recalled ones, on standards (9)"
    )
    (rows,) = spec["datasets"].values()
    assert {(row["theme"], row["mark"], row["count"]) for row in rows} == {
        ("data", "4+1", 4),
        ("standards", "+9", 0),
        ("data", "2", 2),
    }


def test_compared_counts_dimensions_of_which_both_sides_were_seen():
    table = pd.DataFrame(
        {
            "dimension": ["a", "b", "c"],
            "us_position": "x",
            "us_evidence": ["read", "recalled", "excerpt"],
            "us_source_id": ["s", "s", "s"],
            "china_position": "y",
            "china_evidence": ["excerpt", "read", "read"],
            "china_source_id": ["s", "s", "s"],
            "relation": ["convergent", "opposed", "opposed"],
        }
    )
    assert articles.compared(table).values.tolist() == [["opposed", 2, 1], ["convergent", 1, 1]]
    cells = articles.comparison_cells(table)
    assert cells["dimension"].tolist() == ["b", "c", "a"]
    assert cells.loc[0, "us"] == ["x.", tables.badge("recalled")]
    assert cells.loc[1, "us"] == ["x.", tables.Text("s", cite="s")]


# ------------------------------------------------------------------------------------------- what follows from the data


def versions(*rows) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["version_id", "language", "completeness"]).assign(
        doc_id=settings.load().document
    )
    table["completeness"] = table["completeness"].astype(pd.CategoricalDtype(["full", "partial"], ordered=True))
    return table


def test_a_whole_version_goes_before_the_part_that_was_seen_first() -> None:
    table = versions(("p_part", "en", "partial"), ("p", "en", "full"), ("p_zh_part", "zh", "partial"))
    assert articles.text_state(table) == {"en": "full", "zh": "partial"}
    assert articles.version_at_hand(table, "en") == "p" and articles.version_at_hand(table, "zh") == "p_zh_part"
    with pytest.raises(KeyError, match="counted in fr"):
        articles.version_at_hand(table, "fr")
    stats = pd.DataFrame(
        {
            "version_id": ["p_part", "p", "p", "p_zh_part"],
            "section": ["A01", "preamble", "A01", "A03_start"],
            "is_total": False,
            "words": [7, 20, 30, 4],
            "cjk_characters": [pd.NA, pd.NA, pd.NA, 9],
        }
    )
    found = articles.parts_seen(stats, table)
    assert sorted(found.values.tolist()) == [
        ["A00", "en", 20, "whole"],
        ["A01", "en", 30, "whole"],
        ["A03", "zh", 9, "part"],
    ]


def test_the_states_on_which_passages_depend_follow_the_data(data_copy) -> None:
    assert articles.states(data_copy) == ["asks_recalled", "headings_recalled"]
    folder = data_copy.data / "texts" / "text_versions.csv"
    folder.write_text(folder.read_text(encoding="utf-8").replace(",zh,partial,", ",zh,full,"), encoding="utf-8")
    assert articles.states(data_copy) == ["plan_whole_zh", "plan_whole", "asks_recalled", "headings_recalled"]
    table = data_copy.data / "plan" / "commitments.csv"
    table.write_text(table.read_text(encoding="utf-8").replace(",recalled,", ",read,"), encoding="utf-8")
    assert "asks_recalled" not in articles.states(data_copy)


def test_what_the_report_holds_on_an_article() -> None:
    said = articles.elsewhere("A07")
    assert "{numref}`fig-sus-pue`" in said and "36 standards in {numref}`tbl-standards-catalogue`" in said
    steps = data.seen(data.load("followup")).query("article == 'A07'")
    assert f"What has been done since: {len(steps)} steps" in said
    claims = data.seen(data.load("claims"))["articles"]
    assert f"Claims about it: {claims.map(lambda codes: 'A07' in codes and len(codes) < 7).sum()} checked" in said
    assert "[contradicted]" not in said or "pb-contradicted" in said
    assert "{cite:p}``" not in "".join(articles.elsewhere(f"A{n:02d}") for n in range(14))


def test_text_of_the_data_is_shown_as_text() -> None:
    assert articles.plain("a *b* [c](d) <e> {f}`g` #h") == r"a \*b\* \[c\](d) \<e\> \{f\}\`g\` \#h"
    assert articles.plain(pd.NA) == ""


def test_disagreements_are_counted_and_linked(asks: pd.DataFrame, second: pd.DataFrame) -> None:
    found = articles.disagreements(asks, second)
    first = found.iloc[0]
    assert first[["what", "first", "second", "asks"]].tolist() == ["strength", "call", "promote", 13]
    assert [type(item) for item in first["examples"]] == [tables.Text] * 6 + [str] and first["examples"][
        -1
    ] == "and 7 more"
    assert first["examples"][0].href == "plan.html#a00-08"
    by_column = found.groupby("what")["asks"].sum()
    paired = asks.merge(second, on="commitment_id", suffixes=("_a", "_b"))
    for column, what in (("deontic", "strength"), ("actor", "actor"), ("main_theme", "main theme")):
        assert by_column[what] == (paired[f"{column}_a"].astype(str) != paired[f"{column}_b"].astype(str)).sum()


def test_wordings_are_short_and_in_their_languages() -> None:
    places = articles.translation_cells(data.load("translations"))
    assert all(len(phrase.split()) <= 12 for phrase in places["en_phrase"])
    for cell in places["wordings"]:
        assert cell[0].lang == "zh-Hans" and cell[1].startswith("“") and cell[2].startswith("Literally")
    terms = articles.glossary_cells(data.load("glossary"))
    assert [piece.lang for piece in terms.loc[0, "term"]] == ["zh-Hans", "zh-Latn"]
    assert terms["pinyin"].iloc[0].startswith("ān")


def test_counted_versions_say_what_is_whole_and_what_in_part() -> None:
    found = articles.counted_versions(data.load("text_versions"), data.load("doc_stats"))
    assert found["extent"].tolist() == [
        "in part: preamble, article 1, two sentences of article 5",
        "in part: preamble, article 1, article 2, start of article 3",
    ]
    assert found["size"].tolist() == ["316 words", "551 characters"]
