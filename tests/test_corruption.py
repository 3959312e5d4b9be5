"""Nothing goes wrong quietly: two thousand random corruptions of the data package, each told with its place.

``tests/bench/corrupt.py`` makes more of them and prints what came of each kind.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter

import pytest

import corrupting
from conftest import ROOT
from corrupting import CAUGHT, CRASHED, HARMLESS, INVISIBLE
from policybook import data, paths

SEED = 20250726
OF_TABLES, OF_DESCRIPTORS, SAMPLE = 1_922, 78, 40


def _copied(root):
    shutil.copytree(ROOT / "data", root / "data")
    (root / "_toc.yml").write_text("format: jb-book\nroot: book/index\n", encoding="utf-8")
    return paths.Paths(root)


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """A copy of the data package that is put right after each damage."""
    return _copied(tmp_path_factory.mktemp("damaged"))


@pytest.fixture(scope="module")
def short(tmp_path_factory):
    """The same without long tables, where the whole package is checked again and again."""
    report = _copied(tmp_path_factory.mktemp("short"))
    corrupting.small(report)
    assert data.check(report) == []
    return report


@pytest.fixture(scope="module")
def trial(copy):
    """The copy with its tables read."""
    return corrupting.Trial(copy)


def test_every_damage_that_shows_is_told_with_its_place(copy, trial):
    found, wrong = Counter(), []
    for bad in corrupting.corruptions(corrupting.tables(copy), SEED, OF_TABLES):
        outcome, problems = trial.judge(bad)
        found[bad.must, outcome] += 1
        if outcome not in (CAUGHT, HARMLESS, INVISIBLE):
            place = f"{bad.table}, line {bad.line}, column {bad.column}, value {bad.value!r}"
            wrong.append(f"{outcome}: {bad.kind}: {place}: {[str(problem) for problem in problems[:3]]}")
    assert not wrong, "\n".join(wrong)
    assert sum(found.values()) >= OF_TABLES * 0.99
    # Where a damage must show, hardly any may turn out to be none.
    assert found[True, INVISIBLE] == 0 and found[True, CAUGHT] > OF_TABLES * 0.7


def test_the_whole_check_tells_the_same(short):
    """The test above checks one table and those tied to it; ``data.check`` reads all, after ``data.refresh``."""
    trial, before, told = corrupting.Trial(short), short.descriptor.read_bytes(), 0
    for bad in corrupting.corruptions(corrupting.tables(short), SEED + 1, SAMPLE):
        path = short.data / data.resource(bad.table, short)["path"]
        sound = path.read_bytes()
        if bad.content is None:  # what is not there cannot be registered
            continue
        path.write_bytes(bad.content)
        try:
            part = Counter(str(problem) for problem in trial.registered(bad))
            data.refresh(short, only=[bad.table])
            assert Counter(str(problem) for problem in data.check(short)) == part, bad.kind
            told += bool(part)
        finally:
            path.write_bytes(sound)
            short.descriptor.write_bytes(before)
    assert told > SAMPLE / 2


def test_every_damage_to_the_descriptor_is_told(short):
    before, wrong = short.descriptor.read_bytes(), []
    for kind, content, must, word in corrupting.damaged_descriptors(json.loads(before), SEED, OF_DESCRIPTORS):
        outcome, told = corrupting.judge_descriptor(short, content, must, word)
        if outcome not in (CAUGHT, HARMLESS, INVISIBLE):
            wrong.append(f"{outcome}: {kind}: {word}: {told[:3]}")
    short.descriptor.write_bytes(before)
    assert not wrong, "\n".join(wrong)


def test_a_crash_is_seen(trial, copy, monkeypatch):
    """The test above can fail: a check that breaks down, or says nothing, is no outcome that passes."""
    bad = next(corrupting.corruptions(corrupting.tables(copy), SEED, 1))
    monkeypatch.setattr(data, "_check_values", lambda table: 1 / 0)
    assert trial.judge(bad)[0] == CRASHED
    monkeypatch.setattr(data, "_check_values", lambda table: [])
    assert trial.judge(bad)[0] == corrupting.MISSED


def test_rules_that_the_check_would_not_follow_are_told(data_copy):
    """The minimum of a day was once passed over; a rule that is misspelt, or of another standard, must not be."""
    package = json.loads(data_copy.descriptor.read_text(encoding="utf-8"))
    item = next(item for item in package["resources"] if item["name"] == "events")
    spec = next(spec for spec in item["schema"]["fields"] if spec["name"] == "date")
    spec["constraints"]["minimun"] = spec["constraints"].pop("minimum")
    data_copy.descriptor.write_text(json.dumps(package), encoding="utf-8")
    told = [str(problem) for problem in data.check(data_copy)]
    assert len(told) == 1 and told[0].startswith(
        "datapackage.json, events, column date.constraints: unknown part 'minimun'; allowed: required, unique, enum"
    )
    with pytest.raises(data.DataError, match="unknown part 'minimun'"):
        data.load("events", data_copy)
