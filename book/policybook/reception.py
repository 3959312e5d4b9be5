"""How the Plan was received: what published items say, what governments say, who signed what.

Functions take tables of the data package and return tidy tables. Stance and frames are codings of two coders who worked
independently from the codebook (table ``reception_codebook``); they are counted here, not averaged.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from policybook.data import seen

# A group with fewer items than this is drawn, but nothing is said of its tone.
SMALL_CELL = 5

OBJECTS = {
    "plan": "The Plan itself",
    "waico": "The cooperation organisation",
    "contrast": "The contrast of the US and China",
    "us_plan": "US instruments only",
}

REGIONS = {
    "north_america": "North America",
    "uk_europe": "UK and Europe",
    "china": "China (mainland)",
    "hong_kong_macao": "Hong Kong and Macao",
    "taiwan": "Taiwan",
    "japan_korea": "Japan and South Korea",
    "south_asia": "South Asia",
    "asean": "Southeast Asia",
    "central_asia_russia": "Russia, Central Asia, Caucasus",
    "gulf": "Gulf",
    "middle_east_other": "Other Middle East",
    "africa": "Africa",
    "latin_america": "Latin America",
    "oceania": "Oceania",
    "international": "International bodies",
    "unknown": "Region not known",
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

POSITION_OBJECTS = {
    "plan": "Plan, global governance",
    "waico": "WAICO",
    "capacity_group": "Capacity building",
    "frontier_call": "Frontier call",
    "us_plan": "US instruments",
    "pax_silica": "Pax Silica",
    "contrast": "Rival texts, talks",
    "un_mechanisms": "UN mechanisms",
}

FRAMES = {
    "frame_multilateralism": "Many states cooperating",
    "frame_us_china_competition": "Rivalry of the US and China",
    "frame_global_south_development": "Development, Global South",
    "frame_standards_power": "Standards as influence",
    "frame_openness_open_source": "Open source, sharing",
    "frame_safety_risk": "Safety and risk",
    "frame_sovereignty": "Sovereignty",
    "frame_sustainability_energy": "Sustainability and energy",
    "frame_export_controls_chips": "Chips, export controls",
    "frame_economic_opportunity": "Economic opportunity",
    "frame_legitimacy_un": "Legitimacy through the UN",
    "frame_scepticism_implementation": "Doubt on delivery",
    "frame_values_ideology": "Values and ideology",
    "frame_bloc_fragmentation": "Split into blocs",
    "frame_deregulation_contrast": "Deregulation against regulation",
}

COUNTRY_REGIONS = {
    "europe": "Europe",
    "russia_central_asia_caucasus": "Russia, Central Asia, Caucasus",
    "middle_east_north_africa": "Middle East, North Africa",
    "sub_saharan_africa": "Sub-Saharan Africa",
    "south_asia": "South Asia",
    "southeast_asia": "Southeast Asia",
    "east_asia": "East Asia",
    "oceania": "Oceania",
    "north_america": "North America",
    "latin_america_caribbean": "Latin America, Caribbean",
}

# Roles that mean a name under a text; observers, guests, invited and absent states have others.
SIGNING_ROLES = frozenset(
    {
        "founding_signatory",
        "later_signatory",
        "signatory",
        "host_signatory",
        "co_initiator",
        "endorser",
        "lead_sponsor",
        "presenting_cosponsor",
        "early_cosponsor",
        "cosponsor",
    }
)


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
    counts["label"] = counts["about"].map(OBJECTS)
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
    pairs of codes. It does not correct for chance.
    """
    pairs = items[["item_id", "stance"]].merge(coder_b[["item_id", "stance"]], on="item_id", suffixes=("_a", "_b"))
    pairs = pairs.dropna()
    same = int((pairs["stance_a"] == pairs["stance_b"]).sum())
    same_side = int((side(pairs["stance_a"]) == side(pairs["stance_b"])).sum())
    apart = int((pairs["stance_a"] - pairs["stance_b"]).abs().max())
    return Agreement(len(pairs), same, same_side, apart)


def recoded(items: pd.DataFrame, coder_b: pd.DataFrame) -> pd.DataFrame:
    """Return ``items`` with the stance of the second coder in place of the first; uncoded items are dropped."""
    second = items["item_id"].map(coder_b.set_index("item_id")["stance"])
    return items.assign(stance=second)[second.notna()].reset_index(drop=True)


def frame_counts(items: pd.DataFrame, coder_b: pd.DataFrame) -> pd.DataFrame:
    """Count the items in which each frame was seen, by who saw it.

    Columns: ``frame``, ``label``, ``both``, ``first_only``, ``second_only`` (items), ``n`` (items compared), ``agree``
    (percent of items on which the coders agree that the frame is there or not; no correction for chance). Sorted by
    ``both``, then by the number of items in which either coder saw it.
    """
    second = coder_b.set_index("item_id").loc[items["item_id"]]
    rows = []
    for frame, label in FRAMES.items():
        a = items[frame].to_numpy(dtype=bool)
        b = second[frame].to_numpy(dtype=bool)
        rows.append(
            {
                "frame": frame,
                "label": label,
                "both": int((a & b).sum()),
                "first_only": int((a & ~b).sum()),
                "second_only": int((~a & b).sum()),
                "n": len(a),
                "agree": 100 * float((a == b).mean()),
            }
        )
    table = pd.DataFrame(rows)
    table["any"] = table["both"] + table["first_only"] + table["second_only"]
    table = table.sort_values(["both", "any"], ascending=False).reset_index(drop=True)
    return table[["frame", "label", "both", "first_only", "second_only", "any", "n", "agree"]]


# ------------------------------------------------------------------------------------------------------ memberships


def signatures(
    memberships: pd.DataFrame, countries: pd.DataFrame, official_until: Mapping[str, pd.Timestamp]
) -> pd.DataFrame:
    """Return who signed or endorsed what, without recalled names.

    ``official_until`` gives, for an agreement, the day up to which an official count bears the list; a later signature
    is ``reported``. Columns: ``agreement_id``, ``iso3``, ``name``, ``region``, ``reported``, ``source_id``.
    """
    rows = seen(memberships[memberships["role"].isin(SIGNING_ROLES)]).copy()
    rows = rows[rows["iso3"].notna()]
    limit = pd.to_datetime(rows["agreement_id"].map(official_until))
    rows["reported"] = (rows["date"] > limit).astype(bool)
    rows = rows.merge(countries[["iso3", "name_en", "region"]], on="iso3", how="left", validate="many_to_one")
    rows = rows.rename(columns={"name_en": "name"})
    return rows[["agreement_id", "iso3", "name", "region", "reported", "source_id"]]


def shared(signed: pd.DataFrame, first: str, second: str) -> list[str]:
    """Return the names that stand under both agreements, sorted."""
    names = [set(signed.loc[signed["agreement_id"] == agreement, "name"]) for agreement in (first, second)]
    return sorted(names[0] & names[1])


def combinations_signed(signed: pd.DataFrame, agreements: Iterable[str]) -> pd.DataFrame:
    """Sort states into exclusive combinations of agreements (as an UpSet plot does).

    Lex and others 2014, UpSet: Visualization of Intersecting Sets (https://doi.org/10.1109/TVCG.2014.2346248).
    Use complete lists only: a name that is missing from a partial list would fall into a wrong combination. Columns:
    ``combination`` (tuple, in the order given), ``degree``, ``confirmed`` and ``reported`` (states, of which at least
    one signature is only reported), ``n``, ``names`` (tuple). Sorted by degree, then size, falling.
    """
    wanted = list(agreements)
    part = signed[signed["agreement_id"].isin(wanted)]
    states: dict[tuple[str, ...], list[tuple[str, bool]]] = {}
    for name, rows in part.groupby("name"):
        combination = tuple(a for a in wanted if a in set(rows["agreement_id"]))
        states.setdefault(combination, []).append((str(name), bool(rows["reported"].any())))
    table = pd.DataFrame(
        {
            "combination": list(states),
            "degree": [len(combination) for combination in states],
            "confirmed": [sum(not reported for _, reported in found) for found in states.values()],
            "reported": [sum(reported for _, reported in found) for found in states.values()],
            "names": [tuple(sorted(name for name, _ in found)) for found in states.values()],
        }
    )
    table["n"] = table["confirmed"] + table["reported"]
    return table.sort_values(["degree", "n", "combination"], ascending=[False, False, True]).reset_index(drop=True)


def overlap_table(signed: pd.DataFrame, agreements: pd.DataFrame, columns: Mapping[str, str]) -> pd.DataFrame:
    """Count the names that pairs of lists share.

    Rows are agreements with any name seen, complete lists first; ``columns`` maps complete lists to headings. A count
    with a partial list is a lower bound and is written ``at least n``. Columns: ``agreement_id``, ``name``, ``names``
    (seen here, reported ones apart), ``declared`` (number the list is said to have), and one per heading.
    """
    sets = {key: set(rows["iso3"]) for key, rows in signed.groupby("agreement_id")}
    listed = agreements[agreements["agreement_id"].isin(list(sets))].copy()
    listed["complete"] = listed["agreement_id"].isin(list(columns))
    reported = signed.groupby("agreement_id")["reported"].sum()
    listed["place"] = listed["agreement_id"].map({key: place for place, key in enumerate(columns)})
    listed = listed.sort_values(["complete", "place", "date"], ascending=[False, True, False])
    rows = []
    for row in listed.itertuples():
        late = int(reported[row.agreement_id])
        known = len(sets[row.agreement_id]) - late
        out = {
            "agreement_id": row.agreement_id,
            "name": row.name,
            "names": f"{known} + {late} reported" if late else str(known),
            "declared": row.declared_total,
        }
        for key, heading in columns.items():
            count = len(sets[row.agreement_id] & sets[key])
            same = key == row.agreement_id
            out[heading] = (
                "–" if same else str(count) if row.complete else f"at least {count}" if count else "none seen"
            )
        rows.append(out)
    return pd.DataFrame(rows)


def tiles(signed: pd.DataFrame, east: str, west: str, third: str, across: int) -> pd.DataFrame:
    """Place every state under one of three agreements on a grid, by region.

    Columns: ``region`` (label), ``row`` (text key, several rows where a region has more than ``across`` states),
    ``place`` (0 to ``across`` - 1), ``iso3``, ``name``, ``camp`` (``east``, ``east_reported``, ``west``, ``both`` or
    ``none``), ``third`` (whether the state is under the third agreement). Camps come in this order in each region.
    """
    order = ["east", "east_reported", "both", "west", "none"]
    part = signed[signed["agreement_id"].isin([east, west, third])]
    rows = []
    for (iso3, name, region), found in part.groupby(["iso3", "name", "region"]):
        reported = dict(zip(found["agreement_id"], found["reported"], strict=True))
        if east in reported and west in reported:
            camp = "both"
        elif east in reported:
            camp = "east_reported" if reported[east] else "east"
        else:
            camp = "west" if west in reported else "none"
        rows.append({"iso3": iso3, "name": name, "region": str(region), "camp": camp, "third": third in reported})
    table = pd.DataFrame(rows)
    table["order"] = table["camp"].map(order.index)
    table["band"] = table["region"].map(list(COUNTRY_REGIONS).index)
    table = table.sort_values(["band", "order", "name"]).reset_index(drop=True)
    position = table.groupby("band").cumcount()
    table["place"] = position % across
    table["line"] = position // across
    table["row"] = [f"{band:02d}.{line}" for band, line in zip(table["band"], table["line"], strict=True)]
    table["region"] = table["region"].map(COUNTRY_REGIONS).where(table["line"] == 0, "")
    return table[["region", "row", "place", "iso3", "name", "camp", "third"]]


def in_group(signed: pd.DataFrame, countries: pd.DataFrame, agreement: str, group: str) -> list[str]:
    """Return the names under an agreement that belong to a group (``eu_member``, ``g7_member``, ``asean_member``)."""
    members = set(countries.loc[countries[group].fillna(False).astype(bool), "iso3"])
    found = signed[(signed["agreement_id"] == agreement) & signed["iso3"].isin(members)]
    return sorted(found["name"])


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
    found["object"] = found["about"].astype(str).map(POSITION_OBJECTS)
    found["when"] = when(found["date"], found["date_precision"])
    return found.sort_values(["date", "statement_id"]).reset_index(drop=True)


# Short names for the rows of a chart.
BODIES = {
    "aisi_net": "Network of AI safety institutes",
    "asean_guide": "ASEAN guide",
    "au_strategy": "African Union strategy",
    "bletchley": "Bletchley Declaration",
    "brics_ai": "BRICS statement",
    "china_init": "Global AI Governance Initiative",
    "coe_fcai": "Council of Europe convention",
    "eu_aiact": "EU AI Act",
    "g7_hiroshima": "G7 Hiroshima process",
    "gpai": "Global Partnership on AI",
    "oecd_ai": "OECD AI Principles",
    "seoul": "Seoul Declaration",
    "un_dialogue": "UN panel and dialogue",
    "unesco_rec": "UNESCO recommendation",
    "waico": "WAICO (proposal)",
}

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
    table["label"] = table["inst_id"].map(BODIES).fillna(table["name"]) + ", " + table["year"].astype(str)
    table = table.sort_values(["norm_orientation", "name"], ascending=[False, True])
    keys = ["inst_id", "label", "norm_orientation"]
    long = table.melt(id_vars=keys, value_vars=list(PRINCIPLES), var_name="principle", value_name="weight")
    long["principle"] = long["principle"].map(PRINCIPLES)
    return long.rename(columns={"norm_orientation": "orientation"})


def users(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of generative-AI users in China, by date, without recalled rows.

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
    asked = {
        "trust_own_country_regulate_ai": "Their own country",
        "trust_eu_regulate_ai": "The European Union",
        "trust_us_regulate_ai": "The United States",
        "trust_china_regulate_ai": "China",
    }
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
