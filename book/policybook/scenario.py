"""A small model of the electricity and CO2 of data centres to 2030, with ranges instead of single numbers.

The model splits the load into AI-type (accelerated) and conventional computing. With ``n`` years after 2024::

    IT0        = e0 / pue0                                          [TWh]
    AI(n)      = IT0 * a0 * (g / h)^n * u                           (u = 1 in the base year, which is e0 itself)
    Conv(n)    = IT0 * (1 - a0) * (1 + gc)^n
    E(n)       = (AI(n) + Conv(n)) * PUE(n)                         [TWh], PUE linear from pue0 to pue_end
    CO2loc(n)  = E(n) * ci0 * (1 - d)^n / 1000                      [Mt]
    CO2mkt(n)  = E(n) * (1 - s) * rf * ci0 * (1 - d)^n / 1000       [Mt]

The parameters, their units and their ranges are in the table ``scenario_parameters``. They are drawn uniform and
independent on a Sobol sequence (I. M. Sobol', USSR Comput. Math. Math. Phys. 7(4), 1967, 86-112, with the direction
numbers of S. Joe and F. Y. Kuo, SIAM J. Sci. Comput. 30, 2008, 2635-2654), scrambled after A. B. Owen (J. Complexity
14, 1998, 466-489), as ``scipy.stats.qmc.Sobol`` does. The ranges are the judgement of this report, partly tuned to the
IEA: the percentiles say what follows from them, and are not probabilities. The world is not the sum of the other cases.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from policybook import data, energy, settings

# In the order of the columns of the Sobol sequence.
PARAMETERS = {
    "e0": "Electricity in the base year",
    "a0": "AI share in the base year",
    "g": "Growth of AI computing",
    "h": "Gain in work per kWh of AI",
    "u": "Load-factor correction",
    "gc": "Growth of conventional load",
    "pue0": "PUE in the base year",
    "pue_end": "PUE in 2030",
    "ci0": "Carbon intensity in the base year",
    "d": "Decline of carbon intensity",
    "s": "Share matched with green power",
    "rf": "Residual factor",
}
BASE_YEAR, LAST_YEAR = 2024, 2030
YEARS = range(BASE_YEAR, LAST_YEAR + 1)
POINTS, SEED = 4096, 2025
PERCENTILES = (5, 50, 95)
HOURS = 8.76  # thousand hours in a year: GW times this is TWh

# The policy switches, in the order of the report, and how far each goes: the PUE of all centres in the last year, the
# share matched with green power, and what is added to the yearly gain in work per kilowatt-hour.
SWITCH_PUE, SWITCH_GREEN, SWITCH_WORK = 1.25, 0.8, 0.05
SWITCHES = ("pue", "green", "work", "chips")

OTHER_BASE = "Base year of the other case"

# What is assumed for the electricity of published AI computing: work per watt of whole systems (TFLOPS/W, dense FP16),
# load factor, PUE, other overhead (share). Ranges of this report's judgement; e, a divisor that spans a factor of
# three, is drawn uniform in its logarithm.
BOTTOM_UP = {"e": (0.40, 1.10), "lf": (0.35, 0.75), "pue": (1.25, 1.45), "o": (0.0, 0.15)}

# Other assumptions that are tried: the rank correlation of growth and gain, and a lower AI share of the Chinese load.
CORRELATION = 0.5
LESS_AI = (0.06, 0.24)

Ranges = Mapping[str, tuple[float, float]]


class Outcome(NamedTuple):
    """Results of the model: arrays of points by years; ``ai_share`` is the AI-type share of the IT load."""

    electricity: np.ndarray
    ai_share: np.ndarray
    co2_location: np.ndarray
    co2_market: np.ndarray


def cases() -> dict[str, str]:
    """Return the cases of the model with their names, in order."""
    return data.labels("scenario_parameters", "case")


def switch_names() -> dict[str, str]:
    """Return the policy switches (:data:`SWITCHES`) with their names."""
    names = (
        f"PUE {SWITCH_PUE} everywhere in {LAST_YEAR}",
        f"{SWITCH_GREEN:.0%} matched with green power",
        f"Work per kWh: +{SWITCH_WORK} a year",
        f"Work per kWh as on {settings.load().adjective} chips",
    )
    return dict(zip(SWITCHES, names, strict=True))


# ------------------------------------------------------------------------------------------------------------ the model


def ranges(parameters: pd.DataFrame, case: str, **changes: tuple[float, float]) -> dict[str, tuple[float, float]]:
    """Return low and high of each parameter of a case (:func:`cases`), with ``changes`` put in place of some.

    ``parameters`` is the table ``scenario_parameters``. A case without a residual factor has 1: its market-based value
    then lacks the correction for green power that others bought. Raises ``KeyError`` for an unknown case or parameter,
    ``ValueError`` where a low lies above its high, ``NoRows`` without any parameter.
    """
    data.need(parameters, "scenario_parameters")
    rows = parameters[parameters["case"] == case]
    if rows.empty:
        raise KeyError(case)
    if unknown := set(changes) - set(PARAMETERS):
        raise KeyError(*unknown)
    found = {name: (float(low), float(high)) for name, low, high in rows[["parameter", "low", "high"]].to_numpy()}
    found = {"rf": (1.0, 1.0)} | found | changes
    for name, (low, high) in found.items():
        if low > high:
            raise ValueError(f"{name}: {low} lies above {high}")
    return {name: found[name] for name in PARAMETERS}


def unit_points(dimensions: int, points: int = POINTS, seed: int = SEED) -> np.ndarray:
    """Return scrambled Sobol points in the unit cube, one row for a point; ``points`` is a power of two.

    Raises ``ValueError`` for another number of points, at which the sequence loses its balance.
    """
    from scipy.stats import qmc  # takes more than a second to import

    if points < 1 or points & (points - 1):
        raise ValueError(f"{points} points: the number must be a power of two")
    return qmc.Sobol(dimensions, scramble=True, rng=np.random.default_rng(seed)).random(points)


def sample(
    given: Ranges, points: int = POINTS, seed: int = SEED, correlation: float = 0.0, unit: np.ndarray | None = None
) -> pd.DataFrame:
    """Return the draws of the parameters, one column for each of :data:`PARAMETERS`; ``given`` is from :func:`ranges`.

    With ``correlation`` (-1 to 1) growth ``g`` and gain ``h`` are drawn with that rank correlation by a Gaussian
    copula: normal scores with the correlation 2 sin(pi rho / 6) (K. Pearson, Drapers' Company Research Memoirs IV,
    1907). A column uses its own dimension of the sequence, so that two cases or a changed range stand on the same
    points; ``unit`` gives these (from :func:`unit_points`) where they are at hand.
    """
    unit = unit_points(len(PARAMETERS), points, seed) if unit is None else unit
    drawn = pd.DataFrame(unit, columns=list(PARAMETERS))
    if correlation:
        from scipy.special import ndtr, ndtri

        rho = 2 * np.sin(np.pi * correlation / 6)
        drawn["h"] = ndtr(rho * ndtri(drawn["g"]) + np.sqrt(1 - rho**2) * ndtri(drawn["h"]))
    low = np.array([given[name][0] for name in PARAMETERS])
    high = np.array([given[name][1] for name in PARAMETERS])
    return low + drawn * (high - low)


def middle(given: Ranges) -> pd.DataFrame:
    """Return the mid-range of each parameter as a sample of one point; ``given`` is from :func:`ranges`."""
    return pd.DataFrame({name: [(given[name][0] + given[name][1]) / 2] for name in PARAMETERS})


def run(drawn: pd.DataFrame, years: int = LAST_YEAR - BASE_YEAR) -> Outcome:
    """Return the results of the model for draws from :func:`sample`, from the base year to ``years`` after it.

    The market-based value uses ``s``, the share in 2030, in every year: read it for the last year only.
    """
    n = np.arange(years + 1)
    v = {name: drawn[name].to_numpy()[:, None] for name in PARAMETERS}
    load = v["e0"] / v["pue0"]
    ai = load * v["a0"] * (v["g"] / v["h"]) ** n * np.where(n == 0, 1.0, v["u"])
    conventional = load * (1 - v["a0"]) * (1 + v["gc"]) ** n
    pue = v["pue0"] + (v["pue_end"] - v["pue0"]) * n / max(years, 1)
    electricity = (ai + conventional) * pue
    location = electricity * v["ci0"] * (1 - v["d"]) ** n / 1000
    return Outcome(electricity, ai / (ai + conventional), location, location * (1 - v["s"]) * v["rf"])


def percentiles(outcome: Outcome, first_year: int = BASE_YEAR) -> pd.DataFrame:
    """Return 5, 50 and 95 percent of the draws by quantity and year.

    Columns: ``quantity`` (a field of :class:`Outcome`), ``year``, ``low``, ``median``, ``high`` (TWh, share, Mt).
    """
    found = []
    for quantity, values in outcome._asdict().items():
        for position, at in enumerate(np.percentile(values, PERCENTILES, axis=0).T):
            found.append((quantity, first_year + position, *at))
    return pd.DataFrame(found, columns=["quantity", "year", "low", "median", "high"])


def samples(parameters: pd.DataFrame, points: int = POINTS, seed: int = SEED) -> dict[str, pd.DataFrame]:
    """Return the draws of every case, all on the same points of one sequence."""
    unit = unit_points(len(PARAMETERS), points, seed)
    return {case: sample(ranges(parameters, case), unit=unit) for case in cases()}


def fans(drawn: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the percentiles of every case, 2024 to 2030.

    ``drawn`` is from :func:`samples`. Columns: ``case``, and those of :func:`percentiles`.
    """
    return pd.concat([percentiles(run(draws)).assign(case=case) for case, draws in drawn.items()], ignore_index=True)[
        ["case", "quantity", "year", "low", "median", "high"]
    ]


# ------------------------------------------------------------------------------------------------------- what drives it


def rank_correlations(drawn: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return the rank correlation of each parameter that varies with the results of 2030.

    C. Spearman, Am. J. Psychol. 15, 1904, 72-101. Columns: ``case``, ``quantity`` (``electricity``, ``co2_location``,
    ``co2_market``), ``parameter``, ``correlation``.
    """
    found = []
    for case, draws in drawn.items():
        varying = draws.loc[:, draws.nunique() > 1].rank()
        outcome = run(draws)
        for quantity in ("electricity", "co2_location", "co2_market"):
            result = pd.Series(getattr(outcome, quantity)[:, -1]).rank()
            for parameter, correlation in varying.corrwith(result).items():
                found.append((case, quantity, parameter, correlation))
    return pd.DataFrame(found, columns=["case", "quantity", "parameter", "correlation"])


def switched(drawn: Mapping[str, pd.DataFrame], case: str, switch: str) -> pd.DataFrame:
    """Return the draws of a case with a policy switch (:data:`SWITCHES`) on; everything else stays as drawn.

    ``chips`` puts the gain in work per kWh where the Chinese cases have it, point by point; on these it changes
    nothing. Raises ``KeyError`` for an unknown switch.
    """
    draws = drawn[case]
    change = {
        "pue": {"pue_end": SWITCH_PUE},
        "green": {"s": SWITCH_GREEN},
        "work": {"h": draws["h"] + SWITCH_WORK},
        "chips": {"h": drawn["china_iea"]["h"]},
    }
    return draws.assign(**change[switch])


def _medians(draws: pd.DataFrame) -> dict[str, float]:
    outcome = run(draws)
    return {name: float(np.median(getattr(outcome, name)[:, -1])) for name in outcome._fields if name != "ai_share"}


def switches(drawn: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what each policy switch changes in 2030: the median with the switch less the median without.

    ``drawn`` is from :func:`samples`. Columns: ``case``, ``switch``, ``quantity`` (``electricity`` in TWh,
    ``co2_location`` and ``co2_market`` in Mt), ``median`` (without), ``change``, ``share`` (change by median).
    """
    found = []
    for case, draws in drawn.items():
        before = _medians(draws)
        for switch in SWITCHES:
            after = _medians(switched(drawn, case, switch))
            found += [(case, switch, name, before[name], after[name] - before[name]) for name in before]
    table = pd.DataFrame(found, columns=["case", "switch", "quantity", "median", "change"])
    return table.assign(share=table["change"] / table["median"])


def base_year_effect(drawn: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Return what separates the two Chinese cases: one range of the other case put in, the rest as drawn.

    Columns: ``case`` (that is changed), ``parameter`` (whose range comes from the other case; ``all`` for every one),
    ``median`` (TWh in 2030 without the change), ``change``, ``share``.
    """
    found = []
    for case, other in (("china_iea", "china_cn"), ("china_cn", "china_iea")):
        before = _medians(drawn[case])["electricity"]
        differ = [name for name in PARAMETERS if not drawn[case][name].equals(drawn[other][name])]
        for name, columns in [*((name, [name]) for name in differ), ("all", differ)]:
            after = _medians(drawn[case].assign(**drawn[other][columns]))["electricity"]
            found.append((case, name, before, after - before, after / before - 1))
    return pd.DataFrame(found, columns=["case", "parameter", "median", "change", "share"])


def sensitivities(parameters: pd.DataFrame) -> pd.DataFrame:
    """Return the electricity of 2030 under other assumptions.

    Columns: ``case``, ``variant``, ``low``, ``median``, ``high`` (TWh). Variants: ``base``; ``together`` and ``apart``
    draw growth and gain with a rank correlation of plus and minus :data:`CORRELATION` (rebound, and its reverse);
    ``a0_06_24`` (China, Chinese base) draws the AI share from :data:`LESS_AI`; ``rebased_2025`` (world) starts in
    2025 from 475 to 495 TWh, an AI share of 0.15 to 0.32 and a growth of 1.5 to 1.8, and runs five years.
    """
    unit = unit_points(len(PARAMETERS))
    base = {case: ranges(parameters, case) for case in cases()}
    runs = [
        (case, variant, sample(base[case], correlation=rho, unit=unit), 6)
        for case in cases()
        for variant, rho in (("base", 0.0), ("together", CORRELATION), ("apart", -CORRELATION))
    ]
    wide = ranges(parameters, "china_cn", a0=LESS_AI)
    later = ranges(parameters, "world", e0=(475, 495), a0=(0.15, 0.32), g=(1.5, 1.8))
    runs += [
        ("china_cn", "a0_06_24", sample(wide, unit=unit), 6),
        ("world", "rebased_2025", sample(later, unit=unit), 5),
    ]
    rows = [
        (case, variant, *np.percentile(run(draws, years).electricity[:, -1], PERCENTILES))
        for case, variant, draws, years in runs
    ]
    return pd.DataFrame(rows, columns=["case", "variant", "low", "median", "high"])


# --------------------------------------------------------------------------------------------------------- cross-checks


def bottom_up(eflops: float, points: int = POINTS, seed: int = SEED) -> tuple[float, float, float]:
    """Return 5, 50 and 95 percent of the electricity (TWh a year) that ``eflops`` of AI computing (dense FP16) take.

    E = C / e * 8.76 * LF * PUE * (1 + o) / 1000, since 1 EFLOPS at 1 TFLOPS per watt is 1 MW; ranges:
    :data:`BOTTOM_UP`. Raises ``ValueError`` for a capacity that is not positive.
    """
    if not eflops > 0:
        raise ValueError("the capacity must be positive")
    unit = unit_points(len(BOTTOM_UP), points, seed)
    (least, most), *others = BOTTOM_UP.values()
    e = least * (most / least) ** unit[:, 0]
    lf, pue, o = (low + unit[:, i] * (high - low) for i, (low, high) in enumerate(others, start=1))
    low, median, high = np.percentile(eflops / e * HOURS * lf * pue * (1 + o) / 1000, PERCENTILES)
    return float(low), float(median), float(high)


def assumed() -> str:
    """Return the ranges of :data:`BOTTOM_UP` in words."""
    work, load, pue, overhead = BOTTOM_UP.values()
    return (
        f"{work[0]:.2f} to {work[1]:.2f} TFLOPS per watt of whole systems, load {load[0]:.2f} to {load[1]:.2f}, "
        f"PUE {pue[0]:.2f} to {pue[1]:.2f}, other overhead {100 * overhead[0]:.0f} to {100 * overhead[1]:.0f} percent"
    )


def from_capacity(gigawatts: float, capacity_factor: float) -> float:
    """Return the electricity (TWh a year) of an installed capacity (GW) at a capacity factor (share, 0 to 1)."""
    if not 0 <= capacity_factor <= 1:
        raise ValueError("the capacity factor is a share")
    return gigawatts * HOURS * capacity_factor


def spliced_growth(e0: float, a0: float, compute: float, h: float, gc: float) -> float:
    """Return the electricity (TWh) one year after ``e0`` (TWh), when AI computing grew ``compute`` times.

    ``a0`` AI share, ``h`` gain in work per kWh, ``gc`` growth of conventional load; PUE and load factor unchanged.
    """
    return e0 * (a0 * compute / h + (1 - a0) * (1 + gc))


# --------------------------------------------------------------------------------------------- published values, siting


def published(reference: pd.DataFrame) -> pd.DataFrame:
    """Return the published electricity to set beside the fans, one row for a publisher, edition and year.

    ``reference`` is the table ``scenario_reference``. Columns: ``case``, ``label`` (publisher and edition), ``year``,
    ``value`` (TWh; missing where only a range was published), ``low``, ``high`` (range, or span of the cases of the
    edition), ``note``, ``source_ids``.
    """
    rows = reference[(reference["reference_kind"] == "published") & (reference["quantity"] == "electricity")]
    edition = rows["variant"].str.extract(r"^iea_(\d{4})", expand=False)
    label = (
        ("IEA " + edition)
        .fillna(rows["variant"].map(data.labels("scenario_reference", "variant")))
        .fillna(rows["variant"])
    )
    label = label.where(rows["case"] != "eu", label + ", Europe")
    scenario = rows["variant"].str.contains("headwinds|lift_off")
    # The mid-point of a range published without a centre is of this report: not a value to draw.
    bare = rows["low"].notna() & ~rows["variant"].str.contains("reference")
    rows = rows.assign(
        label=label,
        value=rows["central"].mask(bare | scenario),
        low=rows["low"].fillna(rows["central"]),
        high=rows["high"].fillna(rows["central"]),
    )
    grouped = rows.groupby(["case", "label", "year"], sort=False, observed=True)
    table = grouped.agg(
        value=("value", "first"),
        low=("low", "min"),
        high=("high", "max"),
        note=("note", "first"),
        source_ids=("source_ids", lambda lists: tuple(dict.fromkeys(s for ids in lists for s in ids))),
    ).reset_index()
    return table.assign(year=table["year"].astype(int)).sort_values(["case", "year", "high"], ignore_index=True)


def siting(factors: pd.DataFrame, twh: float) -> pd.DataFrame:
    """Return the CO2 of a load of ``twh`` (TWh a year) in each hub province, by location, lowest first.

    ``factors`` is from :func:`policybook.energy.provincial_factors` (gCO2/kWh, CO2 only, 2023). Columns: ``province``,
    ``hub``, ``factor``, ``co2`` (Mt). Average factors: not what a new load adds at the margin.
    """
    rows = factors[factors["hub"].notna()]
    table = rows[["province", "hub", "factor"]].assign(co2=rows["factor"] * twh / 1000)
    return table.sort_values("factor", ignore_index=True)


# --------------------------------------------------------------------------------------------------- tables for reading


def range_table(parameters: pd.DataFrame) -> pd.DataFrame:
    """Return the ranges as text, one row for a parameter of the table ``scenario_parameters``.

    Columns: ``parameter``, ``unit``, and one for each case. Raises ``NoRows`` without any.
    """
    units = data.need(parameters, "scenario_parameters").drop_duplicates("parameter").set_index("parameter")["unit"]
    both = {case: parameters[parameters["case"] == case].set_index("parameter") for case in cases()}

    def said(case: str, name: str) -> str:
        if name not in both[case].index:
            return ""
        low, high = both[case].loc[name, ["low", "high"]]
        return f"{low:g}" if low == high else f"{low:g}–{high:g}"

    rows = [
        {"parameter": label, "unit": str(units[name]), **{case: said(case, name) for case in cases()}}
        for name, label in PARAMETERS.items()
    ]
    return pd.DataFrame(rows)


def switch_table(effects: pd.DataFrame, base_year: pd.DataFrame) -> pd.DataFrame:
    """Return the changes by switch and case as text, with the exchange of the Chinese base year as a last row.

    ``effects`` is from :func:`switches`, ``base_year`` from :func:`base_year_effect`. Columns: ``switch``, ``of`` (what
    changes) and one for each case: the change in TWh or Mt, and in percent of the median.
    """

    def said(rows: pd.DataFrame, unit: str) -> dict[str, str]:
        return {
            row.case: f"{row.change:+.0f} {unit} ({row.share:+.0%})".replace("-", "−") if row.change else "no change"
            for row in rows.itertuples()
        }

    found = []
    for switch, label in switch_names().items():
        green = switch == "green"
        quantity, unit = ("co2_market", "Mt") if green else ("electricity", "TWh")
        rows = effects[(effects["switch"] == switch) & (effects["quantity"] == quantity)]
        of = "CO2, market-based" if green else "electricity"
        found.append({"switch": label, "of": of, **said(rows, unit)})
    other = base_year[base_year["parameter"] == "e0"]
    last = {"switch": OTHER_BASE, "of": "electricity", **said(other, "TWh")}
    return pd.DataFrame([*found, last]).fillna("")


# Rows of indicators that the cross-checks use: capacity (GW) and capacity factor (percent), IT load (TWh) and PUE of
# the world in 2030; its CO2 in 2024 (Mt); AI computing of China at the end of a year (EFLOPS, FP16); its data centres.
CHECKED = {
    "capacity": "datacentre_capacity_gw_world_2030",
    "capacity_factor": "datacentre_capacity_factor_world_2030",
    "it": "datacentre_it_electricity_twh_world_2030",
    "pue": "pue_average_world_2030",
    "co2": "datacentre_co2_mt_world_2024",
    "compute_2024": "compute_capacity_intelligent_eflops_china_2024",
    "compute_2025": "compute_capacity_intelligent_eflops_china_2025_12_31",
    "china_2025": "datacentre_electricity_twh_china_2025_v2",
}


def cross_checks(
    parameters: pd.DataFrame, reference: pd.DataFrame, indicators: pd.DataFrame, drawn: Mapping[str, pd.DataFrame]
) -> pd.DataFrame:
    """Return the checks of the model by other routes, one row for each.

    The first three are the tables of those names, ``drawn`` is from :func:`samples`. Raises ``KeyError`` where a
    published value (:data:`CHECKED`) is missing or was only recalled. Columns: ``check``, ``sum`` (the calculation),
    ``result`` (number), ``unit``, ``beside`` (what it is set against), ``says``.
    """
    o = {name: float(energy.one(indicators, row)["value"]) for name, row in CHECKED.items()}
    o["capacity_factor"] /= 100
    value = reference.set_index("reference_id")["central"]
    iea = value["published_world_electricity_2030_iea_2026_base"]
    base, ci0 = middle(ranges(parameters, "world")).iloc[0][["e0", "ci0"]]
    mid = middle(ranges(parameters, "china_cn")).iloc[0]
    ratio = o["compute_2025"] / o["compute_2024"]
    spliced = spliced_growth(140, 0.15, ratio, 1.35, 0.09)
    middling = spliced_growth(mid["e0"], mid["a0"], ratio, mid["h"], mid["gc"])
    low, median, high = bottom_up(o["compute_2025"])
    third = value["check_all_energy_per_compute_2030_third_party"]
    place = settings.load().place
    median_2025 = float(np.median(run(drawn["world"]).electricity[:, 1]))
    rows = [
        (
            "Capacity, world 2030",
            f"{o['capacity']:.0f} GW × {HOURS} × {o['capacity_factor']:.2f}",
            from_capacity(o["capacity"], o["capacity_factor"]),
            "TWh",
            f"IEA 2026: {iea:.0f} TWh",
            "An identity of the source, not evidence",
        ),
        (
            "IT load, world 2030",
            f"{o['it']:.0f} TWh × {o['pue']:.2f}",
            o["it"] * o["pue"],
            "TWh",
            f"IEA 2026: {iea:.0f} TWh",
            "An identity of the source, not evidence",
        ),
        (
            "Emissions, world 2024",
            f"{base:.0f} TWh × {ci0:.0f} g",
            base * ci0 / 1000,
            "Mt",
            f"IEA: {o['co2']:.0f} Mt",
            "Ember counts the life cycle and all gases, the IEA CO2 alone",
        ),
        (
            "First year, world 2025",
            "median of the draws",
            median_2025,
            "TWh",
            f"IEA 2026: {value['published_world_electricity_2025_iea_2026']:.0f} TWh",
            "The model starts too slowly",
        ),
        (
            f"First year, {place} 2025",
            f"140 TWh × (0.15 × {ratio:.2f} / 1.35 + 0.85 × 1.09)",
            spliced,
            "TWh",
            f"reported share: {o['china_2025']:.0f} TWh",
            f"Weak: two makers' counts are spliced, and mid-range values give {middling:.0f}",
        ),
        (
            f"AI computing, {place} 2025",
            f"{o['compute_2025']:,.0f} EFLOPS by work per watt, load and PUE",
            median,
            "TWh",
            f"{low:.0f}–{high:.0f} TWh; {low / o['china_2025']:.0%} to {high / o['china_2025']:.0%} "
            f"of {o['china_2025']:.0f}",
            "Published AI computing explains a small part of the total",
        ),
        (
            "Energy per EFLOPS",
            f"{median:.1f} TWh / {o['compute_2025']:,.0f} EFLOPS",
            median / o["compute_2025"],
            "TWh per EFLOPS",
            f"third-party cases for 2030: {third:.4f}",
            f"{third * o['compute_2025'] / median:.0f} times as much: they divide all power by AI computing",
        ),
    ]
    return pd.DataFrame(rows, columns=["check", "sum", "result", "unit", "beside", "says"])
