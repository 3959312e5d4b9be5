"""One build of the book: check the data, make the HTML, then PDF and EPUB out of it, publish all.

Sphinx works in ``_build/work``; what a reader sees, ``_build/html``, ``_build/pdf`` and ``_build/epub``, is replaced
only when everything is ready. A build that fails or is stopped leaves the last good one as it was.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from filelock import FileLock, Timeout

from policybook import data, paths, sources, versions
from policybook.bundle import BILL


class BuildError(Exception):
    """The book was not built; the message says why and where."""


@dataclass
class Result:
    """What a build made: the pages, the PDF, the EPUB, and the seconds of each stage in order."""

    html: Path
    pdf: Path | None = None
    epub: Path | None = None
    pages: int = 0
    seconds: dict[str, float] = field(default_factory=dict)


def book(
    report: paths.Paths,
    *,
    with_books: bool = True,
    tell: Callable[[str], None] = lambda text: None,
) -> Result:
    """Build and publish the book of a report.

    ``tell`` gets a line for each stage and each chapter that is run. Without ``with_books`` there are pages only: no
    PDF, no EPUB.

    Raises ``DataError`` when the data package is not sound and ``BuildError`` when pages, PDF or EPUB cannot be made;
    the published book is then as it was.
    """
    with alone(report):
        return _book(report, with_books, tell)


def _book(report: paths.Paths, with_books: bool, tell: Callable[[str], None]) -> Result:
    result = Result(report.html)
    seal, key = report.work / "inputs.key", inputs(report)
    if seal.is_file() and seal.read_text() == f"{key} {with_books}" and (report.html / "index.html").is_file():
        tell("nothing has changed since the last build")
        result.pages = sum(1 for _ in report.html.rglob("*.html"))
        if with_books:
            result.pdf = next(iter(report.pdf.glob("*.pdf")), None)
            result.epub = next(iter(report.epub.glob("*.epub")), None)
        return result
    with _stage(result, "data", tell):
        if _check_data(report):
            key = inputs(report)  # the bibliography is one of them
    made = report.work / "html"
    with _stage(result, "html", tell):
        _sphinx(report, made, tell)
        result.pages = sum(1 for _ in made.rglob("*.html"))
    from policybook import site, status

    if with_books:
        with _stage(result, "pdf", tell):
            result.pdf = printed(report)
        with _stage(result, "epub", tell):
            result.epub = bound(report)
    else:
        site.forget_old_books(report, made)
    with _stage(result, "publish", tell):
        status.seal(made)
        _publish(made, report.html)
        result.pdf = _put(result.pdf, report.pdf)
        result.epub = _put(result.epub, report.epub)
        seal.write_text(f"{key} {with_books}")
    return result


def _check_data(report: paths.Paths) -> bool:
    """Check the data package, unless the same files have passed the same check before; write its bibliography.

    Returns whether the bibliography has changed.
    """
    passed, key = report.work / "data.key", f"{data.digest(report)} {data.fingerprint(data.DESCRIPTOR, report)}"
    key += f" {versions.digest()} {len(list(report.data.rglob('*.csv')))}"
    if not (passed.is_file() and passed.read_text() == key):
        problems = data.check(report)
        if problems:
            raise data.DataError(problems)
        passed.parent.mkdir(parents=True, exist_ok=True)
        passed.write_text(key)
    return sources.refresh_bibliography(report)


def inputs(report: paths.Paths) -> str:
    """Return a digest (hex) of all that the book is made of: its files, the package, and what is installed."""
    files = {path for folder in (report.book, report.data) for path in folder.rglob("*") if path.is_file()}
    files = {path for path in files if not {"__pycache__", ".ipynb_checkpoints", paths.PACKAGE.name} & set(path.parts)}
    total = hashlib.sha256(versions.digest().encode())
    beside = [report.root / name for name in ("_config.yml", "_toc.yml", BILL) if (report.root / name).is_file()]
    for path in [*beside, *sorted(files)]:
        total.update(f"{path} {data.file_digest(path)}\n".encode())
    return total.hexdigest()


def printed(report: paths.Paths) -> Path:
    """Make the PDF of the pages of the last build and return its path; raises ``BuildError``."""
    from policybook import pdf, site

    _check_toc(report)
    try:
        return site.print_book(report, report.work / "html")
    except pdf.PdfError as error:
        raise BuildError(f"PDF: {error}") from None


def bound(report: paths.Paths) -> Path:
    """Make the EPUB of the pages of the last build and return its path; raises ``BuildError``."""
    from policybook import epub, site

    _check_toc(report)
    try:
        return site.bind_book(report, report.work / "html")
    except epub.EpubError as error:
        raise BuildError(f"EPUB: {error}") from None


@contextlib.contextmanager
def _stage(result: Result, name: str, tell: Callable[[str], None]):
    started = time.perf_counter()
    tell(f"[{name}]")
    try:
        yield
    except OSError as error:
        place = f" ({error.filename})" if error.filename else ""
        raise BuildError(f"{name}: {error.strerror or error}{place}; the last good build was kept") from None
    result.seconds[name] = time.perf_counter() - started


@contextlib.contextmanager
def alone(report: paths.Paths) -> Iterator[None]:
    """Work alone in the folder of the build: of two at once, each would take what the other makes for its own.

    Raises ``BuildError`` when another process is at work there. The lock goes with its process, however that ends.
    """
    _writable(report.build)
    holder = report.build / "build.pid"
    try:
        with FileLock(report.build / "build.lock", timeout=0):
            holder.write_text(str(os.getpid()))
            yield
    except Timeout:
        named = f" (process {holder.read_text()})" if holder.is_file() else ""
        raise BuildError(
            f"another build is at work in {report.build}{named}: wait until it is done, or stop it"
        ) from None


def _writable(folder: Path) -> None:
    """Fail early, with a clear message, where nothing can be written."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / ".probe"
        probe.write_bytes(b"x")
        probe.unlink()
    except OSError as error:
        raise BuildError(f"cannot write to {folder}: {error.strerror}") from None


# --------------------------------------------------------------------------------------------------------------- HTML


class _Watch(io.TextIOBase):
    """Takes what Sphinx prints: passes on the lines about chapters, keeps the rest for a failure."""

    def __init__(self, tell: Callable[[str], None]) -> None:
        self.tell, self.kept, self.rest = tell, [], ""

    def write(self, text: str) -> int:
        self.rest += re.sub(r"\x1b\[[0-9;]*m", "", text)
        *lines, self.rest = self.rest.split("\n")
        for line in lines:
            self.kept.append(line)
            if re.fullmatch(r"\S+ run in [\d.]+ s \(\d+ of \d+\)", line.strip()):
                self.tell("  " + line.strip())
        return len(text)


def _sphinx(report: paths.Paths, out: Path, tell: Callable[[str], None]) -> None:
    """Run Sphinx with Jupyter Book's configuration; warnings are errors."""
    os.environ.setdefault("SOURCE_DATE_EPOCH", str(source_date_epoch(report)))
    _check_toc(report)
    # Importing Sphinx and Jupyter Book takes a second: not before it is needed.
    from jupyter_book.sphinx import build_sphinx

    status, warnings = _Watch(tell), _Watch(tell)
    # Jupyter Book hands Sphinx the streams of the process.
    with contextlib.redirect_stdout(status), contextlib.redirect_stderr(warnings):
        outcome = build_sphinx(
            report.root,
            out,
            path_config=report.root / "_config.yml",
            noconfig=True,
            confoverrides={
                "external_toc_path": "_toc.yml",
                "nitpicky": True,
                "latex_individualpages": False,
                "policybook_pdf": False,  # a stage of its own, after this one
            },
            doctreedir=report.work / "doctrees",
            warningiserror=True,
            keep_going=True,
        )
    if isinstance(outcome, KeyboardInterrupt):
        raise outcome
    if outcome:
        raise BuildError(_reasons(outcome, warnings.kept, report))


def _check_toc(report: paths.Paths) -> None:
    from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml
    from yaml import YAMLError

    toc = report.root / "_toc.yml"
    try:
        site = parse_toc_yaml(toc)
    except FileNotFoundError:
        raise BuildError(f"{toc}: file not found") from None
    except (MalformedError, YAMLError) as error:
        raise BuildError(f"{toc}: {error}") from None
    text = toc.read_text(encoding="utf-8").splitlines()
    missing = []
    for name in site:
        if not any((report.root / f"{name}{ending}").is_file() for ending in (".ipynb", ".md")):
            line = next((n for n, content in enumerate(text, start=1) if name in content), 1)
            missing.append(f"{toc}, line {line}: chapter not found: {name} (.ipynb or .md)")
    if missing:
        raise BuildError("\n".join(missing))


def _reasons(outcome: object, lines: list[str], report: paths.Paths) -> str:
    """Return what Sphinx said was wrong: each warning with file and line, or the message of a failed extension."""
    if isinstance(outcome, Exception):
        return str(outcome).removeprefix("the book was not built.\n")
    said = [line.strip() for line in lines if re.search(r"\b(WARNING|ERROR|CRITICAL)\b", line)]
    root = f"{report.root}{os.sep}"
    return "\n".join(dict.fromkeys(line.removeprefix(root) for line in said)) or "\n".join(lines[-20:])


def source_date_epoch(report: paths.Paths) -> int:
    """Return the data date as seconds since 1970 (UTC): no wall clock enters a page."""
    from datetime import UTC, datetime

    try:
        return int(datetime.fromisoformat(data.data_date(report)).replace(tzinfo=UTC).timestamp())
    except ValueError:
        raise BuildError("datapackage.json: data_date is missing or not an ISO date") from None


# ------------------------------------------------------------------------------------------------------------ publish


def _publish(made: Path, target: Path) -> None:
    """Put a copy of ``made`` in the place of ``target`` in one step."""
    draft, old = target.with_name(target.name + ".new"), target.with_name(target.name + ".old")
    for leftover in (draft, old):
        shutil.rmtree(leftover, ignore_errors=True)
    try:
        shutil.copytree(made, draft)
    except (OSError, shutil.Error):
        shutil.rmtree(draft, ignore_errors=True)
        raise
    if target.exists():
        target.rename(old)
    draft.rename(target)
    shutil.rmtree(old, ignore_errors=True)


def _put(made: Path | None, folder: Path) -> Path | None:
    """Put a copy of a book into its folder, unless it is there; return its path."""
    if made is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / made.name
    if not (target.is_file() and target.read_bytes() == made.read_bytes()):
        _replace(made, target)
    return target


def _replace(origin: Path, target: Path) -> None:
    draft = target.with_suffix(".tmp")
    shutil.copyfile(origin, draft)
    draft.replace(target)


if sys.platform == "win32":  # pragma: no cover
    # A console that is not UTF-8 must not stop a build for a Chinese character.
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError):
            stream.reconfigure(errors="replace")
