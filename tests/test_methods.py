"""The chapter on methods: evidence, sources, agreement, corrections and disagreements against tables made by hand."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lxml import html as lxml_html

from policybook import agreement, articles, data, methods, overview, reception, site, sources, tables

LEVELS = pd.CategoricalDtype(["read", "excerpt", "recalled"], ordered=True)


@pytest.fixture(scope="module")
def disagreements():
    return data.load("disagreements")


# ----------------------------------------------------------------------------------------------------------- evidence


def test_two_sides_of_a_row_count_only_where_there_is_no_level_of_the_row():
    assert methods.evidence_columns(["id", "old_evidence", "evidence"]) == ["evidence"]
    assert methods.evidence_columns(["id", "evidence_a", "value", "evidence_b"]) == ["evidence_a", "evidence_b"]
    assert methods.evidence_columns(["us_evidence", "china_evidence"]) == ["us_evidence", "china_evidence"]
    assert methods.evidence_columns(["id", "evidences"]) == []


def test_evidence_by_table_counts_each_stated_level_once():
    found = methods.evidence_by_table().set_index(["table", "evidence"])["rows"]
    assert found["commitments"].sum() == len(data.load("commitments"))
    both = data.load("disagreements")[["evidence_a", "evidence_b"]]
    assert found["disagreements"].sum() == both.notna().to_numpy().sum()
    assert found["disagreements", "read"] == (both == "read").to_numpy().sum()
    # The plain tables are those of the overview, unchanged.
    plain = overview.evidence_shares().set_index(["table", "evidence"])["rows"]
    assert found.loc[plain.index].equals(plain)


def test_shares_of_chapters_are_of_all_statements_of_their_tables():
    by_table = pd.DataFrame(
        {
            "table": ["a"] * 3 + ["b"] * 3 + ["sources"] * 3,
            "evidence": ["read", "excerpt", "recalled"] * 3,
            "rows": [6, 3, 1, 0, 10, 0, 99, 99, 99],
            "share": 0.0,
        }
    )
    use = pd.DataFrame({"chapter": ["plan", "plan", "new_one", "plan"], "table": ["a", "b", "a", "sources"]})
    found = methods.evidence_by_chapter(by_table, use).set_index(["chapter", "evidence"])
    assert found.loc["plan", "rows"].tolist() == [6, 13, 1]
    assert found.loc["plan", "share"].tolist() == pytest.approx([0.3, 0.65, 0.05])
    assert found.loc["new_one", "rows"].tolist() == [6, 3, 1]
    # Known chapters in the order of the report, others behind.
    assert found.index.get_level_values(0).unique().tolist() == ["plan", "new_one"]
    assert found["name"].unique().tolist() == ["Text of the Plan", "New one"]


def test_the_table_of_evidence_puts_the_largest_share_recalled_first():
    rows = [("a", "read", 1), ("a", "recalled", 1), ("b", "read", 3), ("b", "excerpt", 1), ("c", "recalled", 2)]
    by_table = pd.DataFrame(rows, columns=["table", "evidence", "rows"])
    found = methods.evidence_table(by_table)
    assert found.to_dict("list") == {
        "table": ["c", "a", "b"],
        "read": [0, 1, 3],
        "excerpt": [0, 0, 1],
        "recalled": [2, 1, 0],
        "all": [2, 2, 4],
        "share": [100.0, 50.0, 0.0],
    }


def test_levels_carry_a_finding_as_the_loader_says():
    by_table = pd.DataFrame(
        {"table": ["a", "a", "sources"], "evidence": ["read", "recalled", "read"], "rows": [2, 5, 9]}
    )
    registry = pd.DataFrame({"evidence": ["read", "excerpt", "excerpt"]})
    meaning = {"read": "was read", "excerpt": "seen in part", "recalled": "not seen"}
    found = methods.evidence_levels(by_table, registry, meaning).set_index("level")
    assert found["sources"].tolist() == [1, 2, 0]
    assert found["statements"].tolist() == [2, 0, 5]
    assert found.index[found["finding"] == "yes"].tolist() == list(data.SEEN)


def test_used_tables_are_those_that_state_their_evidence():
    manifest = {
        "book/plan.ipynb": {"tables": ["commitments", "sources", "token_counts", "disagreements", "gone"]},
        "book/methods.ipynb": {"tables": ["commitments"]},
    }
    assert methods.used_tables(manifest) == {("plan", "commitments"), ("plan", "disagreements")}


# ------------------------------------------------------------------------------------------------------------ sources


def _registry(**columns):
    base = {
        "source_id": ["s1", "s2", "s3", "s4"],
        "type": ["news", "news", "official", "own_work"],
        "language": [("en",), ("en", "zh"), ("zh",), ("en",)],
        "evidence": pd.Series(["read", "excerpt", "excerpt", "recalled"]).astype(LEVELS),
        "date": pd.to_datetime(["2025-07-26", "2025-07-01", "2025-09-01", "2025-09-02"]),
        "date_precision": ["day", "month", "month", "day"],
    }
    return pd.DataFrame(base | columns)


def test_types_count_their_sources_and_name_the_most_used():
    uses = pd.Series({"s2": 5, "s1": 1, "s4": 9})
    meaning = {"official": "governments", "news": "the press", "law_firm": "law", "own_work": "ours"}
    found = methods.source_types(_registry(), uses, meaning)
    assert found["type"].tolist() == ["news", "official"]
    assert found.iloc[0].drop(["type", "meaning"]).to_dict() == {
        "sources": 2,
        "read": 1,
        "chinese": 1,
        "rows": 6,
        "example": "s2",
    }
    assert found.iloc[1][["rows", "example"]].tolist() == [0, "s3"]


def test_a_row_counts_once_for_a_source_it_names_twice(report):
    uses = methods.source_uses(report)
    assert set(uses.index) <= set(sources.registry(report).index) and uses.is_monotonic_decreasing
    # Counted anew from the text of the files: rows in which the id stands in a cell, alone or in a list.
    for source_id in (
        "src_ai_index_2026",
        "caixin_2025_05",
        "ansi_2025_plan",
        "xinhua_20260720",
        "mofa_japan_20251213",
    ):
        rows = 0
        for item in data.descriptor(report)["resources"]:
            if item["name"] not in ("sources", "source_ids"):
                with (report.data / item["path"]).open(encoding="utf-8", newline="") as stream:
                    cells = ({part for cell in row for part in cell.split(";")} for row in csv.reader(stream))
                    # In the list of corrections an id is also a value before or after.
                    rows += sum(source_id in row for row in cells) if item["name"] != "corrections" else 0
        own = data.load("corrections", report)["source_id"].eq(source_id).sum()
        assert uses[source_id] == rows + own, source_id


def test_a_source_in_two_languages_counts_as_chinese():
    found = methods.languages(pd.concat([_registry()] * 5)).pivot_table(
        index="group", columns="evidence", values="sources"
    )
    assert found.loc["Chinese"].to_dict() == {"excerpt": 10, "read": 0}
    assert found.loc["English"].to_dict() == {"excerpt": 0, "read": 5}
    few = methods.languages(_registry())
    assert few["group"].unique().tolist() == ["2 other languages"] and few["sources"].sum() == 3


def test_months_without_a_source_are_drawn_as_zero():
    found = methods.by_month(_registry(), "2025-07")
    assert found["month"].dt.strftime("%Y-%m").tolist() == ["2025-07", "2025-08", "2025-09"]
    assert found["sources"].tolist() == [2, 0, 1]
    by_year = _registry(date_precision=["day", "year", "month", "day"])
    assert methods.by_month(by_year, "2025-07")["sources"].tolist() == [1, 0, 1]


def test_regions_keep_the_unknown_last():
    items = pd.DataFrame(
        {"region": ["unknown"] * 3 + ["gulf"] * 2, "country_basis": ["unknown"] * 3 + ["known", "inferred"]}
    )
    found = methods.regions(items)
    assert found["region"].unique().tolist() == ["Gulf", "Region not known"]
    assert found.query("region == 'Gulf'").set_index("basis")["items"].to_dict() == {
        "inferred": 1,
        "known": 1,
        "unknown": 0,
    }
    real = data.load("items")
    assert methods.regions(real)["items"].sum() == len(real)


# ---------------------------------------------------------------------------------------------------------- agreement


@pytest.mark.parametrize(
    ("alpha", "said"),
    [(0.8, "reliable"), (0.7999, "tentative"), (0.667, "tentative"), (0.6669, "below"), (-0.1, "below")],
)
def test_verdicts_by_the_bounds(alpha, said):
    assert methods.verdict(alpha) == said


def test_both_codings_are_measured_as_their_chapters_measure_them():
    asks, asks_b, book = (data.load(name) for name in ("commitments", "commitments_coder_b", "plan_codebook"))
    items, items_b = data.load("items"), data.load("items_coder_b")
    found = methods.agreements(asks, asks_b, book, items, items_b).set_index("code")
    assert found.loc["actor", "alpha"] == agreement.table(asks, asks_b, "commitment_id", ["actor"])["alpha"].iloc[0]
    one, two = (
        articles.merged(rows.sort_values("commitment_id")["deontic"], book, "deontic") for rows in (asks, asks_b)
    )
    assert found.loc["deontic_merged", "alpha"] == pytest.approx(agreement.alpha(one, two))
    assert found.loc["deontic_merged", "alpha"] > found.loc["deontic", "alpha"]
    press = reception.reliability(items, items_b).set_index("code")
    assert np.allclose(found.loc[press.index, "alpha"], press["alpha"])
    assert len(found) == 4 + len(press) and found["use"].ne("not used").all()
    # Nothing below the bound is said to be used.
    assert found.loc[found["verdict"] == "below", "use"].str.startswith("withdrawn").all()
    assert found.loc[found["verdict"] != "below", "use"].str.startswith("used").all()


# -------------------------------------------------------------------------------------------------------- corrections


def _corrections():
    kinds = pd.CategoricalDtype(["second_source", "own_error"], ordered=True)
    return pd.DataFrame(
        {
            "correction_id": ["c_1", "c_2", "c_3"],
            "table": ["events", "events", "items"],
            "row_id": ["ev_1", "ev_2", "it_1"],
            "column": ["date", "(row)", "note"],
            "old_value": ["a", pd.NA, "b"],
            "new_value": ["b", "added", pd.NA],
            "kind": pd.Series(["own_error", "second_source", "own_error"]).astype(kinds),
            "reason": ["x", "y", "z"],
            "source_id": ["s1", pd.NA, "s2"],
            "date": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-02"]),
            "wrong_since": pd.to_datetime(["2025-12-01", None, None]),
        }
    )


def test_corrections_are_counted_by_table_and_kind():
    found = methods.correction_counts(_corrections())
    assert found.to_dict("records") == [
        {"table": "events", "second_source": 1, "own_error": 1, "all": 2, "in_a_version": 1},
        {"table": "items", "second_source": 0, "own_error": 1, "all": 1, "in_a_version": 0},
    ]


def test_the_list_of_corrections_says_what_was_empty_and_what_was_added():
    found = methods.correction_list(_corrections())
    assert found["anchor"].tolist() == ["correction-c-2", "correction-c-3", "correction-c-1"]
    assert found["old"].tolist() == ["(no row)", "b", "a"]
    assert found["new"].tolist() == ["(row added)", "(empty)", "b"]
    assert found["place"].iloc[1] == [tables.Text("items"), tables.Text("it_1", href="#correction-c-3"), "note"]
    assert found["why"].iloc[2] == ["x.", "Wrong since 2025-12-01.", tables.Text("s1", cite="s1")]
    assert found["why"].iloc[0] == ["y."]
    assert found["in_a_version"].tolist() == ["never", "never", "since 2025-12-01"]
    assert methods.correction_list(data.load("corrections"))["anchor"].is_unique


# ------------------------------------------------------------------------------------------------------ disagreements


def test_rows_on_the_same_question_end_in_the_same_way(disagreements):
    rows = disagreements.set_index("dis_id")
    twins = rows[rows["same_as"].notna()]
    assert len(twins) >= 7
    for row in twins.itertuples():
        first = rows.loc[row.same_as]
        assert pd.isna(first["same_as"]), f"{row.Index}: chain of repeats"
        assert first["settled"] == row.settled and first["chapter"] != row.chapter, row.Index
    assert len(methods.questions(disagreements)) == len(rows) - len(twins)


def test_notes_that_speak_of_the_same_matter_have_their_link(disagreements):
    told = disagreements[disagreements["note"].fillna("").str.startswith("Same matter")]
    assert len(told) >= 5 and told["same_as"].notna().all()


def _made():
    return pd.DataFrame(
        {
            "dis_id": ["dis_a", "dis_b", "dis_rec_a"],
            "chapter": ["plan", "plan", "reception"],
            "question": ["How many?", "When?", "How many?"],
            "value_a": ["1", "May", "1"],
            "source_a": ["s1", pd.NA, "s1"],
            "value_b": ["2", "June", "2"],
            "source_b": ["s2", "s3", "s2"],
            "settled": ["resolved_b", "open", "resolved_b"],
            "resolution": ["The second.", "Not known", "The second"],
            "note": [pd.NA, "ask again, see dis_a", "Same matter as dis_a; a third value exists"],
            "same_as": [pd.NA, pd.NA, "dis_a"],
        }
    )


def test_a_question_of_two_chapters_counts_once_overall_and_in_both_bars():
    assert methods.questions(_made())["dis_id"].tolist() == ["dis_a", "dis_b"]
    found = methods.settled_by_chapter(_made()).pivot_table(index="chapter", columns="settled", values="questions")
    assert found.loc["plan"].to_dict() == {"both hold": 0, "one value holds": 1, "open": 1}
    assert found.loc["reception"].to_dict() == {"both hold": 0, "one value holds": 1, "open": 0}


def test_the_list_of_disagreements_links_each_row_and_its_repeat():
    found = methods.disagreement_list(_made())
    assert found["anchor"].tolist() == ["disagreement-b", "disagreement-a", "disagreement-rec-a"]
    assert found["question"].iloc[0] == [tables.Text("When?", href="#disagreement-b")]
    assert found["question"].iloc[2][1].href == "#disagreement-a"
    assert found["first"].iloc[0] == ["May.", "No source named."]
    assert found["second"].iloc[1] == ["2.", tables.Text("s2", cite="s2")]
    link = tables.Text("another row", href="#disagreement-a")
    assert found["how"].tolist() == [
        ["Not known. Ask again, see", link],
        ["The second."],
        ["The second. A third value exists."],
    ]
    assert found["settled"].tolist() == ["open", "second value holds", "second value holds"]


# ------------------------------------------------------------------------------------- what the prose takes for granted


def test_what_the_chapter_says_in_words_holds(disagreements):
    """Sentences and alternative texts name a largest or a smallest part: the data must still have it there."""
    ended = methods.settled_by_chapter(disagreements).pivot_table(
        index="chapter", columns="settled", values="questions"
    )
    assert ended["open"].idxmax() == "sustainability" and ended.loc["plan", "open"] == 0
    languages = methods.languages(sources.registry()).groupby("group")["sources"].sum().sort_values(ascending=False)
    assert languages.index[:2].tolist() == ["English", "Chinese"]
    assert languages.iloc[0] > 3 * languages.iloc[1] and languages.iloc[2] <= 15
    regions = methods.regions(data.seen(data.load("items"))).groupby("region")["items"].sum()
    known = regions.drop("Region not known").sort_values(ascending=False)
    assert set(known.index[:3]) == {"North America", "UK and Europe", "China (mainland)"}
    assert known[["Africa", "Gulf", "Southeast Asia"]].max() < 10
    months = methods.by_month(sources.registry(), "2024-01").set_index("month")["sources"].sort_values(ascending=False)
    assert months.index[:2].tolist() == [pd.Timestamp("2025-07-01"), pd.Timestamp("2026-07-01")]
    shares = methods.evidence_by_chapter(methods.evidence_by_table(), data.load("chapter_tables"))
    assert shares.loc[shares["evidence"] == "recalled", "share"].max() < 0.1


def test_the_codings_that_the_chapter_keeps_merges_and_withdraws():
    asks, asks_b, book = (data.load(name) for name in ("commitments", "commitments_coder_b", "plan_codebook"))
    found = methods.agreements(asks, asks_b, book, data.load("items"), data.load("items_coder_b")).set_index("code")
    assert found.loc[["actor", "main_theme", "stance"], "verdict"].eq("reliable").all()
    assert found.loc["deontic_merged", "verdict"] == "tentative"
    assert found.loc["deontic_merged", "low"] < agreement.TENTATIVE
    assert found.loc["deontic", "verdict"] == "below"
    assert found.loc[found.index.str.startswith("frame_"), "verdict"].eq("below").all()


# ------------------------------------------------------------------------------------------------------ the built book


@pytest.fixture(scope="module")
def page(built):
    return lxml_html.fromstring((built / "book" / "methods.html").read_bytes())


@pytest.mark.book
def test_chapter_tables_are_what_the_build_noted(built, report):
    (path,) = (report.build).rglob("policybook.json")
    manifest = json.loads(path.read_text(encoding="utf-8"))
    listed = set(site.reading_order(report))
    now = methods.used_tables({p: run for p, run in manifest.items() if p.removesuffix(".ipynb") in listed})
    noted = set(data.load("chapter_tables", report).itertuples(index=False, name=None))
    missing, extra = sorted(now - noted), sorted(noted - now)
    told = "data/chapter_tables.csv lacks:\n" + "\n".join(map(",".join, missing))
    assert not missing and not extra, f"{told}\nand has too much:\n" + "\n".join(map(",".join, extra))


@pytest.mark.book
def test_every_correction_and_disagreement_has_its_place_on_the_page(page):
    ids = set(page.xpath("//tr/@id"))
    assert {methods.correction_anchor(code) for code in data.load("corrections")["correction_id"]} <= ids
    assert {methods.disagreement_anchor(code) for code in data.load("disagreements")["dis_id"]} <= ids


@pytest.mark.book
def test_the_page_explains_badges_and_has_the_sections_that_others_link_to(page):
    for anchor in ("source-badges", "evidence-levels", "corrections", "disagreements", "threats", "reproducibility"):
        assert page.xpath("//*[@id=$a]", a=anchor), anchor
    table = page.xpath("//*[@id='tbl-source-types']")[0]
    types = set(sources.registry()["type"].astype(str)) - {"own_work"}
    first = {" ".join(cell.text_content().split()) for cell in table.xpath(".//tbody/tr/td[1]")}
    assert {kind.replace("_", " ") for kind in types} == first
    headings = [heading.text_content() for heading in page.xpath("//h2")]
    assert "cannot" in headings[-1]


@pytest.mark.book
def test_the_numbers_of_the_page_are_those_of_the_data(page, built):
    text = " ".join(page.xpath("//article")[0].text_content().split())
    asked = methods.questions(data.load("disagreements"))
    assert f"Sources differ on {len(asked)} questions" in text
    assert data.digest()[:12] in text
    cells = (data.load("corrections")["column"] != "(row)").sum()
    assert re.search(rf"{cells} cells were corrected and \d+ rows added", text)
    assert Path(built / "book" / "methods.html").stat().st_size < 1_500_000
