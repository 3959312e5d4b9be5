"""The intake of texts against documents that nobody meant well: it reads or refuses them, in time, and touches nothing.

``tests/bench/fuzz_intake.py`` looks for more of them by the hour.
"""

import functools
import http.server
import json
import os
import random
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import hostile
from policybook import confined, corpus, counting, data, intake
from policybook.intake import IntakeError
from policybook.sectioning import sections
from support import policybook

FUZZ = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def take_in(document, kind):
    """Convert, cut and count in this process; return the text, or nothing when it is refused in one line."""
    try:
        text, found, title, notes = intake.convert(document, "", f"plan.{kind}", None)
        parts = sections(text, "en")
    except IntakeError as error:
        assert str(error) and "\n" not in str(error)
        return ""
    assert text.strip() and found in ("txt", "md", "html", "pdf", "docx")
    assert "\n" not in title and not any("\n" in note for note in notes)
    (text + title).encode()  # holds no half of a character
    assert len({part.name for part in parts}) == len(parts) > 0
    assert all(re.fullmatch("[A-Za-z][A-Za-z0-9_]*", part.name) for part in parts)
    assert sum(counting.count(part.text).words for part in parts) <= counting.count(text).words
    return text


# ------------------------------------------------------------------------------------------- documents made by a plan

WORDS = st.text(
    alphabet="abc .,:;-–—…'\"#*_`[]()<>&|\\/!?1239IVX一二条章、。（）\u00ad\u200b\u0301\ufdfa\ud7ff\U0001f600 \t",
    max_size=40,
)
STARTS = [
    "1. ",
    "2) ",
    "# ",
    "## ",
    "Article 1. ",
    "第一条 ",
    "一、",
    "Chapter II: ",
    "Annex A",
    "- ",
    "> ",
    "    ",
    "| a |",
    "```",
]
LINES = st.lists(st.builds(lambda start, rest: start + rest, st.sampled_from(["", *STARTS]), WORDS), max_size=25)
TAGS = ["div", "p", "b", "ol", "ul", "li", "table", "tr", "td", "h1", "h2", "pre", "article", "main", "nav", "svg"]
TAGS += ["form", "br", "title", "template", "noscript", "math", "script"]
NAMES = [
    "",
    " hidden",
    " class=share",
    " id=detail",
    " style='display:none'",
    " start=99999999999",
    " class=TRS_Editor",
]


@st.composite
def pages(draw):
    """A page of nested, unclosed and wrongly closed elements."""
    pieces = [draw(st.sampled_from(["", "<!doctype html>", "<html>", '<?xml version="1.0"?><html>', "<!-- a -->"]))]
    for _ in range(draw(st.integers(0, 20))):
        tag = draw(st.sampled_from(TAGS))
        pieces.append(f"<{tag}{draw(st.sampled_from(NAMES))}>{draw(WORDS)}")
        if draw(st.booleans()):
            pieces.append(f"</{draw(st.sampled_from([tag, *TAGS]))}>{draw(WORDS)}")
    return "".join(pieces)


@FUZZ
@given(
    LINES, st.sampled_from(["utf-8", "utf-16", "gb18030", "utf-8-sig"]), st.sampled_from(["\n", "\r\n", "\r", "\u2028"])
)
def test_lines_of_any_shape_are_read_or_refused_as_text_and_markdown(lines, encoding, end):
    for kind in ("txt", "md"):
        take_in(end.join(lines).encode(encoding), kind)


@FUZZ
@given(pages(), st.sampled_from(["utf-8", "utf-16", "gb18030"]))
def test_pages_of_any_shape_are_read_or_refused(page, encoding):
    take_in(page.encode(encoding), "html")


@FUZZ
@given(
    st.lists(
        st.sampled_from(
            ["BT ", "ET ", "q ", "Q ", "(a b-) Tj ", "[(c)9(d)] TJ ", "T* ", "/F 9 Tf ", "9 9 Td ", "/X5 Do "]
        )
    ),
    st.binary(max_size=60),
    st.integers(0, 3),
)
def test_pdfs_of_any_content_are_read_or_refused(operators, noise, filters):
    content = "".join(operators).encode() + noise
    form = hostile.stream(b"BT /F 9 Tf (x) Tj ET", b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]")
    take_in(hostile.pdf_page(hostile.stream(content, filters=filters), b"/XObject<</X5 5 0 R>>", form), "pdf")


@settings(FUZZ, max_examples=25)
@given(
    st.recursive(
        WORDS.map(lambda text: re.sub("[<&\u200b]", " ", text)).map("<w:r><w:t>{}</w:t></w:r>".format),
        lambda inner: st.builds(
            lambda tag, parts: f"<w:{tag}>{''.join(parts)}</w:{tag}>",
            st.sampled_from(["p", "tbl", "tr", "tc", "sdt", "sdtContent", "hyperlink", "ins", "del", "pPr", "numPr"]),
            st.lists(inner, max_size=4),
        ),
        max_leaves=12,
    )
)
def test_word_files_of_any_body_are_read_or_refused(body):
    take_in(hostile.word_of(body), "docx")


@settings(FUZZ, max_examples=40)
@given(st.sampled_from(["docx", "pdf", "html", "md", "txt"]), st.integers(0, 2**32))
def test_sound_documents_with_damage_are_read_or_refused(kind, seed):
    take_in(hostile.mutated(sound(kind), random.Random(seed)), kind)


@functools.cache
def sound(kind):
    return {
        "docx": hostile.word(),
        "pdf": hostile.paper(),
        "html": hostile.PAGE.encode(),
        "md": hostile.MARKDOWN.encode(),
        "txt": hostile.PLAIN.encode(),
    }[kind]


@pytest.mark.parametrize("kind", ["docx", "pdf", "html", "md", "txt"])
def test_the_sound_documents_are_read(kind):
    assert "ponds" in take_in(sound(kind), kind)


# ------------------------------------------------------------------------------------------------- hostile documents

# Of Markdown, what takes the square of its size or more is only as large as shows that a small one is read.
SAMPLES = [
    *(("txt", name, lambda make=make: make(200_000).encode()) for name, make in hostile.TXT.items()),
    *(("html", name, lambda make=make: make(50_000).encode()) for name, make in hostile.HTML.items()),
    *(("md", name, lambda make=make: make(5_000).encode()) for name, make in hostile.MD.items()),
    *(("docx", name, lambda make=make: make(20_000)) for name, make in hostile.word_samples().items()),
    *(("docx", name, lambda part=part: part) for name, part in hostile.zip_samples().items()),
    *(
        ("pdf", name, lambda make=make: make(500_000))
        for name, make in hostile.pdf_samples().items()
        if name not in hostile.ENDLESS
    ),
]


@pytest.mark.parametrize(
    ("kind", "make"), [pytest.param(kind, make, id=f"{kind}: {name}") for kind, name, make in SAMPLES]
)
def test_a_hostile_document_is_read_or_refused_in_time(kind, make):
    document = make()
    start = time.monotonic()
    take_in(document, kind)
    assert time.monotonic() - start < 10


def refusal(path):
    with pytest.raises(IntakeError) as caught:
        intake.read(path)
    assert "\n" not in str(caught.value) and str(caught.value).startswith(path.name)
    return str(caught.value)


@pytest.mark.parametrize("name", hostile.ENDLESS)
def test_a_document_that_never_ends_is_given_up(tmp_path, monkeypatch, name):
    path = tmp_path / "plan.pdf"
    path.write_bytes(hostile.pdf_samples()[name](3_000_000))
    monkeypatch.setattr(intake, "MOST_SECONDS", 2)
    start = time.monotonic()
    # Whichever limit is reached first: of time, or of the memory that it takes without end.
    assert re.search("takes longer than 2 s|stops the program that reads it", refusal(path))
    assert time.monotonic() - start < 6


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux limits the memory of a process")
def test_a_document_that_fills_the_memory_is_given_up(tmp_path):
    path = tmp_path / "plan.md"
    path.write_text(hostile.MD["emphasis"](100_000))  # 100 kB that take 3.4 GB
    assert re.search("memory|takes longer", refusal(path))
    with pytest.raises(confined.Broken, match=r"needs too much memory$"):
        confined.call(bytes, 2_000_000_000, seconds=20, says=IntakeError)


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_what_a_document_that_is_given_up_started_is_ended_with_it(tmp_path, monkeypatch):
    before = pandocs()
    path = tmp_path / "plan.docx"
    path.write_bytes(hostile.word_samples()["nested tables"](100_000))  # keeps pandoc busy for seconds
    monkeypatch.setattr(intake, "MOST_SECONDS", 1)
    assert "takes longer than 1 s" in refusal(path)
    time.sleep(0.2)
    assert pandocs() <= before


def pandocs():
    found = set()
    for folder in os.listdir("/proc"):
        try:
            if folder.isdigit() and b"--from=docx" in Path(f"/proc/{folder}/cmdline").read_bytes():
                found.add(folder)
        except OSError:
            continue
    return found


def test_texts_that_would_be_cut_short_in_silence_are_refused():
    with pytest.raises(IntakeError, match="nested too deep"):
        intake.convert(hostile.HTML["nested spans"](100_000).encode(), "", "plan.html", None)


def test_accents_that_pile_up_are_refused_and_those_of_languages_are_not():
    with pytest.raises(IntakeError, match="piles more than 30 accents"):
        intake.convert(("a" + "\u0301\u0316" * 20).encode(), "", "plan.txt", None)
    text = "Tie\u0302\u0301ng Vie\u0323\u0302t " * 20 + "\u0e1b\u0e35\u0e48" * 40 + "\u0915\u094d\u0937\u093f" * 40
    assert intake.convert(text.encode(), "", "plan.txt", None)[0] == text.strip()


def test_a_text_of_too_many_characters_is_refused(monkeypatch):
    monkeypatch.setattr(intake, "MOST_CHARACTERS", 1000)
    assert intake.convert(b"a " * 500, "", "plan.txt", None)[0]
    for text in ("a " * 501, "\ufdfa " * 100):  # the second one by the letters that are counted
        with pytest.raises(IntakeError, match="holds more than 1,000 characters"):
            intake.convert(text.encode(), "", "plan.txt", None)
    with pytest.raises(IntakeError, match="holds more than 1,000 characters"):
        intake.convert(hostile.pdf_samples()["one word"](30_000), "", "plan.pdf", None)


def test_a_word_that_no_table_could_hold_is_refused(data_copy, tmp_path):
    path = tmp_path / "plan.txt"
    path.write_text("The villages mend their ponds together, and everybody helps. " * 9 + "b" * 200_000)
    document = (
        set(data.load("documents", data_copy)["doc_id"]) - set(data.load("articles", data_copy)["doc_id"])
    ).pop()
    with pytest.raises(corpus.CorpusError, match="holds a word of 200,000 letters"):
        corpus.add(document, path, report=data_copy, replace=True)


def test_control_characters_of_a_document_do_not_reach_the_terminal():
    data = hostile.pdf_page(hostile.stream(b"BT /F 9 Tf 9 9 Td (1. Ponds \\033[2J are mended.) Tj ET"))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f]", intake.convert(data, "", "plan.pdf", None)[0])
    text, _, title, _ = intake.convert(b"<html><title>a&#155;2J</title><body><p>Ponds &#155; b", "", "plan.html", None)
    assert not re.search("[\x1b\x9b]", text + title)


def test_a_word_file_of_too_much_xml_is_refused(monkeypatch):
    monkeypatch.setattr(intake, "MOST_BYTES_XML", 100_000)
    assert intake.convert(hostile.word(), "", "plan.docx", None)[0]
    with pytest.raises(IntakeError, match="of XML"):
        intake.convert(hostile.word_samples()["paragraphs"](200_000), "", "plan.docx", None)


# ------------------------------------------------------------------------------------------------------------ patterns


@pytest.mark.parametrize("pattern", [r"(a+)+$", r"(a|aa)*c", r"(?:.*.*)*=", r"(\w*\s*)*!", r"(.+)\1+$c"])
def test_a_pattern_that_never_ends_is_given_up(monkeypatch, pattern):
    monkeypatch.setattr("policybook.sectioning.PATTERN_SECONDS", 1)
    start = time.monotonic()
    with pytest.raises(IntakeError, match=r"pattern .* (takes longer than 1 s|matches no line)"):
        sections("aaaa " + "a" * 5000 + " b\n" * 10, "en", pattern)
    assert time.monotonic() - start < 6


@settings(FUZZ, max_examples=15)
@given(st.text(alphabet="a.*+?()[]{}|\\^$1,<>=!:P#- ", max_size=14))
def test_any_pattern_cuts_a_text_or_is_refused(pattern):
    try:
        assert sections("aa 1. b\nab (c) 11\n# a\n", "en", pattern)
    except IntakeError as error:
        assert "\n" not in str(error).replace(repr(pattern), "")


def test_a_pattern_that_matches_too_often_is_refused():
    with pytest.raises(IntakeError, match="more than 2,000 sections"):
        sections("a.\n" * 5000, "en", "a")


# ------------------------------------------------------------------------------------------ network, files, the program


def test_a_document_reaches_no_server_and_no_file(tmp_path):
    """The documents name a server of the test and a file of it, in each way that readers of such files know."""
    asked = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_POST = do_GET

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    web = f"http://127.0.0.1:{server.server_port}/canary"
    (tmp_path / "secret.txt").write_text("canary of the file")
    folder = tmp_path / "in"
    folder.mkdir()
    for number, target in enumerate((web, (tmp_path / "secret.txt").as_uri(), "../secret.txt")):
        entity = f'<!DOCTYPE a SYSTEM "{target}" [<!ENTITY % p SYSTEM "{target}"> %p; <!ENTITY e SYSTEM "{target}">]>'
        links = "".join(
            f'<{tag} {name}="{target}">words</{tag}>'
            for tag, name in (("iframe", "src"), ("object", "data"), ("img", "src"), ("a", "href"), ("embed", "src"))
        )
        files = {
            "a.html": f'<html><head><base href="{target}"><link rel="stylesheet" href="{target}"></head>'
            f"<body>{links}<p>words</p></body></html>",
            "b.html": f'<?xml version="1.0"?>{entity}<html><body><p>&e; words</p>'
            f'<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="{target}" parse="text"/></body></html>',
            "c.md": f"words ![a]({target}) [b]({target}) <{target}>\n\n{links}",
            "d.docx": hostile.word_of("<w:p><w:r><w:t>words &e;</w:t></w:r></w:p>", entity),
            "e.docx": linked_word(target),
            "f.pdf": hostile.pdf_page(
                hostile.stream(b"BT /F 9 Tf (words) Tj ET"),
                b"/XObject<</X5 <</Type/XObject/Subtype/Image/F(%s)>>>>" % target.encode(),
            ).replace(b"/Type/Catalog", b"/Type/Catalog/OpenAction<</S/URI/URI(%s)>>" % target.encode()),
        }
        for name, content in files.items():
            path = folder / f"{number}{name}"
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
            try:
                assert "canary of the file" not in intake.read(path).text
            except IntakeError as error:
                assert name == "d.docx", error
    server.shutdown()
    server.server_close()
    assert asked == []
    assert len(list(folder.iterdir())) == 18 and sorted(path.name for path in tmp_path.iterdir()) == [
        "in",
        "secret.txt",
    ]


def linked_word(target):
    """A Word file whose picture and template lie elsewhere."""
    kind = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    parts = hostile.word_parts()
    added = "".join(
        f'<Relationship Id="x{name}" Type="{kind}/{name}" Target="{target}" TargetMode="External"/>'
        for name in ("image", "attachedTemplate", "hyperlink", "footnotes")
    )
    rels = parts["word/_rels/document.xml.rels"].replace(b"</Relationships>", added.encode() + b"</Relationships>")
    picture = (
        "<w:p><w:r><w:t>words</w:t></w:r><w:r><w:drawing>"
        '<a:blip xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main" r:link="ximage"/>'
        "</w:drawing></w:r></w:p>"
    )
    return hostile.word_of(picture, **{"_rels/document.xml.rels": rels})


def test_the_program_ends_with_two_and_one_line(data_copy, tmp_path):
    document = data.load("documents", data_copy)["doc_id"].iloc[0]
    path = tmp_path / "plan.html"
    path.write_text(hostile.HTML["nested"](100_000))
    done = policybook("text", "add", document, str(path), cwd=data_copy.root, check=False)
    assert done.returncode == 2 and "nested too deep" in done.stderr and "Traceback" not in done.stderr
    path = tmp_path / "plan.txt"
    path.write_text("The villages mend their ponds together, and everybody helps. " + "a" * 400_000 + "\n")
    done = policybook("text", "add", document, str(path), "--sections", "(a|aa)*b", cwd=data_copy.root, check=False)
    assert done.returncode == 2 and "Traceback" not in done.stderr


# -------------------------------------------------------------------------------------------- a process with limits


def test_a_confined_function_answers_says_or_breaks():
    assert confined.call(json.loads, '["a", 1]', seconds=20, says=IntakeError) == ["a", 1]
    assert confined.call(print, "words", seconds=20, says=IntakeError) is None
    with pytest.raises(IntakeError, match=r"^is a rich text file"):
        confined.call(intake._kind, b"{\\rtf", "", "", seconds=20, says=IntakeError)
    with pytest.raises(confined.Broken, match=r"stops the program that reads it \(JSONDecodeError\)"):
        confined.call(json.loads, "{", seconds=20, says=IntakeError)
    with pytest.raises(confined.Broken, match=r"or stops the program that reads it$"):
        confined.call(os.abort, seconds=20, says=IntakeError)
    with pytest.raises(confined.Broken, match="takes longer than 1 s"):
        confined.call(time.sleep, 30, seconds=1, says=IntakeError)


def test_the_folder_of_a_user_gives_no_modules(tmp_path, monkeypatch):
    (tmp_path / "lxml.py").write_text("raise SystemExit('taken')")
    (tmp_path / "plan.txt").write_text("We mend the ponds.")
    monkeypatch.chdir(tmp_path)
    assert intake.read("plan.txt").text == "We mend the ponds."


# ---------------------------------------------------------------------------------------------------------- the fuzzer


def test_the_fuzzer_runs_and_finds_nothing(root):
    pytest.importorskip("atheris", reason="atheris is not installed")
    command = [sys.executable, "tests/bench/fuzz_intake.py", "--seconds", "20", "--megabytes", "0"]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0 and "0 findings" in done.stdout, done.stdout + done.stderr
