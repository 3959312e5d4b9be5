"""The text of the Plan and the texts beside it: what was seen, how the asks are coded, how often words occur.

Tables of the data package in, tidy tables out. Two rules run through all of it. Rows with the evidence ``recalled``
are counted apart from the rows that rest on a text or a report (the *seen* rows). And only versions that are complete
and unaltered (:func:`comparable_versions`) are compared by rates, so a text of which a part was read never is.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from functools import lru_cache

import pandas as pd
from IPython.display import Markdown, display

from policybook import agreement, data, tables
from policybook.data import seen

PLAN = "cn_gaigap_2025"
RECALLED = "recalled"

# Sources that carry wording of the Plan itself; all others report on it.
COPIES = ("longtermwiki_2025", "atiozgur_slides_2025", "gmw_plan_zh_2025", "cnyes_plan_zh_2025")

# Codes of the coding as readers see them; a code that is not named here is written with blanks for underscores.
LABELS = {
    "all_parties": "nobody in particular",
    "all_stakeholders": "all kinds of stakeholders",
    "ai_leading_countries": "countries ahead in AI",
    "enterprises": "companies",
    "fairness_bias": "fairness, bias",
    "safety_risk": "safety, risk",
    "privacy_rights": "privacy, rights",
    "energy_environment": "energy, environment",
    "capacity_building": "capacity-building",
    "industry_application": "use in industries",
    "governance_model": "governance model",
    "multilateral_un": "UN, multilateral",
    "think_tanks_forums": "think tanks, forums",
    "united_nations": "United Nations",
    "open_source": "open source",
    "need_to": "need to",
}

# Short names of documents for axes; a document that is not named here appears with its title.
DOCUMENTS = {
    "asean_genai_guide_2025": "ASEAN generative AI guide 2025",
    "bletchley_2023": "Bletchley Declaration 2023",
    "bletchley_chair_2023": "Bletchley chair's summary 2023",
    "cn_capacity_plan_2024": "China capacity plan 2024",
    "cn_genai_measures_2023": "China generative AI rules 2023",
    "cn_shanghai_declaration_2024": "Shanghai Declaration 2024",
    "cn_tc260_framework_v1_2024": "TC260 framework 1.0 2024",
    "cn_xi_waic_speech_2026": "Xi Jinping's speech 2026",
    "delhi_2026": "Delhi declaration 2026",
    "eu_ai_act_2024": "EU AI Act 2024",
    "eu_ai_continent_2025": "EU AI Continent plan 2025",
    "eu_apply_ai_2025": "EU Apply AI strategy 2025",
    "eu_gpai_code_2025": "EU general-purpose code 2025",
    "frontier_commitments_2024": "Seoul company pledges 2024",
    "g7_hcoc_2023": "G7 code of conduct 2023",
    "g7_hgp_2023": "G7 guiding principles 2023",
    "india_france_2025": "India-France declaration 2025",
    "paris_2025": "Paris statement 2025 (draft)",
    "seoul_declaration_2024": "Seoul Declaration 2024",
    "seoul_statement_science_2024": "Seoul science statement 2024",
    "uk_aioap_2025": "UK opportunities plan 2025",
    "uk_aioap_one_year_2026": "UK plan, one year on, 2026",
    "un_78_265": "UN resolution 78/265 2024",
    "us_aiap_2025": "US AI Action Plan 2025",
    "us_nist_ai_rmf_2023": "NIST risk framework 2023",
    "waic_chair_2026": "Chair's statement 2026",
}


def label(code: str) -> str:
    """Return a code of the coding in words."""
    return LABELS.get(code, str(code).replace("_", " "))


# -------------------------------------------------------------------------------------------------- what was seen


def parts_seen(stats: pd.DataFrame, versions: pd.DataFrame, doc_id: str) -> pd.DataFrame:
    """Return which parts of a partly seen document were counted, from the sections of its partial versions.

    Columns: ``article`` (A00 for the preamble), ``language``, ``size`` (words in English, Chinese characters in
    Chinese) and ``extent`` (``whole`` for a section named after its article alone, ``part`` for one with a suffix such
    as ``A03_start``). Articles of which nothing was counted have no row.
    """
    partial = versions[(versions["doc_id"] == doc_id) & (versions["completeness"] == "partial")]
    rows = stats[~stats["is_total"]].merge(partial[["version_id", "language"]], on="version_id")
    name = rows["section"].str.replace("preamble", "A00")
    return pd.DataFrame(
        {
            "article": name.str[:3],
            "language": rows["language"].astype(str),
            "size": rows["words"].fillna(rows["cjk_characters"]).astype(int),
            "extent": ["whole" if re.fullmatch(r"A\d\d", item) else "part" for item in name],
        }
    )


def evidence_by_article(commitments: pd.DataFrame, articles: pd.DataFrame) -> pd.DataFrame:
    """Return how the asks of each article are known.

    One row for each article and kind of evidence, zeros included: ``article``, ``article_no``, ``short_title``,
    ``evidence``, ``rows`` (number of asks) and ``share`` (of the asks of the article, 0 to 1).
    """
    counts = commitments.groupby(["article", "evidence"], observed=False).size().rename("rows").reset_index()
    counts["evidence"] = counts["evidence"].astype(str)
    counts["share"] = counts["rows"] / counts.groupby("article")["rows"].transform("sum")
    return articles[["article", "article_no", "short_title"]].merge(counts, on="article")


# ------------------------------------------------------------------------------------------------------ the coding


def code_counts(first: pd.DataFrame, second: pd.DataFrame, column: str) -> pd.DataFrame:
    """Return how often each code of a column was given, recalled rows apart, by both coders.

    ``first`` is the coding with evidence, ``second`` the blind one. One row for each code of the schema, in its order:
    ``code``, ``seen`` and ``recalled`` (rows of the first coder), ``second_seen`` (rows of the second coder among the
    seen ones). Raises ``ValueError`` when the coders did not code the same rows.
    """
    paired = _paired(first, second)
    codes = list(first[column].cat.categories)
    is_seen = paired["evidence"] != RECALLED

    def count(values: pd.Series) -> list[int]:
        return values.value_counts().reindex(codes, fill_value=0).astype(int).tolist()

    return pd.DataFrame(
        {
            "code": codes,
            "seen": count(paired.loc[is_seen, f"{column}_first"]),
            "recalled": count(paired.loc[~is_seen, f"{column}_first"]),
            "second_seen": count(paired.loc[is_seen, f"{column}_second"]),
        }
    )


def percent_agreement(first: pd.DataFrame, second: pd.DataFrame, column: str) -> float:
    """Return the share of rows (0 to 1) that both coders gave the same code.

    Agreement by chance is not taken out. Raises ``ValueError`` when the coders did not code the same rows.
    """
    paired = _paired(first, second)
    return float((paired[f"{column}_first"].astype(str) == paired[f"{column}_second"].astype(str)).mean())


def _paired(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    if set(first["commitment_id"]) - set(second["commitment_id"]):
        raise ValueError("the second coder did not code all rows of the first")
    return first.merge(second, on="commitment_id", suffixes=("_first", "_second"), validate="one_to_one")


def theme_matrix(commitments: pd.DataFrame) -> pd.DataFrame:
    """Return how many asks of each article carry each theme; an ask with two themes counts under both.

    Columns ``article``, ``theme``, ``seen``, ``recalled`` (numbers of asks); pairs that do not occur have no row.
    """
    rows = commitments.explode("themes").assign(recalled=commitments["evidence"] == RECALLED)
    counts = rows.groupby(["article", "themes"])["recalled"].agg(["size", "sum"]).reset_index()
    return pd.DataFrame(
        {
            "article": counts["article"],
            "theme": counts["themes"],
            "seen": (counts["size"] - counts["sum"]).astype(int),
            "recalled": counts["sum"].astype(int),
        }
    )


# -------------------------------------------------------------------------------------------- comparison by counting


def comparable_versions(versions: pd.DataFrame, language: str | None = None) -> pd.DataFrame:
    """Return the versions whose rates may be compared: complete, and not altered by the keeper of the copy."""
    found = versions[(versions["completeness"] == "full") & ~versions["altered"]]
    return found if language is None else found[found["language"] == language]


@lru_cache(maxsize=4096)
def poisson_interval(count: int, level: float = 0.95) -> tuple[float, float]:
    """Return the exact interval of the mean of a Poisson count (Garwood, 1936, Biometrika 28, 437-442).

    The limits are the means for which a count as high (low) as the one seen has the probability (1 - level)/2; they
    are found by bisection of the distribution function, to a relative error of 1e-10. The lower limit of a zero count
    is 0. Raises ``ValueError`` for a negative count or a level outside 0 to 1.
    """
    if count < 0 or not 0 < level < 1:
        raise ValueError(f"no interval for a count of {count} at the level {level}")
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else _mean_where(lambda mean: _at_most(count - 1, mean), 1 - tail, count)
    return low, _mean_where(lambda mean: _at_most(count, mean), tail, count)


def _at_most(count: int, mean: float) -> float:
    """Return the probability of at most ``count`` events, ``mean`` being above 0."""
    log = math.log(mean)
    return math.fsum(math.exp(k * log - mean - math.lgamma(k + 1)) for k in range(count + 1))


def _mean_where(probability, wanted: float, count: int) -> float:
    """Return the mean at which a probability that falls with the mean has the wanted value."""
    low, high = 0.0, count + 1.0
    while probability(high) > wanted:
        low, high = high, 2 * high
    while high - low > 1e-10 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if probability(middle) > wanted else (low, middle)
    return (low + high) / 2


def totals(counts: pd.DataFrame, stats: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of a count table that stand for a whole version (``is_total`` in ``doc_stats``)."""
    whole = stats.loc[stats["is_total"], ["version_id", "section"]]
    return counts.merge(whole, on=["version_id", "section"])


def rates(counts: pd.DataFrame, base: str) -> pd.DataFrame:
    """Return the counts with their rates per 1,000 of ``base`` (words or characters) and 95 % Poisson intervals.

    Adds ``rate``, ``low`` and ``high``, all per 1,000. The interval says how far the rate would move by chance alone
    if the words fell independently; words of one text do not quite, so it is on the narrow side.
    """
    limits = [poisson_interval(int(count)) for count in counts["count"]]
    size = counts[base].astype(float)
    return counts.assign(
        rate=1000 * counts["count"].astype(float) / size,
        low=1000 * pd.Series([low for low, _ in limits], index=counts.index, dtype=float) / size,
        high=1000 * pd.Series([high for _, high in limits], index=counts.index, dtype=float) / size,
    )


# Order of the documents in comparisons: by legal force, strongest first, then by date.
FORCES = ["binding", "policy", "voluntary", "non_binding", "none"]


def with_documents(rows: pd.DataFrame, versions: pd.DataFrame, documents: pd.DataFrame) -> pd.DataFrame:
    """Return rows of versions with ``document`` (short name), ``force``, ``date`` and ``source_id``.

    The rows come ordered by force, date and document.
    """
    about = versions[["version_id", "doc_id", "source_id"]].merge(documents[["doc_id", "title", "force", "date"]])
    about["document"] = [
        DOCUMENTS.get(item, title) for item, title in zip(about["doc_id"], about["title"], strict=True)
    ]
    about["force"] = pd.Categorical(about["force"].astype(str), FORCES, ordered=True)
    joined = rows.merge(about.drop(columns=["title"]), on="version_id")
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


# ---------------------------------------------------------------------------------------------- numbers of the prose


def key_numbers() -> dict[str, int | float]:
    """Return the numbers that the chapter names in its prose, by name; shares are percentages from 0 to 100."""
    articles, asks, second = (data.load(name) for name in ("articles", "commitments", "commitments_coder_b"))
    known = seen(asks)
    parts = parts_seen(data.load("doc_stats"), data.load("text_versions"), PLAN)
    strength, actor = code_counts(asks, second, "deontic"), code_counts(asks, second, "actor")
    strength, actor = strength.set_index("code"), actor.set_index("code")
    themes = theme_matrix(asks).groupby("theme")[["seen", "recalled"]].sum()
    similar = data.load("corroborations")
    similar = set(similar.loc[similar["kind"] == "corroboration", "target_id"])
    recalled = asks[asks["evidence"] == RECALLED]
    actions = data.load("successor_mapping")
    taken_up = set(actions["articles"].explode())
    numbered = set(articles["article"]) - {"A00"}
    found: dict[str, int | float] = {
        "asks": len(asks),
        "seen": len(known),
        "read": int((asks["evidence"] == "read").sum()),
        "excerpt": int((asks["evidence"] == "excerpt").sum()),
        "recalled": len(recalled),
        "recalled_similar": int(recalled["commitment_id"].isin(similar).sum()),
        "from_wording": int(known["source_id"].isin(COPIES).sum()),
        "words_en": int(parts.loc[parts["language"] == "en", "size"].sum()),
        "characters_zh": int(parts.loc[parts["language"] == "zh", "size"].sum()),
        "headings_en_recalled": int((articles["heading_en_evidence"] == RECALLED).sum()),
        "headings_zh_recalled": int((articles["heading_zh_evidence"] == RECALLED).sum()),
        "promote": int(strength.loc["promote", "seen"]),
        "promote_all": int(strength.loc["promote", ["seen", "recalled"]].sum()),
        "promote_second": int(strength.loc["promote", "second_seen"]),
        "need_to": int(strength.loc["need_to", "seen"]),
        "need_to_articles": int(known.loc[known["deontic"] == "need_to", "article"].nunique()),
        "call": int(strength.loc["call", "seen"]),
        "call_second": int(strength.loc["call", "second_seen"]),
        "nobody": int(actor.loc["all_parties", "seen"]),
        "nobody_all": int(actor.loc["all_parties", ["seen", "recalled"]].sum()),
        "nobody_share": 100 * float(actor.loc["all_parties", "seen"]) / len(known),
        "nobody_share_all": 100 * float(actor.loc["all_parties", ["seen", "recalled"]].sum()) / len(asks),
        "safety_seen": int(themes.loc["safety_risk", "seen"]),
        "safety_all": int(themes.loc["safety_risk"].sum()),
        "innovation_seen": int(themes.loc["innovation", "seen"]),
        "innovation_all": int(themes.loc["innovation"].sum()),
        "energy_seen": int(themes.loc["energy_environment", "seen"]),
        "energy_all": int(themes.loc["energy_environment"].sum()),
        "sovereignty_seen": int(themes.loc["sovereignty", "seen"]),
        "actions": len(actions),
        "articles_taken_up": len(taken_up & numbered),
        "articles_left": len(numbered - taken_up),
        "shared_phrases": len(data.load("zh_shared_phrases")),
    }
    for column in ("main_theme", "actor", "deontic"):
        found[f"agree_{column}"] = 100 * percent_agreement(asks, second, column)
        found[f"agree_{column}_seen"] = 100 * percent_agreement(known, second, column)
    found["tentative"] = agreement.TENTATIVE
    found["differ_deontic"] = 100 - found["agree_deontic"]
    return found | _count_numbers()


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
    part = f"{PLAN}_en_partial"
    return {
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
        "shall_eu": int(counts["eu_ai_act_2024", "shall"]),
        "should_eu": int(counts["eu_ai_act_2024", "should"]),
        "fundamental_eu": int(counts["eu_ai_act_2024", "fundamental_rights"]),
        "human_rights_eu": int(counts["eu_ai_act_2024", "human_rights"]),
        "voluntary_delhi": int(counts["delhi_2026", "voluntary"]),
        "words_delhi": int(words["delhi_2026"]),
        "safety_delhi": int(counts["delhi_2026", "safety"]),
        "risk_delhi": int(counts["delhi_2026", "risk"]),
        "competition_us": int(counts["us_aiap_2025", "competition_race"]),
        "safety_us": int(counts["us_aiap_2025", "safety"]),
        "human_rights_us": int(counts["us_aiap_2025", "human_rights"]),
        "developing_us": int(counts["us_aiap_2025", "developing_countries"]),
        "developing_un": int(counts["un_78_265", "developing_countries"]),
        "words_shortest": int(words[english].min()),
        "shall_part": int(counts[part, "shall"]),
        "must_part": int(counts[part, "must"]),
        "should_part": int(counts[part, "should"]),
        "developing_zh_2024": int(chinese["cn_capacity_plan_2024_zh", "发展中国家"]),
        "developing_zh_2026": int(chinese["waic_chair_2026_zh", "发展中国家"]),
        "energy_zh_2024": int(chinese["cn_capacity_plan_2024_zh", "能源"]),
        "energy_zh_shanghai": int(chinese["cn_shanghai_declaration_2024_zh", "能源"]),
        "energy_zh_2026": int(chinese["waic_chair_2026_zh", "能源"]),
    }


# ------------------------------------------------------------------------------------------------ article by article


def article_anchor(article: str) -> str:
    """Return the anchor of an article on the page: ``article-7`` for ``A07``."""
    return f"article-{int(article[1:])}"


def commitment_anchor(commitment_id: str) -> str:
    """Return the anchor of an ask on the page: ``a07-01`` for ``A07.01``."""
    return commitment_id.lower().replace(".", "-")


def article_links(codes: Iterable[str]) -> list[tables.Text]:
    """Return links to articles, for a cell of a table; the preamble by name."""
    return [
        tables.Text("preamble" if code == "A00" else str(int(code[1:])), href=f"#{article_anchor(code)}")
        for code in codes
    ]


def headings(row: pd.Series) -> str:
    """Return the headings of an article in English and Chinese as MyST Markdown, recalled wording marked as such."""
    mark = " [recalled wording]{.pb-badge .pb-recalled}"
    english = f"**{row['heading_en']}**" + (mark if row["heading_en_evidence"] == RECALLED else "")
    chinese = f"[{row['heading_zh']}]{{.language-zh-Hans}}" + (mark if row["heading_zh_evidence"] == RECALLED else "")
    return f"{english}\\\n{chinese}"


def show_article(number: int) -> None:
    """Display one article (0 is the preamble): headings, summary, and the table of what it asks."""
    articles = data.load("articles").set_index("article_no")
    row = articles.loc[number]
    known = f"Summary [{row['evidence']}]{{.pb-badge .pb-{row['evidence']}}}, confidence {row['confidence']}"
    about = f"{headings(row)}\n\n{row['paraphrase']}\n\n{known}, after {{cite:t}}`{row['source_id']}`."
    if pd.notna(row["note"]):
        about += f" Limit: {row['note']}."
    display(Markdown(about))
    asks = article_asks(row["article"])
    place = "the preamble" if number == 0 else f"article {number}"
    recalled = int((asks["evidence"] == RECALLED).sum())
    columns = {
        "number": "No.",
        "actor": "Who is asked",
        "action_verb": "Verb",
        "ask": "What is asked, and phrases seen",
        "deontic": "Strength",
        "themes": "Themes",
        "seen_in": "How seen",
    }
    widths = {"number": 5, "actor": 12, "action_verb": 10, "ask": 31, "deontic": 9, "themes": 15, "seen_in": 18}
    note = ""
    # What is the same in every row is said once, under the table.
    if asks["actor"].nunique() == 1:
        del columns["actor"], widths["actor"]
        note += f"Who is asked, in every row: {label(asks['actor'].iloc[0])}. "
    if recalled == 0 and asks["source_id"].nunique() == 1 and asks["evidence"].nunique() == 1:
        del columns["seen_in"], widths["seen_in"]
        note += f"How seen, in every row: {asks['evidence'].iloc[0]}."
    tables.show(
        asks,
        name=f"tbl-{article_anchor(row['article'])}",
        caption=f"What {place} asks: {len(asks)} asks, {recalled or 'none'} of them recalled",
        columns=columns,
        formats={column: lambda cell: cell for column in ("number", "ask", "seen_in") if column in columns}
        | {column: label for column in ("actor", "deontic") if column in columns}
        | {"themes": lambda codes: "; ".join(map(label, codes))},
        widths=widths,
        sources=[] if "seen_in" in columns else asks["source_id"],
        note=note,
        row_ids="anchor",
        searchable=False,
    )


def article_asks(article: str) -> pd.DataFrame:
    """Return the asks of an article with cells ready for a table.

    Adds to the columns of ``commitments``: ``anchor``, ``number`` (link to the row), ``ask`` (object and quoted
    phrase) and ``seen_in`` (badge of the evidence, citation; for a recalled ask the texts that say something similar).
    """
    rows = data.load("commitments")
    rows = rows[rows["article"] == article].reset_index(drop=True)
    similar = data.load("corroborations")
    similar = similar[(similar["target_table"] == "commitments") & (similar["kind"] == "corroboration")]
    similar = similar.groupby("target_id")["source_id"].agg(list)
    rows["anchor"] = rows["commitment_id"].map(commitment_anchor)
    rows["number"] = [
        tables.Text(f"{int(code[1:3])}.{int(code[4:])}", href=f"#{commitment_anchor(code)}")
        for code in rows["commitment_id"]
    ]
    rows["ask"] = [
        [tables.Text(row.object), *_phrase(row.quoted_phrase)] if pd.notna(row.quoted_phrase) else row.object
        for row in rows.itertuples()
    ]
    rows["seen_in"] = [
        [
            tables.badge(row.evidence),
            *tables.cite([row.source_id]),
            *(
                [tables.Text("similar:"), *tables.cite(similar[row.commitment_id])]
                if row.commitment_id in similar
                else []
            ),
        ]
        for row in rows.itertuples()
    ]
    return rows


def _similar(source_ids: list[str]) -> list[tables.Text]:
    return [tables.Text("similar:"), *tables.cite(source_ids)] if source_ids else []


def _phrase(phrase: str) -> list[tables.Text]:
    is_chinese = re.search(r"[\u4e00-\u9fff]", phrase)
    return [tables.Text(f"“{phrase}”", lang="zh-Hans" if is_chinese else "")]
