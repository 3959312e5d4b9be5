"""The Plan beside other texts: rates of words, key words, likeness and other measures, and the numbers of the chapter.

Tables of the data package in, tidy tables out; the statistics are in :mod:`policybook.compare`. Only versions that are
complete and unaltered (:func:`comparable_versions`) are compared, so a text of which a part was read never is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import permutations

import numpy as np
import pandas as pd
from scipy.special import chdtri

from policybook import agreement, articles, compare, data, settings
from policybook.articles import RECALLED
from policybook.data import seen

# A word is shown as key to a text when chance would give so high a G2 to no word in 19 of 20 such comparisons.
LEVEL = 0.05
# How many key words are shown of each text.
KEY_WORDS = 12
# How many texts a chart shows at most, one on each line and in pairs; which ones, :func:`nearest` says.
MOST_TEXTS, MOST_PAIRED = 24, 20


def comparable_versions(versions: pd.DataFrame, language: str | None = None) -> pd.DataFrame:
    """Return the versions whose rates may be compared: complete, and not altered by the keeper of the copy."""
    found = versions[(versions["completeness"] == "full") & ~versions["altered"]]
    return found if language is None else found[found["language"] == language]


def totals(counts: pd.DataFrame, stats: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a count table that stand for a whole version (``is_total`` in ``doc_stats``)."""
    whole = stats.loc[stats["is_total"], ["version_id", "section"]]
    return counts.merge(whole, on=["version_id", "section"])


def rates(counts: pd.DataFrame, base: str) -> pd.DataFrame:
    """Return the counts with their rates per 1,000 of ``base`` (words or characters) and 95 % Poisson intervals.

    Adds ``rate``, ``low`` and ``high``, all per 1,000. The interval says how far the rate would move by chance alone
    if the words fell independently; words of one text do not quite, so it is on the narrow side.
    """
    number, size = counts["count"].astype(float), counts[base].astype(float)
    low, high = compare.poisson_interval(number.to_numpy())
    return counts.assign(rate=1000 * number / size, low=1000 * low / size, high=1000 * high / size)


# Order of the documents in comparisons: by legal force, strongest first, then by date.
FORCES = ["binding", "policy", "voluntary", "non_binding", "none"]


def names(documents: pd.DataFrame) -> dict[str, str]:
    """Return the names of documents on axes, by ``doc_id``: the short title, or the title where there is none."""
    return dict(zip(documents["doc_id"], documents["short_title"].fillna(documents["title"]), strict=True))


def with_documents(rows: pd.DataFrame, versions: pd.DataFrame, documents: pd.DataFrame) -> pd.DataFrame:
    """Return rows of versions with ``document`` (short name), ``force``, ``date`` and ``source_id``.

    The rows come ordered by force, date and document.
    """
    about = versions[["version_id", "doc_id", "source_id"]].merge(documents[["doc_id", "force", "date"]])
    about["document"] = about["doc_id"].map(names(documents))
    about["force"] = pd.Categorical(about["force"].astype(str), FORCES, ordered=True)
    joined = rows.merge(about, on="version_id")
    return joined.sort_values(["force", "date", "document"], kind="stable", ignore_index=True)


def english_rates(terms: Iterable[str]) -> pd.DataFrame:
    """Return the rates of term groups in all comparable English versions, per 1,000 words, in the order of ``terms``.

    Columns: ``document``, ``force``, ``date``, ``source_id``, ``term`` (label), ``count``, ``words``, ``rate``,
    ``low``, ``high``.
    """
    terms = list(terms)
    patterns = data.load("term_patterns").set_index("term_id")["label"]
    versions = comparable_versions(data.load("text_versions"), "en")
    counts = totals(data.load("term_counts"), data.load("doc_stats"))
    counts = counts[counts["version_id"].isin(versions["version_id"]) & counts["term_id"].isin(terms)]
    counts = counts.rename(columns={"section_words": "words"})
    counts["term"] = pd.Categorical(counts["term_id"].map(patterns), [patterns[item] for item in terms], ordered=True)
    found = with_documents(rates(counts, "words"), versions, data.load("documents"))
    return found.drop(columns=["per_1000_words", "section"])


def chinese_rates(documents: Iterable[str], terms: Iterable[str]) -> pd.DataFrame:
    """Return the rates of Chinese terms in comparable Chinese versions, per 1,000 characters, by date of the document.

    Columns as in :func:`english_rates`, with ``characters`` for ``words``; ``term`` holds the English label and the
    Chinese term.
    """
    terms, documents = list(terms), list(documents)
    names = data.load("zh_terms").set_index("term")["label_en"]
    versions = comparable_versions(data.load("text_versions"), "zh")
    versions = versions[versions["doc_id"].isin(documents)]
    counts = totals(data.load("zh_term_counts"), data.load("doc_stats"))
    counts = counts[counts["version_id"].isin(versions["version_id"]) & counts["term"].isin(terms)]
    counts = counts.rename(columns={"cjk_chars": "characters"})
    order = [f"{names[item]} {item}" for item in terms]
    counts["term"] = pd.Categorical(counts["term"].map(names) + " " + counts["term"], order, ordered=True)
    found = with_documents(rates(counts, "characters"), versions, data.load("documents"))
    return found.sort_values(["date", "document"], kind="stable", ignore_index=True)


def institution_mentions() -> pd.DataFrame:
    """Return how often each comparable version names each body or instrument, zero counts included.

    Columns: ``document``, ``force``, ``date``, ``source_id``, ``body``, ``mentions``. Versions that were not searched
    for bodies are not in it.
    """
    versions = comparable_versions(data.load("text_versions"))
    rows = data.load("named_bodies")
    rows = rows[rows["version_id"].isin(versions["version_id"])]
    return with_documents(rows, versions, data.load("documents"))


def nearest(
    documents: Iterable[str],
    most: int = MOST_TEXTS,
    keep: Iterable[str] = (),
    alike: Mapping[str, float] | None = None,
) -> tuple[list[str], str]:
    """Return the documents (short names) that a chart shows, in the order given, and the rule in words.

    Up to ``most`` are all shown, and the rule is empty. Of more, those nearest to this report's document in date are
    kept, itself and those in ``keep`` first; of two equally near, the one that comes first by name. With ``alike``,
    the likeness of each document to this report's own, those most like it are kept.
    """
    given = list(dict.fromkeys(documents))
    if len(given) <= most:
        return given, ""
    registry = data.load("documents")
    registry["document"] = registry["doc_id"].map(names(registry))
    days = registry.drop_duplicates("document").set_index("document")["date"]
    own = registry.loc[registry["doc_id"] == settings.load().document]
    first = own["document"].iloc[0]
    if alike:
        apart, rule = {name: -alike[name] for name in given}, f"those most like {first}"
    else:
        apart = {name: abs((days[name] - own["date"].iloc[0]).days) for name in given}
        rule = f"those nearest to {first} in date"
    always = {first, *keep}
    kept = set(sorted(given, key=lambda name: (name not in always, apart[name], name))[:most])
    return [name for name in given if name in kept], f"{most} of {len(given)} texts: {rule}"


# ------------------------------------------------------------------------------------------- words of pairs of texts


def token_table(language: str) -> pd.DataFrame:
    """Return how often each token (Chinese: word) stands in each comparable version of a language.

    One row for each token, sorted; one column for each document (short name), in the order of :func:`with_documents`.
    Versions whose words were not counted have no column.
    """
    versions = comparable_versions(data.load("text_versions"), language)
    counts = data.load("token_counts")
    counts = counts[counts["version_id"].isin(versions["version_id"])]
    summed = counts.groupby(["version_id", "token"])["count"].sum().reset_index()
    found = with_documents(summed, versions, data.load("documents"))
    columns = list(dict.fromkeys(found["document"]))
    wide = found.pivot(index="token", columns="document", values="count")
    # The copy makes one block of what is a block for each column, which pandas warns of when there are many texts.
    return wide.reindex(columns=columns).fillna(0).astype(int).sort_index().copy()


def critical_g2(tests: int, level: float = LEVEL) -> float:
    """Return the G2 that one of ``tests`` comparisons passes by chance with the probability ``level`` at most.

    Bonferroni's bound on the chi-square distribution with one degree of freedom.
    """
    return float(chdtri(1, level / tests))


def key_vocabulary(table: pd.DataFrame, most: int = KEY_WORDS, keep: Iterable[str] = ()) -> pd.DataFrame:
    """Return the rows of a token table that are among the ``most`` key words of one text beside any other.

    Key words are those with the largest G2 in either direction above :func:`critical_g2`, with as many tests as the
    table has tokens. What a reader can choose from the rows returned is therefore what the whole table would give. The
    attribute ``sizes`` of the result holds the words of each text. Of many texts there are those of :func:`nearest`,
    with those in ``keep``; the attribute ``shown`` says so.
    """
    columns, shown = nearest(table.columns, MOST_PAIRED, keep)
    table = table[columns]
    counts, sizes = table.to_numpy(float), table.sum().to_numpy(float)
    least = critical_g2(len(table))
    chosen = np.zeros(len(table), dtype=bool)
    for one, other in permutations(range(table.shape[1]), 2):
        value = compare.g2(counts[:, one], counts[:, other], sizes[one], sizes[other])
        more = counts[:, one] * sizes[other] > counts[:, other] * sizes[one]
        value = np.where(more & (value > least), value, 0.0)
        top = np.argsort(-value, kind="stable")[:most]
        chosen[top[value[top] > 0]] = True
    found = table[chosen]
    found.attrs["shown"] = shown
    found.attrs["sizes"] = {name: int(size) for name, size in table.sum().items()}
    return found


def default_pair(table: pd.DataFrame, preferred: Iterable[str]) -> tuple[str, str]:
    """Return the first two columns of a token table among ``preferred`` documents, in that order.

    Raises ``ValueError`` when the table has fewer than two of them.
    """
    found = [name for name in preferred if name in table.columns]
    if len(found) < 2:
        raise ValueError(f"two texts are needed; of those preferred the table has {', '.join(found) or 'none'}")
    return found[0], found[1]


def key_finding(table: pd.DataFrame, first: str, second: str, most: int = 3) -> str:
    """Return in words which key words mark each of two texts: those with the largest difference of rates."""
    sizes = table.sum()
    one, two = table[first].to_numpy(), table[second].to_numpy()
    key = compare.g2(one, two, sizes[first], sizes[second]) > critical_g2(len(table))
    ratio = pd.Series(compare.rate_ratio(one, two, sizes[first], sizes[second])[0], index=table.index)[key]
    ratio = ratio.sort_index().sort_values(kind="stable")
    said = []
    for name, words in ((first, ratio[ratio > 0][::-1]), (second, ratio[ratio < 0])):
        if len(words):
            said.append(f"{name}: {', '.join(f'“{word}”' for word in words.index[:most])}")
    return f"Words that mark {'; '.join(said)}" if said else "No word differs by more than chance would give"


def likeness(table: pd.DataFrame) -> pd.DataFrame:
    """Return the likeness of texts by their words, in the order of a clustering: ``document``, ``other``, ``cosine``.

    ``table`` comes from :func:`token_table`. Cosine (0 to 1) of tf-idf weights, see
    :func:`policybook.compare.similarity`; every ordered pair is a row.
    """
    long = table.rename_axis("token").reset_index().melt("token", var_name="document", value_name="count")
    cosines = compare.similarity(long[long["count"] > 0])
    order = compare.cluster_order(cosines)
    ordered = cosines.loc[order, order].copy().rename_axis("document").reset_index()
    return ordered.melt("document", var_name="other", value_name="cosine")


def measures() -> pd.DataFrame:
    """Return measures of the comparable English texts, in the order of :func:`with_documents`.

    Columns: ``document``, ``force``, ``date``, ``source_id``, ``words``, ``sentences``, ``diversity`` (HD-D, 0 to 1)
    and ``lix`` (readability); see :mod:`policybook.compare` for both.
    """
    versions = comparable_versions(data.load("text_versions"), "en")
    stats = data.load("doc_stats")
    stats = stats[stats["is_total"] & stats["version_id"].isin(versions["version_id"])]
    found = with_documents(stats[["version_id", "words", "sentences"]], versions, data.load("documents"))
    table = token_table("en")
    found["diversity"] = [compare.diversity(table.loc[table[name] > 0, name]) for name in found["document"]]
    found["lix"] = [
        compare.readability(int(words), int(sentences), table.loc[table[name] > 0, name])
        for name, words, sentences in zip(found["document"], found["words"], found["sentences"], strict=True)
    ]
    return found


# Words of obligation, strongest first, as far as single words carry obligation.
LADDER = ["shall", "must", "should", "will", "encourage", "voluntary"]
COMMANDS = ["shall", "must"]


def ladder() -> pd.DataFrame:
    """Return how the words of obligation of each comparable English text divide between the rungs of :data:`LADDER`.

    Columns: ``document``, ``force``, ``date``, ``source_id``, ``term_id``, ``count``, ``words`` (of obligation, all
    rungs), ``share`` (0 to 1) with a 95 % Wilson interval ``low`` to ``high``.
    """
    versions = comparable_versions(data.load("text_versions"), "en")
    counts = totals(data.load("term_counts"), data.load("doc_stats"))
    counts = counts[counts["version_id"].isin(versions["version_id"]) & counts["term_id"].isin(LADDER)]
    counts = counts[["version_id", "term_id", "count"]].assign(count=counts["count"].astype(int))
    counts["words"] = counts.groupby("version_id")["count"].transform("sum")
    counts = counts[counts["words"] > 0]
    return with_documents(_with_share(counts), versions, data.load("documents"))


def commands(rungs: pd.DataFrame) -> pd.DataFrame:
    """Return the share of commands (:data:`COMMANDS`) among the words of obligation of each text of :func:`ladder`.

    Columns: ``document``, ``count``, ``words``, ``share``, ``low``, ``high``, as there and in the same order.
    """
    rows = rungs[rungs["term_id"].isin(COMMANDS)]
    summed = rows.groupby("document", observed=True, sort=False).agg(count=("count", "sum"), words=("words", "first"))
    return _with_share(summed.reset_index())


def _with_share(counts: pd.DataFrame) -> pd.DataFrame:
    low, high = compare.wilson_interval(counts["count"], counts["words"])
    return counts.assign(share=counts["count"] / counts["words"], low=low, high=high)


# -------------------------------------------------------------------------------------------- China's texts in a line


def lineage() -> tuple[list[str], list[str]]:
    """Return the documents (``doc_id``) that the data place before and after the Plan in its line, by date."""
    documents = data.load("documents").sort_values(["date", "doc_id"])
    before, after = (documents.loc[documents["lineage"] == place, "doc_id"].tolist() for place in ("before", "after"))
    return before, after


def term_lineage(before: Iterable[str], after: Iterable[str]) -> pd.DataFrame:
    """Return the uses of the Chinese terms in texts before and after the Plan, and in as much of the Plan as was seen.

    ``before`` and ``after`` are documents (``doc_id``). Columns: ``term``, ``label`` (English), ``doc_id``,
    ``document``, ``date``, ``part`` (true for a text of which a part was seen), ``count``, ``characters``,
    ``source_id``; and for the term ``change`` (binary logarithm of the ratio of its rate per character in all texts
    after to that in all texts before), ``low`` and ``high`` (95 % interval of it) and ``course``: ``risen`` or
    ``fallen`` where the interval leaves out 0, ``unclear`` otherwise, ``unused`` where no whole text has the term.
    """
    before, after, own = list(before), list(after), settings.load().document
    versions = data.load("text_versions")
    versions = versions[(versions["language"] == "zh") & versions["doc_id"].isin([*before, own, *after])]
    # Of the Plan the whole text where it was counted, else the part.
    best = {item: articles.version_at_hand(versions, "zh", item) for item in versions["doc_id"].unique()}
    versions = versions[versions["version_id"].isin(best.values())]
    counts = totals(data.load("zh_term_counts"), data.load("doc_stats"))
    counts = counts[counts["version_id"].isin(versions["version_id"])]
    found = with_documents(counts[["version_id", "term", "count", "cjk_chars"]], versions, data.load("documents"))
    found = found.rename(columns={"cjk_chars": "characters"})
    found["part"] = found["version_id"].map(versions.set_index("version_id")["completeness"] == "partial")
    found["label"] = found["term"].map(data.load("zh_terms").set_index("term")["label_en"])
    uses = found.pivot(index="term", columns="doc_id", values="count").astype(int)
    sizes = found.groupby("doc_id")["characters"].first().astype(int)
    change, low, high = compare.rate_ratio(
        uses[after].sum(axis=1), uses[before].sum(axis=1), sizes[after].sum(), sizes[before].sum()
    )
    course = np.select([np.isnan(change), low > 0, high < 0], ["unused", "risen", "fallen"], "unclear")
    terms = pd.DataFrame({"change": change, "low": low, "high": high, "course": course}, index=uses.index)
    columns = ["term", "label", "doc_id", "document", "date", "part", "count", "characters", "source_id"]
    ordered = found.sort_values(["date", "document", "term"], ignore_index=True)[columns]
    return ordered.merge(terms, left_on="term", right_index=True)


# ---------------------------------------------------------------------------------------------- numbers of the prose


def key_numbers() -> dict[str, int | float]:
    """Return the numbers that the chapter names in its prose, by name; shares are percentages from 0 to 100.

    A number that counts recalled rows as well says so in its name; all others rest on rows that were seen.
    """
    sections, asks, second = (data.load(name) for name in ("articles", "commitments", "commitments_coder_b"))
    second = second.set_index("commitment_id").loc[asks["commitment_id"]].reset_index()  # row by row beside the first
    codebook = data.load("plan_codebook")
    known = seen(asks)
    parts = articles.parts_seen(data.load("doc_stats"), data.load("text_versions"))
    joined, joined_second = (
        rows.assign(deontic=articles.merged(rows["deontic"], codebook, "deontic")) for rows in (asks, second)
    )
    strength = articles.code_counts(joined, joined_second, "deontic").set_index("code")
    actor = articles.code_counts(asks, second, "actor").set_index("code")
    themes = articles.theme_matrix(asks).groupby("theme")[["seen", "recalled"]].sum()
    similar = data.load("corroborations")
    similar = set(similar.loc[similar["kind"] == "corroboration", "target_id"])
    recalled = asks[asks["evidence"] == RECALLED]
    actions = data.load("successor_mapping")
    taken_up = set(actions["articles"].explode())
    numbered = set(sections["article"]) - {"A00"}
    found: dict[str, int | float] = {
        "asks_with_recalled": len(asks),
        "seen": len(known),
        "read": int((asks["evidence"] == "read").sum()),
        "excerpt": int((asks["evidence"] == "excerpt").sum()),
        "recalled": len(recalled),
        "recalled_similar": int(recalled["commitment_id"].isin(similar).sum()),
        "from_wording": int(known["source_id"].isin(settings.load().copies).sum()),
        "words_en": int(parts.loc[parts["language"] == "en", "size"].sum()),
        "characters_zh": int(parts.loc[parts["language"] == "zh", "size"].sum()),
        "headings_en_recalled": int((sections["heading_en_evidence"] == RECALLED).sum()),
        "headings_zh_recalled": int((sections["heading_zh_evidence"] == RECALLED).sum()),
        "act": int(strength.loc["act", "seen"]),
        "act_second": int(strength.loc["act", "second_seen"]),
        "act_share": 100 * float(strength.loc["act", "seen"]) / len(known),
        "need_to": int((known["deontic"] == "need_to").sum()),
        "alpha_strength_with_recalled": _alpha(asks, second),
        "alpha_merged_with_recalled": _alpha(joined, joined_second),
        "nobody": int(actor.loc["all_parties", "seen"]),
        "nobody_with_recalled": int(actor.loc["all_parties", ["seen", "recalled"]].sum()),
        "nobody_share": 100 * float(actor.loc["all_parties", "seen"]) / len(known),
        "nobody_share_with_recalled": 100 * float(actor.loc["all_parties", ["seen", "recalled"]].sum()) / len(asks),
        "safety_seen": int(themes.loc["safety_risk", "seen"]),
        "safety_with_recalled": int(themes.loc["safety_risk"].sum()),
        "innovation_seen": int(themes.loc["innovation", "seen"]),
        "innovation_with_recalled": int(themes.loc["innovation"].sum()),
        "energy_seen": int(themes.loc["energy_environment", "seen"]),
        "energy_with_recalled": int(themes.loc["energy_environment"].sum()),
        "sovereignty_seen": int(themes.loc["sovereignty", "seen"]),
        "actions": len(actions),
        "articles": len(numbered),
        "articles_taken_up": len(taken_up & numbered),
        "articles_left": len(numbered - taken_up),
        "shared_phrases": len(data.load("zh_shared_phrases")),
        "shortest_run": int(data.load("zh_shared_phrases")["characters"].min()),
        "translations": len(data.load("translations")),
        "differing_strength_with_recalled": int((asks["deontic"].astype(str) != second["deontic"].astype(str)).sum()),
    }
    differing = joined["deontic"].astype(str) != joined_second["deontic"].astype(str)
    found["differing_act_with_recalled"] = found["differing_strength_with_recalled"] - int(differing.sum())
    comparison = data.load("us_china_compare")
    relations = articles.compared(comparison).set_index("relation")["seen"]
    found |= {f"us_{relation}": int(number) for relation, number in relations.items()}
    found |= {"us_points_with_recalled": len(comparison), "us_seen": int(relations.sum())}
    for column in ("main_theme", "actor", "deontic"):
        found[f"agree_{column}_with_recalled"] = 100 * articles.percent_agreement(asks, second, column)
        found[f"agree_{column}_seen"] = 100 * articles.percent_agreement(known, second, column)
    found["tentative"] = agreement.TENTATIVE
    found["differ_deontic_with_recalled"] = 100 - found["agree_deontic_with_recalled"]
    return found | _count_numbers()


def _alpha(first: pd.DataFrame, second: pd.DataFrame) -> float:
    """Return the agreement of two codings of the strength of the same asks."""
    return agreement.alpha(first["deontic"].astype(str), second["deontic"].astype(str))


def _count_numbers() -> dict[str, int | float]:
    """Return the numbers of the prose that come from counted texts."""
    versions, stats = data.load("text_versions"), data.load("doc_stats")
    counts = totals(data.load("term_counts"), stats).set_index(["version_id", "term_id"])["count"]
    chinese = totals(data.load("zh_term_counts"), stats).set_index(["version_id", "term"])["count"]
    english = comparable_versions(versions, "en")["version_id"]
    by_term = counts[counts.index.get_level_values("version_id").isin(english)].groupby("term_id")
    using = by_term.agg(lambda values: int((values > 0).sum()))
    bodies = institution_mentions()
    named = bodies[bodies["mentions"] > 0]
    words = stats[stats["is_total"]].set_index("version_id")["words"]
    part = articles.version_at_hand(versions, "en")
    (before, after), own = lineage(), settings.load().document
    terms = term_lineage(before, after)
    course = terms.drop_duplicates("term")["course"].value_counts()
    uses = terms.pivot(index="term", columns="doc_id", values="count") > 0
    found = {}
    for row in data.load("named_counts").itertuples():
        if pd.isna(row.term):
            found[row.number] = int(words[row.version_id])
        else:
            table = counts if (row.version_id, row.term) in counts.index else chinese
            found[row.number] = int(table[row.version_id, row.term])
    return found | {
        "lineage_terms": len(uses),
        "lineage_risen": int(course.get("risen", 0)),
        "lineage_fallen": int(course.get("fallen", 0)),
        "lineage_through": int((uses[before].any(axis=1) & uses[after].any(axis=1)).sum()),
        "lineage_plan": int(uses[own].sum()),
        "lineage_from_2024": int((uses[own] & uses[before].any(axis=1)).sum()),
        "lineage_to_2026": int((uses[own] & uses[after].any(axis=1)).sum()),
        "vocabulary": len(token_table("en")),
        "texts_en": len(english),
        "texts_searched": bodies["document"].nunique(),
        "texts_un": named.loc[named["body"] == "United Nations", "document"].nunique(),
        "texts_standards_bodies": named.loc[named["body"].isin(["ISO", "IEC", "ITU"]), "document"].nunique(),
        "versions_partial": int((versions["completeness"] == "partial").sum()),
        "versions_altered": int(versions["altered"].sum()),
        "texts_safety": int(using["safety"]),
        "texts_human_rights": int(using["human_rights"]),
        "texts_sovereignty": int(using["sovereignty"]),
        "texts_developing": int(using["developing_countries"]),
        "texts_competition": int(using["competition_race"]),
        "shall": int(by_term.sum()["shall"]),
        "words_shortest": int(words[english].min()),
        "rate_step": 1000 / float(words[english].min()),
        "shall_part": int(counts[part, "shall"]),
        "must_part": int(counts[part, "must"]),
        "should_part": int(counts[part, "should"]),
    }
