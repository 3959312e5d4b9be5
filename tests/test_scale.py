"""Which texts a chart shows when there are many, and that it says so."""

from __future__ import annotations

import pandas as pd

from policybook import data, settings, text
from policybook.charts import texts


def names() -> list[str]:
    return list(text.names(data.load("documents")).values())


def test_nothing_is_cut_at_the_limit() -> None:
    assert text.nearest(names()[:7], most=7) == (names()[:7], "")


def test_of_many_texts_the_nearest_in_date_are_kept_in_their_order_and_the_rule_is_said() -> None:
    documents = data.load("documents")
    plan = text.names(documents)[settings.load().document]
    kept, rule = text.nearest(names(), most=5)
    assert len(kept) == 5 and plan in kept and kept == [name for name in names() if name in kept]
    assert rule == f"5 of {len(names())} texts: those nearest to {plan} in date"
    documents["document"] = documents["doc_id"].map(text.names(documents))
    apart = (documents["date"] - documents.set_index("doc_id").loc[settings.load().document, "date"]).abs()
    inside = documents["document"].isin(kept)
    assert apart[inside].max() <= apart[~inside].min()


def test_a_text_that_must_stay_stays() -> None:
    documents = data.load("documents").sort_values("date")
    oldest = text.names(documents)[documents["doc_id"].iloc[0]]
    assert oldest not in text.nearest(names(), most=5)[0]
    assert oldest in text.nearest(names(), most=5, keep=[oldest])[0]


def test_a_chart_over_many_texts_says_what_it_shows(monkeypatch) -> None:
    rows = text.ladder()
    whole = texts.ladder(rows).to_dict()["title"]
    monkeypatch.setattr(texts, "nearest", lambda given, **_: text.nearest(given, most=4))
    cut = texts.ladder(rows).to_dict()
    said = " ".join(cut["title"]["subtitle"])
    assert f"4 of {rows['document'].nunique()} texts" in said and "Shown are" not in " ".join(whole["subtitle"])
    assert cut["title"]["text"] == whole["text"]  # the finding is on all texts
    shown = {row["document"] for data_rows in cut["datasets"].values() for row in data_rows}
    assert len(shown) == 4


def test_the_matrix_of_likeness_keeps_pairs_of_shown_texts_only(monkeypatch) -> None:
    monkeypatch.setattr(texts, "nearest", lambda given, **_: text.nearest(given, most=4))
    made = texts.likeness(text.likeness(text.token_table("en"))).to_dict()
    pairs = pd.DataFrame(next(iter(made["datasets"].values())))
    assert pairs["document"].nunique() == 4 and set(pairs["other"]) == set(pairs["document"])
