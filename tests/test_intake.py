"""Taking in a document: pages as official sites build them, files of each kind, what is refused, where texts are cut.

The documents are made here; every sentence in them is invented.
"""

import contextlib
import functools
import io
import re
import subprocess
import threading
import zipfile
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pypandoc
import pypdf
import pytest
import typst
from hypothesis import given, settings
from hypothesis import strategies as st

from policybook import counting, intake
from policybook.intake import IntakeError
from policybook.sectioning import sections

TOPICS = ["ponds", "lamps", "roofs", "wells", "paths", "gates", "mills"]
TOPICS += ["barns", "seeds", "looms", "boats", "kites", "clocks"]
HEADINGS = [f"Jointly caring for {topic}" for topic in TOPICS]
BODIES = [
    f"We call on all villages to mend their {topic} together. Open-source plans shall be shared; nobody pays."
    + (" Points to keep: care and 2 or 3 friends." if number == 4 else "")
    for number, topic in enumerate(TOPICS, start=1)
]
PREAMBLE = "Villages share one valley. Its people, old and young, decided as follows:"
ENGLISH_PAGE = """<!DOCTYPE html><html><head><meta charset="utf-8"><title>Valley Plan_Ministry of Ponds</title>
<style>.x{color:red}</style></head><body>
<div class="nav"><a href="/">Home</a> <a href="/zh">中文</a> <a href="/fr">Français</a></div>
<nav><ul><li>The Ministry</li><li>Topics</li></ul></nav>
<div class="article"><h1 id="News_Body_Title">Valley Plan</h1><p id="News_Body_Time">2031-05-06 07:08</p>
<div id="News_Body_Txt_A"><p style="text-align:center"><strong>Valley Plan</strong></p><p>(May 6, 2031)</p>
<p>PREAMBLE</p>ARTICLES<script>var secret = 'trap';</script><p style="display: none">hidden trap</p>
<div class="bdsharebuttonbox"><a>Tweet trap</a></div><p>Suggest to a friend</p><p>Print</p></div></div>
<div class="share">Share to: Somewhere trap</div><footer>Address: 1 Pond Street. trap</footer></body></html>"""


def english_page(container='id="News_Body_Txt_A"'):
    articles = "".join(
        f"<p>{number}. {heading}.&nbsp;{body}</p>"
        if number % 2
        else f"<p><strong>{number}.\n {heading}.</strong> {body}</p>"
        for number, (heading, body) in enumerate(zip(HEADINGS, BODIES, strict=True), start=1)
    )
    page = ENGLISH_PAGE.replace("PREAMBLE", PREAMBLE).replace("ARTICLES", articles)
    return page.replace('id="News_Body_Txt_A"', container).encode()


NUMERALS = ["一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二", "十三"]
THINGS = ["池塘", "灯火", "屋顶", "水井", "小路", "大门", "磨坊", "谷仓", "种子", "织机", "木船", "风筝", "钟表"]
CHINESE_HEADINGS = [f"共同爱护{thing}" for thing in THINGS]
CHINESE_BODIES = [f"我们呼吁各村一起修好{thing}，分享图纸，互相帮助。（一）勤看。（二）勤修。" for thing in THINGS]
CHINESE_PREAMBLE = "各村同住一个山谷，大家商定如下行动。"
CHINESE_PAGE = """<html><head><meta http-equiv="Content-Type" content="text/html; charset=CHARSET">
<title>山谷计划</title>
</head><body><div id="top">首页 English Français</div><h1>山谷计划</h1><div class="time">2031-05-06</div>
<div class="TRS_Editor"><p align="center">　　山谷计划</p><p>　　新华社山谷5月6日电（记者 张三）PREAMBLE</p>ARTICLES
<p>　　（责任编辑：李四）</p><p>相关新闻</p></div><div class="share-bar">分享到：微博</div></body></html>"""


def chinese_page(charset):
    articles = "".join(
        f"<p>　　{numeral}、{heading}。{body}</p>"
        for numeral, heading, body in zip(NUMERALS, CHINESE_HEADINGS, CHINESE_BODIES, strict=True)
    )
    page = CHINESE_PAGE.replace("PREAMBLE", CHINESE_PREAMBLE).replace("ARTICLES", articles).replace("CHARSET", charset)
    return page.encode("utf-8" if charset == "utf-8" else "gb18030")


# ------------------------------------------------------------------------------------------------------ over the web


class Site(BaseHTTPRequestHandler):
    stop = threading.Event()

    def do_GET(self):
        pages = {
            "/en": ("text/html", english_page()),
            "/article": ("text/html; charset=utf-8", english_page('class="b"').replace(b"div", b"article")),
            "/plain-divs": ("text/html; charset=utf-8", english_page('class="b"')),
            "/zh": ("text/html", chinese_page("utf-8")),
            "/zh-gb": ("text/html", chinese_page("gb2312")),
            "/zh-default": ("text/html; charset=ISO-8859-1", chinese_page("gb2312")),
            "/text.txt": ("text/plain; charset=big5", "山谷計劃的內容".encode("big5")),
            "/picture": ("image/png", b"no picture"),
            "/data": ("application/json", b"{}"),
            "/large": ("text/plain", b"word " * 5000),
            "/blank": ("text/html", b"<html><body><script>1</script></body></html>"),
            "/fake.pdf": ("application/pdf", b"<html><body>Not found.</body></html>"),
        }
        assert self.headers["User-Agent"] == "policybook"
        if self.path in ("/404", "/500"):
            self.send_error(int(self.path[1:]))
        elif self.path.startswith(("/loop", "/once", "/away")):
            self.send_response(302)
            target = {"/loop": "/loop", "/once": "/en", "/away": "file:///etc/hostname"}[self.path]
            self.send_header("Location", target)
            self.end_headers()
        elif self.path == "/silent":
            self.stop.wait(5)
        elif self.path == "/trickle":
            self.send_response(200)
            self.end_headers()
            while not self.stop.wait(0.05):
                self.wfile.write(b"a")
        else:
            kind, body = pages[self.path]
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(body)

    def handle(self):
        with contextlib.suppress(OSError):  # the reader went away
            super().handle()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def site():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")
        patch.setenv("no_proxy", "127.0.0.1")
        yield f"http://127.0.0.1:{server.server_port}"
    Site.stop.set()
    server.shutdown()
    server.server_close()


def expect_the_english_plan(text):
    found = sections(text, "en")
    assert [part.name for part in found] == ["preamble", *(f"A{number:02d}" for number in range(1, 14))]
    assert [part.heading for part in found[1:]] == HEADINGS
    assert found[0].text == PREAMBLE
    for part, heading, body in zip(found[1:], HEADINGS, BODIES, strict=True):
        assert counting.count(part.text).tokens == counting.count(f"{heading}. {body}").tokens, part.name
        # The full stops of "1." and of the heading end pieces as well; "1." holds no token.
        assert counting.sentences(part.text) == counting.sentences(f"{heading}. {body}")


@pytest.mark.parametrize("path", ["/en", "/once", "/article", "/plain-divs"])
def test_a_ministry_page_gives_its_thirteen_articles_and_nothing_of_the_page(site, path):
    lines = []
    reading = intake.read(site + path, tell=lines.append)
    assert (reading.kind, reading.place, reading.title) == ("html", site + path, "Valley Plan")
    assert re.fullmatch("[0-9a-f]{64}", reading.digest) and lines
    assert intake.language(reading.text) == "en"
    assert "trap" not in reading.text and "Ministry" not in reading.text
    expect_the_english_plan(reading.text)


@pytest.mark.parametrize("path", ["/zh", "/zh-gb", "/zh-default"])
def test_a_chinese_page_gives_its_thirteen_articles_in_either_encoding(site, path):
    reading = intake.read(site + path)
    assert reading.title == "山谷计划" and intake.language(reading.text) == "zh"
    found = sections(reading.text, "zh")
    assert [part.name for part in found] == ["preamble", *(f"A{number:02d}" for number in range(1, 14))]
    assert [part.heading for part in found[1:]] == CHINESE_HEADINGS
    assert found[0].text == CHINESE_PREAMBLE
    for part, numeral, heading, body in zip(found[1:], NUMERALS, CHINESE_HEADINGS, CHINESE_BODIES, strict=True):
        assert counting.chinese_characters(part.text) == counting.chinese_characters(numeral + heading + body)


def test_the_header_of_a_server_names_the_encoding_of_a_text(site):
    assert intake.read(f"{site}/text.txt").text == "山谷計劃的內容"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/404", "the server answers 404"),
        ("/500", "the server answers 500"),
        ("/loop", "is passed on more than 5 times"),
        ("/away", "passes on to an address that is not http"),
        ("/picture", "is image/png, not a text"),
        ("/data", "is application/json, not a text"),
        ("/blank", "holds no text"),
        ("/fake.pdf", "is called pdf, but is none"),
    ],
)
def test_what_a_server_cannot_give_is_said_in_one_line(site, path, said):
    expect_refusal(site + path, said)


def expect_refusal(place, said, **options):
    with pytest.raises(IntakeError) as caught:
        intake.read(place, **options)
    message = str(caught.value)
    assert said in message and "\n" not in message
    return message


def test_slow_large_and_absent_servers_are_given_up(site, monkeypatch):
    monkeypatch.setattr(intake, "MOST_BYTES_WEB", 9_999)
    expect_refusal(f"{site}/large", "is larger than")
    monkeypatch.setattr(intake, "READ_SECONDS", 0.2)
    expect_refusal(f"{site}/silent", "the server was silent for 0.2 s")
    monkeypatch.setattr(intake, "OVERALL_SECONDS", 0.5)
    expect_refusal(f"{site}/trickle", "was not complete within 0.5 s")
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as closed:
        port = closed.server_port
    expect_refusal(f"http://127.0.0.1:{port}/", "the server refuses the connection")
    expect_refusal(site.replace("http", "https"), "no secure connection")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("file:///etc/hostname", "is no http or https address"),
        ("ftp://example.org/a", "is no http or https address"),
        ("http://", "is no plain address"),
        ("http://exa\nmple.org/", "is no plain address"),
        ("http://name:word@example.org/", "holds a user name"),
        ("http://[1/", "is no plain address"),
    ],
)
def test_addresses_that_are_not_open_web_pages_are_refused_without_a_call(address, said):
    expect_refusal(address, said)


# ------------------------------------------------------------------------------------------------------------- files

MARKDOWN = (
    "---\nauthor: Nobody\n---\n# Valley Plan\n\nThe valley [agreed](https://example.org/trap) on *this*.\n\n"
    "## Pillar I: Ponds\n\nPonds are\nmended. <!-- trap -->\n\n1. Look at them.\n2. Mend them.\n\n"
    "    1. First the rim.\n    2. Then the floor.\n\n## Pillar II: Lamps & roofs\n\nLamps are `lit` by all.\n\n"
    "| lamp | roof |\n|---|---|\n| red | blue |\n"
)


def pandoc(source, target, text):
    done = subprocess.run(
        [pypandoc.get_pandoc_path(), "-f", source, "-t", target, "-o", "-"], input=text.encode(), capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_markdown_and_word_give_the_same_sections_by_headings(tmp_path):
    (tmp_path / "plan.md").write_text(MARKDOWN, encoding="utf-8")
    (tmp_path / "plan.docx").write_bytes(pandoc("markdown", "docx", MARKDOWN.replace("<!-- trap -->", "")))
    for name in ("plan.md", "plan.docx"):
        reading = intake.read(tmp_path / name)
        assert (reading.kind, reading.place) == (name.partition(".")[2], name)
        assert "trap" not in reading.text and "[" not in reading.text and "*" not in reading.text
        found = sections(reading.text, "en")
        assert [(part.name, part.heading) for part in found] == [
            ("preamble", ""),
            ("pillar_1", "Pillar I: Ponds"),
            ("pillar_2", "Pillar II: Lamps & roofs"),
        ]
        assert found[0].text.endswith("The valley agreed on this.")
        assert counting.tokens(found[1].text) == counting.tokens(
            "Pillar I: Ponds. Ponds are mended. Look at them. Mend them. First the rim. Then the floor."
        )
        assert counting.tokens(found[2].text)[-4:] == ["lamp", "roof", "red", "blue"]
    assert reading.title == "Valley Plan"


def test_notes_of_a_word_file_are_not_words_of_its_last_article(tmp_path):
    text = (
        "1. Ponds. We mend all ponds.[^1]\n\n2. Lamps. We light all lamps.[^2]\n\n[^1]: See there.\n\n[^2]: Or here.\n"
    )
    (tmp_path / "notes.docx").write_bytes(pandoc("markdown", "docx", text))
    found = sections(intake.read(tmp_path / "notes.docx").text, "en")
    assert [(part.name, part.heading) for part in found] == [("A01", "Ponds"), ("A02", "Lamps"), ("notes", "Notes")]
    assert found[1].text == "2. Lamps. We light all lamps."


def test_a_list_set_in_is_told_from_the_articles_around_it(tmp_path):
    points = "".join(f"    {number}. Here is what point {number} says of all our ponds.\n" for number in range(1, 10))
    (tmp_path / "plan.md").write_text(f"1. Ponds. We mend all ponds.\n2. Lamps. We light them thus:\n\n{points}")
    found = sections(intake.read(tmp_path / "plan.md").text, "en")
    assert [(part.name, part.heading) for part in found] == [("A01", "Ponds"), ("A02", "Lamps")]


TYPST = """#set page(width: 12cm, height: 9cm, header: [Ministry of Ponds], numbering: "1 / 1")
#set text(lang: "en", hyphenate: true)
#set par(justify: true)
{body}
"""


def test_a_pdf_loses_page_numbers_running_heads_and_broken_words(tmp_path):
    sentence = "International cooperation acknowledges responsibilities regarding infrastructure standardization. "
    bodies = [f"{topic.title()} need standardization. {sentence * 3}We mend {topic}." for topic in TOPICS[:6]]
    body = "#pagebreak()\n".join(f"Article {at}. Ponds.\n\n{said}\n" for at, said in enumerate(bodies, start=1))
    (tmp_path / "plan.bin").write_bytes(typst.compile(TYPST.format(body=body).encode()))  # told by its content
    reading = intake.read(tmp_path / "plan.bin")
    assert reading.kind == "pdf"
    found = sections(reading.text, "en")
    assert [part.name for part in found] == [f"A{number:02d}" for number in range(1, 7)]
    for part, said in zip(found, bodies, strict=True):
        assert counting.tokens(part.text) == counting.tokens(f"Article. Ponds. {said}")
        assert "Ministry" not in part.text and "/" not in part.text


def test_a_hyphen_at_the_end_of_a_line_stays_where_the_text_has_it_elsewhere():
    text = "open-source co-\noperation of open-\nsource and context-\nspecific devel-\nopment in one specific context"
    assert intake._join_words(text) == (
        "open-source cooperation of open-source and context-specific development in one specific context"
    )


SCAN = b'#image(bytes((200, 90, 90, 200)), format: (encoding: "luma8", width: 2, height: 2), width: 4cm)'


def test_pdfs_without_text_are_refused_with_what_to_do(tmp_path):
    (tmp_path / "scan.pdf").write_bytes(typst.compile(SCAN))
    assert "ocrmypdf" in expect_refusal(
        tmp_path / "scan.pdf", "scan.pdf: is a scan without text: run OCR over it first"
    )
    (tmp_path / "blank.pdf").write_bytes(typst.compile(b"#v(1cm)"))
    expect_refusal(tmp_path / "blank.pdf", "holds no text")
    (tmp_path / "cut.pdf").write_bytes(typst.compile(b"Words")[:300])
    expect_refusal(tmp_path / "cut.pdf", "is a damaged PDF")
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(typst.compile(b"Words and more words")))
    writer.encrypt("word", algorithm="RC4-128")
    writer.write(tmp_path / "locked.pdf")
    expect_refusal(tmp_path / "locked.pdf", "is encrypted")


def test_texts_are_read_in_the_encodings_that_occur(tmp_path):
    path = tmp_path / "plan.txt"
    simplified = "我们呼吁各村一起修好池塘，分享图纸，互相帮助，共同发展。"
    traditional = "我們呼籲各村一起修好池塘，分享圖紙，互相幫助，共同發展。"
    french = (
        "L'intelligence artificielle doit être développée de manière sûre pour tous les pays, à l'échelle mondiale."
    )
    for text, encoding in [
        (simplified, "utf-8"),
        (simplified, "utf-8-sig"),
        (simplified, "utf-16"),
        (simplified, "gb18030"),
        (traditional, "big5"),
        (french, "cp1252"),
    ]:
        path.write_bytes(text.encode(encoding))
        assert intake.read(path).text == text, encoding
    path.write_bytes(b"abc\xff")
    expect_refusal(path, "name it with --encoding")
    assert intake.read(path, encoding="latin-1").text == "abcÿ"
    expect_refusal(path, "is not utf-8", encoding="utf-8")
    expect_refusal(path, "is no known encoding", encoding="klingon")
    expect_refusal(path, "is no known encoding", encoding="hex")
    path.write_bytes(b"one\r\ntwo\rthree  \n")
    assert intake.read(path).text == "one\ntwo\nthree"


def archive(parts):
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as kept:
        for name, part in parts.items():
            kept.writestr(name, part)
    return target.getvalue()


def word_file(document):
    with zipfile.ZipFile(io.BytesIO(pandoc("markdown", "docx", "Words."))) as source:
        return {name: source.read(name) for name in source.namelist()} | {"word/document.xml": document}


ENTITIES = (
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "bbbbbbbbbb"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">]>'
    b'<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>&c;'
    b"</w:t></w:r></w:p></w:body></w:document>"
)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: archive({"word/document.xml": b"\0" * 60_000_000}), "unpacks to 60 MB"),
        (lambda: archive({f"word/{number}.xml": b"" for number in range(6000)}), "6,000 parts"),
        (lambda: archive(word_file(ENTITIES)), "declares XML entities"),
        (lambda: archive(word_file(ENTITIES.decode().encode("utf-16"))), "declares XML entities"),
        (lambda: archive(word_file(b"<w:document")), "is a Word file that pandoc cannot read"),
        (lambda: archive({"word/document.xml": b"", "../../escape.xml": b"x"}), "names that lead out of it"),
        (lambda: archive({"xl/workbook.xml": b""}), "is a spreadsheet"),
        (lambda: archive({"a.txt": b"words"}), "is a zip archive that holds no Word document"),
        (lambda: archive({"word/document.xml": b"x" * 999})[:-30], "is a damaged zip or Word file"),
        (lambda: b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(99), "is an Office file of the old kind"),
        (lambda: b"{\\rtf1 words}", "is a rich text file"),
        (lambda: b"\x89PNG\r\n\x1a\n", "is an image"),
        (lambda: b"\x7fELF\x02\x01\0\0\0", "it holds binary data"),
        (lambda: b" \n\t\n", "holds no text"),
        (lambda: b"", "holds no text"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_files_that_are_no_texts_or_not_safe_are_refused(tmp_path, make, said):
    (tmp_path / "plan").write_bytes(make())
    expect_refusal(tmp_path / "plan", said)


def test_places_that_cannot_be_read_are_named_without_their_folder(tmp_path, monkeypatch):
    expect_refusal(tmp_path, "is a folder")
    assert str(tmp_path) not in expect_refusal(tmp_path / "none.txt", "none.txt: no such file")
    expect_refusal("nul\0.txt", "is no name of a file")
    expect_refusal("/dev/zero", "is no regular file")
    monkeypatch.setattr(intake, "MOST_BYTES_FILE", 3)
    (tmp_path / "long.txt").write_text("long")
    expect_refusal(tmp_path / "long.txt", "is larger than")


STARTS = [
    b"",
    b"%PDF-1.7\n",
    b"PK\x03\x04",
    b"<html><body>",
    b"\xff\xfe",
    b"# ",
    b"{\\rtf",
    b"<?xml version='1.0'?><html>",
]


@settings(max_examples=150, deadline=None)
@given(
    data=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    start=st.sampled_from(STARTS),
    suffix=st.sampled_from([".txt", ".md", ".html", ".pdf", ".docx", ".doc", ""]),
)
def test_any_bytes_under_any_name_are_read_or_refused(data, start, suffix):
    try:
        text = intake.convert(start + data, "", f"any{suffix}", None)[0]
    except IntakeError as error:
        assert "\n" not in str(error) and str(error)
    else:
        assert text.strip() and "\0" not in text
        found = sections(text, "en")
        assert len({part.name for part in found}) == len(found) > 0
        assert all(re.fullmatch("[A-Za-z][A-Za-z0-9_]*", part.name) for part in found)


@settings(max_examples=30, deadline=None)
@given(data=st.data())
def test_a_damaged_document_is_read_or_refused(data):
    whole = data.draw(st.sampled_from(sample_documents()))
    place = data.draw(st.integers(0, len(whole) - 1))
    damaged = whole[:place] + data.draw(st.binary(min_size=1, max_size=40)) + whole[place + 20 :]
    try:
        assert intake.convert(damaged, "", "damaged.bin", None)[0].strip()
    except IntakeError as error:
        assert "\n" not in str(error)


@functools.cache
def sample_documents():
    return [pandoc("markdown", "docx", MARKDOWN), typst.compile(b"= Ponds\nWe mend all ponds.")]


# ----------------------------------------------------------------------------------------------------------- sections


def plan(count, body="We mend this together with all our neighbours, and we keep the plans open to them. ", **inside):
    """Return a plan of articles; ``inside`` gives what article ``a3`` (say) holds besides."""
    return "\n".join(
        f"{number}. Caring for thing {chr(96 + number)}. {body}{inside.get(f'a{number}', '')}"
        for number in range(1, count + 1)
    )


def names(text, language="en", pattern=None):
    return [part.name for part in sections(text, language, pattern)]


def article_names(count):
    return [f"A{number:02d}" for number in range(1, count + 1)]


LIST = "\n".join(f"{number}. point {number}" for number in range(1, 10))


@pytest.mark.parametrize("at", [1, 2, 4, 5])
@pytest.mark.parametrize("points", [2, 3, 4, 9])
def test_a_list_inside_an_article_is_not_taken_for_articles(at, points):
    listed = "\n" + "\n".join(LIST.split("\n")[:points])
    text = plan(5, body="We mend this together with all our neighbours. " * 5, **{f"a{at}": listed})
    found = sections(text, "en")
    assert [part.heading for part in found] == [f"Caring for thing {letter}" for letter in "abcde"]
    assert found[at - 1].text.endswith(f"point {points}")


def test_contents_lists_and_footnotes_lose_against_the_articles():
    contents = "\n".join(f"{number}. Caring for thing {chr(96 + number)}" for number in range(1, 8))
    notes = "\n".join(f"{number}. See page {number}." for number in range(1, 12))
    found = sections(f"{contents}\n{plan(7)}\n{notes}", "en")
    assert [part.name for part in found][-7:] == article_names(7)
    assert all("We mend" in part.text for part in found[-7:])
    assert names(f"{'A long story without any number in it. ' * 50}\n{LIST}") == ["whole"]


@pytest.mark.parametrize(
    ("marker", "language"),
    [
        (lambda number: f"Article {number}\n", "en"),
        (
            lambda number: (
                f"ARTICLE {['I', 'II', 'III', 'IV', 'V', 'VI', 'VII', 'VIII', 'IX', 'X', 'XI'][number - 1]}. "
            ),
            "en",
        ),
        (lambda number: f"### Article {number}\n\n", "en"),
        (lambda number: f"{number}) ", "en"),
        (lambda number: f"**{number}.** ", "en"),
        (lambda number: f"{number}.", "en"),
        (lambda number: f"　　第{NUMERALS[number - 1]}条　", "zh"),
        (lambda number: f"{number}．", "zh"),
    ],
    ids=["word", "roman", "heading", "parenthesis", "bold", "no blank", "chinese", "full-width stop"],
)
def test_articles_are_found_in_each_style(marker, language):
    body = (
        "Our ponds. All mend them.\n1.1 First the rim.\n(1) Then the floor."
        if language == "en"
        else "池塘。大家修。\n（一）先看。"
    )
    found = sections("\n".join(marker(number) + body for number in range(1, 12)), language)
    assert [part.name for part in found] == article_names(11)
    assert {part.heading for part in found} == {"Our ponds" if language == "en" else "池塘"}


def test_lines_of_chapters_belong_to_no_article_and_annexes_are_their_own():
    text = (
        "CHAPTER I\nGENERAL\nArticle 1\nPonds are mended.\n\nArticle 2\nLamps are lit.\n\nCHAPTER II\nRULES\n"
        "Article 3\nRoofs are dry.\nAnnex I: Ponds\nThe long pond.\nAnnex II\nThe round pond."
    )
    found = {part.name: part.text for part in sections(text, "en")}
    assert list(found) == ["A01", "A02", "A03", "annex_i_ponds", "annex_ii"]
    assert found["A02"] == "Article 2\nLamps are lit." and found["A03"] == "Article 3\nRoofs are dry."
    chinese = "第一章 总则\n第一条 大家修池塘。\n第二条 大家点灯。\n第二章 附则\n第三条 本办法今日起施行。"
    assert [part.text for part in sections(chinese, "zh")] == [
        "第一条 大家修池塘。",
        "第二条 大家点灯。",
        "第三条 本办法今日起施行。",
    ]


def test_chapters_and_headings_cut_a_text_without_articles():
    assert names("第一章 池塘\n大家修。\n第二章 灯火\n大家点。\n第三章 屋顶\n大家看。", "zh") == [
        "chapter_1",
        "chapter_2",
        "chapter_3",
    ]
    text = "Pillar I: Ponds\nAll mend.\nPillar II: Lamps\nAll light.\nPillar III: Roofs\nAll look."
    assert [(part.name, part.heading) for part in sections(text, "en")] == [
        ("pillar_1", "Pillar I: Ponds"),
        ("pillar_2", "Pillar II: Lamps"),
        ("pillar_3", "Pillar III: Roofs"),
    ]
    text = "# Plan\n## Ponds\nOne.\n### Rims\nTwo.\n## Ponds\nThree.\n## 池塘\nFour.\n## 2031\nFive."
    assert names(text) == ["ponds", "ponds_2", "section", "section_2"]


def test_a_heading_ends_where_the_line_ends_on_purpose():
    wrapped = (
        "1. Gathered by the old pond of the upper village on a day in May of this\n"
        "year, and following the talks of all the neighbours, we do agree that\n"
        "ponds matter to each and every one of us here.\n"
        "2. Building on the work that was laid out by the old pond of the upper\n"
        "Village, we agree that lamps matter too, and that they should be lit by\n"
        "all who pass them on their way back home."
    )
    assert [part.heading for part in sections(wrapped, "en")] == ["", ""]
    listed = (
        "1. Ponds\nWe mend all of the ponds here.\n2. Work of the U.N. bodies. We help them.\n3. Open points:\n- none"
    )
    assert [part.heading for part in sections(listed, "en")] == ["Ponds", "Work of the U.N. bodies", ""]
    few = (
        plan(1)
        + "\n"
        + "\n".join(f"{number}. {'We say a great many words about this ' * 3}." for number in range(2, 7))
    )
    assert {part.heading for part in sections(few, "en")} == {""}


def test_a_title_alone_is_no_preamble():
    assert names(f"Valley Plan\n(May 6, 2031)\n{plan(3)}") == article_names(3)
    found = sections(f"BEAUTYVILLE, May 6 (Valley News) -- We met by the pond.\n{plan(3)}", "en")
    assert found[0].name == "preamble" and found[0].text == "We met by the pond."


def test_a_pattern_cuts_where_it_matches():
    text = "Rule alpha: ponds\nMend them.\nRule beta: lamps\nLight them.\nsee Rule gamma: no"
    assert [(part.name, part.heading) for part in sections(text, "en", r"Rule (\w+):")] == [
        ("alpha", "alpha"),
        ("beta", "beta"),
    ]
    assert names("§ 1 Ponds.\n§ 3 Lamps.", "en", r"§ (\d+)") == ["A01", "A03"]
    with pytest.raises(IntakeError, match="no section found: pattern 'Law' matches no line of the text"):
        sections(text, "en", "Law")
    with pytest.raises(IntakeError, match="is no regular expression"):
        sections(text, "en", "(")
    with pytest.raises(IntakeError, match="the text is empty"):
        sections(" \n", "en")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The villages mend their ponds together, and everybody helps.", "en"),
        ("各村一起修好池塘 (ponds)，大家帮忙。", "zh"),
        ("村々は池を一緒に直し、みんなで助け合います。", "ja"),
        ("Les villages réparent leurs étangs ensemble et tout le monde aide.", "fr"),
    ],
)
def test_the_language_of_a_text_is_told(text, code):
    assert intake.language(text) == code


def test_a_text_without_letters_has_no_language():
    with pytest.raises(IntakeError, match="holds no letters"):
        intake.language("1 2 3")


@given(st.integers(2, 40), st.text(alphabet="ab .\n#1", max_size=60))
def test_every_word_of_an_article_stays_in_it(count, noise):
    text = plan(count)
    found = sections(text, "en")
    assert [part.name for part in found] == article_names(count)
    assert "\n".join(part.text for part in found).split() == text.split()
    assert sections(noise + text, "en") == sections(noise + text, "en")
