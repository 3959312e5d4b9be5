"""The background of the Plan: analysis by hand-made cases and against the tables, charts by their spec."""

import csv
import json
import re
from collections import Counter

import pandas as pd
import pytest
import vl_convert

from policybook import background, data, paths, tables
from policybook.charts import BLUE, GREEN, RED
from policybook.charts import background as draw

PLAN = "ev_gaigap"


@pytest.fixture(scope="module")
def events():
    return data.load("events")


@pytest.fixture(scope="module")
def texts(events):
    return background.lineage(events, data.load("documents"))


@pytest.fixture(scope="module")
def articles():
    return data.load("articles")


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
    assert known.loc[PLAN, "sure"]
    assert "ev_un_dialogue_2" not in known.index  # 2027


def test_no_two_dots_of_a_track_lie_on_each_other(events):
    rows = background.timeline(events, gap_days=14)
    for _, lane in rows.groupby(["track", "level"], observed=True):
        days = lane["at"].sort_values().diff().dt.days.dropna()
        assert (days >= 14).all()


def test_every_key_event_is_labelled_but_the_plan(events):
    rows = background.timeline(events)
    labelled = set(rows.loc[rows["label"].notna(), "event_id"])
    assert labelled == set(background.labelled("timeline")["event_id"])
    assert (rows["label_y"] < rows["y"])[rows["label"].notna()].all()


def test_pace_counts_add_up_to_the_events_with_a_source(events):
    counts = background.pace(events)
    used = events[events["evidence"].ne("recalled") & events["date"].le(background.material_end())]
    assert counts["events"].sum() == len(used)
    assert set(counts["year"]) == set(range(2017, 2027))
    assert set(counts.loc[counts["partial"], "year"]) == {2026}
    cell = counts.set_index(["track", "year"])["events"]
    assert cell["United States", 2019] == 0
    assert cell["China abroad", 2025] == (used["track"].eq("china_diplomacy") & used["date"].dt.year.eq(2025)).sum()


def test_the_week_has_the_published_days_with_the_plan_first_on_its_day(events):
    week = background.between(events, "2025-07-22", "2025-07-28").set_index("event_id")
    assert week.loc["ev_us_aiap", "day"] == "Wed 23 July"
    assert week.loc[PLAN, "day"] == week.loc["ev_waico_proposal", "day"] == "Sat 26 July"
    assert week.index[week["day"].eq("Sat 26 July")][0] == PLAN
    assert week.loc["ev_us_aiap", "sources"] == ["g_brief_0916", "o_wh_aiap"]


def test_an_anchor_is_an_id_of_its_own():
    assert background.anchor("ev_un_79_325") == "event-un-79-325"
    assert background.anchor("ev_level_ev_x") == "event-level-ev-x"


def test_the_table_of_events_has_every_event_with_a_source_once(events):
    listed = background.event_list(events)
    assert len(listed) == events["evidence"].ne("recalled").sum()
    assert listed["anchor"].is_unique and listed["anchor"].str.fullmatch(r"event-[a-z0-9-]+").all()
    assert listed["sources"].map(len).min() >= 1
    plan = listed.set_index("anchor").loc["event-gaigap"]
    assert plan["when"] == "26 July 2025" and plan["articles"] == list(range(1, 14))
    vote = listed.set_index("anchor").loc["event-un-panel-vote"]
    assert (vote["kind"], vote["articles"], vote["article_names"]) == ("UN decision", [11], ["article 11"])
    assert listed.set_index("anchor").loc["event-csl-2017", "articles"] == []


def test_the_pace_is_that_of_the_file_itself(events):
    # Counted from the file, without the package.
    path = paths.report().data / "background" / "events.csv"
    with path.open(encoding="utf-8", newline="") as file:
        found = Counter(
            (row["track"], int(row["date"][:4]))
            for row in csv.DictReader(file)
            if row["evidence"] != "recalled" and row["date"] <= "2026-10-02"
        )
    counts = background.pace(events).set_index(["track", "year"])["events"]
    for (track, year), number in found.items():
        assert counts[background.tracks()[track], year] == number
    assert counts.sum() == found.total()


# -------------------------------------------------------------------------------------------------- lineage, controls


def test_the_lineage_runs_in_time_and_says_what_was_seen(texts):
    assert texts["at"].is_monotonic_increasing
    assert len(texts) == len(background.labelled("lineage"))  # none of the events is missing or recalled
    drawn = texts.set_index("event_id")["at"]
    assert drawn["ev_ngaidp"] == pd.Timestamp("2017-07-01")  # only the year is known: its middle
    assert drawn["ev_fyp15"] == pd.Timestamp("2026-03-12")
    seen = texts.set_index("event_id")["text"]
    assert seen[PLAN] == "part of the text"
    assert seen["ev_shanghai_decl"] == "whole text"
    assert seen["ev_waico_signing"] == "reports only"


def test_the_lineage_has_titles_in_chinese_and_the_force_of_each_text(texts):
    by = texts.set_index("event_id")
    assert by.loc[PLAN, "name_zh"] == "人工智能全球治理行动计划"
    assert by.loc["ev_gaigi", "name_zh"] == "全球人工智能治理倡议"
    assert by.loc[PLAN, "force"] == "non-binding"
    # The chapter says so: of the texts addressed to other countries only the agreement is to bind.
    abroad = by[by["strand"].eq(background.strands()["abroad"])]
    assert abroad.index[abroad["force"].ne("non-binding")].tolist() == ["ev_waico_signing"]
    assert by.loc["ev_waico_signing", "force"] == "binding when in force"
    assert by.loc["ev_genai_2023_pub", "force"] == "binding"
    assert by["sources"].map(len).min() >= 1


def test_every_export_control_of_the_table_has_a_reading(events):
    listed = set(events.loc[events["instrument_type"] == "export_control", "event_id"])
    readings = background.labelled("control")
    assert listed <= set(readings["event_id"])
    assert set(readings["code"].astype(str)) == set(background.moves())


def test_controls_keep_the_recalled_rule_marked_and_labels_apart(events, texts):
    sides = background.controls(events, texts, gap_days=38)
    recalled = sides[sides["recalled"]]
    assert recalled["event_id"].tolist() == ["ev_affiliates_rule"]
    for _, side in sides.groupby("side"):
        assert side["label_at"].diff().dt.days.dropna().min() >= 37  # rounding to days
    assert sides.set_index("event_id").loc["ev_bis_overseas", "day"] == "Jun"  # only the month is known


# --------------------------------------------------------------------------------------------------------------- WAICO


def test_the_steps_of_the_organisation_separate_done_reported_and_not_known(events):
    steps = background.organisation_steps(data.load("organisation_steps"), events, data.load("headline_facts"))
    assert steps["status"].tolist() == ["done"] * 5 + ["announced", "reported"] + ["not known"] * 4
    by = steps.set_index("step")
    assert by.loc["Signature", "date"] == "16 July 2026"
    assert "o_mfa_waico" in by.loc["Signature", "sources"]
    assert by.loc["Entry into force", "sources"] == ["src_geopoliticsai"]
    assert by.loc["Seat", "what"].startswith("Shanghai.")
    assert "no official notice" in by.loc["Further signatures", "what"]
    assert "not known" in by.loc["Members", "what"]
    known = set(data.load("sources")["source_id"])
    assert all(set(found) <= known for found in steps["sources"])


def test_signatories_are_the_29_of_the_ceremony_and_eight_reported():
    states, countries = data.load("waico_signatories"), data.load("countries")
    table = background.signatories(states, countries)
    assert table["signed"].sum() == 29
    assert sum(len(names.split(", ")) for names in table["names"]) == 29
    assert sum(len(names.split(", ")) for names in table["reported"] if names) == 8
    assert table["signed"].is_monotonic_decreasing


def test_kazakhstan_signed_for_waico_and_for_pax_silica():
    # The chapter says so.
    states = data.load("waico_signatories")
    assert "KAZ" in set(states.loc[states["status"].eq("founding_signatory"), "iso3"])
    memberships = data.load("memberships")
    pax = memberships[memberships["agreement_id"].eq("pax_silica") & memberships["role"].eq("signatory")]
    assert "KAZ" in set(pax["iso3"])


def test_no_member_of_the_group_of_seven_signed():
    # The chapter says so.
    both = data.load("waico_signatories").merge(data.load("countries"), on="iso3")
    assert len(both) == 37
    assert not both["g7_member"].any()


# ------------------------------------------------------------------------------------------------- follow-up and lists


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


@pytest.mark.parametrize(
    ("said", "number"),
    [("over 40.9 billion", 40.9e9), ("4,486", 4486), ("more than 30", 30), ("33.7 million", 33.7e6)],
)
def test_a_count_in_words_is_a_number(said, number):
    assert background.quantity(said) == pytest.approx(number)


def test_counts_that_differ_run_from_the_furthest_apart_and_say_which_to_use():
    counts = background.differing_counts(data.load("disagreements"))
    assert counts["end"].tolist() == ["low", "high"] * (len(counts) // 2)
    high = counts[counts["end"].eq("high")].set_index("what")
    assert high["ratio"].is_monotonic_decreasing
    low = counts[counts["end"].eq("low")].set_index("what")
    assert (low["ratio"] == 1).all() and (high["value"] > low["value"]).all()
    # By hand: 400 / 40.9, 515 / 250, 37 / 29.
    deals, users = "Deals at WAIC 2026, yuan", "Generative AI users in China when the Plan came out"
    assert high.loc[deals, "ratio"] == pytest.approx(9.780, abs=1e-3) and high.loc[deals, "standing"] == "set aside"
    assert high.loc[users, "ratio"] == pytest.approx(2.06) and low.loc[users, "standing"] == "set aside"
    waico = next(what for what in low.index if "WAICO" in what)
    assert (low.loc[waico, "said"], high.loc[waico, "said"]) == ("29", "37")
    assert low.loc[waico, "standing"] == high.loc[waico, "standing"] == "open"
    guests = "Guests at WAIC 2025"
    assert low.loc[guests, "source_id"] == "p_pandaily_waico"  # the second source has the lower count


def test_a_count_that_its_source_does_not_say_is_refused():
    table = data.load("disagreements")
    table.loc[table["dis_id"].eq("dis_waico_members"), "value_b"] = "36 signatories"
    with pytest.raises(ValueError, match="'37' is not in the value '36 signatories'"):
        background.differing_counts(table)


def test_the_counts_title_has_the_widest_gap_and_the_open_ones():
    counts = background.differing_counts(data.load("disagreements"))
    chart = draw.differing_counts(counts)
    assert title(chart) == "On 8 counts two sources differ, by up to a factor of 9.8; 3 stay open"
    svg = vl_convert.vegalite_to_svg(chart.to_dict(), vl_version="6.4")
    for said in counts["said"]:
        assert f">{said}<" in svg


def test_key_numbers_are_the_published_ones(events, texts):
    differ = background.disagreements(data.load("disagreements"), "background")
    numbers = background.key_numbers(events, texts, data.load("waico_signatories"), data.load("headline_facts"), differ)
    published = {"articles": 13, "after_us": 3, "signed": 29, "reported": 37, "coop": 8, "ethics": 6, "chair": 15}
    assert {name: numbers[name] for name in published} == published
    assert numbers["places"] == 5000 and numbers["pax"] == 7 and numbers["pax_later"] == 24
    assert (numbers["votes_for"], numbers["votes_against"]) == (117, 2)
    assert numbers["read"] + numbers["excerpt"] == numbers["events"]
    assert numbers["events"] + numbers["recalled"] == len(events)


# -------------------------------------------------------------------------------------------------------------- charts


def test_the_timeline_says_the_days_it_counts(events, articles):
    chart = draw.timeline(background.timeline(events), articles)
    text = title(chart)
    # 23 July to 26 July; 26 July to 26 August 2025; to 16 July 2026.
    assert "3 days after the US plan" in text and "31 days before the UN" in text and "355 days before WAICO" in text
    spec = chart.to_dict()
    params = {param["name"]: param for param in spec["params"]}
    assert params["chosen"]["bind"] == "legend"
    assert params["window"]["select"]["type"] == "interval"
    assert len(json.dumps(spec)) < 150_000


def test_the_timeline_moves_when_the_data_move(events, articles):
    moved = events.copy()
    moved.loc[moved["event_id"].eq("ev_us_aiap"), "date"] = pd.Timestamp("2025-07-20")
    assert "6 days after the US plan" in title(draw.timeline(background.timeline(moved), articles))


def test_unsure_events_get_a_paper_core(events, articles):
    rows = background.timeline(events)
    svg = vl_convert.vegalite_to_svg(draw.timeline(rows, articles, first="2017-01-01").to_dict(), vl_version="6.4")
    cores = [path for path in re.findall(r"<path[^>]+>", svg) if 'fill="#ffffff"' in path and "A2.2" in path]
    # Low confidence, or dated after the material ends: counted in the table itself.
    used = events[events["evidence"].ne("recalled") & events["date"].lt("2027")]
    assert len(cores) == (used["confidence"].eq("low") | used["date"].gt("2026-10-02")).sum()


def shown(chart, **values):
    """Return what a reader sees who chooses values from the lists of a chart: its count of events, and the SVG."""
    spec = chart.to_dict()
    for param in spec["params"]:
        if param["name"] in values:
            assert values[param["name"]] in param["bind"]["options"]
            param["value"] = values[param["name"]]
    svg = vl_convert.vegalite_to_svg(spec, vl_version="6.4")
    return int(re.search(r">(\d+) of \d+ events<", svg).group(1)), svg


def test_the_lists_leave_the_events_of_a_kind_or_an_article(events, articles):
    chart = draw.timeline(background.timeline(events), articles)
    used = events[events["evidence"].ne("recalled") & events["date"].lt("2027")]
    energy = used["articles"].map(lambda items: "A07" in items)
    laws = used["instrument_type"].eq("law")
    assert shown(chart)[0] == len(used)
    assert shown(chart, article=7)[0] == energy.sum() > 0
    assert shown(chart, kind="law")[0] == laws.sum() > 0
    count, svg = shown(chart, kind="law", article=8)
    assert count == (laws & used["articles"].map(lambda items: "A08" in items)).sum()
    assert "Pax Silica" not in svg  # its label goes with its dot


def test_the_list_of_articles_has_their_names(events, articles):
    params = {
        param["name"]: param for param in draw.timeline(background.timeline(events), articles).to_dict()["params"]
    }
    bind = params["article"]["bind"]
    assert bind["options"] == list(range(14)) and len(bind["labels"]) == 14
    names = articles.set_index("article_no")["short_title"]
    assert bind["labels"][7] == f"7 {names[7]}"
    assert set(params["kind"]["bind"]["options"]) >= {"all", "treaty", "UN decision", "plan or policy"}


def test_the_strip_moves_the_main_view_and_leaves_the_wheel_to_the_page(events, articles):
    spec = draw.timeline(background.timeline(events), articles).to_dict()
    window = next(param for param in spec["params"] if param["name"] == "window")
    assert window["select"]["zoom"] is False and window["select"]["encodings"] == ["x"]
    strip, main = spec["vconcat"]
    assert window["views"] == [layer["name"] for layer in strip["layer"] if "name" in layer]
    scales = [mark["encoding"]["x"]["scale"] for mark in marks(main) if "scale" in mark["encoding"].get("x", {})]
    assert scales and all(scale["domain"] == {"param": "window"} for scale in scales)


def test_every_mark_leads_to_a_row_of_the_table_of_events(events, texts, articles):
    anchors = set(background.event_list(events)["anchor"])
    charts = [
        draw.timeline(background.timeline(events), articles),
        draw.lineage(texts),
        draw.controls(background.controls(events, texts)),
    ]
    for chart in charts:
        spec = chart.to_dict()
        rows = [row for rows in spec["datasets"].values() for row in rows if "href" in row]
        linked = [row["href"] for row in rows if not row.get("recalled")]
        assert linked and {href.removeprefix("#") for href in linked} <= anchors
        assert any("href" in mark["encoding"] for mark in marks(spec))
        # A still has no page around it: its links would lead to the drawing program's own address.
        assert "href=" not in vl_convert.vegalite_to_svg(spec, vl_version="6.4")


def test_the_tooltip_of_an_event_names_who_when_and_the_source(events, articles):
    spec = draw.timeline(background.timeline(events), articles).to_dict()
    circle = next(mark for mark in marks(spec) if mark["mark"]["type"] == "circle" and "tooltip" in mark["encoding"])
    fields = {item["field"] for item in circle["encoding"]["tooltip"]}
    assert fields == {"title", "date", "actors", "detail", "kind", "numbers", "source", "evidence"}
    rows = {row["event_id"]: row for row in next(rows for rows in spec["datasets"].values() if "actors" in rows[0])}
    pax = rows["ev_pax_silica"]
    assert pax["date"] == "12 December 2025" and "Singapore" in pax["actors"] and pax["source"].endswith("2025")
    assert rows["ev_chair_statement_26"]["articles"] == [7, 10, 13]


def test_the_lineage_title_counts_texts_and_months(texts):
    chart = draw.lineage(texts)
    abroad = texts[texts["strand"].eq(background.strands()["abroad"])]
    place = abroad["event_id"].tolist().index(PLAN) + 1
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
    moves = background.labelled("control").set_index("event_id")["code"].astype(str)
    sourced = [e for e in moves.index if dated.loc[e, "evidence"] != "recalled"]
    count = {
        (move, late): sum(moves[e] == move and (dated.loc[e, "date"] >= plan) == late for e in sourced)
        for move in ("tighter", "looser")
        for late in (False, True)
    }
    assert f"Before the Plan {count['tighter', False]} US chip measures tightened" in text
    assert f"and {count['looser', False]} loosened; after it {count['tighter', True]} tightened" in text
    assert text.endswith(f"and {count['looser', True]} loosened")


def test_a_tightening_is_red_and_points_up(events, texts):
    rows = background.controls(events, texts)
    scales = [
        mark["encoding"][channel]["scale"]
        for mark in marks(draw.controls(rows).to_dict())
        for channel in ("color", "shape")
        if "scale" in mark["encoding"].get(channel, {})
    ]
    drawn = {scale["range"][scale["domain"].index("tightens")] for scale in scales if "tightens" in scale["domain"]}
    assert drawn == {RED, "triangle-up"}


def test_every_chart_has_a_tooltip(events, texts, articles):
    charts = [
        draw.timeline(background.timeline(events), articles),
        draw.lineage(texts),
        draw.pace(background.pace(events)),
        draw.controls(background.controls(events, texts)),
        draw.differing_counts(background.differing_counts(data.load("disagreements"))),
    ]
    for chart in charts:
        spec = chart.to_dict()
        top = spec.get("encoding", {})
        assert top.get("tooltip") or any(mark["encoding"].get("tooltip") for mark in marks(spec))


def test_persons_are_tied_to_the_events_and_none_is_recalled():
    persons, events = data.load("persons"), data.load("events").set_index("event_id")
    assert set(persons["evidence"]) <= set(data.SEEN)
    for row in persons[persons["event_id"].notna()].itertuples():
        assert row.event_id in events.index
    assert persons["name_zh"].str.fullmatch(r"[\u4e00-\u9fff]+").all()
