"""The background of the Plan: analysis by hand-made cases and against the tables, charts by their spec."""

import json

import pandas as pd
import pytest

from policybook import background, data, tables
from policybook.charts import BLUE, GREEN, PAPER, RED
from policybook.charts import background as draw


@pytest.fixture(scope="module")
def events():
    return data.load("events")


@pytest.fixture(scope="module")
def texts(events):
    return background.lineage(events, data.load("documents"))


@pytest.fixture(scope="module")
def matrix(events):
    plan = events.set_index("event_id").loc[background.PLAN, "date"]
    return background.followup_matrix(data.load("followup"), data.load("articles"), plan)


def title(chart):
    return " ".join(chart.to_dict()["title"]["text"])


def marks(node):
    """Yield every mark with its encoding in a spec."""
    if isinstance(node, dict):
        if "mark" in node and "encoding" in node:
            yield node
        for value in node.values():
            yield from marks(value)
    elif isinstance(node, list):
        for value in node:
            yield from marks(value)


# --------------------------------------------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("precision", "drawn", "words"),
    [
        ("day", "2025-07-01", "1 July 2025"),
        ("month", "2025-07-15", "July 2025"),
        ("year", "2025-07-01", "2025"),
    ],
)
def test_a_date_is_drawn_and_written_as_exactly_as_it_is_known(precision, drawn, words):
    date = pd.Timestamp("2025-07-01")
    assert background.midpoint(date, precision) == pd.Timestamp(drawn)
    assert tables.date_text(date, precision) == words


def test_a_year_is_drawn_in_its_middle():
    assert background.midpoint(pd.Timestamp("2018-01-01"), "year") == pd.Timestamp("2018-07-01")


# -------------------------------------------------------------------------------------------------------------- layout


def test_marks_closer_than_the_gap_are_stacked():
    assert background.stack([0, 5, 9, 10, 30], gap=10) == [0, 1, 2, 0, 0]


def test_a_mark_given_last_lies_on_top_although_it_is_first_in_time():
    assert background.stack([5, 9, 0], gap=10) == [0, 1, 2]


def test_spread_moves_neighbours_apart_around_their_mean():
    # Two at 10 need a gap of 4: 8 and 12. The one at 30 stays.
    assert background.spread([10, 10, 30], gap=4) == [8, 12, 30]


def test_spread_pools_a_chain():
    # 0, 1, 2 at a gap of 3 lie around their mean 1: -2, 1, 4.
    assert background.spread([0, 1, 2], gap=3) == pytest.approx([-2, 1, 4])


def test_labels_avoid_dots_and_each_other():
    dots = pd.DataFrame(
        {
            "event_id": ["a", "b", "c"],
            "track": ["us", "us", "us"],
            "at": pd.to_datetime(["2025-01-01", "2025-01-11", "2025-06-01"]),
            "level": [0, 0, 0],
        }
    )
    placed = background.place_labels(dots, {"a": "xxxx", "b": "xxxx", "c": "xxxx"}, days_per_letter=5, left=["c"])
    levels = placed.set_index("event_id")["label_level"]
    # b is placed first, one level above the dots; a runs into it and goes one and a half higher; c is alone.
    assert levels.to_dict() == {"b": 1.0, "a": 2.5, "c": 1.0}
    assert placed.set_index("event_id").loc["c", "side"] == "left"


# ------------------------------------------------------------------------------------------------------------ timeline


def test_the_timeline_leaves_out_what_is_only_recalled_and_marks_what_is_not_sure(events):
    rows = background.timeline(events)
    recalled = set(events.loc[events["evidence"] == "recalled", "event_id"])
    assert recalled and not recalled & set(rows["event_id"])
    known = rows.set_index("event_id")
    assert not known.loc["ev_waico_37", "sure"]  # reported by a tracker
    assert not known.loc["ev_apec_shenzhen", "sure"]  # after the material ends
    assert known.loc[background.PLAN, "sure"]
    assert "ev_un_dialogue_2" not in known.index  # 2027


def test_no_two_dots_of_a_track_lie_on_each_other(events):
    rows = background.timeline(events, gap_days=14)
    for _, lane in rows.groupby(["track", "level"], observed=True):
        days = lane["at"].sort_values().diff().dt.days.dropna()
        assert (days >= 14).all()


def test_every_key_event_is_labelled_but_the_plan(events):
    rows = background.timeline(events)
    labelled = set(rows.loc[rows["label"].notna(), "event_id"])
    assert labelled == set(background.KEY_EVENTS) - {background.PLAN}
    assert (rows["label_y"] < rows["y"])[rows["label"].notna()].all()


def test_pace_counts_add_up_to_the_events_with_a_source(events):
    counts = background.pace(events)
    used = events[events["evidence"].ne("recalled") & events["date"].le(background.MATERIAL_END)]
    assert counts["events"].sum() == len(used)
    assert set(counts["year"]) == set(range(2017, 2027))
    assert set(counts.loc[counts["partial"], "year"]) == {2026}
    cell = counts.set_index(["track", "year"])["events"]
    assert cell["United States", 2019] == 0
    assert cell["China abroad", 2025] == (used["track"].eq("china_diplomacy") & used["date"].dt.year.eq(2025)).sum()


def test_the_week_has_the_published_days_with_the_plan_first_on_its_day(events):
    week = background.between(events, "2025-07-22", "2025-07-28").set_index("event_id")
    assert week.loc["ev_us_aiap", "day"] == "Wed 23 July"
    assert week.loc[background.PLAN, "day"] == week.loc["ev_waico_proposal", "day"] == "Sat 26 July"
    assert week.index[week["day"].eq("Sat 26 July")][0] == background.PLAN
    assert week.loc["ev_us_aiap", "sources"] == ["g_brief_0916", "o_wh_aiap"]


# -------------------------------------------------------------------------------------------------- lineage, controls


def test_the_lineage_runs_in_time_and_says_what_was_seen(texts):
    assert texts["at"].is_monotonic_increasing
    assert len(texts) == len(background.LINEAGE)  # none of the events is missing or recalled
    seen = texts.set_index("event_id")["text"]
    assert seen[background.PLAN] == "part of the text"
    assert seen["ev_shanghai_decl"] == "whole text"
    assert seen["ev_waico_signing"] == "reports only"


def test_every_export_control_of_the_table_has_a_reading(events):
    listed = set(events.loc[events["instrument_type"] == "export_control", "event_id"])
    assert listed <= set(background.CONTROL_MOVES)
    assert {move for move, _ in background.CONTROL_MOVES.values()} == set(background.MOVES)


def test_controls_keep_the_recalled_rule_marked_and_labels_apart(events, texts):
    sides = background.controls(events, texts, gap_days=38)
    recalled = sides[sides["recalled"]]
    assert recalled["event_id"].tolist() == ["ev_affiliates_rule"]
    for _, side in sides.groupby("side"):
        assert side["label_at"].diff().dt.days.dropna().min() >= 37  # rounding to days
    assert sides.set_index("event_id").loc["ev_bis_overseas", "day"] == "Jun"  # only the month is known


# --------------------------------------------------------------------------------------------------------------- WAICO


def test_waico_steps_separate_done_reported_and_not_known(events):
    steps = background.waico_steps(events, data.load("headline_facts"), data.load("followup"))
    assert steps["status"].tolist() == ["done"] * 5 + ["reported"] + ["not known"] * 3
    by = steps.set_index("step")
    assert by.loc["Signature", "date"] == "16 July 2026"
    assert "o_mfa_waico" in by.loc["Signature", "sources"]
    assert by.loc["Entry into force", "sources"] == ["src_geopoliticsai"]
    known = set(data.load("sources")["source_id"])
    assert all(set(found) <= known for found in steps["sources"])


def test_signatories_are_the_29_of_the_ceremony_and_eight_reported():
    states, countries = data.load("waico_signatories"), data.load("countries")
    table = background.signatories(states, countries)
    assert table["signed"].sum() == 29
    assert sum(len(names.split(", ")) for names in table["names"]) == 29
    assert sum(len(names.split(", ")) for names in table["reported"] if names) == 8
    assert table["signed"].is_monotonic_decreasing


def test_no_member_of_the_group_of_seven_signed():
    # The chapter says so.
    both = data.load("waico_signatories").merge(data.load("countries"), on="iso3")
    assert len(both) == 37
    assert not both["g7_member"].any()


# ------------------------------------------------------------------------------------------------- follow-up and lists


def test_followups_before_the_plan_or_only_recalled_do_not_count():
    followup = pd.DataFrame(
        {
            "article": ["A07", "A07", "A07", "A10"],
            "action": ["one", "two", "early", "remembered"],
            "date": pd.to_datetime(["2025-07-26", "2026-01-01", "2025-07-25", "2026-01-01"]),
            "status": ["delivered", "delivered", "delivered", "in_force"],
            "evidence": ["read", "excerpt", "read", "recalled"],
        }
    )
    articles = pd.DataFrame({"article": ["A07", "A10"], "article_no": [7, 10], "short_title": ["Energy", "Safety"]})
    table = background.followup_matrix(followup, articles, pd.Timestamp("2025-07-26"))
    assert table.to_dict("records") == [
        {"article": "7  Energy", "article_no": 7, "status": "delivered", "followups": 2, "actions": "one · two"}
    ]


def test_the_matrix_holds_every_followup_since_the_plan(matrix):
    followup = data.load("followup")
    assert matrix["followups"].sum() == (followup["date"] >= "2025-07-26").sum()
    assert matrix["article_no"].nunique() == 13
    assert set(matrix["status"]) == set(background.FOLLOWUP_STATUS.values())


def test_who_lists_chinese_bodies_first_and_names_places():
    table = background.who(data.load("organisations"), data.load("countries"))
    places = table["place"].tolist()
    chinese = places.count("China")
    assert set(places[:chinese]) == {"China"}
    assert "International" in places and not table["place"].str.fullmatch("[A-Z]{3}").any()
    label = table.set_index("org_id")["label"]
    assert label["org_cac"] == "Cyberspace Administration of China (CAC)"
    assert label["org_deepseek"] == "DeepSeek"


def test_open_disagreements_come_first_and_only_of_the_chapter():
    table = background.disagreements(data.load("disagreements"), "background")
    assert table["settled"].astype(str).tolist()[:3] == ["open"] * 3
    assert table["settled"].eq("open").sum() == 3
    assert "dis_waico_members" in set(table["dis_id"]) and not table["dis_id"].str.startswith("dis_std").any()


def test_key_numbers_are_the_published_ones(events, texts, matrix):
    differ = background.disagreements(data.load("disagreements"), "background")
    numbers = background.key_numbers(
        events, texts, matrix, data.load("waico_signatories"), data.load("headline_facts"), differ
    )
    published = {"articles": 13, "after_us": 3, "signed": 29, "reported": 37, "coop": 8, "ethics": 6, "chair": 15}
    assert {name: numbers[name] for name in published} == published
    assert numbers["places"] == 5000 and numbers["pax"] == 7
    assert numbers["read"] + numbers["excerpt"] == numbers["events"]
    assert numbers["events"] + numbers["recalled"] == len(events)
    assert numbers["promised"] + numbers["done"] <= numbers["followups"]


# -------------------------------------------------------------------------------------------------------------- charts


def test_the_timeline_says_the_days_it_counts(events):
    chart = draw.timeline(background.timeline(events))
    text = title(chart)
    # 23 July to 26 July; 26 July to 26 August 2025; to 16 July 2026.
    assert "3 days after the US plan" in text and "31 days before the UN" in text and "355 days before WAICO" in text
    spec = chart.to_dict()
    params = {param["name"]: param for param in spec["params"]}
    assert params["chosen"]["bind"] == "legend"
    assert params["window"]["select"]["type"] == "interval"
    assert len(json.dumps(spec)) < 150_000


def test_the_timeline_moves_when_the_data_move(events):
    moved = events.copy()
    moved.loc[moved["event_id"].eq("ev_us_aiap"), "date"] = pd.Timestamp("2025-07-20")
    assert "6 days after the US plan" in title(draw.timeline(background.timeline(moved)))


def test_unsure_events_get_a_paper_core(events):
    rows = background.timeline(events)
    spec = draw.timeline(rows).to_dict()
    cores = [mark for mark in marks(spec) if mark["mark"].get("color") == PAPER]
    assert len(cores) == 1
    assert len(spec["datasets"][cores[0]["data"]["name"]]) == (~rows["sure"]).sum()


def test_the_lineage_title_counts_texts_and_months(texts):
    chart = draw.lineage(texts)
    abroad = texts[texts["strand"].eq(background.STRANDS["abroad"])]
    place = abroad["event_id"].tolist().index(background.PLAN) + 1
    # 18 October 2023 to 16 July 2026 is 33 months less two days.
    assert title(chart).startswith("33 months") and f"number {place} of {len(abroad)} texts" in title(chart)
    colours = [mark["encoding"]["color"]["scale"] for mark in marks(chart.to_dict()) if "color" in mark["encoding"]]
    assert colours[0]["range"] == [BLUE, GREEN]


def test_pace_draws_the_unfinished_year_paler(events):
    chart = draw.pace(background.pace(events)).to_dict()
    bar = next(mark for mark in marks(chart) if mark["mark"]["type"] == "bar")
    opacity = bar["encoding"]["opacity"]
    paler = opacity["condition"][0] if isinstance(opacity["condition"], list) else opacity["condition"]
    assert paler["test"] == "datum.partial" and paler["value"] < opacity["value"]


def test_the_controls_title_counts_moves_on_both_sides_of_the_plan(events, texts):
    text = title(draw.controls(background.controls(events, texts)))
    plan = pd.Timestamp("2025-07-26")
    dated = events.set_index("event_id")
    sourced = [e for e in background.CONTROL_MOVES if dated.loc[e, "evidence"] != "recalled"]
    count = {
        (move, late): sum(
            background.CONTROL_MOVES[e][0] == move and (dated.loc[e, "date"] >= plan) == late for e in sourced
        )
        for move in ("tighter", "looser")
        for late in (False, True)
    }
    assert f"Before the Plan {count['tighter', False]} US chip measures tightened" in text
    assert f"and {count['looser', False]} loosened; after it {count['tighter', True]} tightened" in text
    assert text.endswith(f"and {count['looser', True]} loosened")


def test_a_tightening_is_red_and_points_up():
    assert draw.MOVE_COLOURS["tightens"] == RED
    assert draw.MOVE_SHAPES[list(draw.MOVE_COLOURS).index("tightens")] == "triangle-up"


def test_the_followup_title_counts_rows(matrix):
    text = title(draw.followup(matrix))
    by = matrix.groupby("status")["followups"].sum()
    assert text.startswith(f"Of {by.sum()} follow-ups since the Plan, {by['delivered'] + by['in force']} are delivered")
    assert text.endswith(f"{by['announced']} are promises")
    spec = draw.followup(matrix).to_dict()
    circle = next(mark for mark in marks(spec) if mark["mark"]["type"] == "circle")
    assert len(circle["encoding"]["color"]["scale"]["domain"]) == len(background.FOLLOWUP_STATUS)


def test_every_chart_has_a_tooltip(events, texts, matrix):
    charts = [
        draw.timeline(background.timeline(events)),
        draw.lineage(texts),
        draw.pace(background.pace(events)),
        draw.controls(background.controls(events, texts)),
        draw.followup(matrix),
    ]
    for chart in charts:
        spec = chart.to_dict()
        top = spec.get("encoding", {})
        assert top.get("tooltip") or any(mark["encoding"].get("tooltip") for mark in marks(spec))
