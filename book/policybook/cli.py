"""The command line: ``policybook build | pdf | check | text | serve``.

Exit codes: 0 done, 1 the book could not be built, 2 bad input (data package, settings, arguments).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import policybook
from policybook import data, paths

# Bound to the streams as they are now: while Sphinx runs, sys.stdout and sys.stderr are caught.
OUT = Console(file=sys.stdout, highlight=False)
ERR = Console(file=sys.stderr, highlight=False, soft_wrap=True)


def _fail(error: Exception, code: int) -> None:
    ERR.print(f"[bold red]not done:[/] {escape(str(error))}")
    sys.exit(code)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(policybook.__version__)
def main() -> None:
    """Build, check and serve the report."""


@main.command()
@click.option("--pdf/--no-pdf", default=True, help="Make the PDF as well (default).")
def build(pdf: bool) -> None:
    """Make the HTML and the PDF, and say where they are."""
    from policybook import build as making

    report = paths.report()
    try:
        with OUT.status("building"):
            result = making.book(report, with_pdf=pdf, tell=lambda text: OUT.print(escape(text)))
    except data.DataError as error:
        _problems(error.problems)
        sys.exit(2)
    except making.BuildError as error:
        _fail(error, 1)
    except KeyboardInterrupt:
        ERR.print("stopped; the last good build was kept")
        sys.exit(130)
    table = Table(box=None, padding=(0, 2))
    table.add_column("stage")
    table.add_column("seconds", justify="right")
    for stage, seconds in result.seconds.items():
        table.add_row(stage, f"{seconds:.1f}")
    if result.seconds:
        OUT.print(table)
    OUT.print(f"HTML  {result.html / 'index.html'}  ({result.pages} pages)", soft_wrap=True)
    if result.pdf:
        OUT.print(f"PDF   {result.pdf}  ({result.pdf.stat().st_size / 1e6:.1f} MB)", soft_wrap=True)


@main.command()
def pdf() -> None:
    """Make the PDF anew from the pages of the last build."""
    from policybook import build as making

    report = paths.report()
    if not (report.work / "html").is_dir():
        _fail(FileNotFoundError("there are no pages yet: run policybook build first"), 2)
    try:
        (report.work / "pdf.key").unlink(missing_ok=True)
        target = making.printed(report)
    except making.BuildError as error:
        _fail(error, 1)
    OUT.print(f"PDF   {target}", soft_wrap=True)


@main.command()
@click.option("--refresh", is_flag=True, help="Register changed tables (digest, size, rows) and write references.bib.")
def check(refresh: bool) -> None:
    """Check every table of the data package; all problems at once."""
    from policybook import sources

    report = paths.report()
    started = time.perf_counter()
    try:
        if refresh:
            for name in data.refresh(report):
                OUT.print(f"registered {name}")
        problems = data.check(report)
        if refresh and not problems and sources.refresh_bibliography(report):
            OUT.print("wrote references.bib")
        names = data.names(report)
    except data.DataError as error:
        problems, names = error.problems, []
    if problems:
        _problems(problems)
        sys.exit(2)
    OUT.print(f"{len(names)} tables, no problem ({time.perf_counter() - started:.1f} s)")


def _problems(problems: list[data.Problem]) -> None:
    for problem in problems:
        ERR.print(escape(str(problem)))
    ERR.print(f"[bold red]{len(problems)} problem{'s' if len(problems) != 1 else ''} in the data package[/]")


@main.group()
def text() -> None:
    """Count texts by the rule of the tables."""


@text.command("count")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the text.")
def text_count(file: Path, lang: str) -> None:
    """Count a plain text file: words, sentences and the term groups of the data package."""
    from policybook import counting

    try:
        content = file.read_text(encoding="utf-8")
        if not content.strip():
            raise ValueError(f"{file} is empty")
        if lang == "zh":
            base = counting.chinese_characters(content)
            found = counting.count_chinese_terms(content, list(data.load("zh_terms")["term"]))
            summary, per = f"{base:,} Chinese characters", "per 1,000 characters"
        else:
            counts = counting.count(content)
            base = counts.words
            found = counting.count_terms(content, data.load("term_patterns").set_index("term_id")["regex"].to_dict())
            summary = f"{base:,} words, {counts.sentences:,} sentences, {counts.distinct_tokens:,} distinct tokens"
            per = "per 1,000 words"
        if not base:
            raise ValueError(f"{file} holds nothing to count in this language")
    except OSError as error:
        _fail(OSError(f"{file}: {error.strerror}"), 2)
    except UnicodeDecodeError as error:
        _fail(ValueError(f"{file} is not UTF-8 at byte {error.start}"), 2)
    except (ValueError, data.DataError) as error:
        _fail(error, 2)
    table = Table(box=None, padding=(0, 2), title=summary, title_justify="left")
    table.add_column("term")
    table.add_column("count", justify="right")
    table.add_column(per, justify="right")
    for term, times in sorted(found.items(), key=lambda item: (-item[1], item[0])):
        if times:
            table.add_row(term, f"{times:,}", f"{1000 * times / base:.1f}")
    OUT.print(table)


@main.command()
@click.option("--port", default=8000, show_default=True, help="Port on this machine.")
def serve(port: int) -> None:
    """Serve the built book on this machine."""
    import functools
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    folder: Path = paths.report().html
    if not (folder / "index.html").is_file():
        _fail(FileNotFoundError("there is no book yet: run policybook build first"), 2)
    handler = functools.partial(SimpleHTTPRequestHandler, directory=str(folder))
    try:
        with ThreadingHTTPServer(("127.0.0.1", port), handler) as server:
            OUT.print(f"http://127.0.0.1:{port}/  (stop with Ctrl-C)")
            server.serve_forever()
    except OSError as error:
        _fail(OSError(f"port {port}: {error.strerror}"), 2)
    except KeyboardInterrupt:
        OUT.print("stopped")


if __name__ == "__main__":
    main()
