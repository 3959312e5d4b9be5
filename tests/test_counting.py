"""Counting texts: a small text counted by hand, and the registered counts of the full texts where these are at hand."""

import os
import re
import unicodedata
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policybook import counting, data
from support import policybook

SMALL = (
    "Open–source AI: it’s safe — and it is open-source! Article 7\n"
    "No stop list here. Too short. AI must serve people; people must not serve AI"
)


def test_a_small_text_is_counted_as_by_hand():
    # open-source ai it's safe and it is open-source article | no stop list here | (too short) | ai must serve people
    # people must not serve ai
    found = counting.count(SMALL)
    assert found.words == 9 + 4 + 2 + 9
    assert found.sentences == 3  # "article no stop list here" ends one; "too short" has two tokens only
    assert found.tokens["open-source"] == 2 and found.tokens["it's"] == 1 and found.tokens["ai"] == 3
    assert "7" not in found.tokens
    assert found.distinct_tokens == len(set(counting.tokens(SMALL)))


def test_terms_are_found_across_line_ends_and_case():
    patterns = {"must": r"\bmust\b", "article_no": r"article 7 no", "safe": r"\bsafe(?:ty|ly)?\b"}
    assert counting.count_terms(SMALL, patterns) == {"must": 2, "article_no": 1, "safe": 1}
    with pytest.raises(ValueError, match=r"term bad: '\(' is no regular expression"):
        counting.count_terms(SMALL, {"bad": "("})


def test_chinese_is_counted_by_characters_and_terms():
    text = "人工 智能\n全球治理，AI 人⼯智能。"  # the second 工 is a Kangxi radical
    assert counting.chinese_characters(text) == 12
    assert counting.count_chinese_terms(text, ["人工智能", "治理", "安全"]) == {"人工智能": 2, "治理": 1, "安全": 0}


@given(st.text(max_size=300))
def test_any_text_can_be_counted(text):
    found = counting.count(text)
    assert found.words == sum(found.tokens.values()) >= found.distinct_tokens
    assert found.sentences <= max(found.words // 3, 0)


def test_the_command_counts_a_file_and_explains_what_it_cannot_read(tmp_path):
    (tmp_path / "good.txt").write_text(SMALL, encoding="utf-8")
    assert "24 words, 3 sentences" in policybook("text", "count", "good.txt", cwd=tmp_path).stdout
    (tmp_path / "empty.txt").write_text(" \n")
    (tmp_path / "bytes.txt").write_bytes(b"abc\xff")
    (tmp_path / "page.html").write_text(f"<title>x</title><p>{SMALL}</p><script>var x = 1</script>", encoding="utf-8")
    assert "24 words, 3 sentences" in policybook("text", "count", "page.html", cwd=tmp_path).stdout
    (tmp_path / "digits.txt").write_text("1 2 3")
    for name, said in [
        ("empty.txt", "holds no text"),
        ("bytes.txt", "its encoding is not known"),
        ("digits.txt", "holds nothing to count"),
        ("none.txt", "no such file"),
    ]:
        done = policybook("text", "count", name, cwd=tmp_path, check=False)
        assert done.returncode == 2 and said in done.stderr and "Traceback" not in done.stderr


def by_the_rule(text: str) -> tuple[Counter, int]:
    """Tokens and sentences as the rule says them, without haste."""
    text = unicodedata.normalize("NFKC", text)
    text = text.translate(str.maketrans("‘’“”–", "''\"\"-")).replace("—", " - ").replace("\u00ad", "").lower()
    token = r"[a-z]+(?:[-'][a-z]+)*"
    pieces = re.split(r"(?<=[.!?])\s+", text)
    return Counter(re.findall(token, text)), sum(len(re.findall(token, piece)) >= 3 for piece in pieces)


AWKWARD = st.text(alphabet="aAbe'’.-–—!? \n\u2028\x85\u1680\u00a0\u00ad\ufb01ßÇ\u212aİΣé中…․１;\ud800", max_size=60)


@settings(max_examples=300, deadline=None)
@given(AWKWARD | st.text(max_size=100))
def test_fast_counting_keeps_the_rule(text):
    tokens, sentences = by_the_rule(text)
    found = counting.count(text)
    assert (found.tokens, found.sentences, found.characters) == (tokens, sentences, len(text))
    assert list(found.tokens) == list(tokens)  # in the order of their first use


def test_files_are_counted_in_order_by_any_number_of_processes(tmp_path):
    for number in range(12):
        words = ["risk", "and", "risks,", f"word{'x' * number}."] * (number + 1)
        (tmp_path / f"{11 - number:02}.txt").write_text(" ".join(words), encoding="utf-8")
    paths = [tmp_path / f"{number:02}.txt" for number in (5, 3, 11, 0, 7, 8, 9, 1, 2, 10, 4, 6)]
    patterns = {"risk": r"\brisk\w*", "none": r"absent"}
    found = list(counting.count_files(paths, patterns))
    assert [row.path for row in found] == paths
    for row in found:
        text = row.path.read_text(encoding="utf-8")
        assert (row.counts, row.terms) == (counting.count(text), counting.count_terms(text, patterns))
    assert list(counting.count_files(map(str, paths), patterns, processes=2)) == found
    # Nobody need wait for the last file.
    assert next(counting.count_files(paths, patterns, processes=2)) == found[0]


def test_files_that_cannot_be_counted_are_named(tmp_path):
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text("three words here")
    bad.write_bytes(b"abc\xff")
    for processes in (1, 2):
        found = counting.count_files([good, bad], {}, processes)
        assert next(found).counts.words == 3
        with pytest.raises(ValueError, match=r"bad\.txt is not UTF-8 at byte 3"):
            next(found)
        with pytest.raises(OSError, match=r"absent\.txt"):
            list(counting.count_files([tmp_path / "absent.txt"], {}, processes))
    with pytest.raises(ValueError, match=r"term bad: '\('"):
        counting.count_files([good], {"bad": "("})
    with pytest.raises(ValueError, match="0 processes"):
        counting.count_files([good], {}, 0)


# ------------------------------------------------------------------------------------------------- registered counts

TEXTS = Path(os.environ.get("POLICYBOOK_TEXTS", "none"))
FILES = sorted(path for path in TEXTS.glob("*.txt")) if TEXTS.is_dir() else []
ENGLISH = [path for path in FILES if not path.name.startswith(("cn_", "waic_"))]
CHINESE = [path for path in FILES if path.name.startswith(("cn_", "waic_"))]
needs_texts = pytest.mark.skipif(
    not FILES, reason="the full texts are not here: POLICYBOOK_TEXTS names no folder of them"
)


def _place(path):
    """Return version and section of a text file; a file without a section is the whole text."""
    version, _, section = path.stem.partition("__")
    stats = data.load("doc_stats")
    whole = stats.loc[(stats["version_id"] == version) & stats["is_total"], "section"]
    return version, section or whole.iloc[0]


@needs_texts
@pytest.mark.parametrize("path", ENGLISH, ids=lambda path: path.stem)
def test_every_registered_count_of_an_english_text_is_reproduced(path):
    version, section = _place(path)
    text = path.read_text(encoding="utf-8")
    found = counting.count(text)
    stats = data.load("doc_stats").set_index(["version_id", "section"]).loc[(version, section)]
    assert (found.words, found.sentences, found.distinct_tokens) == tuple(
        int(stats[column]) for column in ("words", "sentences", "distinct_tokens")
    )
    if "__" in path.stem:  # files of whole texts lack a few blanks that were there when characters were counted
        assert found.characters == int(stats["characters"])
    kept = data.load("token_counts")
    kept = kept[kept["version_id"] == version]
    if section in set(kept["section"]):
        kept = kept[kept["section"] == section]
    assert dict(found.tokens) == kept.groupby("token")["count"].sum().astype(int).to_dict()
    patterns = data.load("term_patterns").set_index("term_id")["regex"].to_dict()
    terms = data.load("term_counts")
    terms = terms[(terms["version_id"] == version) & (terms["section"] == section)]
    assert len(terms) == len(patterns)
    assert counting.count_terms(text, patterns) == dict(zip(terms["term_id"], terms["count"].astype(int), strict=True))


@needs_texts
@pytest.mark.parametrize("path", CHINESE, ids=lambda path: path.stem)
def test_every_registered_count_of_a_chinese_text_is_reproduced(path):
    kept = data.load("zh_term_counts")
    kept = kept[(kept["version_id"] == f"{path.stem}_zh") & kept["section"].isin(["all", "whole"])]
    text = path.read_text(encoding="utf-8")
    assert counting.chinese_characters(text) == int(kept["cjk_chars"].iloc[0])
    found = counting.count_chinese_terms(text, list(kept["term"]))
    assert found == dict(zip(kept["term"], kept["count"].astype(int), strict=True))
