"""The chapter on standards: analysis on small made tables, published figures on the real ones, charts by their spec."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pandas as pd
import pytest

from policybook import data
from policybook import standards as analysis
from policybook.charts import BLUE, GREEN, ORANGE
from policybook.charts import standards as draw


@pytest.fixture(scope="module")
def standards():
    return analysis.seen(data.load("standards"))


@pytest.fixture(scope="module")
def targets():
    return analysis.seen(data.load("policy_targets"))


@pytest.fixture(scope="module")
def network():
    return analysis.network(data.load("bodies"), data.load("relations"))


def made_standards(**columns):
    """Four documents: a Chinese mandatory one, two of SC 42 (one a draft), an ITU-T one of 2016."""
    base = {
        "std_id": ["gb_1", "iso_1", "iso_2", "itu_1"],
        "designation": ["GB 1", "ISO/IEC 1", "ISO/IEC 2", "ITU-T L.1"],
        "title_en": ["Limits for servers", "Bias in AI", "Logging", "Water use of data centres"],
        "developer_family": ["GB", "ISO/IEC JTC 1/SC 42", "ISO/IEC JTC 1/SC 42", "ITU-T"],
        "force": [
            "mandatory_national",
            "international_voluntary",
            "international_voluntary",
            "international_voluntary",
        ],
        "type": ["mandatory", "voluntary", "voluntary", "voluntary"],
        "doc_class": ["national standard", "technical report", "international standard", "ITU-T Recommendation"],
        "stage": ["published", "published", "draft", "published"],
        "publication_date": pd.to_datetime(["2025-08-01", "2024-02-01", None, "2016-05-01"]),
        "topic": ["energy and environment", "bias and fairness", "transparency", "energy and environment"],
        "articles": [("A07", "A08"), ("A08",), ("A08", "A10"), ("A07", "A08")],
        "energy_water_env": [True, False, False, True],
        "note": [pd.NA] * 4,
        "evidence": ["read"] * 4,
    }
    return pd.DataFrame(base | columns)


# ------------------------------------------------------------------------------------------------------------ network


def test_network_keeps_only_bodies_with_a_relation(network):
    nodes, edges = network
    relations = data.load("relations")
    assert len(edges) == len(relations)
    assert set(nodes["body_id"]) == set(relations["source_body"]) | set(relations["target_body"])
    assert nodes["degree"].sum() == 2 * len(relations)


def test_network_layout_is_fixed_and_nodes_keep_apart(network):
    nodes, edges = network
    again, _ = analysis.network(data.load("bodies"), data.load("relations"))
    pd.testing.assert_frame_equal(nodes, again)
    at = nodes[["x", "y"]].to_numpy()
    gaps = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)) + np.eye(len(at)) * 1e6
    assert gaps.min() > 20
    first = edges.iloc[0]
    end = nodes.set_index("body_id").loc[first["target_body"]]
    assert (first["x2"], first["y2"]) == (end["x"], end["y"])


def test_neighbours_are_those_of_the_graph(network):
    nodes, edges = network
    graph = nx.from_pandas_edgelist(edges, "source_body", "target_body")
    found = nodes.set_index("body_id").loc["iso_iec_sc42", "neighbours"].strip("|").split("|")
    assert set(found) == set(graph["iso_iec_sc42"])
    assert {"ansi", "sac_tc28_sc42", "incits_ai"} <= set(found)


def test_labels_cover_neither_nodes_nor_each_other(network):
    nodes, edges = network
    labels = analysis.place_labels(nodes, edges, always=["iso"], letter=6, height=12)
    assert {"iso", "iso_iec_sc42"} <= set(labels["body_id"])
    size = labels["label"].str.len() * 6
    left = labels["label_x"] - size * labels["align"].map({"left": 0, "center": 0.5, "right": 1})
    boxes = list(zip(left, labels["label_y"] - 6, left + size, labels["label_y"] + 6, strict=True))
    for i, a in enumerate(boxes):
        assert not any(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for b in boxes[i + 1 :])
        dots = nodes[nodes["body_id"] != labels["body_id"].iloc[i]]
        assert not (dots["x"].between(a[0], a[2]) & dots["y"].between(a[1], a[3])).any()


def test_network_of_a_body_that_is_missing():
    relations = data.load("relations").head(1).assign(source_body="nobody")
    with pytest.raises(KeyError):
        analysis.network(data.load("bodies"), relations)


def test_network_chart(network):
    nodes, edges = network
    labels = analysis.place_labels(nodes, edges)
    spec = draw.network(nodes, edges, labels).to_dict()
    known = edges[~edges["recalled"]]
    touching = ((known["source_body"] == "iso_iec_sc42") | (known["target_body"] == "iso_iec_sc42")).sum()
    assert f"SC 42: {touching} of {len(known)}; ANSI runs its secretariat" in " ".join(spec["title"]["text"])
    lines = spec["vconcat"][0]["layer"][0]["encoding"]
    assert lines["strokeDash"]["condition"]["test"] == "datum.recalled"
    assert lines["color"]["scale"]["domain"] == list(dict.fromkeys(analysis.EDGE_KINDS.values()))
    assert "picked" in [param["name"] for param in spec["params"]]


def test_committees(network):
    rows = analysis.committees(data.load("bodies"), data.load("relations"), ["sac_tc28_sc42", "tc260_wg9"])
    first, second = rows.to_dict("records")
    assert (first["parent"], first["secretariat"], first["mirrors"], first["since"]) == ("TC 28", "CESI", "SC 42", 2020)
    assert pd.isna(second["secretariat"]) and second["parent"] == "TC260"


# ------------------------------------------------------------------------------------------------- families and force


def test_every_family_is_in_one_group(standards):
    families = [family for group in analysis.FAMILY_GROUPS.values() for family in group]
    assert len(families) == len(set(families))
    assert set(standards["developer_family"].astype(str)) <= set(families)
    with pytest.raises(KeyError):
        analysis.family_group(pd.DataFrame({"developer_family": ["unheard of"]}))


def test_by_year_by_hand():
    sources = pd.DataFrame(
        {"source_id": list(analysis.RECORDS.values()), "date": pd.to_datetime(["2024-06-01"] * len(analysis.RECORDS))}
    )
    counts = analysis.by_year(made_standards(), sources).set_index(["group", "period"])
    assert counts.loc[("ISO/IEC SC 42 (AI)", "2024"), "n"] == 1
    assert counts.loc[("ISO/IEC SC 42 (AI)", "draft"), "state"] == "draft"
    assert counts.loc[("ITU-T", "to 2017"), "n"] == 1
    # Records that end in June 2024 say nothing of 2025.
    assert counts.loc[("ITU-T", "2025"), "state"] == "unknown"
    assert pd.isna(counts.loc[("ITU-T", "2025"), "n"])
    assert ("China, national", "2024") not in counts.index


def test_by_year_of_the_data(standards):
    counts = analysis.by_year(standards, data.load("sources"))
    known = counts[counts["state"] != "unknown"]
    assert known["n"].sum() == len(standards)
    unknown = counts[counts["state"] == "unknown"]
    assert set(zip(unknown["group"], unknown["period"], strict=True)) == {
        ("IEEE SA and consortium", "2026"),
        ("Other ISO and ISO/IEC", "2026"),
    }


def test_own_count_of_sc42_agrees_with_the_catalogue(standards, targets):
    output = analysis.yearly_output(targets).set_index(["body", "year"])
    rows = standards[standards["developer_family"] == "ISO/IEC JTC 1/SC 42"]
    listed = rows["publication_date"].dt.year.value_counts()
    own = output.loc["ISO/IEC JTC 1/SC 42", "n"].dropna()
    assert own.to_dict() == {year: listed[year] for year in own.index}
    assert own.sum() == 42
    assert pd.isna(output.loc[("ISO/IEC JTC 1/SC 42", 2026), "n"])
    itut = output.loc["ITU-T, an AI term in the title"]
    assert (itut.loc[2025, "n"], itut.loc[2026, "n"], itut["n"].sum()) == (38, 25, 137)
    assert itut.loc[2025, "complete"] and not itut.loc[2026, "complete"]


def test_year_chart_draws_years_without_records_apart(standards):
    spec = draw.by_year(analysis.by_year(standards, data.load("sources"))).to_dict()
    rows = next(rows for rows in spec["datasets"].values() if "period" in rows[0])
    assert {row["text"] for row in rows if row["n"] is None} == {"no data"}
    bars = spec["vconcat"][0]["layer"][0]["encoding"]
    assert bars["color"]["scale"]["range"][:2] == [BLUE, ORANGE]
    assert bars["x"]["scale"]["domain"][0] == "to 2017" and bars["x"]["scale"]["domain"][-1] == "draft"
    issued = sum(row["n"] for row in rows if row["state"] == "issued")
    assert f"of {issued} documents" in " ".join(spec["title"]["text"])


def test_chinese_documents(standards):
    documents = analysis.chinese_documents(standards)
    mandatory = documents[documents["force"] == "mandatory_national"]
    published = mandatory[mandatory["state"] == "published"]
    # GB 45438-2025 is the one mandatory standard on AI in force; the others limit the energy of sites and servers.
    assert published.loc[~published["energy"], "designation"].tolist() == ["GB 45438-2025"]
    assert set(published.loc[published["energy"], "designation"]) == {"GB 40879-2021", "GB 43630-2023"}
    assert mandatory.sort_values("position")["state"].tolist() == ["published"] * 3 + ["draft"]
    title = " ".join(draw.chinese_force(documents).to_dict()["title"]["text"])
    assert title.startswith(f"3 of {len(documents)} ") and "1 of them is about AI" in title
    assert "GB/T 45958-2025" not in set(documents["designation"])  # recalled


# --------------------------------------------------------------------------------------------------- energy, coverage


def test_energy_standards_by_hand():
    rows = analysis.energy_standards(made_standards()).set_index("designation")
    assert rows["applies_to"].to_dict() == {"GB 1": "Servers", "ITU-T L.1": "Data centres"}
    assert rows["role"].to_dict() == {"GB 1": "Binding limit", "ITU-T L.1": "Voluntary standard"}
    assert rows["water"].to_dict() == {"GB 1": False, "ITU-T L.1": True}


def test_no_binding_limit_for_ai(standards):
    rows = analysis.energy_standards(standards)
    assert len(rows) == 36
    limits = rows[rows["role"] == "Binding limit"]
    assert set(limits["applies_to"]) == {"Data centres", "Servers"}
    assert set(rows.loc[rows["water"], "stage"].astype(str)) == {"published", "draft"}
    assert rows.loc[rows["water"] & (rows["stage"] == "published"), "designation"].tolist() == ["ISO/IEC 30134-9:2022"]
    chart = draw.energy_grid(rows).to_dict()
    assert " ".join(chart["title"]["text"]) == "Binding energy limits found: 2, none for an AI model or system"
    assert chart["vconcat"][0]["layer"][0]["encoding"]["color"]["scale"]["range"] == [BLUE, GREEN]


def test_energy_title_counts_a_limit_on_ai():
    made = made_standards(title_en=["Limits for model training", "Bias", "Logging", "Water use of data centres"])
    title = " ".join(draw.energy_grid(analysis.energy_standards(made)).to_dict()["title"]["text"])
    assert title == "Binding energy limits found: 1, 1 for an AI model or system"


def test_coverage_by_hand():
    asks = [
        analysis.Ask("A08.06", "Bias", topics=("bias and fairness",)),
        analysis.Ask("A10.12", "Traces", words="logging"),
        analysis.Ask("A07.03", "Sites", topics=("energy and environment",), site=True),
        analysis.Ask("A07.03", "Systems", topics=("energy and environment",), site=False),
        analysis.Ask("A07.04", "Water", topics=("energy and environment",), water=True),
        analysis.Ask("A07.01", "All of article 7", article="A07"),
    ]
    cells = analysis.coverage(made_standards(), asks).set_index(["ask", "region"])
    assert cells.loc[("Bias", "International"), "published_names"] == ["ISO/IEC 1"]
    assert cells.loc[("Traces", "International"), "state"] == "draft only"
    assert cells.loc[("Traces", "China, mandatory"), "state"] == "none found"
    assert cells.loc[("Sites", "China, mandatory"), "published_names"] == ["GB 1"]
    assert set(cells.loc["Systems", "state"]) == {"none found"}
    assert cells.loc[("Water", "International"), "published_names"] == ["ITU-T L.1"]
    assert cells.loc["All of article 7", "published"].sum() == 2


def test_replaced_documents_answer_nothing():
    made = made_standards(stage=["published", "superseded", "draft", "withdrawn"])
    cells = analysis.coverage(made, [analysis.Ask("A08.06", "Bias", topics=("bias and fairness",))])
    assert set(cells["state"]) == {"none found"}


def test_coverage_rests_on_asks_that_were_seen(standards):
    commitments = data.load("commitments").set_index("commitment_id")
    for ask in analysis.ASKS:
        assert commitments.loc[ask.commitment_id, "evidence"] in data.SEEN, ask
    topics = set(standards["topic"].astype(str))
    assert {topic for ask in analysis.ASKS for topic in ask.topics} <= topics


def test_what_the_chapter_says_of_coverage(standards):
    cells = analysis.coverage(standards)
    published = cells[cells["state"] == "published"]
    assert set(published["ask"]) == set(cells["ask"])  # something is published for every ask
    chinese = set(published.loc[published["region"].str.startswith("China"), "ask"])
    international = set(published.loc[published["region"] == "International", "ask"])
    assert chinese - international == {"Emergency response", "Traceable services"}
    missing = set(cells["ask"]) - chinese
    assert {"Energy: AI systems", "Algorithmic bias", "Water efficiency"} <= missing
    china = cells[cells["region"].str.startswith("China") & cells["ask"].isin(missing)]
    assert set(china.loc[china["draft"] > 0, "ask"]) == {"Water efficiency"}
    title = " ".join(draw.coverage(cells).to_dict()["title"]["text"])
    bound = published.loc[published["region"] == "China, mandatory", "ask"].nunique()
    assert title == f"All {cells['ask'].nunique()} asks have a published standard, {bound} have a mandatory Chinese one"


def test_coverage_table_names_some_and_counts_the_rest():
    cells = pd.DataFrame(
        {
            "article": "A10",
            "ask": "Tests",
            "region": analysis.REGIONS,
            "published_names": [["a", "b", "c"], [], [], ["d"]],
            "draft_names": [["x"], ["y"], [], []],
        }
    )
    row = analysis.coverage_table(cells, most=2).iloc[0]
    assert row[analysis.REGIONS].tolist() == ["a, b and 1 more", "draft: y", "none found", "d"]
    assert row["article"][0].href == "plan.html#article-10"


# ------------------------------------------------------------------------------------------------------------ targets


def test_targets_and_progress(targets):
    progress = analysis.target_progress(targets).set_index("target_id")
    # 10 national standards issued in 2025 to 9 September, of 50 or more; adoption 88.9 percent, target 85 percent.
    assert progress.loc["g2024_std50", "share"] == pytest.approx(0.2)
    assert progress.loc["g2024_std50", "status"] == "partial figure"
    assert progress.loc["nsdo_85", "share"] == pytest.approx(88.9 / 85)
    assert progress.loc["nsdo_85", "status"] == "met"
    assert progress.loc[["g2024_firms", "g2024_intl20"], "wanted"].tolist() == ["> 1,000", "≥ 20"]
    assert progress.loc[["g2024_firms", "g2024_intl20", "waic25_50", "plan100"], "status"].eq("not known").all()
    assert progress.loc["plan100", "due"] == "no deadline found"
    assert progress.loc["g2024_intl20", "due"] == "by 2026"


def test_figures_that_measure_a_target_are_progress_on_it(targets):
    table = targets.set_index("target_id")
    for target, (_, measure) in analysis.TARGETS.items():
        assert table.loc[target, "kind"] == "target"
        if measure:
            assert table.loc[measure, "kind"] == "progress"
            assert table.loc[measure, "progress_of"] == target


def test_target_chart_leaves_the_unknown_empty(targets):
    progress = analysis.target_progress(targets)
    spec = draw.targets(progress).to_dict()
    unknown = (progress["status"] == "not known").sum()
    title = " ".join(spec["title"]["text"])
    assert title == f"No official progress figure was found for {unknown} of {len(progress)} Chinese targets"
    rows = next(rows for rows in spec["datasets"].values() if "percent" in rows[0])
    assert all((row["label"] == "not known") == (row["percent"] is None) for row in rows)
    band = spec["vconcat"][0]["layer"][0]["encoding"]
    assert band["strokeDash"]["condition"] == {"test": "datum.status == 'not known'", "value": [3, 3]}


def test_figures_for_reading(targets):
    rows = analysis.figures(targets, ["iso_5000", "adopt_889", "samr_pub30", "led_285"])
    assert rows["figure"].tolist() == ["about 5,000", "88.9 %", "30", "285"]
    assert rows["on"].tolist() == ["2025-07", "2025-12-31", "2025-09-09", "2025"]


def test_issued_after_is_a_lower_bound():
    made = made_standards(energy_water_env=False)
    assert analysis.issued_after(made, pd.Timestamp("2025-07-26"), ["mandatory_national"]) == 1
    assert analysis.issued_after(made, pd.Timestamp("2025-08-01"), ["mandatory_national"]) == 0
    assert analysis.issued_after(made_standards(), pd.Timestamp("2025-07-26"), ["mandatory_national"]) == 0  # energy


# ------------------------------------------------------------------------------------------- instruments and reading


def test_instruments_after_the_plan():
    dates = analysis.instrument_dates(analysis.seen(data.load("instruments"))).set_index("instrument_id")
    # Signed before the Plan, in force after it; the guide of July 2025 may be older or younger than the Plan.
    assert dates.loc["labeling_2025", "after"]
    assert dates.loc["labeling_2025", "counts"] == pd.Timestamp("2025-09-01")
    assert not dates.loc["miit_secguide_2025", "after"] and not dates.loc["miit_secguide_2025", "day_known"]
    assert not dates.loc["plan_2025", "after"]
    after = dates[dates["after"] & (dates["group"] == "Binding")]
    assert set(after.index) == {"labeling_2025", "csl_2025_amend", "ai_ethics_2026", "anthro_2026"}
    assert "sci_ethics_2023" not in dates.index  # recalled
    title = " ".join(draw.instruments(dates.reset_index()).to_dict()["title"]["text"])
    assert title == f"{dates['after'].sum()} of {len(dates)} Chinese instruments came after the Plan, 4 of them binding"


def test_short_names_belong_to_instruments():
    assert set(analysis.SHORT_NAMES) <= set(data.load("instruments")["instrument_id"])


def test_catalogue_marks_recalled_rows_and_links_articles():
    every = data.load("standards")
    rows = analysis.catalogue(every, data.load("bodies")).set_index("std_id")
    assert len(rows) == len(every) and rows["anchor"].is_unique
    assert rows["body"].notna().all() and rows["force_text"].notna().all()
    marked = rows[rows["state"].map(lambda pieces: any(piece.badge == "recalled" for piece in pieces))]
    assert set(marked.index) == set(every.loc[every["evidence"] == "recalled", "std_id"])
    gb = rows.loc["gb_45438_2025"]
    assert [piece.href for piece in gb["plan_articles"]] == ["plan.html#article-10"]
    assert gb["title"][1].lang == "zh-Hans"


def test_open_questions_leave_the_unreliable_out():
    questions = analysis.open_questions(data.load("disagreements"), data.load("sources"))
    assert "csdn_298" not in set(questions["source_a"]) | set(questions["source_b"])
    assert "dis_std_count" in set(questions["dis_id"])
    assert questions["settled"].iloc[0] == "open"


def test_years_for_reading():
    assert (analysis.plain_year(2025), analysis.plain_year(pd.NA)) == ("2025", "–")


def test_charts_use_no_more_than_they_need(network, standards, targets):
    nodes, edges = network
    dates = analysis.instrument_dates(analysis.seen(data.load("instruments")))
    drawn = [
        draw.network(nodes, edges, analysis.place_labels(nodes, edges)),
        draw.by_year(analysis.by_year(standards, data.load("sources"))),
        draw.chinese_force(analysis.chinese_documents(standards)),
        draw.energy_grid(analysis.energy_standards(standards)),
        draw.coverage(analysis.coverage(standards)),
        draw.targets(analysis.target_progress(targets)),
        draw.yearly_output(analysis.yearly_output(targets)),
        draw.instruments(dates),
    ]
    assert all(len(chart.to_json(indent=None)) < 150_000 for chart in drawn)
    assert all(chart.to_dict()["title"]["subtitle"] for chart in drawn)
