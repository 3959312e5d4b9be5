"""Background of the Plan: what came before, around and after it, as tidy tables.

All functions take tables of the data package and return new tables; none changes its input. Rows known from general
knowledge alone (evidence ``recalled``) are left out unless a function says that it marks them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence

import pandas as pd

from policybook import data, places, settings, tables
from policybook.data import NoRows, need, seen
from policybook.sources import known_ids

# The material seen ends here: what is dated later was announced beforehand, and nothing says what came of it.


def material_end() -> pd.Timestamp:
    """Return the day to which the material of the report reaches."""
    return pd.Timestamp(data.descriptor()["material_until"])


def end_in_words() -> str:
    """Return when the material ends, within a sentence: ``early October``."""
    end = material_end()
    return f"{'early' if end.day <= 10 else 'mid' if end.day <= 20 else 'late'} {end:%B}".replace("mid ", "mid-")


# How much of a text was seen, by its completeness.
SEEN = {"full": "whole text", "partial": "part of the text", "none": "reports only"}
STANDING = {"holds": "holds", "aside": "set aside", "open": "open"}


# -------------------------------------------------------------------------------------------------------------- labels


def tracks() -> dict[str, str]:
    """Return the tracks of events as readers see them, by code, in the order in which they are drawn."""
    return data.labels("events", "track")


def codes() -> dict[str, str]:
    """Return what the codes of the table ``event_labels`` mean: whom a text addresses, what a control did."""
    return data.labels("event_labels", "code")


def strands() -> dict[str, str]:
    """Return to whom texts of the line are addressed, by code."""
    return {code: label for code, label in codes().items() if code in ("abroad", "home")}


def moves() -> dict[str, str]:
    """Return what controls did, by code."""
    return {code: label for code, label in codes().items() if code in ("tighter", "looser", "other")}


def labelled(purpose: str, labels: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the rows of the table ``event_labels`` (default: that of this report) for one part, see its schema."""
    table = data.load("event_labels") if labels is None else labels
    return table[table["purpose"].astype(str).eq(purpose)]


def plan_event(events: pd.DataFrame) -> pd.Series:
    """Return the row of the report's own document in a table of events; ``NoRows`` when there is none."""
    event = settings.load().event
    return need(events[events["event_id"].eq(event)], "events", "the report's own document").iloc[0]


# --------------------------------------------------------------------------------------------------------------- dates


def midpoint(date: pd.Timestamp, precision: str) -> pd.Timestamp:
    """Return where a date is drawn: itself, or the middle of its month or year when no more is known."""
    if precision == "month":
        return date.replace(day=15)
    if precision == "year":
        return date.replace(month=7, day=1)
    return date


def _short(date: pd.Timestamp, precision: str) -> str:
    return f"{date:%b}" if precision == "month" else f"{date.day} {date:%b}"


# -------------------------------------------------------------------------------------------------------------- layout


def _midpoints(rows: pd.DataFrame) -> pd.Series | list[pd.Timestamp]:
    found = [midpoint(d, p) for d, p in zip(rows["date"], rows["date_precision"], strict=True)]
    return found or rows["date"]  # without rows a list has no type


def stack(positions: Sequence[float], gap: float) -> list[int]:
    """Return a level (0, 1, ...) for each position so that two marks on one level lie at least ``gap`` apart.

    Each position, in the order given, gets the lowest level that is free around it, so the last ones lie on top.
    """
    levels: list[list[float]] = []
    found = []
    for position in positions:
        free = (i for i, level in enumerate(levels) if all(abs(position - other) >= gap for other in level))
        lowest = next(free, len(levels))
        if lowest == len(levels):
            levels.append([])
        levels[lowest].append(position)
        found.append(lowest)
    return found


def spread(positions: Sequence[float], gap: float) -> list[float]:
    """Return ascending positions moved apart to a distance of at least ``gap``, with the least squared shift.

    Subtracting ``i * gap`` turns the distance into an order, so the answer is an isotonic regression, found by pooling
    adjacent violators (Barlow and others, 1972, Statistical Inference under Order Restrictions).
    """
    blocks: list[list[float]] = []  # mean, size
    for i, position in enumerate(positions):
        blocks.append([position - i * gap, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, size = blocks.pop()
            before, count = blocks[-1]
            blocks[-1] = [(before * count + mean * size) / (count + size), count + size]
    flat = [mean for mean, size in blocks for _ in range(int(size))]
    return [value + i * gap for i, value in enumerate(flat)]


def place_labels(
    dots: pd.DataFrame, labels: Mapping[str, str], days_per_letter: float, left: Iterable[str] = ()
) -> pd.DataFrame:
    """Return a free level above the dots for the label of each event that has one, lane by lane.

    ``dots`` has ``event_id``, ``track``, ``at`` and ``level``. A label runs from its dot to the right, or to the left
    for the events of ``left``, over ``days_per_letter`` days for each letter. It gets the lowest half level that is one
    level above dots and one and a half above other labels. Labels that run right are placed from the last to the first,
    the others from the first to the last, so that no line from a dot to its label crosses another label.
    Columns: ``event_id``, ``label``, ``side``, ``label_level``.
    """
    left, letter = set(left), pd.Timedelta(days=days_per_letter)
    rows = []
    for _, lane in dots.groupby("track", observed=True):
        taken = [(at, at, level, 1.0) for at, level in zip(lane["at"], lane["level"], strict=True)]
        named = lane[lane["event_id"].isin(labels)].sort_values("at")
        order = [
            *named[~named["event_id"].isin(left)][::-1].itertuples(),
            *named[named["event_id"].isin(left)].itertuples(),
        ]
        for event in order:
            text, turn = labels[event.event_id], "left" if event.event_id in left else "right"
            extent = letter * (len(text) + 1)
            start, end = (event.at - extent, event.at) if turn == "left" else (event.at, event.at + extent)
            near = [(level, room) for a, b, level, room in taken if a <= end + letter and b >= start - letter]
            level = event.level + 1.0
            while any(abs(level - other) < room for other, room in near):
                level += 0.5
            taken.append((start, end, level, 1.5))
            rows.append((event.event_id, text, turn, level))
    return pd.DataFrame(rows, columns=["event_id", "label", "side", "label_level"])


# -------------------------------------------------------------------------------------------------------------- events


def anchor(event_id: str) -> str:
    """Return the anchor of an event in the table of all events: ``ev_un_79_325`` stands at ``event-un-79-325``."""
    return places.anchor("events", event_id)


def _kind(types: pd.Series) -> pd.Series:
    return types.astype(str).str.replace("_", " ").str.replace(r"\bun\b", "UN", regex=True)


def _numbers(articles: Iterable[str]) -> list[int]:
    return [int(article[1:]) for article in articles]


def event_list(events: pd.DataFrame) -> pd.DataFrame:
    """Return the events that have a source, in order, for a table that a reader searches.

    Columns: ``anchor``, ``when`` (date in words), ``year`` (text), ``track`` (label), ``kind`` (in words), ``title``,
    ``description``, ``actors`` (list), ``articles`` (list of numbers), ``article_names`` (list: article 7),
    ``evidence``, ``confidence``, ``sources`` (list: the source of the row, then the official page where one is known).
    """
    rows = seen(events).sort_values(["date", "event_id"]).copy()
    rows["anchor"] = rows["event_id"].map(anchor)
    rows["when"] = [tables.date_text(d, p) for d, p in zip(rows["date"], rows["date_precision"], strict=True)]
    rows["year"] = rows["date"].dt.year.astype(str)
    rows["track"] = rows["track"].astype(str).map(tracks())
    rows["kind"] = _kind(rows["instrument_type"])
    rows["articles"] = rows["articles"].map(_numbers)
    rows["article_names"] = rows["articles"].map(lambda numbers: [f"article {number}" for number in numbers])
    rows["sources"] = [known_ids(pair) for pair in zip(rows["source_id"], rows["official_source_id"], strict=True)]
    kept = ["anchor", "when", "year", "track", "kind", "title", "description", "actors", "articles", "article_names"]
    return rows[[*kept, "evidence", "confidence", "sources"]].reset_index(drop=True)


def timeline(
    events: pd.DataFrame, gap_days: float = 14, days_per_letter: float = 9.5, labels: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the events up to the last year of the material on lanes; ``labels`` is the table ``event_labels``.

    Columns: ``event_id``, ``track`` (label), ``at`` (where it is drawn), ``date`` (in words), ``title``, ``detail``,
    ``actors`` (in words), ``kind`` (in words), ``articles`` (list of numbers), ``source_id``, ``evidence`` (in words),
    ``sure`` (false for low confidence and for dates after the material ends), ``key``, ``label``, ``side``, ``level``
    and ``label_level`` within the lane, ``y`` and ``label_y`` from the top (levels).
    ``gap_days`` is the width of a dot and ``days_per_letter`` that of a letter, at the scale of the drawing.
    """
    rows = seen(events)
    rows = rows[rows["date"].dt.year <= material_end().year].copy()
    rows["at"] = _midpoints(rows)
    own, names = settings.load().event, labelled("timeline", labels).set_index("event_id")["label"]
    rows["key"] = rows["event_id"].isin(names.index) | rows["event_id"].eq(own)
    rows["sure"] = rows["confidence"].ne("low") & rows["date"].le(material_end())
    # Key events are stacked last, so that they lie on top, next to their labels.
    rows = rows.sort_values(["key", "at", "event_id"])
    rows["track"] = (
        rows["track"].astype(str).map(tracks()).astype(pd.CategoricalDtype(list(tracks().values()), ordered=True))
    )
    rows["level"] = 0
    for _, lane in rows.groupby("track", observed=True):
        rows.loc[lane.index, "level"] = stack([at.toordinal() for at in lane["at"]], gap_days)
    late = rows.loc[rows["at"] > pd.Timestamp("2026-03-01"), "event_id"]
    named = {event: label for event, label in names.items() if event != own}  # it has a line of its own
    rows = rows.merge(place_labels(rows, named, days_per_letter, late), on="event_id", how="left")
    # Also where no event has a label.
    rows = rows.astype({"label": "str", "side": "str", "label_level": float})
    rows["y"], rows["label_y"] = 0.0, float("nan")
    top = 0.0
    for track in tracks().values():
        lane = rows["track"].eq(track)
        if not lane.any():
            continue
        height = rows.loc[lane, ["level", "label_level"]].max().max() + 1
        base = top + 1.6 + height  # the lane's name stands above it
        rows.loc[lane, "y"] = base - rows.loc[lane, "level"] - 0.5
        rows.loc[lane, "label_y"] = base - rows.loc[lane, "label_level"] - 0.5
        top = base + 0.6
    rows["date"] = [tables.date_text(d, p) for d, p in zip(rows["date"], rows["date_precision"], strict=True)]
    rows["evidence"] = rows["evidence"].astype(str) + ", confidence " + rows["confidence"].astype(str)
    rows["actors"] = rows["actors"].map(", ".join)
    rows["kind"] = _kind(rows["instrument_type"])
    rows["articles"] = rows["articles"].map(_numbers)
    rows = rows.rename(columns={"description": "detail"})
    kept = ["event_id", "track", "at", "date", "title", "detail", "actors", "kind", "articles", "evidence", "sure"]
    kept += ["key", "label", "side"]
    rows = rows.sort_values(["at", "y"], ascending=[True, False])
    return rows[[*kept, "level", "label_level", "y", "label_y", "source_id"]].reset_index(drop=True)


def pace(events: pd.DataFrame) -> pd.DataFrame:
    """Return the number of events of the list by track and year, 2017 to the end of the material, zeros included.

    Columns: ``track`` (label), ``year``, ``events``, ``partial`` (the year the material does not cover to its end).
    """
    rows = seen(events)
    rows = rows[rows["date"] <= material_end()]
    years = range(int(rows["date"].dt.year.min()) if len(rows) else material_end().year, material_end().year + 1)
    grid = pd.MultiIndex.from_product([tracks(), years], names=["track", "year"])
    counts = rows.groupby([rows["track"].astype(str), rows["date"].dt.year.rename("year")]).size()
    table = counts.reindex(grid, fill_value=0).rename("events").reset_index()
    table["track"] = table["track"].map(tracks())
    table["partial"] = table["year"].eq(material_end().year)
    return table


def between(events: pd.DataFrame, first: str, last: str) -> pd.DataFrame:
    """Return the events from one day to another (ISO, both included) whose day is known, in order.

    Columns: ``event_id``, ``day`` (in words), ``track`` (label), ``title``, ``description``, ``evidence``, ``sources``
    (list: the source of the row, then the official page where one is known).
    """
    rows = seen(events)
    rows = rows[rows["date_precision"].eq("day") & rows["date"].between(first, last)]
    # The report's own document opens its day.
    rows = rows.assign(first=rows["event_id"].ne(settings.load().event)).sort_values(["date", "first", "event_id"])
    rows["day"] = [f"{d:%a} {d.day} {d:%B}" for d in rows["date"]]
    rows["sources"] = [known_ids(pair) for pair in zip(rows["source_id"], rows["official_source_id"], strict=True)]
    rows["track"] = rows["track"].astype(str).map(tracks())
    kept = ["event_id", "day", "track", "title", "description", "evidence", "sources"]
    return rows[kept].reset_index(drop=True)


def lineage(events: pd.DataFrame, documents: pd.DataFrame, labels: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the line of texts that the document stands in, in order of date, with how much of each text was seen.

    ``labels`` is the table ``event_labels``: its rows for ``lineage`` name the texts.

    Columns: ``event_id``, ``at``, ``date`` (in words), ``name`` (short), ``name_zh`` (missing where the package has no
    document), ``title``, ``strand`` (label), ``actors`` (list), ``form`` (in words), ``force`` (in words; missing
    without a document), ``text`` (how much was seen, in words), ``detail``, ``evidence``, ``source_id``, ``sources``
    (list).
    """
    line = labelled("lineage", labels).rename(columns={"label": "name"})[["event_id", "doc_id", "code", "name"]]
    line["strand"] = line.pop("code").astype(str).map(strands())
    rows = line.merge(seen(events), on="event_id").merge(
        documents[["doc_id", "completeness", "force", "title_zh"]], on="doc_id", how="left"
    )
    rows = rows.sort_values(["date", "event_id"])
    rows["at"] = _midpoints(rows)
    rows["date"] = [tables.date_text(d, p) for d, p in zip(rows["date"], rows["date_precision"], strict=True)]
    rows["form"] = rows["instrument_type"].astype(str).str.replace("_", " ")
    rows["text"] = rows["completeness"].astype(object).where(rows["completeness"].notna(), "none").map(SEEN)
    rows["force"] = rows["force"].astype(object).str.replace("_", " ").str.replace("non binding", "non-binding")
    rows["sources"] = [known_ids(pair) for pair in zip(rows["source_id"], rows["official_source_id"], strict=True)]
    kept = ["event_id", "at", "date", "name", "title_zh", "title", "strand", "actors", "form", "force", "text"]
    rows = rows[[*kept, "description", "evidence", "source_id", "sources"]]
    return rows.rename(columns={"description": "detail", "title_zh": "name_zh"}).reset_index(drop=True)


def controls(
    events: pd.DataFrame, texts: pd.DataFrame, gap_days: float = 38, labels: pd.DataFrame | None = None
) -> pd.DataFrame:
    """Return the controls and the texts of the line since the first control, on two sides of one line of time.

    ``texts`` is the result of :func:`lineage`, ``labels`` the table ``event_labels``. Controls carry ``move`` (label;
    our reading); the one known from general knowledge alone is kept and marked ``recalled``. Columns: ``event_id``,
    ``side`` (``controls``, ``texts``), ``at``, ``label_at`` (moved so that labels lie ``gap_days`` apart), ``day``
    (short date), ``date`` (in words), ``name`` (short), ``detail``, ``move``, ``recalled``, ``source_id``.
    """
    named = labelled("control", labels).set_index("event_id")
    us = events[events["event_id"].isin(named.index)].copy()
    us["at"] = _midpoints(us)
    us["day"] = [_short(d, p) for d, p in zip(us["date"], us["date_precision"], strict=True)]
    us["date"] = [tables.date_text(d, p) for d, p in zip(us["date"], us["date_precision"], strict=True)]
    us["move"] = us["event_id"].map(named["code"].astype(str)).map(moves())
    us["name"] = us["event_id"].map(named["label"])
    us["recalled"] = us["evidence"].eq("recalled")
    us = us.assign(side="controls", detail=us["description"])
    china = texts[texts["at"] >= us["at"].min()].copy()
    china["day"] = [_short(d, "day") for d in china["at"]]
    china = china.assign(side="texts", move="", recalled=False)
    kept = ["event_id", "side", "at", "day", "date", "name", "detail", "move", "recalled", "source_id"]
    parts = []
    for part in (us, china):
        part = part.sort_values(["at", "event_id"])[kept]
        places = spread([at.toordinal() for at in part["at"]], gap_days)
        parts.append(part.assign(label_at=[pd.Timestamp.fromordinal(round(place)) for place in places]))
    return pd.concat(parts, ignore_index=True)


# -------------------------------------------------------------------------------------------------------- organisation


def organisation_steps(steps: pd.DataFrame, events: pd.DataFrame, facts: pd.DataFrame) -> pd.DataFrame:
    """Return the steps of the new organisation from proposal to what is not known, in order.

    ``steps`` is the table ``organisation_steps``, whose rows name the events and headline facts that they are.
    Columns: ``step``, ``date`` (in words), ``what``, ``status`` (``done``, ``announced``, ``reported``, ``not known``),
    ``sources`` (list), ``article``.
    """
    event, fact = events.set_index("event_id"), facts.set_index("fact_id")
    rows = []
    for row in steps.sort_values("step_no").itertuples():
        what, date, first = row.what, "–", []
        if pd.notna(row.fact_id):
            known = fact.loc[row.fact_id]
            date, first = _words(known), [known["source_1_id"], known["source_2_id"]]
            what = str(known["statement"] if pd.isna(what) else what).replace("{value}", str(known["value"]))
        if pd.notna(row.event_id):
            known = event.loc[row.event_id]
            date, first = _words(known), [known["source_id"], known["official_source_id"]]
            what = known["description"] if pd.isna(row.what) else what
        status = str(row.status).replace("_", " ")
        rows.append((row.step, date, what, status, known_ids([*first, *row.source_ids]), row.article))
    return pd.DataFrame(rows, columns=["step", "date", "what", "status", "sources", "article"])


def _words(row: pd.Series) -> str:
    return tables.date_text(row["date"], row["date_precision"])


REGIONS = {
    "sub_saharan_africa": "Sub-Saharan Africa",
    "russia_central_asia_caucasus": "Russia, Central Asia, Caucasus",
    "southeast_asia": "Southeast Asia",
    "latin_america_caribbean": "Latin America, Caribbean",
    "middle_east_north_africa": "Middle East, North Africa",
    "europe": "Europe",
    "east_asia": "East Asia",
    "south_asia": "South Asia",
}


def signatories(states: pd.DataFrame, countries: pd.DataFrame) -> pd.DataFrame:
    """Return who signed what came of the document, by region, the largest first.

    Columns: ``region`` (in words), ``signed`` (number at the ceremony), ``names`` (of these), ``reported`` (names
    listed by one tracker afterwards, not confirmed).
    """
    rows = states.merge(countries[["iso3", "name_en", "region"]], on="iso3", how="left", validate="one_to_one")
    table = []
    for region, group in rows.groupby("region", observed=True):
        first = group["status"].eq("founding_signatory")
        signed, later = sorted(group.loc[first, "name_en"]), sorted(group.loc[~first, "name_en"])
        table.append((REGIONS[str(region)], len(signed), ", ".join(signed), ", ".join(later)))
    found = pd.DataFrame(table, columns=["region", "signed", "names", "reported"])
    return found.sort_values(["signed", "region"], ascending=[False, True], ignore_index=True)


# ------------------------------------------------------------------------------------------------- names, disagreements


def who(organisations: pd.DataFrame, countries: pd.DataFrame) -> pd.DataFrame:
    """Return the organisations of the story for a table of names, those of the document's country first.

    Columns: ``org_id``, ``label`` (name with its short form), ``name_zh``, ``kind`` (in words), ``place`` (country or
    international), ``role``, ``evidence``, ``source_id``.
    """
    names = countries.set_index("iso3")["name_en"]
    rows = seen(organisations).copy()
    rows["kind"] = rows["type"].astype(str).str.replace("_", " ").str.replace("un body", "UN body")
    rows["place"] = rows["iso3"].map(names).fillna(rows["iso3"]).fillna("International")
    short = rows["abbreviation"]
    rows["label"] = rows["name_en"] + (" (" + short + ")").where(short.notna() & short.ne(rows["name_en"]), "")
    order = rows["iso3"].ne(settings.load().iso3).fillna(True).astype(int)
    rows = rows.assign(order=order).sort_values(["order", "name_en"], key=_folded)
    kept = ["org_id", "label", "name_zh", "kind", "place", "role", "evidence", "source_id"]
    return rows[kept].reset_index(drop=True)


def _folded(column: pd.Series) -> pd.Series:
    return column if pd.api.types.is_numeric_dtype(column) else column.str.casefold()


def disagreements(table: pd.DataFrame, chapter: str) -> pd.DataFrame:
    """Return the questions of one chapter on which two sources differ, unsettled ones first.

    Columns: ``dis_id``, ``question``, ``value_a``, ``source_a``, ``value_b``, ``source_b``, ``settled`` (in words),
    ``resolution``.
    """
    words = {"resolved_a": "first holds", "resolved_b": "second holds", "both_hold": "both hold", "open": "open"}
    rows = table[table["chapter"].eq(chapter)].copy()
    rows["settled"] = (
        rows["settled"].astype(str).map(words).astype(pd.CategoricalDtype(list(words.values())[::-1], True))
    )
    kept = ["dis_id", "question", "value_a", "source_a", "value_b", "source_b", "settled", "resolution"]
    return rows.sort_values(["settled", "question"])[kept].reset_index(drop=True)


def quantity(text: str) -> float:
    """Return the number that a count in words stands for: ``over 40.9 billion`` is 40.9e9, ``4,486`` is 4486."""
    scale = {"": 1, "thousand": 1e3, "million": 1e6, "billion": 1e9}
    number, unit = re.search(r"([\d,]+(?:\.\d+)?)(?:\s+(thousand|million|billion))?", text).groups(default="")
    return float(number.replace(",", "")) * scale[unit]


def differing_counts(table: pd.DataFrame, counts: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the counts that two sources give differently, the furthest apart first: two rows for each, low and high.

    ``counts`` is the table ``disagreement_counts`` (default: that of this report), which says what is counted.

    Columns: ``what`` (is counted), ``end`` (``low``, ``high``), ``said`` (the count as the source has it), ``value``,
    ``ratio`` (to the low one), ``source_id``, ``standing`` (label: whether this value is to be used), ``resolution``.
    """
    known = table.set_index("dis_id")
    rows = []
    counts = data.load("disagreement_counts") if counts is None else counts
    for dis_id, what, first, second in counts.itertuples(index=False):
        if dis_id not in known.index:
            raise NoRows("disagreements", dis_id)
        row = known.loc[dis_id]
        settled = str(row["settled"])
        ends = []
        for letter, said in (("a", first), ("b", second)):
            if said not in row[f"value_{letter}"]:
                raise ValueError(f"{dis_id}: {said!r} is not in the value {row[f'value_{letter}']!r}")
            other = {"a": "resolved_b", "b": "resolved_a"}[letter]
            standing = {"open": "open", other: "aside"}.get(settled, "holds")
            ends.append((quantity(said), said, row[f"source_{letter}"], STANDING[standing]))
        low = min(value for value, *_ in ends)
        for end, (value, said, source, standing) in zip(("low", "high"), sorted(ends), strict=True):
            rows.append((what, end, said, value, value / low, source, standing, row["resolution"]))
    columns = ["what", "end", "said", "value", "ratio", "source_id", "standing", "resolution"]
    found = pd.DataFrame(rows, columns=columns)
    order = found.groupby("what")["ratio"].transform("max")
    return (
        found.assign(order=order)
        .sort_values(["order", "what", "ratio"], ascending=[False, True, True])[columns]
        .reset_index(drop=True)
    )


# ------------------------------------------------------------------------------------------------------------- numbers


def key_numbers(
    events: pd.DataFrame,
    texts: pd.DataFrame,
    states: pd.DataFrame,
    facts: pd.DataFrame,
    differ: pd.DataFrame,
) -> dict[str, int]:
    """Return the numbers that the chapter's prose uses, by name.

    ``texts`` and ``differ`` are the results of :func:`lineage` and :func:`disagreements`; the others are tables of the
    data package. Days and counts. The headline facts have the names of their numbers in ``used_as``; a number whose
    row is missing (the event of the document or of its rival) is left out.
    """
    own, at = settings.load(), events.set_index("event_id")["date"]
    used = seen(events)
    abroad = texts.loc[texts["strand"].eq(strands().get("abroad")), "event_id"].tolist()
    found = {
        "signed": states["status"].eq("founding_signatory").sum(),
        "abroad": len(abroad),
        "texts": len(texts),
        "whole": texts["text"].eq(SEEN["full"]).sum(),
        "questions": len(differ),
        "open": differ["settled"].eq("open").sum(),
        "events": len(used),
        "read": used["evidence"].eq("read").sum(),
        "excerpt": used["evidence"].eq("excerpt").sum(),
        "recalled": len(events) - len(used),
        "low": used["confidence"].eq("low").sum(),
    }
    if own.event in at and own.rival_event in at:
        found["after_us"] = (at[own.event] - at[own.rival_event]).days
    if own.event in abroad:
        found["place"] = abroad.index(own.event) + 1
    for row in facts[facts["used_as"].map(len).gt(0)].itertuples():
        parts = str(row.value).split("-") if len(row.used_as) > 1 else [row.value_number]
        found |= dict(zip(row.used_as, parts, strict=True))
    return {name: int(number) for name, number in found.items()}
