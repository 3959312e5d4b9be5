"""Citing the report: the same facts everywhere, in words, BibTeX and RIS that a program can read back."""

from __future__ import annotations

import datetime
import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote

import pytest
from lxml import html as lxml_html
from pybtex.database import parse_string
from yaml import safe_load

import policybook
from policybook import citing, data, paths, site

AWKWARD = 'Rules & "Norms": 100% of {x_1} <b>算力</b> \\ $5'
WHOLE = citing.Citation(
    kind="report",
    title="A plan & its echo",
    authors=("The Institute, & Sons of X".replace(",", ""), "Li, Wei"),
    version="1.2.3",
    data_date="2025-03-09",
    key="echo",
    address="https://example.org/a_b%20c",
)


def _ris(text):
    """The fields of one RIS record, after the rules of its tags have been held against every line."""
    lines = text.split("\r\n")
    assert lines[-1] == "" and "\n" not in "".join(lines) and "\r" not in "".join(lines)
    assert all(re.fullmatch(r"[A-Z][A-Z0-9]  - .*", line) for line in lines[:-1])
    assert lines[0].startswith("TY  - ") and lines[-2] == "ER  - "
    found = {}
    for line in lines[:-2]:
        found.setdefault(line[:2], []).append(line[6:])
    return found


# --------------------------------------------------------------------------------------------------- one set of facts


def _facts(root: Path) -> dict[str, dict[str, str]]:
    """Version, date and title of the report by the file that states them."""
    package = json.loads((root / "data" / "datapackage.json").read_text(encoding="utf-8"))
    cff = safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    config = safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    newest = re.search(r"^## (\S+) \(data of ([^)]+)\)", (root / "CHANGELOG.md").read_text(encoding="utf-8"), re.M)
    day = datetime.datetime.strptime(newest[2], "%d %B %Y").date().isoformat()
    return {
        "CITATION.cff": {
            "version": str(cff["version"]),
            "date": str(cff["date-released"]),
            "title": cff["title"],
            "authors": "; ".join(author["name"] for author in cff["authors"]),
        },
        "datapackage.json": {
            "version": package["version"],
            "date": package["data_date"],
            "created": package["created"],
        },
        "pyproject.toml": {"version": project["version"]},
        "package": {"version": policybook.__version__},
        "_config.yml": {"title": config["title"], "authors": config["author"]},
        "CHANGELOG.md": {"version": newest[1], "date": day},
    }


def _drift(facts: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    """The facts that are not the same wherever they are stated: what, and by which file."""
    stated: dict[str, dict[str, str]] = {}
    for file, said in facts.items():
        for fact, value in said.items():
            stated.setdefault(fact, {})[file] = value
    return {fact: said for fact, said in stated.items() if len(set(said.values())) > 1}


def test_version_date_title_and_authors_are_the_same_everywhere(root):
    facts = _facts(root)
    assert not _drift(facts)
    assert facts["datapackage.json"]["created"].startswith(facts["datapackage.json"]["date"])


@pytest.mark.parametrize(("file", "fact"), [("pyproject.toml", "version"), ("CITATION.cff", "date")])
def test_a_drift_is_found(root, file, fact):
    facts = _facts(root)
    facts[file][fact] += "1"
    assert set(_drift(facts)) == {fact}


def test_the_citation_file_is_valid(root):
    """Against the schema of the Citation File Format that check-jsonschema carries."""
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed: pip install check-jsonschema")
    from importlib import resources

    from jsonschema import Draft7Validator

    folder = resources.files("check_jsonschema") / "builtin_schemas" / "vendor"
    schema = json.loads((folder / "citation-file-format.json").read_text(encoding="utf-8"))
    stated = safe_load((root / "CITATION.cff").read_text(encoding="utf-8"))
    check = Draft7Validator(schema, format_checker=Draft7Validator.FORMAT_CHECKER)
    assert not [error.message for error in check.iter_errors(stated)]
    assert list(check.iter_errors(stated | {"license": "CC-BY"}))
    assert {"MIT", "CC-BY-4.0"} == set(stated["license"]) and len(stated["abstract"]) > 100


def test_the_report_is_cited_from_its_own_files(report, root):
    whole, package = citing.of_report(report), data.descriptor(report)
    config = safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    assert (whole.title, "; ".join(whole.authors)) == (config["title"], config["author"])
    assert (whole.version, whole.data_date) == (policybook.__version__, package["data_date"])
    assert citing.of_data(report).title == package["title"]


def _report_with(data_copy: paths.Paths, config: str) -> paths.Paths:
    (data_copy.root / "_config.yml").write_text(config, encoding="utf-8")
    return data_copy


def test_a_change_in_one_table_changes_no_citation(data_copy):
    """The citation stands on every page: with the digest of the data each page would change with each table."""
    report = _report_with(data_copy, "title: T\nauthor: A\n")
    before = citing.of_report(report)
    with (report.data / "countries.csv").open("a") as stream:
        stream.write("x\n")
    assert citing.of_report(report) == before


def test_authors_and_address_come_from_the_settings(data_copy):
    report = _report_with(data_copy, "title: T\nauthor: A; Li, Wei\nhtml: {baseurl: 'https://example.org/r/'}\n")
    whole = citing.of_report(report)
    assert whole.authors == ("A", "Li, Wei")
    assert citing.of_page("book/plan", "P", whole).address == "https://example.org/r/book/plan.html"


@pytest.mark.parametrize("address", ["", "javascript:alert(1)", "ftp://example.org"])
def test_an_address_that_is_none_is_left_out(data_copy, address):
    report = _report_with(data_copy, f"title: T\nauthor: A\nhtml: {{baseurl: '{address}'}}\n")
    page = citing.of_page("book/plan", "P", citing.of_report(report))
    assert page.address == ""
    assert citing.words(page).endswith(f"{page.edition}.")
    assert "url" not in citing.bibtex(page) and "UR  -" not in citing.ris(page)


def test_settings_without_a_title_are_named(data_copy):
    report = _report_with(data_copy, "author: A\n")
    package = json.loads(report.descriptor.read_text(encoding="utf-8"))
    report.descriptor.write_text(json.dumps(package | {"data_date": "soon"}), encoding="utf-8")
    with pytest.raises(data.DataError, match="data_date: is not a date: 'soon'"):
        citing.of_report(report)
    del package["data_date"]
    report.descriptor.write_text(json.dumps(package), encoding="utf-8")
    with pytest.raises(data.DataError, match=r"(?s)names no title.*names no data_date"):
        citing.of_report(report)


# -------------------------------------------------------------------------------------------------------------- forms


def test_words_of_a_page():
    page = citing.of_page("book/plan", "The text", WHOLE)
    assert citing.words(page) == (
        "The Institute & Sons of X; Li, Wei (2025): “The text”, in: A plan & its echo, version 1.2.3, data of "
        "9 March 2025. https://example.org/a_b%20c/book/plan.html"
    )


def test_bibtex_is_read_back_with_one_body_and_one_person():
    text = citing.bibtex(citing.of_page("book/plan", "The text & more", WHOLE))
    (entry,) = parse_string(text, "bibtex").entries.values()
    body, person = entry.persons["author"]
    assert body.last_names == [r"{The Institute \& Sons of X}"] and not body.first_names
    assert (person.last_names, person.first_names) == (["Li"], ["Wei"])
    assert entry.type == "incollection" and entry.key == "echo-plan"
    assert entry.fields["title"] == r"{The text \& more}" and entry.fields["booktitle"] == r"{A plan \& its echo}"
    assert entry.fields["year"] == "2025" and "data of 9 March 2025" in entry.fields["note"]


def test_an_awkward_title_spoils_no_form():
    page = citing.of_page("book/plan", AWKWARD, WHOLE)
    (entry,) = parse_string(citing.bibtex(page), "bibtex").entries.values()
    assert not re.search(r"(?<!\\)[&%$#_]", entry.fields["title"])
    assert "算力" in entry.fields["title"]
    assert _ris(citing.ris(page))["TI"] == [AWKWARD]
    box = lxml_html.fragment_fromstring(site.cite_box(page, '../cite/"x"', '../status.html"'))
    assert not box.xpath(".//b | .//script") and AWKWARD in box.xpath("string(p[1])")
    assert box.xpath("string(.//*[@lang='zh-Hans'])") == "算力"
    assert box.xpath(".//a/@href") == ['../cite/"x".bib', '../cite/"x".ris', '../status.html"']
    assert box.xpath("string(.//pre)") == citing.bibtex(page)


def test_a_line_break_begins_no_field_in_ris():
    fields = _ris(citing.ris(replace(WHOLE, title="One\r\nUR  - https://evil.example")))
    assert fields["UR"] == [WHOLE.address] and fields["TI"] == ["One UR - https://evil.example"]


def test_ris_states_the_same():
    fields = _ris(citing.ris(citing.of_page("book/plan", "The text", WHOLE)))
    assert fields["TY"] == ["CHAP"] and fields["AU"] == list(WHOLE.authors) and fields["T2"] == [WHOLE.title]
    assert (fields["PY"], fields["DA"], fields["ET"]) == (["2025"], ["2025/03/09"], ["1.2.3"])
    assert _ris(citing.ris(WHOLE))["TY"] == ["RPRT"] and "T2" not in _ris(citing.ris(WHOLE))


def test_ris_is_read_by_a_reader_of_ris():
    rispy = pytest.importorskip("rispy", reason="rispy is not installed: pip install rispy")
    (entry,) = rispy.loads(citing.ris(citing.of_page("book/plan", AWKWARD, WHOLE)))
    assert entry["type_of_reference"] == "CHAP" and entry["authors"] == list(WHOLE.authors)
    assert entry["title"] == AWKWARD and entry["year"] == "2025"


# -------------------------------------------------------------------------------------------------------------- pages


@pytest.mark.book
def test_every_page_says_how_to_cite_it(built, report):
    whole = citing.of_report(report)
    for name in site.reading_order(report):
        page = lxml_html.fromstring((built / f"{name}.html").read_bytes())
        (box,) = page.xpath("//article//details[@class='pb-citing']")
        heading = page.xpath("//article//h1")[0]
        title = re.sub(r"^[\d.]+\s*|#$", "", " ".join(heading.text_content().split())).strip()
        expected = citing.of_page(name, title, whole)
        assert box.xpath("string(p[1])") == citing.words(expected), name
        bib, ris, _ = [Path(built / name).parent / unquote(address) for address in box.xpath(".//a/@href")]
        assert bib.suffix == ".bib" and ris.suffix == ".ris"
        assert bib.read_bytes().decode() == citing.bibtex(expected) == box.xpath("string(.//pre)")
        assert _ris(ris.read_bytes().decode())["TI"] == [title]
        assert len(parse_string(bib.read_text(encoding="utf-8"), "bibtex").entries) == 1


@pytest.mark.book
def test_the_folder_of_citations_holds_nothing_else(built, report):
    names = {citing.file_name(name) for name in site.reading_order(report)}
    found = {path.name for path in (built / site.CITATIONS).iterdir()}
    assert found == {f"{name}.{ending}" for name in names for ending in ("bib", "ris")}


@pytest.mark.book
def test_the_pdf_says_how_to_cite_the_report_once(built, report):
    import pypdf

    printed = ["".join(page.extract_text().split()) for page in pypdf.PdfReader(built / "report.pdf").pages]
    assert "".join(citing.words(citing.of_report(report)).split()) in printed[0].replace("\u00ad", "")
    assert not any("Citethispage" in page for page in printed)
