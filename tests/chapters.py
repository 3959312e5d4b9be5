"""Running the chapters of a report, and reading what they gave: for the tests that compare runs."""

from __future__ import annotations

import csv
import json
import os
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient

RECALLED = "recalled"
# The columns that say how a row, or one side of it, was seen.
EVIDENCE = ("evidence", "us_evidence", "china_evidence")
V6 = "application/vnd.vegalite.v6+json"
# The tag of a cell that shows recalled rows as such.
TAG = "shows-recalled"
TABLE = "application/vnd.policybook.table+json"


def run(root: Path) -> dict[str, nbformat.NotebookNode]:
    """Return the chapters of a report, each run on its own.

    As in JupyterLab: the folder of the chapter is the working folder, and nothing else is set.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("POLICYBOOK")}
    paths = sorted((root / "book").glob("*.ipynb"))

    def one(path: Path) -> nbformat.NotebookNode:
        notebook = nbformat.read(path, as_version=4)
        resources = {"metadata": {"path": str(path.parent)}}
        NotebookClient(notebook, timeout=300, kernel_name="python3", resources=resources).execute(env=environment)
        return notebook

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip([path.stem for path in paths], pool.map(one, paths), strict=True))


def said(notebook: nbformat.NotebookNode) -> dict[tuple[str, str], str]:
    """Return what a run says as findings, by cell and name: glued values, titles of charts, captions, Markdown."""
    found: dict[tuple[str, str], str] = {}
    for cell in notebook.cells:
        for number, output in enumerate(cell.get("outputs", ())):
            data, about = output.get("data", {}), output.get("metadata", {})
            if "scrapbook" in about:
                name = about["scrapbook"]["name"]
                found[cell["id"], name] = next(iter(data.values()))
            elif V6 in data:
                own = data[V6]["usermeta"]["policybook"]
                title = data[V6].get("title", {})
                found[cell["id"], f"title of {own['name']}"] = json.dumps(title.get("text"), ensure_ascii=False)
                found[cell["id"], f"words of {own['name']}"] = f"{own['caption']} {own['alt']}"
            elif TABLE in data:
                found[cell["id"], f"caption of {data[TABLE]['name']}"] = data[TABLE]["caption"]
            elif "text/markdown" in data:
                found[cell["id"], f"text {number}"] = data["text/markdown"]
    return found


def differences(normal: dict[str, nbformat.NotebookNode], other: dict[str, nbformat.NotebookNode]) -> list[str]:
    """Return what two runs say differently, by chapter, cell and name, but for what is declared to be on recalled rows.

    Declared are values and titles whose name holds ``recalled``, captions and alternative texts that say the word, and
    all that comes from a cell with the tag ``shows-recalled``.
    """
    found = []
    for chapter, notebook in normal.items():
        one, two = said(notebook), said(other[chapter])
        told = {cell["id"] for cell in notebook.cells if TAG in cell.metadata.get("tags", ())}
        for key in sorted(one.keys() | two.keys()):
            cell, name = key
            first, second = one.get(key, "(nothing)"), two.get(key, "(nothing)")
            of_words = name.startswith(("words of", "caption of")) and RECALLED in first
            if first != second and cell not in told and RECALLED not in name and not of_words:
                found.append(f"{chapter}, cell {cell}, {name}: {_apart(first, second)}")
    return found


def _apart(first: str, second: str) -> str:
    """Return where two texts part."""
    at = next((i for i, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), 0)
    return " | ".join(repr(text[max(at - 40, 0) : at + 60]) for text in (first, second))


def copy(root: Path, target: Path) -> None:
    """Copy what a chapter needs to run."""
    shutil.copytree(root / "data", target / "data")
    ignore = shutil.ignore_patterns("__pycache__", "_build", ".ipynb_checkpoints", "fonts")
    shutil.copytree(root / "book", target / "book", ignore=ignore)
    for name in ("_toc.yml", "_config.yml"):
        shutil.copy(root / name, target / name)


def without_recalled(root: Path, target: Path) -> dict[str, int]:
    """Copy a report, its rows with the evidence ``recalled`` left out; return how many rows each table lost.

    A comparison of two sides goes when either side is recalled. A list loses the items that name rows which go. A
    recalled row that a seen row names by its key stays, or the seen row could not stand; what has no evidence of its
    own (a second coding) goes with the row that it is about. The articles of the Plan stay: that there are so many is
    no recollection, though some of their headings are.
    """
    copy(root, target)
    package = json.loads((target / "data" / "datapackage.json").read_text(encoding="utf-8"))
    rows, columns = {}, {}
    for table in package["resources"]:
        with (target / "data" / table["path"]).open(encoding="utf-8", newline="") as file:
            reader = csv.DictReader(file)
            rows[table["name"]], columns[table["name"]] = list(reader), reader.fieldnames
    before = {name: len(found) for name, found in rows.items()}
    gone = recalled(rows, columns, _links(package))
    for table in package["resources"]:
        name = table["name"]
        for item in table["schema"]["fields"]:
            if "references" in item:
                _strike(
                    rows[name], item["name"], rows[item["references"]["resource"]], item["references"]["field"], gone
                )
    for table in package["resources"]:
        name = table["name"]
        rows[name] = [row for row in rows[name] if id(row) not in gone]
        with (target / "data" / table["path"]).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns[name], lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows[name])
    return {name: count - len(rows[name]) for name, count in before.items() if count > len(rows[name])}


def _strike(rows: list[dict], column: str, others: list[dict], key: str, gone: set[int]) -> None:
    """Strike the items of a list that name rows which go; the row with the list stays."""
    struck = {row[key] for row in others if id(row) in gone}
    for row in rows:
        row[column] = ";".join(item for item in row[column].split(";") if item not in struck)


def _links(package: dict) -> list[tuple[str, list[str], str, list[str]]]:
    """Return the foreign keys of a data package: table, columns, table that they lead to, its columns."""
    found = []
    for table in package["resources"]:
        name, schema = table["name"], table["schema"]
        for key in schema.get("foreignKeys", ()):
            own, to = key["fields"], key["reference"]
            theirs = to["fields"]
            own, theirs = ([given] if isinstance(given, str) else given for given in (own, theirs))
            found.append((name, own, to["resource"] or name, theirs))
    return found


def recalled(rows: dict, columns: dict, links: list) -> set[int]:
    """Return the rows (by ``id``) that go: recalled and not needed by one that stays, or about one that goes."""
    own = {name: [c for c in found if c in EVIDENCE] for name, found in columns.items()}
    known = {
        id(row)
        for name, found in rows.items()
        if name != "articles"
        for row in found
        if RECALLED in (row[c] for c in own[name])
    }
    names: dict[tuple, list] = {}
    for _name, _mine, to, theirs in links:
        for row in rows[to]:
            names.setdefault((to, *theirs, *(row[c] for c in theirs)), []).append(row)

    def named(row: dict, link: tuple) -> list[dict]:
        _, mine, to, theirs = link
        return list({id(one): one for one in names.get((to, *theirs, *(row[c] for c in mine)), ())}.values())

    gone, changed = known, True
    while changed:
        changed = False
        for link in links:
            for row in rows[link[0]]:
                for one in named(row, link):
                    if id(one) not in gone or id(row) in gone:
                        continue
                    if own[link[0]]:
                        gone.discard(id(one))
                    else:
                        gone.add(id(row))
                    changed = True
    return gone
