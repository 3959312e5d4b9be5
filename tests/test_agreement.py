"""Agreement of coders: the worked example of the literature, hand-computed cases, and the codings of the report."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policybook import agreement, articles, data


def test_alpha_matches_the_worked_example():
    """Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, example B: two observers, alpha 0.692."""
    first = pd.Series(list("aabbdcccedda"))
    second = pd.Series(list("babbbccceddd"))
    assert agreement.alpha(first, second) == pytest.approx(0.692, abs=5e-4)


def test_alpha_by_hand_on_two_codes():
    # 10 units, 9 alike. Pooled: x 11, y 9 of 20. Observed disagreement 1/10; expected 2*11*9/(20*19).
    first = pd.Series(list("xxxxxxyyyy"))
    second = pd.Series(list("xxxxxyyyyy"))
    assert agreement.alpha(first, second) == pytest.approx(1 - (1 / 10) / (2 * 11 * 9 / (20 * 19)))


def test_alpha_of_full_agreement_and_its_limits():
    codes = pd.Series(list("abcabc"))
    assert agreement.alpha(codes, codes) == 1.0
    with pytest.raises(ValueError, match="no code varies"):
        agreement.alpha(pd.Series(["a", "a"]), pd.Series(["a", "a"]))
    with pytest.raises(ValueError, match="2 and 1 units"):
        agreement.alpha(pd.Series(["a", "b"]), pd.Series(["a"]))


def test_ordered_codes_forgive_small_differences():
    first, near, far = (
        pd.Series([-2, -1, 0, 1, 2] * 4),
        pd.Series([-2, -1, 0, 1, 1] * 4),
        pd.Series([-2, -1, 0, 1, -2] * 4),
    )
    assert agreement.alpha(first, near, "ordinal") > agreement.alpha(first, far, "ordinal")


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from("abc")), min_size=8, max_size=40))
def test_alpha_does_not_depend_on_who_is_first_or_on_names(pairs):
    first, second = (pd.Series([pair[k] for pair in pairs]) for k in (0, 1))
    if len(set(first) | set(second)) < 2:
        return
    value = agreement.alpha(first, second)
    assert value == pytest.approx(agreement.alpha(second, first))
    renamed = {"a": "z", "b": "y", "c": "x"}
    assert value == pytest.approx(agreement.alpha(first.map(renamed), second.map(renamed)))
    assert value <= 1


def test_the_interval_holds_the_value_and_is_the_same_every_time():
    generator = np.random.default_rng(1)
    first = pd.Series(generator.choice(list("abc"), 100))
    second = first.where(generator.random(100) < 0.8, "a")
    low, high = agreement.interval(first, second, draws=300)
    assert low < agreement.alpha(first, second) < high
    assert agreement.interval(first, second, draws=300) == (low, high)


def test_the_codings_of_the_plan():
    first, second = data.load("commitments"), data.load("commitments_coder_b")
    found = agreement.table(first, second, "commitment_id", ["main_theme", "actor", "deontic"]).set_index("column")
    assert found["alpha"].round(2).to_dict() == {"main_theme": 0.84, "actor": 0.91, "deontic": 0.61}
    assert (found["low"] < found["alpha"]).all() and (found["alpha"] < found["high"]).all()
    assert found["reliable"].to_dict() == {"main_theme": True, "actor": True, "deontic": False}
    with pytest.raises(ValueError, match="same units"):
        agreement.table(first.head(5), second, "commitment_id", ["actor"])


def test_agreement_by_theme_looks_at_each_theme_alone():
    first = pd.DataFrame({"commitment_id": list("abcd"), "themes": [("x",), ("x", "y"), ("y",), ("y",)]})
    second = pd.DataFrame({"commitment_id": list("dcba"), "themes": [("y",), ("y",), ("x",), ("x",)]})
    found = agreement.by_theme(first, second).set_index("theme")
    assert found.loc["x", ["first", "second", "alpha"]].tolist() == [2, 2, 1.0]
    # y: the coders differ on one of four units; values 5 with y, 3 without: alpha = 1 - 7 x 2 / (2 x 5 x 3).
    assert found.loc["y", ["first", "second"]].tolist() == [3, 2]
    assert found.loc["y", "alpha"] == pytest.approx(1 - 7 * 2 / (2 * 5 * 3))
    with pytest.raises(ValueError, match="same units"):
        agreement.by_theme(first, second.head(3))


def test_merging_what_the_codebook_merges_makes_strength_usable():
    first, second, codebook = (data.load(n) for n in ("commitments", "commitments_coder_b", "plan_codebook"))
    one, two = (t.assign(deontic=articles.merged(t["deontic"], codebook, "deontic")) for t in (first, second))
    found = agreement.table(one, two, "commitment_id", ["deontic"]).iloc[0]
    assert found["alpha"] == pytest.approx(0.746, abs=5e-4) and found["reliable"]
    assert set(first["deontic"].cat.categories) - set(one["deontic"].cat.categories) == {"call", "promote", "need_to"}
