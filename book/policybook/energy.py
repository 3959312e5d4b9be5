"""Energy, water and compute: tidy tables behind the chapter on articles 4 and 7.

Tables of the data package in, tidy tables out. Rows that were only recalled and rows that a later edition replaces
never come through; values whose conventions differ stay apart by a column that says which is which.
"""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from policybook import data, settings

# The three counts of computing capacity; no two of them share an axis.
FP32, FP16, DEVICE = "MIIT, FP32", "MIIT, FP16", "CAICT, device side"
COUNTS = {
    "compute_capacity_total_eflops": (FP32, "all computing"),
    "compute_capacity_intelligent_fp16_eflops": (FP16, "intelligent computing"),
    "compute_capacity_device_side_eflops": (DEVICE, "all computing"),
    "compute_capacity_device_side_intelligent_eflops": (DEVICE, "intelligent computing"),
}

_AGENCY = "IEA"

NO_HUB, NOT_STATED = "No hub", "not stated"

ASPECTS = ["Energy", "Water", "Carbon", "Hardware", "Metric", "Date", "Follow-up", "Binding"]
STATES = ["yes", "in part", "no", "rejected", "not known"]
_STATE = {
    "yes": "yes",
    "partly": "in part",
    "not_yet": "in part",
    "no": "no",
    "negative": "rejected",
    "binding": "yes",
    "mixed": "in part",
    "administrative": "in part",
    "voluntary": "no",
    "non_binding": "no",
}

# Bindingness in five steps that a reader can tell apart (condition: of an approval or of a public purchase);
# information and subsidies ask nothing of anyone.
FORCES = ["law in force", "condition", "administrative target", "proposal", "goal or voluntary"]
_FORCE = {
    "binding_law": FORCES[0],
    "mandatory_standard": FORCES[0],
    "condition": FORCES[1],
    "administrative": FORCES[2],
    "proposed_law": FORCES[3],
    "guidance_or_goal": FORCES[4],
    "voluntary": FORCES[4],
}
SITE_TOPICS = ("energy", "green power", "heat", "transparency", "energy review", "labelling")


def own_panels() -> tuple[str, str]:
    """Return the two panels of the report's own country: the IEA on it, and other publishers."""
    place = settings.load().place
    return f"{place}, {_AGENCY}", f"{place}, other publishers"


def regions() -> list[str]:
    """Return the regions whose electricity is compared, in order: the world, the rival, Europe, the own country."""
    own = settings.load()
    return [name for name in ("World", own.rival_place, "Europe", own.place) if name]


def panels() -> list[str]:
    """Return the panels in which :func:`electricity` shows its regions: the own country has two."""
    return [*regions()[:-1], *own_panels()]


def hub_groups() -> list[str]:
    """Return the groups of provinces by their hub: the labels of the table ``computing_hubs``, then those without."""
    return [*data.labels("computing_hubs", "group").values(), NO_HUB]


def control_classes() -> list[str]:
    """Return the classes of export control of a chip, in order; the last is that none is stated."""
    return [*data.labels("chips", "control").values(), NOT_STATED]


def provision_groups() -> list[str]:
    """Return the groups of the compared documents, in order."""
    return list(data.labels("provisions", "group").values())


def jurisdictions() -> dict[str, str]:
    """Return the names of countries and unions by ``iso3``."""
    return dict(data.load("countries")[["iso3", "name_en"]].itertuples(index=False))


def seen(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that were read or seen in part, without those that a later edition replaces."""
    kept = data.seen(rows)
    return kept[~kept["is_superseded"].fillna(False).astype(bool)] if "is_superseded" in kept else kept


def one(indicators: pd.DataFrame, observation_id: str) -> pd.Series:
    """Return one observation; ``KeyError`` when it is not there or was only recalled."""
    found = seen(indicators).loc[lambda rows: rows["observation_id"] == observation_id]
    if len(found) != 1:
        raise KeyError(observation_id)
    return found.iloc[0]


def yearly_growth(first: float, last: float, years: float) -> float:
    """Return the average growth a year, as a share, from ``first`` to ``last`` over ``years`` (> 0)."""
    if first <= 0 or years <= 0:
        raise ValueError("growth needs a positive start and a positive number of years")
    return (last / first) ** (1 / years) - 1


# ------------------------------------------------------------------------------------------------------------- compute


def compute_counts(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return the national counts of computing capacity of the own country, by count, part, producer and date.

    Columns: ``count`` (the convention: :data:`FP32`, :data:`FP16` or :data:`DEVICE`), ``part``, ``producer``,
    ``date`` and ``date_end`` (a figure for a calendar year spans it), ``eflops``, ``published_as`` (``figure``,
    ``more than``, ``estimate``, ``goal``), ``source_id``. Own sums, cases of third parties and second reports of the
    same figure are left out; goals stay, whatever their year.
    """
    rows = seen(indicators)
    rows = rows[rows["indicator"].isin(COUNTS) & (rows["region"] == settings.load().place) & rows["subregion"].isna()]
    rows = rows[~rows["is_derived"].fillna(False).astype(bool) & (rows["kind"] != "projection")]
    goal, more = rows["kind"] == "target", rows["qualifier"] == "at_least"
    market = (rows["kind"] == "estimate") & (rows["date_precision"] == "year")
    yearly = rows["date_precision"] == "year"
    table = pd.DataFrame(
        {
            "count": rows["indicator"].map(lambda code: COUNTS[code][0]),
            "part": rows["indicator"].map(lambda code: COUNTS[code][1]),
            "producer": rows["producer"],
            "date": rows["date"],
            "date_end": (rows["date"] + pd.offsets.YearEnd()).where(yearly, rows["date"]),
            "eflops": rows["value"],
            "published_as": "figure",
            "source_id": rows["source_id"],
        }
    )
    table.loc[more, "published_as"] = "more than"
    table.loc[market, "published_as"] = "estimate"
    table.loc[goal, "published_as"] = "goal"
    # An exact second report of a figure, or a plain figure beside the "more than" of the same producer, is one point.
    table = table.sort_values("published_as", key=lambda kind: kind != "more than", kind="stable")
    table = table.drop_duplicates(["count", "part", "date", "eflops"])
    return table.sort_values(["count", "part", "date"], ignore_index=True)


# --------------------------------------------------------------------------------------------------------- electricity


def electricity(indicators: pd.DataFrame, last_year: int = 2030) -> pd.DataFrame:
    """Return published electricity of data centres, one row for a value or range as published.

    Columns: ``panel`` (:func:`panels`; the IEA and other publishers on the own country stand apart), ``publisher``
    (with edition), ``year``, ``is_projection``, ``case`` (scenario), ``value``, ``low``, ``high`` (TWh; a row published
    as a range has no ``value``), ``qualifier``, ``confidence``, ``note``, ``source_id``. Years after ``last_year`` are
    left out.
    """
    rows = seen(indicators)
    rows = rows[rows["indicator"] == "datacentre_electricity_twh"]
    rows = rows[(rows["date"].dt.year <= last_year) & rows["region"].isin(regions())]
    label = rows["vintage"].astype("object").where(rows["vintage"].notna(), rows["producer"])
    # An old IEA number for China without an edition is named by its case.
    label = label.where(~((label == _AGENCY) & rows["scenario"].notna()), rows["scenario"])
    panel = rows["region"].astype("object")
    agency, others = own_panels()
    split = rows["producer"].map(lambda producer: agency if producer == _AGENCY else others)
    panel = panel.where(panel != settings.load().place, split)
    # Publishers whose estimate and projection carry different labels in the data have one name.
    known = data.labels("indicators", "producer") | data.labels("indicators", "vintage")
    is_range = rows["is_range_midpoint"].fillna(False).astype(bool)
    table = pd.DataFrame(
        {
            "panel": pd.Categorical(panel, panels(), ordered=True),
            "publisher": label.map(lambda name: known.get(name, name)),
            "year": rows["date"].dt.year,
            "is_projection": rows["kind"] == "projection",
            "case": rows["scenario"],
            "value": rows["value"].mask(is_range),
            "low": rows["lower"].fillna(rows["value"]),
            "high": rows["upper"].fillna(rows["value"]),
            "qualifier": rows["qualifier"],
            "confidence": rows["confidence"],
            "note": rows["method_note"],
            "source_id": rows["source_id"],
        }
    )
    return table.sort_values(["panel", "publisher", "year", "low"], ignore_index=True)


def baselines(published: pd.DataFrame, year: int) -> pd.DataFrame:
    """Return the rows of :func:`electricity` on all data centres of the own country in a year, of any publisher."""
    return published[published["panel"].isin(own_panels()) & (published["year"] == year)]


def outlooks(published: pd.DataFrame, since: int = 2026) -> pd.DataFrame:
    """Return one row for each publisher and edition that projects a year from ``since`` on.

    ``published`` is the result of :func:`electricity`. Columns: ``panel``, ``publisher``, ``from_year``, ``from_low``,
    ``from_high`` (its latest estimate of a past year, TWh; missing where it gives none), ``to_year``, ``to_low``,
    ``to_high`` (span of all its cases and ranges in its last projected year), ``to_central`` (the case called base or
    reference, or the only point; missing for a bare range or several equal cases), ``confidence`` (the weakest of its
    projections), ``source_ids``. Raises ``NoRows`` without any.
    """
    found = []
    for (panel, publisher), rows in published.groupby(["panel", "publisher"], observed=True, sort=False):
        ahead = rows[rows["is_projection"] & (rows["year"] >= since)]
        if ahead.empty:
            continue
        ahead = ahead[ahead["year"] == ahead["year"].max()]
        past = rows[~rows["is_projection"]]
        past = past[past["year"] == past["year"].max()]
        named = ahead["case"].str.contains("Base|reference", na=False) & ahead["value"].notna()
        points = ahead.loc[named, "value"] if named.any() else ahead["value"].dropna()
        # Two roundings of one case (945 and 946) are one point; equal cases without a base have no centre.
        central = points.iloc[0] if len(points) and (named.any() or len(points) == 1) else float("nan")
        found.append(
            {
                "panel": panel,
                "publisher": publisher,
                "from_year": past["year"].max() if len(past) else pd.NA,
                "from_low": past["low"].min(),
                "from_high": past["high"].max(),
                "to_year": ahead["year"].max(),
                "to_low": ahead["low"].min(),
                "to_high": ahead["high"].max(),
                "to_central": central,
                "confidence": str(ahead["confidence"].max()),
                "source_ids": tuple(dict.fromkeys([*past["source_id"], *ahead["source_id"]])),
            }
        )
    table = data.need(pd.DataFrame(found), "indicators", "projections").astype(
        {"from_year": "Int64", "to_year": "Int64"}
    )
    return table.sort_values(["panel", "to_high"], ignore_index=True)


# ---------------------------------------------------------------------------------------------------------------- grid


def grid_intensity(indicators: pd.DataFrame, regions: Sequence[str]) -> pd.DataFrame:
    """Return the carbon intensity of electricity by region and year (Ember, life-cycle gCO2e/kWh).

    Columns: ``region``, ``year``, ``intensity``, ``older_edition`` (the value comes from an older copy of the series),
    ``source_id``.
    """
    rows = seen(indicators)
    rows = rows[(rows["indicator"] == "grid_carbon_intensity_gco2_per_kwh") & rows["region"].isin(regions)]
    latest = rows["vintage"] == "OWID 2026"
    table = pd.DataFrame(
        {
            "region": rows["region"].astype(str),
            "year": rows["date"].dt.year,
            "intensity": rows["value"],
            "older_edition": ~latest,
            "source_id": rows["source_id"],
        }
    )
    return table.sort_values(["region", "year"], ignore_index=True)


def provincial_factors(indicators: pd.DataFrame, hubs: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return the official average emission factors of provinces, highest first.

    ``hubs`` is the table ``computing_hubs`` (default: that of this report). Columns: ``province``, ``factor``
    (gCO2/kWh, CO2 only, by location, 2023), ``hub`` (missing for none), ``hub_group`` (:func:`hub_groups`),
    ``source_id``. Regional grids and the national average are left out.
    """
    rows = seen(indicators)
    rows = rows[(rows["indicator"] == "grid_emission_factor_official_gco2_per_kwh") & rows["subregion"].notna()]
    rows = rows[~rows["subregion"].str.endswith(" grid")]
    known = (data.load("computing_hubs") if hubs is None else hubs).set_index("subregion").astype(str)
    group = rows["subregion"].map(known["group"]).map(data.labels("computing_hubs", "group")).fillna(NO_HUB)
    table = pd.DataFrame(
        {
            "province": rows["subregion"],
            "factor": rows["value"],
            "hub": rows["subregion"].map(known["hub"]),
            "hub_group": pd.Categorical(group, hub_groups(), ordered=True),
            "source_id": rows["source_id"],
        }
    )
    return table.sort_values("factor", ascending=False, ignore_index=True)


def siting_change(factors: pd.DataFrame, origins: Sequence[str] | None = None) -> pd.DataFrame:
    """Return the change of CO2 when one kWh of load moves from a province to a western hub, by location (g/kWh).

    ``factors`` is the result of :func:`provincial_factors`. Rows are the provinces of the other hubs (or ``origins``),
    columns the provinces of the western hubs; a positive number means more CO2. Average factors: what a new load adds
    at the margin, and what contracts for green power change, is not in it.
    Raises ``NoRows`` without factors.
    """
    factor = data.need(factors, "indicators", "factors").set_index("province")["factor"]
    western, other, _ = hub_groups()
    west = factors.loc[factors["hub_group"] == western, "province"]
    east = list(origins) if origins is not None else list(factors.loc[factors["hub_group"] == other, "province"])
    return pd.DataFrame({to: {start: factor[to] - factor[start] for start in east} for to in sorted(west)})


# ------------------------------------------------------------------------------------------------- PUE and green power


def pue_averages(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return reported and projected averages of power usage effectiveness (PUE).

    Columns: ``label`` (region, maker and time), ``region``, ``maker``, ``year``, ``pue``, ``is_projection``,
    ``source_id``. Averages of different makers cover different populations.
    """
    rows = seen(indicators)
    rows = rows[(rows["indicator"] == "pue_average") & (rows["kind"] != "target") & rows["subject"].isna()]
    rows = rows[rows["producer"].notna()]
    when = (
        rows["date"]
        .dt.year.astype(str)
        .where(rows["date_precision"] == "year", "mid-" + rows["date"].dt.year.astype(str))
    )
    table = pd.DataFrame(
        {
            "label": rows["region"].astype(str) + ", " + rows["producer"].str.removesuffix(" Institute") + ", " + when,
            "region": rows["region"].astype(str),
            "maker": rows["producer"],
            "year": rows["date"].dt.year,
            "pue": rows["value"],
            "is_projection": rows["kind"] == "projection",
            "source_id": rows["source_id"],
        }
    )
    return table.sort_values(["region", "year", "maker"], ignore_index=True)


def pue_limits(policies: pd.DataFrame) -> pd.DataFrame:
    """Return the limits and goals for PUE of programmes that have not ended.

    Columns: ``label`` (jurisdiction, who is covered, from when), ``iso3``, ``pue``, ``comparator``, ``deadline``,
    ``force`` (:data:`FORCES`), ``source_id``.
    """
    rows = seen(policies)
    rows = rows[rows["metric"].str.startswith("pue", na=False) & rows["value"].notna() & (rows["status"] != "ended")]
    where = rows["subregion"].fillna(rows["iso3"].map(jurisdictions()))
    who = (
        rows["applies_to"]
        .str.removesuffix(" data centres")
        .replace({"data centres bought by government": "public purchase"})
    )
    when = rows["deadline"].dt.year.astype("Int64").astype("string").radd(", ").fillna(", no year seen")
    table = pd.DataFrame(
        {
            "label": where
            + ": "
            + who.str.replace("Union average", "average").str.replace("start from 2026-07-01", "new sites")
            + when,
            "iso3": rows["iso3"],
            "pue": rows["value"],
            "comparator": rows["comparator"].astype(str),
            "deadline": rows["deadline"],
            "force": rows["bindingness"].astype(str).map(_FORCE),
            "source_id": rows["source_id"],
        }
    )
    return table.sort_values(["iso3", "deadline", "pue"], ignore_index=True)


def green_power(indicators: pd.DataFrame, policies: pd.DataFrame) -> pd.DataFrame:
    """Return reported shares of renewable power in data centres of the own country beside the shares asked for.

    Columns: ``year`` (reported: the year of the figure; asked: the deadline), ``share`` (percent), ``role``
    (``reported`` or a code of what is asked), ``label``, ``iso3``, ``source_id``. The accounting bases of the reported
    shares differ.
    """
    rows = seen(indicators)
    rows = rows[(rows["indicator"] == "renewable_share_datacentres") & (rows["kind"] != "target")]
    reported = pd.DataFrame(
        {
            "year": rows["date"].dt.year,
            "share": rows["value"],
            "role": "reported",
            "label": rows["producer"],
            "iso3": settings.load().iso3,
            "source_id": rows["source_id"],
        }
    )
    asks = seen(policies)
    asks = asks[(asks["metric"] == "renewable_share") & asks["value"].notna()]
    asked = pd.DataFrame(
        {
            "year": asks["deadline"].dt.year,
            "share": asks["value"],
            "role": asks["bindingness"].astype(str),
            "label": asks["applies_to"],
            "iso3": asks["iso3"],
            "source_id": asks["source_id"],
        }
    )
    return pd.concat([reported, asked], ignore_index=True).sort_values(["role", "year"], ignore_index=True)


# --------------------------------------------------------------------------------------------------------------- chips


def chip_efficiency(chips: pd.DataFrame) -> pd.DataFrame:
    """Return dense FP16 work per watt of chips and systems on sale, one row for a model and source.

    Columns: ``model``, ``vendor``, ``year``, ``unit`` (``chip`` or ``system``: never compared with each other),
    ``tflops_per_w`` (peak rate by rated power), ``control`` (:func:`control_classes`), ``status``, ``confidence``,
    ``source_id``. Planned chips and rows whose note says that the rate or the power was recalled are left out.
    """
    rows = seen(chips)
    rows = rows[rows["fp16_tflops_per_w"].notna() & ~rows["is_planned"].fillna(False)]
    rows = rows[~rows["note"].str.contains(r"FP16 recalled|\d W recalled", na=False)]
    system = rows["unit_type"] == "system"
    table = pd.DataFrame(
        {
            "model": rows["model"]
            .str.replace(r" \((?:SXM4|SXM5|second source|OAM|PCIe|Atlas 900 A3)\)|(?: 80GB)? SXM5?.*", "", regex=True)
            .str.removesuffix(", launch figures")
            .str.removeprefix("HGX "),
            "vendor": rows["vendor"],
            "year": rows["announced"].dt.year,
            "unit": system.map({True: "system", False: "chip"}),
            "tflops_per_w": rows["fp16_tflops_per_w"],
            "control": rows["control"].map(data.labels("chips", "control")).astype(object).fillna(NOT_STATED),
            "status": rows["export_control_status"],
            "confidence": rows["confidence"].astype(str),
            "source_id": rows["source_id"],
        }
    )
    return table.sort_values(["unit", "tflops_per_w"], ascending=[True, False], ignore_index=True)


# --------------------------------------------------------------------------------------------- documents, requirements


def provision_matrix(provisions: pd.DataFrame) -> pd.DataFrame:
    """Return what each compared document names and sets, one row for a document and aspect.

    Columns: ``provision_id``, ``group`` (:func:`provision_groups`), ``document`` (short label), ``passage`` (article or
    part), ``aspect`` (:data:`ASPECTS`), ``state`` (:data:`STATES`), ``asks``, ``detail``, ``source_id``. ``Metric`` is
    something measurable, ``Date`` a deadline or period, ``Follow-up`` any reporting or review, ``Binding`` law (in
    part: administrative). Documents whose text was not read are left out. Raises ``NoRows`` without any.
    """
    rows = seen(provisions)
    rows = data.need(rows[rows["bindingness"].notna()], "provisions")
    groups = data.labels("provisions", "group")
    rows = rows.assign(group=pd.Categorical(rows["group"].map(groups), provision_groups(), ordered=True))
    rows = rows.sort_values(["group", "place"], kind="stable")
    found = []
    for row in rows.itertuples():
        dated = pd.notna(row.deadline) or pd.notna(row.deadline_note)
        follow = "no" if row.reporting_duty == "none" else "yes"
        if pd.isna(row.reporting_duty) or "recalled" in row.reporting_duty:
            follow = "not known"
        states = {
            "Energy": _STATE.get(row.mentions_energy, "not known"),
            "Water": _STATE.get(row.mentions_water, "not known"),
            "Carbon": _STATE.get(row.mentions_carbon_climate, "not known"),
            "Hardware": _STATE.get(row.mentions_hardware, "not known"),
            "Metric": _STATE.get(row.measurable_metric, "not known"),
            "Date": "yes" if dated else "no",
            "Follow-up": follow,
            "Binding": _STATE[row.bindingness],
        }
        detail = {
            "Metric": row.metric,
            "Follow-up": row.reporting_duty,
            "Binding": str(row.bindingness).replace("_", "-"),
            "Date": row.deadline_note if pd.notna(row.deadline_note) else _year(row.deadline),
        }
        for aspect, state in states.items():
            found.append(
                {
                    "provision_id": row.provision_id,
                    "group": row.group,
                    "document": row.document if pd.isna(row.short_name) else row.short_name,
                    "passage": row.provision,
                    "aspect": aspect,
                    "state": state,
                    "asks": row.asks,
                    "detail": detail.get(aspect),
                    "source_id": row.source_id,
                }
            )
    table = pd.DataFrame(found)
    table["detail"] = table["detail"].where(table["detail"].notna(), "")
    table["group"] = pd.Categorical(table["group"], provision_groups(), ordered=True)
    return table


def _year(date: pd.Timestamp) -> str:
    return "" if pd.isna(date) else str(date.year)


def requirements(policies: pd.DataFrame, topics: Sequence[str] = SITE_TOPICS) -> pd.DataFrame:
    """Return the requirements with a number on the energy, power, heat and reporting of data centres and models.

    Columns: those of the table, and ``jurisdiction``, ``force`` (:data:`FORCES`), ``required`` (comparator, value,
    unit) and ``by`` (year, or ``no date``). Only rows that ask something of somebody: subsidies, status figures and
    programmes that ended are left out.
    """
    rows = seen(policies)
    rows = rows[rows["topic"].isin(topics) & rows["value"].notna() & (rows["status"] != "ended")]
    rows = rows.assign(
        jurisdiction=rows["iso3"].map(jurisdictions()).fillna(rows["entity"]),
        force=rows["bindingness"].astype(str).map(_FORCE),
    )
    rows = rows[rows["force"].notna()]
    sign = {"ge": "≥ ", "gt": "> ", "le": "≤ ", "lt": "< ", "about": "about ", "eq": ""}
    unit = rows["unit"].fillna("").replace({"ratio": "", "percent": "%", "percent per year": "% a year"})
    number = rows["value"].map(lambda value: f"{value:,.4g}")
    space = unit.map(lambda word: "" if word.startswith("%") or not word else " ")
    rows = rows.assign(required=rows["comparator"].astype(str).map(sign).fillna("") + number + space + unit)
    rows["by"] = rows["deadline"].dt.year.astype("Int64").astype("string").fillna("no date")
    rows["force"] = pd.Categorical(rows["force"], FORCES, ordered=True)
    return rows.sort_values(["jurisdiction", "force", "deadline"], ignore_index=True)


def requirement_counts(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the number of requirements (``count``) by ``jurisdiction`` and ``force``; empty pairs are left out."""
    return rows.groupby(["jurisdiction", "force"], observed=True).size().rename("count").reset_index()


def requirement_steps(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for what one instrument asks in several steps or of several groups.

    ``rows`` is from :func:`requirements`. Columns: ``jurisdiction``, ``name``, ``what`` (requirement and who is
    covered), ``steps`` (values, each with its year and, where it differs, who is covered), ``force``, ``source_id``.
    """
    found = []
    keys = ["jurisdiction", "force", "name", "requirement", "source_id"]
    for (jurisdiction, force, name, asks, source), group in rows.groupby(keys, observed=True, sort=False):
        alike = group["applies_to"].nunique() == 1
        whom = group["applies_to"].iloc[0]
        notes = group["by"] if alike else group["applies_to"] + ", " + group["by"]
        found.append(
            {
                "jurisdiction": jurisdiction,
                "name": name,
                "what": f"{asks} ({whom})" if alike else asks,
                "steps": "; ".join(f"{value} ({note})" for value, note in zip(group["required"], notes, strict=True)),
                "force": force,
                "source_id": source,
            }
        )
    columns = ["jurisdiction", "name", "what", "steps", "force", "source_id"]
    return pd.DataFrame(found, columns=columns)


WATER = {
    "datacentre_water_direct": "used on site",
    "datacentre_water_indirect": "used by the power plants that serve them",
    "datacentre_water_total": "on site and by power plants",
}


def water(indicators: pd.DataFrame) -> pd.DataFrame:
    """Return the published figures for the water of data centres (billion litres a year).

    Columns: ``region``, ``year``, ``boundary`` (:data:`WATER`; figures with different boundaries are not compared),
    ``value`` (text, a range where one was published), ``is_projection``, ``producer``, ``confidence``, ``source_id``.
    """
    rows = seen(indicators)
    rows = rows[rows["indicator"].isin(WATER)]
    prefix = rows["qualifier"].astype("object").map({"at_least": "more than ", "about": "about "}).fillna("")
    value, lower, upper = (rows[name].map("{:,.4g}".format).astype(object) for name in ("value", "lower", "upper"))
    single, spans = prefix + value, lower + " to " + upper
    where = rows["region"].astype(str) + rows["subject"].radd(", ").fillna("")
    table = pd.DataFrame(
        {
            "region": where,
            "year": rows["date"].dt.year,
            "boundary": rows["indicator"].map(WATER),
            "value": single.where(~rows["is_range_midpoint"].fillna(False), spans),
            "is_projection": rows["kind"] == "projection",
            "producer": rows["producer"],
            "confidence": rows["confidence"].astype(str),
            "source_id": rows["source_id"],
        }
    )
    # "boundary not stated" is what the note says of one row counted as direct.
    unstated = rows["method_note"].str.contains("boundary not stated", na=False)
    table.loc[unstated.to_numpy(), "boundary"] = "not stated"
    return table.sort_values(["region", "year", "boundary"], ignore_index=True)


def open_questions(disagreements: pd.DataFrame, chapter: str) -> pd.DataFrame:
    """Return the questions of a chapter on which both values still stand: open ones first, then those where both hold.

    Columns: those of the table; pointers to other rows are cut from ``resolution``.
    """
    rows = disagreements[(disagreements["chapter"] == chapter) & disagreements["settled"].isin(["open", "both_hold"])]
    rows = rows.assign(resolution=rows["resolution"].str.replace(r"; see also dis_\w+", "", regex=True))
    return rows.sort_values("settled", key=lambda state: state != "open", kind="stable", ignore_index=True)
