"""What has been done since: steps, gaps and benchmarks by hand-made cases and against the tables; charts by spec."""

from __future__ import annotations

import json
import re
from collections import Counter

import nbformat
import pandas as pd
import pytest
import vl_convert
from lxml import html as lxml_html

from policybook import background, data, followup, paths, tables
from policybook.charts import followup as draw

PLAN, UNTIL = pd.Timestamp("2025-07-26"), pd.Timestamp("2026-10-06")


@pytest.fixture(scope="module")
def articles():
    return data.load("articles")


@pytest.fixture(scope="module")
def steps(articles):
    return followup.steps(data.load("followup"), articles, PLAN, followup.material_until())


@pytest.fixture(scope="module")
def marks(articles):
    return followup.benchmark_list(data.load("benchmarks"), articles)


@pytest.fixture(scope="module")
def events():
    return data.load("events")


def made(*rows):
    """A table like ``followup`` of rows (id, date, precision, status), all read, domestic, article 7 unless said."""
    base = {
        "article": "A07",
        "action": "Done",
        "actors": ("MIIT",),
        "scope": "domestic",
        "measured": False,
        "source_id": "p_zhongwei",
        "official_source_id": pd.NA,
        "evidence": "read",
        "confidence": "high",
        "note": pd.NA,
    }
    named = ("followup_id", "date", "date_precision", "status")
    table = pd.DataFrame([base | dict(zip(named, row[:4], strict=True)) | (row[4] if row[4:] else {}) for row in rows])
    return table.assign(date=pd.to_datetime(table["date"]))


SHORT = pd.DataFrame(
    {"article": ["A07", "A10"], "article_no": [7, 10], "short_title": ["Energy", "Safety"]},
)


def taken(*rows):
    return followup.steps(made(*rows), SHORT, PLAN, UNTIL)


# --------------------------------------------------------------------------------------------------------------- dates


@pytest.mark.parametrize(
    ("date", "precision", "side"),
    [
        ("2025-07-25", "day", "before"),
        ("2025-07-26", "day", "since"),
        ("2025-06-01", "month", "before"),
        ("2025-07-01", "month", "unclear"),
        ("2025-08-01", "month", "since"),
        ("2025-01-01", "year", "unclear"),
        ("2024-01-01", "year", "before"),
        ("2026-01-01", "year", "since"),
    ],
)
def test_a_step_counts_only_when_every_day_it_may_have_happened_on_is_since_the_plan(date, precision, side):
    first, last = followup.span(pd.Timestamp(date), precision)
    assert followup.timing(first, last, PLAN) == side
    rows = taken(("fu_a07_x", date, precision, "delivered"))
    assert rows["timing"].tolist() == [followup.timings()[side]]
    assert len(followup.since(rows)) == (side == "since")


def test_a_month_and_a_year_end_on_their_last_day():
    assert followup.span(pd.Timestamp("2024-02-01"), "month")[1] == pd.Timestamp("2024-02-29")
    assert followup.span(pd.Timestamp("2025-01-01"), "year")[1] == pd.Timestamp("2025-12-31")


def test_the_material_ends_where_the_package_says(report, data_copy):
    assert followup.material_until() == pd.Timestamp(json.loads(report.descriptor.read_text())["material_until"])
    text = data_copy.descriptor.read_text(encoding="utf-8").replace('"material_until"', '"other"')
    data_copy.descriptor.write_text(text, encoding="utf-8")
    with pytest.raises(data.DataError, match="material_until"):
        followup.material_until(data_copy)


# --------------------------------------------------------------------------------------------------------------- steps


def test_gaps_are_no_steps_and_are_dated_by_the_material():
    rows = taken(
        ("fu_a07_gap", "2026-11-21", "day", "no_public_evidence", {"source_id": pd.NA}),
        ("fu_a07_done", "2026-01-01", "day", "delivered"),
    )
    assert rows["followup_id"].tolist() == ["fu_a07_done", "fu_a07_gap"]
    gap = rows.iloc[1]
    assert (gap["when"], gap["year"], gap["timing"]) == ("not found by 6 October 2026", "", "gap")
    assert gap["sources"] == []
    assert followup.since(rows)["followup_id"].tolist() == ["fu_a07_done"]


def test_recalled_rows_are_left_out():
    rows = taken(
        ("fu_a07_a", "2026-01-01", "day", "delivered", {"evidence": "recalled"}),
        ("fu_a07_b", "2026-01-01", "day", "delivered", {"evidence": "excerpt"}),
    )
    assert rows["followup_id"].tolist() == ["fu_a07_b"]


def test_the_official_page_stands_after_the_source_and_once():
    rows = taken(
        ("fu_a07_a", "2026-01-01", "day", "launched", {"official_source_id": "o_mfa_waico"}),
        ("fu_a07_b", "2026-01-02", "day", "launched", {"official_source_id": "p_zhongwei"}),
    )
    assert rows["sources"].tolist() == [["p_zhongwei", "o_mfa_waico"], ["p_zhongwei"]]


def test_the_input_is_left_as_it_was():
    table = made(("fu_a07_a", "2026-01-01", "day", "launched"))
    before = table.copy(deep=True)
    followup.units(followup.steps(table, SHORT, PLAN, UNTIL))
    pd.testing.assert_frame_equal(table, before)


def test_units_lie_right_of_the_line_by_status_and_left_of_it_when_not_counted():
    rows = followup.units(
        taken(
            ("fu_a07_gap", "2026-11-21", "day", "no_public_evidence"),
            ("fu_a07_promise", "2026-01-01", "day", "announced"),
            ("fu_a07_rule", "2026-02-01", "day", "in_force"),
            ("fu_a07_old", "2025-01-01", "day", "delivered"),
            ("fu_a07_unclear", "2025-01-01", "year", "announced"),
            ("fu_a10_one", "2026-02-01", "day", "stalled", {"article": "A10"}),
        )
    )
    place = rows.set_index("followup_id")["place"].to_dict()
    assert place == {
        "fu_a07_rule": 0,
        "fu_a07_promise": 1,
        "fu_a07_gap": 2,
        "fu_a07_old": -1,
        "fu_a07_unclear": -2,
        "fu_a10_one": 0,
    }


def test_lanes_stack_what_is_near_and_leave_gaps_out():
    rows = followup.lanes(
        taken(
            ("fu_a07_a", "2026-01-01", "day", "delivered"),
            ("fu_a07_b", "2026-01-05", "day", "delivered"),
            ("fu_a07_c", "2026-06-01", "month", "delivered"),
            ("fu_a07_gap", "2026-11-21", "day", "no_public_evidence"),
            ("fu_a10_a", "2026-01-01", "day", "delivered", {"article": "A10"}),
        )
    ).set_index("followup_id")
    assert "fu_a07_gap" not in rows.index
    assert rows["level"].to_dict() == {"fu_a07_a": 0, "fu_a07_b": 1, "fu_a07_c": 0, "fu_a10_a": 0}
    assert rows["wide"].to_dict() == {"fu_a07_a": False, "fu_a07_b": False, "fu_a07_c": True, "fu_a10_a": False}
    # Lanes lie under each other, and a mark above another in its lane is nearer to the top.
    assert rows.loc["fu_a07_b", "y"] == rows.loc["fu_a07_a", "y"] - 1
    assert rows.loc["fu_a10_a", "y"] > rows.loc["fu_a07_a", "y"]
    assert rows.loc["fu_a07_c", "at"] == pd.Timestamp("2026-06-15")


def test_scopes_are_counted_without_gaps_and_earlier_steps():
    abroad = {"scope": "international"}
    counts = followup.by_scope(
        taken(
            ("fu_a07_a", "2026-01-01", "day", "in_force"),
            ("fu_a07_b", "2026-01-01", "day", "delivered", {"measured": True}),
            ("fu_a07_c", "2026-01-01", "day", "announced", abroad),
            ("fu_a07_d", "2025-01-01", "day", "announced", abroad),
            ("fu_a07_e", "2026-01-01", "day", "no_public_evidence", abroad),
        )
    ).set_index("scope")
    assert counts["steps"].tolist() == [2, 1, 0] and counts["measured"].tolist() == [1, 0, 0]
    assert counts.loc["with or for others", "announced"] == 1
    assert "no public evidence" not in counts


def test_every_row_has_its_own_anchor(steps, marks, events):
    anchors = [*steps["anchor"], *marks["anchor"]]
    assert len(set(anchors)) == len(anchors)
    assert all(re.fullmatch(r"[a-z][a-z0-9-]*", anchor) for anchor in anchors)
    assert followup.anchor("fu_a13_waico") == "step-a13-waico"
    assert followup.benchmark_anchor("bm_a07_1") == "benchmark-a07-1"


def test_the_list_holds_every_row_of_the_table(steps):
    table = data.load("followup")
    assert sorted(steps["followup_id"]) == sorted(table["followup_id"])
    assert steps["timing"].eq("gap").sum() == table["status"].eq("no_public_evidence").sum() >= 8
    assert set(steps["article_no"]) == set(range(1, 14))


def test_a_gap_is_neither_measured_nor_dated_before_the_end_of_what_was_due(steps):
    table = data.load("followup").set_index("followup_id")
    gaps = table[table["status"].eq("no_public_evidence")]
    assert (gaps["source_id"].notna() | gaps["confidence"].eq("low")).all()
    acts_of_others = table[table["scope"].eq("foreign")]
    assert set(acts_of_others["article"]) <= {"A04", "A05"}


# ---------------------------------------------------------------------------------------------------- tracks of events


def event(key, date, precision="day", **more):
    base = {
        "event_id": key,
        "date": pd.Timestamp(date),
        "date_precision": precision,
        "track": "global",
        "title": "Title",
        "description": "Words.",
        "instrument_type": "meeting",
        "articles": ("A11",),
        "source_id": "o_un_79325",
        "official_source_id": pd.NA,
        "evidence": "read",
        "confidence": "high",
        "planned": False,
        "note": pd.NA,
    }
    return base | more


def test_a_track_holds_what_came_after_the_plan_and_marks_what_lies_ahead():
    table = pd.DataFrame(
        [
            event("ev_late", "2026-11-01"),
            event("ev_planned", "2026-09-01", planned=True),
            event("ev_month", "2025-07-01", "month"),
            event("ev_done", "2025-08-26"),
            event("ev_other", "2025-08-27", articles=("A10",)),
            event("ev_recalled", "2025-08-28", evidence="recalled"),
            event("ev_plan", "2025-07-26"),
        ]
    )
    found = followup.track(table, PLAN, UNTIL, article="A11")
    assert found["event_id"].tolist() == ["ev_done", "ev_planned", "ev_late"]
    assert found["state"].tolist() == ["done", "ahead", "ahead"]
    assert found.loc[0, "when"] == "26 August 2025" and found.loc[0, "event"] == "Title. Words."
    assert followup.track(table, PLAN, UNTIL, kinds=["law"]).empty
    assert len(followup.track(table, PLAN, UNTIL, tracks=["global"])) == 4


def test_the_un_track_has_its_four_steps(events):
    found = followup.track(events, PLAN, UNTIL, article="A11").set_index("event_id")
    steps = ["ev_un_79_325", "ev_un_panel_vote", "ev_un_panel_report", "ev_un_dialogue"]
    assert [key for key in found.index if key in steps] == steps
    assert found.loc["ev_un_dialogue_2", "state"] == "ahead"
    assert "ev_gdc" not in found.index


def test_rules_are_of_china_and_of_the_kinds_named(events):
    found = followup.track(events, PLAN, UNTIL, tracks=["china_domestic"], kinds=followup.RULES)
    kinds = events.set_index("event_id").loc[found["event_id"], ["track", "instrument_type"]]
    assert set(kinds["track"]) == {"china_domestic"} and set(kinds["instrument_type"]) <= set(followup.RULES)
    assert {"ev_label_force", "ev_csl_force", "ev_anthro_force"} <= set(found["event_id"])


# --------------------------------------------------------------------------------------------------------------- WAICO


def test_waico_ends_with_what_is_not_known_from_rows_of_the_data(steps, events):
    known = background.organisation_steps(data.load("organisation_steps"), events, data.load("headline_facts"))
    table = followup.organisation(known, steps)
    unknown = table[table["status"].eq("not known")]
    gaps = data.load("followup").query("article == 'A13' and status == 'no_public_evidence'")
    assert sorted(unknown["step"]) == sorted(gaps["action"])
    for word in ("text", "entry into force", "Members", "secretariat", "Budget"):
        assert unknown["step"].str.contains(word).any(), word
    assert table["status"].tolist().index("not known") == len(table) - len(unknown)
    assert set(unknown["date"]) == {"not found by 6 October 2026"}


def test_the_states_that_signed_and_those_reported_later_are_kept_apart():
    groups = followup.signatories(data.load("waico_signatories"), data.load("countries"))
    assert groups["states"].tolist() == [29, 8]
    first, later = (set(names.split(", ")) for names in groups["names"])
    assert not first & later and {"China", "Cameroon"} <= first and {"Iran", "Vietnam"} <= later
    assert groups["confidence"].tolist() == ["medium", "low"]


# ---------------------------------------------------------------------------------------------------------- benchmarks


def rows_of(reference):
    table, _, key = reference.partition(":")
    column = data.resource(table)["schema"]["primaryKey"][0]
    return data.load(table).set_index(column).loc[key]


def test_every_row_that_a_rating_rests_on_exists(marks):
    assert followup.unknown_rows(marks) == []
    broken = marks.head(1).assign(evidence_rows=[("followup:fu_a07_plan", "followup:fu_a99_no", "nowhere:x", "bad")])
    assert followup.unknown_rows(broken) == ["bad", "followup:fu_a99_no", "nowhere:x"]


def test_a_rating_rests_on_rows_that_were_seen_and_names_their_sources_alone(marks):
    for row in marks.itertuples():
        levels, known = set(), set()
        for reference in row.evidence_rows:
            found = rows_of(reference)
            levels |= {str(found[c]) for c in ("evidence", "evidence_1", "evidence_2") if isinstance(found.get(c), str)}
            names = ("source_id", "official_source_id", "source_1_id", "source_2_id", "second_source_id")
            known |= {found[c] for c in names if isinstance(found.get(c), str)}
        assert "recalled" not in levels, row.benchmark_id
        assert set(row.source_ids) == known, row.benchmark_id
        assert row.evidence == ("read" if levels == {"read"} else "excerpt"), row.benchmark_id


def test_what_is_met_or_judged_open_names_rows_and_gaps_are_not_called_unmet(marks):
    named = marks["evidence_rows"].map(len).gt(0)
    assert named[marks["status"].ne("no_public_evidence")].all()
    assert marks.loc[marks["confidence"].eq("high"), "status"].isin(["met", "partly"]).all()


def test_what_is_met_rests_on_a_row_dated_since_the_plan(marks):
    for row in marks[marks["status"].isin(["met", "partly"])].itertuples():
        dates = []
        for reference in row.evidence_rows:
            found = rows_of(reference)
            dates += [found[c] for c in ("date", "publication_date") if c in found.index and pd.notna(found[c])]
        assert max(dates) > PLAN, row.benchmark_id


def test_a_rating_of_met_rests_on_no_gap_and_no_promise(marks):
    for row in marks[marks["status"].eq("met")].itertuples():
        for reference in row.evidence_rows:
            if reference.startswith("followup:"):
                assert rows_of(reference)["status"] in ("delivered", "in_force", "launched"), row.benchmark_id


def test_benchmarks_ask_for_what_their_article_asks(marks):
    recalled = set(data.load("commitments").query("evidence == 'recalled'")["commitment_id"])
    for row in marks.itertuples():
        assert row.asks and all(ask.startswith(row.article + ".") for ask in row.asks), row.benchmark_id
        assert row.article in ("A09", "A13") or not recalled & set(row.asks), row.benchmark_id
        assert row.written_on <= row.rated_on
        assert len(row.benchmark.split()) <= 25 and len(row.finding.split()) <= 45
    assert set(marks["article_no"]) == set(range(1, 14))
    for _, own in marks.groupby("article"):
        assert own["level"].eq("outcome").any() and own["level"].ne("outcome").any()


def test_the_prose_on_what_is_met_holds(marks):
    """The chapter says that acts of the UN, of standards bodies and of the G7 meet the benchmarks, and no others."""
    met = set(marks.loc[marks["status"].eq("met"), "benchmark_id"])
    assert met == {"bm_a07_1", "bm_a07_3", "bm_a08_1", "bm_a11_1"}
    assert not marks["status"].eq("not_met").any()


def test_benchmarks_are_counted_by_article_and_standing(articles):
    table = pd.DataFrame(
        {
            "benchmark_id": ["bm_a07_2", "bm_a07_1", "bm_a10_1"],
            "article": ["A07", "A07", "A10"],
            "benchmark": ["Two", "One", "Three"],
            "status": ["met", "met", "cannot_judge"],
        }
    )
    rows = followup.benchmark_list(table, SHORT)
    assert rows["benchmark_id"].tolist() == ["bm_a07_1", "bm_a07_2", "bm_a10_1"]
    counts = followup.benchmark_counts(rows)
    assert counts.to_dict("records") == [
        {"name": "7  Energy", "article_no": 7, "standing": "met", "benchmarks": 2, "which": "One · Two"},
        {"name": "10  Safety", "article_no": 10, "standing": "cannot be judged", "benchmarks": 1, "which": "Three"},
    ]


def test_rows_are_linked_where_they_have_an_anchor():
    assert followup.row_link("followup:fu_a13_waico").href == "followup.html#step-a13-waico"
    assert followup.row_link("events:ev_un_79_325").href == "background.html#event-un-79-325"
    assert followup.row_link("standards:iso_1").href == "standards.html#std-iso-1"
    assert followup.row_link("indicators:x") == tables.Text("indicators:x")


# ------------------------------------------------------------------------------------------------------ cells, numbers


def test_a_note_links_the_rows_and_cites_the_sources_that_it_names():
    pieces = followup.note_pieces("Latest in fu_a01_users_700; per p_xinhua_waic25_zh, not fu_total")
    assert pieces == [
        "Limits: Latest in",
        tables.Text("fu_a01_users_700;", href="#step-a01-users-700"),
        "per",
        tables.Text("p_xinhua_waic25_zh", cite="p_xinhua_waic25_zh"),
        "not fu_total.",
    ]
    assert followup.note_pieces(pd.NA) == []


def test_every_row_named_in_a_note_exists(steps):
    known = set(steps["anchor"])
    links = [piece.href for note in steps["note"] for piece in followup.note_pieces(note) if hasattr(piece, "href")]
    named = [link.removeprefix("#") for link in links if link]
    assert named and set(named) <= known


def test_a_status_says_when_a_step_is_not_counted():
    assert followup.status_cell(("delivered", "since the Plan")) == [tables.badge("delivered")]
    assert followup.status_cell(("no public evidence", "gap")) == [tables.badge("no public evidence")]
    assert followup.status_cell(("in force", "before or after")) == [
        tables.badge("in force"),
        "before or after; not counted",
    ]


def test_the_numbers_add_up(steps, marks):
    numbers = followup.key_numbers(steps, marks, data.load("waico_signatories"), PLAN)
    parts = ("delivered", "in_force", "launched", "promised", "stalled")
    assert sum(numbers[part] for part in parts) == numbers["steps"]
    assert numbers["home"] + numbers["abroad"] + numbers["foreign"] == numbers["steps"]
    assert numbers["steps"] + numbers["before"] + numbers["unclear"] + numbers["gaps"] == numbers["rows"]
    assert sum(numbers[f"benchmarks_{code}"] for code in followup.BENCHMARK_STATUS) == numbers["benchmarks"]
    table = data.load("followup")
    day = table["date_precision"].eq("day") & table["date"].eq(PLAN)
    assert numbers["same_day"] == day.sum() == 2
    # What the prose says in words.
    assert numbers["abroad_in_force"] == 0 and numbers["abroad"] > numbers["home"]
    counted = followup.since(steps)
    assert set(counted.loc[counted["article"].eq("A11"), "status"]) == {"delivered"}
    by_article = counted["article"].value_counts()
    assert by_article.idxmax() == "A10" and by_article.idxmin() == "A09"
    assert counted.loc[counted["article"].eq("A10"), "scope"].eq(followup.scopes()["domestic"]).mean() > 0.5


# -------------------------------------------------------------------------------------------------------------- charts


def title(chart):
    return " ".join(chart.to_dict()["title"]["text"])


@pytest.fixture(scope="module")
def charts(steps, marks):
    return {
        "steps": draw.steps_by_article(followup.units(steps)),
        "time": draw.timeline(followup.lanes(steps), PLAN, UNTIL),
        "scope": draw.scope(followup.by_scope(steps)),
        "benchmarks": draw.benchmarks(followup.benchmark_counts(marks)),
    }


def test_titles_state_what_the_tables_hold(charts, steps, marks):
    counted = followup.since(steps)
    status = counted["status"].value_counts()
    done = status["delivered"] + status["in force"]
    assert title(charts["steps"]) == (
        f"Of {len(counted)} steps since the Plan, {done} are in force or delivered "
        f"and {status['announced']} are promises"
    )
    day = counted[counted["first"].eq("2026-07-17") & counted["last"].eq("2026-07-17")]
    promises = day["status"].eq("announced").sum()
    assert title(charts["time"]) == (
        f"{len(day)} of {len(counted)} dated steps fall on one day, 17 July 2026, and {promises} of these are promises"
    )
    by = marks["status"].value_counts()
    assert title(charts["benchmarks"]).startswith(
        f"Of {len(marks)} benchmarks, {by['met']} are met and {by['partly']} "
    )
    home = counted["scope"].eq(followup.scopes()["domestic"])
    promised = (home & counted["status"].eq("announced")).sum()
    assert title(charts["scope"]).startswith(f"In China {promised} of {home.sum()} steps are promises")


def test_statuses_differ_by_shape_and_by_colour():
    assert len(set(draw.SHAPES.values())) == len(set(draw.COLOURS.values())) == len(followup.ORDER) == 6


def test_every_step_is_a_mark_that_leads_to_its_row(charts, steps):
    for name, rows in (("steps", steps), ("time", steps[steps["timing"].ne("gap")])):
        spec = charts[name].to_dict()
        drawn = max((value for value in spec["datasets"].values() if "href" in value[0]), key=len)
        assert sorted(mark["href"] for mark in drawn) == sorted("#" + rows["anchor"])


def test_a_date_known_to_the_year_is_drawn_over_the_year(charts):
    spec = charts["time"].to_dict()
    drawn = max((value for value in spec["datasets"].values() if "href" in value[0]), key=len)
    by = {mark["followup_id"]: mark for mark in drawn}
    cbrn = by["fu_a08_cbrn"]
    assert (cbrn["first"][:10], cbrn["at"][:10], cbrn["last"][:10]) == ("2025-01-01", "2025-07-01", "2025-12-31")
    assert cbrn["wide"] and not by["fu_a13_waico"]["wide"]


@pytest.mark.parametrize("name", ["steps", "time", "scope", "benchmarks"])
def test_charts_are_drawn(charts, name):
    vl_convert.register_font_directory(str(paths.FONTS))
    svg = vl_convert.vegalite_to_svg(json.dumps(charts[name].to_dict()))
    assert svg.count("<path") > 10 and "NaN" not in svg and "undefined" not in svg


# ------------------------------------------------------------------------------------------------------------- chapter


def test_the_chapter_says_once_that_order_is_not_cause(report):
    cells = nbformat.read(report.book / "followup.ipynb", as_version=4).cells
    prose = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    assert prose.count("Followed in time, not shown to follow from.") == 1
    assert "[the feed" not in prose and '<a href="followup.atom"' in prose


@pytest.mark.book
def test_every_row_has_its_place_on_the_page(built, steps, marks):
    page = lxml_html.fromstring((built / "book" / "followup.html").read_bytes())
    ids = Counter(page.xpath("//@id"))
    for anchor in [*steps["anchor"], *marks["anchor"]]:
        assert ids[anchor] == 1, anchor
    # The link of the date leads to the row itself.
    row = page.xpath("//tr[@id='step-a13-waico']")[0]
    assert row.xpath(".//a/@href")[1] == "#step-a13-waico"
    text = " ".join(row.text_content().split())
    assert "16 July 2026" in text and "launched" in text and "Ministry of Foreign Affairs of China 2026" in text


@pytest.mark.book
def test_gaps_say_how_far_the_material_reaches(built, steps):
    page = lxml_html.fromstring((built / "book" / "followup.html").read_bytes())
    for anchor in steps.loc[steps["timing"].eq("gap"), "anchor"]:
        text = " ".join(page.xpath("//tr[@id=$a]", a=anchor)[0].text_content().split())
        assert "not found by 6 October 2026" in text and "no public evidence" in text, anchor


@pytest.mark.book
def test_readers_choose_by_article_status_actor_year_and_scope(built):
    page = lxml_html.fromstring((built / "book" / "followup.html").read_bytes())
    (table,) = page.xpath("//table[.//tr[@id='step-a13-waico']]")
    labels = json.loads(table.xpath(".//thead/@data-filters")[0])
    assert [label if isinstance(label, str) else label["label"] for label in labels] == [
        "Article",
        "Status",
        "Who",
        "Year",
        "Scope",
    ]
