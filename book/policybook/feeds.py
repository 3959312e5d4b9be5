"""The follow-up as an Atom feed (RFC 4287), for readers who want to hear of a new step and not look for it.

The feed is made of the tables at build time and says nothing that the chapter does not say. It holds no wall clock:
an entry bears the date of its step, the feed the date of the data. Ids are UUIDs of names (RFC 9562, version 5), so
that a step keeps its id when its words change.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin

import pandas as pd
from lxml import etree

import policybook
from policybook import data, followup, paths, places, settings, tables
from policybook.sources import citation, registry, safe_url

PAGE = "book/followup"
NAME = "followup.atom"
TITLE = "What has been done since {name}"
SUBTITLE = "steps dated since {name}, newest first. They follow it in time; that they follow from it is not shown."
MEDIA_TYPE = "application/atom+xml"
NAMESPACE = "http://www.w3.org/2005/Atom"
_XML = "http://www.w3.org/XML/1998/namespace"
# What XML 1.0 cannot hold, escaped or not (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True)
class Category:
    """What an entry counts as: a code, the words for it, and the name of the list that the code is from."""

    term: str
    label: str
    list_name: str


@dataclass(frozen=True)
class Entry:
    """One entry: ``key`` is unique in the feed and never changes, ``link`` an address relative to the feed."""

    key: str
    title: str
    summary: str
    updated: pd.Timestamp
    link: str
    categories: tuple[Category, ...] = ()
    related: tuple[tuple[str, str], ...] = ()  # address and title


def urn(*names: str) -> str:
    """Return a permanent id made of names, as a URN; the same names give the same id on every machine."""
    return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_OID, '/'.join(map(clean, names)))}"


def moment(day: pd.Timestamp) -> str:
    """Return the beginning of a day as a date construct of Atom (RFC 3339, UTC)."""
    return f"{day:%Y-%m-%d}T00:00:00Z"


def to_xml(
    entries: Iterable[Entry],
    *,
    name: str,
    title: str,
    subtitle: str,
    author: str,
    updated: pd.Timestamp,
    page: str,
    rights: str = "",
    base: str = "",
) -> bytes:
    """Return an Atom feed as XML (UTF-8), newest entries first, entries of one day by key.

    ``name`` is the permanent name from which all ids are made, ``page`` the address of the page that the feed is about,
    relative to the feed, ``base`` the address at which the feed itself is published. With it every address is absolute
    and the feed names its own. Without it addresses are relative to the feed, which lies beside its page: a reader
    resolves them against the place where it found the feed (RFC 3986, section 5.1.3). Related addresses that are not
    plain http(s) are left out.

    Raises ``ValueError`` for an empty author, title or name, for two entries with one key, and for a ``base`` that is
    not http(s).
    """
    for what, value in (("author", author), ("title", title), ("name", name)):
        if not clean(value):
            raise ValueError(f"feed: the {what} is empty")
    if base and not safe_url(base):
        raise ValueError(f"feed: {base!r} is not an http(s) address")
    entries = sorted(entries, key=lambda entry: entry.key)
    entries.sort(key=lambda entry: entry.updated, reverse=True)
    keys = [entry.key for entry in entries]
    if twice := sorted({key for key in keys if keys.count(key) > 1}):
        raise ValueError(f"feed: two entries have the key {', '.join(twice)}")
    feed = etree.Element(_tag("feed"), nsmap={None: NAMESPACE})
    feed.set(f"{{{_XML}}}lang", "en")
    _add(feed, "id", urn(name))
    _add(feed, "title", title)
    _add(feed, "subtitle", subtitle)
    _add(feed, "updated", moment(updated))
    _add(etree.SubElement(feed, _tag("author")), "name", author)
    _add(feed, "link", rel="alternate", type="text/html", href=urljoin(base, page))
    if base:
        _add(feed, "link", rel="self", type=MEDIA_TYPE, href=base)
    if rights:
        _add(feed, "rights", rights)
    _add(feed, "generator", "policybook", version=policybook.__version__)
    for entry in entries:
        _add_entry(feed, entry, name, base)
    etree.indent(feed)
    return etree.tostring(feed, encoding="utf-8", xml_declaration=True) + b"\n"


def clean(text: object) -> str:
    """Return text as XML can hold it: without the characters that no XML document may have, blanks folded."""
    return " ".join(_NOT_XML.sub(" ", str(text)).split())


def _add_entry(feed: etree._Element, entry: Entry, name: str, base: str) -> None:
    node = etree.SubElement(feed, _tag("entry"))
    _add(node, "id", urn(name, entry.key))
    _add(node, "title", entry.title)
    _add(node, "updated", moment(entry.updated))
    _add(node, "link", rel="alternate", type="text/html", href=urljoin(base, entry.link))
    for address, title in dict(entry.related).items():
        if safe_url(address):
            _add(node, "link", rel="related", href=address, title=title)
    for category in entry.categories:
        scheme = urn(name, category.list_name)
        _add(node, "category", term=category.term, scheme=scheme, label=category.label)
    _add(node, "summary", entry.summary)


def _tag(name: str) -> str:
    return f"{{{NAMESPACE}}}{name}"


def _add(parent: etree._Element, name: str, text: str = "", **attributes: str) -> None:
    node = etree.SubElement(parent, _tag(name), {key: clean(value) for key, value in attributes.items()})
    node.text = clean(text) or None


# ---------------------------------------------------------------------------------------------------------- follow-up


def entries(steps: pd.DataFrame, sources: pd.DataFrame, latest: pd.Timestamp) -> list[Entry]:
    """Return the steps since the Plan as entries; gaps and earlier steps are none.

    ``steps`` is the result of :func:`policybook.followup.steps`, ``sources`` the registry (indexed by source id),
    ``latest`` the date of the feed: no entry is newer, since a date known to the month only lies at its beginning.
    """
    page = f"{PAGE.rpartition('/')[2]}.html"
    found = []
    for row in followup.since(steps).itertuples():
        name = places.article_name(row.article)
        said = [f"{row.when}, {name}, {row.status}."]
        said += [f"Who: {', '.join(row.actors)}."] if row.actors else []
        said += [piece if isinstance(piece, str) else _plain(piece) for piece in followup.note_pieces(row.note)]
        said.append(f"Evidence: {row.evidence}, confidence {row.confidence}.")
        known = sources.loc[[source for source in row.sources if source in sources.index]]
        found.append(
            Entry(
                key=row.followup_id,
                title=row.action,
                summary=" ".join(said),
                updated=min(row.first, latest),
                link=f"{page}#{row.anchor}",
                categories=(
                    Category(row.article, f"{name[:1].upper()}{name[1:]}", "article"),
                    Category(str(row.status).replace(" ", "_"), str(row.status), "status"),
                ),
                related=tuple((str(url), str(title)) for url, title in zip(known["url"], known["title"], strict=True)),
            )
        )
    return found


def _plain(piece: tables.Text) -> str:
    """Return a piece of a cell as text, a citation as author and year."""
    return citation(piece.cite) if piece.cite else piece.text


def of_followup(report: paths.Paths, author: str, site: str = "") -> bytes:
    """Return the feed of the follow-up of a report; ``site`` is the address at which its pages are published, if any.

    Raises ``DataError`` when the tables cannot be used and ``ValueError`` as :func:`to_xml` does.
    """
    package = data.descriptor(report)
    latest = pd.Timestamp(data.data_date(report))
    own, until = settings.load(report), followup.material_until(report)
    rows = followup.steps(data.load("followup", report), data.load("articles", report), own.date, until)
    if site and not safe_url(site):
        raise ValueError(f"feed: the address of the site, {site!r}, is not http(s)")
    return to_xml(
        entries(rows, registry(report), latest),
        name=f"{package['name']}/followup",
        title=TITLE.format(name=own.name),
        subtitle=f"{package['title']}: {SUBTITLE.format(name=own.name)}",
        author=author,
        updated=latest,
        page=f"{PAGE.rpartition('/')[2]}.html",
        rights=", ".join(licence["title"] for licence in package.get("licenses", [])),
        base=urljoin(site.rstrip("/") + "/", f"{PAGE.rpartition('/')[0]}/{NAME}") if site else "",
    )


def write(report: paths.Paths, out: Path, author: str, site: str = "") -> Path:
    """Write the feed beside the page it is about, in the folder ``out`` of the built site; return its path."""
    target = out / PAGE.rpartition("/")[0] / NAME
    paths.keep(target, of_followup(report, author, site))
    return target
