"""The ledger of claims: counts, cells, checks that disagree, and the reviews for machines."""

from __future__ import annotations

import json
import re
from datetime import date

import pandas as pd
import pytest
from lxml import html as lxml_html

from policybook import claim_reviews, claims, data, render, sources, tables
from policybook.charts import claims as figures

VERDICTS = list(claims.VERDICTS)


def made(*rows, **columns):
    """Claims of ``(claim_id, verdict)``, one claimant, no article, unless columns say otherwise."""
    table = pd.DataFrame(rows, columns=["claim_id", "verdict"])
    base = {
        "claim": [f"Claim {name}." for name in table["claim_id"]],
        "finding": "Found.",
        "topic": "dates",
        "articles": [()] * len(table),
        "evidence": "read",
        "confidence": "high",
        "claimant_source_ids": [("ansi_2025_plan",)] * len(table),
        "source_ids": [("o_mfa_plan_zh",)] * len(table),
        "where_in_text": None,
        "settled_note": None,
        "do_not_repeat": False,
    }
    return table.assign(**(base | columns))


def checked(*rows):
    """Checks of ``(claim_id, origin, kind, verdict, evidence)``."""
    table = pd.DataFrame(rows, columns=["claim_id", "origin", "check_kind", "verdict", "evidence"])
    return table.assign(check_id=[f"{row.origin}_{at}" for at, row in enumerate(table.itertuples())])


@pytest.fixture(scope="module")
def real():
    return data.load("claims")


@pytest.fixture
def shown(monkeypatch):
    """What is displayed, in order."""
    bundles = []
    for module in (tables, claim_reviews):
        monkeypatch.setattr(module, "display", lambda bundle, raw: bundles.append(bundle))
    return bundles


# ------------------------------------------------------------------------------------------------------------ counts


def test_words_and_scales_cover_the_codes_of_the_data(real):
    assert set(claims.VERDICTS) == set(claims.MEANINGS) == set(real["verdict"].cat.categories)
    assert set(claims.topics()) == set(real["topic"].cat.categories)
    assert list(figures.COLOURS) == VERDICTS
    assert set(claim_reviews.RATINGS) == set(VERDICTS) - {"cannot_check"}


def test_counts_have_every_verdict(real):
    assert claims.counts(made(("a", "partly"), ("b", "partly"))) == dict.fromkeys(VERDICTS, 0) | {"partly": 2}
    assert sum(claims.counts(real).values()) == len(real)


def test_a_claim_counts_once_for_each_claimant_and_shares_leave_out_what_cannot_be_checked():
    table = made(
        *((f"c{at}", verdict) for at, verdict in enumerate(["confirmed"] * 4 + ["partly", "cannot_check"])),
        who=[("X", "Y", "X")] + [("X",)] * 5,
    )
    found = claims.by_group(table, "who").set_index("group")
    assert found["n"].to_dict() == {"X": 6, "Y": 1}
    assert found.loc["X", ["confirmed", "partly", "cannot_check", "checked"]].tolist() == [4, 1, 1, 5]
    assert found.loc["X", "share"] == 0.8
    # By hand, z = 1.96: middle (4 + 1.9207) / (5 + 3.8415) = 0.6697, half 1.96 * sqrt(0.8 + 0.9604) / 8.8415 = 0.2941.
    assert (round(found.loc["X", "low"], 3), round(found.loc["X", "high"], 3)) == (0.376, 0.964)
    assert found.loc["Y", ["share", "low", "high"]].isna().all()
    assert claims.share_text(0.8, 0.376, 0.964) == "80 (38 to 96)"
    assert claims.share_text(float("nan"), float("nan"), float("nan")) == "–"


def test_every_claim_has_a_mark_of_its_own(real):
    own = real.assign(about=real["topic"].astype(str))
    units = claims.units(own, "about", deep=2)
    assert len(units) == len(real)
    assert not units.duplicated(["label", "verdict", "column", "level"]).any()
    assert units["level"].max() <= 1 and units["column"].min() == 1
    assert units["label"].drop_duplicates().tolist() == [
        f"{row.group} ({row.n})" for row in claims.by_group(own, "about").itertuples()
    ]


def test_the_chart_draws_each_claim_in_the_panel_of_its_verdict():
    table = made(("a", "confirmed"), ("b", "contradicted"), ("c", "confirmed"), who=[("X", "X"), ("X",), ("Y",)])
    spec = figures.verdicts(claims.units(table, "who")).to_dict()
    panels = {panel["title"]["text"]: panel for panel in spec["hconcat"]}
    assert list(panels) == list(claims.VERDICTS.values())
    drawn = {
        word: [row["claim"] for row in spec["datasets"][panel["layer"][0]["data"]["name"]]]
        for word, panel in panels.items()
    }
    assert drawn["Confirmed"] == ["Claim a.", "Claim c."] and drawn["Contradicted"] == ["Claim b."]
    assert drawn["Partly right"] == []


def test_claims_about_the_whole_plan_count_for_no_article():
    plan = pd.DataFrame(
        {"article": [f"A{at:02}" for at in range(4)], "short_title": ["Preamble", "One", "Two", "Three"]}
    )
    table = made(("a", "confirmed"), ("b", "partly"), articles=[("A01",), ("A01", "A02")])
    found = claims.by_article(table, plan).set_index("article")
    assert found["n"].tolist() == [0, 1, 0, 0] and found.loc["A01", "confirmed"] == 1
    assert [(link.text, link.href) for link in found["name"]][:2] == [
        ("Preamble", "plan.html#article-0"),
        ("1 One", "plan.html#article-1"),
    ]


# ------------------------------------------------------------------------------------------------------------- cells


@pytest.mark.parametrize(
    ("place", "codes", "said"),
    [
        ("A03-A07; A12", ("A04", "A12"), "article 3 to article 7, article 12"),
        ("outside the Plan", ("A04",), "outside the Plan, about article 4"),
        ("preamble; A11", ("A00", "A11"), "preamble, article 11"),
        ("preamble, start of article 3", (), "preamble, start of article 3"),
        ("a well-known page", (), "a well-known page"),
        (None, ("A07", "A12"), "article 7, article 12"),
        ("numbered articles", tuple(f"A{at:02}" for at in range(1, 14)), "numbered articles"),
        (None, (), "–"),
    ],
)
def test_where_in_the_plan_links_articles(place, codes, said):
    pieces = claims.where(place, codes)
    assert " ".join(piece.text for piece in pieces) == said
    for piece in pieces:
        if piece.text.startswith("article "):
            assert piece.href == f"plan.html#article-{piece.text.split()[1].rstrip(',')}"


def test_a_claimant_has_a_short_name():
    assert claims.claimant("ansi_2025_plan") == "ANSI"
    assert claims.claimant("p_liang_zheng") == "Liang Zheng"
    with pytest.raises(KeyError):
        claims.claimant("nobody")


def test_every_claim_has_a_row_in_the_ledger_under_its_address(real, shown):
    cells = claims.ledger(real)
    assert sorted(cells["claim_id"]) == sorted(real["claim_id"])
    assert cells["anchor"].is_unique
    for row in cells.itertuples():
        assert row.said.href == f"#{row.anchor}" and row.anchor == "claim-" + row.claim_id.replace("_", "-")
    warned = cells.set_index("claim_id")["ruling"].map(lambda pieces: pieces[-1].text == "do not repeat")
    assert set(warned[warned].index) == set(real.loc[real["do_not_repeat"], "claim_id"])


def test_rows_of_the_ledger_are_chosen_by_claimant_topic_verdict_and_article(shown):
    table = made(
        ("a_b", "partly"),
        ("c", "confirmed"),
        articles=[("A00", "A07"), ()],
        topic=["energy", "dates"],
        claimant_source_ids=[("ansi_2025_plan", "tribe_2025"), ("tribe_2025",)],
    )
    cells = claims.ledger(table).set_index("claim_id")
    assert cells.loc["a_b", ["who", "about", "verdict", "parts"]].tolist() == [
        ("ANSI", "Tribe News Global"),
        "Energy",
        "Partly right",
        ("preamble", "article 7"),
    ]
    assert cells.loc["c", "parts"] == ()
    assert cells.loc["c", "claimants"][0].cite == "tribe_2025"


def test_claims_not_to_repeat_have_their_reason_and_address(real):
    said = claims.warnings(real)
    warned = real[real["do_not_repeat"]]
    assert len(re.findall(r"^\{#not-", said, flags=re.M)) == len(warned)
    for row in warned.itertuples():
        entry = said.split(f"{{#{claims.warning_anchor(row.claim_id)}}}")[1].split("{#not-")[0]
        assert f'href="#{claims.claim_anchor(row.claim_id)}"' in entry
        assert claims.VERDICTS[row.verdict].lower() in entry
        assert all(source in entry for source in row.source_ids + row.claimant_source_ids)
    hostile = made(("a", "partly"), ("b", "contradicted"), claim="A [x](y) <b> claim.", do_not_repeat=True)
    said = claims.warnings(hostile)
    assert said.index("not-b") < said.index("not-a")
    assert r"A \[x\](y) \<b\> claim." in said


# ------------------------------------------------------------------------------------------------ where checks differ


def test_claims_are_listed_when_their_checks_differ_or_were_overruled():
    table = made(("alike", "partly"), ("differ", "confirmed"), ("over", "cannot_check"), ("context", "partly"))
    checks = checked(
        ("alike", "text", "check", "partly", "read"),
        ("alike", "background", "check", "partly", "read"),
        ("differ", "text", "check", "partly", "read"),
        ("differ", "background", "check", "confirmed", None),
        ("over", "text", "check", "confirmed", "recalled"),
        ("context", "text", "check", "partly", "read"),
        ("context", "sustainability", "context", None, "read"),
    )
    found = claims.disagreements(table, checks).set_index("claim_id")
    assert found.index.tolist() == ["differ", "over"]
    assert found.loc["differ", "rounds"] == (("background", "confirmed", ""), ("text", "partly", "read"))
    assert found["differ"].tolist() == [True, False] and found["overruled"].tolist() == [False, True]
    cells = claims.disagreement_cells(found.reset_index())
    assert [piece.text for piece in cells.loc[1, "checks"]] == ["text:", "confirmed", "recalled"]
    assert cells.loc[0, "said"].href == "#claim-differ"


def test_disagreements_of_the_data_are_all_there_and_say_how_they_were_settled(real):
    checks = data.load("claim_verdicts")
    found = claims.disagreements(real, checks)
    settled = real.set_index("claim_id")["verdict"].astype(str)
    expected = {
        row.claim_id
        for row in checks[checks["check_kind"] == "check"].itertuples()
        if str(row.verdict) != settled[row.claim_id]
    }
    assert set(found["claim_id"]) == expected
    assert found["settled_note"].notna().all()


def test_the_examples_of_the_chapter_are_still_refuted(real):
    """The chapter names these in its own words as claims that do not stand."""
    verdicts = real.set_index("claim_id")["verdict"].astype(str)
    named = ["adopted_28_july", "deadline_12_months", "clause7_enforceable_mandate", "shanghai_hub_in_plan"]
    assert set(verdicts[named]) <= set(claims.REFUTED)
    assert real.set_index("claim_id").loc[[*named, "global_public_good"], "do_not_repeat"].all()


# ------------------------------------------------------------------------------------------- reviews for machines

# What schema.org allows, for the types and properties used here (checked against schema-dts 2.1.0, which Google makes
# of the definitions of schema.org): each property of a type with the types that it may have. Capitals: data types.
DEFINED = {
    "ClaimReview": {
        "url": {"URL"},
        "claimReviewed": {"TEXT"},
        "itemReviewed": {"Claim", "CreativeWork"},
        "reviewRating": {"Rating"},
        "author": {"Organization", "Person"},
        "datePublished": {"DATE"},
        "inLanguage": {"TEXT"},
        "citation": {"CreativeWork", "TEXT"},
    },
    "Claim": {
        "text": {"TEXT"},
        "author": {"Organization", "Person"},
        "appearance": {"CreativeWork"},
    },
    "CreativeWork": {
        "name": {"TEXT"},
        "url": {"URL"},
        "datePublished": {"DATE"},
        "inLanguage": {"TEXT"},
        "publisher": {"Organization", "Person"},
    },
    "Rating": {
        "alternateName": {"TEXT"},
        "ratingExplanation": {"TEXT"},
        "ratingValue": {"NUMBER"},
        "bestRating": {"NUMBER"},
        "worstRating": {"NUMBER"},
    },
    "Organization": {"name": {"TEXT"}, "url": {"URL"}},
    "Person": {"name": {"TEXT"}},
}
# What readers of fact checks ask for, by Google's description of ClaimReview; authors and works need a name to be one.
REQUIRED = {
    "ClaimReview": {"url", "claimReviewed", "reviewRating", "itemReviewed", "author", "datePublished"},
    "Claim": {"author", "appearance"},
    "Rating": {"alternateName"},
    "CreativeWork": {"name"},
    "Organization": {"name"},
    "Person": {"name"},
}


def faults(node, place="review"):
    """Everything that is wrong with a node of schema.org, by the tables above."""
    kind = node.get("@type")
    if kind not in DEFINED:
        return [f"{place}: unknown type {kind!r}"]
    found = [f"{place}: {name} is missing" for name in REQUIRED[kind] - set(node)]
    for name, value in node.items():
        if name == "@id":
            found += [] if _is(value, "URL") else [f"{place}.@id: {value!r} is no address"]
        elif not name.startswith("@"):
            if name not in DEFINED[kind]:
                found.append(f"{place}: {kind} has no property {name}")
                continue
            for item in value if isinstance(value, list) else [value]:
                found += _wrong(item, DEFINED[kind][name], f"{place}.{name}")
            if value in ([], "", {}):
                found.append(f"{place}.{name} is empty")
    scaled = kind == "Rating" and {"ratingValue", "bestRating", "worstRating"} & set(node)
    if scaled and not node.get("worstRating", 9) <= node.get("ratingValue", 0) <= node.get("bestRating", 0):
        found.append(f"{place}: the rating is not on its scale")
    return found


def _wrong(value, allowed, place):
    if isinstance(value, dict):
        return faults(value, place) if value.get("@type") in allowed else [f"{place}: {value.get('@type')} not allowed"]
    return [] if any(_is(value, kind) for kind in allowed) else [f"{place}: {value!r} is none of {sorted(allowed)}"]


def _is(value, kind):
    if kind == "NUMBER":
        return isinstance(value, (int, float)) and not isinstance(value, bool)
    if not isinstance(value, str):
        return False
    if kind == "DATE":  # ISO 8601: a day, a month or a year
        if not re.fullmatch(r"\d{4}(-\d{2}){0,2}", value):
            return False
        return bool(date.fromisoformat(value + "-01-01"[: 10 - len(value)]))
    return bool(re.fullmatch(r"(https?://[^\s<>\"]+|(\.\./)*[a-z]+\.html(#[\w-]+)?)", value)) if kind == "URL" else True


def page_of(table, site=""):
    return render.signed(claim_reviews.reviews(table, "2026-11-21"), "book/claims", "The report", site)


def test_reviews_of_the_real_claims_are_valid(real):
    reviews = page_of(real)
    assert all(review["@context"] == "https://schema.org" for review in reviews)
    wrong = [fault for review in reviews for fault in faults(review)]
    assert not wrong, wrong[:5]
    by_claim = {review["@id"]: review for review in reviews}
    assert len(by_claim) == len(real)
    for row in real.itertuples():
        review = by_claim[f"claims.html#{claims.claim_anchor(row.claim_id)}"]
        assert review["claimReviewed"] == row.claim
        rating = review["reviewRating"]
        assert rating["alternateName"] == claims.VERDICTS[row.verdict]
        assert rating.get("ratingValue") == claim_reviews.RATINGS.get(row.verdict)
        assert ("bestRating" in rating) == (row.verdict != "cannot_check")
        works = review["itemReviewed"]["appearance"]
        works = works if isinstance(works, list) else [works]
        for work, source in zip(works, row.claimant_source_ids, strict=True):
            assert work.get("url", "") == (sources.registry()["url"].fillna("")[source])


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"reviewRating": {"@type": "Rating", "ratingValue": 3}}, "alternateName is missing"),
        ({"verdict": "false"}, "no property verdict"),
        ({"datePublished": "21 November"}, "none of ['DATE']"),
        ({"datePublished": "2026-13-01"}, "month must be"),
        ({"url": "javascript:alert(1)"}, "none of ['URL']"),
        ({"itemReviewed": {"@type": "Claim", "text": "x"}}, "author is missing"),
        ({"author": []}, "author is empty"),
        (
            {
                "reviewRating": {
                    "@type": "Rating",
                    "alternateName": "x",
                    "ratingValue": 6,
                    "bestRating": 5,
                    "worstRating": 1,
                }
            },
            "not on its scale",
        ),
    ],
)
def test_what_is_not_valid_is_found(change, said):
    (review,) = page_of(made(("a", "partly")))
    assert not faults(review)
    try:
        found = faults(review | change)
    except ValueError as error:
        found = [str(error)]
    assert any(said in fault for fault in found), found


def test_what_cannot_be_checked_has_words_and_no_number():
    assert claim_reviews.rating("cannot_check", "Not seen.") == {
        "@type": "Rating",
        "alternateName": "Cannot be checked",
        "ratingExplanation": "Not seen.",
    }
    assert (
        claim_reviews.rating("unsupported", "x")["ratingValue"]
        > claim_reviews.rating("contradicted", "x")["ratingValue"]
    )
    with pytest.raises(KeyError):
        claim_reviews.rating("true", "x")


def test_dates_are_as_exact_as_they_are_known_and_persons_are_persons():
    assert claim_reviews.work("ansi_2025_plan")["datePublished"] == "2025-08-01"
    assert claim_reviews.work("p_liang_zheng")["datePublished"] == "2025-07"
    assert claim_reviews.work("tribe_2025")["datePublished"] == "2025"
    assert "url" not in claim_reviews.work("globaltimes_2025")
    assert claim_reviews.author("p_liang_zheng") == {"@type": "Person", "name": "Liang Zheng"}
    assert claim_reviews.author("ansi_2025_plan") == {"@type": "Organization", "name": "ANSI"}


def test_addresses_become_absolute_when_the_site_has_one():
    table = made(("a_b", "confirmed"))
    (here,), (there,) = page_of(table), page_of(table, "https://example.org/report")
    assert here["url"] == "claims.html#claim-a-b" and here["author"]["url"] == "../index.html"
    assert there["@id"] == there["url"] == "https://example.org/report/book/claims.html#claim-a-b"
    assert there["author"] == {
        "@type": "Organization",
        "name": "The report",
        "url": "https://example.org/report/index.html",
    }
    assert there["citation"][0]["@id"] == "https://example.org/report/book/references.html#cite-o-mfa-plan-zh"
    assert there["citation"][0]["url"] == here["citation"][0]["url"]


def test_hostile_text_stays_text_in_the_page():
    bad = "</script><script>alert('x')</script><!-- \"quoted\" & ]]> \u2028 人工智能"
    text = render.script_text(page_of(made(("a", "partly"), claim=bad, finding=bad)))
    assert "<" not in text
    page = lxml_html.fromstring(
        f'<html><body><script type="{render.MIME_LINKED}">{text}</script><p>x</p></body></html>'
    )
    (script,) = page.xpath("//script")
    (review,) = json.loads(script.text)
    assert review["claimReviewed"] == bad and review["reviewRating"]["ratingExplanation"] == bad


def test_the_kernel_shows_reviews_as_json_ld_with_a_line_of_text(real, shown):
    claim_reviews.show(real)
    (bundle,) = shown
    assert set(bundle) == {claim_reviews.MIME, "text/plain"} and claim_reviews.MIME == render.MIME_LINKED
    assert len(bundle[claim_reviews.MIME]["@graph"]) == len(real)
    assert bundle["text/plain"].startswith(f"{len(real)} reviews")


# -------------------------------------------------------------------------------------------------------- the page


@pytest.fixture(scope="module")
def page(built):
    return lxml_html.fromstring((built / "book" / "claims.html").read_bytes())


@pytest.mark.book
def test_every_claim_has_its_address_in_the_page(page, real):
    rows = page.xpath("//table[@id='tbl-claims']//tr/@id")
    assert sorted(rows) == sorted(map(claims.claim_anchor, real["claim_id"]))
    for claim_id in real.loc[real["do_not_repeat"], "claim_id"]:
        assert page.xpath("//*[@id=$a]", a=claims.warning_anchor(claim_id)), claim_id
    for address in page.xpath("//table[@id='tbl-claims']//a/@href"):
        if address.startswith("#"):
            assert page.xpath("//*[@id=$a]", a=address[1:]), address


@pytest.mark.book
def test_the_reviews_stand_in_the_page_once_and_lead_to_their_rows(page, real, built):
    (script,) = page.xpath("//article//script[@type='application/ld+json']")
    reviews = json.loads(script.text)
    wrong = [fault for review in reviews for fault in faults(review)]
    assert not wrong, wrong[:5]
    assert len(reviews) == len(real)
    for review in reviews:
        address, _, anchor = review["url"].rpartition("#")
        assert address.endswith("claims.html") and page.xpath("//tr[@id=$a]", a=anchor), review["url"]
    references = lxml_html.fromstring((built / "book" / "references.html").read_bytes())
    entries = set(references.xpath("//@id"))
    for review in reviews:
        for work in review.get("citation", []):
            assert work["@id"].rpartition("#")[2] in entries, work["@id"]
    for other in built.glob("book/*.html"):
        assert other.name == "claims.html" or b'"ClaimReview"' not in other.read_bytes()


@pytest.mark.book
def test_the_chapter_has_its_parts(page):
    (article,) = page.xpath("//article[contains(@class, 'bd-article')]")
    assert article.xpath(".//*[contains(@class, 'pb-question')]")
    headings = [heading.text_content() for heading in article.xpath(".//h2")]
    assert "cannot" in headings[-1]
    assert len(article.xpath(".//figure")) == 2
