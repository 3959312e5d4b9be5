"""A new report on another document: what travels, what its author is asked, and that it builds and passes its tests."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from chapters import TABLE, V6, run
from policybook import data, fork, paths, prose, ready, sources
from policybook.editing import Tables, publish
from policybook.fork import chapters, files, tables
from support import policybook

ROOT = Path(__file__).resolve().parent.parent
NAMES = fork.Wish("other_2025", "Other", "Issuer", "2025-01-02", "en", Path("x"), (), "the other", "Other").names()
CHARTER = """# A short charter on machine assistance

The council adopted this charter in spring.

## Purpose

The council shall promote safe and open use of machine assistance. Members should share data and standards.

## Duties

Members must protect privacy. They should report risks each year and support developing countries.

## Review

The council will review this charter. It encourages voluntary codes of conduct.
"""
CHARTER_ZH = """# 机器辅助短章程

理事会于春季通过本章程。

## 目的

理事会促进机器辅助的安全与开放使用,成员共享数据与标准。

## 义务

成员保护隐私,每年报告风险,支持发展中国家。

## 审议

理事会审议本章程,鼓励自愿行为准则,加强治理与安全。
"""
# Words of this report that no other should say.
OURS = re.compile(
    r"\bthe Plan\b|WAICO|waico|gaigap|Shanghai|Global AI Governance Action|13-article|Pax Silica|Washington"
)
# What a cell would only say of this report's country, bodies and makers.
FINDINGS = re.compile(r"\bChina\b|Beijing|Ministry|\bSC 42\b|MIIT|CAICT|Huawei|Nvidia|Kazakhstan|Guey|Pew\b")


def _wish(folder: Path, **other: object) -> fork.Wish:
    text = folder / "gesetz text.md"
    if not text.is_file():
        text.write_text(CHARTER, encoding="utf-8")
    said = {
        "id": "small_charter",
        "title": 'A "short" charter: on machine assistance',
        "issuer": "Council of Ü",
        "date": "2024-05-01",
        "lang": "en",
        "text": text,
        "chapters": tuple(files.chapter_names(paths.Paths(ROOT))),
        "name": "the charter",
        "short": "Charter",
        "today": "2026-01-02",
    }
    return fork.Wish(**(said | other))


def _notebook(tmp_path: Path, *cells: tuple[str, str, dict]) -> Path:
    notebook = nbformat.v4.new_notebook(metadata={"kernelspec": {"name": "python3", "display_name": "Python 3"}})
    for number, (kind, source, rules) in enumerate(cells):
        make = nbformat.v4.new_code_cell if kind == "code" else nbformat.v4.new_markdown_cell
        tags = {"tags": ["reusable"], "policybook": {"fork": rules}} if rules is not None else {}
        notebook.cells.append(make(source, id=f"cell-{number}", metadata=tags))
    path = tmp_path / "chapter.ipynb"
    nbformat.write(notebook, path)
    return path


# --------------------------------------------------------------------------------------------------------------- cells


def test_only_tagged_cells_travel_with_their_words_for_a_new_report(tmp_path):
    path = _notebook(
        tmp_path,
        ("markdown", "# Of the Plan", {"text": "# Of $name", "prompt": "Say it.", "ready": ["events"]}),
        ("markdown", "A finding on the Plan.", None),
        ("code", "from policybook import charts, data", {}),
        ("code", "rows = 1\nother = 2\nshow = rows", {"statements": [0, 2]}),
    )
    made = chapters.chapter(path, NAMES, [])
    sources = [cell.source for cell in made.cells]
    assert sources[0].startswith("# Of the other\n\n:::{admonition} To write\n:class: pb-prompt\nSay it.")
    assert "{glue:text}`rows_events`" in sources[0]
    assert not any("finding" in source for source in sources)
    assert sources[2].endswith("glue(name, number, display=False)") and '"events"' in sources[2]
    assert sources[3] == "rows = 1\nshow = rows"
    assert all("reusable" in cell.metadata.tags for cell in made.cells)


def test_figures_get_other_words_and_wait_for_rows(tmp_path):
    code = (
        "charts.show(\n    charts.titled(draw(rows), f'{n} of the Plan', 'Of the Plan 计划'),\n    name='fig-x',\n"
        "    caption='The Plan',\n    alt='One. '\n    'Two of the Plan.',\n)"
    )
    rules = {
        "needs": ["events"],
        "finding": 'f"{n} of $name"',
        "measure": "Rows",
        "caption": "Of $short",
        "alt": "A. B.",
    }
    (cell,) = chapters.chapter(_notebook(tmp_path, ("code", code, rules)), NAMES, []).cells
    compile(cell.source, "cell", "exec")
    assert 'f"{n} of the other"' in cell.source and 'caption="Of Other"' in cell.source and "Plan" not in cell.source
    assert cell.source.startswith('from policybook import ready\n\nif ready.is_ready("events"):')
    assert cell.source.endswith('else:\n    ready.waiting("events", what="Of Other")')
    assert cell.metadata["mystnb"]["markdown_format"] == "myst"


def test_code_that_shows_nothing_waits_without_a_word(tmp_path):
    rules = {"needs": ["events"], "when": "len(rows)", "replace": [["all_of", "$id"]]}
    (cell,) = chapters.chapter(_notebook(tmp_path, ("code", "glue('x', all_of)", rules)), NAMES, []).cells
    assert cell.source.endswith("if ready.is_ready(\"events\") and len(rows):\n    glue('x', other_2025)")


def test_prompts_name_the_numbers_that_are_ready(tmp_path):
    rules = {"text": "## Claims", "prompt": "Which hold?", "numbers": ["clm_n", "met_share:.0f"]}
    (cell,) = chapters.chapter(_notebook(tmp_path, ("markdown", "Of the Plan.", rules)), NAMES, []).cells
    said = "Which hold? Ready for it: `clm_n` = {glue:text}`clm_n`, `met_share` = {glue:text}`met_share:.0f`."
    assert said in cell.source


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"caption": "x"}, "no argument takes its words for caption"),
        ({"statements": [5]}, "has 1 statements, not 6"),
        ({"replace": [["gone", "x"]]}, "does not hold 'gone'"),
        ({"before": "x = 1", "finding": "$nobody"}, "nobody"),
    ],
)
def test_rules_that_do_not_fit_the_code_are_told_with_their_cell(tmp_path, rules, said):
    with pytest.raises(fork.ForkError, match=f"chapter.ipynb, cell cell-0: .*{re.escape(said)}"):
        chapters.chapter(_notebook(tmp_path, ("code", "rows = 1", rules)), NAMES, [])


@pytest.mark.parametrize("path", sorted((ROOT / "book").glob("*.ipynb")), ids=lambda path: path.stem)
def test_no_cell_that_travels_names_the_document_of_this_report(path):
    made = chapters.chapter(path, NAMES, [(0, "Preamble"), (1, "One")])
    assert made.cells, "no cell of this chapter travels"
    for cell in made.cells:
        for words in (OURS, FINDINGS):
            assert not words.search(cell.source), f"{path.name}, cell {cell.id}: {words.search(cell.source)[0]!r}"
        if cell.cell_type == "code":
            compile(cell.source, cell.id, "exec")


def test_every_table_of_the_rules_is_one_of_the_package(report):
    assert set(tables.rules()) <= set(data.names(report))


# --------------------------------------------------------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("other", "said"),
    [
        ({"id": "Ünfit id"}, "--id 'Ünfit id': write 3 to 40 of a-z"),
        ({"title": " "}, "--title: is empty"),
        ({"title": "<script>"}, "write it without < >"),
        ({"date": "yesterday"}, "--date 'yesterday': write a day as YYYY-MM-DD"),
        ({"lang": "de"}, "--lang 'de': there are rules for en (English), zh (Chinese)"),
        ({"iso3": "XYZ"}, "--iso3 'XYZ': is not in the table countries"),
        ({"adjective": "$US"}, "--adjective '$US': write it without"),
        ({"url": "javascript:x"}, "--url 'javascript:x': write an http"),
        ({"chapters": ("index", "poems")}, "chapters poems: there are index, background"),
        ({"text": Path("nowhere.txt")}, "nowhere.txt: no such file"),
    ],
)
def test_what_is_wrong_with_a_wish_is_told(tmp_path, report, other, said):
    found = fork.problems(_wish(tmp_path, **other), tmp_path / "new", report)
    assert len(found) == 1 and said in found[0], found


def test_all_faults_are_told_at_once_and_nothing_is_written(tmp_path, report):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(fork.ForkError) as told:
        fork.make(_wish(tmp_path, id="X", date="never"), tmp_path / "full", report)
    assert len(str(told.value).splitlines()) == 3 and "is there already" in str(told.value)
    assert [path.name for path in (tmp_path / "full").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("text", "other", "said"),
    [
        ("", {}, "no text"),
        ("Der Rat hat diese Ordnung im Frühling beschlossen. Sie gilt für alle Mitglieder.", {}, "language 'de'"),
        (CHARTER, {"lang": "zh"}, "not 'zh' as asked"),
        (CHARTER, {"pattern": "^Law"}, "matches no line"),
        (CHARTER, {"compare": ("nobody_2020",)}, "no document nobody_2020"),
    ],
)
def test_a_text_that_cannot_be_used_leaves_nothing_behind(tmp_path, report, text, other, said):
    (tmp_path / "gesetz text.md").write_text(text, encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(ValueError, match=re.escape(said)):
        fork.make(_wish(tmp_path, **other), tmp_path / "new", report)
    assert sorted(tmp_path.iterdir()) == before


def test_within_a_repository_none_is_made(tmp_path, report):
    (tmp_path / ".git").mkdir()
    (found,) = fork.problems(_wish(tmp_path), tmp_path / "deep" / "new", report)
    assert "lies in the repository" in found


def test_an_interrupted_try_leaves_nothing_behind(tmp_path, report, monkeypatch):
    wish, before = _wish(tmp_path), sorted(tmp_path.iterdir())
    monkeypatch.setattr(fork, "_commit", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt):
        fork.make(wish, tmp_path / "new", report)
    assert sorted(tmp_path.iterdir()) == before


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_a_command_stopped_midway_leaves_nothing_behind(tmp_path, sent):
    text = _wish(tmp_path).text
    target = tmp_path / "made here"
    command = [sys.executable, "-m", "policybook.cli", "new", str(target / "new"), "--id", "small_charter"]
    command += ["--title", "Charter", "--issuer", "Council", "--date", "2024-05-01", "--text", str(text)]
    before = sorted(tmp_path.iterdir())
    options = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    options["env"] = os.environ | {"PYTHONPATH": str(ROOT / "book"), "POLICYBOOK_ROOT": str(ROOT)}
    # Tests that run in the background of a shell ignore the signal, and so would what they start.
    options["preexec_fn"] = lambda: signal.signal(signal.SIGINT, signal.SIG_DFL)
    with subprocess.Popen(command, **options) as child:
        until = time.monotonic() + 60
        while not (draft := list(tmp_path.glob(".policybook-*/report/data"))) and time.monotonic() < until:
            time.sleep(0.01)
        assert draft and child.poll() is None, "the command was through before it was stopped"
        child.send_signal(sent)
        _, said = child.communicate(timeout=60)
    assert child.returncode and "Traceback" not in said, said
    assert sorted(tmp_path.iterdir()) == before


def test_a_place_where_nothing_can_be_made_is_told(tmp_path, report, monkeypatch):
    wish = _wish(tmp_path)
    (tmp_path / "a file").write_text("mine")
    assert fork.problems(wish, tmp_path / "a file" / "new", report) == [f"{tmp_path / 'a file'}: is no folder"]
    # The superuser may write everywhere, so the answer of the system is set.
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK)
    assert fork.problems(wish, tmp_path / "new", report) == [f"{tmp_path}: is not writable"]


def test_a_document_in_two_languages_is_counted_in_both(tmp_path, report):
    (tmp_path / "zh.md").write_text(CHARTER_ZH, encoding="utf-8")
    wish = _wish(tmp_path, text_zh=tmp_path / "zh.md", compare=("un_78_265",))
    fork.make(wish, tmp_path / "new", report)
    made = paths.Paths(tmp_path / "new")
    assert data.check(made) == []
    versions = data.load("text_versions", made).set_index("version_id")
    own = versions[versions["doc_id"] == "small_charter"]
    assert sorted(own["language"]) == ["en", "zh"] and set(own["completeness"]) == {"full"}
    (chinese,) = own.index[own["language"] == "zh"]
    words = data.load("token_counts", made)
    words = words[words["version_id"] == chinese].groupby("token")["count"].sum()
    assert words["成员"] == 2 and words["安全"] == 2
    terms = data.load("zh_term_counts", made)
    safety = terms[(terms["version_id"] == chinese) & (terms["term"] == "安全")].set_index("section")["count"]
    assert safety["A01"] == 1 and safety["A02"] == 0 and safety["A03"] == 1
    headings = data.load("articles", made).set_index("article")["heading_zh"]
    assert headings[["A01", "A02", "A03"]].tolist() == ["目的", "义务", "审议"]


def test_the_command_says_what_it_would_write_and_what_is_wrong(tmp_path, root):
    text = _wish(tmp_path).text
    said = ["--id", "small_charter", "--title", "Charter", "--issuer", "Council", "--date", "2024-05-01"]
    asked = ["new", str(tmp_path / "new"), *said, "--text", str(text), "--compare", "un_78_265"]
    done = policybook(*asked, "--dry-run", cwd=root)
    assert "data/texts/token_counts.csv" in done.stdout and "nothing was written" in done.stdout
    assert not (tmp_path / "new").exists()
    done = policybook(*asked, "--without", "poems", cwd=root, check=False)
    assert done.returncode == 2 and "--without poems: there are index" in done.stderr and "Traceback" not in done.stderr
    done = policybook("new", str(tmp_path / "new"), cwd=root, check=False)
    assert done.returncode == 2 and "--id ''" in done.stderr and "Traceback" not in done.stderr


# ---------------------------------------------------------------------------------------------------------- new reports


def _run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    env = os.environ | {"POLICYBOOK_ROOT": "", "PYTHONPATH": str(folder / "book")}
    return subprocess.run([sys.executable, *command], cwd=folder, env=env, capture_output=True, text=True, timeout=900)


@pytest.fixture(scope="module")
def charter(tmp_path_factory) -> Path:
    """A report on a short text, in a path with a blank and letters beyond ASCII, without the chapter on reception."""
    folder = tmp_path_factory.mktemp("neuer bericht é")
    names = [name for name in files.chapter_names(paths.Paths(ROOT)) if name != "reception"]
    wish = _wish(folder, chapters=tuple(names), compare=("us_aiap_2025", "un_78_265"), licence="none")
    fork.make(wish, folder / "report", paths.Paths(ROOT))
    return folder / "report"


def test_a_new_report_has_its_own_data_and_none_of_this_reports_own(charter):
    report = paths.Paths(charter)
    assert data.check(report) == []
    assert prose.check(report) == []
    articles = data.load("articles", report)
    assert articles["short_title"].tolist() == ["Preamble", "Purpose", "Duties", "Review"]
    counted = data.load("token_counts", report)
    assert set(counted["version_id"]) == {"small_charter", "us_aiap_2025", "un_78_265"}
    shall = counted[(counted["version_id"] == "small_charter") & (counted["token"] == "shall")]
    assert shall["count"].sum() == 1 and shall["section"].tolist() == ["A01"]
    for name in ("commitments", "followup", "memberships"):
        assert data.load(name, report).empty, name
    assert data.load("events", report)["event_id"].tolist() == ["ev_example", "ev_small_charter"]
    for name in ("standards", "indicators", "items", "claims"):
        assert len(data.load(name, report)) == 1 and not ready.is_ready(name, report=report), name
    for path in [
        *charter.glob("*.*"),
        *charter.glob("book/*.ipynb"),
        report.descriptor,
        *charter.glob("data/*/*book.csv"),
    ]:
        found = OURS.search(path.read_text(encoding="utf-8")) if path.is_file() else None
        assert not found, f"{path.relative_to(charter)}: {found[0]!r}"
    assert "reception" not in (charter / "_toc.yml").read_text()
    assert not (charter / "book" / "reception.ipynb").exists()
    settled = json.loads(report.descriptor.read_text())["report"]
    assert (settled["document"], settled["name"]) == ("small_charter", "the charter")


@pytest.mark.parametrize(
    ("licence", "said"),
    [
        ("mit", "are under the MIT License"),
        ("apache-2.0", "END OF TERMS AND CONDITIONS"),
        ("none", "All rights reserved"),
    ],
)
def test_the_licence_stands_in_full_beside_that_of_the_package(tmp_path, licence, said):
    wish = _wish(tmp_path, licence=licence, author="Ann Author")
    files.write(wish, paths.Paths(ROOT), paths.Paths(tmp_path / "new"))
    text = (tmp_path / "new" / "LICENSE").read_text(encoding="utf-8")
    assert said in text and "2026 Ann Author" in text and "Permission is hereby granted" in text and "$" not in text


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_a_new_report_is_a_clean_repository(charter):
    said = subprocess.run(["git", "log", "--oneline"], cwd=charter, capture_output=True, text=True, check=True).stdout
    assert len(said.splitlines()) == 1 and "New report on" in said


def test_what_makes_and_checks_a_new_report_came_with_it(charter):
    said = "\n".join((charter / name).read_text(encoding="utf-8") for name in ("Makefile", ".ci/run"))
    flows = [path.read_text(encoding="utf-8") for path in (charter / ".github" / "workflows").iterdir()]
    scripts = set(re.findall(r"\S+ (tests/\S+\.py)", "\n".join([said, *flows])))
    scripts.remove("tests/test_supply.py")  # deselected
    assert "tests/bench/reproduce.py" in scripts and all((charter / name).is_file() for name in scripts)
    update = (ROOT / "book" / "reuse.md").read_text(encoding="utf-8").partition("git checkout ")[2].partition("```")[0]
    assert sorted(re.findall(r"tests/(\S+\.py)", update)) == sorted(files.TESTS)
    targets = set(re.findall(r"\bmake (\w+)", "\n".join(flows)))
    assert targets >= {"book", "test", "reproduce"}
    for target in targets:
        assert re.search(rf"(?m)^{target}:", said), target


@pytest.mark.book
def test_a_new_report_builds_and_draws_when_its_tables_are_filled(charter, tmp_path):
    target = tmp_path / "filled"
    shutil.copytree(charter, target)
    report = paths.Paths(target)
    events = (target / "data" / "background" / "events.csv").read_text(encoding="utf-8").splitlines()
    row = events[1].replace("ev_example", "ev_adopted").replace(",recalled,", ",read,")
    columns = events[0].split(",")
    cells = dict(zip(columns, next(csv.reader([row])), strict=True)) | {"source_id": "text_small_charter"}
    with (target / "data" / "background" / "events.csv").open("a", encoding="utf-8", newline="") as stream:
        csv.DictWriter(stream, columns, lineterminator="\n").writerow(cells)
    data.refresh(report)
    assert data.check(report) == []
    done = _run(target, "-m", "policybook.cli", "build")
    assert done.returncode == 0, done.stdout + done.stderr
    page = (target / "_build" / "html" / "book" / "background.html").read_text(encoding="utf-8")
    assert 'id="fig-background-pace"' in page and 'id="fig-background-timeline"' in page and "Not drawn yet" in page
    assert (target / "_build" / "html" / "report.pdf").stat().st_size > 50_000


# ------------------------------------------------------------------------------------------------------- filled tables

# Tables that a new report has no rows in, each after those that it names.
FILLED = [
    "events",
    "event_labels",
    "organisations",
    "persons",
    "disagreements",
    "disagreement_counts",
    "indicators",
    "policies",
    "provisions",
    "chips",
    "bodies",
    "relations",
    "standards",
    "policy_targets",
    "target_labels",
    "instruments",
    "items",
    "items_coder_b",
    "statements",
    "claims",
    "claim_verdicts",
    "statements_by_line",
    "commitments",
    "commitments_coder_b",
    "coverage_asks",
    "followup",
    "benchmarks",
    "agreements",
    "memberships",
    "indicator_definitions",
    "headline_facts",
    "glossary",
]


def _other_country(text: str) -> str:
    return re.sub(r"\bChina\b", "India", text.replace("Chinese", "Indian"))


def _key(table: str, old: str, pattern: str, number: int) -> str:
    """Return another key for a row of this report, so that code which names a row of it finds none."""
    if table == "commitments":
        return f"A{1 + number % 3:02}.{1 + number // 3:02}"
    new = f"fu_a{1 + number % 3:02}_{old[4:]}" if table == "followup" else f"{old}_x"
    return new if re.fullmatch(pattern, new) else old


def _fill(target: paths.Paths, most: int | None = None) -> None:
    """Fill the tables of a new report with this report's rows, under other keys and as if of another country.

    With ``most``, with that many rows of each table whose source was seen, and those that they name.
    """
    ours, new = Tables(paths.Paths(ROOT)), Tables(target)
    schemas = {name: data.resource(name, target)["schema"] for name in FILLED}
    links = {name: _links(schema, name) for name, schema in schemas.items()}
    keys = {("events", "ev_gaigap"): "ev_small_charter"}
    for name, schema in schemas.items():
        field = next(one for one in schema["fields"] if one["name"] == schema["primaryKey"][0])
        if len(schema["primaryKey"]) > 1 or name == "indicator_definitions" or field["name"] in dict(links[name]):
            continue
        pattern = field.get("constraints", {}).get("pattern", ".*" if field["type"] == "string" else "")
        for number, row in enumerate(ours[name]):
            keys.setdefault((name, row[field["name"]]), _key(name, row[field["name"]], pattern, number))
    made = {
        name: [_as_other(r, schema, links[name], keys, name) for r in ours[name] if r.get("region") != "India"]
        for name, schema in schemas.items()
    }
    chosen = made if most is None else _some(made, schemas, links, most)
    for name, rows in chosen.items():
        there = {tuple(row[column] for column in schemas[name]["primaryKey"]) for row in new[name]}
        new.extend(name, [r for r in rows if tuple(r[c] for c in schemas[name]["primaryKey"]) not in there])
    claim = next(row for row in new["claims"] if "example" not in row["claim_id"])
    cell = {"table": "claims", "row_id": claim["claim_id"], "column": "claim", "new_value": claim["claim"]}
    new.extend("corrections", [ours["corrections"][0] | cell])
    known = {row["source_id"] for row in new["sources"]}
    new.extend("sources", [row for row in ours["sources"] if row["source_id"] not in known])
    publish(new)
    sources.refresh_bibliography(target)


def _links(schema: dict, name: str) -> list[tuple[str, str]]:
    """Return the columns of a table that name rows of another, and which table that is."""
    found = [(field["name"], field["references"]["resource"]) for field in schema["fields"] if "references" in field]
    for key in schema.get("foreignKeys", ()):
        columns = [key["fields"]] if isinstance(key["fields"], str) else key["fields"]
        found += [(columns[0], key["reference"]["resource"] or name)] * (len(columns) == 1)
    return found


def _as_other(row: dict, schema: dict, links: list, keys: dict, name: str) -> dict:
    """Return a row under other keys, of an article that the new report has, and of another country."""
    found = {field["name"]: row[field["name"]] for field in schema["fields"]}
    key = schema["primaryKey"][0]
    found[key] = keys.get((name, found[key]), found[key])
    for column, to in links:
        if to == "documents":
            found[column] = ""
        found[column] = ";".join(keys.get((to, one), one) for one in found[column].split(";"))
    for field in schema["fields"]:
        value, allowed = found[field["name"]], field.get("constraints", {}).get("enum")
        if field["name"] in ("article", "articles"):
            codes = [re.sub(r"A(\d\d)", lambda code: f"A{1 + int(code[1]) % 3:02}", one) for one in value.split(";")]
            found[field["name"]] = ";".join(dict.fromkeys(codes))
        elif field["name"] == "iso3":
            found["iso3"] = {"CHN": "IND"}.get(value, value)
        elif not allowed or _other_country(value) in allowed:
            found[field["name"]] = _other_country(value) if field["name"] != key else value
        elif field["type"] == "string" and value and value not in allowed:
            found[field["name"]] = allowed[-1]
    return found


def _some(made: dict, schemas: dict, links: dict, most: int) -> dict[str, list[dict]]:
    """Return the first rows of each table whose source was seen, and the rows that these name."""
    at = {
        (name, row[schemas[name]["primaryKey"][0]]): row
        for name, rows in made.items()
        for row in rows
        if len(schemas[name]["primaryKey"]) == 1
    }
    kept: dict[str, dict[int, dict]] = {name: {} for name in made}

    def keep(name: str, row: dict) -> None:
        if id(row) in kept[name]:
            return
        kept[name][id(row)] = row
        for column, to in links[name]:
            for one in row[column].split(";"):
                if (to, one) in at:
                    keep(to, at[to, one])

    for name, rows in made.items():
        for row in [row for row in rows if row.get("evidence") != "recalled"][:most]:
            keep(name, row)
    for name, first in (("items_coder_b", "items"), ("commitments_coder_b", "commitments")):
        column = schemas[name]["primaryKey"][0]
        coded = {row[column] for row in kept[first].values()}
        for row in made[name]:
            if row[column] in coded:
                keep(name, row)
    return {name: list(rows.values()) for name, rows in kept.items()}


def _shown(notebooks: dict[str, nbformat.NotebookNode]) -> tuple[set[str], set[str], int]:
    """Return the figures and tables that the code of chapters names, those that are drawn, and how many waits."""
    named, drawn, waits = set(), set(), 0
    for notebook in notebooks.values():
        for cell in notebook.cells:
            named |= set(re.findall(r'^ +name="((?:fig|tbl)-[a-z0-9-]+)"', cell.source, re.MULTILINE))
            for output in cell.get("outputs", ()):
                shown = output.get("data", {})
                if V6 in shown:
                    drawn.add(shown[V6]["usermeta"]["policybook"]["name"])
                elif TABLE in shown:
                    drawn.add(shown[TABLE]["name"])
                waits += "Not drawn yet" in shown.get("text/markdown", "")
    return named, drawn, waits


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> Path:
    """A report on a short text of another country, with all chapters."""
    folder = tmp_path_factory.mktemp("whole")
    fork.make(_wish(folder, place="India", compare=("us_aiap_2025", "un_78_265")), folder / "report", paths.Paths(ROOT))
    return folder / "report"


def test_without_rows_every_chapter_runs_and_says_what_it_waits_for(whole):
    named, drawn, waits = _shown(run(whole))
    assert named - drawn and len(named - drawn) == waits
    assert {"fig-claims-who", "fig-standards-network", "fig-sus-provisions", "fig-reception-regions"} <= named - drawn


def test_with_rows_of_another_country_every_figure_and_table_is_drawn(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "full")
    _fill(paths.Paths(tmp_path / "full"))
    notebooks = run(tmp_path / "full")
    named, drawn, waits = _shown(notebooks)
    assert not named - drawn and not waits
    titles = [
        f"{output['data'][V6].get('title')} {output['data'][V6]['usermeta']['policybook']}"
        for notebook in notebooks.values()
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if V6 in output.get("data", {})
    ]
    assert not [title for title in titles if re.search(r"China|Chinese approach|the Plan\b", title)]


def test_with_one_row_in_each_table_no_cell_fails(whole, tmp_path):
    shutil.copytree(whole, tmp_path / "few")
    _fill(paths.Paths(tmp_path / "few"), 1)
    named, drawn, waits = _shown(run(tmp_path / "few"))
    assert len(named - drawn) == waits < len(named) / 2


TEXTS = os.environ.get("POLICYBOOK_TEXTS", "")


@pytest.mark.book
@pytest.mark.skipif(not TEXTS, reason="the full texts are not here: POLICYBOOK_TEXTS names no folder of them")
def test_a_report_on_a_long_document_builds_and_passes_its_own_tests(tmp_path):
    parts = ("introduction", "pillar_1", "pillar_2", "pillar_3")
    text = "".join((Path(TEXTS) / f"us_aiap_2025__{part}.txt").read_text(encoding="utf-8") for part in parts)
    (tmp_path / "plan.txt").write_text(text, encoding="utf-8")
    wish = _wish(
        tmp_path,
        id="us_aiap_2025",
        title="America's AI Action Plan",
        issuer="The White House",
        date="2025-07-23",
        text=tmp_path / "plan.txt",
        name="the US plan",
        short="US AI Action Plan",
        section="pillar",
        iso3="USA",
        place="United States",
        adjective="US",
    )
    target = tmp_path / "us"
    fork.make(wish, target, paths.Paths(ROOT))
    titles = data.load("articles", paths.Paths(target))["short_title"].tolist()
    assert len(titles) == 4 and titles[1].startswith("Pillar I: Accelerate")
    done = _run(target, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    figures = json.loads((target / "_build" / "html" / "figures" / "index.json").read_text(encoding="utf-8"))
    assert {"fig-plan-terms", "fig-plan-ladder", "fig-plan-likeness", "fig-plan-keyness"} <= {
        one["name"] for one in figures
    }
