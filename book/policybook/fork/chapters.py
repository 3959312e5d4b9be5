"""The chapters of a new report, out of the notebooks of this one.

A cell travels when it carries the tag ``reusable``. What it should say elsewhere stands in its own metadata, under
``policybook.fork``; a cell without it travels as it is:

- ``text``: the words of a Markdown cell elsewhere;
- ``prompt``, ``ready`` and ``numbers``: what its author should write under it, the tables whose rows are counted for
  that, and the glued values to write it with (of code that runs without rows too; ``name:.0f`` has a format);
- ``needs``: tables without which the code has nothing to show; a note stands there until they have rows, but for code
  that shows nothing; ``when``: what must hold besides, in Python, where not any row will do;
- ``allow``: what the check of the prose lets pass in the words elsewhere;
- ``statements``: which statements of a code cell travel (by number, from 0); ``before``: code put first;
- ``replace``: pairs of words of the code and what stands in their place;
- ``caption``, ``alt``, ``note``, ``finding``, ``measure``: words of a figure or table elsewhere. ``finding`` may
  compute: it is Python when it begins with ``f"``;
- ``articles``: the cell is the first of those that show the articles one by one; one pair is made for each.

In all of these ``$name`` and the like are filled in from the settings of the new report.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from string import Template
from textwrap import indent
from typing import Any

import nbformat

TAG = "reusable"
_WORDS = ("caption", "alt", "note", "use", "finding", "measure")


class ForkError(ValueError):
    """A new report cannot be made as asked; the message says why and what would be right."""


def chapter(path: Path, names: Mapping[str, str], articles: Iterable[tuple[int, str]]) -> nbformat.NotebookNode:
    """Return the notebook that a chapter becomes in a new report.

    ``names`` fills the placeholders; ``articles`` are numbers and titles of the parts of the new document. Raises
    ``ForkError`` for a cell whose metadata do not fit its code.
    """
    source = nbformat.read(path, as_version=4)
    made: list[nbformat.NotebookNode] = []
    counted: list[str] = []
    for cell in source.cells:
        if TAG not in cell.metadata.get("tags", ()):
            continue
        rules = cell.metadata.get("policybook", {}).get("fork", {})
        place = f"{path.name}, cell {cell.id}"
        if rules.get("articles"):
            made += _articles(cell, articles, names)
            continue
        if cell.cell_type == "markdown":
            text = _fill(rules.get("text", cell.source), names, place)
            counted += rules.get("ready", ())
            if rules.get("prompt"):
                words = _fill(rules["prompt"], names, place)
                text += f"\n\n{_prompt(words, rules.get('ready', ()), rules.get('numbers', ()))}"
            made.append(_like(cell, text))
        else:
            made.append(_like(cell, _code(cell.source, rules, names, place), bool(rules.get("needs"))))
    if counted:
        made.insert(_after_setup(made), _numbers(path.stem, list(dict.fromkeys(counted))))
    notebook = nbformat.v4.new_notebook(cells=made, metadata=source.metadata)
    notebook.nbformat_minor = 5
    nbformat.validate(notebook)
    return notebook


def _like(cell: nbformat.NotebookNode, text: str, waits: bool = False) -> nbformat.NotebookNode:
    """Return a cell with another text, and with its tags."""
    new = nbformat.v4.new_code_cell if cell.cell_type == "code" else nbformat.v4.new_markdown_cell
    metadata: dict[str, Any] = {"tags": list(cell.metadata.get("tags", ()))}
    if "mystnb" in cell.metadata or waits:
        # What is displayed as Markdown is read as MyST.
        metadata["mystnb"] = dict(cell.metadata.get("mystnb", {})) | {"markdown_format": "myst"}
    kept = {key: value for key, value in cell.metadata.get("policybook", {}).items() if key != "fork"}
    rules = cell.metadata.get("policybook", {}).get("fork", {})
    # What may stand in the words of this report is no matter of other words.
    if kept.pop("allow", None) and not any(key in rules for key in (*_WORDS, "text")):
        kept["allow"] = cell.metadata["policybook"]["allow"]
    if "allow" in rules:
        kept["allow"] = rules["allow"]
    if kept:
        metadata["policybook"] = kept
    return new(text, id=cell.id, metadata=metadata)


def _fill(text: str, names: Mapping[str, str], place: str) -> str:
    try:
        return Template(text).substitute(names)
    except (KeyError, ValueError) as error:
        raise ForkError(f"{place}: {error} in its words for a new report; there are: {', '.join(names)}") from None


def _prompt(text: str, ready: Iterable[str], numbers: Iterable[str] = ()) -> str:
    counts = [f"{{glue:text}}`rows_{name}` rows of `{name}` with a source seen" for name in ready]
    counts += [f"`{name.split(':')[0]}` = {{glue:text}}`{name}`" for name in numbers]
    said = f" Ready for it: {', '.join(counts)}." if counts else ""
    return f":::{{admonition}} To write\n:class: pb-prompt\n{text}{said}\n:::"


def _after_setup(cells: list[nbformat.NotebookNode]) -> int:
    """Return the place after the first code cell, which imports what the chapter needs."""
    return next((at + 1 for at, cell in enumerate(cells) if cell.cell_type == "code"), len(cells))


def _numbers(chapter_name: str, tables: list[str]) -> nbformat.NotebookNode:
    listed = ", ".join(f'"{name}"' for name in tables)
    code = (
        "from policybook import ready\nfrom policybook.values import glue\n\n"
        f"for name, number in ready.numbers({listed}).items():\n    glue(name, number, display=False)"
    )
    if len(f"for name, number in ready.numbers({listed}).items():") > 120:
        lines = "".join(f'    "{name}",\n' for name in tables)
        code = code.replace(f"({listed})", f"(\n{lines})")
    name = f"{chapter_name}-numbers"
    return nbformat.v4.new_code_cell(code, id=_id(name), metadata={"tags": ["hide-input", TAG]})


def _id(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:8]


def _articles(
    cell: nbformat.NotebookNode, articles: Iterable[tuple[int, str]], names: Mapping[str, str]
) -> list[nbformat.NotebookNode]:
    made = []
    for number, title in articles:
        # A title that says what it is ("Pillar I: ...") needs no number of ours.
        says = title.lower().startswith(names["section"].lower())
        heading = title if not number or says else f"{names['Section']} {number}: {title}"
        allowed = [
            {"kind": "number", "text": figure, "reason": "A number of the text."} for figure in _figures(heading)
        ]
        tags = {"tags": [TAG]} | ({"policybook": {"allow": allowed}} if allowed else {})
        made.append(
            nbformat.v4.new_markdown_cell(
                f"(article-{number})=\n### {heading}", id=_id(f"article-{number}"), metadata=tags
            )
        )
        made.append(
            nbformat.v4.new_code_cell(
                f"articles.show_article({number})",
                id=_id(f"show-{number}"),
                metadata={"mystnb": {"markdown_format": "myst"}, "tags": ["hide-input", "shows-recalled", TAG]},
            )
        )
    return made


def _figures(text: str) -> list[str]:
    return list(dict.fromkeys(re.findall(r"\d[\d.,]*\d|\d", text)))


# ---------------------------------------------------------------------------------------------------------------- code


def _code(source: str, rules: Mapping[str, Any], names: Mapping[str, str], place: str) -> str:
    """Return the code of a cell as it travels: chosen statements, other words, and the wait for rows."""
    for old, new in rules.get("replace", ()):
        if old not in source:
            raise ForkError(f"{place}: does not hold {old!r}")
        source = source.replace(old, _fill(new, names, place))
    tree = ast.parse(source)
    if "statements" in rules:
        kept = [tree.body[number] for number in rules["statements"] if number < len(tree.body)]
        if len(kept) != len(rules["statements"]):
            raise ForkError(f"{place}: has {len(tree.body)} statements, not {max(rules['statements']) + 1}")
        source = "\n".join(ast.get_source_segment(source, node) for node in kept)
        tree = ast.parse(source)
    if "before" in rules:
        source = f"{rules['before']}\n{source}"
        tree = ast.parse(source)
    words = {key: _fill(rules[key], names, place) for key in _WORDS if key in rules}
    source = _with_words(source, tree, words, place)
    needs = rules.get("needs", ())
    if needs:
        listed = ", ".join(f'"{name}"' for name in needs)
        tree = ast.parse(source)
        holds = f"ready.is_ready({listed})" + (f" and {rules['when']}" if "when" in rules else "")
        source = f"from policybook import ready\n\nif {holds}:\n{indent(source, '    ')}"
        shows = [call for call in ast.walk(tree) if isinstance(call, ast.Call) and _shows(call)]
        if shows:
            source += f"\nelse:\n    ready.waiting({listed}{_what(shows)})"
    return source


def _shows(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Attribute) and call.func.attr.startswith("show")


def _what(shows: Iterable[ast.Call]) -> str:
    """Return the last argument of a wait: the caption of what is waited for, where that is plain text."""
    for keyword in (keyword for call in shows for keyword in call.keywords if keyword.arg == "caption"):
        if isinstance(keyword.value, ast.Constant):
            return f", what={_quoted(keyword.value.value)}"
    return ""


def _with_words(source: str, tree: ast.Module, words: Mapping[str, str], place: str) -> str:
    """Put other words in: keyword arguments of ``show``, and finding and measure of ``charts.titled``."""
    left = dict(words)
    spots: list[tuple[ast.expr, str]] = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        if node.func.attr == "show":
            spots += [(k.value, left.pop(k.arg)) for k in node.keywords if k.arg in left]
        elif node.func.attr == "titled":
            for number, key in ((1, "finding"), (2, "measure")):
                if key in left and len(node.args) > number:
                    spots.append((node.args[number], left.pop(key)))
    if left:
        raise ForkError(f"{place}: no argument takes its words for {', '.join(left)}")
    for node, text in sorted(spots, key=lambda spot: (spot[0].lineno, spot[0].col_offset), reverse=True):
        source = _replaced(source, node, text if text.startswith(('f"', "f'")) else _quoted(text))
    return source


def _quoted(text: str) -> str:
    """Return a string literal, on several lines where one would be too long."""
    if len(text) < 90:
        return f'"{text}"' if '"' not in text else repr(text)
    lines, line = [], ""
    for word in text.split(" "):
        if len(line) + len(word) > 90:
            lines.append(line + " ")
            line = ""
        line += (" " if line else "") + word
    lines.append(line)
    return (
        "(\n"
        + "".join(f"        {repr(part) if chr(34) in part else chr(34) + part + chr(34)}\n" for part in lines)
        + "    )"
    )


def _replaced(source: str, node: ast.expr, text: str) -> str:
    """Replace the source of an expression. Columns of ``ast`` count bytes of UTF-8."""
    lines = source.encode().split(b"\n")
    first, last = node.lineno - 1, node.end_lineno - 1
    joined = lines[first][: node.col_offset] + text.encode() + lines[last][node.end_col_offset :]
    return b"\n".join([*lines[:first], joined, *lines[last + 1 :]]).decode()
