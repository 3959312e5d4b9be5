"""What the Plan asks for against the standards there are: the rules by hand, the real cells, table and chart."""

from __future__ import annotations

import csv
import json
import re

import pandas as pd
import pytest

from policybook import coverage as cover
from policybook import data, paths
from policybook.charts import standards as draw
from policybook.coverage import Ask
from support import made_standards


@pytest.fixture(scope="module")
def standards():
    return data.seen(data.load("standards"))


@pytest.fixture(scope="module")
def cells(standards):
    return cover.coverage(standards, cover.asks())


def test_coverage_by_hand():
    asks = [
        Ask("bias", "A08.06", "Bias", topics=("bias and fairness",)),
        Ask("traces", "A10.12", "Traces", words="logging"),
        Ask("sites", "A07.03", "Sites", topics=("energy and environment",), applies_to="site"),
        Ask("systems", "A07.03", "Systems", topics=("energy and environment",), applies_to="system"),
        Ask("water", "A07.04", "Water", topics=("energy and environment",), names_water=True),
        Ask("all", "A07.01", "All of article 7", article="A07"),
        Ask("judged", "A08.05", "Judged", topics=("bias and fairness",), also=("gb_1",), leave_out=("iso_1",)),
    ]
    cells = cover.coverage(made_standards(), asks).set_index(["ask", "region"])
    assert cells.loc[("Bias", "International"), "published_ids"] == ["iso_1"]
    assert cells.loc[("Traces", "International"), "state"] == "draft only"
    assert cells.loc[("Traces", "International"), "draft_ids"] == ["iso_2"]
    assert cells.loc[("Traces", "China, mandatory"), "state"] == "none found"
    assert cells.loc[("Sites", "China, mandatory"), "published_ids"] == ["gb_1"]
    assert set(cells.loc["Systems", "state"]) == {"none found"}
    assert cells.loc[("Water", "International"), "published_ids"] == ["itu_1"]
    assert cells.loc["All of article 7", "published"].sum() == 2
    assert cells.loc["Judged", "published_ids"].sum() == ["gb_1"]


def test_replaced_documents_answer_nothing():
    made = made_standards(stage=["published", "superseded", "draft", "withdrawn"])
    cells = cover.coverage(made, [Ask("bias", "A08.06", "Bias", topics=("bias and fairness",))])
    assert set(cells["state"]) == {"none found"}


def test_coverage_rests_on_asks_that_were_seen(standards):
    commitments = data.load("commitments").set_index("commitment_id")
    for ask in cover.asks():
        assert commitments.loc[ask.commitment_id, "evidence"] in data.SEEN, ask
        assert set(ask.topics) <= set(standards["topic"].astype(str)), ask
    assert {ask.commitment_id[:3] for ask in cover.asks()} == {"A04", "A06", "A07", "A08", "A10"}


def test_documents_judged_by_hand_change_something(standards):
    """A document added would not fit by the rule, one left out would: else the judgement says nothing."""
    for ask in cover.asks():
        rule = Ask(**{**vars(ask), "also": (), "leave_out": ()})
        by_rule = cover.coverage(standards, [rule])
        found = set(by_rule["published_ids"].sum() + by_rule["draft_ids"].sum())
        assert not set(ask.also) & found, ask
        assert set(ask.leave_out) <= found, ask
        assert set(ask.also) <= set(standards["std_id"]), ask
        assert ask.note or not (ask.also or ask.leave_out), ask


def test_what_the_chapter_says_of_coverage(cells):
    published = cells[cells["state"] == "published"]
    assert set(cells["ask"]) - set(published["ask"]) == {"Chips that use little power"}
    chinese = set(published.loc[published["region"].str.startswith("China"), "ask"])
    international = set(published.loc[published["region"] == "International", "ask"])
    assert chinese - international == {"Emergency response", "Traceable services"}
    missing = set(cells["ask"]) - chinese
    assert {"Energy: AI systems", "Algorithmic bias", "Water efficiency"} <= missing
    china = cells[cells["region"].str.startswith("China") & cells["ask"].isin(missing)]
    assert set(china.loc[china["draft"] > 0, "ask"]) == {"Water efficiency"}


def test_mandatory_cells_counted_again(cells, standards):
    mandatory = cells[cells["region"] == "China, mandatory"].set_index("ask")
    gb = set(
        standards.loc[standards["designation"].str.match(r"GB \d") & (standards["stage"] == "published"), "std_id"]
    )
    assert set(mandatory["published_ids"].sum()) == gb
    assert mandatory.loc["Security of AI systems", "draft_ids"] == ["20263116_q_252"]
    assert set(mandatory.index[mandatory["state"] == "published"]) == {
        "Energy: data centres, servers",
        "Transparency",
        "Traceable services",
    }


def test_cells_without_a_document_have_no_title_that_names_them(cells):
    """Search the titles and remarks anew, with other words, in the whole table: a gap must stay a gap."""
    with open(paths.report().data / "standards" / "standards.csv", encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["evidence"] != "recalled"]
    words = {
        "Chips that use little power": r"\bchip|semiconductor|processor|low.power",
        "Algorithmic bias": r"\bbias|fairness|discriminat",
        "Emergency response": r"emergenc|contingency",
        "Explainability": r"explain|explicab|interpretab",
        "Privacy": r"privacy|personal (data|information)",
    }
    state = cells.set_index(["ask", "region"])["state"]
    for ask, pattern in words.items():
        found = [row for row in rows if re.search(pattern, row["title_en"].lower())]
        chinese = [
            row["designation"] for row in found if row["developer_family"] in ("GB", "GB/T", "GB/Z", "TC260", "T")
        ]
        open_cells = {state[ask, region] for region in cover.regions()[2:]} == {"none found"}
        assert open_cells == (not chinese), (ask, chinese)


def test_coverage_table_names_some_and_counts_the_rest():
    cells = pd.DataFrame(
        {
            "article": "A10",
            "ask": "Tests",
            "region": cover.regions(),
            "published_ids": [["a_1", "b", "c"], [], [], ["d"]],
            "draft_ids": [["x"], ["y"], [], []],
        }
    )
    names = pd.Series({key: key.upper() for key in ["a_1", "b", "c", "d", "x", "y"]})
    row = cover.coverage_table(cells, names, most=2).iloc[0]
    text = [" ".join(piece.text for piece in row[region]) for region in cover.regions()]
    assert text == ["A_1, B, and 1 more", "draft: Y", "none found", "D"]
    assert row["International"][0].href == "#std-a-1"
    assert row["article"][0].href == "plan.html#article-10"


def test_every_pair_of_ask_and_standard_is_told(cells, standards):
    pairs = cover.answers(cells, standards)
    assert (pairs["state"] == "published").sum() == cells["published"].sum()
    assert (pairs["state"] == "draft").sum() == cells["draft"].sum()
    assert (pairs["state"] == "none found").sum() == (cells["state"] == "none found").sum()
    anchors = {piece.href for pieces in pairs["document"] for piece in pieces if piece.href}
    assert anchors <= {f"#std-{key.replace('_', '-')}" for key in standards["std_id"]}
    assert pairs.loc[pairs["state"] == "none found", "title"].isna().all()


def test_chart_names_a_number_in_each_cell_and_draws_no_gap_as_missing(cells, standards):
    names = standards.set_index("std_id")["designation"]
    spec = draw.coverage(cells, names).to_dict()
    bound = cells[(cells["region"] == "China, mandatory") & (cells["published"] > 0)]["ask"].nunique()
    answered = cells[cells["published"] > 0]["ask"].nunique()
    title = " ".join(spec["title"]["text"])
    share = f"{answered} of {cells['ask'].nunique()}"
    assert title == f"{share} asks have a published standard, {bound} have a mandatory Chinese one"
    rows = next(rows for rows in spec["datasets"].values() if "region" in rows[0])
    assert len(rows) == len(cells)
    assert all((row["text"] == "none found") == (row["first"] == "") for row in rows)
    water = next(r for r in rows if "Water" in r["row"] and r["region"] == "International")
    assert (water["text"], water["first"]) == ("1 + 1 draft", "ISO/IEC 30134-9:2022")
    assert not any("missing" in json.dumps(row) for row in rows)
    assert len(json.dumps(spec)) < 150_000
