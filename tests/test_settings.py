"""The settings of a report: read, checked all at once, and the only place that names what this report is about."""

from __future__ import annotations

import ast
import json
import re
import shutil

import pandas as pd
import pytest

from policybook import charts, data, paths, settings
from support import policybook

PACKAGE = paths.report().book / "policybook"


@pytest.fixture
def data_copy(tmp_path):
    """A copy of the data package to change at will."""
    shutil.copytree(paths.report().data, tmp_path / "data")
    shutil.copytree(paths.report().book, tmp_path / "book", ignore=shutil.ignore_patterns("policybook", "_static"))
    for name in ("_config.yml", "_toc.yml"):
        shutil.copy(paths.report().root / name, tmp_path / name)
    return paths.Paths(tmp_path)


def change(report, **values):
    """Set settings anew; ``None`` takes one out."""
    package = json.loads(report.descriptor.read_text(encoding="utf-8"))
    package["report"] |= values
    package["report"] = {key: value for key, value in package["report"].items() if value is not ...}
    report.descriptor.write_text(json.dumps(package, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


def wrong(report):
    """Return the settings that the check names, with what it says."""
    return {problem.column: problem.message for problem in data.check(report) if problem.table.endswith("report")}


def test_the_settings_of_this_report_name_rows_of_its_data():
    own = settings.load()
    documents, events = (data.load(name) for name in ("documents", "events"))
    assert documents.set_index("doc_id").loc[own.document, "date"] == own.date
    assert events.set_index("event_id").loc[own.event, "date"] == own.date
    assert own.rival in set(documents["doc_id"]) and own.heading == "The Plan"
    assert set(own.copies) <= set(data.load("sources")["source_id"])
    with pytest.raises(AttributeError):
        own.name = "another"


def test_every_problem_is_told_at_once_with_exit_code_2(data_copy):
    change(
        data_copy,
        document="nowhere",
        name="",
        section=3,
        place=...,
        hue="red",
        colours={"blue": "navy", "teal": "#000000"},
    )
    change(data_copy, copies=["no_such_source"], signatories="no_such_table", iso3="XXX", event="ev_none")
    done = policybook("check", cwd=data_copy.root, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr
    for name in (
        "document",
        "name",
        "section",
        "place",
        "hue",
        "colours.blue",
        "colours.teal",
        "copies",
        "signatories",
    ):
        assert f"report, column {name}" in done.stderr, name
    assert {"iso3", "event"} <= set(wrong(data_copy))


@pytest.mark.parametrize("key", [key for key, (_, needed, _) in data.SETTING_RULES.items() if needed])
def test_a_setting_that_must_be_there_is_missed(key, data_copy):
    change(data_copy, **{key: ...})
    assert wrong(data_copy)[key] == "setting is missing"
    with pytest.raises(data.DataError, match=key):
        settings.load(data_copy)


@pytest.mark.parametrize("key", [key for key, (_, needed, _) in data.SETTING_RULES.items() if not needed])
def test_a_setting_that_need_not_be_there_may_be_left_out_or_empty(key, data_copy):
    change(data_copy, **{key: None})
    assert not wrong(data_copy)
    assert not getattr(settings.load(data_copy), key)
    change(data_copy, **{key: ...})
    assert not wrong(data_copy)


def test_the_day_must_be_that_of_the_document(data_copy):
    change(data_copy, date="2025-07-27")
    assert wrong(data_copy) == {"date": "is not the date of the document"}
    change(data_copy, date="26 July 2025")
    assert set(wrong(data_copy)) == {"date"}


def test_markup_and_formulas_are_no_names(data_copy):
    change(data_copy, name="<b>the Plan</b>", short="=1+1")
    assert set(wrong(data_copy)) == {"name", "short"}


def test_without_the_object_the_report_says_so(data_copy):
    package = json.loads(data_copy.descriptor.read_text(encoding="utf-8"))
    del package["report"]
    data_copy.descriptor.write_text(json.dumps(package), encoding="utf-8")
    assert any("no object 'report'" in str(problem) for problem in data.check(data_copy))
    with pytest.raises(data.DataError):
        settings.load(data_copy)
    assert not settings.colours(data_copy)


def test_another_report_has_another_name_and_day(data_copy):
    other = data.load("documents").set_index("doc_id").loc["us_aiap_2025"]
    change(data_copy, document="us_aiap_2025", date=f"{other['date']:%Y-%m-%d}", event="ev_us_aiap", name="the US plan")
    assert not wrong(data_copy)
    own = settings.load(data_copy)
    assert (own.document, own.heading, own.date) == ("us_aiap_2025", "The US plan", pd.Timestamp("2025-07-23"))


def test_colours_have_their_defaults_and_may_be_set(data_copy):
    assert set(charts.DEFAULTS) == set(data.COLOURS)
    change(data_copy, colours={"blue": "#123456"})
    assert settings.colours(data_copy) == {"blue": "#123456"}


def test_the_digest_of_the_settings_follows_them_and_nothing_else(data_copy):
    before = data.fingerprint(data.SETTINGS, data_copy)
    package = json.loads(data_copy.descriptor.read_text(encoding="utf-8"))
    data_copy.descriptor.write_text(json.dumps(package), encoding="utf-8")
    assert data.fingerprint(data.SETTINGS, data_copy) == before
    change(data_copy, short="Paper")
    assert data.fingerprint(data.SETTINGS, data_copy) != before


# ------------------------------------------------------------------------------------------ nothing is named in code


def texts(path):
    """Yield the texts of a module that are no docstrings, with their lines."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docs = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs:
            yield node.lineno, node.value


def ids():
    """Return the ids of the rows of this report that say what it is about (not codes of its schema)."""
    keys = {"documents": "doc_id", "events": "event_id", "followup": "followup_id", "instruments": "instrument_id"}
    keys |= {"policy_targets": "target_id", "disagreements": "dis_id", "headline_facts": "fact_id"}
    keys |= {"regime_complex": "inst_id", "sources": "source_id", "benchmarks": "benchmark_id"}
    return {value for table, column in keys.items() for value in data.load(table)[column].astype(str)}


def test_code_names_no_row_document_or_country_of_this_report():
    own, known = settings.load(), ids()
    words = "|".join(map(re.escape, (own.name, own.place, own.adjective, own.rival_place)))
    # Chinese is the language, too.
    language = re.compile(r"^Chinese$|\bChinese (characters|terms)\b")
    word = re.compile(rf"\b(?:{words}|US|WAICO)\b|\b(?:cn_gaigap|waico|ev_[a-z])")
    found = [
        f"{path.relative_to(PACKAGE)}:{line} {text}"
        for path in sorted(PACKAGE.rglob("*.py"))
        for line, text in texts(path)
        if text in known or word.search(language.sub("", text))
    ]
    assert not found, "\n".join(found)


def test_scripts_name_no_document_or_country_of_this_report():
    own = settings.load()
    words = [own.document, own.event, own.name, own.place, "WAICO"]
    for path in sorted((paths.report().book / "_static").rglob("*.js")):
        text = path.read_text(encoding="utf-8")
        if len(text) < 200_000:  # what is larger is vendored
            assert not [word for word in words if re.search(rf"\b{re.escape(word)}\b", text)], path.name
