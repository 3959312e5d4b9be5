"""The ledger of claims is complete: every statement of the five source articles is in it, line by line."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from policybook import data

ARTICLES = {
    "cascade_2025": "000_",
    "ansi_2025_plan": "001_",
    "tribe_2025": "002_",
    "globaltimes_2025": "003_",
    "longtermwiki_2025": "004_",
}
# Lines without a statement of their own: comment box and subscription under one article; navigation of the copied page.
LEFT_OUT = {"cascade_2025": {*range(1, 8), 16, 21, 34, 44, 47, 48}, "longtermwiki_2025": {*range(37, 203), 204}}


@pytest.fixture(scope="module")
def statements():
    return data.load("statements_by_line")


@pytest.fixture(scope="module")
def claims():
    return data.load("claims").set_index("claim_id")


def pairs(statements):
    """Every statement with every claim that checks it."""
    rows = statements.explode("claim_ids").dropna(subset="claim_ids")
    return set(zip(rows["claim_ids"], rows["source_id"], strict=True))


def test_what_can_be_looked_up_is_checked_and_what_cannot_says_why(statements):
    checked = statements["claim_ids"].map(bool)
    assert (checked == statements["kind"].eq("claim")).all()
    assert statements.loc[statements["kind"].isin(["opinion", "quotation"]), "note"].notna().all()


def test_claimants_are_those_whose_lines_say_it(statements, claims):
    said = pairs(statements)
    for claim_id, row in claims.iterrows():
        named = {source for source in row["claimant_source_ids"] if source in ARTICLES}
        assert named == {source for claim, source in said if claim == claim_id}, claim_id


def test_every_claim_has_a_check_by_each_round_that_names_it(claims):
    checks = data.load("claim_verdicts")
    assert set(checks["claim_id"]) == set(claims.index)
    assert checks.loc[checks["check_kind"].eq("check"), "verdict"].notna().all()


def _lines(source):
    folder = Path(os.environ.get("POLICYBOOK_TEXTS", "-")).parent / "seeds"
    found = sorted(folder.glob(f"{ARTICLES[source]}*.txt"))
    if not found:
        pytest.skip("the source articles are not at hand (POLICYBOOK_TEXTS)")
    return dict(enumerate(found[0].read_text(encoding="utf-8").split("\n"), start=1))


@pytest.mark.parametrize("source", ARTICLES)
def test_no_line_of_the_source_articles_is_left_out(source, statements):
    own = statements[statements["source_id"] == source]
    written = {number for number, text in _lines(source).items() if text.strip()}
    assert set(own["line"]) <= written
    assert written - set(own["line"]) <= LEFT_OUT.get(source, set())


@pytest.mark.parametrize("source", ARTICLES)
def test_statements_are_in_our_own_words(source, statements):
    lines = _lines(source)
    for row in statements[statements["source_id"] == source].itertuples():
        said, line = (re.findall(r"[a-z0-9]+", text.lower()) for text in (row.statement, lines[row.line]))
        runs = {tuple(line[at : at + 9]) for at in range(len(line) - 8)}
        assert not any(tuple(said[at : at + 9]) in runs for at in range(len(said) - 8)), row.statement_id
