"""Charts of the report: the theme, and the one way in which a chart leaves a notebook.

``show`` displays a chart as a Vega-Lite specification and nothing else. JupyterLab draws it with its own Vega; the book
draws it in :mod:`policybook.render`. The modules beside this file take tidy tables and return Altair charts.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Iterable
from typing import Any

import altair as alt
import pandas as pd
from IPython.display import display

from policybook import settings
from policybook.data import COLOURS
from policybook.sources import source_line

MIME_V6 = "application/vnd.vegalite.v6+json"
# JupyterLab 4 draws Vega-Lite up to this type and not v6.
MIME_V5 = "application/vnd.vegalite.v5+json"

# In quotes: a name with a digit of its own is no CSS name without them.
FONT = "'Source Sans 3', 'Noto Sans SC', sans-serif"

# The marks keep a contrast of 3:1 on white and on the dark page alike (WCAG 2.2, 1.4.11), and differ for readers with
# colour-vision deficiency (after Okabe and Ito, https://jfly.uni-koeln.de/color/, darkened or lightened to fit).
# Within these bounds they are as unequal in lightness as can be (CIE L* 44 to 60), for readers in black and white.
# A report may set some of them anew (`colours` of its settings), and answers for the contrast then.
DEFAULTS = dict(
    zip(COLOURS, ["#336baa", "#da791d", "#1a8f6d", "#bd6ea2", "#2d99bf", "#c24b37", "#7b8794"], strict=True)
)
BLUE, ORANGE, GREEN, PINK, SKY, RED, GREY = (settings.colours().get(name, DEFAULTS[name]) for name in COLOURS)
PALETTE = [BLUE, ORANGE, GREEN, PINK, SKY, RED, GREY]
# Ink, secondary ink, rules and paper of a chart: the style sheet repaints these four for the dark page.
INK, MUTED, RULE, PAPER = "#1c2733", "#55616e", "#d5dae0", "#ffffff"
# Ordered (light to strong) and diverging (critical to supportive) scales.
SEQUENTIAL = ["#dbe7f4", "#a9c8e8", "#6fa3d6", "#3b7cc4", "#1f5793"]
DIVERGING = ["#b3452f", "#dd9c86", "#b9bfc6", "#86b1dc", "#2f6db3"]
# Evidence: read, seen in part, recalled. The hues of BLUE, SKY and GREY, from dark to light as far as the contrast of
# 3:1 on both pages allows: told apart in black and white as well.
EVIDENCE_COLOURS = {"read": "#3166a2", "excerpt": "#2785a7", "recalled": "#8a94a0"}

WIDTH = 640


@alt.theme.register("policybook", enable=True)
def _theme() -> alt.theme.ThemeConfig:
    axis = {
        "domainColor": RULE,
        "gridColor": RULE,
        "gridOpacity": 0.7,
        "labelColor": MUTED,
        "labelFontSize": 12,
        "labelLimit": 260,
        "tickColor": RULE,
        "titleColor": MUTED,
        "titleFontSize": 12,
        "titleFontWeight": "normal",
    }
    return alt.theme.ThemeConfig(
        config={
            "font": FONT,
            "background": None,
            "aria": False,  # the still carries one text alternative; hydrated charts turn this on again
            "axis": axis,
            "axisX": {"titleAnchor": "end"},
            # A line of the paper's colour parts stacked bars also where their colours are equally light, as in print.
            "bar": {"color": BLUE, "stroke": PAPER, "strokeWidth": 0.6},
            "point": {"color": BLUE, "filled": True, "size": 60},
            "line": {"color": BLUE, "strokeWidth": 2.2},
            "rule": {"color": MUTED},
            "text": {"color": INK, "fontSize": 12},
            "header": {"labelColor": INK, "titleColor": MUTED, "labelFontSize": 12.5, "labelFontWeight": "bold"},
            "legend": {
                "labelColor": INK,
                "titleColor": MUTED,
                "labelFontSize": 12,
                "titleFontSize": 12,
                "titleFontWeight": "normal",
                "labelLimit": 260,
                "orient": "top",
                "direction": "horizontal",
            },
            "range": {"category": PALETTE, "ordinal": SEQUENTIAL, "ramp": SEQUENTIAL, "diverging": DIVERGING},
            "title": {
                "anchor": "start",
                "color": INK,
                "fontSize": 16,
                "fontWeight": 600,
                "frame": "bounds",
                "offset": 14,
                "subtitleColor": MUTED,
                "subtitleFontSize": 13,
                "subtitlePadding": 5,
            },
            "view": {"stroke": None, "continuousWidth": WIDTH, "discreteWidth": WIDTH},
        }
    )


alt.data_transformers.disable_max_rows()


def titled(chart: alt.TopLevelMixin, finding: str, measure: str, width: int = 98) -> alt.TopLevelMixin:
    """Return the chart under a title that states the finding and a subtitle that says what is measured, and its unit.

    Long lines are broken at ``width`` characters, since Vega does not wrap text, into lines of much the same length.
    """
    return chart.properties(title=alt.TitleParams(_wrap(finding, width - 14), subtitle=_wrap(measure, width)))


def moment(day: pd.Timestamp) -> alt.DateTime:
    """Return a day as the end of a scale; a text would be read anew for each layer, and the layers would not agree."""
    return alt.DateTime(year=day.year, month=day.month, date=day.day)


def _wrap(text: str, width: int) -> list[str]:
    """Break a text into as few lines as the width allows, each as short as that number of lines allows."""
    longest = max(map(len, text.split()), default=1)
    lines = textwrap.wrap(text, max(width, longest), break_on_hyphens=False)
    for narrower in range(max(width, longest) - 1, longest - 1, -1):
        tighter = textwrap.wrap(text, narrower, break_on_hyphens=False)
        if len(tighter) > len(lines):
            break
        lines = tighter
    return lines or [""]


def show(
    chart: alt.TopLevelMixin,
    *,
    name: str,
    caption: str,
    alt: str,
    sources: Iterable[str] | pd.Series = (),
    note: str = "",
    use: str = "",
) -> None:
    """Display a chart as a numbered figure.

    ``name`` (``fig-...``) is the anchor and the file name of the figure. ``caption`` says what is shown; ``alt`` says
    what it shows and, in a second sentence, the pattern; ``sources`` are the source ids of the rows drawn (repeats and
    empty values are dropped); ``note`` is a caveat printed with the source line; ``use`` says what a reader can do
    with the chart, and is left out where it is on paper. These three may hold MyST Markdown.

    Raises ``ValueError`` for a name that is no anchor, an empty caption or an alt text of less than two sentences.
    """
    if not re.fullmatch(r"fig-[a-z0-9]+(-[a-z0-9]+)*", name):
        raise ValueError(f"figure name {name!r}: write fig-, then words of a-z and 0-9 joined by -")
    if not caption.strip():
        raise ValueError(f"figure {name}: the caption is empty")
    if len(re.findall(r"[.!?](\s|$)", alt)) < 2:
        raise ValueError(f"figure {name}: alt text needs two sentences: what it shows, and the pattern")
    spec = chart.to_dict()
    spec["usermeta"] = {
        "policybook": {
            "name": name,
            "caption": caption.strip(),
            "alt": " ".join(alt.split()),
            "sources": source_line(sources),
            "note": note.strip(),
            "use": use.strip(),
        }
    }
    _display(spec)


def _display(spec: dict[str, Any]) -> None:
    # Through JSON once: what cannot be written as JSON fails here, in the cell, and not in the build.
    spec = json.loads(json.dumps(spec, allow_nan=False))
    # The ink is for white paper: the book repaints it for its dark page, JupyterLab does not.
    paper = {"background": PAPER, "padding": spec.get("padding", 12)}
    lab = {**spec, **paper, "$schema": "https://vega.github.io/schema/vega-lite/v5.json"}
    bundle = {MIME_V6: spec, MIME_V5: lab, "text/plain": spec["usermeta"]["policybook"]["alt"]}
    display(bundle, raw=True)
