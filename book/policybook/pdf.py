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
from functools import cache
from pathlib import Path

import pikepdf
import pypandoc
import typst
from fontTools.ttLib import TTFont
from lxml import etree
from lxml import html as markup
from lxml.html import HtmlElement

from policybook import paths
from policybook.pages import (
    CONTAINERS,
    FIXED_SPACE,
    LICENCE,
    NOTES,
    Page,
    PageError,
    Parts,
    call_arguments,
    having,
    image_file,
    language,
    link_target,
    mark,
    mark_boxes,
    mark_footnotes,
    moment,
    note_dead_links,
    openings,
    plain_code,
    read,
    replace,
    wrap,
)

LOG = logging.getLogger(__name__)

# Elements that the cleaning marks with data-typ become calls of the functions of templates/report.typ; all other div
# and span go, since a block of Typst may hold no page break and cannot be broken well.
_FILTER = (
    NOTES
    + r"""
local bodiless = { anchor = true, image = true, again = true }
local function raw(text) return pandoc.RawInline('typst', text) end
local function call(el) return '#pb-' .. el.attributes.typ .. '(' .. (el.attributes.args or '') .. ')' end

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
)

_KEPT = {"a": ("href",), "td": ("colspan", "rowspan"), "th": ("colspan", "rowspan"), "ol": ("start", "type")}

_ALIGNED = {"num": "right", "text-right": "right", "text-center": "center"}
_ZERO_SPACE = "\u200b"  # a place to break a line, without a hyphen
_BREAKS = re.compile(r"(?<=[_/.=&?@:#;,])(?=[^\W\d_])|(?<=_)(?=\w)")
_WORDS = re.compile(r"[ \t\n\u200b\u3000-\uffef]+|-(?=\D)")
_FITTING = {5: 9.5, 6: 8.8, 7: 8.2, 8: 7.6, 9: 7.2}  # number of columns -> largest type size; beyond: 6.8
_TEXT_WIDTH = 448  # points: A4 less the margins of the template


class PdfError(Exception):
    """The PDF could not be made; the message names the page, where one is to blame, and the cause."""


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
    parts: Parts = (),
    kept: Path | None = None,
) -> Path:
    """Write the pages of the built site ``html`` to ``target`` as one tagged PDF (PDF/UA-1) and return ``target``.

    ``pages`` are page names in reading order, such as ``book/index``; each becomes a chapter. ``data_date`` (ISO) dates
    the document, unless ``SOURCE_DATE_EPOCH`` is set; the same input gives the same bytes. Links that lead to no page
    of the PDF become text, and their number is logged. ``cited`` says on the title page how to cite the report.
    ``parts`` are named at the head of chapters and in the table of contents.
    ``kept`` is a folder in which the markup of chapters stays, so that those that did not change need not be converted
    again.

    Raises ``PdfError`` with the page and the cause; the former ``target`` is then left as it was.
    """
    draft = target.with_name(f".{target.name}.draft")
    try:
        date = moment(data_date)
        site = read(html, pages)
        about = {
            "title": title,
            "subtitle": subtitle,
            "authors": authors,
            "version": version,
            "data_date": data_date,
            "digest": data_digest[:12],
            "licence": licence,
            "cited": cited,
            "parts": [next((caption for caption, names in parts if names[:1] == (page,)), "") for page in site],
            "date": [date.year, date.month, date.day],
            "lang": language(site),
        }
        with tempfile.TemporaryDirectory(prefix="policybook-pdf-") as folder:
            content = _typeset(Path(folder), html, site, about, openings(parts), date, kept)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            draft.write_bytes(content)
            draft.replace(target)
        finally:
            draft.unlink(missing_ok=True)
    except PageError as error:
        raise PdfError(str(error)) from None
    except OSError as error:
        raise PdfError(f"the PDF could not be made: {error}") from error
    note_dead_links(site, "PDF")
    return target


# ------------------------------------------------------------------------------------------------------------ cleaning


def _clean(page: Page, root: Path, site: dict[str, Page]) -> str:
    """Turn the article into plain HTML with marks for the filter, and return it."""
    article = page.article
    mark_footnotes(page)
    for link in list(article.iter("a")):
        _link(page, link, site)
    for image in list(article.iter("img")):
        _image(page, root, image)
    for number in having(article, "caption-number"):
        number.tag = "strong"
    mark_boxes(article)
    for figure in list(article.iter("figure")):
        _figure(figure)
    for table in list(article.iter("table")):
        _table(table)
    plain_code(article)
    for element in article.xpath(".//*[@lang]"):
        language, *rest = element.get("lang").split("-")
        region = {"Hans": "CN", "Hant": "TW"}.get("".join(rest[:1]), "".join(rest[-1:]).upper() or None)
        if element.tag != "span" or element.get("data-typ"):
            element = wrap(element, "div" if element.tag in CONTAINERS else "span")
        if "Latn" in rest:  # pinyin: the language is Chinese, the letters are not
            mark(element, "latin", language.lower())
        else:
            mark(element, "lang", language.lower(), region if region is None or len(region) == 2 else None)
    for element in article.iter(etree.Element):
        kept = {key: element.get(key) for key in (*_KEPT.get(element.tag, ()), "data-typ", "data-args")}
        kept |= {"id": element.get("data-label"), "style": element.get("data-style")}
        element.attrib.clear()
        element.attrib.update({key: value for key, value in kept.items() if value is not None})
    return _showable(etree.tostring(article, encoding="unicode", method="html", with_tail=False))


def _link(page: Page, link: HtmlElement, site: dict[str, Page]) -> None:
    address = link.get("href") or ""
    if re.match(r"(https?|mailto):", address):
        reference = any("citation" in box.get("class", "").split() for box in link.iterancestors("div"))
        if reference and address.rstrip("/") not in link.text_content():
            link.tail = f" ({address}){link.tail or ''}"
        return
    label = link_target(page, link, site)
    if label:
        link.set("href", f"#{label}")
    else:
        link.drop_tag()


def _image(page: Page, root: Path, image: HtmlElement) -> None:
    path, alt = image_file(page, root, image)
    name = "/files/" + "-".join(path.relative_to(os.path.abspath(root)).parts)
    page.files[name] = path
    replace(image, mark(markup.Element("span"), "image", name, alt))


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
        figure.set("data-args", f"{images[0].get('data-args')}, {call_arguments(label)}")
        figure.set("data-typ", "figure")
    elif label:
        figure.insert(0, mark(markup.Element("div"), "anchor", label))
    figure.tag = "div"
    figure.text = None


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
    box = mark(markup.Element("div"), "table", size, breakable)
    replace(table, box)
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
        wrap(cell, "strong")


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
        max(min(len(word), 20 if FIXED_SPACE in word or not re.search("[A-Za-z]", word) else 12) for word in words) + 1
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
    site: dict[str, Page],
    about: dict[str, object],
    above: dict[str, str],
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
    for number, (page, chapter) in enumerate(zip(site, chapters, strict=True)):
        chapter = re.sub(r"#link\(<([\w.:-]+)>\)", checked, chapter)
        (folder / f"{number}.typ").write_text(f'#import "report.typ": *\n{chapter}', encoding="utf-8")
        opening = json.dumps(above.get(page, ""), ensure_ascii=False)
        main += f'#place.flush()\n#pagebreak(weak: true)\n#pb-opening({opening})\n#include "{number}.typ"\n'
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


def _typst(program: str, page: Page, source: str, folder: Path, kept: Path | None) -> str:
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


def _pandoc(program: str, page: Page, source: str, folder: Path) -> str:
    command = [program, "--sandbox", "--from=html", "--to=typst-smart", "--wrap=none", "--lua-filter=filter.lua"]
    done = subprocess.run(command, input=source.encode(), capture_output=True, cwd=folder, check=False)
    if done.returncode:
        raise PdfError(f"{page.name}: pandoc: {done.stderr.decode(errors='replace').strip()}")
    return done.stdout.decode()
