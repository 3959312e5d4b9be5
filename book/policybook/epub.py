"""One EPUB 3 out of the built pages: HTML, cleaned with lxml, to a book by pandoc, finished here.

The pages are the only input, as they are for the PDF (:mod:`policybook.pages`). pandoc splits, links and packs; the
finish puts the charts into the text as SVG, so that they are set in the fonts of the book, gives the contents their
parts, and packs anew with fixed times and order: the same input gives the same bytes.

What a book must hold: https://www.w3.org/TR/epub-33/ and https://www.w3.org/TR/epub-a11y-11/.
"""

from __future__ import annotations

import datetime
import html
import io
import json
import os
import re
import subprocess
import tempfile
import uuid
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pypandoc
from lxml import etree
from lxml import html as markup
from lxml.html import HtmlElement

from policybook import cards, paths, webfonts
from policybook.pages import (
    CONTAINERS,
    LICENCE,
    NOTES,
    Page,
    PageError,
    Parts,
    having,
    image_file,
    language,
    link_target,
    mark_boxes,
    mark_footnotes,
    moment,
    note_dead_links,
    openings,
    plain_code,
    read,
    replace,
    svg_parser,
    wrap,
)
from policybook.stills import CHINESE

SUMMARY = (
    "Every chart has a text that says what it shows; most rest on a table in the same chapter or in the data of the "
    "report. Headings, lists and tables are marked as such, other languages than English are named, and links lead to "
    "sections, figures, tables and sources. Nothing moves, flashes or sounds. Tables with very many rows stand in the "
    "HTML edition only. It was checked with EPUBCheck."
)
_FEATURES = (
    "alternativeText",
    "readingOrder",
    "structuralNavigation",
    "tableOfContents",
    "displayTransformability",
)
_FONTS = ("SourceSans3-Regular.ttf", "SourceSans3-Semibold.ttf", "SourceSans3-It.ttf", "SourceSerif4-Semibold.otf")
_CHINESE_FONT = "NotoSansSC-Regular.ttf"
# pandoc leaves room for notes where it finds one; all else goes through as it is.
_FILTER = (
    NOTES
    + r"""
local insert = { Span = function(el)
  if el.attributes.typ == 'noteref' then return pandoc.Note(notes[el.attributes.args]) end
end }
return { collect, insert }
"""
)
_KEPT = {
    "a": ("href", "role"),
    "td": ("colspan", "rowspan", "data-head"),
    "th": ("colspan", "rowspan", "scope"),
    "ol": ("start", "type"),
    "span": ("lang", "data-typ", "data-args", "data-image"),
    "div": ("lang", "data-typ", "data-args"),
    "col": ("style",),
}
_CLASSES = frozenset({"num", "date", "wide", "caption-number"})
# A table with more columns than this does not fit into the width of a phone.
_NARROW = 3
XHTML, EPUB, OPF = "http://www.w3.org/1999/xhtml", "http://www.idpf.org/2007/ops", "http://www.idpf.org/2007/opf"
_SVG, _XML = "http://www.w3.org/2000/svg", "http://www.w3.org/XML/1998/namespace"
_NEVER_SHORT = {f"{{{XHTML}}}{tag}" for tag in ("a", "div", "li", "p", "span", "td", "th")}
_SPACES = {"h": XHTML, "epub": EPUB, "opf": OPF, "svg": _SVG}
# Pages that are more than a chapter, by the ends of their names: the kind of their section, its role.
_KINDS = {"references": ("bibliography", "doc-bibliography"), "glossary": ("glossary", "doc-glossary")}
_MEDIA = {
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
}
# The image of a book and where its drawings come from: name in the book -> file, words.
Images = dict[str, tuple[Path, str]]


class EpubError(Exception):
    """The EPUB could not be made; the message names the page, where one is to blame, and the cause."""


@dataclass(frozen=True)
class About:
    """What a book says of itself.

    ``authors`` are parted by semicolons; ``data_date`` is an ISO date; ``parts`` are the captions of the parts with the
    names of their pages; ``key`` names the report among all others, in all its editions.
    """

    title: str
    subtitle: str
    authors: str
    version: str
    data_date: str
    data_digest: str
    key: str
    licence: str = LICENCE
    cited: str = ""
    edition: str = ""
    parts: Parts = ()
    subjects: tuple[str, ...] = ()

    @property
    def identifier(self) -> str:
        """The identifier of the book, the same for all its editions; ``dcterms:modified`` tells these apart."""
        return f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'policybook:{self.key}')}"


def build(built: Path, target: Path, pages: list[str], about: About, kept: Path) -> Path:
    """Write the pages of the site ``built`` to ``target`` as one EPUB 3 and return ``target``.

    ``pages`` are page names in reading order, such as ``book/index``; each becomes a chapter. The book is dated by
    ``about.data_date``, unless ``SOURCE_DATE_EPOCH`` is set. Links that lead to no page of the book become text.
    ``kept`` is a folder for cover and fonts, which are made anew only when words or letters are others.

    Raises ``EpubError`` with the page and the cause; the former ``target`` is then left as it was.
    """
    try:
        date = moment(about.data_date)
        site = read(built, pages, "p")
        images: Images = {}
        body = "\n".join(_clean(page, built, site, images) for page in site.values())
        description = "".join(site[pages[0]].article.getroottree().xpath("//meta[@name='description']/@content")[:1])
        drawn = {name: _drawn(name, path, alt) for name, (path, alt) in images.items()}
        said = [about.title, about.subtitle, about.authors, about.cited, *(caption for caption, _ in about.parts)]
        letters = set(body).union(*said, *("".join(drawing.itertext()) for drawing in drawn.values()))
        with tempfile.TemporaryDirectory(prefix="policybook-epub-") as folder:
            packed = _pandoc(Path(folder), body, about, date, language(site), description, letters, kept)
        paths.keep(target, _finished(packed, site, about, images, drawn, date))
    except PageError as error:
        raise EpubError(str(error)) from None
    except (OSError, etree.XMLSyntaxError, zipfile.BadZipFile, KeyError) as error:
        raise EpubError(f"the EPUB could not be made: {error}") from error
    note_dead_links(site, "EPUB")
    return target


# ------------------------------------------------------------------------------------------------------------ cleaning


def _clean(page: Page, root: Path, site: dict[str, Page], images: Images) -> str:
    """Turn the article into plain HTML, its headings in one row, and return what stands within."""
    article = page.article
    mark_footnotes(page)
    for link in list(article.iter("a")):
        _link(page, link, site)
    for image in list(article.iter("img")):
        path, alt = image_file(page, root, image)
        name = "-".join(path.relative_to(os.path.abspath(root)).parts)
        images[name] = (path, alt)
        replace(image, markup.Element("span", {"data-image": name}))
    for number in having(article, "caption-number"):
        number.tag = "strong"
    mark_boxes(article)
    for table in list(article.iter("table")):
        _table(table)
    plain_code(article)
    for element in article.xpath(".//*[@lang][not(self::span or self::div)]"):
        wrap(element, "div" if element.tag in CONTAINERS else "span").set("lang", element.get("lang"))
    for element in list(article.iter(etree.Element)):
        _plain(element)
    for element in list(article.iter("section", "div", "span")):
        if not element.attrib:
            element.drop_tag()
    for box in reversed(list(article.iter("div"))):  # such as what held the code of a cell
        if not box.text_content().strip() and not box.xpath(".//@id | ./@id | .//@data-image"):
            box.drop_tree()
    title = article.find(".//h1")
    for before in list(title.itersiblings(preceding=True)):  # a chapter begins with its title
        title.addnext(before)
    inner = etree.tostring(article, encoding="unicode", method="html", with_tail=False)
    return inner.partition(">")[2].rpartition("</")[0]


def _plain(element: HtmlElement) -> None:
    """Leave of the attributes of an element what the book has a use for."""
    kept = {key: element.get(key) for key in _KEPT.get(element.tag, ())}
    classes = [name for name in element.get("class", "").split() if name in _CLASSES]
    function = element.get("data-typ")
    if function == "anchor":
        kept |= {"id": json.loads(element.get("data-args")), "data-typ": None, "data-args": None}
    elif function and function not in ("note", "noteref"):
        if function not in ("again", "cards", "slot"):
            classes.append(function)
        kept |= {"data-typ": None, "data-args": None}
    if element.get("data-label"):
        kept["id"] = element.get("data-label")
    element.attrib.clear()
    element.attrib.update({key: value for key, value in kept.items() if value is not None})
    if classes:
        element.set("class", " ".join(classes))


def _link(page: Page, link: HtmlElement, site: dict[str, Page]) -> None:
    if re.match(r"(https?|mailto):", link.get("href") or ""):
        return
    label = link_target(page, link, site)
    if not label:
        link.drop_tag()
        return
    link.set("href", f"#{label}")
    cites = any("bibtex-citation" in box.get("class", "").split() for box in link.iterancestors("span"))
    if cites or "pb-cite" in link.get("class", "").split():
        link.set("role", "doc-biblioref")


def _table(table: HtmlElement) -> None:
    """Say in every cell of a wide table what its column is called, for the narrow screens where it stands in no column.

    Widths of columns are those of the page, where it gives any.
    """
    for cell in table.iter("td", "th"):
        paragraphs = cell.findall("p")
        if len(paragraphs) == 1:
            paragraphs[0].drop_tag()
    heads = [" ".join(cell.text_content().split()) for cell in table.xpath("(./thead/tr)[1]/*")]
    if len(heads) > _NARROW:
        table.set("class", "wide")
        for row in table.xpath("./tbody/tr"):
            if len(row) == len(heads):
                for cell, head in zip(row, heads, strict=True):
                    cell.set("data-head", head)


def _drawn(name: str, path: Path, alt: str) -> etree._Element:
    """Return an image as the element that shows it: a drawing itself, of anything else a reference to its file."""
    if path.suffix.lower() != ".svg":
        return etree.Element(f"{{{XHTML}}}img", src=f"../media/{name}", alt=alt)
    svg = etree.parse(str(path), svg_parser()).getroot()
    if svg.tag != f"{{{_SVG}}}svg":
        raise PageError(f"{name}: is no SVG")
    for script in svg.xpath(".//svg:script", namespaces=_SPACES):
        script.getparent().remove(script)
    # Many drawings stand in one chapter: their ids become their own.
    own = path.stem
    for part in svg.iter(etree.Element):
        for key, value in part.attrib.items():
            if key == "id":
                part.set(key, f"{own}-{value}")
            elif "url(#" in value:
                part.set(key, re.sub(r"url\(#([^)]+)\)", rf"url(#{own}-\1)", value))
            elif key.endswith("href") and value.startswith("#"):
                part.set(key, f"#{own}-{value[1:]}")
    svg.attrib.pop("class", None)
    svg.set("role", "img")
    svg.set("aria-label", alt)
    svg.tail = None
    return svg


# -------------------------------------------------------------------------------------------------------------- pandoc


def _fonts(folder: Path, letters: set[str], kept: Path) -> list[str]:
    """Write the fonts of the book, cut down to its letters, to ``folder``; return their names."""
    latin = {one for one in letters if not CHINESE.match(one)} | webfonts.ALWAYS
    chinese = {one for one in letters if CHINESE.match(one)}
    names = []
    for name in (*_FONTS, _CHINESE_FONT):
        of_font, features = (chinese, []) if name == _CHINESE_FONT else (latin, webfonts.FEATURES)
        names.append(f"{Path(name).stem}.woff2")
        (folder / names[-1]).write_bytes(webfonts.kept_cut(kept, paths.FONTS / name, of_font, features))
    return names


def _pandoc(
    folder: Path,
    body: str,
    about: About,
    date: datetime.datetime,
    lang: str,
    description: str,
    letters: set[str],
    kept: Path,
) -> bytes:
    """Return the book as pandoc packs it: chapters, contents, metadata, cover and fonts; images are still missing."""
    authors = [name.strip() for name in about.authors.split(";") if name.strip()]
    edition = about.edition[:1].upper() + about.edition[1:]
    cover = cards.png(cards.cover(about.title, about.subtitle, ", ".join(authors), edition), kept)
    (folder / "cover.png").write_bytes(cover)
    (folder / "filter.lua").write_text(_FILTER, encoding="utf-8")
    for name in ("epub.html", "epub.css"):
        (folder / name).write_bytes((paths.TEMPLATES / name).read_bytes())
    whole = ": ".join(filter(None, (about.title, about.subtitle[:1].lower() + about.subtitle[1:])))
    said = [
        ("title", whole),
        ("main", about.title),
        ("sub", about.subtitle),
        *(("author", name) for name in authors),
        ("lang", lang),
        ("date", date.date().isoformat()),
        ("identifier", about.identifier),
        ("rights", about.licence),
        ("description", description),
        *(("subject", name) for name in about.subjects),
        ("version", about.version),
        ("data-date", about.data_date),
        ("digest", about.data_digest[:12]),
        ("cited", about.cited),
        *(("accessModes", mode) for mode in ("textual", "visual")),
        ("accessModeSufficient", "textual"),
        *(("accessibilityFeatures", feature) for feature in _FEATURES),
        ("accessibilityHazards", "none"),
        ("accessibilitySummary", SUMMARY),
    ]
    # No sandbox: there pandoc reads neither style sheet nor fonts. The source names no file, all images come later.
    command = [
        *(pypandoc.get_pandoc_path(), "--from=html", "--to=epub3-smart", "--output=-", "--wrap=none"),
        *(
            "--split-level=1",
            "--toc",
            "--toc-depth=2",
            "--lua-filter=filter.lua",
            "--template=epub.html",
            "--css=epub.css",
        ),
        "--epub-cover-image=cover.png",
        *(f"--epub-embed-font={name}" for name in _fonts(folder, letters, kept)),
    ]
    environment = os.environ | {"SOURCE_DATE_EPOCH": str(int(date.timestamp()))}
    # In the source, not as arguments: these pandoc reads in the encoding of the locale.
    head = "".join(f'<meta name="{key}" content="{html.escape(value)}">' for key, value in said if value)
    source = f"<html><head>{head}</head><body>{body}</body></html>".encode()
    done = subprocess.run(command, input=source, capture_output=True, cwd=folder, env=environment, check=False)
    if done.returncode:
        raise EpubError(f"pandoc: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout


# -------------------------------------------------------------------------------------------------------------- finish


def _finished(
    packed: bytes,
    site: dict[str, Page],
    about: About,
    images: Images,
    drawn: dict[str, etree._Element],
    date: datetime.datetime,
) -> bytes:
    """Return the book with its images, the parts in its contents, and everything in its place."""
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    package = etree.fromstring(files["EPUB/content.opf"])
    names = sorted(name for name in files if re.fullmatch(r"EPUB/text/ch\d+\.xhtml", name))
    if len(names) != len(site):
        raise EpubError(f"pandoc made {len(names)} chapters of {len(site)} pages")
    chapters = {page: etree.fromstring(files[name]) for page, name in zip(site, names, strict=True)}
    above, ids = openings(about.parts), {}
    for root, name in zip(chapters.values(), names, strict=True):
        ids |= dict.fromkeys(root.xpath("//@id"), Path(name).name)
    for (page, root), name in zip(chapters.items(), names, strict=True):
        _finish_chapter(root, page, above.get(page, ""), drawn)
        # pandoc does not know in which chapter a figure stands.
        for link in root.xpath("//h:a[starts-with(@href, '#')]", namespaces=_SPACES):
            where = ids.get(link.get("href")[1:], "")
            if where != Path(name).name:
                link.set("href", f"{where}{link.get('href')}")
        if root.find(f".//{{{_SVG}}}svg") is not None:
            _item(package, name).set("properties", "svg")
        files[name] = _written(root)
    for name, (path, _) in sorted(images.items()):
        if path.suffix.lower() != ".svg":
            _add_media(package, name, path)
            files[f"EPUB/media/{name}"] = path.read_bytes()
    for name in ("EPUB/text/cover.xhtml", "EPUB/text/title_page.xhtml"):
        root = etree.fromstring(files[name])
        for image in root.iter(f"{{{XHTML}}}img"):
            image.set("alt", f"Cover: {about.title}")  # not in the template: pandoc leaves quotation marks as they are
        files[name] = _written(root)
    contents = etree.fromstring(files["EPUB/nav.xhtml"])
    _finish_contents(contents, about, dict(zip(site, names, strict=True)), chapters)
    files["EPUB/nav.xhtml"] = _written(contents)
    files["EPUB/content.opf"] = etree.tostring(package, encoding="utf-8", xml_declaration=True)
    return _packed(files, date)


def _written(root: etree._Element) -> bytes:
    """Return a document as bytes; every language is named in both ways that EPUB knows."""
    for element in root.iter(etree.Element):
        if element.get("lang"):
            element.set(f"{{{_XML}}}lang", element.get("lang"))
        if not len(element) and element.text is None and element.tag in _NEVER_SHORT:
            element.text = ""  # <span/> would stay open where a reading system takes the text for HTML
    return etree.tostring(root, encoding="utf-8", xml_declaration=True, doctype="<!DOCTYPE html>")


def _finish_chapter(root: etree._Element, page: str, opening: str, drawn: dict[str, etree._Element]) -> None:
    for place in root.xpath("//h:span[@data-image]", namespaces=_SPACES):
        image = drawn[place.get("data-image")]
        image.tail, outer = place.tail, place.getparent()
        outer.replace(place, image)
    section = root.find(f".//{{{XHTML}}}section")
    title = " ".join(section.xpath("string(.//h:h1)", namespaces=_SPACES).split())
    root.find(f".//{{{XHTML}}}title").text = title
    if opening:
        above = etree.Element(f"{{{XHTML}}}p", {"class": "opening"})
        above.text, above.tail = opening, "\n"
        section.insert(0, above)
    kind, role = _KINDS.get(page.rpartition("/")[2], ("chapter", "doc-chapter"))
    section.set(f"{{{EPUB}}}type", kind)
    section.set("role", role)


def _item(package: etree._Element, name: str) -> etree._Element:
    """Return the entry of a file in the manifest."""
    (found,) = package.xpath("//opf:item[@href=$href]", namespaces=_SPACES, href=name.removeprefix("EPUB/"))
    return found


def _add_media(package: etree._Element, name: str, path: Path) -> None:
    kind = _MEDIA.get(path.suffix.lower())
    if not kind:
        raise EpubError(f"{name}: an EPUB takes no image of this kind; allowed: {', '.join(sorted(_MEDIA))}")
    item = {"id": re.sub(r"[^A-Za-z0-9_-]", "_", f"m-{name}"), "href": f"media/{name}", "media-type": kind}
    etree.SubElement(package.find(f"{{{OPF}}}manifest"), f"{{{OPF}}}item", item)


def _finish_contents(
    contents: etree._Element, about: About, names: dict[str, str], chapters: dict[str, etree._Element]
) -> None:
    """Put the chapters under their parts, name the landmarks, and list figures and tables."""
    (toc,) = contents.xpath("//h:nav[@epub:type='toc']/h:ol", namespaces=_SPACES)
    entries = {entry.xpath("string(./h:a/@href)", namespaces=_SPACES).partition("#")[0]: entry for entry in list(toc)}
    for caption, pages in about.parts:
        held = [entries[href] for page in pages if page in names and (href := _href(names[page])) in entries]
        if caption and held:
            part = etree.Element(f"{{{XHTML}}}li")
            etree.SubElement(part, f"{{{XHTML}}}span").text = caption
            toc.insert(toc.index(held[0]), part)
            etree.SubElement(part, f"{{{XHTML}}}ol").extend(held)
    contents.xpath("//h:nav[@epub:type='toc']/h:h1", namespaces=_SPACES)[0].text = "Contents"
    body = contents.find(f".//{{{XHTML}}}body")
    for former in contents.xpath("//h:nav[@epub:type='landmarks']", namespaces=_SPACES):
        former.getparent().remove(former)
    first = next(iter(names.values()))
    marks = [("cover", "Cover", "text/cover.xhtml"), ("titlepage", "Title page", "text/title_page.xhtml")]
    marks += [("toc", "Contents", "#toc"), ("bodymatter", "Start of the report", _href(first))]
    for page, name in names.items():
        if page.rpartition("/")[2] in _KINDS:
            kind = _KINDS[page.rpartition("/")[2]][0]
            marks.append((kind, kind.capitalize(), _href(name)))
    _list(body, "landmarks", "Landmarks", [(href, text, kind) for kind, text, href in marks])
    for kind, title, query in (("loi", "Figures", "//h:figure[@id]"), ("lot", "Tables", "//h:table[@id]")):
        listed = []
        for page, root in chapters.items():
            for found in root.xpath(query, namespaces=_SPACES):
                said = found.xpath("string((./h:figcaption//h:p|./h:caption)[1])", namespaces=_SPACES)
                if said.strip():
                    listed.append((f"{_href(names[page])}#{found.get('id')}", " ".join(said.split()), ""))
        if listed:
            _list(body, kind, title, listed)


def _href(name: str) -> str:
    """Return the address of a file as the contents name it."""
    return name.removeprefix("EPUB/")


def _list(body: etree._Element, kind: str, title: str, entries: list[tuple[str, str, str]]) -> None:
    """Add a list of places to the contents; those beside the contents themselves are for the reading system."""
    nav = etree.SubElement(body, f"{{{XHTML}}}nav", {f"{{{EPUB}}}type": kind, "id": kind, "hidden": "hidden"})
    nav.set("aria-label", title)
    etree.SubElement(nav, f"{{{XHTML}}}h2").text = title
    rows = etree.SubElement(nav, f"{{{XHTML}}}ol")
    for href, text, meaning in entries:
        link = etree.SubElement(etree.SubElement(rows, f"{{{XHTML}}}li"), f"{{{XHTML}}}a", href=href)
        link.text = text
        if meaning:
            link.set(f"{{{EPUB}}}type", meaning)


def _packed(files: dict[str, bytes], date: datetime.datetime) -> bytes:
    """Return the files as a zip: the media type first and as it is (EPUB OCF 3.3, 4.3), the others by name."""
    out = io.BytesIO()
    time = (max(date.year, 1980), date.month, date.day, date.hour, date.minute, date.second)
    with zipfile.ZipFile(out, "w") as archive:
        for name in sorted(files, key=lambda name: (name != "mimetype", not name.startswith("META-INF/"), name)):
            entry = zipfile.ZipInfo(name, time)
            entry.external_attr, entry.create_system = 0o644 << 16, 3
            entry.compress_type = zipfile.ZIP_STORED if name == "mimetype" else zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name], compresslevel=9)
    return out.getvalue()
