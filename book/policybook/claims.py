"""The ledger of claims about the Plan: verdicts counted, checks compared, and cells for the tables of the chapter.

Tables of the data package in, tidy tables out. The claims are those that a few articles happen to make, not a sample:
counts describe these articles and nothing beyond them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

import pandas as pd
from IPython.display import Markdown, display

from policybook import articles, data, places, sources, tables
from policybook.compare import wilson_interval

# The verdicts from best to worst, what cannot be checked last, each in words.
VERDICTS = {
    "confirmed": "Confirmed",
    "partly": "Partly right",
    "unsupported": "Unsupported",
    "contradicted": "Contradicted",
    "cannot_check": "Cannot be checked",
}
# What the words mean, after the description of the column ``verdict``.
MEANINGS = {
    "confirmed": "sources bear it out",
    "partly": "part of it is right, or it is imprecise or out of date",
    "unsupported": "nothing seen bears it out",
    "contradicted": "sources say otherwise",
    "cannot_check": "no evidence either way could be seen",
}
# The verdicts that say that a claim does not stand.
REFUTED = ("unsupported", "contradicted")


def topics() -> dict[str, str]:
    """Return what claims are about as readers see it, by code."""
    return data.labels("claims", "topic")


# A claim that names this many articles or more is about the whole Plan, and its cell does not list them.
MANY = 7
# Of fewer checked claims than this no share is named.
FEW = 5


def claim_anchor(claim_id: str) -> str:
    """Return the anchor of a claim in the ledger: ``claim-thirteen-articles`` for ``thirteen_articles``."""
    return places.anchor("claims", claim_id)


def warning_anchor(claim_id: str) -> str:
    """Return the anchor of a claim among those not to repeat."""
    return "not-" + claim_id.replace("_", "-")


def claimant(source_id: str) -> str:
    """Return the short name of who makes a claim: the author, else the publisher without remarks in brackets.

    Raises ``KeyError`` for a source that is not registered.
    """
    name = sources.author(sources.registry().loc[source_id])
    return re.sub(r"\s*\([^)]*\)", "", name).strip() or name


# ------------------------------------------------------------------------------------------------------------ counts


def counts(claims: pd.DataFrame) -> dict[str, int]:
    """Return the number of claims of each verdict, zeros included, in the order of ``VERDICTS``."""
    found = claims["verdict"].astype(str).value_counts()
    return {verdict: int(found.get(verdict, 0)) for verdict in VERDICTS}


def by_group(claims: pd.DataFrame, column: str) -> pd.DataFrame:
    """Count the claims of each value of ``column`` by verdict; of a list column each item counts once a claim.

    Columns: ``group``, ``n`` (claims), one for each verdict (claims), ``checked`` (``n`` less those that could not be
    checked), and ``share`` (of the checked that are confirmed, 0 to 1) with its 95 % Wilson interval ``low`` to
    ``high``, missing for fewer than ``FEW`` checked. Sorted by ``n``, falling, then by ``group``.
    """
    long = claims[["claim_id", column, "verdict"]].explode(column).dropna(subset=column).drop_duplicates()
    table = pd.crosstab(long[column].astype(str), long["verdict"].astype(str)).reindex(
        columns=list(VERDICTS), fill_value=0
    )
    table.columns.name = None
    table = table.rename_axis("group").reset_index()
    table.insert(1, "n", table[list(VERDICTS)].sum(axis=1))
    table["checked"] = table["n"] - table["cannot_check"]
    enough = table["checked"] >= FEW
    low, high = wilson_interval(table["confirmed"].where(enough, 0), table["checked"].where(enough, 1))
    table["share"] = (table["confirmed"] / table["checked"].where(enough)).astype(float)
    table["low"], table["high"] = pd.Series(low).where(enough), pd.Series(high).where(enough)
    return table.sort_values(["n", "group"], ascending=[False, True]).reset_index(drop=True)


def share_text(share: float, low: float, high: float) -> str:
    """Write a share with its interval in percent: ``62 (41 to 79)``; an en dash where there is none."""
    return "–" if pd.isna(share) else f"{100 * share:.0f} ({100 * low:.0f} to {100 * high:.0f})"


def units(claims: pd.DataFrame, column: str, deep: int = 3) -> pd.DataFrame:
    """Give every claim a place in a chart of unit marks, in rows of ``column`` and panels by verdict.

    Marks of a row and verdict stand in columns of ``deep``. A claim with several items in a list column stands in the
    row of each. Columns: ``label`` (value, with the number of claims), ``verdict`` (words), ``column`` (from 1),
    ``level`` (0 to ``deep`` - 1), ``claim``, ``finding``. Rows in the order of :func:`by_group`.
    """
    order = by_group(claims, column)
    names = {row.group: f"{row.group} ({row.n})" for row in order.itertuples()}
    long = claims[["claim_id", column, "verdict", "claim", "finding"]].explode(column).dropna(subset=column)
    long = long.drop_duplicates(["claim_id", column])
    group = long[column].astype(str)
    long = long.assign(rank=group.map({name: at for at, name in enumerate(order["group"])}), label=group.map(names))
    long["verdict"] = long["verdict"].astype(str)
    long = long.sort_values(["rank", "verdict", "claim_id"]).reset_index(drop=True)
    place = long.groupby(["rank", "verdict"]).cumcount()
    long["column"], long["level"] = place // deep + 1, place % deep
    long["verdict"] = long["verdict"].map(VERDICTS)
    return long[["label", "verdict", "column", "level", "claim", "finding"]]


def by_article(claims: pd.DataFrame, plan: pd.DataFrame) -> pd.DataFrame:
    """Count the claims about each article of the Plan by verdict, the preamble and articles without claims included.

    ``plan`` is the table ``articles``. Claims about half of the articles or more are about the whole Plan and are left
    out. Columns: ``article``, ``name`` (number and short title, as a link), ``n`` (claims) and one for each verdict. A
    claim that names several articles counts for each.
    """
    own = claims[~about_the_whole(claims, plan)]
    found = by_group(own, "articles").set_index("group")[["n", *VERDICTS]]
    table = found.reindex(plan["article"], fill_value=0).rename_axis("article").reset_index()
    titles = plan.set_index("article")["short_title"]
    names = [titles[code] if code == "A00" else f"{int(code[1:])} {titles[code]}" for code in table["article"]]
    links = plan_links(table["article"])
    table.insert(1, "name", [replace(link, text=name) for link, name in zip(links, names, strict=True)])
    return table


def about_the_whole(claims: pd.DataFrame, plan: pd.DataFrame) -> pd.Series:
    """Return which claims name half of the articles of the Plan or more, as the chapter on the Plan has it."""
    return claims["articles"].map(len) >= len(plan) / 2


# ------------------------------------------------------------------------------------------------------------- cells


def plan_links(codes: Iterable[str]) -> list[tables.Text]:
    """Return links to articles on the page of the Plan, for a cell of a table."""
    return [tables.to_row("articles", code, places.part_name(code)) for code in codes]


def where(place: object, codes: Iterable[str]) -> list[tables.Text]:
    """Return where in the text a claim was looked for, with links to the articles, for a cell of a table.

    ``place`` is the text of ``where_in_text``, in which articles stand by their codes; ``codes`` are the articles that
    the claim is about: those that ``place`` does not name follow it.
    """
    said = str(place) if pd.notna(place) else ""
    pieces: list[tables.Text] = []
    for part in re.split(r"(\bA\d\d\b|\bpreamble\b|(?<=A\d\d)-(?=A\d\d)|[;,])", said):
        code = "A00" if part == "preamble" else part
        if re.fullmatch(r"A\d\d", code):
            pieces += plan_links([code])
        elif part in (";", ","):
            pieces[-1:] = _commas(pieces[-1:])
        elif part.strip():
            pieces.append(tables.Text("to" if part == "-" else part.strip()))
    rest = [code for code in codes if code not in _named(said)]
    if not rest or len(rest) >= MANY:
        return pieces or [tables.Text("–")]
    links = plan_links(rest)
    about = [tables.Text("about")] if said else []
    return [*pieces[:-1], *_commas(pieces[-1:]), *about, *_commas(links[:-1]), links[-1]]


def _commas(pieces: Iterable[tables.Text]) -> list[tables.Text]:
    return [replace(piece, text=f"{piece.text},") for piece in pieces]


def _named(place: str) -> set[str]:
    """Return the articles that a text names by their codes, those within a range such as ``A03-A07`` included."""
    found = {"A00"} if "preamble" in place else set()
    for first, last in re.findall(r"\bA(\d\d)(?:-A(\d\d))?\b", place):
        found |= {f"A{number:02}" for number in range(int(first), int(last or first) + 1)}
    return found


def ledger(claims: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each claim with cells ready for a table, sorted by topic, then by claim.

    Columns: ``claim_id``, ``anchor``, ``said`` (the claim, linked to its own row), ``claimants`` (citations),
    ``ruling`` (badges of verdict and evidence, confidence, and a link where the claim must not be repeated),
    ``finding``, ``place`` (where in the text), ``checked`` (citations); for choosing rows ``who`` (short names of the
    claimants), ``about`` (topic in words), ``verdict`` (in words), ``parts`` (articles in words).
    """
    rows = claims.assign(about=claims["topic"].astype(str).map(topics())).sort_values(["topic", "claim_id"])
    rows = rows.reset_index(drop=True)
    return pd.DataFrame(
        {
            "claim_id": rows["claim_id"],
            "anchor": rows["claim_id"].map(claim_anchor),
            "said": [tables.Text(row.claim, href=f"#{claim_anchor(row.claim_id)}") for row in rows.itertuples()],
            "claimants": [tables.cite(ids) for ids in rows["claimant_source_ids"]],
            "ruling": [_ruling(row) for row in rows.itertuples()],
            "finding": rows["finding"],
            "place": [where(row.where_in_text, row.articles) for row in rows.itertuples()],
            "checked": [tables.cite(ids) or "–" for ids in rows["source_ids"]],
            "who": [tuple(claimant(item) for item in ids) for ids in rows["claimant_source_ids"]],
            "about": rows["about"],
            "verdict": rows["verdict"].astype(str).map(VERDICTS),
            "parts": [tuple(map(places.part_name, codes)) for codes in rows["articles"]],
        }
    )


def _ruling(row: object) -> list[tables.Text]:
    mark = tables.Text("do not repeat", href=f"#{warning_anchor(row.claim_id)}")
    seen = [tables.badge(row.evidence), tables.Text(f"{row.confidence} confidence")]
    return [verdict_badge(row.verdict), *seen, *([mark] if row.do_not_repeat else [])]


def verdict_badge(verdict: str) -> tables.Text:
    """Return a verdict in words as a badge, in the style of its code."""
    return tables.Text(VERDICTS[str(verdict)].lower(), badge=tables.badge(verdict).badge)


# ------------------------------------------------------------------------------------------------ where checks differ


def disagreements(claims: pd.DataFrame, checks: pd.DataFrame) -> pd.DataFrame:
    """Return the claims whose checks differ from each other, or from the settled verdict.

    Figures gathered as context (``check_kind`` context) are no checks. One row for each claim, sorted by ``claim_id``:
    ``claim_id``, ``claim``, ``rounds`` (tuple of round, verdict and evidence of each check, in the order of the
    rounds), ``verdict`` (settled), ``settled_note``, ``differ`` (whether the checks differ among themselves),
    ``overruled`` (whether every check says otherwise than the settled verdict), ``do_not_repeat``.
    """
    own = checks[checks["check_kind"] == "check"].sort_values(["origin", "check_id"])
    said = {
        claim_id: tuple(
            (str(row.origin), str(row.verdict), str(row.evidence) if pd.notna(row.evidence) else "")
            for row in group.itertuples()
        )
        for claim_id, group in own.groupby("claim_id")
    }
    columns = ["claim_id", "claim", "verdict", "settled_note", "do_not_repeat"]
    table = claims.loc[claims["claim_id"].isin(said), columns].sort_values("claim_id").reset_index(drop=True)
    table["verdict"] = table["verdict"].astype(str)
    table.insert(2, "rounds", table["claim_id"].map(said))
    verdicts = table["rounds"].map(lambda rounds: {verdict for _, verdict, _ in rounds})
    table["differ"] = verdicts.map(len) > 1
    table["overruled"] = [settled not in given for settled, given in zip(table["verdict"], verdicts, strict=True)]
    return table[table["differ"] | table["overruled"]].reset_index(drop=True)


def disagreement_cells(table: pd.DataFrame) -> pd.DataFrame:
    """Return :func:`disagreements` with cells ready for a table.

    Columns: ``anchor``, ``said`` (the claim, linked to its row in the ledger), ``checks`` (round and badge of each
    check, and a mark where it rests on general knowledge), ``ruling`` (badge of the settled verdict), ``settled_note``.
    """
    return pd.DataFrame(
        {
            "anchor": ["settled-" + claim_anchor(item).removeprefix("claim-") for item in table["claim_id"]],
            "said": [tables.Text(row.claim, href=f"#{claim_anchor(row.claim_id)}") for row in table.itertuples()],
            "checks": [_checks(rounds) for rounds in table["rounds"]],
            "ruling": [verdict_badge(verdict) for verdict in table["verdict"]],
            "settled_note": table["settled_note"],
        }
    )


def _checks(rounds: Iterable[tuple[str, str, str]]) -> list[tables.Text]:
    pieces = []
    for origin, verdict, evidence in rounds:
        recalled = [tables.badge(evidence)] if evidence == articles.RECALLED else []
        pieces += [tables.Text(f"{origin}:"), verdict_badge(verdict), *recalled]
    return pieces


# ------------------------------------------------------------------------------------------------- claims not to repeat


def warnings(claims: pd.DataFrame) -> str:
    """Return the claims that must not be repeated as fact as MyST Markdown, one entry with an anchor for each.

    Each has the claim, its verdict, who makes it, why it is wrong, and the sources of that. Contradicted claims first.
    """
    rows = claims[claims["do_not_repeat"]].copy()
    rows["rank"] = rows["verdict"].astype(str).map({"contradicted": 0, "unsupported": 1, "partly": 2}).fillna(3)
    return "\n\n".join(_warning(row) for row in rows.sort_values(["rank", "claim_id"]).itertuples())


def _warning(row: object) -> str:
    badge = verdict_badge(row.verdict)
    link = f'<a href="#{claim_anchor(row.claim_id)}">in the ledger</a>'
    cited = f" {{cite:p}}`{','.join(row.source_ids)}`" if row.source_ids else ""
    anchor = warning_anchor(row.claim_id)
    own = f'<a class="headerlink" href="#{anchor}" title="Link to this entry">#</a>'
    return (
        f"{{#{anchor}}}\n"
        f"**{articles.plain(row.claim)}** [{badge.text}]{{.pb-badge .pb-{badge.badge}}} "
        f"Said by {{cite:t}}`{','.join(row.claimant_source_ids)}`.\\\n"
        f"{articles.plain(row.finding)}{cited} ({link}){own}"
    )


def show_warnings(claims: pd.DataFrame) -> None:
    """Display the claims that must not be repeated as fact, if there are any; see :func:`warnings`."""
    if text := warnings(claims):
        display(Markdown(text))
