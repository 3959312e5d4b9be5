"""The data package: it is sound, loads with its types, and every kind of damage is told with its place."""

from __future__ import annotations

import csv
import json
import time

import frictionless
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conftest import policybook
from policybook import data, schema, sources


def test_package_is_sound(report):
    assert data.check(report) == []


def test_frictionless_agrees(report):
    outcome = frictionless.validate(str(report.descriptor))
    assert outcome.valid, outcome.flatten(["name", "rowNumber", "fieldName", "note"])[:10]


def test_every_column_is_described(report):
    for item in data.descriptor(report)["resources"]:
        assert item["title"] and item["description"], item["name"]
        for field in item["schema"]["fields"]:
            described = field.get("description", "")
            assert len(described) > 8 and described != field["name"], f"{item['name']}.{field['name']}"


def test_every_table_loads_with_its_types(report):
    kinds = {
        "integer": lambda c: c.dtype == "Int64",
        "year": lambda c: c.dtype == "Int64",
        "number": lambda c: c.dtype == "float64",
        "boolean": lambda c: c.dtype == "boolean",
        "date": lambda c: pd.api.types.is_datetime64_any_dtype(c),
        "list": lambda c: c.map(lambda cell: isinstance(cell, tuple)).all(),
    }
    for name in data.names(report):
        table, item = data.load(name, report), data.resource(name, report)
        assert len(table) == item["rowCount"]
        for field in item["schema"]["fields"]:
            assert kinds.get(field["type"], lambda c: True)(table[field["name"]]), f"{name}.{field['name']}"


def test_load_gives_a_table_of_its_own(report):
    first = data.load("events", report)
    first.loc[:, "title"] = "changed"
    assert (data.load("events", report)["title"] != "changed").all()


def test_load_sees_a_changed_file(data_copy):
    before = data.load("countries", data_copy)
    path = data_copy.data / "countries.csv"
    path.write_text("\n".join(path.read_text(encoding="utf-8").splitlines()[:-1]) + "\n", encoding="utf-8")
    assert len(data.load("countries", data_copy)) == len(before) - 1


def test_check_takes_less_than_ten_seconds(report):
    started = time.perf_counter()
    data.check(report)
    assert time.perf_counter() - started < 10


def _edit(report, name, line, column, value):
    """Write a value into a cell of a table; the header is line 1."""
    path = report.data / data.resource(name, report)["path"]
    rows = list(csv.reader(path.read_text(encoding="utf-8").splitlines()))
    rows[line - 1][rows[0].index(column)] = value
    with path.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
    data.refresh(report)


@pytest.mark.parametrize(
    ("name", "column", "value", "said"),
    [
        ("events", "date", "2025-02-30", "is not a date"),
        ("events", "date", "26 July 2025", "YYYY-MM-DD"),
        ("events", "evidence", "seen", "read, excerpt, recalled"),
        ("events", "source_id", "nobody", "is not known in sources.source_id"),
        ("events", "articles", "A01;A99", "A99"),
        ("events", "articles", "A01;;A02", "empty item"),
        ("events", "title", "", "value is missing"),
        ("events", "title", "<script>alert(1)</script>", "has HTML"),
        ("events", "title", "bell\x07", "control character U+0007"),
        ("events", "title", '=HYPERLINK("x")', "spreadsheet formula"),
        ("events", "title", " blank", "blanks at its beginning or end"),
        ("doc_stats", "words", "many", "is not a whole number"),
        ("doc_stats", "words", "-5", "at least"),
        ("indicators", "value", "1,5", "is not a number"),
        ("countries", "eu_member", "yes", "true, false"),
        ("coverage_asks", "words", "cool(ing", "is no pattern"),
        ("coverage_asks", "words", "water|", "fits the empty text"),
        ("term_patterns", "regex", "[a-", "is no pattern"),
    ],
)
def test_a_bad_cell_is_named(data_copy, name, column, value, said):
    _edit(data_copy, name, 3, column, value)
    found = [p for p in data.check(data_copy) if p.table == name and p.column == column and said in str(p)]
    assert found, [str(p) for p in data.check(data_copy)]
    assert found[0].line == 3


def test_a_key_that_stands_twice_names_both_lines(data_copy):
    table = data_copy.data / data.resource("events", data_copy)["path"]
    lines = table.read_text(encoding="utf-8").splitlines()
    table.write_text("\n".join([*lines, lines[4]]) + "\n", encoding="utf-8")
    data.refresh(data_copy)
    messages = [str(p) for p in data.check(data_copy)]
    assert any("key stands twice, first in line 5" in m and f"line {len(lines) + 1}" in m for m in messages), messages


def test_a_fact_without_source_is_found_unless_recalled(data_copy):
    events = data.load("events", data_copy)
    seen = int((events["evidence"] != "recalled").to_numpy().argmax()) + 2
    _edit(data_copy, "events", seen, "source_id", "")
    assert any(p.line == seen and p.column == "source_id" for p in data.check(data_copy))


DAMAGE = {
    "byte-order mark": lambda b: b"\xef\xbb\xbf" + b,
    "line ends": lambda b: b.replace(b"\n", b"\r\n"),
    "is not UTF-8": lambda b: b[:300] + b"\xff\xfe" + b[300:],
    "file is empty": lambda b: b"",
    "cells, the header has": lambda b: b + b"one,two\n",
    "column is missing": lambda b: b.replace(b"event_id,", b"", 1),
    "column is not in the schema": lambda b: b.replace(b"event_id,", b"event,", 1),
    "sha256 differs": lambda b: b.replace(b"2025", b"2024", 1),
}


@pytest.mark.parametrize("said", DAMAGE)
def test_a_damaged_file_is_told(data_copy, said):
    path = data_copy.data / data.resource("events", data_copy)["path"]
    path.write_bytes(DAMAGE[said](path.read_bytes()))
    found = [str(p) for p in data.check(data_copy) if p.table == "events"]
    assert any(said in message for message in found), found


def test_a_changed_digest_names_the_command(data_copy):
    path = data_copy.data / "countries.csv"
    path.write_bytes(path.read_bytes().replace(b"China", b"Chima", 1))
    assert any("policybook check --refresh" in str(p) for p in data.check(data_copy))


def test_a_missing_file_and_a_stray_one_are_told(data_copy):
    (data_copy.data / "countries.csv").rename(data_copy.data / "lands.csv")
    messages = [str(p) for p in data.check(data_copy)]
    assert any("file not found: data/countries.csv" in m for m in messages)
    assert any("lands.csv" in m and "not registered" in m for m in messages)


def test_all_problems_at_once_and_exit_code_2(data_copy):
    _edit(data_copy, "events", 3, "date", "yesterday")
    _edit(data_copy, "countries", 4, "region", "atlantis")
    done = policybook("check", cwd=data_copy.root, check=False)
    assert done.returncode == 2
    assert "events, line 3, column date" in done.stderr and "countries, line 4, column region" in done.stderr
    assert "yesterday" in done.stderr and "Traceback" not in done.stderr


def test_a_broken_descriptor_is_told(data_copy):
    text = data_copy.descriptor.read_text(encoding="utf-8")
    data_copy.descriptor.write_text(text[: len(text) // 2], encoding="utf-8")
    done = policybook("check", cwd=data_copy.root, check=False)
    assert done.returncode == 2 and "is not JSON" in done.stderr and "Traceback" not in done.stderr
    data_copy.descriptor.write_text('{"resources": [{"name": "x"}]}', encoding="utf-8")
    assert [str(p) for p in data.check(data_copy)][:2] == [
        "datapackage.json, x: 'path' is missing",
        "datapackage.json, x: 'schema' is missing",
    ]


def test_load_says_which_tables_there_are(report):
    with pytest.raises(data.DataError, match=r"no such table.*events"):
        data.load("evnets", report)


def test_refresh_writes_only_what_changed(data_copy):
    assert data.refresh(data_copy) == []
    before = data_copy.descriptor.stat().st_mtime_ns
    path = data_copy.data / "countries.csv"
    path.write_bytes(path.read_bytes().replace(b"China", b"CHINA", 1))
    assert data.refresh(data_copy) == ["countries"]
    assert data_copy.descriptor.stat().st_mtime_ns != before
    registered = json.loads(data_copy.descriptor.read_text(encoding="utf-8"))
    assert data.file_digest(path) in json.dumps(registered)


@given(st.text(max_size=40))
def test_any_text_is_judged_without_a_crash(value):
    for kind in ("string", "integer", "number", "boolean", "list", "year"):
        schema.faults(value, {"type": kind, "constraints": {"minimum": 0, "maximum": 9}})
    schema.faults(value, {"type": "date", "constraints": {"minimum": "2024-01-01", "maximum": "2025-12-31"}})


# ------------------------------------------------------------------------------------------------------------ sources


def test_bibliography_is_fresh(report):
    assert report.bibliography.read_text(encoding="utf-8") == sources.to_bibtex(report), (
        "run: policybook check --refresh"
    )


def test_every_source_has_one_entry(report):
    from pybtex.database import parse_string

    entries = parse_string(sources.to_bibtex(report), "bibtex").entries
    assert sorted(entries) == sorted(sources.registry(report).index)


def test_source_line_counts_and_escapes():
    ids = list(sources.registry().index[:7])
    line = sources.source_line([ids[1], ids[1], ids[0], None, *ids])
    first, second = (f"{{cite:t}}`{item}` [{sources.source_badge(item)}]{{.pb-source}}" for item in (ids[1], ids[0]))
    assert line.startswith(f"Sources: {first}; {second}") and "and 2 more" in line
    assert sources.source_line([ids[0]]) == f"Source: {second}."
    assert sources.source_line([]) == ""
    with pytest.raises(ValueError, match="unknown source: nobody"):
        sources.source_line(["nobody"])


def test_a_badge_says_type_language_and_evidence():
    assert sources.source_badge("globaltimes_2025") == "state media · en · read"
    assert sources.source_badge_words("p_macaodaily") == "News, in Chinese, seen in part"
    registry = sources.registry()
    assert set(registry["language"].explode().dropna()) <= set(sources.LANGUAGES)
    for item in registry.index:
        assert sources.source_badge(item).count(" · ") == 2 and ", in " in sources.source_badge_words(item), item
    with pytest.raises(KeyError):
        sources.source_badge("nobody")


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://www.iso.org/standard/1.html?a=b#c", True),
        ("http://example.org", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://a b", False),
        ('https://a"onclick=', False),
        ("ftp://example.org", False),
        ("//example.org", False),
        ("", False),
        (None, False),
    ],
)
def test_only_web_addresses_pass(url, kept):
    assert bool(sources.safe_url(url)) is kept
