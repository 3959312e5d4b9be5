"""Documents for the tests of the intake: small sound ones of each kind, and hostile ones, all made here.

A hostile document is small and asks for time, memory, the network or files of others. What it stands for is its name.
"""

from __future__ import annotations

import functools
import io
import random
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Callable

import pypandoc
import typst

MARKDOWN = (
    "---\nauthor: Nobody\n---\n# Valley Plan\n\nThe valley [agreed](https://example.org/) on *this* ponds plan.\n\n"
    "## Pillar I: Ponds\n\nPonds are\nmended by all of us. <!-- note -->\n\n1. Look at them.\n2. Mend them.\n\n"
    "    1. First the rim.\n\n## Pillar II: Lamps & roofs\n\nLamps are `lit` by all of the people.[^a]\n\n"
    "[^a]: At dusk.\n\n"
    "| lamp | roof |\n|---|---|\n| red | blue |\n"
)
PAGE = (
    '<!DOCTYPE html><html><head><meta charset="utf-8"><title>Plan</title></head><body><nav>Home</nav>'
    '<div id="News_Body_Txt_A"><h1>Plan</h1><p>1. Ponds.&nbsp;We mend the ponds together.</p><ol start="2"><li>Lamps'
    "<ul><li>all</li></ul></li></ol><table><tr><td>a</td></tr></table><pre> x\n y</pre></div>"
    '<div class="share" hidden>no</div></body></html>'
)
PLAIN = "Valley Plan\n\nWe agreed on this:\n\n1. Ponds. We mend the ponds.\n2. Lamps. We light them.\n\nAnnex A\nx."


def archive(parts: dict[str, bytes | str]) -> bytes:
    """Return a zip archive of these parts."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as kept:
        for name, part in parts.items():
            kept.writestr(name, part)
    return target.getvalue()


@functools.cache
def word() -> bytes:
    """Return a sound Word file, made once."""
    command = [pypandoc.get_pandoc_path(), "-f", "markdown", "-t", "docx", "-o", "-"]
    return subprocess.run(command, input=MARKDOWN.encode(), capture_output=True, check=True).stdout


def word_parts() -> dict[str, bytes]:
    """Return the parts of a sound Word file."""
    with zipfile.ZipFile(io.BytesIO(word())) as source:
        return {name: source.read(name) for name in source.namelist()}


def word_of(body: str, head: str = "", **parts: bytes | str) -> bytes:
    """Return a Word file of this body; ``head`` stands before its root, ``parts`` replace those in its folder."""
    document = (
        f'<?xml version="1.0" encoding="UTF-8"?>{head}<w:document '
        'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main" '
        'xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">'
        f"<w:body>{body}</w:body></w:document>"
    )
    changed = {f"word/{name}": part for name, part in parts.items()}
    return archive(word_parts() | {"word/document.xml": document} | changed)


@functools.cache
def paper() -> bytes:
    """Return a sound PDF of two pages, made once."""
    return typst.compile(b"= Plan\nWe mend all ponds and gar-\\ dens.\n#pagebreak()\n1. Lamps. We light them.")


def pdf_of(*objects: bytes, root: int = 1) -> bytes:
    """Return a PDF of these objects, numbered from 1, with a table of where they are."""
    body, places = bytearray(b"%PDF-1.7\n"), []
    for number, part in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n" % number + part + b"\nendobj\n"
    start = len(body)
    body += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    body += b"".join(b"%010d 00000 n \n" % place for place in places)
    body += b"trailer\n<</Size %d/Root %d 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, root, start)
    return bytes(body)


def stream(content: bytes, more: bytes = b"", filters: int = 1) -> bytes:
    """Return a stream of a PDF, packed so often."""
    for _ in range(filters):
        content = zlib.compress(content, 9)
    names = b"/FlateDecode " * filters
    return b"<</Length %d/Filter[%s]%s>>\nstream\n%s\nendstream" % (len(content), names, more, content)


def pdf_page(content: bytes, resources: bytes = b"", *more: bytes) -> bytes:
    """Return a PDF of one page with this stream as its content; further objects are numbered from 5."""
    font = b"/Font<</F <</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>"
    return pdf_of(
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 600 800]/Contents 4 0 R/Resources<<%s%s>>>>" % (font, resources),
        content,
        *more,
    )


def _laughs(levels: int = 9) -> str:
    entities = "".join(f'<!ENTITY e{level} "{f"&e{level - 1};" * 10}">' for level in range(1, levels + 1))
    return f'<!DOCTYPE w:document [<!ENTITY e0 "ha">{entities}]>'


def _lying_zip() -> bytes:
    """Return an archive whose one part says that it is of 10 bytes and unfolds to 20 MB."""
    whole = bytearray(archive({"word/document.xml": b" " * 20_000_000}))
    for mark, place in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        at = whole.index(mark)
        whole[at + place : at + place + 4] = struct.pack("<I", 10)
    return bytes(whole)


def _overlapping_zip(count: int = 3000) -> bytes:
    """Return an archive whose entries all lie on one part of 1 MB."""
    whole = archive({"word/document.xml": b" " * 1_000_000})
    at = whole.index(b"PK\x01\x02")
    end = whole.index(b"PK\x05\x06")
    entry = whole[at:end]
    directory = b"".join(entry.replace(b"document", b"doc%05d" % number) for number in range(count))
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, count, count, len(directory), at, 0)
    return whole[:at] + directory + tail


def _styles() -> str:
    shapes = ["Article %s.", "第%s条 x", "%s、a", "%s. x", "%s) x", "Chapter %s.", "Part %s.", "Section %s.", "第%s章"]
    lines = [line for shape in shapes for line in [shape % 1] * 100 + [shape % n for n in range(1, 999)] * 4]
    return "\n".join(lines)


TXT: dict[str, Callable[[int], str]] = {
    "accents in no order": lambda size: "a " + "\u0301\u0316" * (size // 4),
    "letters that are eighteen": lambda size: "\ufdfa " * (size // 4),
    "one word": lambda size: "a" * size,
    "one word, then hyphens": lambda size: "a-" * (size // 2),
    "numbers in every style": lambda size: (_styles() * (size // 100_000 + 1))[:size],
    "lines of chapters": lambda size: "1. a\nb\n2. c\n" + "Chapter 1\n" * (size // 10),
    "lines without an end": lambda size: "word\n" * (size // 5) + "1. a.\n2. b.\n3. c.\n",
    "annexes": lambda size: "1. a\n2. b\n" + "annex a: \n" * (size // 10),
    "blanks": lambda size: "a" + " " * size + "a",
    "blank lines": lambda size: "1. a" + "\n" * size + "2. b",
    "a datelike start": lambda size: "A" + " A." * (size // 3) + "\n1. a.\n2. b.",
    "furniture": lambda size: "1. a\n2. b\n" + ("editor:" + " " * 900 + "x\n") * (size // 900),
    "stars": lambda size: "**1.**" + "*" * size,
    "page breaks": lambda size: "a\f\v\x1c\x85\u2028" * (size // 8),
    "control characters": lambda size: "a \x1b[2J\x07 b " * (size // 11),
}
MD: dict[str, Callable[[int], str]] = {
    "quotes in quotes": lambda size: ">" * size + "a",
    "lists in lists": lambda size: "- " * (size // 2) + "a",
    "open brackets": lambda size: "[" * size + "a",
    "open links": lambda size: "[a](" * (size // 4),
    "emphasis": lambda size: "*a **a " * (size // 7),
    "stars and underlines": lambda size: "*_" * (size // 2) + "a",
    "backticks": lambda size: "".join("e" + "`" * n for n in range(1, int((2 * size) ** 0.5))),
    "tags": lambda size: "<a " * (size // 3),
    "comments": lambda size: "<!-- a " * (size // 7),
    "references": lambda size: "".join(f"[{n}]: /a\n" for n in range(size // 10)) + "[a][b]" * 99,
    "headings": lambda size: "# a\n\nb.\n" * (size // 8),
    "headings in a row": lambda size: "# a b\n" * (size // 6),
    "headings of one word": lambda size: "# " + "a" * size + "\n# b\nc.\n",
    "table": lambda size: "|a" * (size // 4) + "\n" + "|-" * (size // 4) + "\n|a\n",
    "rows of a table": lambda size: "|" * 200 + "\n" + "|-" * 200 + "|\n" + "|\n" * (size // 2),
    "front matter": lambda size: "---\n" * (size // 4),
    "entities": lambda size: "&amp;&#0;" * (size // 9),
}
HTML: dict[str, Callable[[int], str]] = {
    "nested": lambda size: "<html><body>" + "<div>" * (size // 5) + "a",
    "nested spans": lambda size: "<html><body>" + "<span>" * (size // 6) + "a",
    "nested hidden": lambda size: "<html><body>" + "<div hidden>a" * (size // 13),
    "nested shares": lambda size: "<html><body>" + '<p>long text</p><div class="share">a' * (size // 35),
    "nested containers": lambda size: "<html><body>" + '<div id="detail">a' * (size // 18),
    "nested articles": lambda size: "<html><body>" + "<article>a" * (size // 10),
    "articles": lambda size: "<html><body>" + "<article>a</article>" * (size // 20),
    "nested lists": lambda size: "<html><body>" + "<ol><li>a" * (size // 9),
    "nested tables": lambda size: "<html><body>" + "<table><tr><td>a" * (size // 16),
    "nested furniture": lambda size: "<html><body>a" + "<nav>a" * (size // 6),
    "furniture": lambda size: "<html><body>a" + "<svg></svg>words " * (size // 17),
    "hidden": lambda size: "<html><body>words and words" + "<p hidden>a</p>words " * (size // 21),
    "unclosed": lambda size: "<html><body>" + "<b><i><font><p>a" * (size // 16),
    "paragraphs": lambda size: "<html><body>" + "<p>a" * (size // 4),
    "breaks": lambda size: "<html><body>a" + "<br>" * (size // 4),
    "attributes": lambda size: "<html><body " + "".join(f"a{n}=b " for n in range(size // 9)) + ">a",
    "a class": lambda size: "<html><body><p class='" + "share-" * (size // 6) + "!'>a",
    "a class of blanks": lambda size: "<html><body><p class='" + " " * size + "'>a",
    "a style": lambda size: "<html><body><p style='" + "display " * (size // 8) + "'>a",
    "comments": lambda size: "<html><body>a" + "<!-- -" * (size // 6),
    "comments before": lambda size: "<!-- a -->" * (size // 10) + "<html><body>a",
    "charsets": lambda size: "<html>" + "<meta " * (size // 6) + "<body>a",
    "words": lambda size: "<html><body>" + "a" * size,
    "entities": lambda size: "<html><body>" + "&#1114111;&amp" * (size // 14),
    "laughs": lambda size: "<!DOCTYPE html [" + _laughs()[22:] + "<html><body>&e9;</body></html>",
    "links": lambda size: "<html><body>" + "<a href=/a>a</a>" * (size // 16),
    "headings": lambda size: "<html><body>" + "<h2>a</h2>" * (size // 10),
}


def word_samples() -> dict[str, Callable[[int], bytes]]:
    """Return hostile Word files by name; each takes about the size of what it unfolds to, in bytes."""
    run = "<w:p><w:r><w:t>{}</w:t></w:r></w:p>"
    return {
        "laughs": lambda size: word_of(run.format("&e9;"), _laughs()),
        "nested runs": lambda size: word_of("<w:p>" + "<w:r>" * (size // 5)),
        "nested tables": lambda size: word_of(
            "<w:tbl><w:tr><w:tc>" * (size // 40) + run.format("a") + "</w:tc></w:tr></w:tbl>" * (size // 40)
        ),
        "paragraphs": lambda size: word_of(run.format("a") * (size // 40)),
        "one text": lambda size: word_of(run.format("a" * size)),
        "cells": lambda size: word_of(
            "<w:tbl><w:tr>" + ("<w:tc>" + run.format("a") + "</w:tc>") * (size // 60) + "</w:tr></w:tbl>"
        ),
        "spans": lambda size: word_of(
            '<w:tbl><w:tr><w:tc><w:tcPr><w:gridSpan w:val="99999999"/></w:tcPr>'
            + run.format("a")
            + "</w:tc></w:tr></w:tbl>"
        ),
        "levels": lambda size: word_of(
            '<w:p><w:pPr><w:numPr><w:ilvl w:val="99999999"/><w:numId w:val="1"/></w:numPr></w:pPr></w:p>'
            + run.format("a")
        ),
        "attributes": lambda size: word_of("<w:p " + "".join(f'w:a{n}="" ' for n in range(size // 10)) + "/>"),
        "no markup": lambda size: word_of("<" * size),
        "a style on itself": lambda size: word_of(
            '<w:p><w:pPr><w:pStyle w:val="A"/></w:pPr><w:r><w:t>a</w:t></w:r></w:p>',
            **{
                "styles.xml": '<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
                '<w:style w:type="paragraph" w:styleId="A"><w:name w:val="a"/>'
                '<w:basedOn w:val="A"/></w:style></w:styles>'
            },
        ),
    }


def zip_samples() -> dict[str, bytes]:
    """Return archives that are no documents, or not safe to unpack, by name."""
    nest = b"words"
    for _ in range(20):
        nest = archive({"word/document.xml": nest})
    return {
        "a bomb": archive({"word/document.xml": b"\0" * 60_000_000}),
        "many parts": archive({f"word/{number}.xml": b"" for number in range(6000)}),
        "a size that lies": _lying_zip(),
        "parts over each other": _overlapping_zip(),
        "a zip in a zip": nest,
        "out of the folder": archive({"word/document.xml": b"", "../../escape.xml": b"x"}),
        "from the root": archive({"word/document.xml": b"", "/tmp/escape.xml": b"x"}),
        "from a drive": archive({"word/document.xml": b"", "C:\\escape.xml": b"x"}),
        "to a share": archive({"word/document.xml": b"", "\\\\host\\escape.xml": b"x"}),
        "names twice": archive({"word/document.xml": b"a"}) + archive({"word/document.xml": b"b"}),
    }


ENDLESS = ("forms in forms", "a form in itself", "many pages of one")  # of the PDFs


def pdf_samples() -> dict[str, Callable[[int], bytes]]:
    """Return hostile PDFs by name; each takes about the size of what it unfolds to, in bytes."""
    words = b"BT /F 9 Tf 9 9 Td (word) Tj ET\n"
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]"
    double = b"/X5 Do /X5 Do"
    return {
        "a stream that unfolds": lambda size: pdf_page(stream(b" " * size + words)),
        "a stream packed thrice": lambda size: pdf_page(stream(b" " * size + words, filters=3)),
        "words": lambda size: pdf_page(stream(words * (size // len(words)))),
        "one word": lambda size: pdf_page(stream(b"BT /F 9 Tf (" + b"a" * size + b") Tj ET")),
        "arrays in arrays": lambda size: pdf_of(b"[" * size + b"]" * size),
        "dictionaries in dictionaries": lambda size: pdf_of(b"<</Type/Catalog/A" + b"<</A" * (size // 4)),
        "arrays in a page": lambda size: pdf_page(stream(b"[" * size + b" TJ\n" + words)),
        "states": lambda size: pdf_page(stream(b"q " * (size // 2) + words)),
        "pages in a ring": lambda size: pdf_of(
            b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[2 0 R 2 0 R]/Count 9>>"
        ),
        "pages in pages": lambda size: pdf_of(
            b"<</Type/Catalog/Pages 2 0 R>>",
            *(b"<</Type/Pages/Count 2999/Kids[%d 0 R]>>" % (n + 3) for n in range(size // 60)),
            b"<</Type/Page/MediaBox[0 0 9 9]>>",
        ),
        "pages that are not": lambda size: pdf_of(
            b"<</Type/Catalog/Pages 2 0 R>>", b"<</Type/Pages/Kids[]/Count 999999999>>"
        ),
        "many pages of one": lambda size: pdf_of(
            b"<</Type/Catalog/Pages 2 0 R>>",
            b"<</Type/Pages/Count 2999/Kids[" + b"3 0 R " * 2999 + b"]>>",
            b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]/Contents 4 0 R>>",
            stream(words * (size // len(words))),
        ),
        "forms in forms": lambda size: pdf_page(
            stream(b"/X5 Do " + words),
            b"/XObject<</X5 5 0 R>>",
            *(
                stream(
                    double.replace(b"5", b"%d" % (n + 1)),
                    form + b"/Resources<</XObject<</X%d %d 0 R>>>>" % (n + 1, n + 1),
                )
                for n in range(5, 45)
            ),
        ),
        "a form in itself": lambda size: pdf_page(
            stream(double + words),
            b"/XObject<</X5 5 0 R>>",
            stream(double, form + b"/Resources<</XObject<</X5 5 0 R>>>>"),
        ),
        "an object stream": lambda size: pdf_of(
            b"<</Type/Catalog/Pages 2 0 R>>", stream(b"0 0 " * (size // 4), b"/Type/ObjStm/N 999999999/First 9")
        ),
        "a length that lies": lambda size: pdf_of(b"<</Length 99999999999>>\nstream\nx\nendstream"),
        "a length on itself": lambda size: pdf_of(b"<</Length 1 0 R>>\nstream\nx\nendstream"),
        "a table that is too large": lambda size: paper().replace(b"/Size ", b"/Size 99999999"),
        "a table before itself": lambda size: pdf_page(stream(words)).replace(b"/Root", b"/Prev 9/Root"),
        "no table": lambda size: b"%PDF-1.7\n" + b"1 0 obj\n<<>>\n" * (size // 13),
        "an image of all memory": lambda size: pdf_page(
            stream(b"/X5 Do"),
            b"/XObject<</X5 5 0 R>>",
            stream(
                b"a", b"/Type/XObject/Subtype/Image/Width 99999/Height 99999/ColorSpace/DeviceRGB/BitsPerComponent 8"
            ),
        ),
        "a script": lambda size: pdf_page(stream(words)).replace(
            b"/Type/Catalog", b"/Type/Catalog/OpenAction<</S/JavaScript/JS(while(1);)>>"
        ),
    }


def mutated(sound: bytes, chance: random.Random, times: int = 4) -> bytes:
    """Return bytes with so many changes: bytes flipped, cut, doubled, moved, filled."""
    data = bytearray(sound)
    for _ in range(times):
        first = chance.randrange(len(data) + 1)
        last = min(first + int(chance.expovariate(1 / 20)) + 1, len(data))
        piece = bytes(data[first:last])
        match chance.randrange(5):
            case 0:
                data[first:last] = chance.randbytes(len(piece))
            case 1:
                del data[first:last]
            case 2:
                data[first:last] = piece * chance.choice((2, 30))
            case 3:
                at = chance.randrange(len(data) + 1)
                data[at:at] = piece
            case _:
                data[first:last] = chance.choice((b"\0", b"\xff", b"<", b"9", b"[")) * len(piece)
    return bytes(data)
