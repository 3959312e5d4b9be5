"""The chapter on standards: analysis on small made tables, published figures on the real ones, charts by their spec."""

from __future__ import annotations

import csv
import re
from collections import Counter

import pandas as pd
import pytest
import vl_convert

from policybook import data, paths
from policybook import standards as analysis
from policybook.charts import BLUE, GREEN, ORANGE
from policybook.charts import standards as draw
from support import made_standards


@pytest.fixture(scope="module")
def standards():
    return data.seen(data.load("standards"))


@pytest.fixture(scope="module")
def targets():
    return data.seen(data.load("policy_targets"))


# ------------------------------------------------------------------------------------------------- families and force


def test_every_family_is_in_one_group(standards):
    families = [family for group in analysis.family_groups().values() for family in group]
    assert len(families) == len(set(families))
    assert set(standards["developer_family"].astype(str)) <= set(families)
    with pytest.raises(KeyError):
        analysis.family_group(pd.DataFrame({"developer_family": ["unheard of"]}))


def test_by_year_by_hand():
    sources = pd.DataFrame(
        {
            "source_id": list(analysis.records().values()),
            "date": pd.to_datetime(["2024-06-01"] * len(analysis.records())),
        }
    )
    counts = analysis.by_year(made_standards(), sources).set_index(["group", "period"])
    assert counts.loc[("ISO/IEC SC 42 (AI)", "2024"), "n"] == 1
    assert counts.loc[("ISO/IEC SC 42 (AI)", "draft"), "state"] == "draft"
    assert counts.loc[("ITU-T", "to 2017"), "n"] == 1
    # Records that end in June 2024 say nothing of 2025.
    assert counts.loc[("ITU-T", "2025"), "state"] == "unknown"
    assert pd.isna(counts.loc[("ITU-T", "2025"), "n"])
    assert counts.loc[("ITU-T", "2024"), ["state", "n"]].tolist() == ["partial", 0]
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
    assert {(row["group"], row["text"]) for row in rows if row["n"] == 0} == {
        ("ISO/IEC SC 42 (AI)", "0 to Mar"),
        ("Other ISO and ISO/IEC", "0 to Jun"),
    }
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


# ------------------------------------------------------------------------------------------------------------- energy


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
    labels = data.load("target_labels")
    assert set(table.loc[labels["target_id"], "kind"]) == {"target"}
    measured = labels.dropna(subset="measured_by")
    assert set(table.loc[measured["measured_by"], "kind"]) == {"progress"}
    assert table.loc[measured["measured_by"], "progress_of"].tolist() == measured["target_id"].tolist()


def test_targets_come_in_the_order_of_their_labels_and_need_them(targets):
    labels = data.load("target_labels")
    turned = analysis.target_progress(targets, labels.assign(place=-labels["place"], measured_by=None))
    assert turned["target_id"].tolist() == labels.sort_values("place")["target_id"].tolist()[::-1]
    assert set(turned["status"]) == {"not known"}
    with pytest.raises(data.NoRows, match="target_labels"):
        analysis.target_progress(targets, labels.iloc[:0])


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
    dates = analysis.instrument_dates(data.seen(data.load("instruments"))).set_index("instrument_id")
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


def test_charts_use_no_more_than_they_need(standards, targets):
    dates = analysis.instrument_dates(data.seen(data.load("instruments")))
    drawn = [
        draw.by_year(analysis.by_year(standards, data.load("sources"))),
        draw.chinese_force(analysis.chinese_documents(standards)),
        draw.energy_grid(analysis.energy_standards(standards)),
        draw.targets(analysis.target_progress(targets)),
        draw.yearly_output(analysis.yearly_output(targets)),
        draw.instruments(dates),
    ]
    assert all(len(chart.to_json(indent=None)) < 150_000 for chart in drawn)
    assert all(chart.to_dict()["title"]["subtitle"] for chart in drawn)


# ------------------------------------------------------------------- the main numbers, counted again from the files


@pytest.fixture(scope="module")
def raw():
    """The rows of a table of this chapter as text, read by the csv module, recalled ones left out."""

    def rows(name):
        with open(paths.report().data / "standards" / f"{name}.csv", encoding="utf-8", newline="") as stream:
            return [row for row in csv.DictReader(stream) if row["evidence"] != "recalled"]

    return rows


def test_years_counted_again(standards, raw):
    issued = [row for row in raw("standards") if row["stage"] != "draft"]
    by_hand = Counter(row["publication_date"][:4] for row in issued)
    counts = analysis.by_year(standards, data.load("sources"))
    drawn = counts[counts["state"] == "issued"].groupby("period")["n"].sum()
    assert {year: n for year, n in drawn.items() if year != "to 2017"} == {
        year: n for year, n in by_hand.items() if year >= "2018"
    }
    assert drawn["to 2017"] == sum(n for year, n in by_hand.items() if year < "2018")
    assert counts.loc[counts["state"] == "draft", "n"].sum() == len(raw("standards")) - len(issued)
    chinese = Counter(row["publication_date"][:4] for row in issued if re.match(r"(GB|GB/T|GB/Z) ", row["designation"]))
    national = counts[(counts["group"] == "China, national") & (counts["state"] == "issued")].set_index("period")["n"]
    assert national.to_dict() == dict(chinese)


def test_force_counted_again_by_the_number(standards, raw):
    documents = analysis.chinese_documents(standards)
    marks = {"GB ": "mandatory_national", "GB/T": "recommended_national", "GB/Z": "guidance_national"}
    for mark, force in marks.items():
        listed = {row["designation"] for row in raw("standards") if row["designation"].startswith(mark)}
        # Drafts and plans that have no number of their class yet come on top.
        more = set(documents.loc[documents["force"] == force, "designation"]) - listed
        assert listed <= set(documents.loc[documents["force"] == force, "designation"])
        assert all(documents.set_index("designation").loc[name, "state"] == "draft" for name in more)
    tc260 = documents[documents["force"] == "committee_document"]
    assert tc260["designation"].str.contains("TC260").all()
    assert not tc260["designation"].str.match("GB").any()


def test_energy_counted_again(standards, raw):
    rows = [row for row in raw("standards") if row["energy_water_env"] == "true"]
    drawn = analysis.energy_standards(standards)
    assert sorted(drawn["designation"]) == sorted(row["designation"] for row in rows)
    limits = {
        row["designation"] for row in rows if row["designation"].startswith("GB ") and row["stage"] == "published"
    }
    assert set(drawn.loc[drawn["role"] == "Binding limit", "designation"]) == limits
    water = [row["designation"] for row in rows if "water" in (row["title_en"] + row["note"]).lower()]
    assert sorted(drawn.loc[drawn["water"], "designation"]) == sorted(water)


def test_yearly_output_counted_again(targets, raw):
    rows = {row["target_id"]: int(row["value"]) for row in raw("policy_targets") if row["unit"] == "documents"}
    output = analysis.yearly_output(targets).set_index(["body", "year"])["n"]
    sc42 = output["ISO/IEC JTC 1/SC 42"].dropna()
    assert sc42.cumsum().to_dict() == {year: rows[f"sc42_cum_{year}"] for year in sc42.index}
    assert sc42.idxmax() == 2024 and sc42.max() == 12


def test_china_is_never_given_a_share_of_ai_standards(targets):
    chapter = (paths.report().root / "book" / "standards.ipynb").read_text(encoding="utf-8")
    shown = re.findall(r"led_\d+|prop_\d+|adopt_\d+|iso_\d+", chapter)
    metrics = targets.set_index("target_id").loc[sorted(set(shown)), "metric"]
    assert not metrics.str.contains(r"\bAI (?:national|standards)").any()
    assert "What is counted (all fields, not AI)" in chapter


def test_instruments_counted_again(raw):
    dates = analysis.instrument_dates(data.seen(data.load("instruments")))
    after = {
        row["instrument_id"]: row["effective"] or row["promulgated"]
        for row in raw("instruments")
        if (row["effective"] or row["promulgated"]) > "2025-07-26"
    }
    drawn = dates[dates["after"]]
    assert dict(zip(drawn["instrument_id"], drawn["counts"].dt.strftime("%Y-%m-%d"), strict=True)) == after
    binding = {row["instrument_id"] for row in raw("instruments") if row["type"] in ("law", "departmental rule")}
    assert binding & set(after) == set(drawn.loc[drawn["group"] == "Binding", "instrument_id"]) - {"labeling_2025"}


def test_what_came_since_the_plan_is_told_by_date():
    since = analysis.since_the_plan(analysis.instrument_dates(data.seen(data.load("instruments"))))
    told = since.set_index("instrument_id")["day"]
    assert told["labeling_2025"] == "in force 1 September 2025"
    assert told["ai_ethics_2026"] == "issued March 2026"
    assert told["plan100_2026"] == "issued 2026"
    assert since["counts"].is_monotonic_increasing


def test_one_family_is_brought_out(standards):
    spec = draw.by_year(analysis.by_year(standards, data.load("sources"))).to_dict()
    choice = next(param for param in spec["params"] if param["name"] == "family")
    assert choice["bind"]["options"] == ["all", *analysis.family_groups()]
    faint = []
    for family in ("all", "ITU-T"):
        choice["value"] = family
        faint.append(vl_convert.vegalite_to_svg(spec).count('opacity="0.15"'))
    rows = next(rows for rows in spec["datasets"].values() if "period" in rows[0])
    others = [row for row in rows if row["group"] != "ITU-T"]
    bars = sum(1 for row in others if row["n"])
    assert faint[0] == 0 and faint[1] >= bars + len(others) + len(analysis.family_groups()) - 1


def test_catalogue_can_be_filtered():
    rows = analysis.catalogue(data.load("standards"), data.load("bodies"))
    assert rows["anchor"].str.fullmatch(r"std-[a-z0-9-]+").all()
    assert (rows["about_energy"] != "other").sum() == 36
    assert rows.set_index("std_id").loc["gb_45438_2025", "article_names"] == ("article 8", "article 10")
    assert rows[["body", "stage", "force_text", "topic"]].notna().all().all()
