"""Energy, water and compute: analysis by hand-computed cases and published figures, charts by their specification."""

import dataclasses
import json
import re

import pandas as pd
import pytest

from policybook import charts, data, energy, settings
from policybook.charts import sustainability as draw

REGIONS = ["China", "United States", "EU27", "World"]


@pytest.fixture(scope="module")
def indicators() -> pd.DataFrame:
    return data.load("indicators")


@pytest.fixture(scope="module")
def policies() -> pd.DataFrame:
    return data.load("policies")


def observation(**values) -> dict:
    """One row of the table indicators, as it would be loaded, with the values given."""
    row = {
        "observation_id": "x",
        "indicator": "datacentre_electricity_twh",
        "region": "China",
        "subregion": None,
        "subject": None,
        "date": pd.Timestamp("2024-01-01"),
        "date_precision": "year",
        "value": 100.0,
        "qualifier": None,
        "lower": float("nan"),
        "upper": float("nan"),
        "kind": "estimate",
        "scenario": None,
        "producer": "IEA",
        "vintage": None,
        "is_range_midpoint": False,
        "is_derived": False,
        "is_superseded": False,
        "method_note": "",
        "source_id": "s",
        "evidence": "read",
        "confidence": "high",
    }
    return {**row, **values}


def text_of(chart) -> str:
    title = chart.to_dict()["title"]
    return " ".join([*title["text"], *title["subtitle"]])


# ------------------------------------------------------------------------------------------------------------ analysis


def test_seen_leaves_out_recalled_and_superseded_rows():
    rows = pd.DataFrame(
        [
            observation(observation_id="a"),
            observation(observation_id="b", evidence="recalled"),
            observation(observation_id="c", is_superseded=True),
            observation(observation_id="d", evidence="excerpt", is_superseded=pd.NA),
        ]
    )
    assert list(energy.seen(rows)["observation_id"]) == ["a", "d"]


def test_one_refuses_a_recalled_observation():
    rows = pd.DataFrame([observation(observation_id="a", evidence="recalled")])
    with pytest.raises(KeyError):
        energy.one(rows, "a")


def test_yearly_growth():
    assert energy.yearly_growth(100, 121, 2) == pytest.approx(0.1)
    assert energy.yearly_growth(100, 50, 1) == pytest.approx(-0.5)
    with pytest.raises(ValueError):
        energy.yearly_growth(0, 10, 1)


def test_electricity_splits_china_by_publisher_and_keeps_ranges_as_ranges():
    rows = pd.DataFrame(
        [
            observation(vintage="IEA 2025", value=102.0),
            observation(producer="Caixin", value=140.0),
            observation(producer="X", value=175.0, lower=150.0, upper=200.0, is_range_midpoint=True),
            observation(date=pd.Timestamp("2035-01-01"), kind="projection"),
        ]
    )
    found = energy.electricity(rows).set_index("publisher")
    assert found["panel"].astype(str).to_dict() == {
        "IEA, 2025 edition": "China, IEA",
        "Caixin": "China, other publishers",
        "X": "China, other publishers",
    }
    assert pd.isna(found.loc["X", "value"])
    assert (found.loc["X", "low"], found.loc["X", "high"]) == (150, 200)
    assert (found.loc["Caixin", "low"], found.loc["Caixin", "high"]) == (140, 140)


def test_outlooks_take_the_base_case_and_the_span_of_cases():
    ahead = {"date": pd.Timestamp("2030-01-01"), "kind": "projection", "region": "World", "vintage": "IEA 2025"}
    rows = pd.DataFrame(
        [
            observation(region="World", vintage="IEA 2025", value=415.0),
            observation(**ahead, scenario="IEA 2025 Base", value=945.0),
            observation(**ahead, scenario="IEA 2025 Lift-Off", value=1264.0),
            observation(**ahead, scenario="IEA 2025 Headwinds", value=669.0, confidence="high"),
        ]
    )
    rows["confidence"] = pd.Categorical(rows["confidence"], ["high", "medium", "low"], ordered=True)
    only = energy.outlooks(energy.electricity(rows)).iloc[0]
    assert (only["from_year"], only["from_low"], only["to_year"]) == (2024, 415, 2030)
    assert (only["to_low"], only["to_central"], only["to_high"]) == (669, 945, 1264)


def test_siting_change_is_the_difference_of_factors():
    factors = pd.DataFrame(
        {
            "province": ["W", "E", "N"],
            "factor": [600.0, 450.0, 100.0],
            "hub_group": ["Western hub", "Other hub", "No hub"],
        }
    )
    change = energy.siting_change(factors)
    assert change.to_dict() == {"W": {"E": 150.0}}


@pytest.fixture
def elsewhere(monkeypatch):
    """The settings of a report on another country, without a rival."""
    other = dataclasses.replace(settings.load(), place="Japan", adjective="Japanese", iso3="JPN", rival_place=None)
    monkeypatch.setattr(settings, "load", lambda report=None: other)


def test_a_report_on_another_country_has_panels_and_figures_of_its_own(elsewhere, indicators, policies):
    assert energy.panels() == ["World", "Europe", "Japan, IEA", "Japan, other publishers"]
    rows = pd.DataFrame([observation(), observation(region="Japan"), observation(region="Japan", producer="X")])
    assert energy.electricity(rows)["panel"].tolist() == ["Japan, IEA", "Japan, other publishers"]
    assert energy.compute_counts(indicators).empty
    shares = energy.green_power(indicators, policies)
    assert set(shares.loc[shares["role"] == "reported", "iso3"]) <= {"JPN"}


def test_publishers_with_several_names_have_one():
    rows = pd.DataFrame(
        [
            observation(vintage="SGERI 2021", producer="State Grid Energy Research Institute"),
            observation(producer="State Grid Energy Research Institute"),
            observation(producer="unheard of"),
        ]
    )
    assert energy.electricity(rows)["publisher"].tolist() == ["State Grid institute"] * 2 + ["unheard of"]


def test_hubs_are_those_that_the_rows_name_each_in_one_group(indicators):
    hubs = data.load("computing_hubs")
    assert (hubs.groupby("hub")["group"].nunique() == 1).all()
    notes = indicators.loc[indicators["indicator"].str.startswith("grid_emission_factor_official")]
    named = notes.set_index("subregion")["method_note"].str.extract(
        r"East-Data-West-Compute ([^(]*? hub)", expand=False
    )
    assert hubs.set_index("subregion")["hub"].to_dict() == named.dropna().to_dict()
    one = energy.provincial_factors(indicators, hubs.iloc[:1]).set_index("province")["hub_group"]
    assert one.value_counts().to_dict() == {"Other hub": 1, "No hub": 29, "Western hub": 0}


def test_the_class_of_export_control_agrees_with_its_words():
    chips = data.load("chips")
    status = chips["export_control_status"].str.lower().fillna("")
    maker = status.str.contains("entity list|bis guidance|tsmc")
    licence = ~maker & status.str.contains("case-by-case|licence required")
    barred = ~maker & ~licence & status.str.contains("barred")
    coded = chips["control"].astype(object).fillna("")
    for code, said in {"maker": maker, "licence": licence, "barred": barred}.items():
        assert (coded[said] == code).all(), code
    # Without words of its own a unit has the class of its maker, or none.
    left = chips[~maker & ~licence & ~barred]
    assert set(left["control"].dropna()) == {"maker"}
    assert set(left.loc[left["control"].notna(), "vendor"]) <= set(chips.loc[maker, "vendor"])
    assert left.loc[left["control"].isna(), "vendor"].isin(chips.loc[maker, "vendor"]).sum() == 0


def test_requirement_steps_join_the_steps_of_one_demand():
    rows = pd.DataFrame(
        {
            "jurisdiction": "China",
            "force": "condition",
            "name": "Standard",
            "requirement": "Share",
            "source_id": "s",
            "applies_to": ["sites", "sites"],
            "required": ["≥ 5%", "≥ 30%"],
            "by": ["2023", "2025"],
        }
    )
    steps = energy.requirement_steps(rows)
    assert list(steps["what"]) == ["Share (sites)"]
    assert list(steps["steps"]) == ["≥ 5% (2023); ≥ 30% (2025)"]
    differ = energy.requirement_steps(rows.assign(applies_to=["new", "old"]))
    assert list(differ["what"]) == ["Share"]
    assert list(differ["steps"]) == ["≥ 5% (new, 2023); ≥ 30% (old, 2025)"]


# ------------------------------------------------------------------------------------------------ the published figures


def test_the_three_counts_stay_apart(indicators):
    counts = energy.compute_counts(indicators)
    assert set(counts["count"]) == {energy.FP32, energy.FP16, energy.DEVICE}
    total = counts[counts["count"] == energy.FP32]
    assert list(total["eflops"]) == [140, 150, 180, 197, 230, 246, 280, 300]
    assert list(total["published_as"]) == ["more than"] * 2 + ["figure"] * 5 + ["goal"]
    fp16 = counts[(counts["count"] == energy.FP16) & (counts["producer"] == "MIIT")]
    assert list(fp16["eflops"]) == [788, 1590, 2185, 9800]
    assert list(fp16["published_as"]) == ["figure", "more than", "figure", "goal"]
    device = counts[counts["count"] == energy.DEVICE]
    assert sorted(device["eflops"]) == [302, 782, 962]  # the recalled 135 of 2020 is not there


def test_no_total_of_the_goals_convention_exists_after_2024(indicators):
    counts = energy.compute_counts(indicators)
    measured = counts[(counts["count"] == energy.FP32) & (counts["published_as"] != "goal")]
    assert measured["date"].max() == pd.Timestamp("2024-12-31")


def test_published_outlooks(indicators):
    found = energy.outlooks(energy.electricity(indicators)).set_index(["panel", "publisher"])
    world = found.loc[("World", "IEA, 2026 edition")]
    assert (world["from_high"], world["to_low"], world["to_central"], world["to_high"]) == (485, 833, 950, 1008)
    us = found.loc[("United States", "LBNL, 2025 update")]
    assert (us["to_low"], us["to_central"], us["to_high"]) == (521, 649, 843)
    share = found.loc[("China, other publishers", "NEA share (our sum)")]
    assert (share["to_low"], share["to_high"], share["confidence"]) == (757, 794, "low")
    assert pd.isna(share["to_central"])
    older = found.loc[("United States", "LBNL, 2024 report")]
    assert (older["to_year"], older["to_low"], older["to_high"]) == (2028, 325, 580)
    assert pd.isna(older["to_central"])


def test_growth_implied_for_china(indicators):
    """18 percent a year by the IEA; 36 percent by the share given by officials (about 757 to 794 from 166 TWh)."""
    found = energy.outlooks(energy.electricity(indicators)).set_index("publisher")
    share = found.loc["NEA share (our sum)"]
    assert energy.yearly_growth(102, 277, 6) == pytest.approx(0.181, abs=0.001)
    assert energy.yearly_growth(share["from_high"], share["to_low"], 5) == pytest.approx(0.355, abs=0.001)
    assert energy.yearly_growth(share["from_high"], share["to_high"], 5) == pytest.approx(0.368, abs=0.001)


def test_the_iea_regions_add_up_to_its_world_total(indicators):
    rows = energy.seen(indicators)
    rows = rows[(rows["indicator"] == "datacentre_electricity_twh") & (rows["source_id"] == "gn_iea_regional_2025")]
    assert rows.groupby(rows["date"].dt.year)["value"].sum().to_dict() == {2024: 416, 2030: 946}


def test_grid_intensity_has_one_value_for_each_year(indicators):
    grid = energy.grid_intensity(indicators, REGIONS)
    assert (grid.groupby("region")["year"].nunique() == 11).all()
    assert not grid.duplicated(["region", "year"]).any()
    last = grid[grid["year"] == 2025].set_index("region")["intensity"].round().to_dict()
    assert last == {"China": 525, "EU27": 210, "United States": 384, "World": 458}
    assert set(grid.loc[grid["older_edition"], "region"]) == {"United States", "EU27"}


def test_provinces_and_hubs(indicators):
    factors = energy.provincial_factors(indicators)
    assert len(factors) == 30
    assert factors["factor"].is_monotonic_decreasing
    hubs = factors.groupby("hub_group", observed=False)["province"].agg(set)
    assert hubs["Western hub"] == {"Gansu", "Guizhou", "Inner Mongolia", "Ningxia"}
    assert factors["hub"].nunique() == 8
    change = energy.siting_change(factors)
    assert change.loc["Guangdong", "Guizhou"] == pytest.approx(568.3 - 441.9)
    assert change.loc["Tianjin", "Gansu"] == pytest.approx(447.1 - 679.6)
    assert change.shape == (10, 4)


def test_pue_and_green_power(indicators, policies):
    averages = energy.pue_averages(indicators).set_index("label")["pue"]
    assert averages["China, MIIT, mid-2025"] == 1.42
    assert averages["China, Uptime, 2025"] == 1.40
    assert 1.52 not in set(averages)  # recalled
    limits = energy.pue_limits(policies)
    assert set(limits.loc[limits["force"] == "law in force", "iso3"]) == {"DEU"}
    assert limits["force"].notna().all()
    shares = energy.green_power(indicators, policies)
    reported = shares[shares["role"] == "reported"]
    assert dict(zip(reported["year"], reported["share"], strict=True)) == {2018: 23, 2023: 11, 2024: 20}


def test_chips_without_recalled_or_planned_figures():
    found = energy.chip_efficiency(data.load("chips"))
    assert not found["model"].str.contains("^B200|H800|A800|MI300X|950|960|970").any()
    systems = found[found["unit"] == "system"].set_index("model")["tflops_per_w"]
    assert systems["GB200 NVL72"] / systems["CloudMatrix 384"] == pytest.approx(2.31, abs=0.01)
    h20 = found[found["model"] == "H20"].iloc[0]
    assert h20["tflops_per_w"] == pytest.approx(148 / 400)
    assert len(found[found["model"] == "Ascend 910B"]) == 2  # two sources that differ stay two rows
    assert set(found["control"]) <= set(energy.control_classes()) - {"not stated"}


def test_article_7_sets_nothing_measurable():
    provisions = data.load("provisions")
    matrix = energy.provision_matrix(provisions)
    wide = matrix.pivot(index="provision_id", columns="aspect", values="state")
    assert wide.loc["plan_art7", energy.ASPECTS].to_dict() == {
        "Energy": "yes",
        "Water": "yes",
        "Carbon": "in part",
        "Hardware": "yes",
        "Metric": "no",
        "Date": "no",
        "Follow-up": "no",
        "Binding": "no",
    }
    recalled = set(provisions.loc[provisions["evidence"] == "recalled", "provision_id"])
    assert not recalled & set(wide.index)
    assert set(wide.index[(wide["Metric"] == "yes") & (wide["Binding"] == "yes")]) == {
        "de_enefg",
        "eu_eed",
        "eu_aia_annex_xi",
    }
    assert wide.loc["gdc_8e", "Follow-up"] == "not known"  # its review was only recalled


def test_requirements_are_quantified_seen_and_running(policies):
    asked = energy.requirements(policies)
    assert asked["value"].notna().all()
    assert asked["force"].notna().all()
    assert "ended" not in set(asked["status"])
    assert "cn_gb40879" not in set(asked["policy_id"])  # recalled
    counts = energy.requirement_counts(asked)
    assert counts["count"].sum() == len(asked)
    assert set(counts.loc[counts["force"] == "law in force", "jurisdiction"]) == {"Germany", "European Union"}
    one = asked.set_index("policy_id").loc["de_enefg_pue_new"]
    assert (one["required"], one["by"]) == ("≤ 1.2", "2026")


def test_water_names_its_boundary(indicators):
    water = energy.water(indicators)
    unstated = water[water["region"] == "North America"].iloc[0]
    assert unstated["boundary"] == "not stated"
    assert "60 to 124" in set(water["value"])
    assert (water["boundary"] != "").all()


def test_open_questions_come_first_and_point_to_no_row():
    found = energy.open_questions(data.load("disagreements"), "sustainability")
    assert set(found["settled"]) == {"open", "both_hold"}
    assert (found["settled"] == "open").astype(int).is_monotonic_decreasing
    assert not found["resolution"].str.contains("dis_").any()


# -------------------------------------------------------------------------------------------------------------- charts


@pytest.fixture(scope="module")
def drawn(indicators, policies) -> dict:
    published = energy.electricity(indicators)
    national = energy.one(indicators, "grid_emission_factor_official_gco2_per_kwh_china_2023")["value"]
    return {
        "compute": draw.compute_counts(energy.compute_counts(indicators)),
        "outlooks": draw.electricity_outlooks(energy.outlooks(published), published),
        "baselines": draw.baselines(published),
        "grid": draw.grid_intensity(energy.grid_intensity(indicators, REGIONS)),
        "provinces": draw.provincial_factors(energy.provincial_factors(indicators), national),
        "pue": draw.pue(energy.pue_averages(indicators), energy.pue_limits(policies)),
        "green": draw.green_power(energy.green_power(indicators, policies)),
        "chips": draw.chips(energy.chip_efficiency(data.load("chips"))),
        "provisions": draw.provision_matrix(energy.provision_matrix(data.load("provisions"))),
        "requirements": draw.requirement_counts(energy.requirement_counts(energy.requirements(policies))),
    }


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("compute", "2,185 EFLOPS is not the count of the 300 EFLOPS goal: that one stops at 280, at the end of 2024"),
        ("outlooks", "from 277 to 821 TWh"),
        ("baselines", "for 2024 alone run from 102 to 166 TWh, and the highest of all is for 2020"),
        ("grid", "2.5 times the carbon of one in the EU and 1.4 times"),
        ("provinces", "3 of the 4 western hub provinces lie above the national average of 531 g"),
        ("pue", "1.42 is under its own goal of 1.5; limits in law were found for Germany alone"),
        ("green", "11 to 20% reported, 80% asked for by 2030"),
        ("chips", "43% of the work per watt"),
        ("provisions", "names energy, water and hardware but sets no metric, date or follow-up; 3 of 19 texts"),
        ("requirements", "in Germany and the European Union; China's 17 work through conditions"),
    ],
)
def test_titles_state_the_finding(drawn, name, words):
    assert words in text_of(drawn[name])


def test_titles_follow_the_data(indicators):
    counts = energy.compute_counts(indicators)
    counts.loc[counts["eflops"] == 2185, "eflops"] = 2345
    assert "grew to 2,345 EFLOPS" in text_of(draw.compute_counts(counts))
    factors = energy.provincial_factors(indicators)
    assert "4 of the 4 western" in text_of(draw.provincial_factors(factors, 100.0))


def test_counts_have_axes_of_their_own(drawn):
    spec = drawn["compute"].to_dict()
    assert len(spec["hconcat"]) == 3
    assert spec["resolve"]["scale"]["y"] == "independent"
    drawn_values = {row["eflops"] for rows in spec["datasets"].values() for row in rows}
    assert 9800 not in drawn_values and 2185 in drawn_values


def test_projections_look_different_and_ranges_have_no_point(drawn):
    panel = drawn["outlooks"].to_dict()["vconcat"][0]
    marks = [layer["mark"] for layer in panel["layer"]]
    points = [mark for mark in marks if mark["type"] == "point"]
    assert {(mark.get("shape"), mark.get("stroke", mark.get("color"))) for mark in points} == {
        ("diamond", charts.ORANGE),
        (None, charts.BLUE),
    }
    rows = [row for rows in drawn["outlooks"].to_dict()["datasets"].values() for row in rows]
    rmi = next(row for row in rows if str(row.get("row", "")).startswith("RMI"))
    assert rmi["to_central"] is None and (rmi["to_low"], rmi["to_high"]) == (750, 2300)


def test_the_chinese_bases_are_separate_panels(drawn):
    spec = drawn["outlooks"].to_dict()
    assert [panel["title"]["text"] for panel in spec["vconcat"]] == energy.panels()
    assert len(drawn["baselines"].to_dict()["vconcat"]) == 2


@pytest.mark.parametrize(
    "name",
    ["compute", "outlooks", "baselines", "grid", "provinces", "pue", "green", "chips", "provisions", "requirements"],
)
def test_charts_use_the_palette_and_stay_small(drawn, name):
    spec = drawn[name].to_dict()
    text = json.dumps({key: value for key, value in spec.items() if key != "config"})
    allowed = {*charts.PALETTE, charts.INK, charts.MUTED, charts.RULE, charts.PAPER, *charts.SEQUENTIAL}
    assert set(re.findall(r'"(#[0-9a-fA-F]{6})"', text)) <= allowed
    assert len(text) < 60_000
    assert '"tooltip"' in text
