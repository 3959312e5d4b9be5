"""The checked claims as schema.org ClaimReview, for readers that are machines.

``show`` displays the reviews as JSON-LD; :mod:`policybook.render` writes them into the page. Definitions:
https://schema.org/ClaimReview; what readers of fact checks ask for:
https://developers.google.com/search/docs/appearance/structured-data/factcheck.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pandas as pd
from IPython.display import display

from policybook import data, sources
from policybook.claims import VERDICTS, claim_anchor, claimant

MIME = "application/ld+json"
# The pages of the ledger and of the bibliography, seen from the ledger.
PAGE, REFERENCES = "claims.html", "references.html"

# The numbers of the scale from 1 (false) to 5 (true). None of the verdicts says mostly right, so 4 is not used; a claim
# that cannot be checked has no number: any would say how true it is, and that is not known.
RATINGS = {"contradicted": 1, "unsupported": 2, "partly": 3, "confirmed": 5}
WORST, BEST = 1, 5
_LENGTH = {"day": 10, "month": 7, "year": 4}


def reviews(claims: pd.DataFrame, published: str) -> dict[str, Any]:
    """Return the reviews of all claims as one JSON-LD document, sorted by ``claim_id``.

    ``published`` is the date (ISO) of the data. Addresses within the report are relative to the page of the ledger; who
    publishes the reviews is added with the address of the site when the page is written. Raises ``KeyError`` for a
    source that is not registered or a verdict that is unknown.
    """
    rows = claims.sort_values("claim_id").itertuples()
    return {"@context": "https://schema.org", "@graph": [review(row, published) for row in rows]}


def review(row: Any, published: str) -> dict[str, Any]:
    """Return the review of one claim, a row of the table ``claims``."""
    address = f"{PAGE}#{claim_anchor(row.claim_id)}"
    said = {
        "@type": "Claim",
        "text": row.claim,
        "author": _one([author(item) for item in row.claimant_source_ids]),
        "appearance": _one([work(item) for item in row.claimant_source_ids]),
    }
    found = {
        "@type": "ClaimReview",
        "@id": address,
        "url": address,
        "claimReviewed": row.claim,
        "itemReviewed": said,
        "reviewRating": rating(str(row.verdict), row.finding),
        "datePublished": published,
        "inLanguage": "en",
    }
    if row.source_ids:
        found["citation"] = [cited(item) for item in row.source_ids]
    return found


def rating(verdict: str, finding: str) -> dict[str, Any]:
    """Return a verdict as a rating: in words, and with a number where the evidence gives one."""
    found = {"@type": "Rating", "alternateName": VERDICTS[verdict], "ratingExplanation": finding}
    if verdict in RATINGS:
        found |= {"ratingValue": RATINGS[verdict], "worstRating": WORST, "bestRating": BEST}
    return found


def author(source_id: str) -> dict[str, Any]:
    """Return who makes a claim: the person that a source names as its author, else the organisation behind it."""
    kind = "Person" if pd.notna(sources.registry().loc[source_id, "author"]) else "Organization"
    return {"@type": kind, "name": claimant(source_id)}


def work(source_id: str) -> dict[str, Any]:
    """Return a source as a work: title, publisher, languages, and address and date as far as they are known."""
    row = sources.registry().loc[source_id]
    found = {"@type": "CreativeWork", "name": row["title"]}
    if pd.notna(row["url"]) and sources.safe_url(row["url"]):
        found["url"] = row["url"]
    if pd.notna(row["date"]):
        found["datePublished"] = row["date"].strftime("%Y-%m-%d")[: _LENGTH[str(row["date_precision"])]]
    if row["language"]:
        found["inLanguage"] = _one(list(row["language"]))
    return found | {"publisher": {"@type": "Organization", "name": row["publisher"]}}


def cited(source_id: str) -> dict[str, Any]:
    """Return a source that a claim was checked against: its entry in the bibliography, title and address."""
    row = sources.registry().loc[source_id]
    found = {"@type": "CreativeWork", "@id": f"{REFERENCES}#{sources.citation_anchor(source_id)}", "name": row["title"]}
    if pd.notna(row["url"]) and sources.safe_url(row["url"]):
        found["url"] = row["url"]
    return found


def _one(values: Iterable[Any]) -> Any:
    """Return a list, or its only item: readers of JSON-LD expect one author as an object."""
    found = list(values)
    return found[0] if len(found) == 1 else found


def show(claims: pd.DataFrame) -> None:
    """Display the reviews of all claims; in JupyterLab as one line that counts them."""
    document = reviews(claims, str(data.descriptor()["data_date"]))
    # Through JSON once: what cannot be written as JSON fails here, in the cell, and not in the build.
    document = json.loads(json.dumps(document, allow_nan=False))
    plain = f"{len(document['@graph'])} reviews of claims, for machines (schema.org ClaimReview)"
    display({MIME: document, "text/plain": plain}, raw=True)


def scale() -> pd.DataFrame:
    """Return the scale of the reviews: ``verdict`` (code), ``words``, ``rating`` (missing where there is none)."""
    table = pd.DataFrame({"verdict": list(VERDICTS), "words": list(VERDICTS.values())})
    return table.assign(rating=table["verdict"].map(RATINGS).astype("Int64"))
