"""Charts of the Plan beside other texts: tidy tables of :mod:`policybook.text` in, Altair charts out."""

from __future__ import annotations

import json
import re

import altair as alt
import pandas as pd

from policybook import data, settings
from policybook.charts import BLUE, GREEN, GREY, INK, MUTED, ORANGE, PAPER, PINK, RED, SKY, titled
from policybook.charts.plan import count_matrix, listed, matrix
from policybook.text import FORCES, KEY_WORDS, MOST_PAIRED, commands, names, nearest
from policybook.text import LADDER as RUNGS

FORCE_COLOURS = {"binding": RED, "policy": ORANGE, "voluntary": PINK, "non_binding": BLUE, "none": GREEN}
FORCE_LABELS = {
    "binding": "binding law",
    "policy": "government programme",
    "voluntary": "voluntary code",
    "non_binding": "non-binding text",
    "none": "speech",
}


# How many texts stand side by side at most.
MOST_COLUMNS = 12


def _shown(rows: pd.DataFrame, **choice: object) -> tuple[pd.DataFrame, str]:
    """Return the rows of the texts that a chart shows, and what to add to its subtitle; findings count all texts.

    ``choice`` are arguments of :func:`policybook.text.nearest`.
    """
    documents, rule = nearest(rows["document"], **choice)
    return rows[rows["document"].isin(documents)], f". Shown are {rule}" if rule else ""


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
    found, cut = _shown(found)
    spread = spread[spread.index.isin(found["body"])]
    chart = count_matrix(
        found[["document", "body", "count", "mark"]],
        x="body",
        y="document",
        columns=spread.index.tolist(),
        lines=list(dict.fromkeys(found["document"])),
        steps=(2, 6),
    ).properties(width=23 * len(spread), height=22 * found["document"].nunique())
    finding = f"{un} of {texts} full texts name the United Nations, {makers} name ISO, IEC or ITU"
    return titled(
        chart, finding, "Mentions in each whole text (number of times), bodies named by most texts first" + cut
    )


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
    rows, cut = _shown(rows)
    return titled(rate_panels(rows, base="words", columns=3, row_height=14), finding, measure + cut)


def modals(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw the rates of words of obligation in the full English texts; see :func:`rate_panels`."""
    shall = rows[rows["term"] == "shall"]
    total, law = int(shall["count"].sum()), int(shall.loc[shall["force"] == "binding", "count"].sum())
    finding = f"Law commands: {law} of {total} “shall” stand in the one binding text"
    measure = "Matches per 1,000 words with 95 % intervals, square-root scale; hollow points: no match"
    rows, cut = _shown(rows)
    return titled(rate_panels(rows, base="words", columns=3, row_height=14), finding, measure + cut)


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
    rows, cut = _shown(rows)
    return titled(rate_panels(rows, base="characters", columns=3, row_height=19), finding, measure + cut)


def _short(term: str) -> str:
    """Return the first words of a label: up to a comma, a colon or the first Chinese character."""
    words = "".join(letter for letter in str(term) if letter < "\u4e00")
    return words.split(",")[0].split(":")[0].strip()


# ------------------------------------------------------------------------------------------------- rungs and likeness


def ladder(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw how the words of obligation of each text divide between the rungs, with 95 % intervals of the strongest.

    ``rows`` comes from :func:`policybook.text.ladder`.
    """
    texts, most = rows["document"].nunique(), int((commands(rows)["share"] > 0.5).sum())
    rows, cut = _shown(rows)
    rungs = list(dict.fromkeys(rows["term_id"].sort_values(key=lambda ids: ids.map(RUNGS.index))))
    # Dark and light in turn, for readers without colours.
    colours = dict(zip(RUNGS, [RED, ORANGE, BLUE, SKY, GREEN, PINK], strict=True))
    shown = pd.DataFrame(
        {
            "document": rows["document"] + " (" + rows["words"].astype(str) + ")",
            "word": rows["term_id"],
            "rung": rows["term_id"].map(RUNGS.index),
            "count": rows["count"],
            "share": rows["share"].round(4),
            "low": rows["low"].round(4),
            "high": rows["high"].round(4),
        }
    )
    order = list(dict.fromkeys(shown["document"]))
    y = alt.Y("document:N", sort=order, title=None, axis=alt.Axis(ticks=False, domain=False, labelPadding=8))
    scale = alt.Scale(domain=rungs, range=[colours[rung] for rung in rungs])
    axis = alt.Axis(format=".0%", values=[0, 0.5, 1])
    bars = (
        alt.Chart(shown)
        .mark_bar(height=13)
        .encode(
            y=y,
            x=alt.X(
                "share:Q",
                stack="zero",
                title="share of words of obligation",
                scale=alt.Scale(domain=[0, 1]),
                axis=axis,
            ),
            color=alt.Color("word:N", scale=scale, legend=alt.Legend(title=None)),
            order="rung:Q",
            tooltip=[
                "document:N",
                "word:N",
                "count:Q",
                alt.Tooltip("share:Q", format=".0%"),
                alt.Tooltip("low:Q", title="95 % from", format=".0%"),
                alt.Tooltip("high:Q", title="to", format=".0%"),
            ],
        )
        .properties(width=300, height=19 * len(order))
    )
    right = commands(rows)
    right["document"] = right["document"] + " (" + right["words"].astype(str) + ")"
    base = alt.Chart(right.round(4)).encode(
        y=alt.Y("document:N", sort=order, axis=None),
        tooltip=[
            "document:N",
            "count:Q",
            alt.Tooltip("share:Q", format=".0%"),
            alt.Tooltip("low:Q", title="95 % from", format=".0%"),
            alt.Tooltip("high:Q", title="to", format=".0%"),
        ],
    )
    x = alt.X("share:Q", title="shall or must", scale=alt.Scale(domain=[0, 1]), axis=axis)
    spans = base.mark_rule(color=RED, strokeWidth=1.6).encode(
        x=alt.X("low:Q", title="shall or must", axis=axis), x2="high:Q"
    )
    points = base.mark_point(color=RED, size=42, opacity=1).encode(x=x)
    panel = (spans + points).properties(width=130, height=19 * len(order))
    finding = f"“Shall” and “must” are more than half of the words of obligation in {most} of {texts} texts"
    measure = "Share of each word among words of obligation (in brackets their number); right: 95 % Wilson intervals"
    return titled(alt.hconcat(bars, panel, spacing=14), finding, measure + cut)


def likeness(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw the likeness of texts by their words as a matrix in the order of the clustering.

    ``rows`` comes from :func:`policybook.text.likeness`.
    """
    order = list(dict.fromkeys(rows["document"]))
    pairs = rows[rows["document"] != rows["other"]]
    first = pairs.sort_values(["cosine", "document", "other"], ascending=[False, True, True]).iloc[0]
    own = names(data.load("documents"))[settings.load().document]
    alike = pairs.loc[pairs["document"] == own].set_index("other")["cosine"].to_dict()
    pairs, cut = _shown(pairs, most=MOST_PAIRED, alike=alike | {own: 1.0} if alike else None)
    order = [name for name in order if name in set(pairs["document"])]
    pairs = pairs[pairs["other"].isin(order)]
    shown = pairs.assign(mark=(100 * pairs["cosine"]).round().astype(int).astype(str), cosine=pairs["cosine"].round(3))
    base = matrix(shown, x="other", y="document", columns=order, lines=order)
    base = base.encode(tooltip=["document:N", "other:N", alt.Tooltip("cosine:Q", format=".2f")])
    top = shown["cosine"].max()
    cells = base.mark_rect(color=BLUE).encode(
        fillOpacity=alt.FillOpacity("cosine:Q", scale=alt.Scale(domain=[0, top], range=[0, 1]), legend=None)
    )
    text = base.mark_text(fontSize=10.5).encode(
        text="mark:N", color=alt.condition(f"datum.cosine >= {0.62 * top:.3f}", alt.value(PAPER), alt.value(INK))
    )
    finding = f"Most alike are {first['document']} and {first['other']} (cosine {first['cosine']:.2f})"
    chart = (cells + text).properties(width=23 * len(order), height=23 * len(order))
    measure = "Cosine of tf-idf weights of the words, in hundredths; neighbours on the axes are texts that cluster"
    return titled(chart, finding, measure + cut)


def keyness(
    table: pd.DataFrame, first: str, second: str, least: float, finding: str, *, unit: str, most: int = KEY_WORDS
) -> alt.LayerChart:
    """Draw the key words of two texts that a reader chooses from two lists; they stand on ``first`` and ``second``.

    The title is the ``finding`` as long as they do, and names the two texts afterwards.

    ``table`` has one row for each token and one column for each text (counts, from
    :func:`policybook.text.key_vocabulary`); its attribute ``sizes`` the number of words of each text. ``least`` is the
    G2 that a key word must pass. G2 and log ratio are computed in the page, by the formulas of
    :func:`policybook.compare.keyness`; ``unit`` says what is counted (words).
    """
    names = table.columns.tolist()
    # Zeros are left out and read as 0 in the page: they are most of the table.
    rows = [
        {"token": token} | {name: int(n) for name, n in zip(names, counts, strict=True) if n}
        for token, counts in zip(table.index, table.to_numpy(), strict=True)
    ]
    lists = [
        alt.param(name=name, value=value, bind=alt.binding_select(options=names, name=said))
        for name, value, said in (("a", first, "First text "), ("b", second, "Second text "))
    ]
    size = json.dumps(table.attrs["sizes"])
    expected = "(datum.x + datum.y) / (datum.n + datum.m)"
    base = (
        alt.Chart(alt.NamedData("counts"))
        .transform_calculate(x="datum[a] || 0", y="datum[b] || 0", n=f"({size})[a]", m=f"({size})[b]")
        .transform_filter("a != b && datum.x + datum.y > 0")
        .transform_calculate(
            g2=f"2 * ((datum.x ? datum.x * log(datum.x / (datum.n * {expected})) : 0)"
            f" + (datum.y ? datum.y * log(datum.y / (datum.m * {expected})) : 0))",
            ratio="log(((datum.x || 0.5) / datum.n) / ((datum.y || 0.5) / datum.m)) / LN2",
        )
        .transform_calculate(side="datum.ratio > 0 ? 'first' : 'second'", counts="datum.x + ' : ' + datum.y")
        .transform_filter(f"datum.g2 > {least:.6f}")
        .transform_window(
            rank="row_number()", sort=[alt.SortField("g2", "descending"), alt.SortField("token")], groupby=["side"]
        )
        .transform_filter(f"datum.rank <= {most}")
    )
    y = alt.Y(
        "token:N",
        sort=alt.EncodingSortField("ratio", op="max", order="descending"),
        title=None,
        axis=alt.Axis(ticks=False, domain=False, labelPadding=8),
    )
    bars = base.mark_bar(height=12).encode(
        y=y,
        x=alt.X("ratio:Q", title=f"log ratio of the rates per {unit} (1: twice as often, 2: four times)"),
        color=alt.condition("datum.ratio > 0", alt.value(BLUE), alt.value(ORANGE)),
        tooltip=[
            alt.Tooltip("token:N", title="word"),
            alt.Tooltip("x:Q", title="in the first text", format=","),
            alt.Tooltip("y:Q", title="in the second text", format=","),
            alt.Tooltip("ratio:Q", title="log ratio", format=".2f"),
            alt.Tooltip("g2:Q", title="G2", format=".1f"),
        ],
    )
    counts = base.mark_text(
        align=alt.expr("datum.ratio > 0 ? 'left' : 'right'"),
        dx=alt.expr("datum.ratio > 0 ? 5 : -5"),
        color=MUTED,
    ).encode(y=y, x="ratio:Q", text="counts:N")
    none = (
        base.transform_aggregate(found="count()")
        .transform_filter("datum.found == 0")
        .mark_text(x=215, y=20, color=MUTED)
        .encode(text=alt.value("No word differs by more than chance would give"))
    )
    chart = alt.layer(bars, counts, none, datasets={"counts": rows}, data=alt.NamedData("counts"))
    chart = chart.add_params(*lists).properties(width=430, height=alt.Step(17))
    said = "['Right: ' + a, 'Left: ' + b]"
    start = f"a == {json.dumps(first)} && b == {json.dumps(second)}"
    measure = "Right: words that the first text uses more, left: the second. Beside the bars: counts in both"
    measure += f". To choose from: {table.attrs['shown']}" if table.attrs.get("shown") else ""
    heading = titled(chart, finding, measure).title
    heading.text = alt.expr(f"{start} ? {json.dumps(heading.text, ensure_ascii=False)} : {said}")
    return chart.properties(title=heading)


def term_lineage(rows: pd.DataFrame) -> alt.TopLevelMixin:
    """Draw the uses of Chinese terms in texts before and after the Plan, and how their rates changed, risen first.

    ``rows`` comes from :func:`policybook.text.term_lineage`; terms that no whole text uses are left out.
    """
    rows = rows[rows["course"] != "unused"]
    rows, cut = _shown(rows, most=MOST_COLUMNS)
    rows = rows.assign(term=rows["label"] + " " + rows["term"]).sort_values(["change", "term"], ascending=[False, True])
    shown = pd.DataFrame(
        {
            "term": rows["term"],
            "text": rows["document"] + rows["part"].map({True: " (part)", False: ""}),
            "count": rows["count"].astype(int),
            "mark": rows["count"].astype(int).replace(0, pd.NA).astype("string").fillna(""),
        }
    )
    texts = shown.assign(date=rows["date"]).sort_values("date", kind="stable")["text"].drop_duplicates().tolist()
    terms = shown["term"].drop_duplicates().tolist()
    counts = count_matrix(shown, x="text", y="term", columns=texts, lines=terms, steps=(3, 8))
    counts = counts.properties(width=44 * len(texts), height=18 * len(terms))
    changes = rows.drop_duplicates("term")[["term", "change", "low", "high", "course"]]
    # An interval is open where a term is absent on one side: it is drawn to the edge.
    edge = 5.0
    changes = changes.assign(low=changes["low"].clip(-edge, edge), high=changes["high"].clip(-edge, edge)).round(2)
    x = {"scale": alt.Scale(domain=[-edge, edge]), "axis": alt.Axis(values=[-4, -2, 0, 2, 4])}
    base = alt.Chart(changes).encode(
        y=alt.Y("term:N", sort=terms, scale=alt.Scale(domain=terms), axis=None),
        color=alt.Color(
            "course:N", scale=alt.Scale(domain=["risen", "fallen", "unclear"], range=[BLUE, ORANGE, GREY]), legend=None
        ),
        tooltip=["term:N", "course:N", alt.Tooltip("change:Q", title="log ratio"), "low:Q", "high:Q"],
    )
    spans = base.mark_rule(strokeWidth=1.6).encode(
        x=alt.X("low:Q", title="log ratio, after to before", **x), x2="high:Q"
    )
    points = base.mark_point(size=42, opacity=1).encode(x=alt.X("change:Q", **x))
    line = alt.Chart(pd.DataFrame({"change": [0]})).mark_rule(color=MUTED).encode(x=alt.X("change:Q", **x))
    ratios = (line + spans + points).properties(width=170, height=18 * len(terms))
    said = []
    for kind, what in (("risen", "gain weight"), ("fallen", "lose weight")):
        some = [f"“{_short(term)}”" for term in changes.loc[changes["course"] == kind, "term"]]
        said += [f"{listed(some)} {what if len(some) > 1 else what.replace(' ', 's ')}"] if some else []
    own = settings.load()
    finding = f"After {own.name} {', '.join(said)}; " if said else ""
    finding += "the other changes may be chance" if said else "No term gains or loses weight by more than chance"
    measure = (
        "Uses of Chinese terms in each text (number); right: change of the rate per character between the texts before "
        f"and after {own.name}, with 95 % intervals, in doublings. Of {len(terms)} intervals, one or two miss by "
        "chance"
    )
    return titled(alt.hconcat(counts, ratios, spacing=12), finding, measure + cut)
