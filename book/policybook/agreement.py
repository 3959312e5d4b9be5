"""Agreement of two coders: Krippendorff's alpha with bootstrap intervals.

Alpha is computed by the library ``krippendorff`` (Krippendorff 2019, Content Analysis, 4th ed., chapter 12: 1 is full
agreement, 0 what chance would give). Intervals are percentiles over units drawn with replacement, from a fixed seed.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

import krippendorff
import numpy as np
import pandas as pd

# Below this a coding should not carry a conclusion, even a tentative one (Krippendorff 2019, section 12.4).
TENTATIVE = 0.667
# From here on a coding counts as reliable (same place).
RELIABLE = 0.8
DRAWS = 2000
# A family of so many codes that are each measured alone gets half the draws: themes, frames.
LONG_FAMILY = 10
SEED = 20250726


def alpha(first: pd.Series, second: pd.Series, level: str = "nominal") -> float:
    """Return Krippendorff's alpha of two codings of the same units, in the same order.

    ``level`` is ``nominal``, ``ordinal`` or ``interval``; ordered levels need numbers. Missing values are units that
    one coder left open. Raises ``ValueError`` when the lengths differ or when no code varies (alpha is not defined).
    """
    return _alpha(_matrix(first, second, level), level)


def _matrix(first: pd.Series, second: pd.Series, level: str) -> np.ndarray:
    if len(first) != len(second):
        raise ValueError(f"the coders have {len(first)} and {len(second)} units")
    both = pd.concat([pd.Series(first).reset_index(drop=True), pd.Series(second).reset_index(drop=True)], axis=1)
    if level == "nominal":
        codes = pd.factorize(both.astype(object).to_numpy().ravel(), use_na_sentinel=True)[0].astype(float)
        codes[codes < 0] = np.nan
        return codes.reshape(both.shape).T
    return both.astype("Float64").to_numpy(dtype=float, na_value=np.nan).T


def _alpha(matrix: np.ndarray, level: str) -> float:
    if not _varies(matrix):
        raise ValueError("no code varies: alpha is not defined")
    return float(krippendorff.alpha(reliability_data=matrix, level_of_measurement=level))


def _varies(matrix: np.ndarray) -> bool:
    return len(np.unique(matrix[~np.isnan(matrix)])) > 1


def interval(
    first: pd.Series, second: pd.Series, level: str = "nominal", share: float = 0.95, draws: int = DRAWS
) -> tuple[float, float]:
    """Return the bootstrap interval of alpha: percentiles of ``draws`` resamples of the units, from a fixed seed.

    Both are NaN when no draw has two codes.
    """
    matrix = _matrix(first, second, level)
    generator = np.random.default_rng(SEED)
    units = matrix.shape[1]
    found = []
    for _ in range(draws):
        drawn = matrix[:, generator.integers(0, units, units)]
        if _varies(drawn):
            found.append(krippendorff.alpha(reliability_data=drawn, level_of_measurement=level))
    if not found:
        return float("nan"), float("nan")
    low, high = np.quantile(found, [(1 - share) / 2, (1 + share) / 2])
    return float(low), float(high)


def draws_for(columns: int) -> int:
    """Return how many resamples a family of so many coded columns gets: long families half of them, to save time."""
    return DRAWS if columns < LONG_FAMILY else DRAWS // 2


def pair(first: pd.Series, second: pd.Series, level: str = "nominal", draws: int = DRAWS) -> dict[str, float | int]:
    """Return the agreement of two codings of the same units where either may have gaps.

    ``units`` (coded by both), ``percent`` (of these, coded alike), ``alpha`` and its 95 % interval ``low`` to ``high``;
    what is not defined, because nothing was coded or no code varies, is NaN.
    """
    both = pd.DataFrame({"a": first.to_numpy(), "b": second.to_numpy()}).dropna()
    found: dict[str, float | int] = {"units": len(both), "percent": float("nan")}
    if len(both):
        found["percent"] = 100 * float((both["a"] == both["b"]).mean())
    told = summary(both["a"], both["b"], level, draws=draws)
    return found | {key: told[key] for key in ("alpha", "low", "high")}


def summary(first: pd.Series, second: pd.Series, level: str = "nominal", draws: int = DRAWS) -> dict[str, float | bool]:
    """Return ``alpha``, its 95 % interval ``low`` to ``high``, and ``reliable`` (alpha at least ``TENTATIVE``).

    Where no code varies the numbers are NaN, and nothing is reliable.
    """
    if not _varies(_matrix(first, second, level)):
        return dict.fromkeys(("alpha", "low", "high"), float("nan")) | {"reliable": False}
    value, (low, high) = alpha(first, second, level), interval(first, second, level, draws=draws)
    return {"alpha": value, "low": low, "high": high, "reliable": value >= TENTATIVE}


def table(first: pd.DataFrame, second: pd.DataFrame, key: str, columns: Iterable[str]) -> pd.DataFrame:
    """Return the agreement of two coders, one row for each coded column.

    ``key`` names the units; both tables must hold the same (``ValueError`` otherwise). Columns: ``column``, ``units``,
    ``percent`` (of units coded alike), ``alpha``, ``low``, ``high`` (95 % interval), ``reliable`` (alpha at least
    ``TENTATIVE``).
    """
    one, two = first.set_index(key), second.set_index(key)
    if set(one.index) != set(two.index):
        raise ValueError("the coders did not code the same units")
    two = two.loc[one.index]
    rows = []
    for column in columns:
        a, b = one[column].astype(str), two[column].astype(str)
        rows.append(
            {
                "column": column,
                "units": len(a),
                "percent": 100 * float((a.to_numpy() == b.to_numpy()).mean()),
                **summary(a, b),
            }
        )
    return pd.DataFrame(rows)


def by_theme(first: pd.DataFrame, second: pd.DataFrame, key: str = "commitment_id") -> pd.DataFrame:
    """Return the agreement of two coders on each theme: whether a unit carries it, whatever else it carries.

    Both tables have ``key`` and ``themes`` (tuples of codes). One row for each theme, sorted: ``theme``, ``first`` and
    ``second`` (units with the theme, by each coder), ``alpha``, ``low``, ``high``, ``reliable`` (see
    :func:`summary`). Raises ``ValueError`` when the coders did not code the same units.
    """
    one, two = first.set_index(key)["themes"], second.set_index(key)["themes"]
    if set(one.index) != set(two.index):
        raise ValueError("the coders did not code the same units")
    two = two.loc[one.index]
    themes = sorted({code for codes in [*one, *two] for code in codes})
    rows = carried(one, two, themes, DRAWS // 2)
    rows = [{"theme": row["code"], **row, "reliable": row["alpha"] >= TENTATIVE} for row in rows]
    return pd.DataFrame(rows, columns=["theme", "first", "second", "alpha", "low", "high", "reliable"])


def carried(
    first: Iterable[Collection[str]], second: Iterable[Collection[str]], codes: Iterable[str], draws: int = DRAWS
) -> list[dict[str, object]]:
    """Return the agreement on each of ``codes``: whether a unit carries it, whatever else it carries.

    ``first`` and ``second`` are the codes of each unit, in the same order. For each code: ``code``, ``first`` and
    ``second`` (units with it, by each coder), and what :func:`pair` says.
    """
    one, two = list(first), list(second)
    rows: list[dict[str, object]] = []
    for code in codes:
        a, b = (pd.Series([code in unit for unit in side], dtype=bool) for side in (one, two))
        told = pair(a.astype(str), b.astype(str), draws=draws)
        rows.append({"code": code, "first": int(a.sum()), "second": int(b.sum())} | told)
    return rows
