"""How the Plan was received: what published items say, what governments say, who signed what.

Functions take tables of the data package and return tidy tables. Stance and frames are codings of two coders who worked
independently from the codebook (table ``reception_codebook``); they are counted here, not averaged. Who signed what
is in :mod:`policybook.memberships`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from policybook import agreement, data, settings
from policybook.data import seen
from policybook.tables import Text

# A group with fewer items than this is drawn, but nothing is said of its tone.
SMALL_CELL = 5

STANCES = {
    -2: "strongly critical",
    -1: "critical",
    0: "neutral or balanced",
    1: "supportive",
    2: "strongly supportive",
}

OUTLETS = {
    "state_media": "State media",
    "government": "Governments, heads of bodies",
    "news": "News",
    "think_tank": "Think tanks",
    "law_firm": "Law firms",
    "consultancy": "Consultancies",
    "academic": "Academic",
    "standards_body": "Standards bodies",
    "industry": "Industry",
    "civil_society": "Civil society",
    "reference": "Reference works",
    "blog": "Blogs and content sites",
}


def objects(table: str = "items", what: str = "label") -> dict[str, str]:
    """Return what items (or ``statements``) are about as readers see it, by code; ``what`` may be ``short``."""
    return data.labels(table, "about", what)


def regions() -> dict[str, str]:
    """Return the regions of publishers as readers see them, by code."""
    return data.labels("items", "region")


def home() -> tuple[str, str]:
    """Return the region that the document is from (code) and its name beside the rest; both empty without one."""
    return next(iter(data.labels("items", "region", "home").items()), ("", ""))


def frames() -> dict[str, str]:
    """Return the frames of the codebook as readers see them, by column of the table ``items``."""
    return data.column_labels("items", "frame_")


ELSEWHERE = "elsewhere or not known"


# --------------------------------------------------------------------------------------------------- published items


def usable_items(items: pd.DataFrame) -> pd.DataFrame:
    """Return the items that count: seen (not recalled), coded for stance, and not excluded.

    Excluded are items without a stance, syndicated copies, voices quoted inside another item, and one false story.
    """
    keep = ~items["exclude_from_stance_stats"].astype(bool)
    return seen(items[keep & items["stance"].notna()]).reset_index(drop=True)


def placed_items(items: pd.DataFrame) -> pd.DataFrame:
    """Return the usable items whose publisher's country is known or inferred from clues."""
    found = usable_items(items)
    return found[found["country_basis"].isin(["known", "inferred"])].reset_index(drop=True)


def side(stance: pd.Series) -> pd.Series:
    """Return ``critical`` (below 0), ``neutral`` (0) or ``supportive`` (above 0) for stance codes from -2 to 2."""
    values = stance.astype("Float64").to_numpy(dtype=float, na_value=np.nan)
    words = np.select([values < 0, values == 0, values > 0], ["critical", "neutral", "supportive"], default="")
    return pd.Series(words, index=stance.index).replace("", pd.NA)


def side_counts(items: pd.DataFrame, group: str) -> pd.DataFrame:
    """Count the items of each value of ``group`` by side.

    Columns: ``group``, ``n``, ``critical``, ``neutral``, ``supportive`` (items), ``small`` (fewer than ``SMALL_CELL``).
    Sorted for reading: large groups from supportive to critical (by the difference of the two counts as a share of
    ``n``), then small groups by size.
    """
    sides = ["critical", "neutral", "supportive"]
    counts = pd.crosstab(items[group].astype(str), side(items["stance"])).reindex(columns=sides, fill_value=0)
    counts.columns.name = None
    counts = counts.rename_axis("group").reset_index()
    counts["n"] = counts[sides].sum(axis=1)
    counts["small"] = counts["n"] < SMALL_CELL
    counts["lean"] = ((counts["supportive"] - counts["critical"]) / counts["n"]).where(~counts["small"], 0.0)
    counts = counts.sort_values(["small", "lean", "n", "group"], ascending=[True, False, False, True])
    return counts[["group", "n", *sides, "small"]].reset_index(drop=True)


def dots(items: pd.DataFrame, group: str, labels: Mapping[str, str], deep: int) -> pd.DataFrame:
    """Give every item a place in a chart of dots.

    Dots of a side stand in columns of ``deep``, counted away from the axis. Columns: ``label`` (group with n),
    ``side``, ``column`` (critical items negative), ``level`` (0 to ``deep`` - 1), ``stance``, ``publisher``,
    ``title``, ``when``. Rows keep the order of :func:`side_counts`.
    """
    counts = side_counts(items, group)
    names = {row.group: f"{labels[row.group]} ({row.n})" for row in counts.itertuples()}
    part = items[[group, "stance", "publisher", "title", "date", "date_precision"]].copy()
    part["side"] = side(part["stance"])
    part["distance"] = part["stance"].abs()
    part["rank"] = part[group].astype(str).map({name: place for place, name in enumerate(counts["group"])})
    part = part.sort_values(["rank", "side", "distance", "date", "publisher"]).reset_index(drop=True)
    place = part.groupby(["rank", "side"]).cumcount()
    part["column"] = (place // deep + 1) * part["side"].map({"critical": -1, "neutral": 1, "supportive": 1})
    part["level"] = place % deep
    part["label"] = part[group].astype(str).map(names)
    part["when"] = when(part["date"], part["date_precision"])
    return part[["label", "side", "column", "level", "stance", "publisher", "title", "when"]]


def when(date: pd.Series, precision: pd.Series) -> pd.Series:
    """Write dates as far as they are known: 2025-07-26, 2025-07 or 2025."""
    length = precision.astype(object).map({"day": 10, "month": 7, "year": 4})
    written = [d.strftime("%Y-%m-%d")[: int(n)] if pd.notna(d) else "" for d, n in zip(date, length, strict=True)]
    return pd.Series(written, index=date.index)


def by_month(items: pd.DataFrame) -> pd.DataFrame:
    """Count all items by month and object; columns ``month``, ``about``, ``label``, ``n`` (items).

    Items of which only the year is known, or nothing, are not counted.
    """
    dated = items[items["date_precision"].isin(["day", "month"])]
    month = dated["date"].dt.to_period("M").dt.to_timestamp().rename("month")
    counts = dated.groupby([month, dated["about"].astype(str)]).size().rename("n").reset_index()
    counts["label"] = counts["about"].map(objects())
    return counts[["month", "about", "label", "n"]]


@dataclass(frozen=True)
class Agreement:
    """How often two coders gave the same stance, in items.

    ``n`` items got a stance from both; ``same`` the same code; ``same_side`` both critical, neutral or supportive;
    ``apart`` is the largest distance of two codes.
    """

    n: int
    same: int
    same_side: int
    apart: int

    @property
    def percent(self) -> float:
        """Simple percent agreement on the five codes, without correction for chance."""
        return 100 * self.same / self.n


def stance_agreement(items: pd.DataFrame, coder_b: pd.DataFrame) -> Agreement:
    """Compare the stance codes of two coders on the items that both coded.

    Simple percent agreement (Holsti 1969, Content Analysis for the Social Sciences and Humanities): agreements over
    pairs of codes. It does not correct for chance. Raises ``NoRows`` when they have no item in common.
    """
    pairs = items[["item_id", "stance"]].merge(coder_b[["item_id", "stance"]], on="item_id", suffixes=("_a", "_b"))
    pairs = data.need(pairs.dropna(), "items_coder_b", "agreement of the coders")
    same = int((pairs["stance_a"] == pairs["stance_b"]).sum())
    same_side = int((side(pairs["stance_a"]) == side(pairs["stance_b"])).sum())
    apart = int((pairs["stance_a"] - pairs["stance_b"]).abs().max())
    return Agreement(len(pairs), same, same_side, apart)


def recoded(items: pd.DataFrame, coder_b: pd.DataFrame) -> pd.DataFrame:
    """Return ``items`` with the stance of the second coder in place of the first; uncoded items are dropped."""
    second = items["item_id"].map(coder_b.set_index("item_id")["stance"])
    return items.assign(stance=second)[second.notna()].reset_index(drop=True)


def reliability(items: pd.DataFrame, coder_b: pd.DataFrame) -> pd.DataFrame:
    """Return how far two coders agree beyond chance on stance and on each frame.

    Krippendorff's alpha with 95 % bootstrap intervals (:mod:`policybook.agreement`): ordinal for stance, nominal for a
    frame (seen or not). Columns: ``code``, ``label``, ``level``, ``n`` (items coded by both), ``first`` and ``second``
    (items in which a coder saw the frame; missing for stance), ``alpha``, ``low``, ``high``, ``reliable`` (alpha at
    least ``agreement.TENTATIVE``). Stance first, then frames by falling alpha. Raises ``NoRows`` without items.
    """
    data.need(items, "items", "agreement of the coders")
    second = coder_b.set_index("item_id").loc[items["item_id"]].reset_index()
    rows = []
    for code, label in {"stance": "Stance", **frames()}.items():
        level = "ordinal" if code == "stance" else "nominal"
        pair = pd.DataFrame({"a": items[code].to_numpy(), "b": second[code].to_numpy()}).dropna()
        a, b = pair["a"].astype(int), pair["b"].astype(int)
        uses = {} if code == "stance" else {"first": int(a.sum()), "second": int(b.sum())}
        found = agreement.summary(a, b, level, draws=agreement.DRAWS // 2)
        rows.append({"code": code, "label": label, "level": level, "n": len(pair), **uses, **found})
    table = pd.DataFrame(rows)
    order = table["alpha"].where(table["code"] != "stance", 2).sort_values(ascending=False, kind="stable").index
    return table.loc[order].reset_index(drop=True)


def frame_counts(items: pd.DataFrame, coder_b: pd.DataFrame) -> pd.DataFrame:
    """Count the items in which both coders saw a frame; what one of them saw alone is not counted.

    Columns: ``frame``, ``label``, ``both`` (items), ``n`` (items compared). Sorted by ``both``, falling.
    """
    second = coder_b.set_index("item_id").loc[items["item_id"]]
    rows = []
    for frame, label in frames().items():
        both = items[frame].to_numpy(dtype=bool) & second[frame].to_numpy(dtype=bool)
        rows.append({"frame": frame, "label": label, "both": int(both.sum()), "n": len(both)})
    return pd.DataFrame(rows).sort_values("both", ascending=False, kind="stable").reset_index(drop=True)


def side_by_quarter(items: pd.DataFrame) -> pd.DataFrame:
    """Count items by quarter, side and whether the publisher is in the region that the document is from.

    Items dated to the year only are not counted. Columns: ``quarter`` (words), ``start``, ``side``, ``place``
    (name of :func:`home` or ``ELSEWHERE``), ``items``, ``n`` (items of the quarter), ``small`` (fewer than
    ``SMALL_CELL``). Quarters without items are left out; in the others every side and place has a row.
    """
    dated = items[items["date_precision"].isin(["day", "month"])]
    start = dated["date"].dt.to_period("Q").dt.start_time
    code, name = home()
    place = pd.Series(ELSEWHERE, index=dated.index).mask(dated["region"].astype(str) == code, name)
    counts = pd.DataFrame({"start": start, "side": side(dated["stance"]), "place": place}).value_counts()
    sides, places = ["critical", "neutral", "supportive"], [*([name] if name else []), ELSEWHERE]
    every = pd.MultiIndex.from_product([sorted(start.unique()), sides, places], names=["start", "side", "place"])
    table = counts.reindex(every, fill_value=0).rename("items").reset_index()
    table["start"] = pd.to_datetime(table["start"])  # without rows it has no type
    table["n"] = table.groupby("start")["items"].transform("sum")
    table["small"] = table["n"] < SMALL_CELL
    end = table["start"] + pd.DateOffset(months=2)
    table["quarter"] = table["start"].dt.strftime("%b") + "–" + end.dt.strftime("%b %Y")
    return table[["quarter", "start", "side", "place", "items", "n", "small"]]


# Words in the note of an item that is left out of the counts, and the reason that they tell.
_REASONS = {
    "misinformation": "no: false story",
    "syndicat": "no: copy of another item",
    "quoted inside": "no: voice within another item",
}


def listing(items: pd.DataFrame, sources: pd.DataFrame) -> pd.DataFrame:
    """Return the items as a list for readers, newest first, without recalled ones.

    Columns: ``when``, ``publisher``, ``headline`` (title and address; no address for an unreliable source), ``region``,
    ``object``, ``outlet`` (labels), ``stance`` (words), ``counted`` (``yes``, or ``no`` with the
    reason), ``source_id``.
    """
    found = seen(items).sort_values(["date", "item_id"], ascending=[False, True]).reset_index(drop=True)
    source = sources.set_index("source_id").loc[found["source_id"]]
    address = source["url"].where(source["reliability"] != "unreliable").fillna("").astype(str)
    reason = pd.Series("no: no stance", index=found.index)
    for word, told in _REASONS.items():
        reason = reason.mask(found["note"].fillna("").str.contains(word) & found["stance"].notna(), told)
    return pd.DataFrame(
        {
            "when": when(found["date"], found["date_precision"]),
            "publisher": found["publisher"],
            "headline": list(zip(found["title"], address, strict=True)),
            "region": found["region"].astype(str).map(regions()),
            "object": found["about"].astype(str).map(objects(what="short")),
            "outlet": found["outlet_type"].astype(str).map(OUTLETS),
            "stance": found["stance"].map(STANCES).fillna("not coded"),
            "counted": reason.where(found["exclude_from_stance_stats"].astype(bool), "yes"),
            "source_id": found["source_id"],
        }
    )


def link(headline: tuple[str, str]) -> Text:
    """Return a title and an address as the text of a table cell."""
    title, address = headline
    return Text(str(title), href=address)


# -------------------------------------------------------------------------------------- positions, texts, indicators


def positions(statements: pd.DataFrame, countries: pd.DataFrame) -> pd.DataFrame:
    """Return the positions of governments and bodies, sorted by date.

    Left out are signatures read as support, recalled rows and false ones. Silence (no statement found) stays, as the
    position ``silent``. Added columns: ``state`` (state or body), ``who`` (with the office that spoke), ``object``
    (label of ``about``), ``when`` (date as far as known).
    """
    keep = ~statements["is_inferred"].astype(bool) & ~statements["exclude_from_counts"].astype(bool)
    found = seen(statements[keep]).copy()
    found["state"] = found["iso3"].map(countries.set_index("iso3")["name_en"]).fillna(found["entity"])
    office = ": " + found["body"]
    found["who"] = found["state"] + office.where(found["position"] != "silent", "")
    found["object"] = found["about"].astype(str).map(objects("statements"))
    found["when"] = when(found["date"], found["date_precision"])
    return found.sort_values(["date", "statement_id"]).reset_index(drop=True)


PRINCIPLES = {
    "p_safety": "Safety",
    "p_rights": "Rights",
    "p_sovereignty": "Sovereignty",
    "p_development": "Development",
    "p_open": "Openness",
    "p_standards": "Standards",
    "p_sustainability": "Sustainability",
}


def principles(bodies: pd.DataFrame) -> pd.DataFrame:
    """Return the weights of principles in long form, bodies ordered by orientation.

    Coding of Guey and others, arXiv 2606.23860. Columns: ``inst_id``, ``label`` (name and year), ``principle``,
    ``weight`` (0 absent to 1 central), ``orientation`` (sovereignty, development and openness less safety and rights).
    """
    table = bodies.copy()
    table["label"] = table["short_name"].fillna(table["name"]) + ", " + table["year"].astype(str)
    table = table.sort_values(["norm_orientation", "name"], ascending=[False, True])
    keys = ["inst_id", "label", "norm_orientation"]
    long = table.melt(id_vars=keys, value_vars=list(PRINCIPLES), var_name="principle", value_name="weight")
    long["principle"] = long["principle"].map(PRINCIPLES)
    return long.rename(columns={"norm_orientation": "orientation"})


def users(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of generative-AI users, by date, without recalled rows.

    Columns: ``date``, ``users`` (million persons), ``at_least`` (the count is a lower bound), ``penetration`` (percent
    of population, missing where none is given), ``source_id``.
    """
    rows = seen(indicators)
    count = rows[rows["indicator"] == "genai_users"].sort_values("date")
    share = rows[rows["indicator"] == "genai_penetration"].set_index("date")["value"]
    return pd.DataFrame(
        {
            "date": count["date"],
            "users": count["value"],
            "at_least": (count["qualifier"].astype(object) == "at_least").astype(bool),
            "penetration": count["date"].map(share),
            "source_id": count["source_id"],
        }
    ).reset_index(drop=True)


def trust(indicators: pd.DataFrame, countries: pd.DataFrame) -> pd.DataFrame:
    """Return trust in regulators of AI as Pew asked it in 2025, percent of adults.

    Columns: ``regulator``, ``who`` (country asked, or the median of 25 countries), ``is_median``, ``percent``,
    ``source_id``.
    """
    asked = data.labels("adoption_indicators", "indicator", "regulator")
    rows = seen(indicators[indicators["indicator"].isin(asked)])
    names = countries.set_index("iso3")["name_en"]
    return pd.DataFrame(
        {
            "regulator": rows["indicator"].astype(str).map(asked),
            "who": rows["iso3"].map(names).fillna(rows["entity"]),
            "is_median": rows["iso3"].isna(),
            "percent": rows["value"],
            "source_id": rows["source_id"],
        }
    ).reset_index(drop=True)


# Conditions of entry from open to closed, in the terms of the coding.
ENTRY = {
    "universal_open": "Open to all states",
    "capability_gated": "By capability",
    "regional": "States of a region",
    "club_invitation": "By invitation",
    "values_gated": "By shared values",
}


def regime_map(bodies: pd.DataFrame) -> pd.DataFrame:
    """Place the bodies by their condition of entry and their orientation.

    Coding of Guey and others, arXiv 2606.23860. Columns: ``inst_id``, ``label``, ``entry`` (label), ``orientation``,
    ``gate`` (shared values are asked for), ``force`` (words), ``line`` (0, 1, ...: one line for each body, in the order
    of ``ENTRY``, then from sovereignty to safety).
    """
    table = pd.DataFrame(
        {
            "inst_id": bodies["inst_id"],
            "label": bodies["short_name"].fillna(bodies["name"]) + ", " + bodies["year"].astype(str),
            "entry": bodies["entry_condition"].astype(str).map(ENTRY),
            "orientation": bodies["norm_orientation"],
            "gate": bodies["values_gate"].astype(bool),
            "force": bodies["legal_force"].astype(str).str.replace("_", " "),
        }
    )
    table["place"] = table["entry"].map(list(ENTRY.values()).index)
    table = table.sort_values(["place", "orientation", "label"], ascending=[True, False, True]).reset_index(drop=True)
    table["line"] = table.index
    return table.drop(columns="place")


def weights_of_power(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return private investment in AI and downloads of open models, for the document's country and its rival.

    Rows of low confidence and recalled rows are left out. Columns: ``measure`` (``investment``, billion USD a year, or
    ``downloads``, billion tracked downloads in all), ``period`` (words), ``iso3``, ``who``, ``value``, ``source_id``.
    """
    names = _powers()
    wanted = {"ai_private_investment": ("investment", 1), "open_model_downloads_cum": ("downloads", 1000)}
    rows = seen(indicators[indicators["indicator"].isin(wanted) & indicators["iso3"].isin(names)])
    rows = rows[rows["confidence"] != "low"].sort_values(["indicator", "date", "iso3"])
    codes = rows["indicator"].astype(str)
    return pd.DataFrame(
        {
            "measure": [wanted[code][0] for code in codes],
            "period": _period(rows),
            "iso3": rows["iso3"],
            "who": rows["iso3"].map(names),
            "value": rows["value"] / [wanted[code][1] for code in codes],
            "source_id": rows["source_id"],
        }
    ).reset_index(drop=True)


def _powers() -> dict[str, str]:
    """Return the names of the document's country and its rival, by ``iso3``; without a rival or country, fewer."""
    own = settings.load()
    pairs = {own.iso3: own.place, own.rival_iso3: own.rival_place}
    return {code: name for code, name in pairs.items() if code and name}


def _period(rows: pd.DataFrame) -> pd.Series:
    """Write the date of each row as far as known, with the end of its period where it has one."""
    first = when(rows["date"], rows["date_precision"])
    last = when(rows["date_end"], rows["date_precision"])
    return first.where(last == "", first + " to " + last)


def measure_names() -> dict[str, str]:
    """Return what each figure on two countries counts, by indicator and in the order of the table.

    Figures with different names are not to be compared.
    """
    return data.labels("adoption_indicators", "indicator", "measure")


def measures(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return figures on two countries side by side, one line for each definition, period and source.

    The countries are the document's own and its rival. Rows of low confidence and recalled rows are left out.
    Trust in a power is told in the column of that power.
    Columns: ``measure``, ``period``, ``unit``, ``own``, ``rival`` (text, an en dash where no figure was seen),
    ``source_id``.
    """
    powers = list(_powers())
    names = measure_names()
    about = indicators["indicator"].astype(str).map(data.labels("adoption_indicators", "indicator", "about"))
    rows = seen(indicators.assign(iso3=indicators["iso3"].fillna(about)))
    rows = rows[rows["indicator"].isin(names) & rows["iso3"].isin(powers) & (rows["confidence"] != "low")]
    words = {"at_least": "over ", "estimate": "about "}
    rows = rows.assign(
        code=rows["indicator"].astype(str),
        period=_period(rows),
        text=rows["qualifier"].astype(object).map(words).fillna("") + rows["value"].map("{:,.4g}".format),
    )
    keys = ["code", "period", "unit", "source_id"]
    wide = rows.astype({"unit": str}).pivot(index=keys, columns="iso3", values="text").reset_index()
    wide["order"] = wide["code"].map(list(names).index)
    wide = wide.sort_values(["order", "period"], ignore_index=True)
    out = wide.assign(
        measure=wide["code"].map(names),
        **{
            name: wide[code].fillna("–") if code in wide else "–"
            for name, code in zip(("own", "rival"), [*powers, "", ""], strict=False)
        },
    )
    return out[["measure", "period", "unit", "own", "rival", "source_id"]]
