"""Reading a policy document: a file or a web page in, plain text out.

Nothing is written here and nothing is known here of the data package. Headings keep the mark ``#`` to ``######`` of
their level, a paragraph is one line (in PDF and plain text: as many lines as there), and nested lists are indented, so
that :mod:`policybook.sectioning` can cut the text. Whatever the bytes are, what goes wrong is an :class:`IntakeError`:
they are read in a process of its own, within limits of time and memory (:mod:`policybook.confined`).
"""

from __future__ import annotations

import hashlib
import io
import itertools
import re
import subprocess
import threading
import time
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

import charset_normalizer
import pypandoc
import pypdfium2
from lxml import etree, html
from markdown_it import MarkdownIt
from pypdfium2.raw import FPDF_PAGEOBJ_IMAGE

from policybook import confined, counting

# Loaded where they are used: requests, policybook.sources. What parses a document has no use for them.

CONNECT_SECONDS, READ_SECONDS, OVERALL_SECONDS = 10, 30, 60
MOST_REDIRECTS = 5
MOST_BYTES_WEB, MOST_BYTES_FILE = 20_000_000, 50_000_000
MOST_BYTES_UNPACKED, MOST_BYTES_XML, MOST_PARTS, MOST_RATIO = 200_000_000, 50_000_000, 5_000, 100
MOST_PAGES = 3_000
MOST_ELEMENTS = 50_000  # of a page whose main text is guessed; in a larger one the whole is taken
MOST_ACCENTS = 30  # on a letter, as in the Stream-Safe Text Format of Unicode
MOST_CHARACTERS = 3_000_000  # of a text in the form in which it is counted: a thousand pages
SECONDS_PER_MEGABYTE, MOST_SECONDS = 8, 120

Tell = Callable[[str], None]


class IntakeError(ValueError):
    """A document that cannot be taken in: one line that says what is wrong, with what, and what would be right."""


@dataclass(frozen=True)
class Reading:
    """A document as read.

    ``kind`` is ``txt``, ``md``, ``html``, ``pdf`` or ``docx``; ``place`` the address as asked or the bare file name;
    ``digest`` the SHA-256 (hex) of the bytes as read; ``title`` the title that the document gives itself, else empty.
    """

    text: str
    kind: str
    place: str
    digest: str
    title: str


def read(place: str | Path, *, encoding: str | None = None, tell: Tell | None = None) -> Reading:
    """Read a file or an http(s) address as text.

    The kind is told by the content first, then by the Content-Type of the server, then by the suffix. ``encoding``
    overrides what a text, Markdown or HTML file says of itself; PDF and Word files have no use for it. ``tell`` is
    called with a line on each step that takes time, and on what a reader should know of the result.

    The automatic numbers of Word's headings are not in the file as text and are lost; such a text is cut by its
    headings. Numbers of lists are kept.

    Raises :class:`IntakeError` for anything that is not a readable text within the limits of this module.
    """
    tell = tell or (lambda line: None)
    web = isinstance(place, str) and re.match(r"[A-Za-z][A-Za-z0-9+.-]*://", place)
    name = " ".join((place if web else Path(place).name or str(place)).split())
    try:
        data, content_type = _download(place, tell) if web else (_load(Path(place)), "")
        called = urlsplit(place).path if web else name
        tell(f"reading {name}")
        seconds = min(SECONDS_PER_MEGABYTE * max(1, len(data) / 1_000_000), MOST_SECONDS)
        try:
            text, kind, title, notes = confined.call(
                convert, data, content_type, called, encoding, seconds=seconds, says=IntakeError
            )
        except confined.Broken as broken:
            raise IntakeError(f"{broken}: it may be damaged; save it anew, or as .txt") from None
    except IntakeError as error:
        raise IntakeError(f"{name}: {error}") from None
    for note in notes:
        tell(note)
    return Reading(text, kind, name, hashlib.sha256(data).hexdigest(), title)


def convert(data: bytes, content_type: str, name: str, encoding: str | None) -> tuple[str, str, str, list[str]]:
    """Return bytes as text, with their kind, the title that they give themselves and what a reader should know of it.

    ``content_type`` and ``name`` are what a server or the file says they are. This knows no limit of time or memory:
    call :func:`read`. Raises :class:`IntakeError`.
    """
    notes: list[str] = []
    kind = _kind(data, content_type, name)
    if kind == "pdf":
        text, title = _from_pdf(data, notes.append)
    elif kind == "docx":
        text, title = _from_docx(data)
    else:
        charset = re.search(r"charset=[\"']?([\w.:-]+)", content_type, re.IGNORECASE)
        source = _decode(data, encoding, charset[1] if charset else "", kind == "html")
        if kind == "html":
            text, title = _from_page(source, notes.append)
        else:
            text, title = _from_markdown(source) if kind == "md" else (source, "")
    text = "\n".join(line.rstrip() for line in text.splitlines()).strip("\n")
    text, title = _NO_LETTERS.sub("\ufffd", text), _NO_LETTERS.sub("\ufffd", " ".join(title.split()))
    if not text.strip():
        raise IntakeError("holds no text: give a file or page with text in it")
    if _piled(text):
        raise IntakeError(f"piles more than {MOST_ACCENTS} accents on one letter: it is damaged, or no text")
    # Some letters are many in the form that is counted.
    if max(len(text), len(counting.normalise(text))) > MOST_CHARACTERS:
        raise IntakeError(f"holds more than {MOST_CHARACTERS:,} characters: give the part that you need")
    return text, kind, title, notes


# Control characters, which would steer the terminal that shows a heading, and halves of characters.
_NO_LETTERS = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def _piled(text: str) -> bool:
    """Tell whether accents pile up on a letter: to bring them into Unicode's order takes the square of their number."""
    return any(
        accents and sum(1 for _ in run) > MOST_ACCENTS
        for piece in re.findall(rf"[^\x00-\u02ff\u3000-\ud7ff]{{{MOST_ACCENTS},}}", text)
        for accents, run in itertools.groupby(piece, lambda letter: unicodedata.combining(letter) > 0)
    )


def language(text: str) -> str:
    """Return the language of a text as an ISO 639-1 code.

    ``zh`` when at least three in ten letters are Chinese characters and there is hardly any Japanese kana or Korean
    beside them; py3langid decides otherwise, by the first 20,000 characters. Raises :class:`IntakeError` for a text
    without letters.
    """
    import py3langid  # loads its model, which takes half a second

    letters = sum(letter.isalpha() for letter in text)
    if not letters:
        raise IntakeError("the text holds no letters, so its language cannot be told: name it")
    beside = len(re.findall(r"[\u3040-\u30ff\uac00-\ud7af]", text))
    if counting.chinese_characters(text) >= 0.3 * letters and beside < 0.05 * letters:
        return "zh"
    return str(py3langid.classify(text[:20_000])[0])


# --------------------------------------------------------------------------------------------------- getting the bytes


def _load(path: Path) -> bytes:
    if "\0" in str(path):
        raise IntakeError("is no name of a file")
    try:
        if path.is_dir():
            raise IntakeError("is a folder: name one file in it")
        if not path.exists():
            raise IntakeError("no such file")
        if not path.is_file():
            raise IntakeError("is no regular file")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES_FILE + 1)
    except OSError as error:
        raise IntakeError(f"cannot be read: {error.strerror}") from None
    if len(data) > MOST_BYTES_FILE:
        raise IntakeError(f"is larger than {MOST_BYTES_FILE // 1_000_000} MB")
    return data


def _download(address: str, tell: Tell) -> tuple[bytes, str]:
    """Return the body and the Content-Type; in a thread, since a server that trickles must not hold up the caller."""
    import requests

    from policybook import sources

    if address.partition("://")[0].lower() not in ("http", "https"):
        raise IntakeError("is no http or https address: save the document and name the file")
    if not sources.safe_url(address):
        raise IntakeError("is no plain address: it holds blanks, quotes or brackets, or no host")
    if "@" in urlsplit(address).netloc:
        raise IntakeError("holds a user name or password: give an address that is open to all")
    tell(f"fetching {address}")
    outcome: list[tuple[bytes, str] | BaseException] = []

    def work() -> None:
        try:
            outcome.append(_fetch(address))
        except BaseException as error:  # handed to the caller
            outcome.append(error)

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(OVERALL_SECONDS)
    if not outcome:
        raise IntakeError(f"was not complete within {OVERALL_SECONDS} s: try again, or save the page and name the file")
    if isinstance(outcome[0], IntakeError):
        raise outcome[0]
    if isinstance(outcome[0], requests.RequestException | OSError | ValueError):
        raise IntakeError(_trouble(outcome[0])) from None
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]


def _fetch(address: str) -> tuple[bytes, str]:
    import requests

    end = time.monotonic() + OVERALL_SECONDS
    with requests.Session() as session:
        session.max_redirects = MOST_REDIRECTS
        head = {"User-Agent": "policybook", "Accept-Encoding": "gzip, deflate"}
        with session.get(address, headers=head, timeout=(CONNECT_SECONDS, READ_SECONDS), stream=True) as response:
            if response.status_code != 200:
                reason = f" ({response.reason})" if response.reason else ""
                raise IntakeError(f"the server answers {response.status_code}{reason}: check the address")
            body = bytearray()
            for piece in response.iter_content(1 << 16):
                body += piece
                if len(body) > MOST_BYTES_WEB:
                    raise IntakeError(f"is larger than {MOST_BYTES_WEB // 1_000_000} MB")
                if time.monotonic() > end:
                    raise IntakeError(f"was not complete within {OVERALL_SECONDS} s")
            return bytes(body), response.headers.get("Content-Type", "")


def _trouble(error: BaseException) -> str:
    """Return in words why a server was not reached."""
    import requests

    said = f"{error!r} {error}"
    if isinstance(error, requests.TooManyRedirects):
        return f"is passed on more than {MOST_REDIRECTS} times: check the address"
    if isinstance(error, requests.exceptions.InvalidSchema):
        return "passes on to an address that is not http or https"
    if isinstance(error, requests.exceptions.SSLError):
        return "no secure connection: the server's certificate or TLS version is not accepted"
    if isinstance(error, requests.ConnectTimeout):
        return f"no connection within {CONNECT_SECONDS} s"
    if isinstance(error, requests.Timeout) or "timed out" in said:
        return f"the server was silent for {READ_SECONDS} s"
    if isinstance(error, requests.exceptions.ProxyError):
        return "the proxy of this network does not let it through"
    if "NameResolution" in said:
        return "no such host, or no network: check the address"
    if "refused" in said:
        return "the server refuses the connection"
    if isinstance(error, requests.exceptions.ContentDecodingError | requests.exceptions.ChunkedEncodingError):
        return "the server's answer breaks off or is damaged"
    if isinstance(error, ValueError) and not isinstance(error, requests.ConnectionError):
        return "is no valid address"
    return "the connection failed or broke off"


# ------------------------------------------------------------------------------------------------- what kind of bytes

_DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_TYPES = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "text/markdown": "md",
    "text/x-markdown": "md",
    "application/pdf": "pdf",
    _DOCX: "docx",
}
# Types that servers give for anything, so that they say nothing.
_VAGUE = ("", "text/plain", "application/octet-stream", "binary/octet-stream", "application/zip", "application/x-zip")
_SUFFIXES = {".html": "html", ".htm": "html", ".xhtml": "html", ".shtml": "html", ".md": "md", ".markdown": "md"}
_PAGE = re.compile(
    rb"(?:\xef\xbb\xbf|\xff\xfe|\xfe\xff)?\s*(?:<\?xml[^>]*>\s*|<!--(?:(?!-->).)*-->\s*)*<(?:!doctype\s+html|html\b)",
    re.IGNORECASE | re.DOTALL,
)
_IMAGES = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"II*\0", b"MM\0*")


def _kind(data: bytes, content_type: str, name: str) -> str:
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if data.startswith(b"PK\x03\x04"):
        return _kind_of_zip(data)
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        raise IntakeError("is an Office file of the old kind (.doc, .xls) or under a password: save it as .docx")
    if data.startswith(b"{\\rtf"):
        raise IntakeError("is a rich text file (RTF): save it as .docx")
    declared = content_type.partition(";")[0].strip().lower()
    if data.startswith(_IMAGES) or (data.startswith(b"RIFF") and data[8:12] == b"WEBP"):
        raise IntakeError("is an image, not a text: run OCR over it first")
    if declared not in _TYPES and declared not in _VAGUE:
        raise IntakeError(f"is {declared}, not a text: give a page, or a .txt, .md, .pdf or .docx file")
    suffix = PurePosixPath(name).suffix.lower()
    told = _TYPES.get(declared) or {".pdf": "pdf", ".docx": "docx"}.get(suffix)
    if told in ("pdf", "docx") and data.strip():
        raise IntakeError(f"is called {told}, but is none: it may be damaged, or an error page under that name")
    if _PAGE.match(data[:4096].replace(b"\0", b"")):
        return "html"
    return _TYPES.get(declared) or _SUFFIXES.get(suffix, "txt")


def _kind_of_zip(data: bytes) -> str:
    names = set(_parts(data))
    if "word/document.xml" in names:
        return "docx"
    for start, what in (("xl/", "a spreadsheet"), ("ppt/", "a set of slides")):
        if any(name.startswith(start) for name in names):
            raise IntakeError(f"is {what}, not a text: save its text as .docx, .pdf or .txt")
    raise IntakeError("is a zip archive that holds no Word document: unpack it and name the file")


# --------------------------------------------------------------------------------------------------------- encodings

_LATIN = ("iso-8859-1", "latin-1", "latin1", "us-ascii", "windows-1252")
_MARKS = ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))


def _decode(data: bytes, encoding: str | None, header: str, page: bool) -> str:
    """Return bytes as text: byte order mark, then (pages) what header and page declare, then UTF-8, then a guess.

    The byte order mark goes first for pages as well, as the WHATWG Encoding Standard has it.
    """
    declared = [marked for mark, marked in _MARKS if data.startswith(mark)][:1] or [header]
    if page:
        found = re.search(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:-]+)", data[:4096], re.IGNORECASE)
        declared.append(found[1].decode("ascii", "replace") if found else "")
    # What servers say of everything is no evidence, and it fits any bytes.
    weak = [name for name in declared if name.lower() in _LATIN]
    declared = [name for name in declared if name not in weak]
    text = None
    if encoding:
        try:
            text = data.decode(encoding)
        except LookupError:
            raise IntakeError(f"{encoding!r} is no known encoding: name one such as utf-8 or gb18030") from None
        except ValueError:  # UnicodeError is one
            raise IntakeError(f"is not {encoding}: name another encoding with --encoding") from None
    for candidate in (*declared, "utf-8", *weak):
        # Pages that say gb2312 hold characters of its successors.
        candidate = "gb18030" if candidate.lower() in ("gb2312", "gbk", "gb_2312-80", "x-gbk") else candidate
        if text is None and candidate:
            try:
                text = data.decode(candidate)
            except (LookupError, ValueError):
                continue
    text = _guess(data) if text is None else text
    controls = len(re.findall(r"[\x00-\x08\x0e-\x1f\x7f]", text))
    if "\0" in text or controls > len(text) / 100:
        raise IntakeError("is not a text: it holds binary data")
    return text


def _guess(data: bytes) -> str:
    if b"\0" in data:
        raise IntakeError("is not a text: it holds binary data")
    best, text = 0.0, ""
    # The common characters stand first in both sets: rows 16 to 55 of GB 2312, bytes A4 to C6 of Big5.
    for encoding, rows, first, last in (("gb18030", "gb2312", 0xB0, 0xD7), ("big5", "big5", 0xA4, 0xC6)):
        try:
            tried = data.decode(encoding)
        except UnicodeError:
            continue
        chinese = re.findall(r"[\u4e00-\u9fff]", tried)
        common = sum(first <= letter.encode(rows, "replace")[0] <= last for letter in chinese)
        others = sum(letter > "\x7f" and letter.isalpha() and not "\u4e00" <= letter <= "\u9fff" for letter in tried)
        share = common / max(len(chinese) + others, 1)
        if len(chinese) >= 10 and share > max(best, 0.85):
            best, text = share, tried
    if best:
        return text
    match = charset_normalizer.from_bytes(data).best()
    if match is None or match.percent_chaos > 5 or match.percent_coherence < 60:
        raise IntakeError("its encoding is not known: name it with --encoding")
    return str(match)


# ------------------------------------------------------------------------------------------------------ HTML to lines

_BLOCKS = frozenset(
    re.findall(
        r"\w+",
        "address article aside blockquote body caption center dd details div dl dt fieldset figcaption figure footer "
        "form h1 h2 h3 h4 h5 h6 header hr li main ol p pre section summary table tbody tfoot thead tr ul",
    )
)
# Not <form>: some sites put the whole page in one.
_FURNITURE = ("script", "style", "noscript", "template", "nav", "footer", "aside", "button", "select", "textarea")
_FURNITURE += ("iframe", "object", "svg", "canvas", "audio", "video", "img")
_HIDDEN = (
    "[@hidden or @aria-hidden='true' or @role='navigation' or @role='doc-noteref' or @role='doc-backlink' or "
    "contains(translate(@style, ' ', ''), 'display:none') or contains(translate(@style, ' ', ''), 'visibility:hidden')]"
)
_DROPPED = "policybook-dropped"
_SHARE = re.compile(
    r"(?:^|\s)(?:share|sharing|social|bdshare|bshare|jiathis|breadcrumbs?|crumbs?|toolbar|print|related|qrcode)"
    r"(?:[-_]\w*)*(?=\s|$)|bdsharebuttonbox",
    re.IGNORECASE,
)


def _parse(source: str) -> html.HtmlElement:
    """Return a page as a tree without scripts, navigation, hidden elements and share buttons."""
    try:
        parser = html.HTMLParser(encoding="utf-8", huge_tree=True, remove_comments=True, remove_pis=True)
        root = html.document_fromstring(source.encode(), parser=parser)
    except (etree.LxmlError, ValueError):
        raise IntakeError("holds no text: the page is empty") from None
    # The parser leaves out, without a word, what lies deeper than it goes.
    if any(error.type == etree.ErrorTypes.ERR_RESOURCE_LIMIT for error in parser.error_log):
        raise IntakeError("is nested too deep to be read as a whole: save it as .txt")
    etree.strip_elements(root, *_FURNITURE, with_tail=False)
    # A name or a style may mean something else on a site: what holds most of the text stays.
    most = len(root.text_content()) / 2
    unwanted = root.xpath(f"//body//*{_HIDDEN}")
    unwanted += [item for item in root.xpath("//body//*[@class or @id]") if _SHARE.search(_labels(item))]
    for item in unwanted:
        if len(item.text_content()) <= most:
            item.tag = _DROPPED
    etree.strip_elements(root, _DROPPED, with_tail=False)
    return root


def _labels(element: html.HtmlElement) -> str:
    return f"{element.get('class', '')} {element.get('id', '')}"


def _lines(element: html.HtmlElement) -> str:
    """Return the text of an element, a line for each block; headings with their mark, list items with their number."""
    lines: list[str] = []
    piece: list[str] = []
    lists: list[list[str | int]] = []  # for each open list: its tag, the number of its next item
    kept, mark = 0, ""  # depth of <pre>, what stands before the next line

    def close() -> None:
        nonlocal piece, mark
        for line in "".join(piece).split("\n"):
            line = re.sub(r"[^\S\n]+", " ", line).strip()
            if line:
                # A number is not put before text that brings its own.
                own = mark.strip()[:1].isdigit() and re.match(r"\d{1,3}\s?[.)、]", line)
                lines.append(("" if own else mark) + line)
                mark = ""
        piece = []

    def add(words: str | None) -> None:
        if words:
            piece.append(words if kept else words.replace("\n", " "))

    for event, item in etree.iterwalk(element, events=("start", "end")):
        tag = item.tag
        if event == "start":
            if tag in _BLOCKS:
                close()
                mark = "" if tag not in ("p", "div") else mark
            if tag in ("ol", "ul"):
                start = item.get("start", "1")
                lists.append([tag, int(start) if re.fullmatch(r"\d{1,3}", start) else 1])
            elif tag == "li" and lists:
                mark = "    " * (len(lists) - 1)
                if lists[-1][0] == "ol" and item.get("type", lists[-1][0]) in ("ol", "1"):
                    mark += f"{lists[-1][1]}. "
                    lists[-1][1] = int(lists[-1][1]) + 1
            elif re.fullmatch(r"h[1-6]", tag):
                mark = "#" * int(tag[1]) + " "
            elif tag == "br":
                piece.append("\n")
            elif tag in ("td", "th"):
                piece.append(" ")
            kept += tag == "pre"
            add(item.text)
        else:
            kept -= tag == "pre"
            if tag in _BLOCKS:
                close()
                mark = "" if tag in ("li", "h1", "h2", "h3", "h4", "h5", "h6") else mark
            if tag in ("ol", "ul") and lists:
                lists.pop()
            if item is not element:
                add(item.tail)
    close()
    return "\n".join(lines)


def _outermost(element: html.HtmlElement, wanted: set[html.HtmlElement]) -> Iterator[html.HtmlElement]:
    """Give those of the wanted elements that lie within no other one."""
    walker = etree.iterwalk(element, events=("start",))
    for _, item in walker:
        if item in wanted:
            walker.skip_subtree()
            yield item


def _has(name: str) -> str:
    return f"contains(concat(' ', normalize-space(@class), ' '), ' {name} ')"


# Where the Foreign Ministry and other Chinese government sites keep the text, as XPath conditions.
_CONTAINERS = (
    "@id='News_Body_Txt_A'",
    _has("content_text"),
    f"{_has('TRS_Editor')} or {_has('TRS_UEDITOR')} or {_has('trs_editor_view')}",
    _has("pages_content"),
    "@id='UCAP-CONTENT'",
    "@id='detail'",
)


def _from_page(source: str, tell: Tell) -> tuple[str, str]:
    root = _parse(source)
    body = root.find("body") if root.find("body") is not None else root
    size = len(_lines(body))
    title = next(
        (
            found
            for path in ("//*[@id='News_Body_Title']", "//h1", "//title")
            for item in root.xpath(path)
            if (found := str(item.text_content()).strip())
        ),
        "",
    )
    for condition in (*_CONTAINERS, "self::article", "self::main"):
        found = max(
            (_lines(item) for item in _outermost(body, set(root.xpath(f"//body//*[{condition}]")))),
            key=len,
            default="",
        )
        # A named container may be something else on another site, or a stub that a script fills.
        least = 0.5 if condition.startswith("self") else 0.1
        if found and len(found) > least * size:
            return found, title
    tell("the page does not mark its main text: it was found by a guess, so look at the result")
    return (_main_text(root) if sum(1 for _ in root.iter()) <= MOST_ELEMENTS else "") or _lines(body), title


def _main_text(root: html.HtmlElement) -> str:
    import trafilatura  # loads slowly, and official pages seldom need it

    try:
        found = trafilatura.extract(
            html.tostring(root, encoding="unicode"),
            favor_recall=True,
            include_comments=False,
            include_tables=True,
            output_format="html",
        )
    except Exception:  # it works on any page by guesses; what it cannot handle, the whole body stands for
        return ""
    return _lines(_parse(found)) if found else ""


def _from_markdown(source: str) -> tuple[str, str]:
    front = re.match(r"\ufeff?---\n.*?\n(?:---|\.\.\.)\n", source, re.DOTALL)
    try:
        rendered = (
            MarkdownIt("commonmark", {"maxNesting": 1000}).enable("table").render(source[front.end() if front else 0 :])
        )
    except RecursionError:
        raise IntakeError("its Markdown is nested too deep: simplify it, or save it as .txt") from None
    root = _parse(f"<body>{rendered}</body>")
    return _lines(root), next((str(item.text_content()) for item in root.iter("h1")), "")


# ---------------------------------------------------------------------------------------------------------------- Word


def _parts(data: bytes) -> dict[str, zipfile.ZipInfo]:
    """Return the members of a zip archive by name, when it is safe to unpack."""
    try:
        members = zipfile.ZipFile(io.BytesIO(data)).infolist()
    except (zipfile.BadZipFile, ValueError, OSError, NotImplementedError):
        raise IntakeError("is a damaged zip or Word file: save it anew") from None
    total = sum(member.file_size for member in members)
    if len(members) > MOST_PARTS or total > MOST_BYTES_UNPACKED or total > max(MOST_RATIO * len(data), 10_000_000):
        raise IntakeError(f"unpacks to {total / 1e6:,.0f} MB in {len(members):,} parts: too much for a document")
    for member in members:
        if re.match(r"[/\\]|[A-Za-z]:", member.filename) or ".." in re.split(r"[/\\]", member.filename):
            raise IntakeError("holds parts with names that lead out of it: no Word program writes such a file")
    return {member.filename: member for member in members}


def _text_parts(data: bytes) -> bytes:
    """Return a Word file with nothing but its XML, read member by member (so that no size in it can lie)."""
    target = io.BytesIO()
    size = 0
    with zipfile.ZipFile(io.BytesIO(data)) as source, zipfile.ZipFile(target, "w") as kept:
        for name, member in _parts(data).items():
            if not name.endswith((".xml", ".rels")):
                continue
            try:
                part = source.read(member)
            except RuntimeError:  # what zipfile raises for a password
                raise IntakeError("is under a password: save it without one") from None
            except Exception:  # zlib, lzma, struct: whatever a damaged member makes them raise
                raise IntakeError("is a damaged Word file: save it anew") from None
            if b"<!DOCTYPE" in part.replace(b"\0", b""):
                raise IntakeError("declares XML entities, which no Word program writes: it is not safe to read")
            size += len(part)
            if size > MOST_BYTES_XML:
                raise IntakeError(f"holds more than {MOST_BYTES_XML // 1_000_000} MB of XML: save it as .txt or .pdf")
            kept.writestr(name, part)
    return target.getvalue()


def _from_docx(data: bytes) -> tuple[str, str]:
    # HTML rather than plain text: it keeps the levels of headings and the numbers of lists, for the lines of pages.
    limits = ["+RTS", "-M512M", "-RTS", "--sandbox"]
    command = [pypandoc.get_pandoc_path(), *limits, "--from=docx", "--to=html", "--standalone", "--wrap=none"]
    done = subprocess.run(command, input=_text_parts(data), capture_output=True, check=False)
    if done.returncode:
        raise IntakeError("is a Word file that pandoc cannot read: save it anew, or as .txt or .pdf")
    root = _parse(done.stdout.decode("utf-8", "replace"))
    for notes in root.xpath("//*[@role='doc-endnotes']"):
        notes.insert(0, html.fragment_fromstring("<h2>Notes</h2>"))
    return _lines(root.find("body")), next((str(item.text_content()) for item in root.iter("h1")), "")


# ----------------------------------------------------------------------------------------------------------------- PDF

_PAGE_NUMBER = re.compile(
    r"[\s\-–—·|/]*(?:page|第)?\s*\d{1,4}(?:\s*(?:/|of|页，?共)\s*\d{1,4})?\s*页?[\s\-–—·|/]*", re.I
)


def _from_pdf(data: bytes, tell: Tell) -> tuple[str, str]:
    try:
        with pypdfium2.PdfDocument(data) as document:
            count = len(document)
            if count > MOST_PAGES:
                raise IntakeError(f"has {count:,} pages; at most {MOST_PAGES:,} are read: give the part you need")
            pages, images, size = [], 0, 0
            for page in document:
                text = page.get_textpage().get_text_range()
                size += len(text)
                if size > MOST_CHARACTERS:
                    raise IntakeError(f"holds more than {MOST_CHARACTERS:,} characters: give the part that you need")
                pages.append([line.strip() for line in text.splitlines() if line.strip()])
                images += sum(map(len, pages[-1])) < 20 and any(page.get_objects([FPDF_PAGEOBJ_IMAGE], max_depth=2))
            title = document.get_metadata_value("Title")
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise IntakeError("is encrypted: save it without a password") from None
        raise IntakeError("is a damaged PDF: get it anew, or print it to a new PDF") from None
    bare = sum(sum(map(len, lines)) < 20 for lines in pages)
    if bare == count and images:
        raise IntakeError("is a scan without text: run OCR over it first (for example ocrmypdf)")
    if images:
        tell(f"{images} of {count} pages hold an image and no text: what they say is missing")
    return _join_words("\n".join("\n".join(lines) for lines in _without_margins(pages))), title


def _without_margins(pages: list[list[str]]) -> Iterator[list[str]]:
    """Give the lines of pages without page numbers and without the heads and feet that most pages repeat.

    At most three lines go at each end of a page; heads and feet are told by repetition on five pages or more.
    """

    def form(line: str) -> str:
        numbered = re.match(r"(?:article|chapter|part|section|pillar|annex)\b|第", line, re.IGNORECASE)
        return line if numbered else re.sub(r"^\d+\s|\s\d+$", " ", line)

    often = Counter(mark for lines in pages for mark in {form(line) for line in (*lines[:3], *lines[-3:])})

    def is_margin(line: str) -> bool:
        repeated = len(pages) >= 5 and often[form(line)] > len(pages) / 2
        return repeated or (len(line) < 40 and bool(_PAGE_NUMBER.fullmatch(line)))

    for lines in pages:
        head = len(list(itertools.takewhile(is_margin, lines[:3])))
        rest = lines[head:]
        foot = len(list(itertools.takewhile(is_margin, rest[:-4:-1])))
        yield rest[: len(rest) - foot]


def _join_words(text: str) -> str:
    """Return a text with the words joined that the ends of lines broke.

    The hyphen stays when the text has the word with it elsewhere, or knows both halves as words and not the whole
    (``context-appropriate``). PDFium puts U+FFFE for a hyphen at the end of a line.
    """
    broken = re.compile(r"(?<![^\W\d_])([^\W\d_]+)(?:[\ufffe\u00ad\x02]\s*\n?|-\n)(?=[a-zà-ÿ])([^\W\d_]+)")
    known = set(re.findall(r"[^\W\d_]+(?:-[^\W\d_]+)*", broken.sub(" ", text).lower()))

    def join(found: re.Match[str]) -> str:
        first, second = found[1].lower(), found[2].lower()
        if f"{first}-{second}" in known or (first + second not in known and {first, second} <= known):
            return f"{found[1]}-{found[2]}"
        return found[1] + found[2]

    return re.sub(r"[\ufffe\u00ad\x02]", "", broken.sub(join, text))
