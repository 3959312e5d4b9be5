"""Analysis on tables without rows, as a new report has them: a table comes back, or it is said which one needs rows."""

from __future__ import annotations

import inspect

import pandas as pd
import pytest

from policybook import (
    articles,
    background,
    claims,
    coverage,
    data,
    energy,
    followup,
    methods,
    overview,
    reception,
    scenario,
    standards,
    terms,
)
from policybook.charts import background as draw_background
from policybook.charts import followup as draw_followup

DAY, UNTIL = pd.Timestamp("2025-07-26"), pd.Timestamp("2026-10-06")


def lineage():
    return background.lineage(data.load("events"), data.load("documents"), data.load("event_labels"))


def steps():
    return followup.steps(data.load("followup"), data.load("articles"), DAY, UNTIL)


def benchmarks():
    return followup.benchmark_list(data.load("benchmarks"), data.load("articles"))


def organisation():
    return background.organisation_steps(
        data.load("organisation_steps"), data.load("events"), data.load("headline_facts")
    )


def usable():
    return reception.usable_items(data.load("items"))


def evidence():
    return methods.evidence_by_table()


def dated():
    return standards.instrument_dates(data.load("instruments"))


def cells():
    return coverage.coverage(data.load("standards"), coverage.asks())


def outlooks():
    return energy.outlooks(energy.electricity(data.load("indicators")))


def required():
    return energy.requirements(data.load("policies"))


def factors():
    return energy.provincial_factors(data.load("indicators"))


def drawn():
    return scenario.samples(data.load("scenario_parameters"), points=8)


CALLS = {
    "articles.text_state": lambda: articles.text_state(data.load("text_versions")),
    "articles.parts_seen": lambda: articles.parts_seen(data.load("doc_stats"), data.load("text_versions")),
    "articles.evidence_by_article": lambda: articles.evidence_by_article(
        data.load("commitments"), data.load("articles")
    ),
    "articles.code_counts": lambda: articles.code_counts(
        data.load("commitments"), data.load("commitments_coder_b"), "deontic"
    ),
    "articles.percent_agreement": lambda: articles.percent_agreement(
        data.load("commitments"), data.load("commitments_coder_b"), "deontic"
    ),
    "articles.theme_matrix": lambda: articles.theme_matrix(data.load("commitments")),
    "articles.theme_list": lambda: articles.theme_list(
        data.load("plan_codebook"), articles.theme_matrix(data.load("commitments"))
    ),
    "articles.show_article": lambda: articles.show_article(1),
    "articles.elsewhere": lambda: articles.elsewhere("A01"),
    "articles.states": articles.states,
    "articles.article_asks": lambda: articles.article_asks("A01"),
    "articles.version_at_hand": lambda: articles.version_at_hand(data.load("text_versions"), "en"),
    "articles.counted_versions": lambda: articles.counted_versions(data.load("text_versions"), data.load("doc_stats")),
    "articles.disagreements": lambda: articles.disagreements(
        data.load("commitments"), data.load("commitments_coder_b")
    ),
    "articles.translation_cells": lambda: articles.translation_cells(data.load("translations")),
    "articles.glossary_cells": lambda: articles.glossary_cells(data.load("glossary")),
    "articles.compared": lambda: articles.compared(data.load("us_china_compare")),
    "articles.comparison_cells": lambda: articles.comparison_cells(data.load("us_china_compare")),
    "background.plan_event": lambda: background.plan_event(data.load("events")),
    "background.event_list": lambda: background.event_list(data.load("events")),
    "background.timeline": lambda: background.timeline(data.load("events"), labels=data.load("event_labels")),
    "background.pace": lambda: background.pace(data.load("events")),
    "background.between": lambda: background.between(data.load("events"), "2025-07-22", "2025-07-28"),
    "background.lineage": lineage,
    "background.controls": lambda: background.controls(
        data.load("events"), lineage(), labels=data.load("event_labels")
    ),
    "background.organisation_steps": organisation,
    "background.signatories": lambda: background.signatories(data.load("waico_signatories"), data.load("countries")),
    "background.who": lambda: background.who(data.load("organisations"), data.load("countries")),
    "background.disagreements": lambda: background.disagreements(data.load("disagreements"), "background"),
    "background.differing_counts": lambda: background.differing_counts(data.load("disagreements")),
    "background.key_numbers": lambda: background.key_numbers(
        data.load("events"),
        lineage(),
        data.load("waico_signatories"),
        data.load("headline_facts"),
        background.disagreements(data.load("disagreements"), "background"),
    ),
    "charts.background.timeline": lambda: draw_background.timeline(
        background.timeline(data.load("events"), labels=data.load("event_labels")), data.load("articles")
    ),
    "charts.background.lineage": lambda: draw_background.lineage(lineage(), data.load("event_labels")),
    "charts.background.pace": lambda: draw_background.pace(background.pace(data.load("events"))),
    "charts.background.controls": lambda: draw_background.controls(
        background.controls(data.load("events"), lineage(), labels=data.load("event_labels"))
    ),
    "charts.background.differing_counts": lambda: draw_background.differing_counts(
        background.differing_counts(data.load("disagreements"))
    ),
    "claims.counts": lambda: claims.counts(data.load("claims")),
    "claims.by_group": lambda: claims.by_group(data.load("claims"), "topic"),
    "claims.units": lambda: claims.units(data.load("claims"), "topic"),
    "claims.by_article": lambda: claims.by_article(data.load("claims"), data.load("articles")),
    "claims.about_the_whole": lambda: claims.about_the_whole(data.load("claims"), data.load("articles")),
    "claims.ledger": lambda: claims.ledger(data.load("claims")),
    "claims.disagreements": lambda: claims.disagreements(data.load("claims"), data.load("claim_verdicts")),
    "claims.disagreement_cells": lambda: claims.disagreement_cells(
        claims.disagreements(data.load("claims"), data.load("claim_verdicts"))
    ),
    "claims.warnings": lambda: claims.warnings(data.load("claims")),
    "claims.show_warnings": lambda: claims.show_warnings(data.load("claims")),
    "coverage.asks": coverage.asks,
    "coverage.coverage": cells,
    "coverage.coverage_table": lambda: coverage.coverage_table(cells(), pd.Series(dtype=str)),
    "coverage.answers": lambda: coverage.answers(cells(), data.load("standards")),
    "energy.seen": lambda: energy.seen(data.load("indicators")),
    "energy.compute_counts": lambda: energy.compute_counts(data.load("indicators")),
    "energy.electricity": lambda: energy.electricity(data.load("indicators")),
    "energy.baselines": lambda: energy.baselines(energy.electricity(data.load("indicators")), 2024),
    "energy.outlooks": outlooks,
    "energy.grid_intensity": lambda: energy.grid_intensity(data.load("indicators"), energy.regions()),
    "energy.provincial_factors": factors,
    "energy.siting_change": lambda: energy.siting_change(factors()),
    "energy.pue_averages": lambda: energy.pue_averages(data.load("indicators")),
    "energy.pue_limits": lambda: energy.pue_limits(data.load("policies")),
    "energy.green_power": lambda: energy.green_power(data.load("indicators"), data.load("policies")),
    "energy.chip_efficiency": lambda: energy.chip_efficiency(data.load("chips")),
    "energy.provision_matrix": lambda: energy.provision_matrix(data.load("provisions")),
    "energy.requirements": required,
    "energy.requirement_counts": lambda: energy.requirement_counts(required()),
    "energy.requirement_steps": lambda: energy.requirement_steps(required()),
    "energy.water": lambda: energy.water(data.load("indicators")),
    "energy.open_questions": lambda: energy.open_questions(data.load("disagreements"), "sustainability"),
    "followup.material_until": followup.material_until,
    "followup.steps": steps,
    "followup.since": lambda: followup.since(steps()),
    "followup.units": lambda: followup.units(steps()),
    "followup.lanes": lambda: followup.lanes(steps()),
    "followup.by_scope": lambda: followup.by_scope(steps()),
    "followup.track": lambda: followup.track(data.load("events"), DAY, UNTIL, article="A11"),
    "followup.organisation": lambda: followup.organisation(organisation(), steps()),
    "followup.signatories": lambda: followup.signatories(data.load("waico_signatories"), data.load("countries")),
    "followup.benchmark_list": benchmarks,
    "followup.benchmark_counts": lambda: followup.benchmark_counts(benchmarks()),
    "followup.unknown_rows": lambda: followup.unknown_rows(data.load("benchmarks")),
    "followup.numbers": followup.numbers,
    "followup.reported": followup.reported,
    "followup.key_numbers": lambda: followup.key_numbers(steps(), benchmarks(), data.load("waico_signatories"), DAY),
    "charts.followup.steps_by_article": lambda: draw_followup.steps_by_article(followup.units(steps())),
    "charts.followup.timeline": lambda: draw_followup.timeline(followup.lanes(steps()), DAY, UNTIL),
    "charts.followup.scope": lambda: draw_followup.scope(followup.by_scope(steps())),
    "charts.followup.benchmarks": lambda: draw_followup.benchmarks(followup.benchmark_counts(benchmarks())),
    "methods.evidence_by_table": evidence,
    "methods.evidence_by_chapter": lambda: methods.evidence_by_chapter(evidence(), data.load("chapter_tables")),
    "methods.evidence_levels": lambda: methods.evidence_levels(
        evidence(), data.load("sources"), methods.meanings("sources", "evidence")
    ),
    "methods.evidence_table": lambda: methods.evidence_table(evidence()),
    "methods.source_uses": methods.source_uses,
    "methods.source_types": lambda: methods.source_types(
        data.load("sources"), methods.source_uses(), methods.meanings("sources", "type")
    ),
    "methods.languages": lambda: methods.languages(data.load("sources")),
    "methods.by_month": lambda: methods.by_month(data.load("sources"), "2025-01"),
    "methods.regions": lambda: methods.regions(data.load("items")),
    "methods.agreements": lambda: methods.agreements(
        *map(data.load, ("commitments", "commitments_coder_b", "plan_codebook", "items", "items_coder_b"))
    ),
    "methods.correction_counts": lambda: methods.correction_counts(data.load("corrections")),
    "methods.correction_list": lambda: methods.correction_list(data.load("corrections")),
    "methods.questions": lambda: methods.questions(data.load("disagreements")),
    "methods.settled_by_chapter": lambda: methods.settled_by_chapter(data.load("disagreements")),
    "methods.disagreement_list": lambda: methods.disagreement_list(data.load("disagreements")),
    "overview.by_article": overview.by_article,
    "overview.evidence_shares": overview.evidence_shares,
    "overview.fact": lambda: overview.fact("un_panel_vote"),
    "overview.number": lambda: overview.number("un_panel_vote"),
    "reception.usable_items": usable,
    "reception.placed_items": lambda: reception.placed_items(data.load("items")),
    "reception.side": lambda: reception.side(data.load("items")["stance"]),
    "reception.side_counts": lambda: reception.side_counts(usable(), "region"),
    "reception.dots": lambda: reception.dots(usable(), "region", reception.regions(), deep=2),
    "reception.by_month": lambda: reception.by_month(data.load("items")),
    "reception.stance_agreement": lambda: reception.stance_agreement(data.load("items"), data.load("items_coder_b")),
    "reception.recoded": lambda: reception.recoded(data.load("items"), data.load("items_coder_b")),
    "reception.reliability": lambda: reception.reliability(usable(), data.load("items_coder_b")),
    "reception.frame_counts": lambda: reception.frame_counts(usable(), data.load("items_coder_b")),
    "reception.side_by_quarter": lambda: reception.side_by_quarter(usable()),
    "reception.listing": lambda: reception.listing(data.load("items"), data.load("sources")),
    "reception.positions": lambda: reception.positions(data.load("statements"), data.load("countries")),
    "reception.principles": lambda: reception.principles(data.load("regime_complex")),
    "reception.users": lambda: reception.users(data.load("adoption_indicators")),
    "reception.trust": lambda: reception.trust(data.load("adoption_indicators"), data.load("countries")),
    "reception.regime_map": lambda: reception.regime_map(data.load("regime_complex")),
    "reception.weights_of_power": lambda: reception.weights_of_power(data.load("adoption_indicators")),
    "reception.measures": lambda: reception.measures(data.load("adoption_indicators")),
    "scenario.ranges": lambda: scenario.ranges(data.load("scenario_parameters"), "world"),
    "scenario.samples": drawn,
    "scenario.fans": lambda: scenario.fans(drawn()),
    "scenario.rank_correlations": lambda: scenario.rank_correlations(drawn()),
    "scenario.switched": lambda: scenario.switched(drawn(), "world", "pue"),
    "scenario.switches": lambda: scenario.switches(drawn()),
    "scenario.base_year_effect": lambda: scenario.base_year_effect(drawn()),
    "scenario.sensitivities": lambda: scenario.sensitivities(data.load("scenario_parameters")),
    "scenario.published": lambda: scenario.published(data.load("scenario_reference")),
    "scenario.siting": lambda: scenario.siting(factors(), 1.0),
    "scenario.range_table": lambda: scenario.range_table(data.load("scenario_parameters")),
    "scenario.switch_table": lambda: scenario.switch_table(
        scenario.switches(drawn()), scenario.base_year_effect(drawn())
    ),
    "scenario.cross_checks": lambda: scenario.cross_checks(
        data.load("scenario_parameters"), data.load("scenario_reference"), data.load("indicators"), drawn()
    ),
    "standards.family_group": lambda: standards.family_group(data.load("standards")),
    "standards.by_year": lambda: standards.by_year(data.load("standards"), data.load("sources")),
    "standards.chinese_documents": lambda: standards.chinese_documents(data.load("standards")),
    "standards.yearly_output": lambda: standards.yearly_output(data.load("policy_targets")),
    "standards.energy_standards": lambda: standards.energy_standards(data.load("standards")),
    "standards.applies_to": lambda: standards.applies_to(data.load("standards")),
    "standards.names_water": lambda: standards.names_water(data.load("standards")),
    "standards.target_progress": lambda: standards.target_progress(data.load("policy_targets")),
    "standards.figures": lambda: standards.figures(data.load("policy_targets"), []),
    "standards.issued_after": lambda: standards.issued_after(data.load("standards"), DAY, ["mandatory_national"]),
    "standards.instrument_dates": dated,
    "standards.since_the_plan": lambda: standards.since_the_plan(dated()),
    "standards.instrument_list": lambda: standards.instrument_list(data.load("instruments")),
    "standards.catalogue": lambda: standards.catalogue(data.load("standards"), data.load("bodies")),
    "standards.open_questions": lambda: standards.open_questions(data.load("disagreements"), data.load("sources")),
    "terms.cells": lambda: terms.cells(data.load("glossary"), {}),
    "terms.several_renderings": lambda: terms.several_renderings(data.load("glossary")),
    "terms.shared_renderings": lambda: terms.shared_renderings(data.load("glossary")),
    "terms.key_numbers": lambda: terms.key_numbers(data.load("glossary")),
}


# Functions of these modules that need no table of rows, or a single row of one.
APART = {
    "articles": "label merged article_links ask_link headings neighbours theme_links plain",
    "background": "material_end end_in_words tracks codes strands moves labelled midpoint stack spread place_labels "
    "anchor quantity",
    "claims": "topics claim_anchor warning_anchor claimant share_text plan_links where verdict_badge",
    "coverage": "regions",
    "energy": "own_panels regions panels hub_groups control_classes provision_groups jurisdictions one yearly_growth",
    "followup": "scopes timings span timing anchor note_pieces step_text status_cell benchmark_anchor benchmark_text "
    "rating_text row_link",
    "methods": "chapter_name evidence_columns used_tables meanings verdict correction_anchor disagreement_anchor",
    "overview": "",
    "reception": "objects regions home frames when link measure_names",
    "scenario": "cases switch_names unit_points sample middle run percentiles bottom_up assumed from_capacity "
    "spliced_growth",
    "standards": "family_groups records force_classes row_anchor plain_year article_link",
    "terms": "anchor",
}


@pytest.fixture
def emptied(monkeypatch):
    """Every table of the package without its rows, with its columns and their types."""
    load = data.load
    monkeypatch.setattr(data, "load", lambda name, report=None: load(name, report).iloc[:0].copy())


@pytest.mark.parametrize("name", CALLS)
def test_without_rows_a_table_comes_back_or_it_is_said_which_one_needs_rows(name, emptied):
    try:
        found = CALLS[name]()
    except data.NoRows as error:
        assert error.table in data.names() and error.table in str(error)
        return
    if isinstance(found, pd.DataFrame):
        assert len(found.columns)


def test_no_public_function_is_forgotten():
    modules = [articles, background, claims, coverage, energy, followup, methods, overview]
    modules += [reception, scenario, standards, terms]
    public = {
        f"{module.__name__.rpartition('.')[2]}.{name}"
        for module in modules
        for name, function in vars(module).items()
        if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
    }
    apart = {f"{module}.{name}" for module, names in APART.items() for name in names.split()}
    assert public == {name for name in CALLS if not name.startswith("charts.")} | apart
    assert not apart & set(CALLS)
