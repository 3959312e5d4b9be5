"""The analysis and the charts of the chapter ``reception``."""

from __future__ import annotations

import re

import pandas as pd
import pytest
import vl_convert

from policybook import agreement, charts, data, reception
from policybook.charts import reception as figures


def made_items() -> pd.DataFrame:
    """Seven items: five usable, one excluded, one recalled."""
    frames = {frame: False for frame in reception.frames()}
    rows = [
        # id, region, stance, exclude, evidence, basis, date, precision, about
        ("a", "china", 2, False, "read", "known", "2025-07-26", "day", "plan"),
        ("b", "china", 0, False, "excerpt", "known", "2025-07-01", "month", "plan"),
        ("c", "north_america", -2, False, "excerpt", "inferred", "2026-07-17", "day", "waico"),
        ("d", "north_america", -1, False, "excerpt", "known", "2026-07-01", "month", "waico"),
        ("e", "unknown", 1, False, "excerpt", "unknown", "2025-01-01", "year", "waico"),
        ("f", "china", 2, True, "excerpt", "known", "2025-08-01", "month", "waico"),
        ("g", "china", 1, False, "recalled", "known", "2025-07-27", "day", "plan"),
    ]
    names = ["item_id", "region", "stance", "exclude_from_stance_stats", "evidence", "country_basis", "date"]
    table = pd.DataFrame(rows, columns=[*names, "date_precision", "about"]).assign(**frames)
    table["date"] = pd.to_datetime(table["date"])
    table["stance"] = table["stance"].astype("Int64")
    return table.assign(publisher=table["item_id"].str.upper(), title="A title")


# -------------------------------------------------------------------------------------------------- published items


def test_only_seen_and_counted_items_are_usable():
    items = made_items()
    assert reception.usable_items(items)["item_id"].tolist() == ["a", "b", "c", "d", "e"]
    assert reception.placed_items(items)["item_id"].tolist() == ["a", "b", "c", "d"]


def test_side_of_a_stance():
    stances = pd.Series([-2, -1, 0, 1, 2, None], dtype="Int64")
    words = reception.side(stances)
    assert words.tolist()[:5] == ["critical", "critical", "neutral", "supportive", "supportive"]
    assert pd.isna(words.iloc[5])


def test_side_counts_put_small_groups_last():
    stances = [2, 1, 1, 0, 0, -1, -1, 0, 0, 0, 2]
    table = pd.DataFrame({"where": ["x"] * 5 + ["y"] * 5 + ["z"], "stance": pd.array(stances, dtype="Int64")})
    counts = reception.side_counts(table, "where")
    assert counts.to_dict("list") == {
        "group": ["x", "y", "z"],
        "n": [5, 5, 1],
        "critical": [0, 2, 0],
        "neutral": [2, 3, 0],
        "supportive": [3, 0, 1],
        "small": [False, False, True],
    }


def test_every_item_is_one_dot_at_its_own_place():
    items = reception.placed_items(made_items())
    dots = reception.dots(items, "region", {"china": "China", "north_america": "America"}, deep=2)
    assert len(dots) == len(items)
    assert not dots.duplicated(["label", "side", "column", "level"]).any()
    critical = dots[dots["side"] == "critical"]
    assert critical["stance"].tolist() == [-1, -2]  # the stronger one stands further out
    assert critical["column"].tolist() == [-1, -1] and critical["level"].tolist() == [0, 1]
    assert set(dots["label"]) == {"China (2)", "America (2)"}


def test_dots_fill_columns_before_they_go_on():
    stances = pd.array([1] * 5, dtype="Int64")
    items = pd.DataFrame({"region": "x", "stance": stances, "publisher": list("abcde"), "title": "t"})
    items = items.assign(date=pd.Timestamp("2026-01-01"), date_precision="day")
    dots = reception.dots(items, "region", {"x": "X"}, deep=2)
    assert list(zip(dots["column"], dots["level"], strict=True)) == [(1, 0), (1, 1), (2, 0), (2, 1), (3, 0)]


def test_dates_are_written_as_far_as_known():
    dates = pd.to_datetime(pd.Series(["2025-07-26", "2025-07-01", "2025-01-01", None]))
    precision = pd.Series(["day", "month", "year", None])
    assert reception.when(dates, precision).tolist() == ["2025-07-26", "2025-07", "2025", ""]


def test_months_leave_out_items_without_a_month():
    counts = reception.by_month(made_items())
    assert counts["n"].sum() == 6  # seven items, one dated to the year
    july = counts[(counts["month"] == "2025-07-01") & (counts["about"] == "plan")]
    assert july["n"].tolist() == [3] and july["label"].tolist() == ["The Plan itself"]


def test_agreement_on_stance_counts_items_that_both_coded():
    items = pd.DataFrame({"item_id": list("abcd"), "stance": pd.array([2, 0, -1, None], dtype="Int64")})
    second = pd.DataFrame({"item_id": list("dcba"), "stance": pd.array([0, -1, 1, 1], dtype="Int64")})
    found = reception.stance_agreement(items, second)
    assert (found.n, found.same, found.same_side, found.apart) == (3, 1, 2, 1)
    assert found.percent == pytest.approx(100 / 3)


def test_a_frame_counts_where_both_coders_saw_it():
    items = made_items().head(4)
    items["frame_sovereignty"] = [True, True, False, False]
    second = items[["item_id", *reception.frames()]].copy()
    second["frame_sovereignty"] = [True, False, True, False]
    counts = reception.frame_counts(items, second.iloc[::-1]).set_index("frame").loc["frame_sovereignty"]
    assert counts[["both", "n"]].tolist() == [1, 4]


def test_alpha_of_a_frame_by_hand():
    # Ten items, coders differ on one: D_o = 0.1; 9 of 20 codes are "seen", D_e = 2 * 9 * 11 / (20 * 19).
    seen_first = [True] * 5 + [False] * 5
    seen_second = [True] * 4 + [False] * 6
    items = pd.DataFrame({"item_id": list("abcdefghij"), "stance": pd.array([2, 1, 0, -1, -2] * 2, dtype="Int64")})
    items = items.assign(**{frame: pd.array(seen_first, dtype="boolean") for frame in reception.frames()})
    second = items.assign(**{frame: pd.array(seen_second, dtype="boolean") for frame in reception.frames()})
    second.loc[0, "stance"] = pd.NA
    table = reception.reliability(items, second.iloc[::-1])
    assert table["code"].iloc[0] == "stance" and len(table) == 1 + len(reception.frames())
    assert table.loc[0, ["level", "n", "alpha", "reliable"]].tolist() == ["ordinal", 9, 1.0, True]
    frame = table.iloc[1]
    assert frame[["level", "n", "first", "second"]].tolist() == ["nominal", 10, 5, 4]
    assert frame["alpha"] == pytest.approx(1 - 0.1 / (2 * 9 * 11 / (20 * 19)))
    assert frame["low"] <= frame["alpha"] <= frame["high"]


def test_published_reliability():
    table = reception.reliability(data.load("items"), data.load("items_coder_b")).set_index("code")
    stance, of_frames = table.loc["stance"], table.drop("stance")
    assert round(stance["alpha"], 2) == 0.88 and stance["n"] == 184 and stance["low"] > agreement.TENTATIVE
    assert round(of_frames["alpha"].min(), 2) == 0.14 and round(of_frames["alpha"].max(), 2) == 0.57
    assert table["reliable"].tolist() == [True] + [False] * 15
    assert of_frames["alpha"].is_monotonic_decreasing


def test_quarters_count_dated_items_of_both_places():
    items = reception.usable_items(made_items())
    counts = reception.side_by_quarter(items)  # item e is dated to the year
    assert counts["items"].sum() == 4 and counts["quarter"].unique().tolist() == ["Jul–Sep 2025", "Jul–Sep 2026"]
    first = counts[counts["start"] == "2025-07-01"].set_index(["side", "place"])
    assert first.loc[("supportive", "Mainland China"), ["items", "n", "small"]].tolist() == [1, 2, True]
    assert first.loc[("critical", "elsewhere or not known"), "items"] == 0
    real = reception.side_by_quarter(reception.usable_items(data.load("items")))
    sums = real.groupby(["start", "side"])["items"].sum()
    assert sums[pd.Timestamp("2025-07-01"), "supportive"] == 41 and sums[pd.Timestamp("2026-07-01"), "supportive"] == 12
    assert real.loc[real["small"], "quarter"].unique().tolist() == ["Jan–Mar 2026"]


def test_the_list_of_items_says_what_is_counted():
    items = data.load("items")
    listed = reception.listing(items, data.load("sources"))
    assert len(listed) == (items["evidence"] != "recalled").sum()
    assert listed["counted"].value_counts().to_dict() == {
        "yes": len(reception.usable_items(items)),
        "no: no stance": 22,
        "no: copy of another item": 2,
        "no: voice within another item": 2,
        "no: false story": 1,
    }
    false = listed[listed["counted"] == "no: false story"].iloc[0]
    assert false["source_id"] == "src_disinfo_185" and reception.link(false["headline"]).href == ""
    assert listed.notna().all(axis=None)
    linked = [reception.link(headline).href for headline in listed["headline"]]
    assert (
        all(href == "" or href.startswith(("http://", "https://")) for href in linked) and sum(map(bool, linked)) > 150
    )


def test_published_counts_of_the_items():
    items, second = data.load("items"), data.load("items_coder_b")
    assert items["about"].value_counts().to_dict() == {"waico": 113, "contrast": 52, "plan": 39, "us_plan": 9}
    usable = reception.usable_items(items)
    assert len(usable) == 185 and "disinfo_185" not in set(usable["item_id"])
    china = reception.side_counts(reception.placed_items(items), "region").set_index("group").loc["china"]
    assert china[["n", "critical", "neutral", "supportive"]].tolist() == [29, 0, 5, 24]
    found = reception.stance_agreement(items, second)
    codes = {"first": items.set_index("item_id")["stance"], "second": second.set_index("item_id")["stance"]}
    pairs = pd.DataFrame(codes).dropna()
    assert (found.n, found.same) == (len(pairs), int((pairs["first"] == pairs["second"]).sum()))
    assert found.percent > 80
    green = reception.frame_counts(usable, second).set_index("frame").loc["frame_sustainability_energy"]
    assert green["both"] == 1


def test_labels_cover_every_code_of_the_schema():
    for table, column, labels in (
        ("items", "region", reception.regions()),
        ("items", "outlet_type", reception.OUTLETS),
        ("items", "about", reception.objects()),
        ("statements", "about", reception.objects("statements")),
    ):
        assert set(data.load(table)[column].cat.categories) == set(labels), (table, column)
    assert set(reception.frames()) == {name for name in data.load("items").columns if name.startswith("frame_")}
    assert data.load("regime_complex")["short_name"].notna().all()


# -------------------------------------------------------------------------------------- positions, texts, indicators


def test_positions_leave_out_what_nobody_said():
    statements = data.load("statements")
    found = reception.positions(statements, data.load("countries"))
    out = set(statements["statement_id"]) - set(found["statement_id"])
    assert {"st_089", "st_022", "st_042"} <= out  # false, recalled, signature only
    assert not found["is_inferred"].any() and found["state"].notna().all() and found["object"].notna().all()
    assert found["date"].is_monotonic_increasing


def test_users_start_with_the_first_count_that_was_seen():
    found = reception.users(data.load("adoption_indicators"))
    assert found["users"].tolist() == [249, 515, 602, 700]
    assert found["at_least"].tolist() == [False, False, False, True]
    assert found["penetration"].tolist() == [17.7, 36.5, 42.8, 50]


def test_trust_medians():
    found = reception.trust(data.load("adoption_indicators"), data.load("countries"))
    medians = found[found["is_median"]].set_index("regulator")["percent"].to_dict()
    expected = {"Their own country": 55, "The European Union": 53, "The United States": 37, "China": 27}
    assert medians == expected
    assert found.loc[found["who"] == "Greece", "percent"].tolist() == [22]


def test_orientation_follows_from_the_weights():
    bodies = data.load("regime_complex")
    weights = reception.principles(bodies)
    assert len(weights) == len(bodies) * len(reception.PRINCIPLES)
    wide = weights.pivot(index="inst_id", columns="principle", values="weight")
    score = wide["Sovereignty"] + wide["Development"] + wide["Openness"] - wide["Safety"] - wide["Rights"]
    given = bodies.set_index("inst_id")["norm_orientation"].loc[score.index]
    assert score.tolist() == pytest.approx(given.tolist())
    assert weights["label"].iloc[0] == "BRICS statement, 2025"


# ----------------------------------------------------------------------------------------------------------- charts


def test_dots_chart_draws_critical_and_supportive_beside_neutral():
    items = reception.placed_items(data.load("items"))
    dots = reception.dots(items, "region", reception.regions(), deep=2)
    spec = figures.stance_dots(dots).to_dict()
    drawn = [layer for panel in spec["hconcat"] for layer in panel["layer"] if layer["mark"]["type"] == "circle"]
    sets = [spec["datasets"][layer["data"]["name"]] for layer in drawn]
    assert {row["side"] for row in sets[0]} == {"critical", "supportive"}
    assert {row["side"] for row in sets[1]} == {"neutral"}
    assert sum(map(len, sets)) == len(items)
    assert drawn[0]["encoding"]["fill"]["scale"]["range"] == charts.DIVERGING
    assert drawn[0]["encoding"]["y"]["sort"][0].startswith("China")


def test_reliability_chart_draws_the_bound_and_the_intervals():
    table = reception.reliability(data.load("items"), data.load("items_coder_b"))
    spec = figures.reliability(table).to_dict()
    bounds = [layer["encoding"]["x"].get("datum") for layer in spec["layer"]]
    assert bounds.count(agreement.TENTATIVE) == 2
    spans = next(layer for layer in spec["layer"] if "x2" in layer["encoding"])
    assert spans["encoding"]["x"]["field"] == "low" and spans["encoding"]["x2"]["field"] == "high"
    assert spans["encoding"]["y"]["sort"][0] == "Stance"
    assert spans["encoding"]["color"]["value"] == charts.GREY  # what is not reliable is not coloured


def test_frames_chart_prints_the_agreement_and_draws_no_single_coder():
    items, second = data.load("items"), data.load("items_coder_b")
    counts = reception.frame_counts(reception.usable_items(items), second)
    spec = figures.frames(counts, reception.reliability(items, second)).to_dict()
    rows = max(spec["datasets"].values(), key=len)
    assert len(rows) == 15 and {"both", "alpha", "low", "high"} <= set(rows[0])
    assert not {"first_only", "second_only"} & set(rows[0])
    svg = vl_convert.vegalite_to_svg(spec)
    assert "0.42 (0.2" in svg.replace("  ", " ") or "0.42 (0.3" in svg.replace("  ", " ")


def test_quarters_chart_totals_and_greys_small_cells():
    counts = reception.side_by_quarter(reception.usable_items(data.load("items")))
    svg = vl_convert.vegalite_to_svg(figures.sides_by_quarter(counts).to_dict())
    for text in ("Jul–Sep 2025 (83)", "Jan–Mar 2026 (3)", ">41<", ">12<"):
        assert text in svg
    grey = re.search(r"<text[^>]*>Jan–Mar 2026", svg).group()
    ink = re.search(r"<text[^>]*>Jul–Sep 2025", svg).group()
    assert charts.MUTED in grey and charts.INK in ink


def test_regime_map_places_bodies_once():
    bodies = data.load("regime_complex")
    table = reception.regime_map(bodies)
    assert table["line"].tolist() == list(range(len(bodies)))
    assert table["entry"].drop_duplicates().tolist() == list(reception.ENTRY.values())
    assert set(bodies["entry_condition"].astype(str)) == set(reception.ENTRY)
    east = table[table["orientation"] > 0]
    assert set(east["inst_id"]) == {"waico", "china_init", "brics_ai", "au_strategy"} and not east["gate"].any()
    west = table[table["orientation"] <= 0]
    assert west.loc[~west["gate"], "inst_id"].tolist() == ["asean_guide"]
    svg = vl_convert.vegalite_to_svg(figures.regime_map(table, ["waico"]).to_dict())
    assert svg.count(f'stroke="{charts.ORANGE}"') == 1 and "ASEAN guide, 2024" in svg


def test_weights_of_power_leave_out_what_is_known_to_be_wrong():
    table = reception.weights_of_power(data.load("adoption_indicators"))
    money = table[table["measure"] == "investment"].pivot(index="period", columns="iso3", values="value")
    assert money.index.tolist() == ["2023", "2024", "2025"]
    assert money.loc["2025"].tolist() == [12.41, 285.88]  # not the 80 and 3.5 of one blog
    loads = table[table["measure"] == "downloads"].set_index("iso3")["value"]
    assert loads.to_dict() == pytest.approx({"CHN": 1.15, "USA": 0.723})
    svg = vl_convert.vegalite_to_svg(figures.weights_of_power(table).to_dict())
    assert ">285.9<" in svg and ">1.15<" in svg


def test_measures_keep_definitions_apart():
    table = reception.measures(data.load("adoption_indicators"))
    assert set(table["measure"]) == set(reception.measure_names().values())
    assert table["source_id"].notna().all()
    trust = table.set_index("measure")
    pew = "Trust in China to regulate AI (Pew, median of 25 countries)"
    assert trust.loc[pew, ["own", "rival"]].tolist() == ["27", "–"]
    users = table[table["measure"] == "Users of generative AI, as counted by CNNIC"]
    assert users["own"].tolist() == ["249", "515", "602", "over 700"]
    patents = table[table["measure"].str.contains("patent")]
    assert patents["own"].tolist() == ["38.58", "60", "74.2"]


def test_users_chart_marks_the_lower_bound():
    counts = reception.users(data.load("adoption_indicators"))
    spec = figures.users(counts, pd.Timestamp("2025-07-26"), 250).to_dict()
    texts = {row.get("text") for rows in spec["datasets"].values() for row in rows}
    assert {"515 m", "more than 700 m", "one article then: over 250 m"} <= texts
    shapes = [layer["mark"].get("shape") for layer in spec["layer"]]
    assert shapes.count("triangle-up") == 1


def test_principles_and_trust_charts_highlight_china():
    weights = reception.principles(data.load("regime_complex"))
    spec = figures.principles(weights, ["waico"]).to_dict()
    rows = spec["datasets"][spec["hconcat"][0]["data"]["name"]]
    assert {row["label"] for row in rows if row["led"]} == {"WAICO (proposal), 2025"}
    answers = reception.trust(data.load("adoption_indicators"), data.load("countries"))
    order = figures.trust(answers).to_dict()["layer"][0]["encoding"]["y"]["sort"]
    assert order == ["Their own country", "The European Union", "The United States", "China"]


def test_objects_chart_has_a_row_for_each_object():
    items = data.load("items")
    counts = reception.by_month(items)
    totals = {"The Plan itself": 39, "The cooperation organisation": 113}
    spec = figures.objects_over_time(counts[counts["about"].isin(["plan", "waico"])], totals).to_dict()
    assert spec["facet"]["row"]["sort"] == ["The Plan itself: 39 items", "The cooperation organisation: 113 items"]
