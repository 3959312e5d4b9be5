"""Chart of the network of bodies that make standards."""

from __future__ import annotations

import altair as alt
import pandas as pd

from policybook.bodies import NO_COUNTRY, reaches
from policybook.charts import BLUE, GREEN, GREY, INK, MUTED, ORANGE, PAPER, PINK, RED, SKY, WIDTH
from policybook.charts.standards import EVERY, fixed

# In the order of :func:`policybook.bodies.reaches`.
REACH_COLOURS = [BLUE, GREEN, RED, PINK, GREY]
REACH_SHAPES = ["circle", "square", "triangle-up", "diamond", "triangle-down"]
EDGE_COLOURS = {
    "is parent of": MUTED,
    "mirrors, is member of": INK,
    "runs secretariat of": ORANGE,
    "works with, steers": SKY,
}
# The pattern of the level and country chosen, for the keys of bodies ("|national/China|").
CHOSEN = (
    f"regexp('[|]' + (level == '{EVERY}' ? '[^|/]+' : level) + '/'"
    f" + (country == '{EVERY}' ? '[^|/]+' : country) + '[|]')"
)


def network(nodes: pd.DataFrame, edges: pd.DataFrame, labels: pd.DataFrame) -> alt.VConcatChart:
    """Draw the network of bodies; a click on a body leaves only it and its neighbours strong.

    From two lists a reader chooses a level and a country: bodies of that kind and their relations stay strong, the
    bodies at the other end stay legible. Recalled relations and bodies are dashed or hollow. Colours and shapes of
    nodes: reach; colours of edges: kind of relation. ``labels`` come from :func:`policybook.bodies.place_labels`.
    """
    near = "!isValid(picked.body_id) || indexof(picked.body_id, datum.{}) >= 0"
    on_edge = f"({near.format('source_body')} || indexof(picked.body_id, datum.target_body) >= 0)"
    on_node = f"({near.format('body_id')} || indexof(datum.neighbours, '|' + picked.body_id[0] + '|') >= 0)"
    edge_opacity = alt.condition(f"{on_edge} && test({CHOSEN}, datum.keys)", alt.value(0.85), alt.value(0.08))
    node_opacity = alt.value(0.12)
    node_opacity["condition"] = [
        {"test": f"{on_node} && test({CHOSEN}, datum.keys)", "value": 1},
        {"test": f"{on_node} && test({CHOSEN}, datum.near_keys)", "value": 0.55},
    ]
    across = alt.Scale(domain=[nodes["x"].min() - 20, nodes["x"].max() + 30], nice=False)
    down = alt.Scale(domain=[nodes["y"].min() - 16, nodes["y"].max() + 16], nice=False, reverse=True)
    x, y = alt.X("x:Q", axis=None, scale=across), alt.Y("y:Q", axis=None, scale=down)
    lines = (
        alt.Chart(edges)
        .mark_rule()
        .encode(
            x=x,
            y=y,
            x2="x2:Q",
            y2="y2:Q",
            color=alt.Color(
                "kind:N",
                title=None,
                scale=alt.Scale(domain=list(EDGE_COLOURS), range=list(EDGE_COLOURS.values())),
                legend=alt.Legend(symbolType="stroke", symbolStrokeWidth=2.5),
            ),
            strokeWidth=alt.condition("datum.kind == 'mirrors, is member of'", alt.value(2.4), alt.value(1.3)),
            strokeDash=alt.condition("datum.recalled", alt.value([3, 3]), alt.value([1, 0])),
            opacity=edge_opacity,
            tooltip=[alt.Tooltip("relation:N", title="Relation"), alt.Tooltip("recalled:N", title="Recalled")],
        )
    )
    fields = ["body_id", "label", "name", "reach", "level", "country", "degree", "neighbours", "keys", "near_keys"]
    base = alt.Chart(nodes[[*fields, "recalled", "x", "y"]]).encode(
        x=x,
        y=y,
        size=alt.Size("degree:Q", scale=alt.Scale(domain=[0, 20], range=[35, 420]), legend=None),
        opacity=node_opacity,
        tooltip=[
            alt.Tooltip("name:N", title="Body"),
            alt.Tooltip("label:N", title="Short"),
            alt.Tooltip("level:N", title="Level"),
            alt.Tooltip("country:N", title="Country"),
            alt.Tooltip("degree:Q", title="Relations that sources name"),
        ],
    )
    picked = alt.selection_point(name="picked", fields=["body_id"], on="click", clear="dblclick")
    legend = alt.Legend(orient="bottom")
    colour = alt.Color(
        "reach:N", title=None, scale=_scale(dict(zip(reaches(), REACH_COLOURS, strict=True))), legend=legend
    )
    shape = alt.Shape(
        "reach:N", title=None, scale=_scale(dict(zip(reaches(), REACH_SHAPES, strict=True))), legend=legend
    )
    points = base.mark_point(filled=True, opacity=1).encode(color=colour, shape=shape).add_params(picked)
    hollow = base.transform_filter("datum.recalled").mark_point(fill=PAPER, strokeWidth=1.6)
    hollow = hollow.encode(
        stroke=alt.Stroke("reach:N", scale=_scale(dict(zip(reaches(), REACH_COLOURS, strict=True))), legend=None),
        shape=alt.Shape("reach:N", scale=_scale(dict(zip(reaches(), REACH_SHAPES, strict=True))), legend=None),
    )
    words = ["body_id", "label", "neighbours", "keys", "near_keys"]
    label = alt.Chart(labels[[*words, "label_x", "label_y", "align"]]).encode(
        x=alt.X("label_x:Q", axis=None, scale=across),
        y=alt.Y("label_y:Q", axis=None, scale=down),
        text="label:N",
        opacity=node_opacity,
    )
    texts = []
    for align in ("left", "right", "center"):
        part = label.transform_filter(f"datum.align == '{align}'")
        style = {"fontSize": 11, "align": align, "baseline": "middle"}
        texts.append(part.mark_text(**style, stroke=PAPER, strokeWidth=3, strokeJoin="round"))
        texts.append(part.mark_text(**style, color=INK))
    chart = alt.layer(lines, points, hollow, *texts).resolve_scale(color="independent", shape="independent")
    chart = chart.properties(width=WIDTH, height=600).add_params(*_lists(nodes))
    known, more = int((~edges["recalled"]).sum()), int(edges["recalled"].sum())
    measure = f"{len(nodes)} bodies, {known} relations that sources name; dashed or hollow: general knowledge ({more})"
    return fixed(chart, _finding(nodes, edges), measure)


def _finding(nodes: pd.DataFrame, edges: pd.DataFrame) -> str:
    known = edges[~edges["recalled"]]
    ends = pd.concat([known["source_body"], known["target_body"]])
    hub = ends.value_counts().idxmax()
    names = nodes.set_index("body_id")["label"]
    own = ((known["source_body"] == hub) & (known["kind"] == "is parent of")).sum()
    office = known[(known["target_body"] == hub) & (known["kind"] == "runs secretariat of")]["source_body"]
    holder = f"{names[office.iloc[0]]} runs its secretariat" if len(office) else "its secretariat is not known"
    share = f"{(ends == hub).sum()} of {len(known)}, {own} of them its own groups"
    return f"Most relations meet in {names[hub]}: {share}; {holder}"


def _lists(nodes: pd.DataFrame) -> list[alt.Parameter]:
    levels = [
        level for level in ("international", "regional", "national", "consortium") if level in set(nodes["level"])
    ]
    levels += sorted(set(nodes["level"]) - set(levels))
    countries = [*sorted(set(nodes["country"]) - {NO_COUNTRY}), NO_COUNTRY]
    return [
        alt.param(name="level", value=EVERY, bind=alt.binding_select(options=[EVERY, *levels], name="Level ")),
        alt.param(name="country", value=EVERY, bind=alt.binding_select(options=[EVERY, *countries], name="Country ")),
    ]


def _scale(looks: dict[str, str]) -> alt.Scale:
    return alt.Scale(domain=list(looks), range=list(looks.values()))
