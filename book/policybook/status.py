"""What a build was made of, and what it made: the status page, the digests of every file, the run times.

``status.html`` names the versions of report, data and packages and the digest of the data. ``SHA256SUMS`` (the format
of GNU coreutils: ``sha256sum -c SHA256SUMS``) lists every file of the site. Both are the same for the same input on
every machine with the same versions. What a build took is not: the seconds stand in ``run-times.js`` alone, which the
status page shows and ``SHA256SUMS`` leaves out.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

import policybook
from policybook import bundle, data, execute, paths, versions

PAGE, SUMS, TIMES = "status", "SHA256SUMS", "run-times.js"
_ID = "pb-run-times"


def body(report: paths.Paths) -> str:
    """Return the HTML of the status page."""
    package = data.descriptor(report)
    tables = [item for item in package["resources"] if item["name"] in set(data.names(report))]
    rows = sum(int(item.get("rowCount", 0)) for item in tables)
    facts = {
        "Report": policybook.__version__,
        "Data": f"{package['name']} {package['version']}, {len(tables)} tables, {rows:,} rows",
        "Data date": data.data_date(report),
        "Digest of the data": data.digest(report),
        "Digest of code and versions": versions.digest(),
    }
    return (
        "<h1>Status of this build</h1>\n"
        "<p>The same files, built with the same versions, give the same bytes on every machine: pages, figures, PDF, "
        f'EPUB, data and feeds. <a href="{SUMS}">{SUMS}</a> lists the SHA-256 of each; in a copy of the site, '
        f"<code>sha256sum -c {SUMS}</code> compares them.</p>\n"
        f"{_table('What it was made of', ('What', 'Which'), facts)}"
        f"{_table('Versions', ('Package', 'Version'), versions.named())}"
        f"{_bill(report)}"
        f'<h2 id="run-times">Run times</h2>\n<p>What each chapter took when it ran last. Times differ from run to run; '
        f"they stand in <code>{TIMES}</code>, which has no digest.</p>\n"
        f'<div id="{_ID}"><p>They are shown where scripts run.</p></div>\n<script defer src="{TIMES}"></script>\n'
    )


def _bill(report: paths.Paths) -> str:
    if not (report.root / bundle.BILL).is_file():
        return ""
    address = Path(bundle.address(report)).with_name(bundle.BILL).as_posix()
    said = f'<a href="{html.escape(address, quote=True)}" download>{bundle.BILL}</a> (CycloneDX)'
    return f"<p>All packages of the environment, with their licences: {said}.</p>\n"


def _table(caption: str, head: tuple[str, str], rows: dict[str, str]) -> str:
    cells = "".join(
        f'<tr><th scope="row">{html.escape(name)}</th><td><code>{html.escape(value)}</code></td></tr>\n'
        for name, value in rows.items()
    )
    names = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in head)
    anchor = re.sub(r"\W+", "-", caption.lower())
    return (
        f'<h2 id="{anchor}">{html.escape(caption)}</h2>\n<div class="pb-status"><table class="table" '
        f'aria-labelledby="{anchor}">\n<thead><tr>{names}</tr></thead>\n<tbody>\n{cells}</tbody>\n</table></div>\n'
    )


def times(seconds: dict[str, float]) -> str:
    """Return the script that shows the seconds of each chapter on the status page, longest first."""
    rows = sorted(seconds.items(), key=lambda item: (-item[1], item[0]))
    told = json.dumps([[name, f"{taken:.1f} s"] for name, taken in rows], ensure_ascii=False)
    return (
        f"(function () {{\nconst place = document.getElementById({json.dumps(_ID)});\n"
        "if (!place) return;\n"
        'const table = document.createElement("table");\ntable.className = "table";\n'
        'const head = table.createTHead().insertRow();\nfor (const text of ["Chapter", "Seconds"]) {\n'
        '  const cell = document.createElement("th");\n  cell.scope = "col";\n  cell.textContent = text;\n'
        "  head.append(cell);\n}\nconst rows = table.createTBody();\n"
        f"for (const texts of {told}) {{\n  const row = rows.insertRow();\n"
        "  for (const text of texts) row.insertCell().textContent = text;\n}\n"
        "place.replaceChildren(table);\n})();\n"
    )


def sums(site: Path) -> str:
    """Return the SHA-256 of every file of a site, a line each, sorted by path; without itself and the run times."""
    found = []
    for path in sorted(site.rglob("*"), key=lambda path: path.relative_to(site).as_posix()):
        name = path.relative_to(site).as_posix()
        # Servers of static pages leave hidden files out.
        if path.is_file() and not path.name.startswith(".") and name not in (SUMS, TIMES) and path.suffix != ".tmp":
            found.append(f"{data.file_digest(path)}  {name}\n")
    return "".join(found)


def seal(site: Path) -> None:
    """Write the digests of all files of a site beside them."""
    paths.keep(site / SUMS, sums(site).encode())


# -------------------------------------------------------------------------------------------------------------- Sphinx


def _collect(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    if app.builder.name == "html":
        context = {"title": "Status of this build", "body": body(paths.report(Path(app.srcdir)))}
        yield PAGE, context, "page.html"


def _write(app: Sphinx, error: Exception | None) -> None:
    """Write the run times, then the digests of all that is there: PDF and EPUB as well, where Sphinx makes them."""
    if error or app.builder.name != "html":
        return
    seconds = execute.seconds(Path(app.env.mystnb_config.execution_cache_path))
    paths.keep(Path(app.outdir, TIMES), times(seconds).encode())
    seal(Path(app.outdir))


def register(app: Sphinx) -> None:
    """Register the status page and the digests."""
    app.connect("html-collect-pages", _collect)
    app.connect("build-finished", _write, priority=850)  # after PDF and EPUB
