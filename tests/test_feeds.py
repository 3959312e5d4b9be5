"""The Atom feed: valid by a schema and by the rules that a schema cannot say, stable, safe with hostile text."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import pandas as pd
import pytest
from lxml import etree
from lxml import html as lxml_html
from yaml import safe_load

from policybook import data, feeds, followup, paths, settings, sources

ATOM = {"a": feeds.NAMESPACE}
SCHEMA = etree.RelaxNG(etree.parse(Path(__file__).parent / "atom.rng"))
DAY = pd.Timestamp("2026-11-21")


def entry(key, day="2026-07-17", **more):
    said = {"title": f"Step {key}", "summary": "Said.", "link": f"followup.html#{key}"}
    return feeds.Entry(key=key, updated=pd.Timestamp(day), **(said | more))


def made(*entries, **more):
    said = {
        "name": "made",
        "title": "Feed",
        "subtitle": "Of steps",
        "author": "Somebody",
        "updated": DAY,
        "page": "followup.html",
    }
    return feeds.to_xml(entries, **(said | more))


def parsed(xml):
    """The feed, after everything that RFC 4287 asks of it has been checked."""
    feed = etree.fromstring(xml)
    assert SCHEMA.validate(feed), SCHEMA.error_log.last_error
    ids = feed.xpath(".//a:id/text()", namespaces=ATOM)
    assert len(set(ids)) == len(ids)
    stamps = feed.xpath("a:entry/a:updated/text()", namespaces=ATOM)
    assert stamps == sorted(stamps, reverse=True)
    assert all(stamp <= feed.findtext("a:updated", namespaces=ATOM) for stamp in stamps)
    for node in [feed, *feed.findall("a:entry", ATOM)]:
        alternates = node.xpath("a:link[@rel='alternate']", namespaces=ATOM)
        assert len({(link.get("type"), link.get("hreflang")) for link in alternates}) == len(alternates) == 1
        assert len(node.xpath("a:link[@rel='self']", namespaces=ATOM)) <= 1
    for address in feed.xpath(".//a:link[@rel='related' or @rel='self']/@href", namespaces=ATOM):
        assert urlsplit(address).scheme in ("http", "https") and urlsplit(address).netloc, address
    return feed


def texts(feed, path):
    return feed.xpath(path, namespaces=ATOM)


# --------------------------------------------------------------------------------------------------------- hand-made


def test_newest_entries_come_first_and_those_of_one_day_by_key():
    feed = parsed(made(entry("b"), entry("c", "2025-09-01"), entry("a"), entry("d", "2026-09-01")))
    assert texts(feed, "a:entry/a:title/text()") == ["Step d", "Step a", "Step b", "Step c"]
    assert texts(feed, "a:entry/a:updated/text()")[0] == "2026-09-01T00:00:00Z"
    assert feed.findtext("a:updated", namespaces=ATOM) == "2026-11-21T00:00:00Z"


def test_an_id_depends_on_the_names_alone():
    # uuid5(NAMESPACE_OID, "made/a"), by Python's uuid on another day.
    first = parsed(made(entry("a", title="One")))
    again = parsed(made(entry("a", title="Another", day="2025-08-01"), entry("b")))
    other = parsed(made(entry("a"), name="fork"))
    ids = [texts(feed, "a:entry[a:link[contains(@href, '#a')]]/a:id/text()")[0] for feed in (first, again, other)]
    assert ids[0] == ids[1] != ids[2]
    assert ids[0] == "urn:uuid:e0915f51-b554-57f8-9e59-1530d2fbdb4f"


def test_without_an_address_of_the_site_links_are_relative_to_the_feed():
    feed = parsed(made(entry("a")))
    assert texts(feed, "//a:link[@rel='alternate']/@href") == ["followup.html", "followup.html#a"]
    assert not texts(feed, "//a:link[@rel='self']")
    assert not texts(feed, "//@xml:base")


def test_with_an_address_links_are_absolute_and_the_feed_names_itself():
    feed = parsed(made(entry("a"), base="https://example.org/r/book/followup.atom"))
    assert texts(feed, "a:link[@rel='self']/@href") == ["https://example.org/r/book/followup.atom"]
    assert texts(feed, "//a:link[@rel='alternate']/@href") == [
        "https://example.org/r/book/followup.html",
        "https://example.org/r/book/followup.html#a",
    ]


HOSTILE = "<script>alert('x')</script> & ]]> \"quoted\" \x00\x0b\x1b\ufffe\ud800 &lt;b&gt; 人工智能 \U0001f916"


def test_hostile_text_stays_text():
    odd = feeds.Category(term=HOSTILE, label=HOSTILE, list_name=HOSTILE)
    related = (("https://example.org/?a=1&b=<2>", "no"), ("https://example.org/?a=1&b=2", HOSTILE))
    xml = made(entry("a", title=HOSTILE, summary=HOSTILE, categories=(odd,), related=related), author=HOSTILE)
    feed = parsed(xml)
    for text in texts(feed, "a:entry/a:title/text() | a:entry/a:summary/text() | a:author/a:name/text()"):
        assert text == "<script>alert('x')</script> & ]]> \"quoted\" &lt;b&gt; 人工智能 \U0001f916"
    assert b"<script" not in xml and b"\x00" not in xml
    assert texts(feed, "//a:link[@rel='related']/@href") == ["https://example.org/?a=1&b=2"]
    # No type: text constructs are plain text, so that a reader does not take them for HTML.
    assert not texts(feed, "//a:title/@type | //a:summary/@type")


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", "data:text/html,x", "file:///etc/passwd", "//example.org/x", "ftp://x/y", "nan", ""],
)
def test_only_web_addresses_are_related(address):
    feed = parsed(made(entry("a", related=((address, "Source"),))))
    assert not texts(feed, "//a:link[@rel='related']")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"author": " "}, "author is empty"),
        ({"title": "\x00"}, "title is empty"),
        ({"name": ""}, "name is empty"),
        ({"base": "javascript:x"}, "not an http"),
    ],
)
def test_what_cannot_be_a_feed_is_refused(wrong, said):
    with pytest.raises(ValueError, match=said):
        made(entry("a"), **wrong)


def test_two_entries_with_one_key_are_refused():
    with pytest.raises(ValueError, match="two entries have the key a"):
        made(entry("a"), entry("a", "2025-09-01"))


def test_the_schema_finds_what_is_wrong():
    """The schema of the tests is no rubber stamp."""
    good = made(entry("a")).decode()
    for old, new in [
        ("<updated>2026-07-17T00:00:00Z", "<updated>17 July 2026"),
        ("<title>Step a</title>", ""),
        ('rel="alternate" type', 'rel="nonsense" type'),
        ("urn:uuid:", "uuid:"),
        ("<summary>Said.</summary>", "<summary>Said.</summary><summary>Twice.</summary>"),
        ("<name>Somebody</name>", "<nom>Somebody</nom>"),
    ]:
        bad = good.replace(old, new)
        assert bad != good
        assert not SCHEMA.validate(etree.fromstring(bad.encode())), new


# -------------------------------------------------------------------------------------------------------- real tables


@pytest.fixture(scope="module")
def steps():
    plan = settings.load().date
    return followup.steps(data.load("followup"), data.load("articles"), plan, followup.material_until())


def test_the_feed_holds_the_steps_since_the_plan_and_no_others(steps, report):
    feed = parsed(feeds.of_followup(report, "The authors"))
    wanted = {f"followup.html#{anchor}" for anchor in followup.since(steps)["anchor"]}
    assert set(texts(feed, "a:entry/a:link[@rel='alternate']/@href")) == wanted
    assert len(wanted) > 40
    # A step before the Plan, one whose date does not tell, and a gap.
    for left_out in ("step-a02-brazil", "step-a08-cbrn", "step-a13-charter"):
        assert left_out in set(steps["anchor"])
        assert f"followup.html#{left_out}" not in wanted


def test_an_entry_says_what_its_row_says(steps, report):
    feed = parsed(feeds.of_followup(report, "The authors"))
    (node,) = texts(feed, "a:entry[a:link/@href='followup.html#step-a13-waico']")
    row = steps.set_index("followup_id").loc["fu_a13_waico"]
    assert node.findtext("a:title", namespaces=ATOM) == row["action"]
    assert node.findtext("a:updated", namespaces=ATOM) == "2026-07-16T00:00:00Z"
    assert node.xpath("a:category/@term", namespaces=ATOM) == ["A13", "launched"]
    assert node.xpath("a:category/@label", namespaces=ATOM) == ["Article 13", "launched"]
    summary = node.findtext("a:summary", namespaces=ATOM)
    assert summary.startswith("16 July 2026, article 13, launched. Who: China, others. Limits: Entry into force")
    known = sources.registry().loc[row["sources"], "url"].dropna()
    assert node.xpath("a:link[@rel='related']/@href", namespaces=ATOM) == [
        url for url in known if sources.safe_url(url)
    ]


def test_a_date_known_to_the_month_is_not_made_newer_than_the_feed():
    row = {
        "followup_id": "fu_a13_late",
        "anchor": "step-a13-late",
        "article": "A13",
        "action": "Later",
        "actors": (),
        "first": pd.Timestamp("2026-12-01"),
        "when": "December 2026",
        "timing": followup.timings()["since"],
        "status": "announced",
        "sources": ["unknown_source"],
        "evidence": "read",
        "confidence": "low",
        "note": pd.NA,
    }
    (found,) = feeds.entries(pd.DataFrame([row]), sources.registry(), DAY)
    assert found.updated == DAY and found.related == ()
    assert found.summary == "December 2026, article 13, announced. Evidence: read, confidence low."


def test_the_feed_is_the_same_every_time_and_holds_no_clock(report, monkeypatch):
    first = feeds.of_followup(report, "The authors")
    monkeypatch.setenv("TZ", "Asia/Shanghai")
    assert feeds.of_followup(report, "The authors") == first
    dates = {
        data.data_date(report),
        *re.findall(r"\d{4}-\d{2}-\d{2}", (report.data / "background/followup.csv").read_text()),
    }
    assert set(re.findall(r"(\d{4}-\d{2}-\d{2})T", first.decode())) <= dates


def test_the_address_of_the_site_may_end_with_a_slash_or_not(report):
    without = feeds.of_followup(report, "The authors", "https://example.org/report")
    assert without == feeds.of_followup(report, "The authors", "https://example.org/report/")
    feed = parsed(without)
    assert texts(feed, "a:link[@rel='self']/@href") == ["https://example.org/report/book/followup.atom"]
    with pytest.raises(ValueError, match="address of the site"):
        feeds.of_followup(report, "The authors", "example.org/report")


def test_a_package_that_does_not_say_how_far_it_reaches_is_refused(data_copy):
    text = data_copy.descriptor.read_text(encoding="utf-8")
    data_copy.descriptor.write_text(re.sub(r'\n  "material_until": "[^"]*",', "", text), encoding="utf-8")
    with pytest.raises(data.DataError, match="material_until"):
        feeds.of_followup(data_copy, "The authors")


def test_hostile_cells_come_out_as_text(data_copy):
    path = data_copy.data / "background" / "followup.csv"
    text = path.read_text(encoding="utf-8")
    assert text.count("WAICO agreement signed by 29 states") == 1
    path.write_text(text.replace("WAICO agreement signed by 29 states", "<b>&amp; signed</b>"), encoding="utf-8")
    feed = parsed(feeds.of_followup(data_copy, "The authors"))
    (node,) = texts(feed, "a:entry[a:link/@href='followup.html#step-a13-waico']")
    assert node.findtext("a:title", namespaces=ATOM) == "<b>&amp; signed</b>"


# --------------------------------------------------------------------------------------------------------- built book


@pytest.mark.book
def test_the_built_feed_leads_to_rows_that_exist(built, report):
    path = built / "book" / feeds.NAME
    config = safe_load((report.root / "_config.yml").read_text(encoding="utf-8"))
    site = config.get("html", {}).get("baseurl", "")
    assert path.read_bytes() == feeds.of_followup(paths.Paths(report.root), config["author"], site)
    feed = parsed(path.read_bytes())
    assert texts(feed, "a:author/a:name/text()") == [config["author"]]
    page = lxml_html.fromstring((built / "book" / "followup.html").read_bytes())
    ids = set(page.xpath("//@id"))
    for address in texts(feed, "//a:link[@rel='alternate']/@href"):
        found = urlsplit(urljoin((built / "book").as_uri() + "/", address))
        assert found.path.endswith("/book/followup.html")
        assert not found.fragment or found.fragment in ids, address


@pytest.mark.book
def test_the_page_names_its_feed_in_the_head_and_in_the_text(built):
    page = lxml_html.fromstring((built / "book" / "followup.html").read_bytes())
    (link,) = page.xpath("//head/link[@rel='alternate' and @type='application/atom+xml']")
    assert link.get("href") == feeds.NAME and link.get("title")
    assert page.xpath("//article//a[@href=$a]", a=feeds.NAME)
    other = lxml_html.fromstring((built / "book" / "background.html").read_bytes())
    assert not other.xpath("//head/link[@type='application/atom+xml']")
