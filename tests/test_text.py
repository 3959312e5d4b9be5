"""Texts beside each other: hand-computed cases, published figures of the real tables, charts by their specification."""

import math

import nbformat
import pandas as pd
import pytest

from policybook import compare, data, paths, settings, text
from policybook.charts import texts


@pytest.fixture(scope="module")
def chapter() -> nbformat.NotebookNode:
    return nbformat.read(paths.report().root / "book" / "plan.ipynb", as_version=4)


@pytest.mark.parametrize(
    ("count", "low", "high"),
    # Exact limits of the Poisson mean, as tabled by Garwood (1936) and in Breslow and Day (1987), table 2.10.
    [
        (0, 0.0, 3.689),
        (1, 0.0253, 5.572),
        (2, 0.242, 7.225),
        (5, 1.624, 11.668),
        (10, 4.795, 18.390),
        (100, 81.36, 121.63),
    ],
)
def test_poisson_interval_matches_published_tables(count: int, low: float, high: float) -> None:
    assert compare.poisson_interval(count) == pytest.approx((low, high), rel=2e-3, abs=1e-9)


def test_poisson_interval_of_zero_and_one_in_closed_form() -> None:
    assert compare.poisson_interval(0)[1] == pytest.approx(-math.log(0.025), rel=1e-9)
    assert compare.poisson_interval(1)[0] == pytest.approx(-math.log(0.975), rel=1e-9)
    assert compare.poisson_interval(0, 0.9)[1] == pytest.approx(-math.log(0.05), rel=1e-9)


def test_poisson_interval_of_a_large_count_is_near_the_normal_one() -> None:
    low, high = compare.poisson_interval(864)
    assert low == pytest.approx(864 - 1.96 * math.sqrt(864), abs=2)
    assert high == pytest.approx(864 + 1.96 * math.sqrt(864), abs=3)


@pytest.mark.parametrize(("count", "level"), [(-1, 0.95), (3, 0.0), (3, 1.0)])
def test_poisson_interval_refuses_what_has_none(count: int, level: float) -> None:
    with pytest.raises(ValueError, match="no interval"):
        compare.poisson_interval(count, level)


def test_rates_are_per_thousand() -> None:
    found = text.rates(pd.DataFrame({"count": [0, 5], "words": [1000, 500]}, index=[7, 9]), "words")
    assert found["rate"].tolist() == [0.0, 10.0]
    assert found["high"].tolist() == pytest.approx([3.689, 2 * 11.668], rel=1e-3)
    assert found["low"].tolist() == pytest.approx([0.0, 2 * 1.624], rel=1e-3)


def test_partial_and_altered_versions_are_never_compared() -> None:
    versions = pd.DataFrame(
        {
            "version_id": ["a", "b", "c", "d"],
            "completeness": ["full", "partial", "full", "full"],
            "altered": [False, False, True, False],
            "language": ["en", "en", "en", "zh"],
        }
    )
    assert text.comparable_versions(versions)["version_id"].tolist() == ["a", "d"]
    assert text.comparable_versions(versions, "en")["version_id"].tolist() == ["a"]


def test_the_plan_is_in_no_comparison() -> None:
    used = [text.english_rates(["safety"]), text.chinese_rates([settings.load().document, "waic_chair_2026"], ["安全"])]
    for table in [*used, text.institution_mentions()]:
        assert len(table)
        assert settings.load().document not in set(table["doc_id"])


def test_english_rates_repeat_the_published_ones() -> None:
    terms = ["shall", "safety", "human_rights"]
    found = text.english_rates(terms).set_index(["version_id", "term_id"])
    published = data.load("term_counts")
    published = text.totals(published, data.load("doc_stats")).set_index(["version_id", "term_id"])["per_1000_words"]
    assert len(found) == 20 * len(terms)
    assert found["rate"].tolist() == pytest.approx(published.loc[found.index].tolist(), abs=6e-4)
    assert ((found["low"] <= found["rate"]) & (found["rate"] <= found["high"])).all()


def test_documents_are_ordered_by_force_then_date() -> None:
    found = text.english_rates(["shall"])
    assert found["document"].iloc[0] == "EU AI Act 2024"
    assert found["force"].cat.codes.is_monotonic_increasing
    assert all(group["date"].is_monotonic_increasing for _, group in found.groupby("force", observed=True))


def test_every_document_compared_has_a_short_name() -> None:
    titles = set(data.load("documents")["title"])
    shown = set(text.english_rates(["shall"])["document"]) | set(text.institution_mentions()["document"])
    assert not shown & titles


def test_numbers_of_the_prose_match_the_notes_on_the_texts() -> None:
    numbers = text.key_numbers()
    wanted = {
        "asks_with_recalled": 128, "recalled": 27, "read": 36, "excerpt": 65, "nobody_with_recalled": 96,
        "act": 52, "act_second": 58,
        "safety_with_recalled": 21, "energy_with_recalled": 12, "headings_en_recalled": 11,
        "headings_zh_recalled": 10, "shall_eu": 864, "safety_us": 3,
        "competition_us": 20, "voluntary_delhi": 10, "words_delhi": 908, "safety_delhi": 0, "risk_delhi": 0,
        "developing_zh_2024": 12, "developing_zh_2026": 2, "energy_zh_2026": 4, "actions": 8, "articles_left": 4,
    }  # fmt: skip
    assert {name: numbers[name] for name in wanted} == wanted
    assert numbers["seen"] + numbers["recalled"] == numbers["asks_with_recalled"]
    assert numbers["agree_deontic_with_recalled"] == pytest.approx(100 * 91 / 128)


def test_the_chapter_uses_only_numbers_that_exist(chapter: nbformat.NotebookNode) -> None:
    names = {f"plan_{name}" for name in text.key_numbers()}
    used = set()
    for cell in chapter.cells:
        used |= {part.split("`")[0].split(":")[0] for part in cell.source.split("{glue:text}`")[1:]}
    assert used
    assert used <= names


def lines(title: str | list[str]) -> str:
    return title if isinstance(title, str) else " ".join(title)


def test_rate_charts_draw_every_document_with_its_interval() -> None:
    rows = text.english_rates(["shall", "voluntary"])
    spec = texts.modals(rows).to_dict()
    assert lines(spec["title"]["text"]) == "Law commands: 864 of 870 “shall” stand in the one binding text"
    assert len(spec["concat"]) == 2
    rule, some, none = spec["concat"][0]["layer"]
    assert (rule["encoding"]["x"]["field"], rule["encoding"]["x2"]["field"]) == ("low", "high")
    assert rule["encoding"]["x"]["scale"]["type"] == "sqrt"
    assert rule["encoding"]["x"]["scale"]["domain"][0] == 0
    assert [layer["transform"][-1]["filter"] for layer in (some, none)] == ["datum.count > 0", "datum.count == 0"]
    (drawn,) = spec["datasets"].values()
    assert len(drawn) == len(rows) == 40


def test_subject_chart_counts_texts_with_a_match() -> None:
    spec = texts.subjects(text.english_rates(["safety", "developing_countries"])).to_dict()
    assert lines(spec["title"]["text"]) == "19 of 20 texts have words of safety, 4 of developing countries"


def test_chinese_chart_names_the_term_that_stands_out() -> None:
    documents = ["cn_shanghai_declaration_2024", "cn_capacity_plan_2024", "cn_xi_waic_speech_2026", "waic_chair_2026"]
    spec = texts.chinese_terms(text.chinese_rates(documents, ["安全", "发展中国家"])).to_dict()
    title = lines(spec["title"]["text"])
    assert title.startswith(
        "“Developing countries” stands out in one text: 8.3 per 1,000 characters (China capacity plan"
    )
    assert [panel["title"]["text"][-1] for panel in spec["concat"]] == ["安全", "发展中国家"]


def test_institution_chart_leaves_out_empty_lines_and_columns() -> None:
    mentions = text.institution_mentions()
    spec = texts.institutions(mentions).to_dict()
    assert lines(spec["title"]["text"]) == "16 of 25 full texts name the United Nations, 5 name ISO, IEC or ITU"
    columns = spec["layer"][0]["encoding"]["x"]["scale"]["domain"]
    assert columns[0] == "United Nations"
    assert "Pact for the Future" not in columns
    assert "Delhi declaration 2026" not in spec["layer"][0]["encoding"]["y"]["scale"]["domain"]
