"""Charts of the chapter on the text of the Plan: tidy tables of :mod:`policybook.articles` in, Altair charts out."""

from __future__ import annotations

import altair as alt
import pandas as pd

from policybook.articles import label
from policybook.charts import BLUE, EVIDENCE_COLOURS, GREY, INK, MUTED, ORANGE, PAPER, RULE, titled

EVIDENCE_LABELS = {"read": "text or report read", "excerpt": "seen in part or quoted", "recalled": "recalled only"}


def _article_label(number: int, title: str) -> str:
    return title if number == 0 else f"{number}  {title}"


def evidence(known: pd.DataFrame, parts: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw how the asks of each article are known, beside the amount of wording seen in either language.

    ``known`` comes from :func:`policybook.articles.evidence_by_article`, ``parts`` from
    :func:`policybook.articles.parts_seen`.
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
    finding += f"; article{'s' if len(weak) > 1 else ''} {listed(weak)} mostly so" if weak else ""
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


def listed(items: list) -> str:
    """Return items as words: a, b and c."""
    words = [str(item) for item in items]
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}"


def coded(counts: pd.DataFrame, finding: str, measure: str) -> alt.TopLevelMixin:
    """Draw how often codes were given: a bar of seen and recalled rows, a tick for the second coder on the seen ones.

    ``counts`` comes from :func:`policybook.articles.code_counts`; the codes stand in its order.
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
        f"Most asks {label(top['code'])}: {top['seen']} and {top['second_seen']} of {counts['seen'].sum()} "
        "by the two coders; none obliges"
    )
    return coded(counts, finding, "Asks by the strength of their governing verb, codes in the order of the codebook")


def actors(counts: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw who is asked, most often asked first; see :func:`coded`."""
    ordered = counts.sort_values("seen", ascending=False, kind="stable")
    top = ordered.iloc[0]
    finding = f"{top['seen']} of {counts['seen'].sum()} asks address {label(top['code'])}"
    return coded(ordered, finding, "Asks by who would have to act, as coded")


def matrix(rows: pd.DataFrame, *, x: str, y: str, columns: list[str], lines: list[str]) -> alt.Chart:
    """Return a chart with the axes of a matrix, and no mark: ``columns`` named on top, ``lines`` on the left."""
    return alt.Chart(rows).encode(
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
    )


def count_matrix(
    rows: pd.DataFrame, *, x: str, y: str, columns: list[str], lines: list[str], steps: tuple[int, int]
) -> alt.LayerChart:
    """Draw counts as a matrix with the numbers in the cells.

    ``rows`` has ``x``, ``y``, ``count`` and ``mark`` (the text of the cell). Three shades part the counts at
    ``steps``; they are one colour at three opacities, so that they grow stronger on a light and on a dark page.
    """
    base = matrix(rows, x=x, y=y, columns=columns, lines=lines)
    base = base.encode(tooltip=[column for column in rows.columns if column != "mark"])
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


def agreement(rows: pd.DataFrame, tentative: float) -> alt.TopLevelMixin:
    """Draw Krippendorff's alpha with its interval for each theme, the least agreed on first.

    ``rows`` comes from :func:`policybook.agreement.by_theme`; ``tentative`` is the alpha below which a coding carries
    no conclusion, drawn as a line.
    """
    shown = rows.assign(
        theme=[label(code) for code in rows["theme"]],
        uses=[f"{a} and {b} asks" for a, b in zip(rows["first"], rows["second"], strict=True)],
        settled=[low >= tentative for low in rows["low"]],
    ).sort_values(["alpha", "theme"])
    order = shown["theme"].tolist()
    base = alt.Chart(shown[["theme", "uses", "alpha", "low", "high", "settled"]]).encode(
        y=alt.Y("theme:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=8)),
        color=alt.condition("datum.settled", alt.value(BLUE), alt.value(ORANGE)),
        tooltip=[
            "theme:N",
            "uses:N",
            alt.Tooltip("alpha:Q", format=".2f"),
            alt.Tooltip("low:Q", title="95 % from", format=".2f"),
            alt.Tooltip("high:Q", title="to", format=".2f"),
        ],
    )
    scale = alt.Scale(domain=[0.3, 1.0], nice=False)
    spans = base.mark_rule(strokeWidth=1.8).encode(
        x=alt.X("low:Q", title="Krippendorff's alpha", scale=scale), x2="high:Q"
    )
    points = base.mark_point(size=55, opacity=1).encode(x=alt.X("alpha:Q", scale=scale))
    uses = base.mark_text(align="left", x=378, color=MUTED).encode(text="uses:N", color=alt.value(MUTED))
    line = alt.Chart(pd.DataFrame({"alpha": [tentative]})).mark_rule(strokeDash=[4, 3]).encode(x="alpha:Q")
    unsettled = shown.loc[~shown["settled"], "theme"].tolist()
    finding = f"No theme falls below alpha {tentative}" if rows["alpha"].min() >= tentative else ""
    below = shown.loc[shown["alpha"] < tentative, "theme"].tolist()
    if below:
        finding = f"Below alpha {tentative}: {listed(below)}"
    if unsettled:
        finding += f"; {len(unsettled)} of {len(shown)} intervals reach below it"
    chart = (line + spans + points + uses).properties(width=370, height=23 * len(order))
    measure = "Agreement on whether an ask carries a theme, with 95 % bootstrap intervals; right: uses by each coder"
    return titled(chart, finding, measure)
