"""Charts of the chapter on the text of the Plan: tidy tables of :mod:`policybook.text` in, Altair charts out."""

from __future__ import annotations

import re

import altair as alt
import pandas as pd

from policybook.charts import BLUE, EVIDENCE_COLOURS, GREEN, GREY, INK, MUTED, ORANGE, PAPER, PINK, RED, RULE, titled
from policybook.text import FORCES, label

FORCE_COLOURS = {"binding": RED, "policy": ORANGE, "voluntary": PINK, "non_binding": BLUE, "none": GREEN}
FORCE_LABELS = {
    "binding": "binding law",
    "policy": "government programme",
    "voluntary": "voluntary code",
    "non_binding": "non-binding text",
    "none": "speech",
}
EVIDENCE_LABELS = {"read": "text or report read", "excerpt": "seen in part or quoted", "recalled": "recalled only"}


def _article_label(number: int, title: str) -> str:
    return title if number == 0 else f"{number}  {title}"


def evidence(known: pd.DataFrame, parts: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw how the asks of each article are known, beside the amount of wording seen in either language.

    ``known`` comes from :func:`policybook.text.evidence_by_article`, ``parts`` from
    :func:`policybook.text.parts_seen`.
    """
    rows = known[known["rows"] > 0].copy()
    rows["label"] = [_article_label(n, t) for n, t in zip(rows["article_no"], rows["short_title"], strict=True)]
    rows["order"] = rows["evidence"].map({code: i for i, code in enumerate(EVIDENCE_COLOURS)})
    rows["seen as"] = rows["evidence"].map(EVIDENCE_LABELS)
    labels = list(dict.fromkeys(rows.sort_values("article_no")["label"]))
    y = alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=8))
    bars = (
        alt.Chart(rows[["label", "seen as", "order", "rows", "share"]])
        .mark_bar(height=15)
        .encode(
            y=y,
            x=alt.X("rows:Q", title="asks", axis=alt.Axis(tickMinStep=1, tickCount=8)),
            color=alt.Color(
                "seen as:N",
                scale=alt.Scale(domain=list(EVIDENCE_LABELS.values()), range=list(EVIDENCE_COLOURS.values())),
                legend=alt.Legend(title=None),
            ),
            order="order:Q",
            tooltip=["label:N", "seen as:N", "rows:Q", alt.Tooltip("share:Q", title="share of article", format=".0%")],
        )
        .properties(width=270, height=14 * 22)
    )
    worst = known[known["evidence"] == "recalled"].sort_values("share", ascending=False)
    weak = worst.loc[worst["share"] > 0.5, "article_no"].tolist()
    total = int(known["rows"].sum())
    recalled = int(worst["rows"].sum())
    finding = f"{recalled} of {total} asks are only recalled"
    finding += f"; article{'s' if len(weak) > 1 else ''} {_and(weak)} mostly so" if weak else ""
    chart = alt.hconcat(
        bars, _wording(parts, rows, labels, "en", "English"), _wording(parts, rows, labels, "zh", "Chinese"), spacing=14
    )
    return titled(
        chart,
        finding,
        "Asks in each article by how they are known; right, how much wording was seen and counted",
    )


def _wording(parts: pd.DataFrame, rows: pd.DataFrame, labels: list[str], language: str, title: str) -> alt.Chart:
    found = rows[["article", "label"]].drop_duplicates()
    found = found.merge(parts[parts["language"] == language], on="article", how="left")
    unit = "words" if language == "en" else "characters"
    found["wording"] = [
        "none" if pd.isna(size) else f"{extent}, {size:.0f} {unit}"
        for size, extent in zip(found["size"], found["extent"], strict=True)
    ]
    found["seen"] = found["size"].notna()
    return (
        alt.Chart(found[["label", "wording", "seen"]])
        .mark_text(align="left", x=0)
        .encode(
            y=alt.Y("label:N", sort=labels, axis=None),
            text="wording:N",
            color=alt.condition("datum.seen", alt.value(INK), alt.value(MUTED)),
        )
        .properties(width=112, height=14 * 22, title=_column_title(title))
    )


def _column_title(text: str) -> alt.TitleParams:
    return alt.TitleParams(text, fontSize=12, color=MUTED, fontWeight="normal", offset=6, anchor="start")


def _and(items: list) -> str:
    words = [str(item) for item in items]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def coded(counts: pd.DataFrame, finding: str, measure: str) -> alt.TopLevelMixin:
    """Draw how often codes were given: a bar of seen and recalled rows, a tick for the second coder on the seen ones.

    ``counts`` comes from :func:`policybook.text.code_counts`; the codes stand in its order.
    """
    wide = counts.assign(label=[label(code) for code in counts["code"]])
    labels = wide["label"].tolist()
    series = {"seen": "first coder, seen rows", "recalled": "first coder, recalled rows"}
    long = wide.melt("label", list(series), var_name="kind", value_name="asks")
    long["order"] = (long["kind"] == "recalled").astype(int)
    long["coder"] = long["kind"].map(series)
    long = long[long["asks"] > 0]
    second = "second coder, seen rows"
    scale = alt.Scale(domain=[*series.values(), second], range=[BLUE, GREY, ORANGE])
    y = alt.Y("label:N", sort=labels, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=8))
    bars = (
        alt.Chart(long[["label", "coder", "asks", "order"]])
        .mark_bar(height=14)
        .encode(
            y=y,
            x=alt.X("asks:Q", title="asks"),
            color=alt.Color("coder:N", scale=scale, legend=alt.Legend(title=None)),
            order="order:Q",
            tooltip=["label:N", "coder:N", "asks:Q"],
        )
    )
    wide["total"] = wide["seen"] + wide["recalled"]
    wide["most"] = wide[["total", "second_seen"]].max(axis=1)
    wide["note"] = [f"{a} + {b} recalled" if b else f"{a}" for a, b in zip(wide["seen"], wide["recalled"], strict=True)]
    ticks = (
        alt.Chart(wide[["label", "second_seen"]].assign(coder=second))
        .mark_tick(thickness=3, height=22, opacity=1)
        .encode(
            y=y,
            x="second_seen:Q",
            color=alt.Color("coder:N", scale=scale),
            tooltip=["label:N", "coder:N", alt.Tooltip("second_seen:Q", title="asks")],
        )
    )
    text = (
        alt.Chart(wide[["label", "most", "note"]])
        .mark_text(align="left", dx=7, color=MUTED)
        .encode(y=y, x="most:Q", text="note:N")
    )
    return titled((bars + ticks + text).properties(width=430, height=28 * len(labels)), finding, measure)


def strength(counts: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw the strength of the asks, weakest codes of the codebook first; see :func:`coded`."""
    top = counts.loc[counts["seen"].idxmax()]
    finding = (
        f"“{label(top['code']).capitalize()}” is the usual strength: "
        f"{top['seen']} and {top['second_seen']} of {counts['seen'].sum()} asks by the two coders"
    )
    measure = "Asks by the strength of their governing verb, codes in the order of the codebook"
    return coded(counts, finding, measure)


def actors(counts: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw who is asked, most often asked first; see :func:`coded`."""
    ordered = counts.sort_values("seen", ascending=False, kind="stable")
    top = ordered.iloc[0]
    finding = f"{top['seen']} of {counts['seen'].sum()} asks address {label(top['code'])}"
    return coded(ordered, finding, "Asks by who would have to act, as coded")


def count_matrix(
    rows: pd.DataFrame, *, x: str, y: str, columns: list[str], lines: list[str], steps: tuple[int, int]
) -> alt.LayerChart:
    """Draw counts as a matrix with the numbers in the cells.

    ``rows`` has ``x``, ``y``, ``count`` and ``mark`` (the text of the cell). Three shades part the counts at
    ``steps``; they are one colour at three opacities, so that they grow stronger on a light and on a dark page.
    """
    base = alt.Chart(rows).encode(
        x=alt.X(
            f"{x}:N",
            sort=columns,
            scale=alt.Scale(domain=columns),
            title=None,
            axis=alt.Axis(orient="top", labelAngle=-45, labelAlign="left", ticks=False, domain=False, labelPadding=4),
        ),
        y=alt.Y(
            f"{y}:N",
            sort=lines,
            scale=alt.Scale(domain=lines),
            title=None,
            axis=alt.Axis(ticks=False, domain=False, labelPadding=6),
        ),
        tooltip=[column for column in rows.columns if column != "mark"],
    )
    middle, strong = steps
    shade = f"datum.count >= {strong} ? 1 : datum.count >= {middle} ? 0.5 : datum.count > 0 ? 0.2 : 0"
    cells = base.transform_calculate(shade=shade).mark_rect(color=BLUE, stroke=RULE, strokeWidth=0.5)
    cells = cells.encode(fillOpacity=alt.FillOpacity("shade:Q", scale=None, legend=None))
    text = base.mark_text(fontSize=11.5).encode(
        text="mark:N",
        color=alt.condition(f"datum.count >= {strong}", alt.value(PAPER), alt.value(INK)),
    )
    return alt.layer(cells, text)


def themes(matrix: pd.DataFrame, articles: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw how many asks of each article carry each theme; recalled asks follow a plus sign and give no colour."""
    rows = matrix.merge(articles[["article", "article_no", "short_title"]], on="article")
    rows["part"] = [_article_label(n, t) for n, t in zip(rows["article_no"], rows["short_title"], strict=True)]
    rows["theme"] = rows["theme"].map(label)
    rows["count"] = rows["seen"]
    rows["mark"] = [f"{a or ''}{f'+{b}' if b else ''}" for a, b in zip(rows["seen"], rows["recalled"], strict=True)]
    lines = [_article_label(n, t) for n, t in zip(articles["article_no"], articles["short_title"], strict=True)]
    by_theme = rows.groupby("theme")[["seen", "recalled"]].sum().sort_values(["seen", "recalled"], ascending=False)
    first, everything = by_theme["seen"].idxmax(), by_theme.sum(axis=1)
    finding = f"Of the asks seen, most are on {first} ({by_theme['seen'].max()})"
    if everything.idxmax() != first:
        finding += f"; with the recalled ones, on {everything.idxmax()} ({everything.max()})"
    chart = count_matrix(
        rows[["part", "theme", "count", "recalled", "mark"]],
        x="theme",
        y="part",
        columns=by_theme.index.tolist(),
        lines=lines,
        steps=(3, 6),
    ).properties(width=16 * 30, height=14 * 25)
    measure = "Asks by theme (one or two each) and article; +n: recalled asks, without colour"
    return titled(chart, finding, measure)


def institutions(mentions: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw how often full texts name international bodies; bodies and texts without any mention are left out."""
    found = mentions[mentions["mentions"] > 0].copy()
    found["body"] = found["body"].astype(str).replace({"CEN-CENELEC / European standardisation": "CEN-CENELEC"})
    found["count"] = found["mentions"].astype(int)
    found["mark"] = found["count"].astype(str)
    texts = mentions["document"].nunique()
    un = found.loc[found["body"] == "United Nations", "document"].nunique()
    makers = found.loc[found["body"].isin(["ISO", "IEC", "ITU"]), "document"].nunique()
    spread = found.groupby("body")["document"].nunique().sort_values(ascending=False, kind="stable")
    chart = count_matrix(
        found[["document", "body", "count", "mark"]],
        x="body",
        y="document",
        columns=spread.index.tolist(),
        lines=list(dict.fromkeys(found["document"])),
        steps=(2, 6),
    ).properties(width=23 * len(spread), height=22 * found["document"].nunique())
    finding = f"{un} of {texts} full texts name the United Nations, {makers} name ISO, IEC or ITU"
    return titled(chart, finding, "Mentions in each whole text (number of times), bodies named by most texts first")


def rate_panels(rows: pd.DataFrame, *, base: str, columns: int, row_height: int) -> alt.ConcatChart:
    """Draw rates with their 95 % intervals: one panel for each term, one line for each document.

    ``rows`` comes from :func:`policybook.text.english_rates` or ``chinese_rates``. All panels share one axis, drawn on
    a square-root scale so that small rates are seen and zero has a place. Hollow points are zero counts.
    """
    terms = [term for term in rows["term"].cat.categories if term in set(rows["term"])]
    shown = pd.DataFrame(
        {
            "document": rows["document"],
            "term": rows["term"].astype(str),
            "force": rows["force"].astype(str).map(FORCE_LABELS),
            "count": rows["count"].astype(int),
            base: rows[base].astype(int),
            "rate": rows["rate"].round(3),
            "low": rows["low"].round(3),
            "high": rows["high"].round(3),
        }
    )
    panels = [
        _rate_panel(shown, term, base, row_height, labelled=place % columns == 0) for place, term in enumerate(terms)
    ]
    return alt.concat(*panels, data=shown, columns=columns, spacing={"row": 16, "column": 12})


def _rate_panel(rows: pd.DataFrame, term: str, base: str, row_height: int, *, labelled: bool) -> alt.LayerChart:
    order = list(dict.fromkeys(rows["document"]))
    forces = [force for force in FORCES if FORCE_LABELS[force] in set(rows["force"])]
    scale = alt.Scale(domain=[FORCE_LABELS[f] for f in forces], range=[FORCE_COLOURS[f] for f in forces])
    most = rows["high"].max()
    names = alt.Axis(ticks=False, domain=False, labelPadding=6, labelFontSize=11.5) if labelled else None
    ticks = [0, 2, 10, 30] if most > 25 else [0, 1, 5, 10, 20]
    axis = alt.Axis(values=[tick for tick in ticks if tick <= most], tickSize=0, labelFontSize=11)
    x_scale = alt.Scale(type="sqrt", domain=[0, most], nice=False)
    base_chart = (
        alt.Chart()
        .transform_filter(alt.FieldEqualPredicate(field="term", equal=term))
        .encode(
            y=alt.Y("document:N", sort=order, title=None, axis=names),
            tooltip=[
                "document:N",
                "term:N",
                "force:N",
                alt.Tooltip("count:Q", format=","),
                alt.Tooltip(f"{base}:Q", format=","),
                alt.Tooltip("rate:Q", title=f"per 1,000 {base}", format=".2f"),
                alt.Tooltip("low:Q", title="95 % from", format=".2f"),
                alt.Tooltip("high:Q", title="to", format=".2f"),
            ],
        )
    )
    colour = alt.Color("force:N", scale=scale, legend=alt.Legend(title=None, symbolType="circle"))
    rule = base_chart.mark_rule(strokeWidth=1.6).encode(
        x=alt.X("low:Q", title=None, scale=x_scale, axis=axis),
        x2="high:Q",
        color=colour,
    )
    points = base_chart.encode(x=alt.X("rate:Q", title=None, scale=x_scale, axis=axis), color=colour)
    some = points.transform_filter("datum.count > 0").mark_point(size=40, filled=True, opacity=1)
    none = points.transform_filter("datum.count == 0").mark_point(
        size=34, strokeWidth=1.6, opacity=1, filled=False, fill=PAPER
    )
    heading = alt.TitleParams(_heading(term), fontSize=12.5, offset=4, anchor="start", frame="group")
    return alt.layer(rule, some, none).properties(width=140, height=row_height * len(order), title=heading)


def _heading(term: str) -> list[str]:
    """Break the label of a panel into lines: Chinese on a line of its own, English after a comma or colon."""
    english = "".join(letter for letter in term if letter < "\u4e00").strip()
    lines = [line.strip() for line in re.split(r"(?<=[,:])", english) if line.strip()]
    short = [" ".join(lines)] if len(english) <= 22 else [lines[0], " ".join(lines[1:])]
    chinese = term[len(english) :].strip()
    return [*filter(None, short), *filter(None, [chinese])]


def subjects(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw the rates of subjects in the full English texts; see :func:`rate_panels`."""
    texts = rows["document"].nunique()
    using = rows[rows["count"] > 0].groupby("term", observed=True)["document"].nunique()
    most, least = using.idxmax(), using.idxmin()
    finding = f"{using[most]} of {texts} texts have words of {_short(most)}, {using[least]} of {_short(least)}"
    measure = "Matches per 1,000 words with 95 % intervals, square-root scale; hollow points: no match"
    return titled(rate_panels(rows, base="words", columns=3, row_height=14), finding, measure)


def modals(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw the rates of words of obligation in the full English texts; see :func:`rate_panels`."""
    shall = rows[rows["term"] == "shall"]
    total, law = int(shall["count"].sum()), int(shall.loc[shall["force"] == "binding", "count"].sum())
    finding = f"Law commands: {law} of {total} “shall” stand in the one binding text"
    measure = "Matches per 1,000 words with 95 % intervals, square-root scale; hollow points: no match"
    return titled(rate_panels(rows, base="words", columns=3, row_height=14), finding, measure)


def chinese_terms(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw the rates of Chinese terms in the texts before and after the Plan; see :func:`rate_panels`."""
    ranked = rows.sort_values("rate", ascending=False).groupby("term", observed=True)
    top, second = ranked.nth(0).set_index("term"), ranked.nth(1).set_index("term")
    term = (top["low"] - second["high"]).idxmax()
    one, other = top.loc[term], second.loc[term]
    finding = (
        f"“{_short(term).capitalize()}” stands out in one text: {one['rate']:.1f} per 1,000 characters "
        f"({one['document']}), at most {other['rate']:.1f} in the others"
    )
    measure = "Uses per 1,000 Chinese characters, 95 % intervals, square-root scale; hollow: no use"
    return titled(rate_panels(rows, base="characters", columns=3, row_height=19), finding, measure)


def _short(term: str) -> str:
    """Return the first words of a label: up to a comma, a colon or the first Chinese character."""
    words = "".join(letter for letter in str(term) if letter < "\u4e00")
    return words.split(",")[0].split(":")[0].strip()
