"""Lists of signatories: combinations, overlaps, tiles and the map of the chapter ``reception``."""

from __future__ import annotations

import json
import re

import pandas as pd
import pytest
import vl_convert

from policybook import charts, data, memberships, stills
from policybook.charts import memberships as figures


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


def real_signatures() -> pd.DataFrame:
    facts = data.load("headline_facts").set_index("fact_id")["date"]
    until = {"waico": facts["waico_signing"], "pax_silica": facts["pax_24"]}
    return memberships.signatures(data.load("memberships"), data.load("countries"), until)


def test_a_signature_after_the_official_count_is_only_reported():
    rows = pd.DataFrame(
        {
            "agreement_id": ["w", "w", "w", "w", "w"],
            "iso3": ["CHN", "IRN", "SGP", "CHE", None],
            "role": ["founding_signatory", "later_signatory", "invited", "signatory", "signatory"],
            "date": pd.to_datetime(["2026-07-16", "2026-07-31", "2026-07-16", "2026-07-16", "2026-07-16"]),
            "evidence": ["read", "read", "read", "recalled", "read"],
            "source_id": "s",
        }
    )
    signed = memberships.signatures(rows, data.load("countries"), {"w": pd.Timestamp("2026-07-16")})
    assert signed[["iso3", "reported"]].values.tolist() == [["CHN", False], ["IRN", True]]


def test_published_counts_of_the_lists():
    signed = real_signatures()
    lists = signed.groupby("agreement_id")["reported"].agg(["size", "sum"])
    assert lists.loc["waico"].tolist() == [37, 8]
    assert lists.loc["pax_silica"].tolist() == [25, 1]
    assert lists.loc["frontier_call"].tolist() == [29, 0]
    assert lists.loc["bletchley_2023"].tolist() == [28, 0]  # Switzerland is recalled
    assert "seoul_2024" not in lists.index
    assert memberships.shared(signed, "waico", "pax_silica") == ["Kazakhstan"]
    assert memberships.shared(signed, "waico", "frontier_call") == ["Kazakhstan", "Kenya", "South Africa"]
    assert len(memberships.shared(signed, "pax_silica", "frontier_call")) == 9
    countries = data.load("countries")
    for group in ("eu_member", "g7_member"):
        assert memberships.in_group(signed, countries, "waico", group) == []
    assert "Indonesia" in memberships.in_group(signed, countries, "waico", "asean_member")


def test_combinations_are_exclusive_and_complete():
    table = memberships.combinations_signed(made_signatures(), ["east", "west"])
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
    table = memberships.overlap_table(made_signatures(), agreements, {"east": "E", "west": "W"}).set_index("name")
    assert table.index.tolist() == ["East", "West", "Partial"]
    assert table.loc["East", ["names", "E", "W"]].tolist() == ["2 + 1 reported", "–", "1"]
    assert table.loc["Partial", ["names", "declared", "E"]].tolist() == ["2", 50, "at least 1"]


def test_tiles_keep_one_place_for_each_state():
    tiles = memberships.tiles(made_signatures(), "east", "west", "part", across=1).set_index("iso3")
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
    real = memberships.tiles(real_signatures(), "waico", "pax_silica", "frontier_call", across=13)
    assert not real.duplicated(["row", "place"]).any() and not real["iso3"].duplicated().any()


def test_tiles_chart_tells_confirmed_from_reported_by_its_fill():
    legend = {key: key for key in ("east", "east_reported", "both", "west", "west_reported", "none")}
    tiles = memberships.tiles(made_signatures(), "east", "west", "part", across=5)
    fill = figures.signature_tiles(tiles, legend).to_dict()["hconcat"][1]["layer"][0]["encoding"]["fill"]["scale"]
    colours = dict(zip(fill["domain"], fill["range"], strict=True))
    assert colours == {
        "east": charts.BLUE,
        "east_reported": "transparent",
        "both": charts.PINK,
        "west": charts.ORANGE,
        "west_reported": "transparent",
        "none": "transparent",
    }


def test_combinations_chart_names_shared_states_only():
    table = memberships.combinations_signed(made_signatures(), ["east", "west"])
    spec = figures.combinations_signed(table, {"east": "East", "west": "West"}).to_dict()
    texts = {row["text"] for rows in spec["datasets"].values() for row in rows if "text" in row}
    assert texts == {"1  Kazakhstan", "2", "1"}


def test_every_region_of_the_schema_has_a_label():
    assert set(data.load("countries")["region"].cat.categories) == set(memberships.COUNTRY_REGIONS)


def test_camps_tell_who_signed_which_list():
    signed = made_signatures()
    signed.loc[signed["iso3"] == "JPN", "reported"] = True
    camps = memberships.camps(signed, "east", "west").set_index("iso3")["camp"].to_dict()
    assert camps == {"CHN": "east", "IRN": "east_reported", "KAZ": "both", "JPN": "west_reported"}


def test_published_camps_all_have_a_place_but_the_union():
    states = memberships.placed(memberships.camps(real_signatures(), "waico", "pax_silica"))
    counts = states["camp"].value_counts().to_dict()
    assert counts == {"east": 28, "east_reported": 8, "both": 1, "west": 23, "west_reported": 1}
    nowhere = states[~states["shape"] & states["longitude"].isna()]
    assert nowhere["iso3"].tolist() == ["EUU"]
    singapore = states.set_index("iso3").loc["SGP"]
    assert not singapore["shape"]
    assert (singapore["longitude"], singapore["latitude"]) == pytest.approx((103.8, 1.4), abs=0.2)


def test_shapes_are_light_and_cover_the_countries_of_the_data():
    outlines = [shape["id"] for shape in memberships.world()["objects"]["countries"]["geometries"]]
    assert len(outlines) == len(set(outlines)) and "ATA" not in outlines
    known = set(data.load("countries")["iso3"])
    assert known - set(outlines) - set(memberships.small_places()) == {"EUU"}
    assert (memberships.SHAPES / "world.json").stat().st_size < 100_000


def test_map_colours_listed_states_only():
    legend = {"east": "East", "east_reported": "East, reported", "both": "Both", "west": "West"}
    states = memberships.placed(memberships.camps(made_signatures(), "east", "west"))
    spec = figures.signature_map(states, memberships.world(), legend).to_dict()
    assert len(json.dumps(spec)) < 150_000
    svg = vl_convert.vegalite_to_svg(spec)
    spoken = vl_convert.vegalite_to_svg({**spec, "config": {**spec["config"], "aria": True}})
    drawn = re.findall(r'aria-label="[^"]*State: ([^;"]+); List: ([^";]+)', spoken)
    assert dict(drawn) == {"China": "East", "Iran": "East, reported", "Kazakhstan": "Both", "Japan": "West"}
    red, green, blue = (int(charts.BLUE[place : place + 2], 16) for place in (1, 3, 5))
    assert f"rgba({red}, {green}, {blue}, 0.3)" in svg and charts.RULE in svg


def test_the_data_of_the_map_hold_every_state_also_those_without_an_outline():
    states = memberships.placed(memberships.camps(real_signatures(), "waico", "pax_silica"))
    legend = {camp: camp for camp in ("east", "east_reported", "both", "west", "west_reported")}
    rows = stills.chart_data(figures.signature_map(states, memberships.world(), legend).to_dict()).splitlines()
    assert len(rows) == 1 + len(states) and any("Singapore" in row for row in rows)
