"""Heads of pages: description, preview of a link, structured data; absolute addresses where the site has one."""

from __future__ import annotations

import json
import re
import shutil
import struct
from types import SimpleNamespace
from urllib.parse import urljoin

import pytest
from lxml import etree
from lxml import html as lxml_html
from sphinx.errors import ExtensionError

from policybook import bundle, citing, data, head, paths, site
from policybook.summary import LONGEST
from structure import faults as structure_faults
from structure import names
from support import SITE, policybook
from test_links import broken


def test_addresses_are_relative_to_the_page_or_absolute():
    assert head.address("book/plan.html", "book/index") == "plan.html"
    assert head.address("cards/plan.png", "book/index") == "../cards/plan.png"
    assert head.address("cards/plan.png", "index") == "cards/plan.png"
    assert head.address("cards/plan.png", "book/index", SITE) == f"{SITE}cards/plan.png"


def test_only_a_web_address_is_one_of_a_site():
    for given, expected in (("", ""), (None, ""), ("https://a.org/b", "https://a.org/b/"), (SITE, SITE)):
        assert head.site_address(SimpleNamespace(html_baseurl=given)) == expected
    for given in ("example.org/x", "javascript:alert(1)", "https://a.org/<b>"):
        with pytest.raises(ExtensionError, match="baseurl"):
            head.site_address(SimpleNamespace(html_baseurl=given))


def test_a_language_gets_its_country():
    found = {code: head.locale(code) for code in ("en", "de", "en_US", "pt-BR", "zh-Hans", "nonsense", "")}
    expected = {"en": "en_GB", "de": "de_DE", "en_US": "en_US", "pt-BR": "pt_BR", "zh-Hans": "zh_CN"}
    assert found == expected | {"nonsense": "", "": ""}


def test_tags_are_escaped_and_empty_ones_left_out():
    written = head.tags(title='"><script>', site_name="A & B", description="", picture="c.png", alt="c")
    page = lxml_html.fromstring(f"<html><head>{written}</head></html>")
    assert page.xpath("//meta[@property='og:title']/@content") == ['"><script>'] and not page.xpath("//script")
    assert page.xpath("//meta[@property='og:site_name']/@content") == ["A & B"]
    assert not page.xpath("//meta[@name='description' or @property='og:description' or @property='og:url']")


def test_authors_are_persons_or_bodies():
    assert head.people(("Li, Wei", "The authors")) == [
        {"@type": "Person", "name": "Wei Li"},
        {"@type": "Organization", "name": "The authors"},
    ]


# What Google asks of each type; https://developers.google.com/search/docs/appearance/structured-data/dataset, /article.
REQUIRED = {
    "Dataset": {"name", "description", "creator", "license", "url", "distribution", "datePublished", "citation"},
    "Article": {"headline", "datePublished", "author", "image", "isPartOf", "url"},
    "Report": {"headline", "datePublished", "author", "image", "hasPart", "url", "encoding", "license"},
}
# Properties of schema.org that each type may have.
WORK = names(
    "@context @type @id url name headline description inLanguage datePublished version author creator image license "
    "isAccessibleForFree isPartOf hasPart encoding keywords citation creditText"
)
ALLOWED = {"Dataset": WORK | {"distribution"}, "Article": WORK, "Report": WORK}
ALLOWED |= {"DataDownload": {"@type", "name", "encodingFormat", "contentUrl"}, "Person": {"@type", "name"}}
ALLOWED |= {"MediaObject": {"@type", "encodingFormat", "contentUrl"}, "Organization": {"@type", "name"}}


def linked_faults(value, top=True):
    """Return what is wrong with a structured document: unknown types and properties, what is missing, empty values."""
    if isinstance(value, list):
        return [fault for item in value for fault in linked_faults(item, top=False)]
    if not isinstance(value, dict):
        return ["an empty value"] if value in ("", None) else []
    kind = value.get("@type")
    if kind not in ALLOWED:
        return [f"type {kind}"]
    found = [f"{kind}: property {name}" for name in sorted(set(value) - ALLOWED[kind])]
    found += [f"{kind}: no {name}" for name in sorted(REQUIRED.get(kind, set()) - set(value))] if top else []
    if kind == "Dataset" and not 50 <= len(value.get("description", "")) <= 5000:
        found.append("Dataset: a description has 50 to 5000 characters")
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value.get("datePublished", "2026-01-01")):
        found.append("datePublished is no date")
    return found + [fault for item in value.values() for fault in linked_faults(item, top=False)]


def test_the_data_describe_themselves(report):
    said = head.dataset(report, "book/catalogue", SITE)
    assert not linked_faults(said)
    assert said["distribution"][0]["contentUrl"] == urljoin(SITE, bundle.address(report))
    assert said["datePublished"] == data.data_date(report) and said["license"].startswith("https://creativecommons.org")
    assert said["citation"] == citing.words(citing.of_report(report))
    assert linked_faults(said | {"description": "short"}) and linked_faults(said | {"colour": "red"})
    del said["creator"]
    assert linked_faults(said) == ["Dataset: no creator"]


# ----------------------------------------------------------------------------------------------------- the built books


def _said(page):
    """The meta tags of a page, by name or property."""
    return {
        tag.get("name") or tag.get("property"): tag.get("content")
        for tag in page.xpath("//head/meta[@name or @property]")
    }


def _broken(html):
    """What leads nowhere in a site that was built without its books."""
    return [fault for fault in broken(html) if not re.search(r"report\.(pdf|epub)", fault)]


def _documents(page):
    return [json.loads(script.text) for script in page.xpath("//head/script[@type='application/ld+json']")]


@pytest.mark.book
def test_every_page_says_what_it_is_about(built, report):
    descriptions = set()
    for name in site.reading_order(report):
        page = lxml_html.fromstring((built / f"{name}.html").read_bytes())
        said, article = _said(page), page.xpath("//article")[0]
        text = said["description"]
        assert 40 <= len(text) <= LONGEST and text == said["og:description"], name
        words = " ".join(article.text_content().split())
        assert all(word in words for word in re.findall(r"\w+", text)), f"{name}: {text}"
        assert said["og:title"] in words and said["og:type"] == "article" and said["og:locale"] == "en_GB"
        assert said["og:site_name"] == citing.of_report(report).title and said["twitter:card"] == "summary_large_image"
        assert "recalled" not in said["og:image:alt"] and "glue" not in said["og:image:alt"]
        descriptions.add(text)
        picture = (built / "book" / said["og:image"]).read_bytes()
        size = struct.unpack(">II", picture[16:24])
        assert size == (1200, 630) == (int(said["og:image:width"]), int(said["og:image:height"])), name
        assert 5_000 < len(picture) < 60_000, name
        for document in _documents(page):
            assert not linked_faults(document), f"{name}: {linked_faults(document)}"
    assert len(descriptions) == len(site.reading_order(report)), "no two chapters say the same"


@pytest.mark.book
def test_report_and_data_are_described_on_their_pages(built, report):
    kinds = {
        name: [
            document["@type"] for document in _documents(lxml_html.fromstring((built / f"{name}.html").read_bytes()))
        ]
        for name in site.reading_order(report)
    }
    assert kinds["book/index"] == ["Report"] and kinds["book/catalogue"] == ["Article", "Dataset"]
    assert all(found == ["Article"] for name, found in kinds.items() if name not in ("book/index", "book/catalogue"))


@pytest.mark.book
def test_without_an_address_nothing_claims_one(built):
    for path in built.glob("book/*.html"):
        page = lxml_html.fromstring(path.read_bytes())
        assert not page.xpath("//link[@rel='canonical']") and "og:url" not in _said(page), path.name
    assert not (built / "sitemap.xml").exists() and not (built / "robots.txt").exists()


@pytest.mark.book
def test_pages_that_nobody_should_find_say_so(built):
    for name in ("404", "search"):
        page = lxml_html.fromstring((built / f"{name}.html").read_bytes())
        assert _said(page).get("robots") == "noindex", name


def test_with_an_address_every_page_names_its_own(published):
    for name in ("one", "two", "references"):
        page = lxml_html.fromstring((published / "book" / f"{name}.html").read_bytes())
        said, own = _said(page), f"{SITE}book/{name}.html"
        assert page.xpath("//link[@rel='canonical']/@href") == [own] == [said["og:url"]]
        assert said["og:image"] == f"{SITE}cards/{name}.png" and (published / "cards" / f"{name}.png").is_file()
        (document,) = _documents(page)
        assert document["url"] == own and document["image"] == said["og:image"]
        assert not linked_faults(document)
    for name in ("404", "search"):
        page = lxml_html.fromstring((published / f"{name}.html").read_bytes())
        assert not page.xpath("//link[@rel='canonical']"), name


def test_with_an_address_the_site_is_mapped(published):
    namespace = {"s": "http://www.sitemaps.org/schemas/sitemap/0.9"}
    listed = etree.parse(published / "sitemap.xml")
    assert listed.xpath("//s:loc/text()", namespaces=namespace) == [
        f"{SITE}book/{name}.html" for name in ("one", "two", "references")
    ]
    date = data.data_date(paths.Paths(published.parent.parent))
    assert set(listed.xpath("//s:lastmod/text()", namespaces=namespace)) == {date}
    from urllib.robotparser import RobotFileParser

    reader = RobotFileParser()
    reader.parse((published / "robots.txt").read_text().splitlines())
    assert reader.site_maps() == [f"{SITE}sitemap.xml"] and reader.can_fetch("*", f"{SITE}book/one.html")


def test_with_an_address_pages_are_as_sound_as_without(published):
    # The page for missing addresses names the others by the path of the site, which is no folder here.
    found = [fault for fault in _broken(published) if not fault.startswith("404.html")]
    assert not found, found[:5]
    for path in published.rglob("*.html"):
        if "_static" not in path.parts:
            assert not structure_faults(path.read_text(encoding="utf-8")), path.name


def test_what_is_configured_no_more_goes(published, tmp_path):
    root = tmp_path / "report"
    shutil.copytree(published.parent.parent, root)
    config = root / "_config.yml"
    config.write_text(config.read_text(encoding="utf-8").replace(f"  baseurl: {SITE}\n", ""), encoding="utf-8")
    (root / "_build" / "work" / "html" / "cards" / "gone.png").write_bytes(b"x")
    policybook("build", "--no-pdf", cwd=root)
    html = root / "_build" / "html"
    assert not (html / "sitemap.xml").exists() and not (html / "robots.txt").exists()
    assert not (html / "cards" / "gone.png").exists() and (html / "cards" / "one.png").exists()
    assert SITE not in (html / "book" / "one.html").read_text(encoding="utf-8")
    assert not _broken(html), "addresses from the root are those of the root again"


def test_an_address_that_is_none_stops_the_build(published, tmp_path):
    root = tmp_path / "report"
    shutil.copytree(published.parent.parent, root)
    config = root / "_config.yml"
    config.write_text(config.read_text(encoding="utf-8").replace(SITE, "example.org"), encoding="utf-8")
    done = policybook("build", "--no-pdf", cwd=root, check=False)
    assert done.returncode == 1 and "'example.org' is not an http(s) address" in done.stderr
    assert "Traceback" not in done.stderr
