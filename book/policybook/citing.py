"""How the report, its pages and its data are cited: in words, as BibTeX and as RIS.

What a citation says stands once each: title, authors and address in ``_config.yml``, the version in this package, the
date of the data in the descriptor of the data package.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

import pandas as pd
from yaml import safe_load

import policybook
from policybook import data, paths, sources, tables


@dataclass(frozen=True)
class Citation:
    """What a citation of the report, of one of its pages or of its data says.

    ``kind`` is ``report``, ``page``, ``figure`` or ``data``; ``within`` is the title of what a page or figure stands
    in, empty for the others; ``address`` is empty when the report has none; ``key`` names the entry in BibTeX and RIS.
    """

    kind: str
    title: str
    authors: tuple[str, ...]
    version: str
    data_date: str
    key: str
    address: str = ""
    within: str = ""

    @property
    def year(self) -> str:
        """The year of the data."""
        return self.data_date[:4]

    @property
    def edition(self) -> str:
        """Version and date of the data: what tells one state of the report from another.

        Not the digest of the data: a change in one table would then be a change of every page.
        """
        day = tables.date_text(pd.Timestamp(self.data_date), "day")
        return f"version {self.version}, data of {day}"


def of_report(report: paths.Paths | None = None) -> Citation:
    """Return the citation of the whole report; raises ``DataError`` when its title or its data date is missing."""
    report = report or paths.report()
    config = safe_load((report.root / "_config.yml").read_text(encoding="utf-8")) or {}
    date = data.data_date(report)
    problems = []
    if not config.get("title"):
        problems.append(data.Problem("_config.yml", "names no title", allowed="title: the title of the report"))
    if not date:  # whether it is a day is told when the descriptor is read
        problems.append(data.Problem(data.DESCRIPTOR, "names no data_date", allowed="YYYY-MM-DD"))
    if problems:
        raise data.DataError(problems)
    # A fork may have several authors: the setting is one line, so they are parted by semicolons.
    authors = tuple(name.strip() for name in str(config.get("author") or "").split(";") if name.strip())
    address = str((config.get("html") or {}).get("baseurl") or "").rstrip("/")
    return Citation(
        kind="report",
        title=str(config["title"]),
        authors=authors,
        version=policybook.__version__,
        data_date=date,
        key=_key(data.descriptor(report).get("name", "report")).removesuffix("-data"),
        address=address if sources.safe_url(address) else "",
    )


def of_page(page: str, title: str, whole: Citation) -> Citation:
    """Return the citation of a page of the report (``book/plan``) that has this title."""
    address = f"{whole.address}/{page}.html" if whole.address else ""
    key = f"{whole.key}-{_key(file_name(page))}"
    return replace(whole, kind="page", title=title, within=whole.title, key=key, address=address)


def of_data(report: paths.Paths | None = None) -> Citation:
    """Return the citation of the data package of the report; raises ``DataError`` as :func:`of_report` does."""
    report = report or paths.report()
    package = data.descriptor(report)
    version = str(package.get("version") or policybook.__version__)
    title = str(package.get("title") or package.get("name") or "Data")
    return replace(of_report(report), kind="data", title=title, version=version, key=_key(package.get("name", "data")))


def file_name(page: str) -> str:
    """Return the name, without ending, of the files that cite a page."""
    return page.rpartition("/")[2]


def _key(text: object) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "-", str(text)).strip("-") or "page"


# -------------------------------------------------------------------------------------------------------------- forms


def words(citation: Citation) -> str:
    """Return a citation as one sentence of plain text."""
    authors = "; ".join(citation.authors)
    lead = f"{authors} ({citation.year})" if authors else f"({citation.year})"
    title = f"“{citation.title}”, in: {citation.within}" if citation.within else citation.title
    kind = " [data set]" if citation.kind == "data" else ""
    address = f" {citation.address}" if citation.address else ""
    return f"{lead}: {title}{kind}, {citation.edition}.{address}"


def bibtex(citation: Citation) -> str:
    """Return a citation as one BibTeX entry, the titles braced so that no style changes their capitals.

    A name with a comma is a person (``Family, Given``); any other stands in braces as a body, never cut into parts.
    """
    escape = sources.bibtex_text
    names = [escape(name) if "," in name else f"{{{escape(name)}}}" for name in citation.authors]
    fields = {"author": " and ".join(names), "title": f"{{{escape(citation.title)}}}"}
    if citation.within:
        fields["booktitle"] = f"{{{escape(citation.within)}}}"
    note = citation.edition[:1].upper() + citation.edition[1:]
    fields |= {"year": citation.year, "note": escape(f"Data set. {note}" if citation.kind == "data" else note)}
    fields["url"] = citation.address  # as it is: what reads an address from BibTeX takes no commands in it
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@{'incollection' if citation.within else 'misc'}{{{citation.key},\n{body}\n}}\n"


def ris(citation: Citation) -> str:
    """Return a citation as one RIS record: a tag of two signs, two blanks, a hyphen, a blank; lines end in CR LF."""
    kinds = {"page": "CHAP", "figure": "FIGURE", "data": "DATA", "report": "RPRT"}
    lines = [("TY", kinds[citation.kind]), ("ID", citation.key), *(("AU", name) for name in citation.authors)]
    lines += [
        ("TI", citation.title),
        ("T2", citation.within),
        ("PY", citation.year),
        ("DA", citation.data_date.replace("-", "/")),
        ("ET", citation.version),
        ("N1", citation.edition),
        ("UR", citation.address),
    ]
    # A line break in a title would begin a new field.
    record = [f"{tag}  - {' '.join(value.split())}\r\n" for tag, value in lines if value]
    return "".join(record) + "ER  - \r\n"
