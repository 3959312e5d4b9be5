"""Chapters to take away: copies of the notebooks that read well, and run, in any Jupyter.

The prose of a chapter is written for Sphinx: values by ``glue``, citations and references by roles. JupyterLab, VS Code
and others show these raw. A copy has them written out as plain Markdown, a line under each figure with its number,
caption and sources, and a cell that finds data and package beside the notebook. Its code is that of the chapter.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import nbformat
from myst_nb.core.variables import format_plain_text

from policybook import bundle, data, paths, sources

# What a chapter shows: the kinds of output that carry number and caption.
SHOWN = ("application/vnd.vegalite.v6+json", "application/vnd.policybook.table+json")
ROLE = re.compile(r"\{([a-z]+(?::[a-z]+)?)\}`([^`]+)`")
TARGETED = re.compile(r"(.+?)\s*<([^<>]+)>", re.DOTALL)
FENCE = re.compile(r"(:{3,}|`{3,})(?:\s*\{([a-z]+)\}\s*(.*)|[a-z]*)")
SPAN = re.compile(r"\[([^\][]*)\]\{\.([a-zA-Z-]+)\}")
BLOCK_CLASS = re.compile(r"^\{\.[\w-]+\}\n", re.MULTILINE)
LINK = re.compile(r"(?<!!)\[([^\][]+)\]\(([^()\s]+)\)")


@dataclass(frozen=True)
class Place:
    """Where a label of the book leads: page, title of the section, and the number of a figure or table."""

    page: str
    title: str = ""
    number: str = ""


@dataclass(frozen=True)
class Words:
    """What the roles of a chapter stand for.

    ``values`` are the glued values as text, ``places`` the labels of the whole book, ``holds`` says whether the
    condition of a block ``only`` is met.
    """

    page: str
    values: Mapping[str, str]
    places: Mapping[str, Place]
    holds: Callable[[str], bool] = field(default=lambda condition: True)


def copy(notebook: nbformat.NotebookNode, words: Words, report: paths.Paths | None = None) -> nbformat.NotebookNode:
    """Return the copy of an executed chapter: plain Markdown, no outputs, and the cell that finds data and package."""
    made = nbformat.v4.new_notebook(metadata=notebook.metadata)
    for cell in notebook.cells:
        if cell.cell_type != "code":
            text = plain(cell.source, words)
            made.cells.append(nbformat.v4.new_markdown_cell(text, id=cell.id, metadata=_kept(cell)))
            continue
        if not any(known.cell_type == "code" for known in made.cells):
            made.cells.append(nbformat.v4.new_markdown_cell(about(report), id="copy"))
            hidden = {"jupyter": {"source_hidden": True}}
            made.cells.append(nbformat.v4.new_code_cell(finder(report), id="find", metadata=hidden))
        made.cells.append(nbformat.v4.new_code_cell(cell.source, id=cell.id, metadata=_kept(cell)))
        under = "\n\n".join(filter(None, (_legend(output, words) for output in cell.outputs)))
        if under:
            made.cells.append(nbformat.v4.new_markdown_cell(under, id=f"{cell.id}-legend"[:64]))
    return made


def written(notebook: nbformat.NotebookNode) -> bytes:
    """Return a notebook as the bytes of its file."""
    return (json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n").encode()


def place(report: paths.Paths, folder: Path, with_data: bool = False) -> list[str]:
    """Put the copies of the last build into a folder, to be opened there; return the names of those left as they were.

    A copy that a reader has changed (its text or code; outputs do not count) stays. ``with_data`` puts data and package
    beside the chapters, as the zip has them, and a word on the site of ``make lite`` into the folder above.

    Raises ``FileNotFoundError`` when there is no build.
    """
    published = sorted((report.html / "_sources").rglob("*.ipynb"))
    if not published:
        raise FileNotFoundError("there is no book yet: run policybook build first")
    record = folder / ".copies.json"
    last = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    left, contents = [], {}
    for path in published:
        target, content = folder / path.name, path.read_bytes()
        if target.is_file() and _sources_digest(target.read_bytes()) != last.get(path.name):
            left.append(path.name)
        elif last.get(path.name) != _sources_digest(content) or not target.is_file():
            contents[target] = content
            last[path.name] = _sources_digest(content)
    if with_data:
        with zipfile.ZipFile(report.html / bundle.address(report)) as archive:
            contents |= {folder / name: archive.read(name) for name in archive.namelist()}
        contents[folder.parent / "README.md"] = LITE.encode()
    paths.keep_all(contents | {record: json.dumps(last, indent=1, sort_keys=True).encode()})
    return left


LITE = """# The chapters in your browser

Open a chapter in the folder `book` and choose *Run*, *Run All Cells*. Nothing is installed, and nothing that you write
leaves your browser.

Python itself (Pyodide) and packages such as pandas are loaded when a chapter first runs: from cdn.jsdelivr.net, and
from pypi.org and files.pythonhosted.org where that has no copy, unless this site was built with a Pyodide of its own
(`make lite PYODIDE=...`). The pages of the report ask no other host for anything; this is a site of its own.
"""


def _sources_digest(content: bytes) -> str:
    """Return a digest of what a reader can change in a notebook, or of the file when it is none."""
    try:
        cells = json.loads(content)["cells"]
        text = json.dumps([[cell["cell_type"], "".join(cell["source"])] for cell in cells])
    except (ValueError, KeyError, TypeError):
        return hashlib.sha256(content).hexdigest()
    return hashlib.sha256(text.encode()).hexdigest()


def _kept(cell: nbformat.NotebookNode) -> dict:
    tags = cell.metadata.get("tags")
    return {"tags": tags} if tags else {}


def about(report: paths.Paths | None = None) -> str:
    """Return what the copy says of itself, as Markdown."""
    return (
        f"**A copy to run and to change.** Numbers in the text are those of the data of {data.data_date(report)}; the "
        "values under the cells (`name = value`) are computed anew at each run. *Run*, *Run All Cells* draws every "
        "figure."
    )


def finder(report: paths.Paths | None = None) -> str:
    """Return the code that finds data and package, or says what is missing, in Jupyter and in a browser."""
    names = {re.split("[<>=]", line)[0]: line for line in bundle.REQUIREMENTS if not line.startswith("ipykernel")}
    modules = {name: {"PyYAML": "yaml"}.get(name, name) for name in names}
    return f'''\
# Finds data and package: installed, beside this notebook, in the unpacked zip, or in the zip, which it unpacks.
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

FOLDER = "{bundle.name(report)}"
MODULES = {json.dumps(modules)}


class Missing(Exception):
    def _render_traceback_(self):
        return [str(self)]


if sys.platform == "emscripten":  # JupyterLite, in the browser
    import piplite

    await piplite.install({json.dumps(list(names))})
if absent := [name for name, module in MODULES.items() if not find_spec(module)]:
    raise Missing(
        f"Not installed: {{', '.join(absent)}}. Run: pip install -r {{FOLDER}}/requirements.txt, "
        "then restart the kernel."
    )
if not find_spec("policybook"):
    if not Path(FOLDER).is_dir() and Path(FOLDER + ".zip").is_file():
        zipfile.ZipFile(FOLDER + ".zip").extractall()
    places = [path.resolve() for path in (Path(FOLDER), Path(FOLDER, FOLDER)) if (path / "policybook").is_dir()]
    sys.path[:0] = map(str, places)
if not find_spec("policybook"):
    raise Missing(
        f"This chapter needs data and package: download {{FOLDER}}.zip from the page on the data, "
        "put it beside this notebook, and run this cell again."
    )
from policybook import paths

if not paths.report().descriptor.is_file():
    raise Missing(f"The data are not there: {{paths.report().descriptor}}. Unpack {{FOLDER}}.zip beside this notebook.")
'''


def _legend(output: Mapping, words: Words) -> str:
    """Return the line under a figure or a table: its number; of a figure the caption; note and sources."""
    for kind in SHOWN:
        if kind in output.get("data", {}):
            content = output["data"][kind]
            shown = content["usermeta"]["policybook"] if "usermeta" in content else content
            number = words.places.get(shown["name"], Place("")).number or shown["name"]
            caption = shown["caption"] if "usermeta" in content else ""
            parts = [f"**{number}**", caption, shown.get("use", ""), shown.get("note", ""), shown.get("sources", "")]
            return plain(" ".join(part for part in parts if part), words)
    return ""


# --------------------------------------------------------------------------------------------------------------- prose


def plain(text: str, words: Words) -> str:
    """Return MyST Markdown as Markdown that any Jupyter shows."""
    made: list[str] = []
    lines = text.split("\n")
    while lines:
        line = lines.pop(0)
        fence = FENCE.fullmatch(line.strip())
        if fence:
            body = []
            while lines and lines[0].strip() != fence[1]:
                body.append(lines.pop(0))
            del lines[:1]
            made += _block(line, fence, body, words)
        elif not re.fullmatch(r"\([\w-]+\)=", line.strip()):
            made.append(line)
    return "\n".join(_inline_parts(made, words)).strip("\n")


def _block(line: str, fence: re.Match, body: list[str], words: Words) -> list[str]:
    name, title = fence[2], fence[3]
    if fence[1].startswith("`") and not name:
        return [line, *body, fence[1]]
    while body and re.match(r":[a-z-]+:", body[0].strip()):
        del body[0]
    if name == "only":
        return plain("\n".join(body), words).split("\n") if words.holds(title) else []
    quoted = plain("\n".join([f"**{title}**", "", *body] if title else body), words)
    return [f"> {row}".rstrip() for row in quoted.split("\n")]


def _inline_parts(lines: list[str], words: Words) -> list[str]:
    """Write out the roles of running text; code blocks stay."""
    parts = re.split(r"(^```.*?^```$)", "\n".join(lines), flags=re.DOTALL | re.MULTILINE)
    return ["".join(part if part.startswith("```") else _inline(part, words) for part in parts)]


def _inline(text: str, words: Words) -> str:
    text = ROLE.sub(lambda found: _role(found[1], found[2], words), text)
    text = SPAN.sub(_span, BLOCK_CLASS.sub("", text))
    return LINK.sub(lambda found: _kept_link(found, words), text)


def _span(found: re.Match) -> str:
    text, name = found[1], found[2]
    if name.startswith("language-"):
        return f'<span lang="{name.removeprefix("language-")}">{text}</span>'
    # A key figure stands in the sentence under it as well; the line under a title is no aside.
    return {"pb-key": "", "pb-deck": f"*{text}*"}.get(name, f"({text})")


def _role(name: str, content: str, words: Words) -> str:
    if name == "glue:text":
        return value(content, words.values)
    if name.startswith("cite"):
        cited = [_cited(key.strip()) for key in content.split(",")]
        return f"({'; '.join(cited)})" if name == "cite:p" else "; ".join(cited)
    titled = TARGETED.fullmatch(content)
    text, label = titled.groups() if titled else ("", content)
    place = words.places.get(label)
    if place is None:
        return text or label
    if name == "numref":
        return place.number or text or label
    return _link(text or place.title or label, place, words)


def glued(notebook: nbformat.NotebookNode) -> dict[str, str]:
    """Return the values that an executed chapter glued, as plain text by name."""
    found = {}
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            about = output.get("metadata", {}).get("scrapbook")
            if about:
                found[about["name"]] = output["data"].get(f"{about['mime_prefix']}text/plain", "")
    return found


def value(name: str, values: Mapping[str, str]) -> str:
    """Return a glued value as the book shows it: ``name`` with a format after a colon, where one is given."""
    key, _, form = name.partition(":")
    text = values.get(key, key)
    return format_plain_text(text, form or "s")


def _cited(source_id: str) -> str:
    try:
        said, address = sources.citation(source_id), sources.registry().loc[source_id, "url"]
    except KeyError:
        return source_id
    said = said.replace("[", "(").replace("]", ")")
    return f"[{said}]({sources.safe_url(address)})" if sources.safe_url(address) else said


def _link(text: str, place: Place, words: Words) -> str:
    """Return a link to a section as JupyterLab names it: the words of its title, joined by hyphens."""
    page = "" if place.page == words.page else f"{Path(place.page).name}.ipynb"
    section = f"#{quote(place.title.replace(' ', '-'))}" if place.title else ""
    return f"[{text}]({page}{section})" if page or section else text


def _kept_link(found: re.Match, words: Words) -> str:
    """Return a link as it is when it leads somewhere from the copy, else its text."""
    text, target = found[1], found[2]
    if target.startswith("#") and target[1:] in words.places:
        return _link(text, words.places[target[1:]], words)
    return found[0] if re.match(r"https?:|#|[\w-]+\.ipynb", target) else text
