"""The analysis and the charts of the chapter ``reception``."""

from __future__ import annotations

import pandas as pd
import pytest

from policybook import charts, data, reception
from policybook.charts import reception as figures


def made_items() -> pd.DataFrame:
    """Seven items: five usable, one excluded, one recalled."""
    frames = {frame: False for frame in reception.FRAMES}
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


def made_signatures() -> pd.DataFrame:
    """Two complete lists of three and two names, and a partial one of two; KAZ is on all."""
    rows = [
        ("east", "CHN", "China", "east_asia", False),
        ("east", "KAZ", "Kazakhstan", "russia_central_asia_caucasus", False),
        ("east", "IRN", "Iran", "middle_east_north_africa", True),
        ("west", "KAZ", "Kazakhstan", "russia_central_asia_caucasus", False),
        ("west", "JPN", "Japan", "east_asia", False),
        ("part", "KAZ", "Kazakhstan", "russia_central_asia_caucasus", False),
        ("part", "FRA", "France", "europe", False),
    ]
    table = pd.DataFrame(rows, columns=["agreement_id", "iso3", "name", "region", "reported"])
    return table.assign(source_id="s")


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


def test_frames_by_coder():
    items = made_items().head(4)
    items["frame_sovereignty"] = [True, True, False, False]
    second = items[["item_id", *reception.FRAMES]].copy()
    second["frame_sovereignty"] = [True, False, True, False]
    counts = reception.frame_counts(items, second.iloc[::-1]).set_index("frame").loc["frame_sovereignty"]
    assert counts[["both", "first_only", "second_only", "any", "n"]].tolist() == [1, 1, 1, 3, 4]
    assert counts["agree"] == 50


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
    assert (green["both"], green["any"]) == (1, 11)


def test_labels_cover_every_code_of_the_schema():
    for table, column, labels in (
        ("items", "region", reception.REGIONS),
        ("items", "outlet_type", reception.OUTLETS),
        ("items", "about", reception.OBJECTS),
        ("countries", "region", reception.COUNTRY_REGIONS),
        ("statements", "about", reception.POSITION_OBJECTS),
    ):
        assert set(data.load(table)[column].cat.categories) == set(labels), (table, column)
    assert set(reception.FRAMES) == {name for name in data.load("items").columns if name.startswith("frame_")}
    assert set(reception.BODIES) == set(data.load("regime_complex")["inst_id"])


# ------------------------------------------------------------------------------------------------------ memberships


def real_signatures() -> pd.DataFrame:
    facts = data.load("headline_facts").set_index("fact_id")["date"]
    until = {"waico": facts["waico_signing"], "pax_silica": facts["pax_24"]}
    return reception.signatures(data.load("memberships"), data.load("countries"), until)


def test_a_signature_after_the_official_count_is_only_reported():
    memberships = pd.DataFrame(
        {
            "agreement_id": ["w", "w", "w", "w", "w"],
            "iso3": ["CHN", "IRN", "SGP", "CHE", None],
            "role": ["founding_signatory", "later_signatory", "invited", "signatory", "signatory"],
            "date": pd.to_datetime(["2026-07-16", "2026-07-31", "2026-07-16", "2026-07-16", "2026-07-16"]),
            "evidence": ["read", "read", "read", "recalled", "read"],
            "source_id": "s",
        }
    )
    signed = reception.signatures(memberships, data.load("countries"), {"w": pd.Timestamp("2026-07-16")})
    assert signed[["iso3", "reported"]].values.tolist() == [["CHN", False], ["IRN", True]]


def test_published_counts_of_the_lists():
    signed = real_signatures()
    lists = signed.groupby("agreement_id")["reported"].agg(["size", "sum"])
    assert lists.loc["waico"].tolist() == [37, 8]
    assert lists.loc["pax_silica"].tolist() == [25, 1]
    assert lists.loc["frontier_call"].tolist() == [29, 0]
    assert lists.loc["bletchley_2023"].tolist() == [28, 0]  # Switzerland is recalled
    assert "seoul_2024" not in lists.index
    assert reception.shared(signed, "waico", "pax_silica") == ["Kazakhstan"]
    assert reception.shared(signed, "waico", "frontier_call") == ["Kazakhstan", "Kenya", "South Africa"]
    assert len(reception.shared(signed, "pax_silica", "frontier_call")) == 9
    countries = data.load("countries")
    for group in ("eu_member", "g7_member"):
        assert reception.in_group(signed, countries, "waico", group) == []
    assert "Indonesia" in reception.in_group(signed, countries, "waico", "asean_member")


def test_combinations_are_exclusive_and_complete():
    table = reception.combinations_signed(made_signatures(), ["east", "west"])
    assert table["combination"].tolist() == [("east", "west"), ("east",), ("west",)]
    assert table["names"].tolist() == [("Kazakhstan",), ("China", "Iran"), ("Japan",)]
    assert table[["confirmed", "reported", "n"]].values.tolist() == [[1, 0, 1], [1, 1, 2], [1, 0, 1]]


def test_overlap_with_a_partial_list_is_a_lower_bound():
    agreements = pd.DataFrame(
        {
            "agreement_id": ["east", "west", "part", "unseen"],
            "name": ["East", "West", "Partial", "Unseen"],
            "declared_total": [3, 2, 50, 10],
            "date": pd.to_datetime(["2026-01-01"] * 4),
        }
    )
    table = reception.overlap_table(made_signatures(), agreements, {"east": "E", "west": "W"}).set_index("name")
    assert table.index.tolist() == ["East", "West", "Partial"]
    assert table.loc["East", ["names", "E", "W"]].tolist() == ["2 + 1 reported", "–", "1"]
    assert table.loc["Partial", ["names", "declared", "E"]].tolist() == ["2", 50, "at least 1"]


def test_tiles_keep_one_place_for_each_state():
    tiles = reception.tiles(made_signatures(), "east", "west", "part", across=1).set_index("iso3")
    assert tiles["camp"].to_dict() == {
        "FRA": "none",
        "KAZ": "both",
        "IRN": "east_reported",
        "CHN": "east",
        "JPN": "west",
    }
    assert tiles["third"].to_dict() == {"FRA": True, "KAZ": True, "IRN": False, "CHN": False, "JPN": False}
    assert tiles.loc[["CHN", "JPN"], "region"].tolist() == ["East Asia", ""]  # the region is named once
    assert tiles.loc["CHN", "row"] < tiles.loc["JPN", "row"]
    real = reception.tiles(real_signatures(), "waico", "pax_silica", "frontier_call", across=13)
    assert not real.duplicated(["row", "place"]).any() and not real["iso3"].duplicated().any()


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
    dots = reception.dots(items, "region", reception.REGIONS, deep=2)
    spec = figures.stance_dots(dots).to_dict()
    drawn = [layer for panel in spec["hconcat"] for layer in panel["layer"] if layer["mark"]["type"] == "circle"]
    sets = [spec["datasets"][layer["data"]["name"]] for layer in drawn]
    assert {row["side"] for row in sets[0]} == {"critical", "supportive"}
    assert {row["side"] for row in sets[1]} == {"neutral"}
    assert sum(map(len, sets)) == len(items)
    assert drawn[0]["encoding"]["fill"]["scale"]["range"] == charts.DIVERGING
    assert drawn[0]["encoding"]["y"]["sort"][0].startswith("China")


def test_tiles_chart_tells_confirmed_from_reported_by_its_fill():
    legend = {key: key for key in ("east", "east_reported", "both", "west", "none")}
    tiles = reception.tiles(made_signatures(), "east", "west", "part", across=5)
    fill = figures.signature_tiles(tiles, legend).to_dict()["hconcat"][1]["layer"][0]["encoding"]["fill"]["scale"]
    colours = dict(zip(fill["domain"], fill["range"], strict=True))
    assert colours == {
        "east": charts.BLUE,
        "east_reported": "transparent",
        "both": charts.PINK,
        "west": charts.ORANGE,
        "none": "transparent",
    }


def test_combinations_chart_names_shared_states_only():
    table = reception.combinations_signed(made_signatures(), ["east", "west"])
    spec = figures.combinations_signed(table, {"east": "East", "west": "West"}).to_dict()
    texts = {row["text"] for rows in spec["datasets"].values() for row in rows if "text" in row}
    assert texts == {"1  Kazakhstan", "2", "1"}


def test_frames_chart_stacks_who_saw_them():
    items, second = data.load("items"), data.load("items_coder_b")
    counts = reception.frame_counts(reception.usable_items(items), second)
    bars = figures.frames(counts, "Sovereignty").to_dict()["hconcat"][0]
    assert bars["encoding"]["y"]["sort"] == counts["label"].tolist()
    assert "Sovereignty" in bars["encoding"]["y"]["axis"]["labelFontWeight"]["condition"][0]["test"]


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
