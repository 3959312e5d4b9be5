"""The PDF of a small site written here: what must come out of it whatever the report says."""

import io
import re
from pathlib import Path

import pypdf
import pytest

from policybook import pdf

SPECIALS = (
    '#let $x$ @ref *a* _b_ <l> [c] `d` \\e //f /*g*/ 1990--2000 ... -? ~ (-2) \'q\' "r" = h; #read("/etc/passwd")'
)
STILL = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="900" height="300"><rect width="900" height="300" fill="#eee"/>'
    '<text x="9" y="99" font-size="20" font-family="Source Sans 3, Noto Sans SC, sans-serif">Kuchen 算力</text></svg>'
)
ABOUT = {
    "title": 'A "plan" \\ #1',
    "subtitle": "*What* it [says]",
    "authors": "@ The authors",
    "version": "1.2.3",
    "data_date": "2026-11-20",
    "data_digest": "0123456789abcdef",
}
PAGES = ["book/index", "book/plan", "book/references"]


def escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def article(body: str) -> str:
    return (
        '<!doctype html><html lang="en"><head><title>T</title></head><body><nav>Sidebar</nav>'
        f'<article class="bd-article">{body}</article></body></html>'
    )


INDEX = f"""
<section id="at-a-glance"><h1>At a glance<a class="headerlink" href="#at-a-glance">#</a></h1>
<p>{escaped(SPECIALS)} <em>stressed</em>; <strong>strong</strong>(then) <strong>more</strong>[1] 😀.</p>
<div class="cell_input"><pre>secret_code = 1</pre></div><div class="cell_output"><pre>printed #output *here*</pre></div>
<p>See <a href="plan.html#article-7">article seven</a>, <a href="plan.html#row_7">row seven</a>,
<a href="plan.html#fig-cake"><span>Fig. 1</span></a>, <a href="plan.html#par">paragraph</a>,
<a href="plan.html">the plan</a>,
<a href="gone.html#x">dead page</a>, <a href="plan.html#nowhere">dead anchor</a>, <a href="_downloads/x.csv">a file</a>,
<a href="https://example.org/a_b?c=1&amp;d=2#e">outside</a>. A note<a class="footnote-reference" href="#n1">1</a> and
again<a class="footnote-reference" href="#n1">1</a>. <span class="pb-badge pb-read">read</span>
<span class="bibtex-citation">Somebody [<a href="references.html#id7">2026</a>]</span></p>
<h4>A level skipped</h4>
<div class="admonition note"><p class="admonition-title">Note</p><h2>Boxed heading</h2><p>In a box.</p></div>
<dl><dt id="term">Term: x</dt><dd><p>Meaning.</p></dd></dl>
<aside class="footnote-list"><aside class="footnote" id="n1"><span class="label">[<a href="#id1">1</a>]</span>
<p>The note's text.</p></aside></aside></section>
"""
PLAN = (
    """
<section id="the-plan"><h1><span class="section-number">2. </span>The plan</h1>
<section id="heading-slug"><span id="article-7"></span><h2>Article 7: 基础设施</h2>
<p id="par">A paragraph with <span lang="zh-Hans">《人工智能全球治理行动计划》</span>.</p>
<figure id="fig-cake"><div class="pb-chart" data-figure="fig-cake"><div class="pb-still">
<svg role="img" aria-label="A cake. It &quot;grows&quot;."><text>not this copy</text></svg></div>
<script type="application/json" class="pb-spec">{"secret": 1}</script></div>
<figcaption><p><span class="caption-number">Fig. 1 </span><span class="caption-text">Cake.</span></p>
<div class="legend"><p>Sources: baker.</p><details class="pb-menu"><summary>Download</summary></details></div>
</figcaption></figure>
<div class="pb-table"><table id="tbl-x"><caption><span class="caption-number">Table 1 </span>Rows</caption>
<thead><tr>"""
    + "".join(f"<th>Head{column}</th>" for column in range(9))
    + "</tr></thead><tbody>"
    + "".join(
        f'<tr id="row_{row}"><td>row_{row}_with_a_long_identifier_{"x" * 40}</td>'
        + "".join(f'<td class="num">{row * column:,} words</td>' for column in range(1, 9))
        + "</tr>"
        for row in range(80)
    )
    + "</tbody></table></div></section></section>"
)
REFERENCES = """
<section id="references"><h1>References</h1><div class="citation" id="id7"><span class="label">[1]</span>
<p>Somebody. <em>Title</em>. <a href="https://example.org/paper">online</a>.</p></div></section>
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site(tmp_path_factory.mktemp("site"))


def write_site(root: Path) -> Path:
    (root / "book").mkdir()
    (root / "figures").mkdir()
    (root / "figures/fig-cake.svg").write_text(STILL, encoding="utf-8")
    for name, body in zip(PAGES, (INDEX, PLAN, REFERENCES), strict=True):
        (root / f"{name}.html").write_text(article(body), encoding="utf-8")
    return root


@pytest.fixture(scope="module")
def made(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return pdf.build(site, tmp_path_factory.mktemp("pdf") / "new" / "report.pdf", pages=PAGES, **ABOUT)


@pytest.fixture(scope="module")
def reader(made: Path) -> pypdf.PdfReader:
    return pypdf.PdfReader(made)


@pytest.fixture(scope="module")
def text(reader: pypdf.PdfReader) -> str:
    return "\n".join(page.extract_text() for page in reader.pages)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


def test_what_pages_say_stays_text(text: str) -> None:
    assert squeezed(SPECIALS) in squeezed(text)
    for part in ("stressed; strong(then) more[1] [grinning face].", "printed #output *here*", "In a box.", "Meaning."):
        assert squeezed(part) in squeezed(text)
    for part in ABOUT.values():
        assert squeezed(part[:12] if part == ABOUT["data_digest"] else part) in squeezed(text)


def test_what_is_for_the_browser_is_left_out(text: str) -> None:
    for part in ("Sidebar", "secret", "Download", "not this copy"):
        assert part not in text


def test_figure_has_number_caption_alternative_text_and_is_vector(reader: pypdf.PdfReader, text: str) -> None:
    assert squeezed("Fig. 1 Cake.") in squeezed(text)
    assert "Sources: baker." in text
    assert "Kuchen" in text and "算力" in text, "the text of a chart is text in the PDF"
    assert 'A cake. It "grows".' in alternative_texts(reader.trailer["/Root"]["/StructTreeRoot"])
    assert not any(page.images for page in reader.pages)


def alternative_texts(node: object) -> list[str]:
    node = node.get_object() if isinstance(node, pypdf.generic.IndirectObject) else node
    if isinstance(node, list):
        return [alt for child in node for alt in alternative_texts(child)]
    if not isinstance(node, dict):
        return []
    own = [str(node["/Alt"])] if "/Alt" in node else []
    return own + alternative_texts(node.get("/K", []))


def test_table_repeats_its_head_and_stays_in_the_margins(reader: pypdf.PdfReader) -> None:
    with_rows = [page for page in reader.pages if "_with_a_" in page.extract_text()]
    assert len(with_rows) > 2
    assert all("Head8" in page.extract_text().replace("\n", "") for page in with_rows)
    for page in with_rows:
        starts = []

        def note_start(word: str, cm: list[float], tm: list[float], *rest: object, starts=starts) -> None:
            if word.strip() and tm[5] * cm[3] + cm[5] > 70:  # above the foot of the page
                starts.append(tm[4] * cm[0] + cm[4])

        page.extract_text(visitor_text=note_start)
        assert min(starts) > 73 and max(starts) < 595 - 74 - 10


def test_links_lead_to_their_places(reader: pypdf.PdfReader, text: str) -> None:
    index = next(page for page in reader.pages if "article seven" in page.extract_text())
    links = [note.get_object() for note in index["/Annots"]]
    outside = [link["/A"]["/URI"] for link in links if "/URI" in link.get("/A", {})]
    assert outside == ["https://example.org/a_b?c=1&d=2#e"]
    inside = [target_page(reader, link) for link in links if "/URI" not in link.get("/A", {})]
    plan, row, reference = (page_with(reader, mark) for mark in ("2. The plan", "row_7_", "Somebody. "))
    assert inside.count(plan) >= 4 and row in inside and reference in inside
    for dead in ("dead page", "dead anchor", "a file"):
        assert dead in text
    assert "(https://example.org/paper)" in text, "addresses are visible in the references"


def target_page(reader: pypdf.PdfReader, link: pypdf.generic.DictionaryObject) -> int:
    target = link.get("/Dest") or link["/A"]["/D"]
    if isinstance(target, str):
        return reader.get_destination_page_number(reader.named_destinations[target])
    return next(n for n, page in enumerate(reader.pages) if page.indirect_reference == target[0])


def page_with(reader: pypdf.PdfReader, mark: str) -> int:
    found = [number for number, page in enumerate(reader.pages) if squeezed(mark) in squeezed(page.extract_text())]
    return next(number for number in found if number > 1)  # after the table of contents


def test_dead_links_are_counted(site: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "policybook.pages"):
        pdf.build(site, tmp_path / "a.pdf", pages=PAGES, **ABOUT)
    assert "3 links lead out of the PDF" in caplog.text


def test_footnote_stands_once_at_the_foot(text: str) -> None:
    assert text.count("The note's text.") == 1


def test_chinese_is_text_and_its_font_embedded(reader: pypdf.PdfReader, text: str) -> None:
    assert "基础设施" in text and "《人工智能全球治理行动计划》" in text
    fonts = {}
    for page in reader.pages:
        for font in page["/Resources"].get("/Font", {}).values():
            font = font.get_object()
            inner = font["/DescendantFonts"][0].get_object()["/FontDescriptor"]
            fonts[font["/BaseFont"].split("+")[-1]] = any(key.startswith("/FontFile") for key in inner)
    assert all(fonts.values())
    assert {name.split("-")[0] for name in fonts} == {"SourceSans3", "SourceSerif4", "NotoSansSC", "DejaVuSansMono"}


def test_outline_follows_the_headings(reader: pypdf.PdfReader) -> None:
    titles = [entry.title for entry in reader.outline if not isinstance(entry, list)]
    assert titles == ["At a glance", "2. The plan", "References"]
    below = [entry.title for branch in reader.outline if isinstance(branch, list) for entry in branch]
    assert below == ["A level skipped", "Article 7: 基础设施"]


def test_is_tagged_and_described(reader: pypdf.PdfReader) -> None:
    root = reader.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"] and root["/Lang"] == "en" and "/StructTreeRoot" in root
    assert b"pdfuaid:part" in root["/Metadata"].get_object().get_data()
    assert reader.metadata.title == ABOUT["title"] and reader.metadata.author == ABOUT["authors"]
    assert reader.metadata.creation_date.strftime("%Y-%m-%d") == ABOUT["data_date"]


def test_pages_are_numbered_and_have_running_heads(reader: pypdf.PdfReader) -> None:
    last = reader.pages[page_with(reader, "row_79_")].extract_text()
    assert "2. The plan" in last
    assert str(page_with(reader, "row_79_") + 1) in last.splitlines()[-1]


def test_same_input_gives_the_same_bytes(
    site: Path, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert pdf.build(site, tmp_path / "again.pdf", pages=PAGES, **ABOUT).read_bytes() == made.read_bytes()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    dated = pypdf.PdfReader(io.BytesIO(pdf.build(site, tmp_path / "dated.pdf", pages=PAGES, **ABOUT).read_bytes()))
    assert dated.metadata.creation_date.year == 2001


def _break_still(root: Path) -> None:
    (root / "figures/fig-cake.svg").write_text("<svg><g></svg>", encoding="utf-8")


def _still_that_is_none(root: Path) -> None:
    (root / "figures/fig-cake.svg").write_text("<picture/>", encoding="utf-8")


def _lose_still(root: Path) -> None:
    (root / "figures/fig-cake.svg").unlink()


def _lose_page(root: Path) -> None:
    (root / "book/plan.html").unlink()


def _lose_article(root: Path) -> None:
    (root / "book/plan.html").write_text("<html><body><p>nothing</p></body></html>", encoding="utf-8")


@pytest.mark.parametrize("fault", [_break_still, _still_that_is_none, _lose_still, _lose_page, _lose_article])
def test_failure_names_the_page_and_keeps_the_old_pdf(tmp_path: Path, fault) -> None:
    root = write_site(tmp_path)
    old = tmp_path / "report.pdf"
    old.write_bytes(b"old")
    fault(root)
    with pytest.raises(pdf.PdfError, match=r"book/plan: .{8}"):
        pdf.build(root, old, pages=PAGES, **ABOUT)
    assert old.read_bytes() == b"old"
    assert not [path for path in tmp_path.iterdir() if "draft" in path.name]


def test_target_that_cannot_be_written(site: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(pdf.PdfError, match="could not be made"):
        pdf.build(site, tmp_path / "file" / "report.pdf", pages=PAGES, **ABOUT)


def test_bad_date_is_told(site: Path, tmp_path: Path) -> None:
    with pytest.raises(pdf.PdfError, match="date"):
        pdf.build(site, tmp_path / "a.pdf", pages=PAGES, **(ABOUT | {"data_date": "yesterday"}))
