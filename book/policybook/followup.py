"""What has been done since the Plan, by article, as tidy tables: steps, gaps, and where benchmarks of progress stand.

All functions take tables of the data package and return new tables; none changes its input. A step follows the Plan in
time; nothing here shows that it follows from it. Steps dated before the Plan are kept apart and not counted as
follow-up; what was sought and not found is a gap and no step.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import pandas as pd

from policybook import background, data, paths, places, settings, tables
from policybook.data import seen
from policybook.sources import known_ids, registry

STATUS = {
    "no_public_evidence": "no public evidence",
    "stalled": "stalled",
    "announced": "announced",
    "launched": "launched",
    "in_force": "in force",
    "delivered": "delivered",
}
GAP = STATUS["no_public_evidence"]
DONE = (STATUS["delivered"], STATUS["in_force"])
# From done to not found: the order in which charts and texts go through the statuses.
ORDER = [STATUS[code] for code in ("delivered", "in_force", "launched", "announced", "stalled", "no_public_evidence")]


def scopes() -> dict[str, str]:
    """Return whom a step is addressed to as readers see it, by code."""
    return {
        "domestic": f"in {settings.load().place}",
        "international": "with or for others",
        "foreign": "act of others",
    }


def timings() -> dict[str, str]:
    """Return where a step stands to the document in time, by code.

    A date known to the year of the document may lie on either side of it.
    """
    name = settings.load().name
    return {"since": f"since {name}", "before": f"before {name}", "unclear": "before or after"}


BENCHMARK_STATUS = {
    "met": "met",
    "partly": "partly met",
    "not_met": "not met",
    "no_public_evidence": "no public evidence",
    "cannot_judge": "cannot be judged",
}

# Kinds of events that are rules: what binds or guides, and the steps towards it.
RULES = ("law", "regulation", "legislative_step", "standard", "guidance_or_code", "administrative_action")


# --------------------------------------------------------------------------------------------------------------- dates


def material_until(report: paths.Paths | None = None) -> pd.Timestamp:
    """Return the day to which the material reaches; ``DataError`` when the data package does not say."""
    day = data.descriptor(report).get("material_until")
    if not day:
        raise data.DataError(
            [data.Problem(data.DESCRIPTOR, "does not say how far the material reaches (material_until)")]
        )
    return pd.Timestamp(day)


def span(date: pd.Timestamp, precision: str) -> tuple[pd.Timestamp, pd.Timestamp]:
    """Return the first and the last day on which something known to the day, month or year may have happened."""
    if precision == "year":
        return date.replace(month=1, day=1), date.replace(month=12, day=31)
    if precision == "month":
        return date.replace(day=1), date + pd.offsets.MonthEnd(0)
    return date, date


def timing(first: pd.Timestamp, last: pd.Timestamp, plan: pd.Timestamp) -> str:
    """Return the code in :func:`timings` of something that happened between two days (both included)."""
    if first >= plan:
        return "since"
    return "before" if last < plan else "unclear"


# --------------------------------------------------------------------------------------------------------------- steps


def anchor(followup_id: str) -> str:
    """Return the permanent anchor of a row in the chapter: ``fu_a13_waico`` stands at ``step-a13-waico``."""
    return places.anchor("followup", followup_id)


def steps(followup: pd.DataFrame, articles: pd.DataFrame, plan: pd.Timestamp, until: pd.Timestamp) -> pd.DataFrame:
    """Return every row of the table ``followup`` that has a source or records a gap, in order of article and date.

    ``plan`` is the day of the Plan, ``until`` the day to which the material reaches. Columns: ``followup_id``,
    ``anchor``, ``article`` (code), ``article_no``, ``name`` (number and short title), ``action``, ``actors`` (list),
    ``first`` and ``last`` (days between which it lies), ``at`` (where it is drawn), ``when`` (date in words, as exact
    as it is known), ``year`` (text; empty for a gap), ``timing`` (label; ``gap`` for what was sought and not found),
    ``status`` (label, ordered), ``scope`` (label), ``measured``, ``sources`` (list: the source, then the official page
    where one is known), ``source_id``, ``evidence``, ``confidence``, ``note``.
    """
    rows = seen(followup).merge(
        articles[["article", "article_no", "short_title"]], on="article", validate="many_to_one"
    )
    pairs = list(zip(rows["date"], rows["date_precision"], strict=True))
    spans = [span(*pair) for pair in pairs]
    rows["first"], rows["last"] = [first for first, _ in spans], [last for _, last in spans]
    rows["at"] = [background.midpoint(*pair) for pair in pairs]
    rows["status"] = pd.Categorical(rows["status"].astype(str).map(STATUS), ORDER, ordered=True)
    gap, words = rows["status"].eq(GAP), timings()
    rows["timing"] = [words[timing(first, last, plan)] for first, last in spans]
    rows.loc[gap, "timing"] = "gap"
    rows["when"] = [tables.date_text(*pair) for pair in pairs]
    rows.loc[gap, "when"] = f"not found by {tables.date_text(until, 'day')}"
    rows["year"] = rows["date"].dt.year.astype(str).mask(gap, "")
    rows["name"] = rows["article_no"].astype(str) + "  " + rows["short_title"]
    rows["anchor"] = rows["followup_id"].map(anchor)
    rows["scope"] = rows["scope"].astype(str).map(scopes())
    rows["sources"] = [known_ids(pair) for pair in zip(rows["source_id"], rows["official_source_id"], strict=True)]
    rows = rows.assign(gap=gap).sort_values(["article_no", "gap", "first", "followup_id"])
    kept = ["followup_id", "anchor", "article", "article_no", "name", "action", "actors", "first", "last", "at", "when"]
    kept += ["year", "timing", "status", "scope", "measured", "sources", "source_id", "evidence", "confidence", "note"]
    return rows[kept].reset_index(drop=True)


def since(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the steps that count as follow-up: dated since the Plan, gaps left out."""
    return rows[rows["timing"].eq(timings()["since"])]


def units(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one mark for each row of :func:`steps` in the order of the statuses, beside its article.

    Adds ``place``: 0, 1, ... to the right of the line for steps since the Plan and, after them, for gaps; -1, -2, ...
    to the left of it for steps before the Plan and those whose date does not tell.
    """
    rows = rows.sort_values(["article_no", "status", "first", "followup_id"])
    right = rows["timing"].isin([timings()["since"], "gap"])
    place = rows.groupby(["article_no", right]).cumcount()
    return rows.assign(place=place.where(right, -1 - place)).reset_index(drop=True)


def lanes(rows: pd.DataFrame, gap_days: float = 15) -> pd.DataFrame:
    """Return the dated steps laid out on one lane for each article, dots closer than ``gap_days`` above each other.

    Gaps have no date and are left out. Adds ``level`` (0, 1, ... within the lane), ``y`` and ``lane_y`` (from the top,
    in levels: of the mark and of the foot of its lane), ``wide`` (the date is known to the month or year only).
    """
    rows = rows[rows["timing"].ne("gap")].sort_values(["article_no", "at", "followup_id"]).copy()
    rows["level"], rows["lane_y"] = 0, 0.0
    rows["wide"] = rows["first"].ne(rows["last"])
    foot = -0.6
    for _, lane in rows.groupby("article_no"):
        levels = background.stack([at.toordinal() for at in lane["at"]], gap_days)
        foot += max(levels) + 1.6
        rows.loc[lane.index, "level"] = levels
        rows.loc[lane.index, "lane_y"] = foot
    rows["y"] = rows["lane_y"] - rows["level"]
    return rows.reset_index(drop=True)


def by_scope(rows: pd.DataFrame) -> pd.DataFrame:
    """Count the steps since the Plan by scope and status.

    Columns: ``scope`` (label), one column for each status of steps (label), ``steps`` (all), ``measured`` (of these,
    rows that report a measured level and no act).
    """
    found = since(rows)
    counts = pd.crosstab(found["scope"], found["status"].astype(str))
    counts = counts.reindex(
        index=list(scopes().values()), columns=[label for label in ORDER if label != GAP], fill_value=0
    )
    counts["steps"] = counts.sum(axis=1)
    counts["measured"] = found[found["measured"]].groupby("scope").size().reindex(counts.index, fill_value=0)
    return counts.rename_axis(index="scope", columns=None).reset_index()


def note_pieces(note: object) -> list[str | tables.Text]:
    """Return a note as pieces of a cell: a row that it names by its key is a link, a source a citation.

    Brackets and stops stay with the link, since the pieces of a cell are set with a blank between them.
    """
    if not isinstance(note, str) or not note:
        return []
    known, pieces = registry().index, [""]
    for word in f"Limits: {note}.".split():
        key = re.sub(r"[^a-z0-9_]", "", word)
        if re.fullmatch(r"fu_a\d\d_[a-z0-9_]+", key):
            pieces += [tables.Text(word, href=f"#{anchor(key)}"), ""]
        elif "_" in key and key in known:
            pieces += [tables.Text(key, cite=key), ";" if word.endswith(";") else ""]
        else:
            pieces[-1] = f"{pieces[-1]} {word}".strip()
    return [piece for piece in pieces if piece]


def step_text(cell: tuple[str, tuple[str, ...], object]) -> list[str | tables.Text]:
    """Return what was done, who did it and the limits (action, actors, note) as pieces of a cell."""
    action, actors, note = cell
    who = [f"Who: {', '.join(actors)}."] if actors else []
    return [f"{action}.", *who, *note_pieces(note)]


def status_cell(cell: tuple[str, str]) -> list[str | tables.Text]:
    """Return a status as a badge, with the timing where the step is not counted as follow-up (status, timing)."""
    status, when = cell
    counted = when in (timings()["since"], "gap")
    return [tables.badge(status)] if counted else [tables.badge(status), f"{when}; not counted"]


# ---------------------------------------------------------------------------------------------------- tracks of events


def track(
    events: pd.DataFrame,
    plan: pd.Timestamp,
    until: pd.Timestamp,
    article: str | None = None,
    tracks: Iterable[str] = (),
    kinds: Iterable[str] = (),
) -> pd.DataFrame:
    """Return the events after the day of the Plan that bear on an article, of some tracks and kinds, in order.

    An empty choice leaves all in. Columns: ``event_id``, ``anchor``, ``when`` (in words), ``event`` (title and
    description), ``state`` (``done``, or ``ahead`` for what was due after the material ends), ``evidence``,
    ``confidence``, ``sources`` (list), ``note``.
    """
    rows = seen(events)
    late = [span(d, p)[0] > plan for d, p in zip(rows["date"], rows["date_precision"], strict=True)]
    rows = rows[pd.Series(late, index=rows.index, dtype=bool)]
    if article:
        rows = rows[rows["articles"].map(lambda codes: article in codes).astype(bool)]
    for column, chosen in (("track", list(tracks)), ("instrument_type", list(kinds))):
        if chosen:
            rows = rows[rows[column].isin(chosen)]
    rows = rows.sort_values(["date", "event_id"])
    ahead = rows["planned"] | rows["date"].gt(until)
    return pd.DataFrame(
        {
            "event_id": rows["event_id"],
            "anchor": rows["event_id"].map(background.anchor),
            "when": [tables.date_text(d, p) for d, p in zip(rows["date"], rows["date_precision"], strict=True)],
            "event": rows["title"] + ". " + rows["description"],
            "state": ahead.map({True: "ahead", False: "done"}),
            "evidence": rows["evidence"].astype(str),
            "confidence": rows["confidence"].astype(str),
            "sources": [known_ids(pair) for pair in zip(rows["source_id"], rows["official_source_id"], strict=True)],
            "note": rows["note"],
        }
    ).reset_index(drop=True)


def organisation(steps_known: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the steps of the new organisation that were taken or reported, then what is not known of it.

    ``steps_known`` is the result of :func:`policybook.background.organisation_steps`, of which its own list of unknowns
    is left out; ``rows`` that of :func:`steps`, whose gaps under the articles of those steps take its place. Columns:
    ``step``, ``date``, ``what``, ``status``, ``sources`` (list).
    """
    taken = steps_known[steps_known["status"].ne("not known")].drop(columns="article")
    gaps = rows[rows["timing"].eq("gap") & rows["article"].isin(steps_known["article"])]
    unknown = pd.DataFrame(
        {
            "step": gaps["action"],
            "date": gaps["when"],
            "what": gaps["note"].fillna("") + ".",
            "status": "not known",
            "sources": gaps["sources"],
        }
    )
    return pd.concat([taken, unknown], ignore_index=True)


def signatories(states: pd.DataFrame, countries: pd.DataFrame) -> pd.DataFrame:
    """Return the states that signed at the ceremony and those reported later, kept apart.

    Columns: ``group``, ``states`` (number), ``names``, ``confidence`` (the lowest in the group), ``sources`` (list).
    """
    rows = seen(states).merge(countries[["iso3", "name_en"]], on="iso3", validate="one_to_one")
    labels = data.labels(settings.load().signatories or "", "status")
    table = []
    for code, label in labels.items():
        group = rows[rows["status"].eq(code)]
        lowest = next((level for level in ("low", "medium", "high") if group["confidence"].eq(level).any()), "")
        found = sorted({item for item in pd.concat([group["source_id"], group["second_source_id"]]).dropna()})
        table.append((label, len(group), ", ".join(sorted(group["name_en"])), lowest, found))
    return pd.DataFrame(table, columns=["group", "states", "names", "confidence", "sources"])


# ---------------------------------------------------------------------------------------------------------- benchmarks


def benchmark_list(benchmarks: pd.DataFrame, articles: pd.DataFrame) -> pd.DataFrame:
    """Return the benchmarks with where each stands, in order of article and id.

    Adds to the table ``benchmarks``: ``anchor``, ``article_no``, ``name`` (number and short title), ``standing``
    (label, ordered from met to not judged).
    """
    rows = benchmarks.merge(articles[["article", "article_no", "short_title"]], on="article", validate="many_to_one")
    rows["anchor"] = rows["benchmark_id"].map(benchmark_anchor)
    rows["name"] = rows["article_no"].astype(str) + "  " + rows["short_title"]
    labels = list(BENCHMARK_STATUS.values())
    rows["standing"] = pd.Categorical(rows["status"].astype(str).map(BENCHMARK_STATUS), labels, ordered=True)
    return rows.sort_values(["article_no", "benchmark_id"]).reset_index(drop=True)


def benchmark_anchor(benchmark_id: str) -> str:
    """Return the permanent anchor of a benchmark in the chapter: ``bm_a07_01`` stands at ``benchmark-a07-01``."""
    return places.anchor("benchmarks", benchmark_id)


def benchmark_counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Count benchmarks by article and standing; pairs without any are left out.

    ``rows`` is the result of :func:`benchmark_list`. Columns: ``name``, ``article_no``, ``standing`` (text),
    ``benchmarks``, ``which`` (their wording, for a tooltip).
    """
    text = rows.assign(standing=rows["standing"].astype(str))
    grouped = text.groupby(["article_no", "name", "standing"])["benchmark"]
    table = grouped.agg(benchmarks="size", which=" · ".join).reset_index()
    return table[["name", "article_no", "standing", "benchmarks", "which"]]


def benchmark_text(cell: tuple[str, str, str, str]) -> list[str | tables.Text]:
    """Return a benchmark with its level and what to look for (text, level, observable, anchor), linked to its row."""
    benchmark, level, observable, place = cell
    return [tables.Text(f"{level.capitalize()}.", href=f"#{place}"), benchmark, f"Look for: {observable}."]


def rating_text(cell: tuple[str, str, str, object]) -> list[str | tables.Text]:
    """Return where a benchmark stands (label, finding, confidence, note) as pieces of a cell."""
    standing, finding, confidence, note = cell
    limit = [f"Limits: {note}."] if isinstance(note, str) and note else []
    return [tables.badge(standing), finding, *limit, f"Confidence {confidence}."]


def row_link(reference: str) -> tables.Text:
    """Return a row that a rating rests on (``table:id``) as a piece of a cell, linked where the row has an anchor."""
    table, _, key = reference.partition(":")
    return tables.to_row(table, key, reference)


def unknown_rows(benchmarks: pd.DataFrame, report: paths.Paths | None = None) -> list[str]:
    """Return the references (``table:id``) of the benchmarks that name no row of the data package."""
    known: dict[str, set[str]] = {}
    missing = []
    for references in benchmarks["evidence_rows"]:
        for reference in references:
            table, _, key = reference.partition(":")
            if table not in known:
                known[table] = _keys(table, report)
            if key not in known[table]:
                missing.append(reference)
    return sorted(set(missing))


def _keys(table: str, report: paths.Paths | None) -> set[str]:
    if table not in data.names(report):
        return set()
    key = data.resource(table, report)["schema"]["primaryKey"]
    return set(data.load(table, report)[key[0] if isinstance(key, list) else key].astype(str))


# ------------------------------------------------------------------------------------------------------------- numbers


def numbers() -> Mapping[str, int]:
    """Return :func:`key_numbers` of the tables of this report, for the chapters that name some of them in passing."""
    own, articles = settings.load(), data.load("articles")
    signed = data.load(own.signatories) if own.signatories else pd.DataFrame({"status": pd.Series(dtype=str)})
    return key_numbers(reported(), benchmark_list(data.load("benchmarks"), articles), signed, own.date)


def reported() -> pd.DataFrame:
    """Return :func:`steps` of the tables of this report."""
    return steps(data.load("followup"), data.load("articles"), settings.load().date, material_until())


def key_numbers(
    rows: pd.DataFrame, benchmarks: pd.DataFrame, states: pd.DataFrame, plan: pd.Timestamp
) -> Mapping[str, int]:
    """Return the numbers that the chapter's prose uses, by name; all are counts.

    ``rows`` and ``benchmarks`` are the results of :func:`steps` and :func:`benchmark_list`, ``states`` the table
    of signatories, ``plan`` the day of the Plan.
    """
    counted = since(rows)
    status, scope = counted["status"].value_counts(), counted["scope"].value_counts()
    done = counted[counted["status"].isin(DONE)]
    abroad = counted[counted["scope"].eq(scopes()["international"])]
    standing = benchmarks["standing"].value_counts()
    outcomes = benchmarks[benchmarks["level"].eq("outcome")]
    found = {
        "rows": len(rows),
        "steps": len(counted),
        "done": len(done),
        "in_force": status.get(STATUS["in_force"], 0),
        "delivered": status.get(STATUS["delivered"], 0),
        "launched": status.get(STATUS["launched"], 0),
        "promised": status.get(STATUS["announced"], 0),
        "stalled": status.get(STATUS["stalled"], 0),
        "gaps": rows["timing"].eq("gap").sum(),
        "before": rows["timing"].eq(timings()["before"]).sum(),
        "unclear": rows["timing"].eq(timings()["unclear"]).sum(),
        "measured": counted["measured"].sum(),
        "done_measured": done["measured"].sum(),
        "same_day": (counted["first"].eq(plan) & counted["last"].eq(plan)).sum(),
        "home": scope.get(scopes()["domestic"], 0),
        "home_promised": (counted["scope"].eq(scopes()["domestic"]) & counted["status"].eq(STATUS["announced"])).sum(),
        "home_done": done["scope"].eq(scopes()["domestic"]).sum(),
        "abroad_in_force": (abroad["status"].eq(STATUS["in_force"])).sum(),
        "abroad": len(abroad),
        "abroad_promised": abroad["status"].eq(STATUS["announced"]).sum(),
        "abroad_done": abroad["status"].isin(DONE).sum(),
        "foreign": scope.get(scopes()["foreign"], 0),
        "low": counted["confidence"].eq("low").sum(),
        "official": counted["sources"].map(len).gt(1).sum(),
        "signed": states["status"].eq("founding_signatory").sum(),
        "reported": states["status"].eq("reported_later").sum(),
        "benchmarks": len(benchmarks),
        "benchmarks_asks_with_recalled": benchmarks["asks"].explode().dropna().nunique(),
        "outcomes": len(outcomes),
        "outcomes_met": outcomes["status"].isin(["met", "partly"]).sum(),
        "outcomes_gap": outcomes["status"].eq("no_public_evidence").sum(),
    }
    found |= {f"benchmarks_{code}": standing.get(label, 0) for code, label in BENCHMARK_STATUS.items()}
    return {name: int(number) for name, number in found.items()}
