"""Adding a text to the data as counts: the whole way from a page to the tables, and everything that can be wrong."""

import csv
import threading
from http.server import ThreadingHTTPServer
from pathlib import Path

import pytest

from policybook import corpus, counting, data, intake
from policybook.sectioning import Section
from support import policybook
from test_counting import TEXTS, needs_texts
from test_intake import BODIES, CHINESE_HEADINGS, HEADINGS, PREAMBLE, Site, english_page

PLAN = "cn_gaigap_2025"


@pytest.fixture(scope="module")
def site():
    """Pages of the structure of the Ministry's, on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


def rows(report, name):
    with (report.data / data.resource(name, report)["path"]).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def state(report):
    return {path: path.read_bytes() for path in sorted(report.root.rglob("*")) if path.is_file()}


# ------------------------------------------------------------------------------------------------------------ counting


def test_a_small_text_gives_the_rows_counted_by_hand(report):
    parts = [
        Section("preamble", "", "We shall share data. The United Nations and the ISO met."),
        Section("A01", "One", "1. One. We must share data with the UN."),
    ]
    found = corpus.count("small", parts, "en", report)
    stats = {row["section"]: row for row in found["doc_stats"]}
    # we shall share data | the united nations and the iso met / one | we must share data with the un
    assert [stats["preamble"][key] for key in ("words", "sentences", "distinct_tokens", "is_total")] == [
        "11", "2", "10", "false",
    ]  # fmt: skip
    assert [stats["A01"][key] for key in ("words", "sentences", "distinct_tokens")] == ["8", "1", "8"]
    assert [stats["all"][key] for key in ("words", "sentences", "distinct_tokens", "is_total")] == [
        "19", "3", "14", "true",
    ]  # fmt: skip
    assert {row["section"] for row in found["token_counts"]} == {"preamble", "A01"}
    terms = {(row["section"], row["term_id"]): row for row in found["term_counts"]}
    assert terms["all", "data"]["count"] == "2" and terms["all", "data"]["per_1000_words"] == "105.263"
    assert (terms["preamble", "shall"]["count"], terms["A01", "shall"]["count"]) == ("1", "0")
    bodies = {row["body"]: row["mentions"] for row in found["named_bodies"]}
    assert (bodies["United Nations"], bodies["ISO"], bodies["OECD"]) == ("2", "1", "0")


def test_a_chinese_text_is_counted_by_characters_terms_words_and_names(report):
    found = corpus.count("small_zh", [Section("whole", "", "联合国支持人工智能安全，ISO 支持安全。")], "zh", report)
    (stats,) = found["doc_stats"]
    assert stats["cjk_characters"] == "15" and stats["section"] == "whole" and stats["is_total"] == "true"
    assert {row["token"]: row["count"] for row in found["token_counts"]} == {
        "联合国": "1", "支持": "2", "人工智能": "1", "安全": "2",
    }  # fmt: skip
    assert next(row["count"] for row in found["zh_term_counts"] if row["term"] == "安全") == "2"
    assert {row["body"] for row in found["named_bodies"] if row["mentions"] == "1"} == {"United Nations", "ISO"}


@needs_texts
def test_named_bodies_are_counted_by_their_patterns(report):
    registered = {(row["version_id"], row["body"]): int(row["mentions"]) for row in rows(report, "named_bodies")}
    checked = 0
    for version in rows(report, "text_versions"):
        stem = version["version_id"].removesuffix("_zh")
        names = [name for name in version["sections"].split(";") if name != "all"]
        files = [TEXTS / f"{stem}.txt"]
        files = files if files[0].is_file() else [TEXTS / f"{stem}__{name}.txt" for name in names]
        if not all(path.is_file() for path in files) or (version["version_id"], "ISO") not in registered:
            continue
        parts = [Section(f"s{place}", "", path.read_text()) for place, path in enumerate(files)]
        for row in corpus.count(version["version_id"], parts, version["language"], report)["named_bodies"]:
            checked += 1
            assert int(row["mentions"]) == registered[row["version_id"], row["body"]], row
        assert corpus.digest(parts) == version["text_sha256"], version["version_id"]
    assert checked == 441


# -------------------------------------------------------------------------------------------------------------- adding


def test_the_official_pages_fill_the_tables(site, data_copy):
    before = {row["version_id"] for row in rows(data_copy, "text_versions")}
    found = policybook("text", "add", PLAN, f"{site}/en", "--no-review", cwd=data_copy.root, SOURCE_DATE_EPOCH="86400")
    assert "27 recalled asks can now be compared" in found.stdout
    policybook("text", "add", PLAN, f"{site}/zh-gb", cwd=data_copy.root)
    assert data.check(data_copy) == []
    added = {row["version_id"]: row for row in rows(data_copy, "text_versions") if row["version_id"] not in before}
    assert set(added) == {PLAN, f"{PLAN}_zh"}
    english = added[PLAN]
    assert (english["completeness"], english["counted"], english["text_found_in"]) == (
        "full",
        "1970-01-02",
        f"{site}/en",
    )
    assert english["sections"] == ";".join(["preamble", *(f"A{n:02d}" for n in range(1, 14)), "all"])
    assert len(english["text_sha256"]) == 64 and "rjieba" in added[f"{PLAN}_zh"]["counted_with"]
    words = [len(counting.tokens(f"{heading} {body}")) for heading, body in zip(HEADINGS, BODIES, strict=True)]
    total = len(counting.tokens(PREAMBLE)) + sum(words)
    stats = {row["section"]: row for row in rows(data_copy, "doc_stats") if row["version_id"] == PLAN}
    assert stats["all"]["words"] == str(total) and stats["A07"]["words"] == str(words[6])
    articles = rows(data_copy, "articles")
    assert [row["heading_en"] for row in articles[1:]] == HEADINGS
    assert [row["heading_zh"] for row in articles[1:]] == CHINESE_HEADINGS
    assert {row["heading_zh_evidence"] for row in articles[1:]} == {"read"}
    document = next(row for row in rows(data_copy, "documents") if row["doc_id"] == PLAN)
    assert (document["completeness"], document["words_measured"]) == ("full", str(total))
    # An address that no source has becomes a source; the text itself is nowhere.
    source = next(row for row in rows(data_copy, "sources") if row["source_id"] == english["source_id"])
    assert (source["url"], source["evidence"], source["type"]) == (f"{site}/en", "read", "reference")
    sentence = BODIES[2].encode()
    assert not any(sentence in content for content in state(data_copy).values())
    # A second look changes nothing and says so.
    kept = state(data_copy)
    again = policybook("text", "add", PLAN, f"{site}/en", cwd=data_copy.root, check=False)
    assert again.returncode == 2 and f"the same text is registered as version {PLAN}" in again.stderr
    assert state(data_copy) == kept


def test_asks_that_a_reader_confirms_are_no_longer_recalled(tmp_path, data_copy):
    (tmp_path / "plan.html").write_bytes(english_page())
    added = corpus.add(PLAN, tmp_path / "plan.html", report=data_copy)
    asks = [row["commitment_id"] for row in added.waiting]
    assert len(asks) == 27 and asks == sorted(asks)
    corpus.confirm(PLAN, asks[:2], data_copy)
    now = {row["commitment_id"]: row for row in rows(data_copy, "commitments")}
    assert {now[item]["evidence"] for item in asks[:2]} == {"read"} and now[asks[2]]["evidence"] == "recalled"
    noted = rows(data_copy, "corroborations")[-2:]
    assert [(row["target_id"], row["new_evidence"]) for row in noted] == [(item, "read") for item in asks[:2]]
    assert data.check(data_copy) == []
    with pytest.raises(corpus.CorpusError, match=f"not recalled asks .*: {asks[0]}, A99.01"):
        corpus.confirm(PLAN, [asks[0], "A99.01"], data_copy)
    # At the prompt: yes to the first, no to the second, end.
    answers = ["y", "n", "q"]
    done = policybook("text", "review", PLAN, str(tmp_path / "plan.html"), cwd=data_copy.root, typed="\n".join(answers))
    assert "1 ask is no longer recalled" in done.stdout and f"not in the text: {asks[3]}" in done.stdout
    assert data.check(data_copy) == []
    (tmp_path / "other.html").write_bytes(english_page().replace(b"Villages share", b"Cities share"))
    with pytest.raises(corpus.CorpusError, match="is not the text that was counted"):
        corpus.reopen(PLAN, tmp_path / "other.html", report=data_copy)


def test_counting_anew_replaces_every_row(tmp_path, data_copy):
    (tmp_path / "one.txt").write_text("1. First. We share data here now.\n2. Second. We share water and light there.\n")
    (tmp_path / "two.txt").write_text("The people of the valley decided that nobody pays for light.\n")
    first = corpus.add("cn_gaigi_2023", tmp_path / "one.txt", report=data_copy)
    assert [part.name for part in first.sections] == ["A01", "A02"] and first.size == 13
    with pytest.raises(corpus.CorpusError, match=r"version cn_gaigi_2023 is registered already, from one\.txt"):
        corpus.add("cn_gaigi_2023", tmp_path / "two.txt", report=data_copy)
    corpus.add("cn_gaigi_2023", tmp_path / "two.txt", report=data_copy, replace=True)
    for name in ("doc_stats", "token_counts", "term_counts"):
        assert {row["section"] for row in rows(data_copy, name) if row["version_id"] == "cn_gaigi_2023"} == {"whole"}
    assert data.check(data_copy) == []
    document = next(row for row in rows(data_copy, "documents") if row["doc_id"] == "cn_gaigi_2023")
    assert document["words_measured"] == "11"


def test_a_dry_run_shows_the_sections_and_changes_nothing(tmp_path, data_copy):
    (tmp_path / "plan.html").write_bytes(english_page())
    kept = state(data_copy)
    found = policybook("text", "add", PLAN, str(tmp_path / "plan.html"), "--dry-run", cwd=data_copy.root)
    assert "Jointly caring for ponds" in found.stdout and "would change: articles" in found.stdout
    assert state(data_copy) == kept


@needs_texts
def test_a_real_document_comes_out_as_it_is_registered(tmp_path, data_copy):
    text = "\n\n".join(
        (TEXTS / f"us_aiap_2025__{name}.txt").read_text()
        for name in ("introduction", "pillar_1", "pillar_2", "pillar_3")
    )
    (tmp_path / "us.txt").write_text(text)
    before = {row["section"]: row for row in rows(data_copy, "doc_stats") if row["version_id"] == "us_aiap_2025"}
    tokens = [row for row in rows(data_copy, "token_counts") if row["version_id"] == "us_aiap_2025"]
    policybook("text", "add", "us_aiap_2025", str(tmp_path / "us.txt"), "--replace", cwd=data_copy.root)
    after = {row["section"]: row for row in rows(data_copy, "doc_stats") if row["version_id"] == "us_aiap_2025"}
    for name in ("pillar_1", "pillar_2", "pillar_3"):
        # Blank lines at the ends of a section are not kept, so characters differ a little.
        assert after[name] | {"characters": ""} == before[name] | {"characters": ""}
    found = [row for row in rows(data_copy, "token_counts") if row["version_id"] == "us_aiap_2025"]

    def total(counted):
        sums = {}
        for row in counted:
            sums[row["token"]] = sums.get(row["token"], 0) + int(row["count"])
        return sums

    # The line "Introduction" is a title, which the preamble leaves out.
    lost = {token: n - total(found).get(token, 0) for token, n in total(tokens).items()}
    assert {token: n for token, n in lost.items() if n} == {"introduction": 1}
    assert data.check(data_copy) == []


# -------------------------------------------------------------------------------------------------------------- faults


def damaged(folder):
    """Files that cannot be added, each with what is said of it."""
    (folder / "french.txt").write_text(
        "La déclaration sur le développement de l'intelligence artificielle est adoptée. " * 9
    )
    (folder / "empty.txt").write_text(" \n\n")
    (folder / "digits.txt").write_text("12 34 56\n" * 20)
    (folder / "picture.txt").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    (folder / "bytes.txt").write_bytes(bytes(range(128, 256)) * 3)
    (folder / "twelve.txt").write_text(
        "".join(f"{n}. Point {n}. We share data and light in part {n}.\n" for n in range(1, 13))
    )
    (folder / "plan.html").write_bytes(english_page())
    return {
        "french.txt": "the text is in the language 'fr'",
        "empty.txt": "holds no text",
        "digits.txt": "holds no letters",
        "picture.txt": "is an image",
        "bytes.txt": "encoding is not known",
        "absent.txt": "no such file",
        "twelve.txt": "(missing: A13)",
    }


def test_what_cannot_be_added_is_said_in_one_line_and_changes_nothing(site, tmp_path, data_copy):
    (tmp_path / "in").mkdir()
    cases = [({}, str(tmp_path / "in" / name), said) for name, said in damaged(tmp_path / "in").items()]
    good = str(tmp_path / "in" / "plan.html")
    cases += [
        ({}, f"{site}/404", "the server answers 404"),
        ({}, "http://127.0.0.1:9/plan", "refuses the connection"),
        ({"language": "zh"}, good, "not 'zh' as asked"),
        ({"pattern": "Nowhere"}, good, "matches no line of the text"),
        ({"pattern": "("}, good, "is no regular expression"),
    ]
    kept = state(data_copy)
    for options, place, said in cases:
        with pytest.raises((intake.IntakeError, corpus.CorpusError)) as found:
            corpus.add(PLAN, place, report=data_copy, **options)
        assert said in str(found.value) and "\n" not in str(found.value), (place, found.value)
        assert state(data_copy) == kept, place
    with pytest.raises(corpus.CorpusError, match="'no_such_text' is not in the table documents"):
        corpus.add("no_such_text", good, report=data_copy)


def test_the_command_says_it_in_one_line_with_exit_code_2(tmp_path, data_copy):
    damaged(tmp_path)
    kept = state(data_copy)
    for command, said in [
        (("add", PLAN, str(tmp_path / "french.txt")), "french.txt: the text is in the language 'fr'"),
        (("review", PLAN, str(tmp_path / "plan.html")), f"version '{PLAN}' is not in the table text_versions"),
    ]:
        done = policybook("text", *command, cwd=data_copy.root, check=False)
        assert done.returncode == 2 and said in done.stderr, done.stderr
        assert len(done.stderr.strip().splitlines()) == 1 and state(data_copy) == kept


def test_a_package_with_problems_is_refused(tmp_path, data_copy):
    (tmp_path / "plan.html").write_bytes(english_page())
    table = data_copy.data / "countries.csv"
    table.write_text(table.read_text(encoding="utf-8").replace("China", "Chi<b>na", 1), encoding="utf-8")
    kept = state(data_copy)
    done = policybook("text", "add", PLAN, str(tmp_path / "plan.html"), cwd=data_copy.root, check=False)
    assert done.returncode == 2 and "countries, line" in done.stderr and state(data_copy) == kept


def test_a_failure_while_writing_leaves_the_tables_as_they_were(tmp_path, data_copy, monkeypatch):
    (tmp_path / "plan.html").write_bytes(english_page())
    kept = state(data_copy)
    written = []

    write = Path.write_bytes

    def full(path, content):
        if data_copy.data in path.parents:
            written.append(path)
            if len(written) > 3:
                raise OSError(28, "No space left on device", str(path))
        return write(path, content)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(OSError, match="No space left"):
        corpus.add(PLAN, tmp_path / "plan.html", report=data_copy)
    assert state(data_copy) == kept
