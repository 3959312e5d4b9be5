"""One PDF out of the built pages: HTML, cleaned with lxml, to Typst markup by pandoc, to PDF by Typst.

Both programs come as wheels: no system package, no network. The pages are the only input, hence the print says what
the web says. What pages say stays data: the filter escapes every character that Typst could read as markup, and
whatever else is handed to Typst goes as a quoted string or as JSON.
"""

from __future__ import annotations

import datetime
import hashlib
import io
import json
import logging
import os
import re
import subprocess
import tempfile
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pikepdf
import pypandoc
import typst
from fontTools.ttLib import TTFont
from lxml import etree
from lxml import html as markup
from lxml.html import HtmlElement

from policybook import paths

LOG = logging.getLogger(__name__)
LICENCE = "Text, figures and data: CC BY 4.0. Code: MIT."

# Elements that the cleaning marks with data-typ become calls of the functions of templates/report.typ; all other div
# and span go, since a block of Typst may hold no page break and cannot be broken well.
_FILTER = r"""
local notes, bodiless = {}, { anchor = true, image = true, again = true }
local function raw(text) return pandoc.RawInline('typst', text) end
local function call(el) return '#pb-' .. el.attributes.typ .. '(' .. (el.attributes.args or '') .. ')' end

local collect = { Div = function(el)
  if el.attributes.typ == 'note' then notes[el.attributes.args] = el.content; return {} end
end }

local insert = { Span = function(el)
  local key = el.attributes.args
  if el.attributes.typ == 'noteref' then return { pandoc.Note(notes[key]), raw('<' .. key .. '>') } end
end }

local render = {
  Str = function(el)
    if not el.text:find('[^%w\128-\255]') then return nil end
    -- Marks that mean something to Typst anywhere, in a row, before a number, or at a start (of a line, after a call).
    local text = el.text:gsub('[\\#$*_`<>@~%[%]]', '\\%0')
    text = text:gsub('[-./?]+', function(row) return #row > 1 and row:gsub('.', '\\%0') or row end)
    text = text:gsub('([^%w\\])%-(%d)', '%1\\-%2'):gsub('^[^%w\\\128-\255]', '\\%0'):gsub('^(%d+)([.)])', '%1\\%2')
    -- A hyphen at the end of a line would read as part of an identifier or address.
    return raw(#text > 12 and text:find('[_/@=]') and '#pb-whole[' .. text .. ']' or text)
  end,
  HorizontalRule = function() return pandoc.RawBlock('typst', '#pb-rule()') end,
  Span = function(el)
    if not el.attributes.typ then return el.content end
    if #el.content == 0 then return bodiless[el.attributes.typ] and raw(call(el)) or {} end
    el.content:insert(1, raw(call(el) .. '['))
    el.content:insert(raw(']'))
    return el.content
  end,
  Div = function(el)
    if el.attributes.typ == 'slot' then return nil end
    if not el.attributes.typ then return el.content end
    if #el.content == 0 then
      return bodiless[el.attributes.typ] and pandoc.RawBlock('typst', call(el)) or {}
    end
    local slots = el.content:filter(function(child) return child.t == 'Div' end):map(function(c) return c.content end)
    if #slots == 0 then slots:insert(el.content) end
    local out = pandoc.Blocks({ pandoc.RawBlock('typst', call(el) .. '[') })
    for position, content in ipairs(slots) do
      out:extend(content)
      out:insert(pandoc.RawBlock('typst', position < #slots and '][' or ']'))
    end
    return out
  end,
}
return { collect, insert, render }
"""

_NO_TAGS = "script style svg button input form iframe video audio object nav noscript"
_NO_CLASSES = (
    "headerlink cell_input pb-menu pb-live pb-citing pb-key pb-actions toctree-wrapper sd-hide-link-text "
    "visually-hidden d-none backrefs"
)
_NOT_PRINTED = " or ".join(
    [f"self::{tag}" for tag in _NO_TAGS.split()]
    + [f"contains(concat(' ', @class, ' '), ' {name} ')" for name in _NO_CLASSES.split()]
    + ["@hidden", "@role='doc-backlink'"]
)
_WITH_CLASS = etree.XPath(".//*[contains(concat(' ', @class, ' '), $name)]")
_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_LABELLED = (*_HEADINGS, "figure", "table")  # these carry a label themselves
_CONTAINERS = ("div", "section", "ul", "ol", "dl", "aside", "details", "blockquote", "tr", "dd", "li")
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
_KEPT = {"a": ("href",), "td": ("colspan", "rowspan"), "th": ("colspan", "rowspan"), "ol": ("start", "type")}

_ALIGNED = {"num": "right", "text-right": "right", "text-center": "center"}
_ZERO_SPACE = "\u200b"  # a place to break a line, without a hyphen
_FIXED_SPACE = "\u00a0"
_BREAKS = re.compile(r"(?<=[_/.=&?@:#;,])(?=[^\W\d_])|(?<=_)(?=\w)")
_WORDS = re.compile(r"[ \t\n\u200b\u3000-\uffef]+|-(?=\D)")
_FITTING = {5: 9.5, 6: 8.8, 7: 8.2, 8: 7.6, 9: 7.2}  # number of columns -> largest type size; beyond: 6.8
_TEXT_WIDTH = 448  # points: A4 less the margins of the template


class PdfError(Exception):
    """The PDF could not be made; the message names the page, where one is to blame, and the cause."""


@dataclass
class _Page:
    """One page of the site on its way to a chapter."""

    name: str
    article: HtmlElement
    labels: dict[str, str] = field(default_factory=dict)  # id in the page (its top: empty) -> label in the PDF
    dead: list[str] = field(default_factory=list)  # addresses of links that lead out of the PDF
    files: dict[str, Path] = field(default_factory=dict)  # name for Typst -> image


def build(
    html: Path,
    target: Path,
    *,
    title: str,
    subtitle: str,
    authors: str,
    version: str,
    data_date: str,
    data_digest: str,
    pages: list[str],
    licence: str = LICENCE,
    cited: str = "",
    kept: Path | None = None,
) -> Path:
    """Write the pages of the built site ``html`` to ``target`` as one tagged PDF (PDF/UA-1) and return ``target``.

    ``pages`` are page names in reading order, such as ``book/index``; each becomes a chapter. ``data_date`` (ISO) dates
    the document, unless ``SOURCE_DATE_EPOCH`` is set; the same input gives the same bytes. Links that lead to no page
    of the PDF become text, and their number is logged. ``cited`` says on the title page how to cite the report.
    ``kept`` is a folder in which the markup of chapters stays, so that those that did not change need not be converted
    again.

    Raises ``PdfError`` with the page and the cause; the former ``target`` is then left as it was.
    """
    if not pages:
        raise PdfError("no page was named for the PDF")
    date = _date(data_date)
    site = {name: _read(html, name) for name in pages}
    used = {place for page in site.values() for link in page.article.iter("a") if (place := _place(page, link, site))}
    for number, page in enumerate(site.values()):
        _give_labels(page, f"{number:02d}-{page.name.rsplit('/', 1)[-1]}", used)
    about = {
        "title": title,
        "subtitle": subtitle,
        "authors": authors,
        "version": version,
        "data_date": data_date,
        "digest": data_digest[:12],
        "licence": licence,
        "cited": cited,
        "date": [date.year, date.month, date.day],
        "lang": (site[pages[0]].article.getroottree().getroot().get("lang") or "en").split("-")[0],
    }
    draft = target.with_name(f".{target.name}.draft")
    try:
        with tempfile.TemporaryDirectory(prefix="policybook-pdf-") as folder:
            content = _typeset(Path(folder), html, site, about, date, kept)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_bytes(content)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except OSError as error:
        raise PdfError(f"the PDF could not be made: {error}") from error
    dead = [f"{page.name}: {address}" for page in site.values() for address in page.dead]
    LOG.info("%d links lead out of the PDF and are plain text there", len(dead))
    LOG.debug("links that lead out of the PDF:\n%s", "\n".join(dead))
    return target


def _date(data_date: str) -> datetime.datetime:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    try:
        if epoch:
            return datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
        return datetime.datetime.fromisoformat(data_date).replace(tzinfo=datetime.UTC)
    except ValueError as error:
        raise PdfError(f"the date of the PDF is not one: {error}") from None


# ------------------------------------------------------------------------------------------------------ pages, links


def _read(site: Path, name: str) -> _Page:
    """Read a page and leave only what is printed of it."""
    path = site / f"{name}.html"
    if not path.is_file():
        raise PdfError(f"{name}: the site has no such page ({path})")
    root = markup.parse(str(path), markup.HTMLParser(encoding="utf-8", huge_tree=True)).getroot()
    found = root.xpath("//article[contains(@class, 'bd-article')]") if root is not None else []
    if not found:
        raise PdfError(f"{name}: the page has no article")
    article = found[0]
    for chart in _having(article, "pb-chart"):
        # The still lies beside the pages as a file; the copy within the page is there for the browser.
        still = f"{'../' * name.count('/')}figures/{chart.get('data-figure')}.svg"
        alt = "".join(chart.xpath(".//*[local-name()='svg'][1]/@aria-label")[:1])
        _replace(chart, markup.Element("img", src=still, alt=alt))
    for element in article.xpath(f".//*[{_NOT_PRINTED}] | .//comment()"):
        if element.getparent() is not None:
            element.drop_tree()
    for box in _having(article, "pb-screen"):
        _shorten(box)
    _order_headings(article, (root.findtext(".//title") or name).split(" — ")[0].strip())
    return _Page(name, article)


def _shorten(box: HtmlElement) -> None:
    """Leave caption and head of a table that is for the screen, and say in their stead how many rows there are."""
    for body in list(box.iter("tbody")):
        rows, columns = len(body), max((len(row) for row in body), default=1)
        body.clear()
        row = markup.Element("tr")
        row.extend(markup.Element("td") for _ in range(columns))
        row[0].text = f"{rows:,} rows, in the HTML edition"
        body.append(row)


def _having(root: HtmlElement, name: str) -> list[HtmlElement]:
    """Return the elements below ``root`` that have a class."""
    return _WITH_CLASS(root, name=f" {name} ")


def _order_headings(article: HtmlElement, title: str) -> None:
    """Make the headings one chapter: one heading of level 1, no level skipped (PDF/UA), none in boxes or tables."""
    level = 0
    for heading in list(article.iter(*_HEADINGS)):
        boxes = heading.iterancestors("table", "li", "dl", "aside", "details", "blockquote", "figure", "div")
        if any(box.tag != "div" or re.search("admonition|sd-card", box.get("class", "")) for box in boxes):
            _bold_paragraph(heading)
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


def _place(page: _Page, link: HtmlElement, site: dict[str, _Page]) -> tuple[str, str] | None:
    """Return the page and id that a link leads to, or nothing when that page is not in the PDF."""
    address = urlsplit(link.get("href") or "x:")
    if address.scheme or address.netloc:
        return None
    name = page.name
    if address.path:
        name = os.path.normpath(os.path.join(os.path.dirname(name), unquote(address.path))).replace("\\", "/")
        name = name.removesuffix(".html")
    return (name, unquote(address.fragment)) if name in site else None


def _give_labels(page: _Page, prefix: str, used: set[tuple[str, str]]) -> None:
    """Give each heading, figure and table, and each place that links lead to, a label of its own in the whole PDF."""
    given: dict[HtmlElement, str] = {}
    for element in list(page.article.iter(etree.Element)):
        name = element.get("id")
        if name is None and element.tag not in _HEADINGS:
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
        elif holder.tag in (*_CONTAINERS, "pre", "img"):
            holder.addprevious(_mark(markup.Element("span" if holder.tag == "img" else "div"), "anchor", label))
        else:
            anchor = _mark(markup.Element("span"), "anchor", label)
            anchor.tail, holder.text = holder.text, None
            holder.insert(0, anchor)
    page.labels[""] = page.article.find(".//h1").get("data-label")


def _holder(element: HtmlElement) -> HtmlElement:
    """Return the element that can carry the mark of a place: a heading, figure, table or something with text in it."""
    for outer in element.iterancestors(*_HEADINGS, "thead"):
        return outer if outer.tag != "thead" else outer.getparent()  # what is printed twice must hold no label
    following, text = element.getnext(), (element.text or "") + (element.tail or "")
    if element.tag == "span" and following is not None and not len(element) and not text.strip():
        return _holder(following)  # MyST puts the name of a heading or figure on an empty element before it
    if element.tag in _CONTAINERS:
        return next(element.iter("p", "dt", "td", "th", "pre", *_LABELLED), element)
    return element


# ------------------------------------------------------------------------------------------------------------ cleaning


def _arguments(*values: str | float | None) -> str:
    return ", ".join("none" if value is None else json.dumps(value, ensure_ascii=False) for value in values)


def _mark(element: HtmlElement, function: str, *arguments: str | float | None) -> HtmlElement:
    """Have the filter make an element a call of a function of the template; return the element."""
    element.set("data-typ", function)
    element.set("data-args", _arguments(*arguments))
    return element


def _replace(element: HtmlElement, other: HtmlElement) -> None:
    other.tail, element.tail = element.tail, None
    element.getparent().replace(element, other)


def _wrap(element: HtmlElement, tag: str) -> HtmlElement:
    """Put a new element between an element and its content, and return it."""
    inner = markup.Element(tag)
    inner.text, element.text = element.text, None
    inner.extend(list(element))
    element.append(inner)
    return inner


def _bold_paragraph(element: HtmlElement) -> None:
    element.tag = "p"
    for paragraph in element.findall(".//p"):
        paragraph.drop_tag()
    _wrap(element, "strong")


def _clean(page: _Page, root: Path, site: dict[str, _Page]) -> str:
    """Turn the article into plain HTML with marks for the filter, and return it."""
    article = page.article
    _footnotes(page)
    for link in list(article.iter("a")):
        _link(page, link, site)
    for image in list(article.iter("img")):
        _image(page, root, image)
    for number in _having(article, "caption-number"):
        number.tag = "strong"
    _boxes(article)
    for figure in list(article.iter("figure")):
        _figure(figure)
    for table in list(article.iter("table")):
        _table(table)
    for block in article.iter("pre"):
        code = block.text_content().strip("\n")
        block.clear(keep_tail=True)
        block.text = code
    for element in article.xpath(".//*[@lang]"):
        language, *rest = element.get("lang").split("-")
        region = {"Hans": "CN", "Hant": "TW"}.get("".join(rest[:1]), "".join(rest[-1:]).upper() or None)
        if element.tag != "span" or element.get("data-typ"):
            element = _wrap(element, "div" if element.tag in _CONTAINERS else "span")
        if "Latn" in rest:  # pinyin: the language is Chinese, the letters are not
            _mark(element, "latin", language.lower())
        else:
            _mark(element, "lang", language.lower(), region if region is None or len(region) == 2 else None)
    for element in article.iter(etree.Element):
        kept = {key: element.get(key) for key in (*_KEPT.get(element.tag, ()), "data-typ", "data-args")}
        kept |= {"id": element.get("data-label"), "style": element.get("data-style")}
        element.attrib.clear()
        element.attrib.update({key: value for key, value in kept.items() if value is not None})
    return _showable(etree.tostring(article, encoding="unicode", method="html", with_tail=False))


def _footnotes(page: _Page) -> None:
    """Make docutils' footnotes real ones: the first reference carries the text, later ones point to it."""
    notes = {note.get("id"): note for note in page.article.iter("aside") if "footnote" in note.get("class", "").split()}
    keys: dict[str, str] = {}
    for link in _having(page.article, "footnote-reference"):
        name = (link.get("href") or "").removeprefix("#")
        reference = markup.Element("span")
        if name in keys:
            _mark(reference, "again", keys[name])
        elif name in notes:
            keys[name] = f"{page.labels['']}:{len(keys)}"
            reference.attrib.update({"data-typ": "noteref", "data-args": keys[name]})
            notes[name].attrib.update({"data-typ": "note", "data-args": keys[name]})
        _replace(link, reference)
    for name, note in notes.items():
        note.tag = "div"
        for label in _having(note, "label"):
            label.drop_tree()
        if name not in keys:
            note.drop_tree()


def _link(page: _Page, link: HtmlElement, site: dict[str, _Page]) -> None:
    address = link.get("href") or ""
    if re.match(r"(https?|mailto):", address):
        reference = any("citation" in box.get("class", "").split() for box in link.iterancestors("div"))
        if reference and address.rstrip("/") not in link.text_content():
            link.tail = f" ({address}){link.tail or ''}"
        return
    place = _place(page, link, site)
    label = site[place[0]].labels.get(place[1]) if place else None
    if label:
        link.set("href", f"#{label}")
    else:
        page.dead.append(address)
        link.drop_tag()


def _image(page: _Page, root: Path, image: HtmlElement) -> None:
    source = unquote(image.get("src") or "").split("?")[0]
    base = Path(os.path.abspath(root))
    path = Path(os.path.normpath(base / Path(page.name).parent / source))
    if not path.is_relative_to(base) or not path.is_file():
        raise PdfError(f"{page.name}: image not found: {source[:100]}")
    if path.suffix.lower() == ".svg":
        try:
            etree.parse(str(path), etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True))
        except etree.XMLSyntaxError as error:
            raise PdfError(f"{page.name}: image {path.name} is not well-formed SVG: {error}") from None
    name = "/files/" + "-".join(path.relative_to(base).parts)
    page.files[name] = path
    alt = " ".join((image.get("alt") or "").split())
    if not alt:  # PDF/UA asks for a text for every image
        LOG.info("%s: image %s has no alternative text", page.name, path.name)
        alt = " ".join(image.xpath("string(ancestor::figure[1]//figcaption/p)").split()) or path.stem
    _replace(image, _mark(markup.Element("span"), "image", name, alt))


def _figure(figure: HtmlElement) -> None:
    """Make one image with its caption and sources a figure; a figure of anything else stays what it holds."""
    images = figure.xpath(".//span[@data-typ='image']")
    label = figure.attrib.pop("data-label", None)
    captions = figure.findall(".//figcaption") or [markup.Element("figcaption")]
    for caption in captions:
        caption.tag = "div"
    if len(images) == 1:
        captions[0].set("data-typ", "slot")
        figure[:] = captions[:1]
        figure.set("data-args", f"{images[0].get('data-args')}, {_arguments(label)}")
        figure.set("data-typ", "figure")
    elif label:
        figure.insert(0, _mark(markup.Element("div"), "anchor", label))
    figure.tag = "div"
    figure.text = None


def _boxes(article: HtmlElement) -> None:
    """Mark admonitions, cards, badges, references and the like."""
    for details in list(article.iter("details")):
        details.tag = "div"
        hides_cell = "hide" in details.get("class", "").split()  # MyST-NB's switch for the code and outputs of a cell
        if not hides_cell:
            _mark(details, "box")
        for summary in details.findall("summary"):
            summary.drop_tree() if hides_cell else _bold_paragraph(summary)
    for name in _BOLD:
        for element in _having(article, name):
            _bold_paragraph(element)
    for entry in _having(article, "citation"):
        for label, text in zip(_having(entry, "label"), entry.findall("p"), strict=False):
            label.tail = " " + (text.text or "")
            text.text = None
            text.insert(0, label)
    for name, (tag, function) in _CALLS.items():
        for element in _having(article, name):
            element.tag = tag
            _mark(element, function)
            if function == "badge":
                element.text = (element.text or "").replace(" ", _FIXED_SPACE)  # a frame in two lines is hard to read
    for row in _having(article, "sd-row"):
        _mark(row, "cards")
        for cell in row:
            cell.set("data-typ", "slot")


# -------------------------------------------------------------------------------------------------------------- tables


def _table(table: HtmlElement) -> None:
    """Choose type size and column widths of a table from its content, so that it stays in the margins.

    Widths that a page gives are meant for the screen; on paper the longest texts decide.
    """
    rows = [[cell for cell in row if cell.tag in ("td", "th")] for row in table.iter("tr")]
    count = max(map(len, rows), default=0)
    if not count:
        table.drop_tree()
        return
    for cell in (cell for row in rows for cell in row):
        _cell(cell)
    for group in table.findall("colgroup"):
        group.drop_tree()
    whole = [[cell.text_content() for cell in row] for row in rows if len(row) == count]
    size, widths, breakable = _fit(list(zip(*whole, strict=True)))
    if widths:
        group = markup.Element("colgroup")
        group.extend(markup.Element("col", {"data-style": f"width: {width:.2%}"}) for width in widths)
        table.insert(1 if table[0].tag == "caption" else 0, group)
    breakable = breakable or any(len(list(cell.iter("p", "li", "br"))) > 12 for row in rows for cell in row)
    box = _mark(markup.Element("div"), "table", size, breakable)
    _replace(table, box)
    box.append(table)


def _cell(cell: HtmlElement) -> None:
    for name in _ALIGNED.keys() & cell.get("class", "").split():
        cell.set("data-style", f"text-align: {_ALIGNED[name]}")
    paragraphs = cell.findall("p")
    if len(paragraphs) == 1:
        paragraphs[0].drop_tag()
    for element in cell.iter(etree.Element):
        if element.tag != "pre":
            element.text = _breakable(element.text)
        if element is not cell:
            element.tail = _breakable(element.tail)
    if cell.tag == "th" and cell.text_content().strip():
        _wrap(cell, "strong")


def _breakable(text: str | None) -> str | None:
    """Say where the long words of a table cell may be broken without a hyphen: identifiers, addresses, digests."""

    def chances(found: re.Match[str]) -> str:
        most = 12 if re.search("[_/@=]", found[0]) else 20
        word = re.sub(rf"([A-Za-z0-9]{{{most}}})(?=[A-Za-z0-9]{{3}})", rf"\1{_ZERO_SPACE}", found[0])
        return _BREAKS.sub(_ZERO_SPACE, word)

    return text and re.sub(r"\S{12,}", chances, text)


def _length(text: str) -> int:
    """Return the width of a text in characters of mean width; Chinese ones are twice as wide."""
    return len(text) + sum("\u2e80" <= letter <= "\uffef" for letter in text)


def _least(text: str) -> int:
    """Return how many characters of a text must stand together: long words can be divided, numbers and dates not."""
    words = _WORDS.split(text)
    return (
        max(min(len(word), 20 if _FIXED_SPACE in word or not re.search("[A-Za-z]", word) else 12) for word in words) + 1
    )


def _fit(columns: list[tuple[str, ...]]) -> tuple[float, list[float], bool]:
    """Return type size, column widths (none: as wide as the content) and whether rows may be broken across pages."""
    size = _FITTING.get(max(len(columns), 5), 6.8)
    least = [max(map(_least, column)) for column in columns]
    most = [max(map(_length, column)) + 1 for column in columns]

    def capacity() -> float:
        # A character is half as wide as the type is high, on average; the rest is the space between the columns.
        return (_TEXT_WIDTH - len(columns) * (6 if size < 8 else 9)) / (size / 2)

    while sum(least) > capacity() and size > 6:
        size = round(size - 0.4, 1)
    room = capacity()
    if sum(most) <= room:
        return size, [], False
    # The root evens out: a column of long texts must not starve the others.
    weights = [
        (sum(map(_length, column)) / len(column) + longest) ** 0.7
        for column, longest in zip(columns, most, strict=True)
    ]
    wishes = [max(weight / sum(weights) * room - width, 0) for weight, width in zip(weights, least, strict=True)]
    spare = max(room - sum(least), 0) / (sum(wishes) or 1)
    widths = [width + spare * wish for width, wish in zip(least, wishes, strict=True)]
    lines = max(longest / width for longest, width in zip(most, widths, strict=True))
    return size, [width / sum(widths) for width in widths], lines * size * 1.4 > 240


# -------------------------------------------------------------------------------------------------------- typesetting


@cache
def _covered() -> frozenset[str]:
    """Return the characters that the fonts have a glyph for."""
    fonts = [TTFont(path, lazy=True) for path in sorted(paths.FONTS.glob("*-Regular.ttf"))]
    return frozenset(chr(point) for font in fonts for point in font.getBestCmap()) | set("\n\t\u00ad\u200b\u2060")


def _showable(text: str) -> str:
    """Replace characters that no font has by their like or their name: never an empty box."""
    for letter in sorted(set(text) - _covered()):
        like = unicodedata.normalize("NFKC", letter)
        if unicodedata.category(letter)[0] in "CM":
            like = ""
        elif not set(like) <= _covered():
            like = f"[{unicodedata.name(letter, f'U+{ord(letter):04X}').lower()}]"
            LOG.info("no font has the character U+%04X; the PDF says %s", ord(letter), like)
        text = text.replace(letter, like)
    return text


def _typeset(
    folder: Path,
    root: Path,
    site: dict[str, _Page],
    about: dict[str, object],
    date: datetime.datetime,
    kept: Path | None,
) -> bytes:
    """Write everything that Typst reads to ``folder`` and return the PDF."""
    (folder / "files").mkdir()
    (folder / "filter.lua").write_text(_FILTER, encoding="utf-8")
    (folder / "report.typ").write_bytes((paths.TEMPLATES / "report.typ").read_bytes())
    pandoc = pypandoc.get_pandoc_path()
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        sources = [_clean(page, root, site) for page in site.values()]
        turned = pool.map(lambda page, source: _typst(pandoc, page, source, folder, kept), site.values(), sources)
        chapters = list(turned)
    for name, path in {name: path for page in site.values() for name, path in page.files.items()}.items():
        content = path.read_bytes()
        if path.suffix.lower() == ".svg":
            content = _showable(content.decode("utf-8", "replace")).encode()
        (folder / name.lstrip("/")).write_bytes(content)
    everything = "\n".join(chapters)
    there = set(re.findall(r"(?<!link\()<([\w.:-]+)>", everything))
    there.update(re.findall(r'#pb-(?:anchor|figure)\((?:.*, )?"([\w.:-]+)"\)', everything))

    def checked(found: re.Match[str]) -> str:
        return found[0] if found[1] in there else "#pb-text"  # the place went with something that is not printed

    main = '#import "report.typ": *\n#show: report.with(json(bytes(sys.inputs.about)))\n'
    for number, chapter in enumerate(chapters):
        chapter = re.sub(r"#link\(<([\w.:-]+)>\)", checked, chapter)
        (folder / f"{number}.typ").write_text(f'#import "report.typ": *\n{chapter}', encoding="utf-8")
        main += f'#pagebreak(weak: true)\n#include "{number}.typ"\n'
    (folder / "main.typ").write_text(main, encoding="utf-8")
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[paths.FONTS])
    inputs = {"about": json.dumps(about)}
    try:
        compiler = typst.Compiler(folder / "main.typ", root=folder, font_paths=fonts, sys_inputs=inputs)
        return _packed(compiler.compile(format="pdf", pdf_standards=["ua-1"], timestamp=date))
    except typst.TypstError as error:
        said = str(error.diagnostic)
        chapter = re.search(r"/(\d+)\.typ:\d+", said)
        guilty = [page.name for page in site.values() if any(name in said for name in page.files)]
        where = list(site)[int(chapter[1])] if chapter else (guilty or ["the report"])[0]
        raise PdfError(" ".join([f"{where}: {error.message}", *error.hints])) from error


def _packed(content: bytes) -> bytes:
    """Return a PDF with its small objects in packed streams (PDF 1.7, 7.5.7), at less than half its size.

    Nothing is left out: an accessible PDF has a tag for every word set apart, and Typst writes each by itself.
    """
    out = io.BytesIO()
    with pikepdf.open(io.BytesIO(content)) as document:
        document.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
    return out.getvalue()


def _typst(program: str, page: _Page, source: str, folder: Path, kept: Path | None) -> str:
    """Return the Typst markup of a page, from the folder of those kept where it is there."""
    if kept is None:
        return _pandoc(program, page, source, folder)
    key = hashlib.sha256(f"{pypandoc.__version__}{_FILTER}{source}".encode()).hexdigest()
    path = kept / f"{key}.typ"
    if not path.is_file():
        kept.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_text(_pandoc(program, page, source, folder), encoding="utf-8")
        draft.replace(path)
    return path.read_text(encoding="utf-8")


def _pandoc(program: str, page: _Page, source: str, folder: Path) -> str:
    command = [program, "--sandbox", "--from=html", "--to=typst-smart", "--wrap=none", "--lua-filter=filter.lua"]
    done = subprocess.run(command, input=source.encode(), capture_output=True, cwd=folder, check=False)
    if done.returncode:
        raise PdfError(f"{page.name}: pandoc: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()
