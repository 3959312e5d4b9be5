"""The guard on corrections: a corrected cell that is changed back, changed again or lost is told with its place."""

from __future__ import annotations

import csv
import json

import pandas as pd
import pytest

from conftest import policybook
from policybook import corrections, data

TABLES = {
    "events": corrections.Rows(
        ("event_id",),
        ("event_id", "date", "note"),
        {
            ("ev_1",): (2, {"event_id": "ev_1", "date": "2025-01-02", "note": ""}),
            ("ev_2",): (3, {"event_id": "ev_2", "date": "2025-03-04", "note": "seen"}),
        },
    ),
    "counts": corrections.Rows(
        ("text", "body"),
        ("text", "body", "mentions"),
        {("a;b", "UN"): (2, {"text": "a;b", "body": "UN", "mentions": "3"})},
    ),
}


def _made(*rows: str) -> list[tuple[int, dict[str, str]]]:
    """Corrections written as ``id table row column old new date``, an underscore for an empty value."""
    names = ("correction_id", "table", "row_id", "column", "old_value", "new_value", "date")
    made = [dict(zip(names, ("" if cell == "_" else cell for cell in row.split()), strict=True)) for row in rows]
    return list(enumerate(made, start=2))


def _told(*rows: str) -> list[corrections.Broken]:
    return list(corrections.check(_made(*rows), TABLES))


@pytest.mark.parametrize(
    "rows",
    [
        ["c_1 events ev_1 date 2025-01-01 2025-01-02 2026-01-01"],
        ["c_1 events ev_1 note wrong _ 2026-01-01"],
        ["c_1 events ev_2 (row) _ added 2026-01-01"],
        ["c_1 events ev_9 (row) _ removed 2026-01-01"],
        ["c_1 counts a;b|UN mentions 2 3 2026-01-01"],
        # Corrected again: by date, whatever the ids; on one day by id.
        ["c_2 events ev_2 note a b 2026-01-01", "c_1 events ev_2 note b seen 2026-01-02"],
        ["c_2 events ev_2 note b seen 2026-01-01", "c_1 events ev_2 note a b 2026-01-01"],
        # The row was taken out later, or came in anew.
        ["c_1 events ev_9 note a b 2026-01-01", "c_2 events ev_9 (row) _ removed 2026-01-02"],
        ["c_1 events ev_2 note a b 2026-01-01", "c_2 events ev_2 (row) _ added 2026-01-02"],
    ],
)
def test_what_holds_is_not_told(rows):
    assert _told(*rows) == []


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (
            ["c_1 events ev_1 date 2025-01-02 2025-01-09 2026-01-01"],
            ("events", 2, "date", "2025-01-02", "2025-01-09", "row ev_1 holds the wrong value again"),
        ),
        (
            ["c_1 events ev_2 note old new 2026-01-01"],
            ("events", 3, "note", "seen", "new", "row ev_2 no longer holds what correction c_1 of 2026-01-01 says"),
        ),
        (
            ["c_1 events ev_2 note seen b 2026-01-01", "c_2 events ev_2 note b c 2026-01-02"],
            ("events", 3, "note", "seen", "c", "holds the wrong value again that correction c_2"),
        ),
        (
            ["c_1 events ev_9 note a b 2026-01-01"],
            ("events", None, "note", None, None, "row ev_9 is gone, which correction c_1"),
        ),
        (["c_1 events ev_9 (row) _ added 2026-01-01"], ("events", None, "(row)", None, None, "row ev_9 is gone")),
        (["c_1 events ev_1 (row) _ removed 2026-01-01"], ("events", 2, "(row)", "a row", "no such row", "is back")),
        (
            ["c_1 counts a;b|UN mentions 3 4 2026-01-01"],
            ("counts", 2, "mentions", "3", "4", "row a;b|UN holds the wrong value again"),
        ),
        (["c_1 events ev_1|x note a b 2026-01-01"], ("events", None, "note", None, None, "row ev_1|x is gone")),
        (
            ["c_1 counts UN mentions 2 3 2026-01-01"],
            ("corrections", 2, "row_id", "UN", "text | body", "is no key of its table"),
        ),
        (
            ["c_1 people p_1 name a b 2026-01-01"],
            ("corrections", 2, "table", "people", "a table of the package", "names a table that is not there"),
        ),
        (
            ["c_1 events ev_1 day a b 2026-01-01"],
            ("corrections", 2, "column", "day", "event_id, date, note", "names a column"),
        ),
        (
            ["c_1 events ev_1 (row) _ changed 2026-01-01"],
            ("corrections", 2, "new_value", "changed", "added, removed", "what became of the row"),
        ),
        (
            ["c_1 events ev_2 note seen seen 2026-01-01"],
            ("corrections", 2, "new_value", "seen", "another value", "corrects nothing"),
        ),
    ],
)
def test_what_does_not_hold_is_told_with_its_place(rows, said):
    (found,) = _told(*rows)
    table, line, column, value, expected, message = said
    assert (found.table, found.line, found.column, found.found, found.expected) == (
        table,
        line,
        column,
        value,
        expected,
    )
    assert message in found.message


def test_a_value_cannot_be_wrong_after_its_correction():
    ((line, row),) = _made("c_1 events ev_2 note a seen 2026-01-01")
    assert not list(corrections.check([(line, row | {"wrong_since": "2026-01-01"})], TABLES))
    (found,) = corrections.check([(line, row | {"wrong_since": "2026-01-02"})], TABLES)
    assert found.column == "wrong_since"


# ---------------------------------------------------------------------------------------------------- the real package


def _rewrite(report, name, change):
    """Let ``change`` alter the rows (dictionaries) of a table of a copy, and register the file as it then is."""
    path = report.data / data.resource(name, report)["path"]
    with path.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        fields, rows = reader.fieldnames, list(reader)
    rows = change(rows) or rows
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    data.refresh(report)


def _set(key, row_id, column, value):
    def change(rows):
        (row,) = [row for row in rows if row[key] == row_id]
        row[column] = value

    return change


def test_an_old_wrong_value_stops_the_check_with_line_and_both_values(data_copy):
    _rewrite(data_copy, "events", _set("event_id", "ev_csl_2017", "date_precision", "day"))
    (problem,) = [p for p in data.check(data_copy) if "correction" in p.message]
    path = data_copy.data / data.resource("events", data_copy)["path"]
    assert "ev_csl_2017" in path.read_text(encoding="utf-8").splitlines()[problem.line - 1]
    assert (problem.table, problem.column, problem.value) == ("events", "date_precision", "day")
    assert "holds the wrong value again that correction review_002 of 2026-11-21 corrected" in problem.message
    assert problem.allowed.startswith("'year'")
    done = policybook("check", cwd=data_copy.root, check=False)
    assert done.returncode == 2 and "row ev_csl_2017 holds the wrong value again" in done.stderr


def test_a_cell_that_was_changed_again_needs_a_correction(data_copy):
    def change(rows):
        (row,) = [row for row in rows if (row["version_id"], row["body"]) == ("un_78_265", "UNESCO")]
        row["mentions"] = "7"

    _rewrite(data_copy, "named_bodies", change)
    (problem,) = data.check(data_copy)
    assert "un_78_265;UNESCO no longer holds what correction bodies_005" in problem.message
    assert problem.value == "7" and problem.allowed.startswith("'2'")
    later = {
        "correction_id": "bodies_900",
        "table": "named_bodies",
        "row_id": "un_78_265;UNESCO",
        "column": "mentions",
        "old_value": "2",
        "new_value": "7",
        "reason": "Counted again",
        "kind": "own_error",
        "source_id": "un_78_265",
        "date": "2026-12-01",
        "wrong_since": "2026-11-21",
    }
    _rewrite(data_copy, "corrections", lambda rows: [*rows, later])
    assert data.check(data_copy) == []


def test_a_corrected_row_that_is_gone_is_told(data_copy):
    _rewrite(data_copy, "chips", lambda rows: [row for row in rows if row["chip_id"] != _corrected_chip()])
    told = [str(problem) for problem in data.check(data_copy) if "is gone" in problem.message]
    assert len(told) == 1 and told[0].startswith("chips, column export_control_status: row " + _corrected_chip())
    assert "a later correction that removes it" in told[0]


def _corrected_chip():
    table = data.load("corrections")
    return table.loc[table["table"] == "chips", "row_id"].iloc[0]


def test_long_values_are_shown_from_where_they_differ(data_copy):
    rows = data.load("corrections").set_index("correction_id")
    old, new = rows.loc["texts_008", ["old_value", "new_value"]]
    _rewrite(data_copy, "documents", _set("doc_id", "cn_xi_waic_speech_2026", "note", old))
    (problem,) = data.check(data_copy)
    assert str(problem).count("…") == 2 and "the AI Plus international initiative" in problem.allowed
    assert problem.value[20:60] != problem.allowed[21:61] and new != old


def test_corrections_without_a_needed_column_are_told(data_copy):
    package = json.loads(data_copy.descriptor.read_text(encoding="utf-8"))
    (item,) = [item for item in package["resources"] if item["name"] == "corrections"]
    path = data_copy.data / item["path"]
    table = pd.read_csv(path, dtype=str, keep_default_na=False).drop(columns="old_value")
    table.to_csv(path, index=False, lineterminator="\n")
    item["schema"]["fields"] = [field for field in item["schema"]["fields"] if field["name"] != "old_value"]
    data_copy.descriptor.write_text(json.dumps(package), encoding="utf-8")
    data.refresh(data_copy)
    assert [(p.table, p.column) for p in data.check(data_copy)] == [("corrections", "old_value")]


def test_what_a_reader_of_an_earlier_version_saw_is_dated(report):
    table = data.load("corrections", report)
    dated = table[table["wrong_since"].notna()]
    assert (dated["wrong_since"] <= dated["date"]).all()
    assert (dated["wrong_since"] <= pd.Timestamp(data.data_date(report))).all()
    # Wrong in a version that was in the repository: what the review of the first one found, and counts of bodies.
    passes = table["correction_id"].str.partition("_")[0]
    assert table.loc[passes.isin(["review", "bodies"]), "wrong_since"].notna().all()
    assert table.loc[passes.isin(["background", "rest", "texts"]), "wrong_since"].isna().all()
