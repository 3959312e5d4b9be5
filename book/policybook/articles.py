"""The articles of the Plan: what was seen of them, how their asks are coded, and how the chapter shows them.

Tables of the data package in, tidy tables out. Rows with the evidence ``recalled`` are counted apart from the rows that
rest on a text or a report (the *seen* rows).
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterable

import pandas as pd
from IPython.display import Markdown, display

from policybook import data, paths, places, settings, tables
from policybook.places import article_anchor, article_name, ask_number, part_name

RECALLED = "recalled"

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
    "act": "call, promote or need to",
}


def label(code: str) -> str:
    """Return a code of the coding in words."""
    return LABELS.get(code, str(code).replace("_", " "))


# -------------------------------------------------------------------------------------------------- what was seen


def text_state(versions: pd.DataFrame, doc_id: str | None = None) -> dict[str, str]:
    """Return how much of a document's text was counted in each language: ``full`` or ``partial``, by language."""
    own = versions[versions["doc_id"] == (doc_id or settings.load().document)]
    return {
        language: "full" if "full" in set(rows["completeness"]) else "partial"
        for language, rows in own.groupby(own["language"].astype(str))
    }


def version_at_hand(versions: pd.DataFrame, language: str, doc_id: str | None = None) -> str:
    """Return the version of a document that was counted in a language: the whole one if there is one, else the part.

    Raises ``KeyError`` when nothing of the document was counted in that language, ``NoRows`` when no text was.
    """
    data.need(versions, "text_versions")
    doc_id = doc_id or settings.load().document
    own = versions[(versions["doc_id"] == doc_id) & (versions["language"] == language)]
    if own.empty:
        raise KeyError(f"nothing of {doc_id} was counted in {language}")
    return str(own.sort_values("completeness")["version_id"].iloc[0])


def parts_seen(stats: pd.DataFrame, versions: pd.DataFrame, doc_id: str | None = None) -> pd.DataFrame:
    """Return which parts of a document were counted, from the sections of its versions.

    Where a whole version of a language was counted, its sections are returned and those of partial versions are not.
    Columns: ``article`` (A00 for the preamble), ``language``, ``size`` (words in English, Chinese characters in
    Chinese) and ``extent`` (``whole`` for a section named after its article alone, ``part`` for one with a suffix such
    as ``A03_start``). Articles of which nothing was counted have no row.
    """
    doc_id = doc_id or settings.load().document
    state = text_state(versions, doc_id)
    own = versions[versions["doc_id"] == doc_id]
    best = own[own["completeness"].astype(str) == own["language"].astype(str).map(state)]
    rows = stats[~stats["is_total"]].merge(best[["version_id", "language"]], on="version_id")
    name = rows["section"].str.replace("preamble", "A00")
    return pd.DataFrame(
        {
            "article": name.str[:3],
            "language": rows["language"].astype(str),
            "size": rows["cjk_characters"].fillna(rows["words"]).astype(int),
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


def merged(codes: pd.Series, codebook: pd.DataFrame, name: str) -> pd.Series:
    """Return codes with those merged that the codebook ``name`` merges (its column ``merged_code``)."""
    own = codebook[(codebook["codebook"] == name) & codebook["merged_code"].notna()]
    into = dict(zip(own["code"], own["merged_code"].astype(str), strict=True))
    kept = codes.astype(str).replace(into)
    order = list(dict.fromkeys(into.get(code, code) for code in codes.cat.categories))
    return kept.astype(pd.CategoricalDtype(order, ordered=True))


def percent_agreement(first: pd.DataFrame, second: pd.DataFrame, column: str) -> float:
    """Return the share of rows (0 to 1) that both coders gave the same code.

    Agreement by chance is not taken out. Raises ``ValueError`` when the coders did not code the same rows, ``NoRows``
    when there are none.
    """
    paired = _paired(data.need(first, "commitments", "agreement of the coders"), second)
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


# ------------------------------------------------------------------------------------------------ article by article


def article_links(codes: Iterable[str]) -> list[tables.Text]:
    """Return links to articles, for a cell of a table; the preamble by name."""
    return [
        tables.to_row("articles", code, "preamble" if code == places.PREAMBLE else str(int(code[1:]))) for code in codes
    ]


def ask_link(commitment_id: str) -> tables.Text:
    """Return the number of an ask, linked to its row in the chapter on the Plan."""
    return tables.to_row("commitments", commitment_id, ask_number(commitment_id))


def _badge(value: str, style: str | None = None) -> str:
    """Return a value as a badge in MyST Markdown, as :func:`policybook.tables.badge` makes it for cells."""
    return f"[{tables.badge(value).text}]{{.pb-badge .pb-{tables.badge(style or value).badge}}}"


def headings(row: pd.Series) -> str:
    """Return the headings of an article in English and Chinese as MyST Markdown, recalled wording marked as such."""
    mark = " " + _badge("recalled wording", "recalled")
    english = f"**{plain(row['heading_en'])}**" + (mark if row["heading_en_evidence"] == RECALLED else "")
    if pd.isna(row["heading_zh"]):
        return english
    chinese = f"[{plain(row['heading_zh'])}]{{.language-zh-Hans}}" + (
        mark if row["heading_zh_evidence"] == RECALLED else ""
    )
    return f"{english}\\\n{chinese}"


def show_article(number: int) -> None:
    """Display one article (0 is the preamble): headings, summary, and the table of what it asks."""
    articles = data.need(data.load("articles"), "articles").set_index("article_no")
    row = articles.loc[number]
    known = f"Summary {_badge(row['evidence'])}, confidence {row['confidence']}"
    about = f"{headings(row)}\n\n{plain(row['paraphrase'])}\n\n{known}, after {{cite:t}}`{row['source_id']}`."
    if pd.notna(row["note"]):
        about += f" Limit: {plain(row['note'])}."
    display(Markdown(about))
    asks = article_asks(row["article"])
    place = ("the " if number == 0 else "") + part_name(row["article"])
    recalled = int((asks["evidence"] == RECALLED).sum())
    if asks.empty:
        _end_of_article(row["article"], number, articles["short_title"])
        return
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
        | {"themes": theme_links},
        widths=widths,
        sources=[] if "seen_in" in columns else asks["source_id"],
        note=note,
        row_ids="anchor",
        searchable=False,
    )
    _end_of_article(row["article"], number, articles["short_title"])


def _end_of_article(article: str, number: int, titles: pd.Series) -> None:
    if found := elsewhere(article):
        display(Markdown(found))
    display(Markdown(neighbours(number, titles)))


def neighbours(number: int, titles: pd.Series) -> str:
    """Return the links to the article before and the article after as HTML, for the screen only.

    ``titles`` are the short titles by number.
    """
    way = [
        f'<a href="#article-{at}">{html.escape(said)}</a>'
        for at, said in (
            (number - 1, f"← {_titled(number - 1, titles)}"),
            (number + 1, f"{_titled(number + 1, titles)} →"),
        )
        if at in titles.index
    ]
    way.insert(
        1 if number - 1 in titles.index else 0, '<a href="#plan-articles">All ' + settings.load().sections + "</a>"
    )
    return f'<nav class="pb-step" aria-label="Around {part_name(f"A{number:02}")}">{" ".join(way)}</nav>'


def _titled(number: int, titles: pd.Series) -> str:
    """Return an article by number and short title, or nothing where there is none."""
    if number not in titles.index:
        return ""
    word = settings.load().section.capitalize()
    says = number == 0 or str(titles[number]).startswith(word)
    return str(titles[number]) if says else f"{word} {number}: {titles[number]}"


def theme_links(codes: Iterable[str]) -> list[tables.Text]:
    """Return themes in words for a cell of a table, each linked to its row among the themes."""
    names = list(codes)
    ends = [";"] * (len(names) - 1) + [""]
    return [tables.to_row("themes", code, label(code) + end) for code, end in zip(names, ends, strict=True)]


def theme_list(codebook: pd.DataFrame, matrix: pd.DataFrame) -> pd.DataFrame:
    """Return the themes of the codebook with what they cover and where they are asked for, by their order there.

    ``matrix`` is the result of :func:`theme_matrix`. Columns: ``anchor``, ``theme`` (linked to its own row),
    ``definition``, ``seen`` (number of asks that were seen) and ``articles`` (links to the articles of these).
    """
    rows = codebook[codebook["codebook"] == "theme"].sort_values("code_order", ignore_index=True)
    found = matrix[matrix["seen"] > 0].sort_values("article")
    return pd.DataFrame(
        {
            "anchor": [places.anchor("themes", code) for code in rows["code"]],
            "theme": [tables.to_row("themes", code, label(code)) for code in rows["code"]],
            "definition": rows["definition"],
            "seen": [int(found.loc[found["theme"] == code, "seen"].sum()) for code in rows["code"]],
            "articles": [article_links(found.loc[found["theme"] == code, "article"]) or "–" for code in rows["code"]],
        }
    )


def elsewhere(article: str) -> str:
    """Return what the report holds on an article beside its text, as MyST Markdown.

    Figures and standards of other chapters, steps taken since (with status), and checked claims about the article, each
    linked to its row; rows that are only recalled, and claims about half of the articles or
    more, are left out. Empty when there is none.
    """
    figures = data.load("article_figures")
    named = [f"{{numref}}`{name}`" for name in figures.loc[figures["article"] == article, "figure"]]
    standards = int(data.seen(data.load("standards"))["articles"].map(lambda codes: article in codes).sum())
    if standards:
        named.append(f"{standards} standards in {{numref}}`tbl-standards-catalogue`")
    said = [f"Elsewhere in this report: {', '.join(named)}."] if named else []
    steps = data.seen(data.load("followup"))
    steps = steps[steps["article"] == article].sort_values(["date", "followup_id"], na_position="last")
    rows = []
    for row in steps.itertuples():
        when = tables.date_text(row.date, row.date_precision) if pd.notna(row.date) else "no date"
        cited = f" {{cite:p}}`{row.source_id}`" if pd.notna(row.source_id) else ""
        rows.append(f"- {_row('followup', row.followup_id, when)}, {label(row.status)}: {plain(row.action)}{cited}")
    said += _folded(f"What has been done since: {len(rows)} step{'s' if len(rows) > 1 else ''}", rows)
    claims = data.seen(data.load("claims"))
    # What is said of half the Plan or more is about the Plan and not about each of its articles.
    half = len(data.load("articles")) / 2
    claims = claims[claims["articles"].map(lambda codes: article in codes and len(codes) < half).astype(bool)]
    claims = claims.sort_values("claim_id")
    rows = []
    for row in claims.itertuples():
        cited = f" {{cite:p}}`{','.join(row.source_ids)}`" if row.source_ids else ""
        said_so = _row("claims", row.claim_id, row.claim.rstrip("."))
        rows.append(f"- {_badge(row.verdict)} {said_so}. {plain(row.finding)}{cited}")
    said += _folded(f"Claims about it: {len(rows)} checked", rows)
    return "\n\n".join(said)


def _row(table: str, key: str, text: str) -> str:
    """Return a text that leads to a row of another chapter, as HTML within Markdown.

    What stands between the tags is read as Markdown.
    """
    return f'<a href="{places.href(table, key)}">{plain(text)}</a>'


def _folded(title: str, rows: list[str]) -> list[str]:
    """Return a list that a reader opens, or nothing for an empty one."""
    return [f":::{{dropdown}} {title}\n" + "\n".join(rows) + "\n:::"] if rows else []


def plain(text: object) -> str:
    """Return text of the data as Markdown that shows just that text: no markup, role, entity, list or template."""
    if pd.isna(text):
        return ""
    escaped = re.sub(r"([\\`*_{}\[\]<>#|$~^:&%])", r"\\\1", str(text))
    return re.sub(r"^(\d+)([.)])|^([-+=])", lambda found: f"{found[1] or ''}\\{found[2] or found[3]}", escaped)


def states(report: paths.Paths | None = None) -> list[str]:
    """Return what holds of the data at hand, as tags on which passages of a chapter depend (directive ``only``).

    ``plan_whole_en`` and ``plan_whole_zh``: the whole text of the Plan was counted in that language; ``plan_whole``: in
    either; ``asks_recalled`` and ``headings_recalled``: some asks, or headings of articles, are only recalled.
    """
    own = settings.load(report).document
    whole = [code for code, state in text_state(data.load("text_versions", report), own).items() if state == "full"]
    sections = data.load("articles", report)
    recalled = (sections[["heading_en_evidence", "heading_zh_evidence"]] == RECALLED).any(axis=None)
    found = [f"plan_whole_{code}" for code in whole] + (["plan_whole"] if whole else [])
    found += ["asks_recalled"] if (data.load("commitments", report)["evidence"] == RECALLED).any() else []
    return found + (["headings_recalled"] if recalled else [])


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
    rows["anchor"] = [places.anchor("commitments", code) for code in rows["commitment_id"]]
    rows["number"] = rows["commitment_id"].map(ask_link)
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


def _phrase(phrase: str) -> list[tables.Text]:
    is_chinese = re.search(r"[\u4e00-\u9fff]", phrase)
    return [tables.Text(f"“{phrase}”", lang="zh-Hans" if is_chinese else "")]


# ------------------------------------------------------------------------------------------------------ other tables


def counted_versions(versions: pd.DataFrame, stats: pd.DataFrame, doc_id: str | None = None) -> pd.DataFrame:
    """Return what was counted of a document, the whole versions first.

    Columns: ``language`` (in words), ``extent`` (whole, or the parts), ``size`` (in words), ``found`` (where the text
    was seen), ``source_id``.
    """
    own = versions[versions["doc_id"] == (doc_id or settings.load().document)].merge(
        stats[stats["is_total"]], on="version_id"
    )
    own = own.sort_values(["completeness", "language"])
    languages = {"en": "English", "zh": "Chinese"}
    extents = [
        "whole text" if row.completeness == "full" else "in part: " + ", ".join(_section(name) for name in row.sections)
        for row in own.itertuples()
    ]
    sizes = [
        f"{row.cjk_characters:,} characters" if row.language == "zh" else f"{row.words:,} words"
        for row in own.itertuples()
    ]
    return pd.DataFrame(
        {
            "language": [languages[code] for code in own["language"]],
            "extent": [extent.removesuffix(", all") for extent in extents],
            "size": sizes,
            "found": own["text_found_in"].to_numpy(),
            "source_id": own["source_id"].to_numpy(),
        }
    )


def _section(name: str) -> str:
    """Return the name of a section in words: ``A03_start`` is the start of article 3."""
    article, _, rest = name.partition("_")
    if not re.fullmatch(r"A\d\d", article):
        return name.replace("_", " ")
    return (f"{rest.replace('_', ' ')} of " if rest else "") + article_name(article)


def disagreements(first: pd.DataFrame, second: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs of codes on which the two coders differ, by what was coded, the most frequent first.

    Columns: ``what``, ``first``, ``second`` (codes in words), ``asks`` (number), ``examples`` (links to up to six).
    """
    both = _paired(first, second)
    rows = []
    for column, what in (("main_theme", "main theme"), ("actor", "actor"), ("deontic", "strength")):
        one, two = both[f"{column}_first"].astype(str), both[f"{column}_second"].astype(str)
        for (a, b), group in both[one != two].groupby([one, two]):
            links = [ask_link(code) for code in sorted(group["commitment_id"])]
            more = [f"and {len(links) - 6} more"] if len(links) > 6 else []
            cells = {"what": what, "first": label(a), "second": label(b), "asks": len(links)}
            rows.append(cells | {"examples": [*links[:6], *more]})
    found = pd.DataFrame(rows, columns=["what", "first", "second", "asks", "examples"])
    order = {"strength": 0, "main theme": 1, "actor": 2}
    found = found.assign(place=found["what"].map(order))
    ranked = ["place", "asks", "first", "second"]
    return found.sort_values(ranked, ascending=[True, False, True, True], ignore_index=True)


def translation_cells(places: pd.DataFrame) -> pd.DataFrame:
    """Return the places where the wordings differ as cells of a table.

    Adds ``place`` (article, topic) and ``wordings`` (Chinese, English, literal sense, another rendering with its
    source) to the columns of ``translations``.
    """
    found = places.sort_values("translation_id", ignore_index=True)
    found["place"] = [[*article_links([row.article]), f"{row.topic}"] for row in found.itertuples()]
    found["wordings"] = [
        [
            tables.chinese(row.zh_phrase),
            f"“{row.en_phrase}”.",
            f"Literally: {row.literal}.",
            *(
                [f"Elsewhere: “{row.other_rendering}”", *tables.cite(row.other_source_id)]
                if pd.notna(row.other_rendering)
                else []
            ),
        ]
        for row in found.itertuples()
    ]
    return found


def glossary_cells(glossary: pd.DataFrame) -> pd.DataFrame:
    """Return the Chinese terms of the glossary as cells of a table, by pinyin.

    Adds ``term`` (Chinese, pinyin) and ``where`` (articles).
    """
    found = glossary.dropna(subset=["zh"]).sort_values(
        "pinyin", key=lambda column: column.map(_plain_pinyin), ignore_index=True
    )
    found["term"] = [[tables.chinese(row.zh), tables.Text(row.pinyin, lang="zh-Latn")] for row in found.itertuples()]
    found["where"] = [article_links(codes) for codes in found["articles"]]
    return found


def _plain_pinyin(text: str) -> str:
    """Return pinyin without tone marks, for sorting."""
    return "".join(letter for letter in unicodedata.normalize("NFD", text.lower()) if not unicodedata.combining(letter))


def compared(comparison: pd.DataFrame) -> pd.DataFrame:
    """Count the relations of the US and the Chinese plan over dimensions.

    Columns: ``relation``, ``n`` (dimensions), ``seen`` (dimensions of which both sides were read or seen in part).
    """
    both = (comparison["us_evidence"] != "recalled") & (comparison["china_evidence"] != "recalled")
    relation = comparison["relation"].astype(str)
    counts = pd.DataFrame({"n": relation.value_counts(), "seen": relation[both].value_counts()}).fillna(0).astype(int)
    return counts.rename_axis("relation").reset_index().sort_values("n", ascending=False, ignore_index=True)


def comparison_cells(comparison: pd.DataFrame) -> pd.DataFrame:
    """Return the comparison of the US and the Chinese plan as cells of a table, most opposed first.

    Columns: ``dimension``, ``us`` and ``china`` (lists of pieces: position, mark where recalled, citation),
    ``relation``.
    """
    order = comparison["relation"].astype(str).map(["opposed", "different", "convergent"].index)
    found = comparison.assign(order=order).sort_values(["order", "dimension"])
    cells = found[["dimension", "relation"]].reset_index(drop=True)
    for who in ("us", "china"):
        columns = (f"{who}_position", f"{who}_evidence", f"{who}_source_id")
        cells[who] = [
            [f"{position}.", *([tables.badge("recalled")] if evidence == "recalled" else tables.cite(source))]
            for position, evidence, source in found[list(columns)].itertuples(index=False)
        ]
    return cells[["dimension", "us", "china", "relation"]]
