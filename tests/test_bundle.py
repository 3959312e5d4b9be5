"""The zip of the data: complete, the same for the same data, valid, and its code gives the types of the schema."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path
from urllib.parse import unquote

import pandas as pd
import pytest
from lxml import html as lxml_html

from policybook import bundle, catalogue, citing, data, paths

RSCRIPT = shutil.which("Rscript") or ""


@pytest.fixture(autouse=True)
def no_epoch(monkeypatch):
    """The time of the entries is that of the data."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture(scope="module")
def unpacked(report, tmp_path_factory) -> Path:
    """The folder that a reader has after unpacking the zip."""
    folder = tmp_path_factory.mktemp("unpacked 数据")
    zipfile.ZipFile(io.BytesIO(bundle.archive(report))).extractall(folder)
    (found,) = folder.iterdir()
    return found


@pytest.fixture
def small(data_copy) -> paths.Paths:
    """A copy of the report to damage, with settings."""
    (data_copy.root / "_config.yml").write_text("title: T\nauthor: A\n", encoding="utf-8")
    return data_copy


def _entries(content: bytes) -> list[zipfile.ZipInfo]:
    return zipfile.ZipFile(io.BytesIO(content)).infolist()


# ----------------------------------------------------------------------------------------------------------- contents


def test_the_zip_holds_every_table_as_it_is(unpacked, report):
    package = json.loads(report.descriptor.read_text(encoding="utf-8"))
    assert unpacked.name == f"{package['name']}-{package['version']}"
    for item in package["resources"]:
        content = (unpacked / item["path"]).read_bytes()
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == item["hash"], item["name"]
    found = {path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file()}
    others = {"datapackage.json", "README.md", "LICENSE.txt", "CHANGES.md", "load_table.py", "load_table.R"}
    others |= {"requirements.txt", "_config.yml", "_toc.yml"}
    code = {path for path in found if path.startswith("policybook/")}
    assert {"policybook/LICENSE", "policybook/data.py", "policybook/charts/__init__.py"} < code
    assert not any(path.endswith((".ttf", ".pyc")) for path in code)
    assert found - code == {item["path"] for item in package["resources"]} | others


def test_a_missing_table_stops_the_zip(small):
    (small.data / "countries.csv").unlink()
    with pytest.raises(data.DataError, match=r"countries: file not found: data/countries\.csv"):
        bundle.archive(small)


def test_a_new_table_comes_along(small):
    package = json.loads(small.descriptor.read_text(encoding="utf-8"))
    package["resources"].append(package["resources"][0] | {"name": "extra", "path": "extra/extra.csv"})
    (small.data / "extra").mkdir()
    shutil.copy(small.data / package["resources"][0]["path"], small.data / "extra" / "extra.csv")
    small.descriptor.write_text(json.dumps(package), encoding="utf-8")
    assert f"{bundle.name(small)}/extra/extra.csv" in [entry.filename for entry in _entries(bundle.archive(small))]
    assert "| `extra` |" in bundle.readme(small)


# -------------------------------------------------------------------------------------------------------- same bytes


def test_the_same_data_give_the_same_bytes(report, small, monkeypatch):
    for name in bundle.SETTINGS:
        shutil.copy(report.root / name, small.root / name)
    first = bundle.archive(report)
    monkeypatch.setattr(time, "time", lambda: 2e9)
    for path in small.data.rglob("*"):
        os.utime(path, (1e9, 1e9))
    assert bundle.archive(small) == first


def test_no_entry_has_a_time_of_the_clock_or_of_a_file(report, monkeypatch):
    entries = _entries(bundle.archive(report))
    date = tuple(int(part) for part in data.data_date(report).split("-"))
    assert {entry.date_time for entry in entries} == {(*date, 0, 0, 0)}
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert {(e.create_system, e.external_attr, e.extra, e.compress_type) for e in entries} == {
        (3, 0o100644 << 16, b"", zipfile.ZIP_DEFLATED)
    }
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000001")
    assert {entry.date_time for entry in _entries(bundle.archive(report))} == {(2001, 9, 9, 1, 46, 40)}
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert {entry.date_time[0] for entry in _entries(bundle.archive(report))} == {1980}


def test_a_time_that_is_none_is_named(report, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")
    with pytest.raises(data.DataError, match=r"SOURCE_DATE_EPOCH: is not a time .*'yesterday'"):
        bundle.archive(report)


def test_another_cell_gives_another_zip(small):
    before = bundle.archive(small)
    path = small.data / "countries.csv"
    path.write_bytes(path.read_bytes().replace(b"China", b"Chine", 1))
    assert bundle.archive(small) != before


# -------------------------------------------------------------------------------------------------------------- README


def test_the_readme_says_what_it_is_and_how_to_cite_it(report):
    text = bundle.readme(report)
    assert data.data_date(report) in text and data.digest(report) in text
    assert citing.words(citing.of_data(report)) in text and citing.bibtex(citing.of_data(report)) in text
    assert "https://creativecommons.org/licenses/by/4.0/" in text
    for level in ("read", "excerpt", "recalled"):
        assert f"`{level}`" in text
    for item in data.descriptor(report)["resources"]:
        row = next(line for line in text.splitlines() if line.startswith(f"| `{item['name']}` |"))
        assert row.endswith(f"| {item['rowCount']} | `{item['path']}` |"), row
        assert row.replace("\\|", "").count("|") == 5


def test_the_readme_states_no_rule_that_the_tables_do_not_have(small):
    package = json.loads(small.descriptor.read_text(encoding="utf-8"))
    kept = [item for item in package["resources"] if item["name"] == "countries"]
    for item in kept:
        item["title"] = "Coun|tries"
        item["schema"]["fields"] = [field for field in item["schema"]["fields"] if field["name"] != "evidence"]
    small.descriptor.write_text(json.dumps(package | {"resources": kept}), encoding="utf-8")
    text = bundle.readme(small)
    assert "recalled" not in text and "Coun\\|tries" in text and 'load_table("countries")' in text


def test_tables_with_terms_of_their_own_are_named_in_the_licence(small):
    package = json.loads(small.descriptor.read_text(encoding="utf-8"))
    package["resources"][0]["licenses"] = [{"name": "ODbL-1.0", "path": "https://example.org/odbl"}]
    small.descriptor.write_text(json.dumps(package), encoding="utf-8")
    assert f"{package['resources'][0]['name']}: ODbL-1.0 <https://example.org/odbl>" in bundle.licence(small)


# ------------------------------------------------------------------------------------------------------ ready code


def _blocks(folder: Path, language: str) -> list[str]:
    parts = (folder / "README.md").read_text(encoding="utf-8").split(f"```{language}\n")[1:]
    return [part.partition("```")[0] for part in parts]


def test_the_python_code_gives_the_types_of_the_schema(unpacked, report):
    """The file of the zip, alone: nothing of this package is imported."""
    space: dict = {}
    exec(compile((unpacked / "load_table.py").read_text(encoding="utf-8"), "load_table.py", "exec"), space)
    for name in data.names(report):
        pd.testing.assert_frame_equal(space["load_table"](name, unpacked), data.load(name, report))
    with pytest.raises(KeyError, match="no table nothing; there are: sources"):
        space["load_table"]("nothing", unpacked)


def test_the_python_code_of_the_readme_runs_where_the_zip_was_unpacked(unpacked):
    loader, frictionless = _blocks(unpacked, "python")
    assert loader.startswith((unpacked / "load_table.py").read_text(encoding="utf-8"))
    ends = {loader: "print(len(table), table['date'].dtype.kind)", frictionless: "print(len(rows), 'M')"}
    rows = len(data.load("events"))
    for code, end in ends.items():
        call = [sys.executable, "-I", "-c", f"{code}\n{end}"]  # -I: no PYTHONPATH, so this package is not at hand
        done = subprocess.run(call, cwd=unpacked, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert done.stdout.split() == [str(rows), "M"]


# What R makes of every column: its class, how many are missing, and one number of its values.
SUMMARY = """
source("load_table.R")
said <- list()
for (item in fromJSON("datapackage.json", simplifyVector = FALSE)$resources) {
  table <- load_table(item$name)
  said[[item$name]] <- lapply(table, function(column) {
    kind <- if (is.list(column)) "list" else setdiff(class(column), "ordered")[1]
    number <- switch(kind,
      character = sum(nchar(column[!is.na(column)], type = "chars")),
      list = sum(lengths(column)),
      sum(as.numeric(column), na.rm = TRUE))
    list(kind, sum(if (kind == "list") lengths(column) == 0 else is.na(column)), number)
  })
}
cat(toJSON(said, auto_unbox = TRUE, digits = NA))
"""


def _summary(column: pd.Series, kind: str) -> tuple[str, int, float]:
    """What R must make of a column."""
    if kind == "list":
        return "list", int((column.map(len) == 0).sum()), int(column.map(len).sum())
    missing, known = int(column.isna().sum()), column.dropna()
    if isinstance(column.dtype, pd.CategoricalDtype):
        return "factor", missing, int((known.cat.codes + 1).sum())
    if kind in ("integer", "year"):
        return "integer", missing, int(known.sum())
    if kind == "number":
        return "numeric", missing, float(known.sum())
    if kind == "boolean":
        return "logical", missing, int(known.sum())
    if kind == "date":
        return "Date", missing, int(sum((day - pd.Timestamp(0)).days for day in known))
    return "character", missing, int(known.map(len).sum())


@pytest.mark.skipif(
    not RSCRIPT, reason="no Rscript found: install R with jsonlite (Debian: r-base-core r-cran-jsonlite)"
)
def test_the_r_code_gives_the_types_of_the_schema(unpacked, report):
    (code,) = _blocks(unpacked, "r")
    assert code.startswith((unpacked / "load_table.R").read_text(encoding="utf-8"))
    known = subprocess.run([RSCRIPT, "-e", "library(jsonlite)"], capture_output=True, timeout=60)
    if known.returncode:
        pytest.skip("R has no jsonlite (Debian: r-cran-jsonlite)")
    script = unpacked.parent / "summary.R"
    script.write_text(f"{code}\nstopifnot(nrow(table) == {len(data.load('events'))})\n{SUMMARY}", encoding="utf-8")
    done = subprocess.run([RSCRIPT, str(script)], cwd=unpacked, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0 and not done.stderr.strip(), done.stderr
    found = json.loads(done.stdout)
    for name in data.names(report):
        fields = data.resource(name, report)["schema"]["fields"]
        table = data.load(name, report)
        for field in fields:
            kind, missing, number = _summary(table[field["name"]], field["type"])
            said = found[name][field["name"]]
            assert said[:2] == [kind, missing] and said[2] == pytest.approx(number), (name, field["name"])


def test_frictionless_finds_the_unpacked_data_valid(unpacked):
    import frictionless

    checked = frictionless.validate(str(unpacked / "datapackage.json"))
    assert checked.valid, checked.flatten(["title", "rowNumber", "fieldName", "message"])[:5]


# -------------------------------------------------------------------------------------------------------------- pages


@pytest.mark.book
def test_the_site_offers_the_zip_of_the_data_and_no_other(built, report):
    found = built / "downloads" / f"{bundle.name(report)}.zip"
    assert {path.name for path in found.parent.iterdir()} == {found.name, bundle.BILL}
    held = zipfile.ZipFile(found)
    assert not held.testzip()
    first = f"{bundle.name(report)}/datapackage.json"
    assert held.read(first) == report.descriptor.read_bytes()
    made = zipfile.ZipFile(io.BytesIO(bundle.archive(report)))
    assert {name: held.read(name) for name in held.namelist()} == {name: made.read(name) for name in made.namelist()}


@pytest.mark.book
def test_the_catalogue_leads_to_the_zip(built, report):
    path = built / "book" / "catalogue.html"
    page = lxml_html.fromstring(path.read_bytes())
    (link,) = page.xpath("//article//a[contains(@href, '.zip')]")
    target = (path.parent / unquote(link.get("href"))).resolve()
    assert target.is_file()
    text = " ".join(page.xpath("//article")[0].text_content().split())
    assert f"(about {target.stat().st_size / 1e6:.1f} MB)" in text
    assert data.digest(report) in text and citing.words(citing.of_data(report)) in text
    blocks = [block.text_content() for block in page.xpath("//article//pre")]
    assert any(bundle.PYTHON in block for block in blocks) and any(bundle.R in block for block in blocks)


def test_the_catalogue_shows_the_code_of_two_languages_only():
    with pytest.raises(KeyError):
        catalogue.show_code("cobol")
