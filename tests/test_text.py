"""Texts and codings: hand-computed cases, published figures of the real tables, charts by their specification."""

import math

import nbformat
import pandas as pd
import pytest

from policybook import data, paths, text
from policybook.charts import BLUE, EVIDENCE_COLOURS, GREY, ORANGE, plan


@pytest.fixture(scope="module")
def asks() -> pd.DataFrame:
    return data.load("commitments")


@pytest.fixture(scope="module")
def second() -> pd.DataFrame:
    return data.load("commitments_coder_b")


@pytest.fixture(scope="module")
def articles() -> pd.DataFrame:
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


# ------------------------------------------------------------------------------------------------------- intervals


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Exact limits of the Poisson mean, as tabled by Garwood (1936) and in Breslow and Day (1987), table 2.10.
    [
        (0, 0.0, 3.689),
        (1, 0.0253, 5.572),
        (2, 0.242, 7.225),
        (5, 1.624, 11.668),
        (10, 4.795, 18.390),
        (100, 81.36, 121.63),
    ],
)
def test_poisson_interval_matches_published_tables(count: int, low: float, high: float) -> None:
    assert text.poisson_interval(count) == pytest.approx((low, high), rel=2e-3, abs=1e-9)


def test_poisson_interval_of_zero_and_one_in_closed_form() -> None:
    assert text.poisson_interval(0)[1] == pytest.approx(-math.log(0.025), rel=1e-9)
    assert text.poisson_interval(1)[0] == pytest.approx(-math.log(0.975), rel=1e-9)
    assert text.poisson_interval(0, 0.9)[1] == pytest.approx(-math.log(0.05), rel=1e-9)


def test_poisson_interval_of_a_large_count_is_near_the_normal_one() -> None:
    low, high = text.poisson_interval(864)
    assert low == pytest.approx(864 - 1.96 * math.sqrt(864), abs=2)
    assert high == pytest.approx(864 + 1.96 * math.sqrt(864), abs=3)


@pytest.mark.parametrize(("count", "level"), [(-1, 0.95), (3, 0.0), (3, 1.0)])
def test_poisson_interval_refuses_what_has_none(count: int, level: float) -> None:
    with pytest.raises(ValueError, match="no interval"):
        text.poisson_interval(count, level)


def test_rates_are_per_thousand() -> None:
    found = text.rates(pd.DataFrame({"count": [0, 5], "words": [1000, 500]}, index=[7, 9]), "words")
    assert found["rate"].tolist() == [0.0, 10.0]
    assert found["high"].tolist() == pytest.approx([3.689, 2 * 11.668], rel=1e-3)
    assert found["low"].tolist() == pytest.approx([0.0, 2 * 1.624], rel=1e-3)


# ----------------------------------------------------------------------------------------------------------- coding


def test_code_counts_keep_recalled_rows_apart() -> None:
    first = coding(["call", "promote", "promote", "promote"], ["read", "excerpt", "recalled", "read"])
    other = coding(["promote", "promote", "call", "promote"])
    found = text.code_counts(first, other, "deontic").set_index("code")
    assert found["seen"].to_dict() == {"call": 1, "promote": 2, "need_to": 0}
    assert found["recalled"].to_dict() == {"call": 0, "promote": 1, "need_to": 0}
    assert found["second_seen"].to_dict() == {"call": 0, "promote": 3, "need_to": 0}
    assert text.percent_agreement(first, other, "deontic") == 0.5


def test_coders_must_have_coded_the_same_rows() -> None:
    first = coding(["call", "promote"], ["read", "read"])
    with pytest.raises(ValueError, match="did not code all rows"):
        text.percent_agreement(first, coding(["call"]), "deontic")


def test_theme_matrix_counts_an_ask_under_both_themes() -> None:
    rows = pd.DataFrame(
        {
            "article": ["A01", "A01", "A02"],
            "themes": [("data",), ("data", "standards"), ("data",)],
            "evidence": ["read", "recalled", "excerpt"],
        }
    )
    found = text.theme_matrix(rows).set_index(["article", "theme"])
    assert found.loc[("A01", "data")].tolist() == [1, 1]
    assert found.loc[("A01", "standards")].tolist() == [0, 1]
    assert found.loc[("A02", "data")].tolist() == [1, 0]
    assert len(found) == 3


def test_evidence_shares_of_an_article_add_up(asks: pd.DataFrame, articles: pd.DataFrame) -> None:
    known = text.evidence_by_article(asks, articles)
    assert known.groupby("article")["share"].sum().tolist() == pytest.approx([1.0] * 14)
    assert known["rows"].sum() == 128
    ninth = known[known["article"] == "A09"].set_index("evidence")["rows"]
    assert ninth.to_dict() == {"read": 0, "excerpt": 1, "recalled": 6}


# ---------------------------------------------------------------------------------------------------- texts compared


def test_partial_and_altered_versions_are_never_compared() -> None:
    versions = pd.DataFrame(
        {
            "version_id": ["a", "b", "c", "d"],
            "completeness": ["full", "partial", "full", "full"],
            "altered": [False, False, True, False],
            "language": ["en", "en", "en", "zh"],
        }
    )
    assert text.comparable_versions(versions)["version_id"].tolist() == ["a", "d"]
    assert text.comparable_versions(versions, "en")["version_id"].tolist() == ["a"]


def test_the_plan_is_in_no_comparison() -> None:
    used = [text.english_rates(["safety"]), text.chinese_rates([text.PLAN, "waic_chair_2026"], ["安全"])]
    for table in [*used, text.institution_mentions()]:
        assert len(table)
        assert text.PLAN not in set(table["doc_id"])


def test_english_rates_repeat_the_published_ones() -> None:
    terms = ["shall", "safety", "human_rights"]
    found = text.english_rates(terms).set_index(["version_id", "term_id"])
    published = data.load("term_counts")
    published = text.totals(published, data.load("doc_stats")).set_index(["version_id", "term_id"])["per_1000_words"]
    assert len(found) == 20 * len(terms)
    assert found["rate"].tolist() == pytest.approx(published.loc[found.index].tolist(), abs=6e-4)
    assert ((found["low"] <= found["rate"]) & (found["rate"] <= found["high"])).all()


def test_documents_are_ordered_by_force_then_date() -> None:
    found = text.english_rates(["shall"])
    assert found["document"].iloc[0] == "EU AI Act 2024"
    assert found["force"].cat.codes.is_monotonic_increasing
    assert all(group["date"].is_monotonic_increasing for _, group in found.groupby("force", observed=True))


def test_parts_seen_of_the_plan() -> None:
    parts = text.parts_seen(data.load("doc_stats"), data.load("text_versions"), text.PLAN)
    found = parts.set_index(["language", "article"])
    assert found.loc[("en", "A00")].tolist() == [176, "whole"]
    assert found.loc[("en", "A05")].tolist() == [63, "part"]
    assert found.loc[("zh", "A03")].tolist() == [34, "part"]
    assert parts.groupby("language")["size"].sum().to_dict() == {"en": 316, "zh": 551}


def test_every_document_compared_has_a_short_name() -> None:
    titles = set(data.load("documents")["title"])
    shown = set(text.english_rates(["shall"])["document"]) | set(text.institution_mentions()["document"])
    assert not shown & titles


def test_numbers_of_the_prose_match_the_notes_on_the_texts() -> None:
    numbers = text.key_numbers()
    wanted = {
        "asks": 128, "recalled": 27, "read": 36, "excerpt": 65, "nobody_all": 96, "promote_all": 45, "safety_all": 21,
        "energy_all": 12, "headings_en_recalled": 11, "headings_zh_recalled": 10, "shall_eu": 864, "safety_us": 3,
        "competition_us": 20, "voluntary_delhi": 10, "words_delhi": 908, "safety_delhi": 0, "risk_delhi": 0,
        "developing_zh_2024": 12, "developing_zh_2026": 2, "energy_zh_2026": 4, "actions": 8, "articles_left": 4,
    }  # fmt: skip
    assert {name: numbers[name] for name in wanted} == wanted
    assert numbers["seen"] + numbers["recalled"] == numbers["asks"]
    assert numbers["agree_deontic"] == pytest.approx(100 * 91 / 128)


def test_articles_that_the_prose_calls_left_out_are_those_of_the_data() -> None:
    taken_up = set(data.load("successor_mapping")["articles"].explode())
    assert set(data.load("articles")["article"]) - taken_up == {"A01", "A09", "A11", "A13"}


# ------------------------------------------------------------------------------------------------ article by article


def test_recalled_headings_are_marked(articles: pd.DataFrame) -> None:
    rows = articles.set_index("article_no")
    assert "recalled" not in text.headings(rows.loc[1])
    assert text.headings(rows.loc[3]).count("recalled wording") == 1
    assert text.headings(rows.loc[7]).count("recalled wording") == 2
    assert "]{.language-zh-Hans}" in text.headings(rows.loc[7])


def test_asks_have_anchors_and_say_how_they_were_seen() -> None:
    rows = text.article_asks("A07").set_index("commitment_id")
    assert rows.loc["A07.01", "anchor"] == "a07-01"
    assert rows.loc["A07.01", "number"].href == "#a07-01"
    assert [piece.badge for piece in rows.loc["A07.06", "seen_in"]] == ["recalled"]
    assert [piece.cite for piece in rows.loc["A07.10", "seen_in"]][-1] == "cn_capacity_plan_2024"
    assert rows.loc["A07.01", "ask"][1].text == "“sustainable AI”"


def test_chinese_phrases_are_marked_as_chinese() -> None:
    rows = text.article_asks("A10").set_index("commitment_id")
    assert rows.loc["A10.01", "ask"][1].lang == "zh-Hans"


def test_the_chapter_has_every_article_under_its_anchor(chapter: nbformat.NotebookNode, articles: pd.DataFrame) -> None:
    cells = [cell.source for cell in chapter.cells]
    for row in articles.itertuples():
        title = "Preamble" if row.article_no == 0 else f"Article {row.article_no}: {row.short_title}"
        place = cells.index(f"(article-{row.article_no})=\n### {title}")
        assert cells[place + 1] == f"text.show_article({row.article_no})"


def test_the_chapter_uses_only_numbers_that_exist(chapter: nbformat.NotebookNode) -> None:
    names = {f"plan_{name}" for name in text.key_numbers()}
    used = set()
    for cell in chapter.cells:
        used |= {part.split("`")[0].split(":")[0] for part in cell.source.split("{glue:text}`")[1:]}
    assert used
    assert used <= names


# ----------------------------------------------------------------------------------------------------------- charts


def lines(title: str | list[str]) -> str:
    return title if isinstance(title, str) else " ".join(title)


def test_evidence_chart_names_the_articles_mostly_recalled(articles: pd.DataFrame) -> None:
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
    spec = plan.strength(text.code_counts(asks, second, "deontic")).to_dict()
    assert lines(spec["title"]["text"]) == "“Promote” is the usual strength: 33 and 54 of 101 asks by the two coders"
    bars, ticks, _ = spec["layer"]
    assert bars["encoding"]["y"]["sort"][0] == "call"
    assert bars["encoding"]["y"]["sort"][-1] == "need to"
    assert bars["encoding"]["color"]["scale"]["range"] == [BLUE, GREY, ORANGE]
    assert ticks["mark"]["type"] == "tick"


def test_actor_chart_states_the_largest_group(asks: pd.DataFrame, second: pd.DataFrame) -> None:
    spec = plan.actors(text.code_counts(asks, second, "actor")).to_dict()
    assert lines(spec["title"]["text"]) == "82 of 101 asks address nobody in particular"


def test_theme_chart_marks_recalled_asks_without_colour(articles: pd.DataFrame) -> None:
    matrix = pd.DataFrame(
        {
            "article": ["A01", "A02", "A03"],
            "theme": ["data", "standards", "data"],
            "seen": [4, 0, 2],
            "recalled": [1, 9, 0],
        }
    )
    spec = plan.themes(matrix, articles).to_dict()
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


def test_rate_charts_draw_every_document_with_its_interval() -> None:
    rows = text.english_rates(["shall", "voluntary"])
    spec = plan.modals(rows).to_dict()
    assert lines(spec["title"]["text"]) == "Law commands: 864 of 870 “shall” stand in the one binding text"
    assert len(spec["concat"]) == 2
    rule, some, none = spec["concat"][0]["layer"]
    assert (rule["encoding"]["x"]["field"], rule["encoding"]["x2"]["field"]) == ("low", "high")
    assert rule["encoding"]["x"]["scale"]["type"] == "sqrt"
    assert rule["encoding"]["x"]["scale"]["domain"][0] == 0
    assert [layer["transform"][-1]["filter"] for layer in (some, none)] == ["datum.count > 0", "datum.count == 0"]
    (drawn,) = spec["datasets"].values()
    assert len(drawn) == len(rows) == 40


def test_subject_chart_counts_texts_with_a_match() -> None:
    spec = plan.subjects(text.english_rates(["safety", "developing_countries"])).to_dict()
    assert lines(spec["title"]["text"]) == "19 of 20 texts have words of safety, 4 of developing countries"


def test_chinese_chart_names_the_term_that_stands_out() -> None:
    documents = ["cn_shanghai_declaration_2024", "cn_capacity_plan_2024", "cn_xi_waic_speech_2026", "waic_chair_2026"]
    spec = plan.chinese_terms(text.chinese_rates(documents, ["安全", "发展中国家"])).to_dict()
    title = lines(spec["title"]["text"])
    assert title.startswith(
        "“Developing countries” stands out in one text: 8.3 per 1,000 characters (China capacity plan"
    )
    assert [panel["title"]["text"][-1] for panel in spec["concat"]] == ["安全", "发展中国家"]


def test_institution_chart_leaves_out_empty_lines_and_columns() -> None:
    mentions = text.institution_mentions()
    spec = plan.institutions(mentions).to_dict()
    assert lines(spec["title"]["text"]) == "16 of 25 full texts name the United Nations, 5 name ISO, IEC or ITU"
    columns = spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert columns[0] == "United Nations"
    assert "Pact for the Future" not in columns
    assert "Delhi declaration 2026" not in spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
