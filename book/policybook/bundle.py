"""The data of the report as one file to take away: tables, schemas, licence, and a README with code that loads them.

The package is in it as well, without its fonts: a chapter that lies beside the unpacked zip runs. The same data and
code give the same bytes: names are sorted, and the time of an entry is that of the data, never of the clock.
"""

from __future__ import annotations

import datetime
import io
import os
import zipfile

from policybook import citing, data, paths

# Loads a table with the types of its schema; needs pandas and nothing of this package. A test runs it from the zip.
PYTHON = '''\
import json
from pathlib import Path

import pandas as pd


def load_table(name, folder="."):
    """Return a table of the data package in this folder, with the types of its schema."""
    package = json.loads(Path(folder, "datapackage.json").read_text(encoding="utf-8"))
    found = {item["name"]: item for item in package["resources"]}
    if name not in found:
        raise KeyError(f"no table {name}; there are: {', '.join(found)}")
    path = Path(folder, found[name]["path"])
    table = pd.read_csv(path, dtype=str, keep_default_na=False, na_values=[""], encoding="utf-8")
    for field in found[name]["schema"]["fields"]:
        column, kind = table[field["name"]], field["type"]
        levels = field.get("constraints", {}).get("enum")
        if kind in ("integer", "year"):
            column = pd.to_numeric(column).astype("Int64")
        elif kind == "number":
            column = pd.to_numeric(column).astype("float64")
        elif kind == "boolean":
            column = column.map({"true": True, "false": False}).astype("boolean")
        elif kind == "date":
            column = pd.to_datetime(column, format="%Y-%m-%d")
        elif kind == "list":
            column = column.map(lambda cell: tuple(cell.split(";")) if isinstance(cell, str) else ()).astype(object)
        elif levels:
            column = column.astype(pd.CategoricalDtype(levels, ordered=True))
        table[field["name"]] = column
    return table
'''

R = """\
library(jsonlite)

# Returns a table of the data package in this folder, with the types of its schema.
load_table <- function(name, folder = ".") {
  package <- fromJSON(file.path(folder, "datapackage.json"), simplifyVector = FALSE)
  found <- Filter(function(item) item$name == name, package$resources)
  if (length(found) != 1) stop("no table ", name)
  table <- read.csv(file.path(folder, found[[1]]$path), colClasses = "character",
                    na.strings = "", check.names = FALSE, encoding = "UTF-8")
  for (field in found[[1]]$schema$fields) {
    column <- table[[field$name]]
    levels <- unlist(field$constraints$enum)
    table[[field$name]] <- switch(field$type,
      integer = , year = as.integer(column),
      number = as.numeric(column),
      boolean = column == "true",
      date = as.Date(column, format = "%Y-%m-%d"),
      list = I(lapply(strsplit(column, ";", fixed = TRUE), function(items) items[!is.na(items)])),
      if (is.null(levels)) column else factor(column, levels = levels, ordered = TRUE)
    )
  }
  table
}
"""

# What a chapter needs to run, with the bounds of pyproject.toml; nothing of this builds pages.
REQUIREMENTS = (
    "altair>=6.0,<7",
    "ipykernel>=6.29",
    "krippendorff>=0.8",
    "networkx>=3.4",
    "numpy>=2.0",
    "pandas>=3.0,<4",
    "PyYAML>=6.0",
    "scipy>=1.15",
)
# The code that goes into the zip, by its place in the package: what chapters never use is too large, or has terms of
# its own.
CODE = ("*.py", "charts/*.py", "shapes/*.json")
SETTINGS = ("_config.yml", "_toc.yml")

FRICTIONLESS = """\
from frictionless import Package

package = Package("datapackage.json")
rows = package.get_resource("{table}").read_rows()
"""


def name(report: paths.Paths | None = None) -> str:
    """Return the name of the package with its version; the folder in the zip, and the zip, carry it."""
    package = data.descriptor(report)
    return f"{package['name']}-{package['version']}"


def address(report: paths.Paths | None = None) -> str:
    """Return the path of the zip from the root of the site."""
    return f"downloads/{name(report)}.zip"


# The bill of materials of the environment (CycloneDX), where a report has one.
BILL = "sbom.cdx.json"


def archive(report: paths.Paths | None = None) -> bytes:
    """Return the zip: the descriptor, every table that it names, what was changed, the package, the licence, a README.

    The time of the entries is ``SOURCE_DATE_EPOCH`` or else the data date. The same data give the same bytes with the
    same version of zlib.

    Raises ``DataError`` when a table is missing or the data date is not a date.
    """
    report = report or paths.report()
    contents = {
        data.DESCRIPTOR: report.descriptor.read_bytes(),
        "LICENSE.txt": licence(report).encode(),
        "README.md": readme(report).encode(),
        "load_table.R": R.encode(),
        "load_table.py": PYTHON.encode(),
        "requirements.txt": requirements().encode(),
    }
    problems = []
    for item in data.descriptor(report)["resources"]:
        path = report.data / item["path"]
        if path.is_file():
            contents[item["path"]] = path.read_bytes()
        else:
            problems.append(data.Problem(item["name"], f"file not found: data/{item['path']}"))
    if problems:
        raise data.DataError(problems)
    changes = report.data / "CHANGES.md"
    if changes.is_file():
        contents[changes.name] = changes.read_bytes()
    contents |= _code(report)
    return _zipped(name(report), contents, _time(report))


def _code(report: paths.Paths) -> dict[str, bytes]:
    """Return the package as chapters use it, and the settings that it reads."""
    found = {path for pattern in CODE for path in paths.PACKAGE.glob(pattern)}
    code = {path.relative_to(paths.PACKAGE.parent).as_posix(): path.read_bytes() for path in found}
    settings = {name: report.root / name for name in SETTINGS}
    terms = [paths.PACKAGE / "LICENSE", paths.PACKAGE.parent.parent / "LICENSE"]  # in the zip, and in the repository
    settings |= {f"{paths.PACKAGE.name}/LICENSE": path for path in reversed(terms) if path.is_file()}
    return code | {name: path.read_bytes() for name, path in settings.items() if path.is_file()}


def requirements() -> str:
    """Return what a chapter needs to run, as a requirements file."""
    return "# What the chapters need: pip install -r requirements.txt\n" + "".join(f"{line}\n" for line in REQUIREMENTS)


def _zipped(folder: str, contents: dict[str, bytes], time: tuple[int, int, int, int, int, int]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as made:
        for path in sorted(contents):
            entry = zipfile.ZipInfo(f"{folder}/{path}", time)
            entry.create_system, entry.external_attr = 3, 0o100644 << 16  # the same on Windows
            made.writestr(entry, contents[path], zipfile.ZIP_DEFLATED, 9)
    return stream.getvalue()


def _time(report: paths.Paths) -> tuple[int, int, int, int, int, int]:
    epoch, date = os.environ.get("SOURCE_DATE_EPOCH"), data.data_date(report)
    try:
        if epoch:
            at = datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
        else:
            at = datetime.datetime.fromisoformat(date)
    except (ValueError, OverflowError, OSError):
        wrong = ("SOURCE_DATE_EPOCH", epoch) if epoch else (data.DESCRIPTOR, date)
        allowed = "seconds since 1970" if epoch else "data_date: YYYY-MM-DD"
        raise data.DataError([data.Problem(wrong[0], "is not a time", value=wrong[1], allowed=allowed)]) from None
    # A zip knows no time before 1980, and keeps every second one.
    return (max(at.year, 1980), at.month, at.day, at.hour, at.minute, at.second // 2 * 2)


# -------------------------------------------------------------------------------------------------------------- texts


def rerun(report: paths.Paths | None = None) -> str:
    """Return how a chapter that was downloaded alone is run, as Markdown."""
    return (
        f"A chapter that was downloaded from its page (the file `.ipynb`) runs when it lies beside the folder "
        f"`{name(report)}`, or beside the zip itself, which its first cell then unpacks. Python 3.11 or later and the\n"
        f"packages named in `{name(report)}/requirements.txt` are needed, and no network after their installation:\n\n"
        f"```console\npip install jupyterlab -r {name(report)}/requirements.txt\njupyter lab\n```\n"
    )


def licence(report: paths.Paths | None = None) -> str:
    """Return the terms of the data as plain text: those of the package, and those of tables that have others."""
    package = data.descriptor(report)
    own = [f"{item['name']}: {_terms(item)}" for item in package["resources"] if item.get("licenses")]
    text = f"{package['title']}\n\n{_terms(package)}\n"
    if own:
        text += "\nTables with a line of their own:\n\n" + "".join(f"{line}\n" for line in own)
    text += "\nColumns with other terms say so in datapackage.json.\n"
    return text + "\nThe code has terms of its own: policybook/LICENSE.\n"


def _terms(item: dict) -> str:
    said = [
        f"{found.get('title') or found.get('name')} <{found.get('path', '')}>" for found in item.get("licenses", [])
    ]
    return "; ".join(said).replace(" <>", "") or "No licence is stated."


def readme(report: paths.Paths | None = None) -> str:
    """Return the README of the zip as Markdown, all from the descriptor."""
    report = report or paths.report()
    package = data.descriptor(report)
    tables = package["resources"]
    first = example(report)
    fence = "```"
    listed = [
        f"| `{item['name']}` | {_cell(item['title'])} | {item['rowCount']} | `{item['path']}` |" for item in tables
    ]
    return f"""# {package["title"]}

{package["description"]}

- Version: {package["version"]}
- Data date: {data.data_date(report)}
- Digest of the data (SHA-256): {data.digest(report)}
- Licence: {_terms(package)}; see LICENSE.txt

## How to cite

{citing.words(citing.of_data(report))}

{fence}bibtex
{citing.bibtex(citing.of_data(report))}{fence}

## How to read the tables

Tables are CSV (UTF-8, comma, one header line). `datapackage.json` is a Frictionless Data Package and describes every
column: type, unit, codes, keys. Dates are ISO (YYYY-MM-DD); a column `date_precision` beside one says how much of it is
known. A column of the type `list` holds several values separated by `;`.

{_rules(tables)}
{_changes(report)}
## Load a table

With the types of its schema, in Python with pandas (the file `load_table.py`; run it in this folder):

{fence}python
{PYTHON}
table = load_table("{first}")
{fence}

In Python with frictionless:

{fence}python
{FRICTIONLESS.format(table=first)}{fence}

In R with jsonlite (the file `load_table.R`; run it in this folder):

{fence}r
{R}
table <- load_table("{first}")
{fence}

`frictionless validate datapackage.json` holds all tables against their schemas. It does not know the properties
`references`, `itemEnum` and `requiredUnless`, which the report checks by itself.

## Rerun a chapter

{rerun(report)}
## Tables

{len(tables)} tables, {sum(item["rowCount"] for item in tables)} rows.

| Table | Title | Rows | File |
| --- | --- | ---: | --- |
{chr(10).join(listed)}
"""


def example(report: paths.Paths | None = None) -> str:
    """Return the name of the table that the code examples load: ``events``, or the first table of a report without."""
    names = data.names(report)
    return "events" if "events" in names else names[0]


def _rules(tables: list[dict]) -> str:
    """Say what the tables mean by evidence and by an empty cell; no word of a rule that they do not have."""
    fields = [field for item in tables for field in item["schema"]["fields"]]
    text = (
        "An empty cell means not known, not stated by the source, or not applicable; it never means zero or no. Where "
        "an empty\ncell means one of these alone, the description of the column says so.\n"
    )
    levels = {
        level for field in fields if field["name"] == "evidence" for level in field["constraints"].get("enum", [])
    }
    if set(data.SEEN) < levels:
        text += (
            "\nThe column `evidence` says how the source of a row was seen: `read`, its text was read; `excerpt`, it "
            "was seen in part\nor quoted by another; `recalled`, general knowledge, no source was seen. Recalled rows"
            " support no finding: leave them\nout of counts. `source_id` leads to the table `sources`.\n"
        )
    return text


def _changes(report: paths.Paths) -> str:
    return "\n`CHANGES.md` says how the tables came about.\n" if (report.data / "CHANGES.md").is_file() else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
