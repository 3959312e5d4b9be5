"""Statistics on counts of tokens: what sets two texts apart, which texts are alike, how rich and how hard they are.

Counts in (by token, or a long table of them), numbers and tidy tables out. All of it rests on bags of words: the order
of the words is gone. The tests and intervals take words to fall independently of each other; words of one text come in
clumps, so that p values are too small and intervals too narrow. Read them as a sieve, and the effect sizes as findings.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy import special

LONG_WORD = 7  # letters from which LIX calls a word long


# ---------------------------------------------------------------------------------------------------------- intervals


def poisson_interval(count: ArrayLike, level: float = 0.95) -> tuple[float, float] | tuple[np.ndarray, np.ndarray]:
    """Return the exact interval of the mean of a Poisson count, or of each count of an array.

    The limits are the means for which a count as high (low) as the one seen has the probability (1 - level)/2
    (Garwood, 1936, Fiducial limits for the Poisson distribution, Biometrika 28, 437-442). The lower limit of a zero
    count is 0. A single count gives two floats, an array two arrays of its shape. Raises ``ValueError`` for a count
    that is negative or no whole number, or a level outside 0 to 1.
    """
    counts = np.asarray(count, dtype=float)
    if not 0 < level < 1 or not np.all((counts >= 0) & (counts == np.floor(counts)) & np.isfinite(counts)):
        raise ValueError(f"no interval for a count of {count} at the level {level}")
    tail = (1 - level) / 2
    # P(X >= n) is the regularised lower incomplete gamma function of n at the mean.
    low = np.where(counts > 0, special.gammaincinv(np.maximum(counts, 1), tail), 0.0)
    high = special.gammainccinv(counts + 1, tail)
    return (float(low), float(high)) if counts.ndim == 0 else (low, high)


def wilson_interval(count: ArrayLike, total: ArrayLike, level: float = 0.95) -> tuple:
    """Return the score interval of a share, ``count`` of ``total``: two numbers from 0 to 1, or two arrays of them.

    The shares that a normal test at the level does not reject (Wilson, 1927, Probable inference, the law of succession,
    and statistical inference, Journal of the American Statistical Association 22, 209-212). Raises ``ValueError`` for
    a total below 1, a count that is negative or above its total, or a level outside 0 to 1.
    """
    counts, totals = np.asarray(count, dtype=float), np.asarray(total, dtype=float)
    if not 0 < level < 1 or not np.all((counts >= 0) & (counts <= totals) & (totals >= 1)):
        raise ValueError(f"no interval for a share of {count} in {total} at the level {level}")
    z = special.ndtri((1 + level) / 2)
    middle = (counts + z**2 / 2) / (totals + z**2)
    half = z * np.sqrt(counts * (totals - counts) / totals + z**2 / 4) / (totals + z**2)
    # The limits of none and of all are 0 and 1, which rounding may miss.
    low = np.where(counts > 0, middle - half, 0.0)
    high = np.where(counts < totals, middle + half, 1.0)
    return (float(low), float(high)) if low.ndim == 0 else (low, high)


# ------------------------------------------------------------------------------------------------------------ keyness


def g2(first: ArrayLike, second: ArrayLike, size_first: float, size_second: float) -> np.ndarray:
    """Return the log-likelihood of counts of tokens in two texts of the sizes given: 0 when the rates are equal.

    Twice the sum of observed x ln(observed/expected) over the two counts of a token, the expected ones being in
    proportion to the sizes (Rayson and Garside, 2000, Comparing corpora using frequency profiling, Workshop on
    Comparing Corpora at ACL, 1-6). The other words are left out of the sum, unlike in the four-cell form of Dunning
    (1993), which is a little higher for very frequent tokens. Follows chi-square with 1 degree of freedom when the
    rates do not differ. A token in neither text gets 0.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    share = np.maximum(a + b, 1) / (size_first + size_second)
    found = 2 * (special.xlogy(a, a / (size_first * share)) + special.xlogy(b, b / (size_second * share)))
    # Rounding can leave a trace of either sign where the rates are equal; products of whole numbers tell for sure.
    return np.where(a * size_second == b * size_first, 0.0, np.maximum(found, 0.0))


def rate_ratio(
    first: ArrayLike, second: ArrayLike, size_first: float, size_second: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the binary logarithm of the ratio of rates, first to second, and its exact 95 % interval.

    Counts of 0 are taken as 0.5 in the ratio and as they are in the interval; see ``log_ratio``, ``low`` and ``high``
    of :func:`keyness`. Where both counts are 0 all three are NaN.
    """
    a, b = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    ratio = np.log2(np.where(a > 0, a, 0.5) / size_first) - np.log2(np.where(b > 0, b, 0.5) / size_second)
    low, high = _ratio_interval(a, b, size_second / size_first)
    found = (a > 0) | (b > 0)
    return np.where(found, ratio, np.nan), np.where(found, low, np.nan), np.where(found, high, np.nan)


def keyness(
    first: Mapping[str, int] | pd.Series, second: Mapping[str, int] | pd.Series, *, minimum: int = 5
) -> pd.DataFrame:
    """Return how strongly each token sets two texts apart, the best attested difference first.

    ``first`` and ``second`` are the counts of *all* tokens of two texts that share no part; their sums are the sizes
    of the texts. Tokens that occur fewer than ``minimum`` times in both texts together get no row (the law of
    chi-square is a poor guide to so few), but they count in the sizes.

    Columns: ``token``; ``count_first``, ``count_second``; ``rate_first``, ``rate_second`` (per 1,000 tokens); ``g2``;
    ``p``; ``p_adjusted``; ``log_ratio`` with its 95 % interval ``low`` to ``high``; ``key_in`` (``first`` or
    ``second``, where the rate is higher; ``neither`` when the rates are equal). Order: falling ``g2``, then token.

    - ``g2`` is the log-likelihood, see :func:`g2`.
    - ``p`` is the chance of such a ``g2`` or a higher one when the rates do not differ (chi-square, 1 degree of
      freedom). ``p_adjusted`` allows for the many tests, over the tokens of the table: calling those at most q
      different lets the expected share of false calls be at most q (Benjamini and Hochberg, 1995, Controlling the
      false discovery rate, Journal of the Royal Statistical Society B 57, 289-300).
    - ``log_ratio`` is the size of the difference: the binary logarithm of the ratio of the rates, first to second; 1
      is twice, 2 four times, -1 half as frequent. A count of 0 is taken as 0.5 (Hardie, 2014, Log Ratio: an informal
      introduction, ESRC Centre for Corpus Approaches to Social Science, Lancaster).
    - ``low`` and ``high`` are the exact interval of the ratio of two Poisson rates: given the sum of the two counts
      the first is binomial (Przyborowski and Wilenski, 1940, Biometrika 31, 313-323), with the interval of Clopper and
      Pearson (1934, Biometrika 26, 404-413). It takes the counts as they are, so it is open (``inf``, ``-inf``) on the
      side of a zero count. It is cautious, and may hold 0 where ``p`` is just below 0.05.

    Raises ``ValueError`` for negative or broken counts, a text without tokens, a token that comes twice, or a
    ``minimum`` below 1.
    """
    if minimum < 1:
        raise ValueError(f"a minimum of {minimum} occurrences would let in tokens that do not occur")
    one, two = _counts(first), _counts(second)
    size_one, size_two = int(one.sum()), int(two.sum())
    table = pd.DataFrame({"count_first": one, "count_second": two}).fillna(0).astype("int64")
    table = table[table.sum(axis=1) >= minimum].rename_axis("token").reset_index()
    a, b = table["count_first"].to_numpy(), table["count_second"].to_numpy()
    likelihood = g2(a, b, size_one, size_two)
    p = special.chdtrc(1, likelihood)
    difference = a * size_two - b * size_one
    log_ratio, low, high = rate_ratio(a, b, size_one, size_two)
    table = table.assign(
        rate_first=1000 * a / size_one,
        rate_second=1000 * b / size_two,
        g2=likelihood,
        p=p,
        p_adjusted=_benjamini_hochberg(p),
        log_ratio=log_ratio,
        low=low,
        high=high,
        key_in=np.select([difference > 0, difference < 0], ["first", "second"], "neither"),
    )
    return table.sort_values(["g2", "token"], ascending=[False, True], ignore_index=True)


def _counts(counts: Mapping[str, int] | pd.Series) -> pd.Series:
    """Return counts as a series of whole numbers by token, and refuse what is none."""
    found = counts if isinstance(counts, pd.Series) else pd.Series(dict(counts), dtype="float64")
    if not found.index.is_unique:
        raise ValueError(f"{found.index[found.index.duplicated()][0]!r} comes twice among the tokens")
    values = found.to_numpy(dtype=float, na_value=np.nan)
    if not np.all((values >= 0) & (values == np.floor(values)) & np.isfinite(values)):
        raise ValueError("counts must be whole numbers, 0 or more")
    if not values.sum():
        raise ValueError("a text without tokens cannot be compared")
    return pd.Series(values.astype("int64"), index=found.index)


def _benjamini_hochberg(p: np.ndarray) -> np.ndarray:
    """Return the adjusted p values: the smallest rate of false discoveries at which each would be one."""
    order = np.argsort(p, kind="stable")[::-1]
    ranks = np.arange(len(p), 0, -1)
    adjusted = np.empty(len(p))
    adjusted[order] = np.minimum(np.minimum.accumulate(p[order] * len(p) / ranks), 1)
    return adjusted


def _ratio_interval(a: np.ndarray, b: np.ndarray, scale: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the 95 % limits of the binary logarithm of the ratio of two Poisson means, times ``scale``."""
    tail = 0.025
    # The least share of the first in both for which so many or more are as likely as the tail, and of the second.
    least_one = np.where(a > 0, special.betaincinv(np.maximum(a, 1), b + 1, tail), 0.0)
    least_two = np.where(b > 0, special.betaincinv(np.maximum(b, 1), a + 1, tail), 0.0)
    with np.errstate(divide="ignore"):
        low = np.log2(least_one / (1 - least_one)) + np.log2(scale)
        high = -np.log2(least_two / (1 - least_two)) + np.log2(scale)
    return low, high


# --------------------------------------------------------------------------------------------------------- similarity


def similarity(
    counts: pd.DataFrame,
    *,
    document: str = "document",
    token: str = "token",
    count: str = "count",
    minimum_documents: int = 2,
) -> pd.DataFrame:
    """Return how alike documents are in their words: 1 for the same mix of words, 0 for none in common.

    ``counts`` is a long table, one row for each document and token (further rows, as of sections, are added up); the
    other arguments name its columns. Returned is a square table with the documents, in sorted order, as index and
    columns, and 1 on the diagonal.

    The measure is the cosine of tf-idf vectors (Manning, Raghavan and Schütze, 2008, Introduction to Information
    Retrieval, Cambridge University Press, chapter 6): a token that occurs tf times weighs (1 + ln tf) x ln(N/df), N
    being the number of documents and df that of the documents with the token. So a token that is in every document
    weighs nothing: no list of function words is needed. Tokens in fewer than ``minimum_documents`` documents are left
    out, since they cannot make two documents alike, and a long document would seem unlike all others for its many
    rare words alone. The values depend on which documents are compared; do not set them beside those of another set.
    A short document has few of the words of any other, and so seems unlike all but short ones of its kind.

    Raises ``ValueError`` for fewer than three documents (with two, every shared token weighs nothing), for negative
    or missing counts, and for documents none of whose tokens weigh anything, which it names.
    """
    if counts[count].isna().any() or (counts[count] < 0).any():
        raise ValueError("counts must be numbers, 0 or more")
    keys = [counts[document].astype(str).rename("document"), counts[token].astype(str).rename("token")]
    wide = counts[count].groupby(keys).sum().unstack(fill_value=0)
    if len(wide) < 3:
        raise ValueError(f"{len(wide)} documents are too few: tf-idf needs three")
    tf = wide.to_numpy(dtype=float)
    df = (tf > 0).sum(axis=0)
    tf = tf[:, df >= max(minimum_documents, 1)]
    df = df[df >= max(minimum_documents, 1)]
    weights = np.where(tf > 0, 1 + np.log(np.maximum(tf, 1)), 0.0) * np.log(len(wide) / df)
    lengths = np.sqrt((weights**2).sum(axis=1))
    if not lengths.all():
        raise ValueError(f"no token tells these documents from the others: {', '.join(wide.index[lengths == 0])}")
    unit = weights / lengths[:, None]
    cosine = np.clip(unit @ unit.T, 0, 1)
    np.fill_diagonal(cosine, 1)
    # The product may differ by a rounding error across the diagonal.
    names = list(wide.index)
    return pd.DataFrame((cosine + cosine.T) / 2, index=names, columns=names)


def cluster_order(similarity: pd.DataFrame) -> list[str]:
    """Return the documents of a similarity table in an order that puts like beside like.

    The order is that of the leaves of a tree: clusters are joined by the average of 1 - similarity (Sokal and
    Michener, 1958, University of Kansas Science Bulletin 38, 1409-1438), and the branches are turned so that the sum
    of the distances of neighbours is the least the tree allows (Bar-Joseph, Gifford and Jaakkola, 2001, Fast optimal
    leaf ordering for hierarchical clustering, Bioinformatics 17, S22-S29). It does not depend on the order of the
    table; of the two directions, the one is taken whose first name comes before its last. Only neighbours can be read
    off: documents far apart in the order may be alike. Raises ``ValueError`` for a table that is not square and
    symmetric, with the same names on both sides and values from 0 to 1.
    """
    if set(similarity.index) != set(similarity.columns) or not similarity.index.is_unique:
        raise ValueError("the rows and columns of a similarity table must be the same documents")
    names = sorted(similarity.index)
    values = similarity.loc[names, names].to_numpy(dtype=float)
    if not (np.allclose(values, values.T) and ((values >= 0) & (values <= 1)).all()):
        raise ValueError("a similarity table must be symmetric, with values from 0 to 1")
    if len(names) < 3:
        return names
    from scipy.cluster import hierarchy  # a third of a second, which only this function costs

    distances = 1 - values[np.triu_indices(len(names), k=1)]
    tree = hierarchy.linkage(distances, method="average", optimal_ordering=True)
    order = [names[leaf] for leaf in hierarchy.leaves_list(tree)]
    return order if order[0] < order[-1] else order[::-1]


# ------------------------------------------------------------------------------------------------ richness, difficulty


# The tokens of a sample of HD-D, as is usual.
SAMPLE = 42


def diversity(counts: Mapping[str, int] | pd.Series, sample: int = SAMPLE) -> float:
    """Return how varied the words of a text are: the mean share of different tokens in samples of ``sample`` tokens.

    From 1/``sample`` (one token over and over) to 1 (no token twice). This is HD-D: for each token the chance that a
    random sample drawn without replacement holds it (hypergeometric), added up and divided by the size of the sample
    (McCarthy and Jarvis, 2007, vocd: a theoretical and empirical evaluation, Language Testing 24, 459-488; 2010, MTLD,
    vocd-D, and HD-D, Behavior Research Methods 42, 381-392, where 42 is the usual size). Unlike the share of different
    tokens in the whole text, it hardly depends on length. Sampling is over the whole text, so that a text of many
    subjects is more varied than each of its parts. Raises ``ValueError`` for a text shorter than the sample, a sample
    below 1, or broken counts.
    """
    found = _counts(counts).to_numpy()
    size = int(found.sum())
    if not 1 <= sample <= size:
        raise ValueError(f"a sample of {sample} tokens cannot be drawn from a text of {size}")
    times, tokens = np.unique(found[found > 0], return_counts=True)
    drawn = np.arange(sample)
    # The chance to miss a token at each draw in turn; it is 0, and so is the product, once only that token is left.
    missed = np.prod(np.maximum(size - times[:, None] - drawn, 0) / (size - drawn), axis=1)
    return float((tokens * (1 - missed)).sum() / sample)


def readability(words: int, sentences: int, tokens: Mapping[str, int] | pd.Series) -> float:
    """Return LIX: words per sentence plus the percentage of words of more than six letters.

    Usually from 20 (very easy) to 60 (very difficult), and above in legal texts (Björnsson, 1968, Läsbarhet, Stockholm:
    Liber). Hyphens and apostrophes are no letters. Made for running prose: lists that are held together by semicolons,
    and headings without a full stop, make long sentences (Björnsson also ends one at a colon), so that legal texts
    seem harder than they are to read. It knows nothing of the difficulty of words or matters, and it is not for
    Chinese. ``words`` and ``sentences`` are those of :class:`policybook.counting.Counts`, ``tokens`` the counts of
    all its tokens. Raises ``ValueError`` when there is no sentence or the tokens do not add up to the words.
    """
    found = _counts(tokens)
    if sentences < 1 or found.sum() != words:
        raise ValueError(f"no readability of {words} words and {found.sum()} tokens in {sentences} sentences")
    letters = np.array([sum(map(str.isalpha, token)) for token in found.index])
    return float(words / sentences + 100 * found.to_numpy()[letters >= LONG_WORD].sum() / words)
