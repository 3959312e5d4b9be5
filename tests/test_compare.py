"""Statistics on counts, against published figures, other libraries and plain enumeration; and fast counting of files
against the rule as it is said."""

import itertools
import math
from collections import Counter

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy import stats

from policybook import compare, counting

BAGS = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(0, 60), min_size=1).filter(
    lambda bag: sum(bag.values())
)


def sized(count: int, size: int) -> dict[str, int]:
    """A text of a size in which one token occurs so often."""
    return {"word": count, "rest": size - count}


# ---------------------------------------------------------------------------------------------------------- intervals


def test_the_poisson_interval_is_garwoods():
    counts = np.array([[0, 1, 2], [10, 864, 100_000]])
    low, high = compare.poisson_interval(counts, 0.9)
    assert low.shape == high.shape == counts.shape
    # Garwood's limits by the quantiles of chi-square; the lower one of 0 is 0 by definition.
    assert low.ravel()[1:] == pytest.approx(stats.chi2.ppf(0.05, 2 * counts.ravel()[1:]) / 2, rel=1e-10)
    assert low[0, 0] == 0
    assert high == pytest.approx(stats.chi2.ppf(0.95, 2 * counts + 2) / 2, rel=1e-10)
    assert compare.poisson_interval(2) == pytest.approx((0.242, 7.225), rel=2e-3)  # as tabled
    assert [type(limit) for limit in compare.poisson_interval(2)] == [float, float]


@pytest.mark.parametrize(("count", "level"), [(-1, 0.95), (3, 0.0), (3, 1.0), (2.5, 0.95), ([1, math.nan], 0.95)])
def test_the_poisson_interval_refuses_what_has_none(count, level):
    with pytest.raises(ValueError, match="no interval"):
        compare.poisson_interval(count, level)


@pytest.mark.parametrize("level", [0.95, 0.8])
def test_the_wilson_interval_is_scipys(level):
    counts, totals = np.array([0, 1, 4, 9, 10]), np.array([7, 1, 9, 1000, 10])
    low, high = compare.wilson_interval(counts, totals, level)
    for place, (count, total) in enumerate(zip(counts, totals, strict=True)):
        theirs = stats.binomtest(int(count), int(total)).proportion_ci(level, method="wilson")
        assert (low[place], high[place]) == pytest.approx((theirs.low, theirs.high), abs=1e-12)
        assert compare.wilson_interval(count, total, level) == (low[place], high[place])
    assert low[0] == 0 and high[4] == 1


@pytest.mark.parametrize(("count", "total", "level"), [(-1, 3, 0.9), (4, 3, 0.9), (0, 0, 0.9), (1, 3, 1)])
def test_the_wilson_interval_refuses_what_is_no_share(count, total, level):
    with pytest.raises(ValueError, match="no interval"):
        compare.wilson_interval(count, total, level)


# ------------------------------------------------------------------------------------------------------------ keyness


def test_g2_takes_columns_of_counts_and_absent_tokens():
    # 8 and 2 where 5 and 5 are expected; in neither text; at the same rate.
    found = compare.g2([8, 0, 3], [2, 0, 3], 16, 16)
    assert found.tolist() == pytest.approx([2 * (8 * math.log(8 / 5) + 2 * math.log(2 / 5)), 0, 0])


def test_keyness_gives_published_figures():
    # The example with which UCREL's calculator is taught: 52 in 50,000 against 57 in 75,000 gives +2.65.
    row = compare.keyness(sized(52, 50_000), sized(57, 75_000)).set_index("token").loc["word"]
    assert row["g2"] == pytest.approx(2.65, abs=0.005) and row["key_in"] == "first"
    assert (row["rate_first"], row["rate_second"]) == pytest.approx((1.04, 0.76))
    assert row["p"] == pytest.approx(0.1036, abs=5e-4)
    # The interval of the ratio that R prints for its example of poisson.test: 11 in 800 against 21 in 3,011.
    row = compare.keyness(sized(11, 800), sized(21, 3011)).set_index("token").loc["word"]
    assert [2 ** row[column] for column in ("log_ratio", "low", "high")] == pytest.approx(
        [1.971488, 0.8584264, 4.2772659]
    )


def test_keyness_by_hand():
    first, second = Counter(a=8, b=2, c=6), pd.Series({"a": 2, "b": 0, "c": 12, "d": 1, "e": 1})
    found = compare.keyness(first, second, minimum=2)
    assert found["token"].tolist() == ["a", "b", "c"]  # g2 3.85, 2.77, 2.04; d and e come once
    rows = found.set_index("token")
    # Both texts have 16 tokens, so that the expected counts are the means.
    assert rows.loc["a", "g2"] == pytest.approx(2 * (8 * math.log(8 / 5) + 2 * math.log(2 / 5)))
    assert rows.loc["b", "g2"] == pytest.approx(2 * 2 * math.log(2))
    assert rows["log_ratio"].tolist() == pytest.approx([2, math.log2(2 / 0.5), -1])
    assert rows["key_in"].tolist() == ["first", "first", "second"]
    # Nothing in the second text: only a lower limit, where two of two in the first have a chance of 0.025.
    share = math.sqrt(0.025)
    assert rows.loc["b", "low"] == pytest.approx(math.log2(share / (1 - share))) and rows.loc["b", "high"] == math.inf


def test_equal_rates_differ_in_nothing():
    found = compare.keyness(sized(7, 700), sized(21, 2100)).set_index("token").loc["word"]
    assert (found["g2"], found["p"], found["key_in"]) == (0, 1, "neither")
    assert found["log_ratio"] == pytest.approx(0, abs=1e-12) and found["low"] < 0 < found["high"]


@settings(deadline=None)
@given(BAGS, BAGS)
def test_swapping_the_texts_turns_the_signs(first, second):
    one = compare.keyness(first, second, minimum=1).set_index("token").sort_index()
    two = compare.keyness(second, first, minimum=1).set_index("token").sort_index()
    assert one["g2"].tolist() == pytest.approx(two["g2"].tolist(), abs=1e-9)
    assert one["log_ratio"].tolist() == pytest.approx((-two["log_ratio"]).tolist(), abs=1e-12)
    assert one["low"].tolist() == pytest.approx((-two["high"]).tolist(), abs=1e-9)
    assert (one["low"] < one["log_ratio"]).all() and (one["log_ratio"] < one["high"]).all()
    turned = two["key_in"].map({"first": "second", "second": "first", "neither": "neither"})
    assert one["key_in"].tolist() == turned.tolist()


@settings(max_examples=15, deadline=None)  # each example asks scipy for many intervals
@given(BAGS, BAGS)
def test_keyness_agrees_with_scipy(first, second):
    found = compare.keyness(first, second, minimum=1)
    size_one, size_two = sum(first.values()), sum(second.values())
    for row in found.itertuples():
        total = (row.count_first + row.count_second) / (size_one + size_two)
        expected = [size_one * total, size_two * total]
        theirs = stats.power_divergence([row.count_first, row.count_second], expected, lambda_="log-likelihood")
        assert row.g2 == pytest.approx(theirs.statistic, abs=1e-9)
        assert row.p == pytest.approx(stats.chi2.sf(row.g2, 1))  # theirs is not a number where rounding goes below 0
        share = stats.binomtest(row.count_first, row.count_first + row.count_second).proportion_ci(0.95)
        scale = math.log2(size_two / size_one)
        for ours, limit in [(row.low, share.low), (row.high, share.high)]:
            odds = math.inf if limit == 1 else limit / (1 - limit)
            assert ours == pytest.approx(math.log2(odds) + scale if odds else -math.inf, abs=1e-6)
    assert found["p_adjusted"].to_numpy() == pytest.approx(stats.false_discovery_control(found["p"]))


@settings(deadline=None)
@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 500), st.integers(1, 500))
def test_the_four_cell_form_is_the_sum_over_a_token_and_all_others(a, b, others_first, others_second):
    assume(a + b)
    found = compare.keyness(sized(a, a + others_first), sized(b, b + others_second), minimum=1)
    table = [[a, others_first], [b, others_second]]
    four_cells = stats.chi2_contingency(table, correction=False, lambda_="log-likelihood").statistic
    assert found["g2"].sum() == pytest.approx(four_cells, abs=1e-8)
    assert found.set_index("token").loc["word", "g2"] <= four_cells + 1e-8


def test_ties_are_ordered_by_token_and_nothing_common_is_no_error():
    found = compare.keyness({"z": 5, "m": 5, "a": 5}, {"q": 15})
    assert found["token"].tolist() == ["q", "a", "m", "z"]
    assert compare.keyness({"z": 4}, {"q": 4}).empty


@pytest.mark.parametrize(
    ("first", "minimum", "said"),
    [
        ({}, 5, "without tokens"),
        ({"a": 0}, 5, "without tokens"),
        ({"a": -1}, 5, "whole numbers"),
        ({"a": 1.5}, 5, "whole numbers"),
        ({"a": 1}, 0, "minimum of 0"),
        (pd.Series([1, 2], index=["a", "a"]), 5, "'a' comes twice"),
    ],
)
def test_keyness_refuses_what_is_no_count(first, minimum, said):
    with pytest.raises(ValueError, match=said):
        compare.keyness(first, {"a": 3}, minimum=minimum)


# --------------------------------------------------------------------------------------------------------- similarity


def long(**documents: dict[str, int]) -> pd.DataFrame:
    rows = [(name, token, times) for name, bag in documents.items() for token, times in bag.items()]
    return pd.DataFrame(rows, columns=["document", "token", "count"])


def test_similarity_by_hand():
    table = long(
        x={"the": 50, "a": 3, "b": 1, "only-x": 9},
        y={"the": 7, "a": 1, "c": 1},
        z={"the": 1, "b": 1, "c": 1},
    )
    found = compare.similarity(table)
    # "the" is everywhere and "only-x" in one text: both weigh nothing. a, b and c have the same idf, which cancels.
    weight = 1 + math.log(3)
    length = math.sqrt(weight**2 + 1) * math.sqrt(2)
    assert found.loc["x"].tolist() == pytest.approx([1, weight / length, 1 / length])
    assert found.loc["y", "z"] == pytest.approx(0.5)
    rare = compare.similarity(table, minimum_documents=1)
    assert rare.loc["x", "y"] < found.loc["x", "y"] and rare.loc["y", "z"] == pytest.approx(0.5)


def test_similarity_adds_up_the_sections_of_a_text():
    table = long(x={"a": 3, "b": 2}, y={"a": 1, "c": 2}, z={"b": 1, "c": 4})
    split = pd.concat([table.assign(count=table["count"] - 1), table.assign(count=1)])
    split = split.rename(columns={"document": "version_id", "token": "word", "count": "times"})
    found = compare.similarity(split, document="version_id", token="word", count="times")
    pd.testing.assert_frame_equal(found, compare.similarity(table))


def test_similarity_is_that_of_scikit_learn():
    text = pytest.importorskip("sklearn.feature_extraction.text", reason="scikit-learn is not installed")
    wide = np.random.default_rng(5).poisson(0.8, size=(9, 60))
    rows = [(f"d{i}", f"t{j:02}", wide[i, j]) for i in range(9) for j in range(60)]
    wide = wide[:, (wide > 0).sum(axis=0) >= 2]
    weights = text.TfidfTransformer(sublinear_tf=True, smooth_idf=False).fit(wide)
    weights.idf_ = weights.idf_ - 1  # scikit-learn adds 1 to ln(N/df), so that tokens in every text keep a weight
    theirs = weights.transform(wide)
    ours = compare.similarity(pd.DataFrame(rows, columns=["document", "token", "count"]))
    assert ours.to_numpy() == pytest.approx((theirs @ theirs.T).toarray())


def test_similarity_refuses_what_it_cannot_compare():
    with pytest.raises(ValueError, match="2 documents are too few"):
        compare.similarity(long(x={"a": 1}, y={"a": 1}))
    with pytest.raises(ValueError, match="from the others: z"):
        compare.similarity(long(x={"a": 1, "b": 1}, y={"b": 1, "a": 2}, z={"b": 4, "own": 3}))
    with pytest.raises(ValueError, match="0 or more"):
        compare.similarity(long(x={"a": -1}, y={"a": 1}, z={"b": 1}))


@settings(deadline=None)
@given(st.permutations(range(7)))
def test_documents_along_a_line_come_in_its_order(shuffled):
    places = pd.Series([0.0, 0.1, 0.22, 0.5, 0.58, 0.85, 0.95], index=["b", "g", "a", "f", "e", "c", "d"])
    table = pd.DataFrame(
        1 - np.abs(places.to_numpy()[:, None] - places.to_numpy()), index=places.index, columns=places.index
    )
    assert compare.cluster_order(table.iloc[shuffled, shuffled[::-1]]) == list("bgafecd")


def test_an_order_needs_a_table_of_similarities():
    pair = pd.DataFrame([[1, 0.4], [0.4, 1]], index=["y", "x"], columns=["y", "x"])
    assert compare.cluster_order(pair) == ["x", "y"]
    with pytest.raises(ValueError, match="the same documents"):
        compare.cluster_order(pair.rename(columns={"y": "z"}))
    with pytest.raises(ValueError, match="symmetric"):
        compare.cluster_order(pair * np.array([[1, 2], [1, 1]]))


# ------------------------------------------------------------------------------------------------ richness, difficulty


def test_diversity_by_hand():
    # The pairs of "a a b": a a (one of two different), a b, a b.
    assert compare.diversity({"a": 2, "b": 1}, sample=2) == pytest.approx((0.5 + 1 + 1) / 3)
    assert compare.diversity({"a": 50}) == pytest.approx(1 / 42)
    assert compare.diversity({str(token): 1 for token in range(42)}) == pytest.approx(1)
    with pytest.raises(ValueError, match="a sample of 42 tokens cannot be drawn from a text of 41"):
        compare.diversity({"a": 41})


@settings(deadline=None)
@given(st.lists(st.sampled_from("abcd"), min_size=2, max_size=9), st.integers(1, 5))
def test_diversity_is_the_mean_over_all_samples(text, sample):
    sample = min(sample, len(text))
    shares = [len(set(drawn)) / sample for drawn in itertools.combinations(text, sample)]
    assert compare.diversity(Counter(text), sample) == pytest.approx(np.mean(shares))


def test_diversity_hardly_depends_on_length():
    once = {f"token {rank}": round(400 / rank) for rank in range(1, 300)}
    twice = {token: 2 * times for token, times in once.items()}
    ratio_once, ratio_twice = (len(bag) / sum(bag.values()) for bag in (once, twice))
    assert ratio_twice == pytest.approx(ratio_once / 2)
    assert compare.diversity(twice) == pytest.approx(compare.diversity(once), rel=0.01)


def test_readability_by_hand():
    found = counting.count("The people must cooperate internationally. They share open-source standards.")
    # 9 words in 2 sentences; 4 of more than six letters (people has six, open-source ten).
    assert compare.readability(found.words, found.sentences, found.tokens) == pytest.approx(9 / 2 + 100 * 4 / 9)
    with pytest.raises(ValueError, match="in 0 sentences"):
        compare.readability(2, 0, {"two": 1, "words": 1})
    with pytest.raises(ValueError, match="of 3 words and 2 tokens"):
        compare.readability(3, 1, {"two": 1, "words": 1})
