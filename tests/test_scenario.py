"""The scenario model: equations by hand, the trial it has to reproduce, and the chart that computes in the page."""

import json
import re
import time

import numpy as np
import pandas as pd
import pytest
import vl_convert

from policybook import data, energy, scenario
from policybook.charts import scenario as draw

PARAMETERS = data.load("scenario_parameters")
REFERENCE = data.load("scenario_reference")
TRIALS = REFERENCE[REFERENCE["reference_kind"] == "trial"].set_index("reference_id")
QUANTITIES = {"ai_share_of_it_load": "ai_share"}


@pytest.fixture(scope="module")
def drawn():
    return scenario.samples(PARAMETERS)


@pytest.fixture(scope="module")
def fans(drawn):
    return scenario.fans(drawn)


def fixed(**values: float) -> pd.DataFrame:
    """A sample of one point: round numbers, with some replaced."""
    plain = {"e0": 150, "a0": 0.2, "g": 2, "h": 1.25, "u": 1, "gc": 0.1, "pue0": 1.5, "pue_end": 1.2, "ci0": 500}
    return pd.DataFrame([{**plain, "d": 0.02, "s": 0.4, "rf": 1.1, **values}])


# ---------------------------------------------------------------------------------------------------- equations by hand


def test_one_year_by_hand():
    """IT 100 TWh: AI 20 x 2/1.25 = 32, the rest 80 x 1.1 = 88; PUE 1.5 to 1.2 in six years is 1.45 after one."""
    path = scenario.run(fixed())
    assert path.electricity[0, 0] == pytest.approx(150)
    assert path.electricity[0, 1] == pytest.approx(120 * 1.45)
    assert path.ai_share[0, 1] == pytest.approx(32 / 120)
    assert path.co2_location[0, 1] == pytest.approx(120 * 1.45 * 500 * 0.98 / 1000)
    assert path.co2_market[0, 1] == pytest.approx(path.co2_location[0, 1] * 0.6 * 1.1)


def test_the_last_year_by_hand():
    ai, rest = 20 * 1.6**6, 80 * 1.1**6
    path = scenario.run(fixed())
    assert path.electricity.shape == (1, 7)
    assert path.electricity[0, 6] == pytest.approx((ai + rest) * 1.2)


def test_the_load_factor_correction_leaves_the_base_year_alone():
    path = scenario.run(fixed(u=1.25))
    assert path.electricity[0, 0] == pytest.approx(150)
    assert path.electricity[0, 1] == pytest.approx((32 * 1.25 + 88) * 1.45)


def test_ranges_and_their_errors():
    given = scenario.ranges(PARAMETERS, "world", g=(1.5, 2.1))
    assert given["g"] == (1.5, 2.1) and given["e0"] == (408, 422)
    assert given["rf"] == (1, 1)
    assert scenario.ranges(PARAMETERS, "china_cn")["rf"] == (1.149, 1.149)
    with pytest.raises(KeyError):
        scenario.ranges(PARAMETERS, "moon")
    with pytest.raises(KeyError):
        scenario.ranges(PARAMETERS, "world", growth=(1, 2))
    with pytest.raises(ValueError, match="lies above"):
        scenario.ranges(PARAMETERS, "world", g=(2, 1))


def test_draws_stay_in_their_ranges_and_repeat(drawn):
    again = scenario.samples(PARAMETERS)
    for case, draws in drawn.items():
        pd.testing.assert_frame_equal(draws, again[case])
        assert len(draws) == 4096
        for name, (low, high) in scenario.ranges(PARAMETERS, case).items():
            assert draws[name].between(low - 1e-9, high + 1e-9).all()
            assert draws[name].mean() == pytest.approx((low + high) / 2, rel=1e-3)
    with pytest.raises(ValueError, match="power of two"):
        scenario.unit_points(3, 1000)


def test_all_cases_take_less_than_half_a_second():
    scenario.unit_points(2)  # the import of scipy.stats is not the model
    started = time.process_time()
    scenario.fans(scenario.samples(PARAMETERS))
    assert time.process_time() - started < 0.5


# ------------------------------------------------------------------------------------------------------------ the trial


def trial_result(row, drawn):
    """Percentiles, median or range of the model for a row of the trial."""
    base = scenario.ranges(PARAMETERS, row.case) if row.case in scenario.cases() else {}
    variant, position = row.variant, int(row.year) - scenario.BASE_YEAR
    if row.quantity.startswith("rank_correlation"):
        quantity = {"rank_correlation_co2": "co2_location"}.get(row.quantity, "electricity")
        table = scenario.rank_correlations(drawn)
        table = table[(table["quantity"] == quantity) & (table["parameter"] == row.parameter)]
        found = table["correlation"]
        return found.min(), np.nan, found.max()
    if variant.startswith("deterministic"):
        a0 = int(variant[-2:]) / 100
        given = base | {"e0": (415, 415), "g": (1.3, 1.3), "h": (1, 1), "u": (1, 1), "gc": (0.09, 0.09)}
        given |= {"a0": (a0, a0), "pue_end": (1.29, 1.29)}
        return np.nan, scenario.run(scenario.middle(given)).electricity[0, position], np.nan
    points, years = scenario.POINTS, 6
    if variant.startswith("points"):
        points = int(variant.split("_")[1])
    elif variant == "rebased_2025":
        base, years = base | {"e0": (475, 495), "a0": (0.15, 0.32), "g": (1.5, 1.8)}, 5
        position = years
    elif variant == "a0_06_24":
        base |= {"a0": (0.06, 0.24)}
    elif variant == "g_to_2_1":
        base |= {"g": (base["g"][0], 2.1)}
    else:
        assert variant == "base"
    outcome = scenario.run(scenario.sample(base, points), years)
    return np.percentile(getattr(outcome, QUANTITIES.get(row.quantity, row.quantity))[:, position], (5, 50, 95))


@pytest.mark.parametrize("reference_id", TRIALS.index)
def test_the_trial_is_reproduced(reference_id, drawn):
    """Within 1 percent, and half a unit of the last digit that the reference gives.

    Rank correlations get a whole unit (0.01): the lowest of the load factor lies between 0.064 and 0.066 for all seeds
    tried, so that the 0.07 of the trial is 0.065 rounded up.
    """
    row = TRIALS.loc[reference_id]
    unit = {"TWh": 0.5, "Mt": 0.5, "share": 0.005, "correlation": 0.01}[row["unit"]]
    result = trial_result(row, drawn)
    compared = 0
    for expected, found in zip(row[["low", "central", "high"]], result, strict=True):
        if not np.isnan(expected):
            assert found == pytest.approx(expected, abs=abs(expected) * 0.01 + unit)
            compared += 1
    assert compared >= 1


def test_the_checks_of_the_reference_are_reproduced():
    checks = REFERENCE[REFERENCE["reference_kind"] == "check"].set_index("reference_id")
    for year, eflops in ((2024, 725.3), (2025, 1590)):
        row = checks.loc[f"check_china_cn_ai_electricity_bottom_up_{year}_base"]
        # Given as 4/7.5/14 and 9/16/30; the table indicators has 4.0/7.5/13.7 and 8.8/16.4/30.0.
        assert scenario.bottom_up(eflops) == pytest.approx(row[["low", "central", "high"]].tolist(), abs=0.5)
    assert scenario.from_capacity(226, 0.48) == pytest.approx(950, abs=1)
    assert scenario.spliced_growth(140, 0.15, 1590 / 725.3, 1.35, 0.09) == pytest.approx(164, abs=0.5)
    assert scenario.bottom_up(1590)[1] / 1590 == pytest.approx(0.0103, abs=0.00005)
    with pytest.raises(ValueError):
        scenario.bottom_up(0)
    with pytest.raises(ValueError):
        scenario.from_capacity(226, 48)


def test_the_bottom_up_check_agrees_with_its_rows_in_the_indicators():
    for year, eflops in ((2024, 725.3), (2025, 1590)):
        row = energy.one(data.load("indicators"), f"ai_server_electricity_twh_china_bottomup_{year}")
        assert scenario.bottom_up(eflops) == pytest.approx(row[["lower", "value", "upper"]].tolist(), rel=0.01)


def test_the_cross_checks_table(drawn):
    table = scenario.cross_checks(PARAMETERS, REFERENCE, data.load("indicators"), drawn).set_index("check")
    assert table.loc["Capacity, world 2030", "result"] == pytest.approx(226 * 8.76 * 0.48)
    assert table.loc["IT load, world 2030", "result"] == pytest.approx(732 * 1.29)
    assert table.loc["Emissions, world 2024", "result"] == pytest.approx(196, abs=0.6)
    assert table.loc["AI computing, China 2025", "beside"] == "9–30 TWh; 5% to 18% of 166"
    assert table.loc["Energy per EFLOPS", "says"].startswith("12 times")


# ------------------------------------------------------------------------------------------------- drivers and switches


def test_growth_and_work_per_kwh_lead_in_every_case(drawn):
    table = scenario.rank_correlations(drawn)
    table = table[table["quantity"] == "electricity"]
    for _, rows in table.groupby("case"):
        sizes = rows.set_index("parameter")["correlation"].abs().sort_values(ascending=False)
        assert list(sizes.index[:2]) == ["g", "h"]
        assert sizes["pue_end"] <= 0.2


def test_rank_correlation_is_that_of_scipy(drawn):
    from scipy.stats import spearmanr

    draws = drawn["eu"]
    expected = spearmanr(draws["g"], scenario.run(draws).co2_market[:, -1]).statistic
    table = scenario.rank_correlations({"eu": draws}).set_index(["quantity", "parameter"])["correlation"]
    assert table[("co2_market", "g")] == pytest.approx(expected)


def test_switches_by_hand(drawn):
    """On one point: PUE scales the electricity, the matched share the market-based value, the gain only AI."""
    point = {case: fixed(h=1.2 if case == "china_iea" else 1.25) for case in scenario.cases()}
    found = scenario.switches(point).set_index(["case", "switch", "quantity"])
    assert found.loc[("us", "pue", "electricity"), "share"] == pytest.approx(1.25 / 1.2 - 1)
    assert found.loc[("us", "green", "co2_market"), "share"] == pytest.approx(0.2 / 0.6 - 1)
    assert found.loc[("us", "green", "electricity"), "change"] == 0
    rest = 80 * 1.1**6
    more = (20 * (2 / 1.3) ** 6 + rest) / (20 * 1.6**6 + rest) - 1
    assert found.loc[("us", "work", "electricity"), "share"] == pytest.approx(more)
    chips = (20 * (2 / 1.2) ** 6 + rest) / (20 * 1.6**6 + rest) - 1
    assert found.loc[("us", "chips", "electricity"), "share"] == pytest.approx(chips)
    assert found.loc[("china_iea", "chips", "electricity"), "change"] == 0


def test_the_chinese_base_year_outweighs_every_switch_on_electricity_only(drawn):
    effects, base = scenario.switches(drawn), scenario.base_year_effect(drawn)
    exchanged = base[base["parameter"] == "e0"].set_index("case")["share"].abs()
    china = effects[effects["case"].isin(exchanged.index)]
    for quantity in ("electricity", "co2_location"):
        strongest = china[china["quantity"] == quantity].groupby("case")["share"].agg(lambda v: v.abs().max())
        assert (exchanged > strongest[exchanged.index]).all()
    market = china[(china["quantity"] == "co2_market") & (china["switch"] == "green")].set_index("case")["share"].abs()
    assert (market[exchanged.index] > exchanged).all()


def test_the_two_chinese_cases_exchange_into_each_other(drawn):
    table = scenario.base_year_effect(drawn).set_index(["case", "parameter"])
    one, other = table.loc[("china_iea", "all")], table.loc[("china_cn", "all")]
    assert one["median"] + one["change"] == pytest.approx(other["median"])
    assert other["change"] == pytest.approx(-one["change"])
    assert set(table.loc["china_iea"].index) == {"e0", "a0", "g", "u", "gc", "all"}


def test_growth_and_gain_can_be_drawn_together():
    given = scenario.ranges(PARAMETERS, "world")
    for rho in (0.5, -0.5):
        draws = scenario.sample(given, correlation=rho)
        assert draws["g"].corr(draws["h"], method="spearman") == pytest.approx(rho, abs=0.02)
        assert draws["h"].between(*given["h"]).all()
    table = scenario.sensitivities(PARAMETERS).set_index(["case", "variant"])
    width = table["high"] - table["low"]
    for case in scenario.cases():
        assert width[case, "together"] < width[case, "base"] < width[case, "apart"]
        assert table.loc[(case, "together"), "median"] == pytest.approx(table.loc[(case, "base"), "median"], rel=0.01)


def test_published_values_join_the_cases_of_an_edition():
    table = scenario.published(REFERENCE).set_index(["case", "label", "year"])
    iea = table.loc[("world", "IEA 2025", 2030)]
    assert (iea["low"], iea["value"], iea["high"]) == (669, 945, 1264)
    bare = table.loc[("china_cn", "Storage network", 2030)]
    assert np.isnan(bare["value"]) and (bare["low"], bare["high"]) == (530, 780)
    lbnl = table.loc[("us", "LBNL 2025", 2030)]
    assert (lbnl["low"], lbnl["value"], lbnl["high"]) == (521, 649, 843)
    assert set(REFERENCE.query("reference_kind == 'published' and quantity == 'electricity'")["case"]) == set(
        scenario.cases()
    )


def test_which_published_values_lie_outside_the_fans(fans):
    """As the chapter says: the IEA's world for 2025, just above, and LBNL for the United States."""
    table = scenario.published(REFERENCE).assign(point=lambda t: t["value"].fillna((t["low"] + t["high"]) / 2))
    table = table.merge(fans[fans["quantity"] == "electricity"], on=["case", "year"], suffixes=("", "_fan"))
    outside = table[(table["point"] < table["low_fan"]) | (table["point"] > table["high_fan"])]
    assert set(zip(outside["case"], outside["label"], outside["year"], strict=True)) == {
        ("world", "IEA 2026", 2025),
        ("us", "LBNL 2025", 2030),
    }


def test_published_values_are_those_of_the_indicators():
    rows = REFERENCE[REFERENCE["observation_id"].notna()]
    values = data.load("indicators").set_index("observation_id")["value"]
    assert rows["central"].tolist() == pytest.approx(values[rows["observation_id"]].tolist())


def test_siting_multiplies_the_load_by_the_factor():
    factors = pd.DataFrame({"province": ["A", "B", "C"], "factor": [600.0, 200.0, 1.0], "hub": ["x", "y", None]})
    table = scenario.siting(factors, 50)
    assert table.set_index("province")["co2"].to_dict() == {"B": 10, "A": 30}


# --------------------------------------------------------------------------------------------------------------- charts


def spec_text(chart) -> str:
    title = chart.to_dict()["title"]
    return " ".join([*title["text"], *title["subtitle"]])


def test_the_fan_chart_names_published_values_and_medians(drawn, fans):
    chart = draw.fans(fans, scenario.published(REFERENCE))
    said = re.sub("<[^>]*>", " ", vl_convert.vegalite_to_svg(chart.to_dict()))
    for words in ("IEA 2025: 945", "LBNL 2025: 649", "Storage network: 530–780", "NEA, 1.6%: 166", "Model median: 540"):
        assert words in said
    assert "no probabilities" in spec_text(chart)
    medians = fans[(fans["year"] == 2030) & (fans["quantity"] == "electricity")].set_index("case")["median"]
    assert f"{medians['china_iea']:.0f} TWh" in spec_text(chart) and f"{medians['china_cn']:.0f}" in spec_text(chart)


def test_names_beside_a_fan_do_not_run_into_each_other():
    values = pd.DataFrame({"case": "x", "label": list("abc"), "year": 2030, "value": [99.0, 100.0, 98.0], "note": ""})
    values = values.assign(low=values["value"], high=values["value"], source_ids="s")
    placed = draw._placed(values, median=99.5, top=104, end=2032, gap=10)
    assert (np.diff(np.sort(placed["place"])) >= 9.9).all()
    assert placed["place"].max() <= 104


def test_titles_follow_the_data(drawn):
    correlations = scenario.rank_correlations(drawn)
    assert "0.67 to 0.85" in spec_text(draw.drivers(correlations))
    half = correlations.assign(correlation=correlations["correlation"] / 2)
    assert "0.33 to 0.43" in spec_text(draw.drivers(half))
    effects, base = scenario.switches(drawn), scenario.base_year_effect(drawn)
    assert "more than 13%" in spec_text(draw.switches(effects, base))
    assert "more than 7%" in spec_text(draw.switches(effects.assign(share=effects["share"] / 2), base))


def explored(fans, case: str, year: int, **shifts: float) -> tuple[float, float]:
    """Electricity and CO2 that the page writes for a case, a year and positions of the sliders."""
    spec = draw.explorer(PARAMETERS, fans).to_dict()
    text = json.dumps(spec)
    spec = json.loads(
        text.replace("(datum.year === 2030)", f"(datum.year === {year})")
        .replace("datum.year == 2030", f"datum.year == {year}")
        .replace(", ',.0f') + ' TWh'", ", '.3f') + ' TWh'")
        .replace(", ',.0f') + ' Mt'", ", '.3f') + ' Mt'")
    )
    chosen = {"region": scenario.cases()[case], **shifts}
    for param in spec["params"]:
        if param["name"] in chosen:
            param["value"] = chosen.pop(param["name"])
    assert not chosen
    svg = vl_convert.vegalite_to_svg(spec)
    said = re.findall(r">(\d+\.\d{3}) (TWh|Mt)<", svg)
    found = {unit: float(number) for number, unit in said}
    return found["TWh"], found["Mt"]


@pytest.mark.parametrize("case", scenario.cases())
@pytest.mark.parametrize(
    ("year", "shifts"),
    [
        (2030, {}),
        (2027, {"dg": 0.2, "dh": -0.05, "dp": -0.1}),
        (2030, {"dg": -0.3, "dh": 0.15, "dp": 0.05, "da": 6, "de": 40, "dd": 1.5}),
        (2024, {"de": -20}),
    ],
)
def test_the_page_computes_what_the_model_computes(fans, case, year, shifts):
    point = scenario.middle(scenario.ranges(PARAMETERS, case))
    shift = {name: shifts.get(name, 0) for name in draw.SLIDERS}
    point["g"] += shift["dg"]
    point["h"] += shift["dh"]
    point["pue_end"] += shift["dp"]
    point["a0"] += shift["da"] / 100
    point["e0"] *= 1 + shift["de"] / 100
    point["d"] += shift["dd"] / 100
    path = scenario.run(point)
    n = year - scenario.BASE_YEAR
    expected = path.electricity[0, n], path.co2_location[0, n]
    assert explored(fans, case, year, **shifts) == pytest.approx(expected, rel=1e-4)


def test_the_explorer_stands_on_the_world_and_says_so(fans):
    spec = draw.explorer(PARAMETERS, fans).to_dict()
    said = re.sub("<[^>]*>", " ", vl_convert.vegalite_to_svg(spec))
    assert "884 TWh" in said and "358 Mt" in said and "1.70 a year" in said
    names = [param["name"] for param in spec["params"]]
    assert names == ["region", *draw.SLIDERS, "mid", "result"]
    assert all(param["value"] == 0 for param in spec["params"] if param["name"] in draw.SLIDERS)
    spec["params"][1]["value"] = 0.1
    moved = re.sub("<[^>]*>", " ", vl_convert.vegalite_to_svg(spec))
    point = scenario.middle(scenario.ranges(PARAMETERS, "world"))
    before, after = (scenario.run(point.assign(g=point["g"] + g)).electricity[0, -1] for g in (0, 0.1))
    assert f"World: {after:,.0f} TWh in 2030, +{after - before:.0f} against the mid-range" in moved
    assert "884 mid-range" in moved and "884 mid-range" not in said
    assert "1.80 a year" in moved
    assert len(json.dumps(spec)) < 150_000
