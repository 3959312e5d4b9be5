"""A new report on another document, made from this one.

One source: the package, the tests of pages and the notebooks of this report. Nothing is written to the target before
the whole is made and its data pass their check.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from policybook import corpus, data, paths, sources
from policybook.fork import chapters, files, tables
from policybook.fork.chapters import ForkError

__all__ = ["ForkError", "Wish", "make", "plan"]

_ID = re.compile(r"[a-z][a-z0-9_]{2,39}")


@dataclass(frozen=True)
class Wish:
    """What a new report shall be.

    ``id`` is the key of its document in the tables, ``name`` how its pages call it in a sentence ("the US plan"),
    ``short`` its short title in charts, ``section`` what a part of it is called ("article"), ``chapters`` the stems of
    the chapters that it has. ``iso3``, ``place`` and ``adjective`` (USA, United States, US) say of which country or
    body it is; without them, that is the issuer.
    """

    id: str
    title: str
    issuer: str
    date: str
    lang: str
    text: Path
    chapters: tuple[str, ...]
    name: str = "the document"
    short: str = ""
    section: str = "section"
    place: str = ""
    adjective: str = ""
    iso3: str = ""
    text_zh: Path | None = None
    compare: tuple[str, ...] = ()
    url: str = ""
    author: str = "The authors of the report"
    licence: str = "mit"
    pattern: str | None = None
    encoding: str | None = None
    today: str = field(default_factory=corpus.today)

    @property
    def event(self) -> str:
        """The key of the document's own row among the events."""
        return f"ev_{self.id}"

    def names(self) -> dict[str, str]:
        """Return what fills the placeholders of words that travel."""
        return {
            "id": self.id,
            "title": self.title,
            "issuer": self.issuer,
            "date": self.date,
            "name": self.name,
            "Name": self.name[:1].upper() + self.name[1:],
            "short": self.short,
            "section": self.section,
            "sections": f"{self.section}s",
            "Section": self.section[:1].upper() + self.section[1:],
            "author": self.author,
            "today": self.today,
        }

    def settings(self) -> dict[str, Any]:
        """Return the settings of the new report (see :mod:`policybook.settings`)."""
        return {
            "document": self.id,
            "date": self.date,
            "event": self.event,
            "name": self.name,
            "short": self.short,
            "issuer": self.issuer,
            "place": self.place or self.issuer,
            "adjective": self.adjective or self.place or self.issuer,
            **({"iso3": self.iso3} if self.iso3 else {}),
            "section": self.section,
            "sections": f"{self.section}s",
            "colours": {},
        }


def problems(wish: Wish, target: Path, source: paths.Paths) -> list[str]:
    """Return everything that is wrong with a wish, each with what would be right."""
    found = []
    if not _ID.fullmatch(wish.id):
        found.append(f"--id {wish.id!r}: write 3 to 40 of a-z, 0-9 and _, beginning with a letter")
    for name in ("title", "issuer", "name", "short", "author", "section"):
        value = getattr(wish, name)
        if not value.strip():
            found.append(f"--{name}: is empty")
    for name in ("title", "issuer", "name", "short", "author", "section", "place", "adjective"):
        value = getattr(wish, name)
        if re.search(r"[\x00-\x1f<>`{}\\$]", value):
            found.append(f"--{name} {value!r}: write it without < > ` {{ }} \\ $ and line ends")
    if wish.iso3 and wish.iso3 not in set(data.load("countries", source)["iso3"]):
        found.append(f"--iso3 {wish.iso3!r}: is not in the table countries; write a code such as USA")
    try:
        date.fromisoformat(wish.date)
    except ValueError:
        found.append(f"--date {wish.date!r}: write a day as YYYY-MM-DD")
    if wish.lang not in corpus.LANGUAGES:
        found.append(f"--lang {wish.lang!r}: there are rules for {tables._languages()}")
    if wish.url and not sources.safe_url(wish.url):
        found.append(f"--url {wish.url!r}: write an http or https address")
    known = files.chapter_names(source)
    if unknown := sorted(set(wish.chapters) - set(known)):
        found.append(f"chapters {', '.join(unknown)}: there are {', '.join(known)}")
    for text in filter(None, (wish.text, wish.text_zh)):
        if not Path(text).is_file():
            found.append(f"{text}: no such file")
    found += _wrong_with_place(target)
    return found


def _wrong_with_place(target: Path) -> list[str]:
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        return [f"{target}: is there already; name a folder that is not there, or an empty one"]
    above = next(folder for folder in target.absolute().parents if folder.exists())
    if not above.is_dir():
        return [f"{above}: is no folder"]
    if not os.access(above, os.W_OK):
        return [f"{above}: is not writable"]
    for folder in (above, *above.parents):
        if (folder / ".git").exists():
            return [f"{target}: lies in the repository {folder}; name a folder outside of it"]
    return []


def make(wish: Wish, target: Path, source: paths.Paths, tell: Callable[[str], None] = lambda text: None) -> list[str]:
    """Make a new report in the folder ``target``, as a git repository with one commit; return the names of its files.

    Raises ``ForkError`` (or ``IntakeError``, ``CorpusError``, ``DataError``) for what is wrong; nothing is left in the
    target then, nor when the work is interrupted.
    """
    target = target.absolute()
    if wrong := problems(wish, target, source):
        raise ForkError("\n".join(wrong))
    above = next(folder for folder in target.parents if folder.exists())
    with tempfile.TemporaryDirectory(prefix=".policybook-", dir=above) as folder:
        draft = Path(folder) / "report"
        _fill(wish, draft, source, tell)
        made = sorted(path.relative_to(draft).as_posix() for path in draft.rglob("*") if path.is_file())
        tell("first commit")
        _commit(draft, wish)
        if target.exists():
            target.rmdir()
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(draft, target)
    return made


def plan(wish: Wish, target: Path, source: paths.Paths, tell: Callable[[str], None] = lambda text: None) -> list[str]:
    """Return the names of the files that :func:`make` would write, and write none; raises the same errors."""
    if wrong := problems(wish, target.absolute(), source):
        raise ForkError("\n".join(wrong))
    with tempfile.TemporaryDirectory(prefix="policybook-") as folder:
        draft = Path(folder) / "report"
        _fill(wish, draft, source, tell)
        return sorted(path.relative_to(draft).as_posix() for path in draft.rglob("*") if path.is_file())


def _fill(wish: Wish, draft: Path, source: paths.Paths, tell: Callable[[str], None]) -> None:
    report = paths.Paths(draft)
    tell("reading the text")
    found = tables.parts(wish, tell)
    tell("files")
    files.write(wish, source, report)
    tell("data")
    tables.make(wish, found, source, report, tell)
    tell("chapters")
    of_text = [(number, title) for _, number, title, _ in tables.articles(found, wish)]
    for name in wish.chapters:
        path = source.book / f"{name}.ipynb"
        if path.is_file():
            notebook = chapters.chapter(path, wish.names(), of_text)
            files.write_notebook(notebook, report.book / f"{name}.ipynb")
    sources.refresh_bibliography(report)


def _commit(folder: Path, wish: Wish) -> None:
    """Make the folder a repository with one commit; without git it stays a folder."""
    if shutil.which("git") is None:
        return
    named = ["-c", "user.name=policybook", "-c", "user.email=policybook@localhost"]
    has_name = subprocess.run(["git", "config", "user.email"], cwd=folder, capture_output=True, check=False).stdout
    for command in (
        ["init", "--quiet", "--initial-branch=main"],
        ["add", "--all"],
        [*([] if has_name else named), "commit", "--quiet", "-m", f"New report on {wish.title}"],
    ):
        done = subprocess.run(["git", *command], cwd=folder, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ForkError(f"git {command[0]} failed: {done.stderr.strip()}")
