"""The other files of a new report: what is copied as it is, and what is written for it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING, Any

import nbformat
from yaml import safe_dump, safe_load

from policybook import paths, site

if TYPE_CHECKING:
    from policybook.fork import Wish

_WORDS = paths.TEMPLATES / "fork"
# Copied as they are: the package with its style, what makes and checks the book, and the versions of all libraries.
COPIED = (
    "book/policybook",
    "book/_static",
    "book/references.md",
    ".binder",
    ".ci",
    ".github/workflows/book.yml",
    ".gitignore",
    "Makefile",
    "requirements.lock",
    "requirements-lab.lock",
    "requirements-lite.lock",
    "requirements-test.lock",
    "sbom.cdx.json",
)
# Tests and checks that hold for any report. The others are of this one, or of the package, which is tested where it
# is made.
TESTS = (
    "bench/__init__.py",
    "bench/reproduce.py",
    "sbom.py",
    "served.py",
    "structure.py",
    "support.py",
    "count_pages.py",
    "conftest.py",
    "test_any_report.py",
    "test_accessible.py",
    "test_links.py",
    "test_valid.py",
)
# Pages that Sphinx needs whatever else there is.
ALWAYS = ("index", "references")
_SKIPPED = shutil.ignore_patterns("__pycache__", "*.pyc", ".ipynb_checkpoints")


def chapter_names(source: paths.Paths) -> list[str]:
    """Return the stems of the chapters of a report that can travel, in the order of its table of contents."""
    return [
        Path(name).name
        for name in site.reading_order(source)
        if (source.book / f"{Path(name).name}.ipynb").is_file() or name == "book/references"
    ]


def write(wish: Wish, source: paths.Paths, report: paths.Paths) -> None:
    """Write all files of a new report but its data and its chapters."""
    root = report.root
    for name in COPIED:
        start, end = source.root / name, root / name
        end.parent.mkdir(parents=True, exist_ok=True)
        if start.is_dir():
            shutil.copytree(start, end, ignore=_SKIPPED)
        elif start.is_file():
            shutil.copy2(start, end)
    for name in TESTS:
        end = root / "tests" / name
        end.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source.root / "tests" / name, end)
    (root / "_toc.yml").write_text(_contents(source, wish), encoding="utf-8")
    (root / "_config.yml").write_text(_config(source, wish), encoding="utf-8")
    (root / "pyproject.toml").write_text(_project(source, wish), encoding="utf-8")
    names = wish.names() | {"licence_words": _LICENCE[wish.licence], "year": wish.today[:4], "source": _origin(source)}
    for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CITATION.cff"):
        # Within quotation marks of YAML.
        said = names if name.endswith(".md") else {k: json.dumps(v, ensure_ascii=False)[1:-1] for k, v in names.items()}
        words = Template((_WORDS / name).read_text(encoding="utf-8")).substitute(said)
        (root / name).write_text(words, encoding="utf-8")
    licence = Template((_WORDS / f"LICENSE-{wish.licence}").read_text(encoding="utf-8")).substitute(names)
    (root / "LICENSE").write_text(licence, encoding="utf-8")


_LICENCE = {"mit": "MIT", "apache-2.0": "Apache-2.0", "none": "all rights reserved"}


def write_notebook(notebook: nbformat.NotebookNode, path: Path) -> None:
    """Write a notebook; ruff, where it is at hand, takes out idle imports and formats the code."""
    nbformat.write(notebook, path)
    ruff = shutil.which("ruff", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if ruff:
        rules = ["--isolated", "--line-length", "120", "--quiet", str(path)]
        for command in (["check", "--fix", "--select", "F401,I"], ["format"]):
            subprocess.run([ruff, *command, *rules], check=False, capture_output=True)


def _contents(source: paths.Paths, wish: Wish) -> str:
    """Return the table of contents without the chapters that are off, and without parts that are empty then."""
    toc = safe_load((source.root / "_toc.yml").read_text(encoding="utf-8"))
    on = {*wish.chapters, *ALWAYS}
    parts = []
    for part in toc.get("parts", ()):
        kept = [item for item in part["chapters"] if Path(item["file"]).name in on]
        if kept:
            parts.append(part | {"chapters": kept})
    return safe_dump(toc | {"parts": parts}, sort_keys=False, allow_unicode=True)


def _config(source: paths.Paths, wish: Wish) -> str:
    """Return the settings of the book with other title, author and logo, and no address."""
    text = (source.root / "_config.yml").read_text(encoding="utf-8")
    for pattern, value in (
        (r"(?m)^(title: ).*$", _yaml(f"{wish.title}: an executable report")),
        (r"(?m)^(author: ).*$", _yaml(wish.author)),
        (r"(?m)^(copyright: ).*$", _yaml(wish.today[:4])),
        (r"(?m)^(  url: ).*$", '""'),
        (r"(?m)^()  baseurl: .*\n", ""),
        (r"(?m)^(\s+logo:\n\s+text: ).*$", _yaml(wish.short)),
    ):
        text = re.sub(pattern, lambda found, value=value: found[1] + value, text, count=1)
    return text


def _yaml(text: str) -> str:
    return safe_dump(text, allow_unicode=True, width=10_000, default_style='"').strip().removesuffix("\n...")


def _project(source: paths.Paths, wish: Wish) -> str:
    text = (source.root / "pyproject.toml").read_text(encoding="utf-8")
    about = f"An executable research report on {wish.title}, and the package its chapters import".replace('"', "'")
    # The package stays under the terms of its makers.
    return re.sub(r"(?m)^description = .*$", lambda _: f'description = "{about}"', text, count=1)


def _origin(source: paths.Paths) -> str:
    """Return the sentence that names the report which a new one was made from, with the address of its repository."""
    config: dict[str, Any] = safe_load((source.root / "_config.yml").read_text(encoding="utf-8"))
    address = (config.get("repository") or {}).get("url")
    return f"Made from another report of this kind{f', {address}' if address else ''}."
