"""The command line: ``policybook build | pdf | epub | check | code | text | serve``.

Exit codes: 0 done, 1 the book could not be built, 2 bad input (data package, settings, arguments).
"""

from __future__ import annotations

import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.markup import escape
from rich.prompt import Prompt
from rich.table import Table

import policybook
from policybook import data, paths

if TYPE_CHECKING:
    from policybook import codebooks, coding, editing

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
    # Asked to end, a command stops as it does at Ctrl-C: it says so and leaves nothing half-written.
    signal.signal(signal.SIGTERM, signal.default_int_handler)


@main.command()
@click.option("--pdf/--no-pdf", default=True, help="Make PDF and EPUB as well (default).")
def build(pdf: bool) -> None:
    """Make the HTML, the PDF and the EPUB, and say where they are."""
    from policybook import build as making

    report = paths.report()
    try:
        with OUT.status("building"):
            result = making.book(report, with_books=pdf, tell=lambda text: OUT.print(escape(text)))
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
    if result.epub:
        OUT.print(f"EPUB  {result.epub}  ({result.epub.stat().st_size / 1e6:.1f} MB)", soft_wrap=True)


@main.command()
def pdf() -> None:
    """Make the PDF anew from the pages of the last build."""
    _make_again("PDF")


@main.command()
def epub() -> None:
    """Make the EPUB anew from the pages of the last build."""
    _make_again("EPUB")


def _make_again(kind: str) -> None:
    """Make one book out of pages that are there, and say where it is."""
    from policybook import build as making

    report = paths.report()
    if not (report.work / "html").is_dir():
        _fail(FileNotFoundError("there are no pages yet: run policybook build first"), 2)
    make = {"PDF": making.printed, "EPUB": making.bound}[kind]
    try:
        with making.alone(report):
            (report.work / f"{kind.lower()}.key").unlink(missing_ok=True)
            target = make(report)
    except data.DataError as error:
        _problems(error.problems)
        sys.exit(2)
    except (making.BuildError, OSError) as error:
        _fail(error, 1)
    OUT.print(f"{kind:5} {target}", soft_wrap=True)


@main.command()
@click.option("--refresh", is_flag=True, help="Register changed tables (digest, size, rows) and write references.bib.")
@click.option("--prose/--no-prose", default=True, help="Check the words of the chapters as well (default).")
def check(refresh: bool, prose: bool) -> None:
    """Check every table of the data package, and the prose of the chapters; all problems at once."""
    from policybook import codebooks, sources
    from policybook import prose as words

    report = paths.report()
    started = time.perf_counter()
    try:
        if refresh:
            for name in data.refresh(report):
                OUT.print(f"registered {name}")
        problems = data.check(report) + codebooks.check(report)
        if refresh and not problems and sources.refresh_bibliography(report):
            OUT.print("wrote references.bib")
        names = data.names(report)
    except data.DataError as error:
        problems, names = error.problems, []
    found, read = [], ""
    if prose:
        try:
            found = words.check(report)
            read = f", {len(words.chapters(report))} chapters"
        except data.DataError as error:
            problems = [*problems, *error.problems]
    if problems:
        _problems(problems)
    if found:
        _problems(found, "the prose")
    if problems or found:
        sys.exit(2)
    OUT.print(f"{len(names)} tables{read}, no problem ({time.perf_counter() - started:.1f} s)")


def _problems(problems: Sequence[object], where: str = "the data package") -> None:
    for problem in problems:
        ERR.print(escape(str(problem)))
    ERR.print(f"[bold red]{len(problems)} problem{'s' if len(problems) != 1 else ''} in {where}[/]")


@main.command()
@click.argument("table", required=False)
@click.option("--out", "out", metavar="SHEET.csv", type=click.Path(path_type=Path), help="Write an empty sheet here.")
@click.option("--in", "filled", metavar="SHEET.csv", type=click.Path(path_type=Path), help="Read codes from here.")
@click.option(
    "--coder", type=click.Choice(["a", "b"]), help="First or second coder (default: a, or that of the sheet)."
)
@click.option("--only-open", is_flag=True, help="With --out: only units that the coder has not coded.")
@click.option("--disagreements", metavar="FILE.csv", type=click.Path(path_type=Path), help="Write where they part.")
@click.option("--dry-run", is_flag=True, help="With --in: check and show everything, and write nothing.")
def code(
    table: str | None,
    out: Path | None,
    filled: Path | None,
    coder: str | None,
    only_open: bool,
    disagreements: Path | None,
    dry_run: bool,
) -> None:
    """Code a table with two coders: a sheet out, codes in, and how far the coders agree.

    The sheet of the second coder (b) shows nothing of the first one's codes. Without --out and --in the agreement of
    the tables as they are is shown; without TABLE, the tables that are coded.
    """
    from policybook import codebooks, coding, editing

    report = paths.report()
    if out and filled:
        raise click.UsageError("--out writes a sheet, --in reads one: give one of them")
    if (out or filled or disagreements) and not table:
        raise click.UsageError("name the TABLE that is coded")
    if only_open and not out:
        raise click.UsageError("--only-open goes with --out")
    if dry_run and not filled:
        raise click.UsageError("--dry-run goes with --in")
    if out and disagreements:
        raise click.UsageError("--disagreements goes with --in, or stands alone")
    try:
        if not table:
            _codings(report)
            return
        if out:
            made = coding.make(table, out, coder or codebooks.FIRST, only_open, report)
            OUT.print(f"{made.sheet}: {made.units} of {made.of} units, to be filled", soft_wrap=True)
            OUT.print(f"{made.codebook}: the codebook", soft_wrap=True)
            return
        notes = {}
        if disagreements:
            # Before codes are taken in: what stands there must not be found in the way when they are.
            coding.check_parted(disagreements, report)
        if filled:
            with OUT.status("checking"):
                taken = coding.take(table, filled, coder, not dry_run, report)
            tables, notes = taken.tables, taken.notes
            _told(taken, dry_run)
        else:
            tables = editing.Tables(report)
        found = codebooks.coding(table, report)
        _agreement(found, tables)
        if disagreements:
            header, lines = coding.parted(found, tables, notes)
            if dry_run:
                OUT.print(f"{disagreements}: would hold {len(lines)} disagreements", soft_wrap=True)
            else:
                try:
                    coding.write_parted(disagreements, header, lines)
                except OSError as error:
                    kept = "the codes were taken in; " if filled else ""
                    _fail(OSError(f"{disagreements}: {error.strerror}; {kept}the disagreements were not written"), 2)
                OUT.print(f"{disagreements}: {len(lines)} disagreements", soft_wrap=True)
    except data.DataError as error:
        sheet = filled is not None and all(problem.table == filled.name for problem in error.problems)
        _problems(error.problems, str(filled) if sheet else "the data package")
        sys.exit(2)
    except coding.CodingError as error:
        _fail(error, 2)
    except OSError as error:
        _fail(OSError(f"{error.filename or 'data'}: {error.strerror}; nothing was changed"), 2)
    except KeyboardInterrupt:
        # Codes may be in already while the agreement is still being computed.
        again = "the same command again finishes what was begun" if filled and not dry_run else "nothing was changed"
        ERR.print(f"stopped; {again}")
        sys.exit(130)


def _codings(report: paths.Paths) -> None:
    """List the tables that are coded, with how far each coder has come."""
    from policybook import codebooks, coding, editing

    tables = editing.Tables(report)
    shown = Table(box=None, padding=(0, 2))
    shown.add_column("table")
    for column in ("units", "first coder", "second coder"):
        shown.add_column(column, justify="right")
    for name in codebooks.coded(report):
        found = codebooks.coding(name, report)
        if tables[name]:
            now = coding.state(found, tables)
            shown.add_row(name, *(f"{n:,}" for n in (now.units, *now.coded.values())))
        else:
            shown.add_row(name, "0", "0", "0")
    OUT.print(shown if shown.row_count else "no table is coded: none has 'coding' in datapackage.json")


def _told(taken: coding.Taken, dry_run: bool) -> None:
    """Say what a sheet brought."""
    would = "would change" if dry_run else "changed"
    OUT.print(f"{taken.table}: {taken.units} units read, {taken.changed} cells {would}", soft_wrap=True)
    for column in taken.ignored:
        OUT.print(f"column {escape(column)} is not one of the sheet: not read", soft_wrap=True)
    if taken.notes:
        OUT.print(f"{taken.table} has no column for the {len(taken.notes)} notes of the sheet; keep them:")
        for unit, note in taken.notes.items():
            OUT.print(f"  {escape(', '.join(unit))}: {escape(note)}", soft_wrap=True)


def _agreement(found: codebooks.Coding, tables: editing.Tables) -> None:
    """Print how far two coders agree on each coded column."""
    from policybook import codebooks, coding, methods

    now = coding.state(found, tables)
    empty = [codebooks.CODERS[coder] for coder, coded in now.coded.items() if not coded]
    if empty:
        OUT.print(f"no agreement yet: the {' and the '.join(empty)} coder has coded none of {now.units} units")
        return
    title = f"coded of {now.units} units: {now.coded['a']} by the first coder, {now.coded['b']} by the second"
    rows = coding.agreed(found, tables).to_dict("records")
    # Narrow enough for a terminal of 80 characters: uses only where a code is measured alone.
    sides = [side for side in ("first", "second") if any(row[side] == row[side] for row in rows)]
    shown = Table(box=None, padding=(0, 1, 0, 0), title=title, title_justify="left")
    shown.add_column(
        "code", no_wrap=True, min_width=min(30, max(len(row["code"] or row["column"]) + 2 for row in rows))
    )
    for column in ("units", *sides, "alike", "alpha", "95 % interval"):
        shown.add_column(column, justify="right", no_wrap=True)
    shown.add_column("verdict")
    told = ""
    for row in rows:
        name = row["column"]
        if row["code"] == "merged":
            name += ", codes merged"
        elif row["code"]:
            if name != told:
                shown.add_row(f"{escape(name)}, each code")
            told, name = name, f"  {row['code']}"
        uses = ["" if row[side] != row[side] else f"{row[side]:.0f}" for side in sides]
        percent = "" if row["percent"] != row["percent"] else f"{row['percent']:.0f} %"
        if row["alpha"] == row["alpha"]:
            span = f"{row['low']:.2f} to {row['high']:.2f}"
            measured = [f"{row['alpha']:.2f}", span, methods.VERDICTS[methods.verdict(row["alpha"])]]
        else:
            measured = ["", "", "not defined: no code varies" if row["units"] else "no unit coded by both"]
        shown.add_row(escape(name), f"{row['units']}", *uses, percent, *measured)
    OUT.print(shown)


@main.group()
def text() -> None:
    """Count texts by the rule of the tables, and add them to the data as counts."""


@text.command("count")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--lang", type=click.Choice(["en", "zh"]), default="en", show_default=True, help="Language of the text.")
@click.option("--encoding", help="Encoding of the file, where it cannot be told.")
def text_count(file: Path, lang: str, encoding: str | None) -> None:
    """Count a file (txt, md, html, pdf, docx): words, sentences and the term groups of the data package."""
    from policybook import counting, intake

    try:
        content = intake.read(file, encoding=encoding).text
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


@text.command("add")
@click.argument("doc_id")
@click.argument("place", metavar="FILE|URL")
@click.option("--sections", "pattern", metavar="PATTERN", help="Regular expression for the lines that begin a section.")
@click.option("--lang", type=click.Choice(["en", "zh"]), help="Language that the text must be in (default: found).")
@click.option("--encoding", help="Encoding of the file, where it cannot be told.")
@click.option("--replace", is_flag=True, help="Count anew a version that is registered.")
@click.option("--review/--no-review", default=None, help="Go through the recalled asks (default: at a terminal).")
@click.option("--dry-run", is_flag=True, help="Show what would be counted, and change nothing.")
def text_add(
    doc_id: str,
    place: str,
    pattern: str | None,
    lang: str | None,
    encoding: str | None,
    replace: bool,
    review: bool | None,
    dry_run: bool,
) -> None:
    """Count the whole text of a document and register the counts; the text itself is not kept.

    DOC_ID is a document of the table documents; the text is a file (.txt, .md, .html, .pdf, .docx) or a web page.
    """
    from policybook import corpus

    with _text_problems(), OUT.status("reading") as status:
        added = corpus.add(
            doc_id,
            place,
            language=lang,
            pattern=pattern,
            encoding=encoding,
            replace=replace,
            write=not dry_run,
            tell=lambda said: status.update(escape(said)),
        )
    table = Table(
        box=None, padding=(0, 2), title=f"{added.version_id}: {added.size:,} {added.unit}", title_justify="left"
    )
    for column in ("section", "heading"):
        table.add_column(column)
    table.add_column(added.unit, justify="right")
    for part, size in zip(added.sections, added.sizes, strict=True):
        table.add_row(part.name, escape(part.heading), f"{size:,}")
    OUT.print(table)
    if added.headings:
        OUT.print(f"headings of {added.headings} articles are those of the text")
    OUT.print(f"{'would change' if dry_run else 'changed'}: {', '.join(added.changed)}", soft_wrap=True)
    if dry_run:
        return
    if added.waiting and (review if review is not None else sys.stdin.isatty()):
        _review(added.version_id, added.waiting, added.sections)
    elif added.waiting:
        OUT.print(f"{len(added.waiting)} recalled asks can now be compared with the text:", soft_wrap=True)
        OUT.print(f"  policybook text review {added.version_id} {escape(place)}", soft_wrap=True)
    OUT.print("now build the book: policybook build")


@text.command("review")
@click.argument("version_id")
@click.argument("place", metavar="FILE|URL")
@click.option("--sections", "pattern", metavar="PATTERN", help="Regular expression for the lines that begin a section.")
@click.option("--encoding", help="Encoding of the file, where it cannot be told.")
def text_review(version_id: str, place: str, pattern: str | None, encoding: str | None) -> None:
    """Compare recalled asks with the text of a registered version, article by article."""
    from policybook import corpus

    with _text_problems(), OUT.status("reading"):
        parts, waiting = corpus.reopen(version_id, place, pattern=pattern, encoding=encoding)
    if not waiting:
        OUT.print("no ask of these articles is only recalled")
        return
    _review(version_id, waiting, parts)


@contextmanager
def _text_problems(
    where: str = "the data package", files: str = "data", still: str = "nothing was changed"
) -> Iterator[None]:
    """End the program with a clear line when a text cannot be added; ``still`` says what is as it was."""
    from policybook import corpus, intake

    try:
        yield
    except (intake.IntakeError, corpus.CorpusError) as error:
        _fail(error, 2)
    except data.DataError as error:
        _problems(error.problems, where)
        sys.exit(2)
    except OSError as error:
        _fail(OSError(f"{error.filename or files}: {error.strerror}; {still}"), 2)
    except KeyboardInterrupt:
        ERR.print(f"stopped; {still}")
        sys.exit(130)


def _review(version_id: str, waiting: list[dict[str, str]], parts: list) -> None:
    """Show each article and ask for each recalled ask whether the text has it; keep what was confirmed."""
    from policybook import corpus

    texts = corpus.by_article(parts)
    confirmed, absent, article = [], [], ""
    OUT.print("\nDoes the text say this? y: yes, n: no, s: skip, q: end", soft_wrap=True)
    for ask in waiting:
        if ask["article"] != article:
            article = ask["article"]
            OUT.print(f"\n[bold]{article} {escape(texts[article].heading)}[/]\n{escape(texts[article].text)}\n")
        said = f"{ask['commitment_id']} {ask['action_verb']}: {ask['object']}"
        try:
            answer = click.prompt(said, type=click.Choice(["y", "n", "s", "q"]), default="s", show_choices=False)
        except click.Abort:
            answer = "q"
        if answer == "q":
            break
        if answer != "s":
            (confirmed if answer == "y" else absent).append(ask["commitment_id"])
    with _text_problems():
        corpus.confirm(version_id, confirmed)
    OUT.print(f"{len(confirmed)} ask{'s are' if len(confirmed) != 1 else ' is'} no longer recalled")
    if absent:
        OUT.print(
            f"not in the text: {', '.join(absent)}. Correct or take out these rows in commitments and "
            "commitments_coder_b, and note it in corrections.",
            soft_wrap=True,
        )


@main.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--id", "doc_id", help="Key of the document in the tables: a-z, 0-9 and _, such as us_aiap_2025.")
@click.option("--title", help="Title of the document.")
@click.option("--issuer", help="Who issued it.")
@click.option("--date", help="Its day, as YYYY-MM-DD.")
@click.option("--lang", help="Language of the text: en or zh.")
@click.option("--text", "place", help="File with the text: .txt, .md, .html, .pdf or .docx.")
@click.option("--text-zh", "place_zh", help="File with the text in zh, where there are two.")
@click.option("--name", help="How sentences call the document, such as: the strategy.")
@click.option("--short", help="Short title, for charts and the head of the pages.")
@click.option("--part", help="What a part of the text is called.  [default: section]")
@click.option("--iso3", help="Country of the document, as ISO 3166 alpha-3, such as USA; EUU for the European Union.")
@click.option("--place", "country", help="Name of that country or body.  [default: of iso3, else the issuer]")
@click.option("--adjective", help="Its adjective, for titles of charts.  [default: the place]")
@click.option("--url", default="", help="Address of the document.")
@click.option("--sections", "pattern", metavar="PATTERN", help="Regular expression for the lines that begin a part.")
@click.option("--encoding", help="Encoding of the file, where it cannot be told.")
@click.option(
    "--compare",
    multiple=True,
    metavar="DOC_ID",
    help="A document of this report to set beside it (repeat; default: all counted).",
)
@click.option("--without", multiple=True, metavar="CHAPTER", help="A chapter to leave out (repeat).")
@click.option("--author", help="Who signs the report.")
@click.option("--licence", type=click.Choice(["mit", "apache-2.0", "none"]), help="Licence of text, figures and data.")
@click.option("--dry-run", is_flag=True, help="Show what would be written, and write nothing.")
def new(folder: Path, dry_run: bool, **said: object) -> None:
    """Make a new report on another document in DIR: a repository that builds and whose tests pass.

    What is not given is asked for at a terminal.
    """
    from policybook import fork

    source = paths.report()
    with _new_problems(), OUT.status("reading the text") as status:
        status.stop()
        wish = _wish(said, source)
        status.start()

        def tell(text: str) -> None:
            status.update(escape(text))

        made = (fork.plan if dry_run else fork.make)(wish, folder, source, tell)
    listed = [name for name in made if not name.startswith(("book/policybook/", "book/_static/"))]
    for name in listed:
        OUT.print(f"  {escape(name)}", soft_wrap=True)
    OUT.print(f"  and {len(made) - len(listed)} files of the package and its style")
    if dry_run:
        OUT.print(
            f"nothing was written; without --dry-run {len(made)} files would be in {escape(str(folder))}",
            soft_wrap=True,
        )
    else:
        OUT.print(
            f"{len(made)} files in {escape(str(folder))}. Now: cd {escape(str(folder))} && make book", soft_wrap=True
        )


def _wish(said: dict[str, object], source: paths.Paths) -> object:
    """Return the wish of the options, asking at a terminal for what they leave open."""
    from policybook import fork

    asking = sys.stdin.isatty()

    def ask(option: str, question: str, default: str | None = None) -> str:
        value = said[option]
        if value is None and asking:
            value = Prompt.ask(question, default=default, console=OUT)
        return str(value if value is not None else default or "")

    place = ask("place", "File with the text")
    doc_id = ask("doc_id", "Key of the document, such as us_aiap_2025")
    title = ask("title", "Title of the document")
    short = ask("short", "Short title, for charts", title)
    country = data.load("countries", source).set_index("iso3")["name_en"].get(said["iso3"], "")
    chapters = [name for name in fork.files.chapter_names(source) if name not in said["without"]]
    missing = [name for name in said["without"] if name not in fork.files.chapter_names(source)]
    if missing:
        raise fork.ForkError(f"--without {', '.join(missing)}: there are {', '.join(fork.files.chapter_names(source))}")
    return fork.Wish(
        id=doc_id,
        title=title,
        issuer=ask("issuer", "Who issued it"),
        date=ask("date", "Its day (YYYY-MM-DD)"),
        lang=ask("lang", "Language of the text (en or zh)", "en"),
        text=Path(place),
        text_zh=Path(str(said["place_zh"])) if said["place_zh"] else None,
        chapters=tuple(chapters),
        name=ask("name", "How sentences call it", "the document"),
        short=short,
        iso3=str(said["iso3"] or ""),
        place=str(said["country"] or country),
        adjective=str(said["adjective"] or ""),
        section=ask("part", "What a part of it is called", "section"),
        compare=tuple(said["compare"]),
        url=str(said["url"] or ""),
        author=ask("author", "Who signs the report", "The authors of the report"),
        licence=ask("licence", "Licence of text, figures and data (mit, apache-2.0, none)", "mit"),
        pattern=said["pattern"],
        encoding=said["encoding"],
    )


@contextmanager
def _new_problems() -> Iterator[None]:
    """End the program with clear lines when a new report cannot be made."""
    from policybook import fork

    with _text_problems("the data of the new report", "files", "nothing was left behind"):
        try:
            yield
        except fork.ForkError as error:
            _fail(error, 2)


@main.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--data", "with_data", is_flag=True, help="Put data and package beside the chapters, as for JupyterLite.")
def chapters(folder: Path, with_data: bool) -> None:
    """Put the chapters of the last build into FOLDER, to run and to change.

    Their text is plain Markdown with the values written out. A chapter there that was changed stays as it is.
    """
    from policybook import standalone

    try:
        left = standalone.place(paths.report(), folder, with_data)
    except (OSError, ValueError, KeyError) as error:
        _fail(error, 2)
    for name in left:
        OUT.print(f"{folder / name} was changed and stays; delete it to get the new one", soft_wrap=True)
    OUT.print(f"the chapters are in {folder}", soft_wrap=True)


@main.command()
@click.option("--port", default=8000, show_default=True, help="Port on this machine.")
def serve(port: int) -> None:
    """Serve the built book on this machine."""
    from policybook import citing
    from policybook import serve as serving

    report = paths.report()
    if not (report.html / "index.html").is_file():
        _fail(FileNotFoundError("there is no book yet: run policybook build first"), 2)
    try:
        site = citing.of_report(report).address
        with serving.server(report.html, port, site) as server:
            OUT.print(f"http://127.0.0.1:{server.server_port}/  (stop with Ctrl-C)")
            server.serve_forever()
    except data.DataError as error:
        _problems(error.problems)
        sys.exit(2)
    except OSError as error:
        _fail(OSError(f"port {port}: {error.strerror}"), 2)
    except KeyboardInterrupt:
        OUT.print("stopped")


if __name__ == "__main__":
    main()
