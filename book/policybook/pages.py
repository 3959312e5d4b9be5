"""The built pages on their way to a book for paper or for readers of EPUB: what stays of them, and where links lead.

Both books are made of the same pages, cleaned here with lxml: what only works on a screen goes, headings become those
of one chapter, every place that a link leads to gets a name of its own in the whole book, and boxes, notes and the like
are marked (``data-typ``, ``data-args``) for what turns them into the markup of that book.
"""

from __future__ import annotations

import datetime
import json
import logging
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import unquote, urlsplit

from lxml import etree
from lxml import html as markup
from lxml.html import HtmlElement

LOG = logging.getLogger(__name__)
LICENCE = "Text, figures and data: CC BY 4.0. Code: MIT."

FIXED_SPACE = "\u00a0"

# pandoc filters: footnotes as mark_footnotes marks them become pandoc's own.
NOTES = r"""
local notes = {}
local collect = { Div = function(el)
  if el.attributes.typ == 'note' then notes[el.attributes.args] = el.content; return {} end
end }
"""

_NO_TAGS = "script style svg button input form iframe video audio object nav noscript"
_NO_CLASSES = (
    "headerlink cell_input pb-menu pb-live pb-citing pb-key pb-actions toctree-wrapper sd-hide-link-text "
    "visually-hidden d-none backrefs pb-use"
)
_NOT_PRINTED = " or ".join(
    [f"self::{tag}" for tag in _NO_TAGS.split()]
    + [f"contains(concat(' ', @class, ' '), ' {name} ')" for name in _NO_CLASSES.split()]
    + ["@hidden", "@role='doc-backlink'"]
)
_WITH_CLASS = etree.XPath(".//*[contains(concat(' ', @class, ' '), $name)]")
HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LABELLED = (*HEADINGS, "figure", "table")  # these carry a label themselves
CONTAINERS = ("div", "section", "ul", "ol", "dl", "aside", "details", "blockquote", "tr", "dd", "li")
_BOLD = ("admonition-title", "rubric", "sd-card-title", "sd-tab-label", "topic-title", "sidebar-title")
_CALLS = {
    "admonition": ("div", "box"),
    "topic": ("div", "box"),
    "sidebar": ("div", "box"),
    "margin": ("div", "box"),
    "pb-question": ("div", "question"),
    "pb-deck": ("span", "deck"),
    "sd-card": ("div", "card"),
    "pb-notes": ("div", "small"),
    "legend": ("div", "small"),
    "citation": ("div", "reference"),
    "pb-badge": ("span", "badge"),
    "sd-badge": ("span", "badge"),
    "pb-source": ("span", "source"),
}


# The parts of a book: the caption of each, with the names of its pages in order.
Parts = tuple[tuple[str, tuple[str, ...]], ...]


class PageError(Exception):
    """A page cannot become part of a book; the message names the page and the cause."""


@dataclass
class Page:
    """One page of the site on its way to a chapter."""

    name: str
    article: HtmlElement
    labels: dict[str, str] = field(default_factory=dict)  # id in the page (its top: empty) -> label in the book
    dead: list[str] = field(default_factory=list)  # addresses of links that lead out of the book
    files: dict[str, Path] = field(default_factory=dict)  # name in the book -> image


def moment(data_date: str) -> datetime.datetime:
    """Return the date of a book: ``data_date`` (ISO), unless ``SOURCE_DATE_EPOCH`` is set; raises ``PageError``."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        if epoch:
            return datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
        return datetime.datetime.fromisoformat(data_date).replace(tzinfo=datetime.UTC)
    except ValueError as error:
        raise PageError(f"the date of the book is not one: {error}") from None


# ------------------------------------------------------------------------------------------------------ pages, links


def read(html: Path, names: list[str], prefix: str = "") -> dict[str, Page]:
    """Read pages of the built site ``html``, cleaned, with a label for every place that a link leads to.

    ``names`` are page names in reading order, such as ``book/index``; ``prefix`` is what labels begin with (as names in
    XML they may not begin with a figure). Raises ``PageError``.
    """
    if not names:
        raise PageError("no page was named for the book")
    site = {name: _read(html, name) for name in names}
    used = {at for page in site.values() for link in page.article.iter("a") if (at := target_of(page, link, site))}
    for number, page in enumerate(site.values()):
        _give_labels(page, f"{prefix}{number:02d}-{page.name.rsplit('/', 1)[-1]}", used)
    return site


def language(site: dict[str, Page]) -> str:
    """Return the language of the book (``en``): that of its first page."""
    first = next(iter(site.values()))
    return (first.article.getroottree().getroot().get("lang") or "en").split("-")[0]


def openings(parts: Parts) -> dict[str, str]:
    """Return what stands above the title of each chapter that is in a part, by page: the part and a number."""
    chapters = [(caption, page) for caption, pages in parts for page in pages]
    return {page: f"{caption} · Chapter {number}" for number, (caption, page) in enumerate(chapters, start=1)}


def _read(site: Path, name: str) -> Page:
    """Read a page and leave only what is printed of it."""
    path = site / f"{name}.html"
    if not path.is_file():
        raise PageError(f"{name}: the site has no such page ({path})")
    root = markup.parse(str(path), markup.HTMLParser(encoding="utf-8", huge_tree=True)).getroot()
    found = root.xpath("//article[contains(@class, 'bd-article')]") if root is not None else []
    if not found:
        raise PageError(f"{name}: the page has no article")
    article = found[0]
    for chart in having(article, "pb-chart"):
        # The still lies beside the pages as a file; the copy within the page is there for the browser.
        still = f"{'../' * name.count('/')}figures/{chart.get('data-figure')}.svg"
        alt = "".join(chart.xpath(".//*[local-name()='svg'][1]/@aria-label")[:1])
        replace(chart, markup.Element("img", src=still, alt=alt))
    for element in article.xpath(f".//*[{_NOT_PRINTED}] | .//comment()"):
        if element.getparent() is not None:
            element.drop_tree()
    for box in having(article, "pb-screen"):
        _shorten(box)
    _order_headings(article, (root.findtext(".//title") or name).split(" — ")[0].strip())
    return Page(name, article)


def _shorten(box: HtmlElement) -> None:
    """Leave caption and head of a table that is for the screen, and say in their stead how many rows there are."""
    for body in list(box.iter("tbody")):
        rows, columns = len(body), max((len(row) for row in body), default=1)
        body.clear()
        row = markup.Element("tr")
        row.extend(markup.Element("td") for _ in range(columns))
        row[0].text = f"{rows:,} rows, in the HTML edition"
        body.append(row)


def having(root: HtmlElement, name: str) -> list[HtmlElement]:
    """Return the elements below ``root`` that have a class."""
    return _WITH_CLASS(root, name=f" {name} ")


def _order_headings(article: HtmlElement, title: str) -> None:
    """Make the headings one chapter: one heading of level 1, no level skipped (PDF/UA), none in boxes or tables."""
    level = 0
    for heading in list(article.iter(*HEADINGS)):
        boxes = heading.iterancestors("table", "li", "dl", "aside", "details", "blockquote", "figure", "div")
        if any(box.tag != "div" or re.search("admonition|sd-card", box.get("class", "")) for box in boxes):
            bold_paragraph(heading)
            continue
        if not level and heading.tag != "h1":
            article.insert(0, markup.fromstring("<h1></h1>"))
            article[0].text, level = title, 1
        level = min(max(int(heading.tag[1]), 2), level + 1) if level else 1
        heading.tag = f"h{level}"
        # The contents and the running head repeat a heading: no place for links and notes.
        for link in list(heading.iter("a")):
            link.drop_tree() if "footnote-reference" in link.get("class", "") else link.drop_tag()
    if not level:
        article.insert(0, markup.Element("h1"))
        article[0].text = title


def target_of(page: Page, link: HtmlElement, site: dict[str, Page]) -> tuple[str, str] | None:
    """Return the page and id that a link leads to, or nothing when that page is not in the book."""
    address = urlsplit(link.get("href") or "x:")
    if address.scheme or address.netloc:
        return None
    name = page.name
    if address.path:
        name = os.path.normpath(os.path.join(os.path.dirname(name), unquote(address.path))).replace("\\", "/")
        name = name.removesuffix(".html")
    return (name, unquote(address.fragment)) if name in site else None


def link_target(page: Page, link: HtmlElement, site: dict[str, Page]) -> str | None:
    """Return the label that a link within the book leads to; note the address where it leads out of it."""
    at = target_of(page, link, site)
    label = site[at[0]].labels.get(at[1]) if at else None
    if not label:
        page.dead.append(link.get("href") or "")
    return label


def image_file(page: Page, root: Path, image: HtmlElement) -> tuple[Path, str]:
    """Return the file of an image of the site ``root`` and what the image says in words.

    Raises ``PageError`` when the file is not there, lies outside of the site, or is a damaged SVG.
    """
    source = unquote(image.get("src") or "").split("?")[0]
    base = Path(os.path.abspath(root))
    path = Path(os.path.normpath(base / Path(page.name).parent / source))
    if not path.is_relative_to(base) or not path.is_file():
        raise PageError(f"{page.name}: image not found: {source[:100]}")
    if path.suffix.lower() == ".svg":
        try:
            etree.parse(str(path), svg_parser())
        except etree.XMLSyntaxError as error:
            raise PageError(f"{page.name}: image {path.name} is not well-formed SVG: {error}") from None
    alt = " ".join((image.get("alt") or "").split())
    if not alt:  # a reader who hears the book needs a text for every image; PDF/UA asks for it
        LOG.info("%s: image %s has no alternative text", page.name, path.name)
        alt = " ".join(image.xpath("string(ancestor::figure[1]//figcaption/p)").split()) or path.stem
    return path, alt


def svg_parser() -> etree.XMLParser:
    """Return a parser of SVG that reads nothing but the drawing itself."""
    return etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True)


def note_dead_links(site: dict[str, Page], book: str) -> None:
    """Log how many links lead out of a book (``PDF``) and are plain text there."""
    dead = [f"{page.name}: {address}" for page in site.values() for address in page.dead]
    LOG.info("%d links lead out of the %s and are plain text there", len(dead), book)
    LOG.debug("links that lead out of the %s:\n%s", book, "\n".join(dead))


def _give_labels(page: Page, prefix: str, used: set[tuple[str, str]]) -> None:
    """Give each heading, figure and table, and each place that links lead to, a label of its own in the whole book."""
    given: dict[HtmlElement, str] = {}
    for element in list(page.article.iter(etree.Element)):
        name = element.get("id")
        if name is None and element.tag not in HEADINGS:
            continue
        holder = _holder(element)
        if holder not in given and (holder.tag in _LABELLED or (page.name, name) in used):
            label = re.sub(r"[^A-Za-z0-9_.-]", "-", f"{prefix}.{name or len(given)}").rstrip(".")
            while label in given.values():
                label += "-"
            given[holder] = label
        if name and holder in given:
            page.labels.setdefault(name, given[holder])
    for holder, label in given.items():
        if holder.tag in _LABELLED:
            holder.set("data-label", label)
        elif holder.tag in (*CONTAINERS, "pre", "img"):
            holder.addprevious(mark(markup.Element("span" if holder.tag == "img" else "div"), "anchor", label))
        else:
            anchor = mark(markup.Element("span"), "anchor", label)
            anchor.tail, holder.text = holder.text, None
            holder.insert(0, anchor)
    page.labels[""] = page.article.find(".//h1").get("data-label")


def _holder(element: HtmlElement) -> HtmlElement:
    """Return the element that can carry the mark of a place: a heading, figure, table or something with text in it."""
    for outer in element.iterancestors(*HEADINGS, "thead"):
        return outer if outer.tag != "thead" else outer.getparent()  # what is printed twice must hold no label
    following, text = element.getnext(), (element.text or "") + (element.tail or "")
    if element.tag == "span" and following is not None and not len(element) and not text.strip():
        return _holder(following)  # MyST puts the name of a heading or figure on an empty element before it
    if element.tag in CONTAINERS:
        return next(element.iter("p", "dt", "td", "th", "pre", *_LABELLED), element)
    return element


def call_arguments(*values: str | float | None) -> str:
    """Return values as the arguments of a call."""
    return ", ".join("none" if value is None else json.dumps(value, ensure_ascii=False) for value in values)


def mark(element: HtmlElement, function: str, *arguments: str | float | None) -> HtmlElement:
    """Have the filter make an element a call of a function of the template; return the element."""
    element.set("data-typ", function)
    element.set("data-args", call_arguments(*arguments))
    return element


def replace(element: HtmlElement, other: HtmlElement) -> None:
    """Put another element in the place of an element."""
    other.tail, element.tail = element.tail, None
    element.getparent().replace(element, other)


def wrap(element: HtmlElement, tag: str) -> HtmlElement:
    """Put a new element between an element and its content, and return it."""
    inner = markup.Element(tag)
    inner.text, element.text = element.text, None
    inner.extend(list(element))
    element.append(inner)
    return inner


def bold_paragraph(element: HtmlElement) -> None:
    """Make an element a paragraph in bold."""
    element.tag = "p"
    for paragraph in element.findall(".//p"):
        paragraph.drop_tag()
    wrap(element, "strong")


def mark_footnotes(page: Page) -> None:
    """Make docutils' footnotes real ones: the first reference carries the text, later ones point to it."""
    notes = {note.get("id"): note for note in page.article.iter("aside") if "footnote" in note.get("class", "").split()}
    keys: dict[str, str] = {}
    for link in having(page.article, "footnote-reference"):
        name = (link.get("href") or "").removeprefix("#")
        reference = markup.Element("span")
        if name in keys:
            mark(reference, "again", keys[name])
        elif name in notes:
            keys[name] = f"{page.labels['']}:{len(keys)}"
            reference.attrib.update({"data-typ": "noteref", "data-args": keys[name]})
            notes[name].attrib.update({"data-typ": "note", "data-args": keys[name]})
        replace(link, reference)
    for name, note in notes.items():
        note.tag = "div"
        for label in having(note, "label"):
            label.drop_tree()
        if name not in keys:
            note.drop_tree()


def mark_boxes(article: HtmlElement) -> None:
    """Mark admonitions, cards, badges, references and the like."""
    for details in list(article.iter("details")):
        details.tag = "div"
        hides_cell = "hide" in details.get("class", "").split()  # MyST-NB's switch for the code and outputs of a cell
        if not hides_cell:
            mark(details, "box")
        for summary in details.findall("summary"):
            summary.drop_tree() if hides_cell else bold_paragraph(summary)
    for name in _BOLD:
        for element in having(article, name):
            bold_paragraph(element)
    for entry in having(article, "citation"):
        for label, text in zip(having(entry, "label"), entry.findall("p"), strict=False):
            label.tail = " " + (text.text or "")
            text.text = None
            text.insert(0, label)
    for name, (tag, function) in _CALLS.items():
        for element in having(article, name):
            element.tag = tag
            mark(element, function)
            if function == "badge":
                element.text = (element.text or "").replace(" ", FIXED_SPACE)  # a frame in two lines is hard to read
    for row in having(article, "sd-row"):
        mark(row, "cards")
        for cell in row:
            cell.set("data-typ", "slot")


def plain_code(article: HtmlElement) -> None:
    """Leave of every block of code its text alone, without the colours of its words."""
    for block in article.iter("pre"):
        code = block.text_content().strip("\n")
        block.clear(keep_tail=True)
        block.text = code
