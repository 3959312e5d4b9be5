"""The figures of a report by themselves: their tools on the page, their files, and a page of its own for each.

A figure keeps the address ``figures/NAME.html`` and the names of its files whichever chapter it stands in: others can
link to them, embed them, and read ``figures/index.json`` to find them.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lxml import html as markup
from lxml.html import HtmlElement

from policybook import citing
from policybook.languages import to_html
from policybook.paths import keep
from policybook.stills import Stills, chart_data

FOLDER = "figures"
# Ending, how it is called, what it is for.
FILES = (
    ("png", "PNG", "picture, twice the size of the page"),
    ("svg", "SVG", "drawing, for print"),
    ("csv", "CSV", "the data behind it"),
    ("vl.json", "Vega-Lite", "the specification: data and drawing"),
)


def chart_title(spec: str) -> str:
    """Return the title of a specification (JSON text) in one line; empty for a chart without title."""
    title = json.loads(spec).get("title") or ""
    lines = title.get("text", "") if isinstance(title, dict) else title
    return " ".join(lines) if isinstance(lines, list) else str(lines)


@dataclass(frozen=True)
class Figure:
    """A figure of a page: ``page`` is the name of the page (``book/plan``), ``spec`` the specification as JSON text."""

    name: str
    number: str
    page: str
    page_title: str
    alt: str
    spec: str

    @property
    def title(self) -> str:
        """The finding that stands over the chart; empty for a chart without title."""
        return chart_title(self.spec)


def cited(figure: Figure, caption: str, page: citing.Citation) -> citing.Citation:
    """Return the citation of a figure; ``page`` is that of its page."""
    address = f"{page.address.removesuffix(f'{figure.page}.html')}{FOLDER}/{figure.name}.html" if page.address else ""
    title = f"Figure {figure.number}: {caption.rstrip('.')}"
    key = f"{page.key}-{figure.name}"
    return replace(page, kind="figure", title=title, within=f"{page.title}, {page.within}", key=key, address=address)


# -------------------------------------------------------------------------------------------------------------- tools


def tools(name: str, number: str, words: str, up: str) -> str:
    """Return the HTML of the tools under a figure; ``up`` leads from its page to the root of the site.

    Without scripts each is a plain link or opens by itself; ``figures.js`` turns the links with ``data-do`` into
    buttons. ``words`` is the citation in words.
    """
    base = html.escape(f"{up}{FOLDER}/{name}", quote=True)
    which = f"figure {html.escape(number)}"

    def tool(job: str, text: str, ending: str) -> str:
        label = f'aria-label="{text}: {which}"'
        return f'<a class="pb-tool" data-do="{job}" href="{base}.{ending}" {label}>{text}</a>'

    files = "".join(f'<a href="{base}.{ending}" download>{text}</a>' for ending, text, _ in FILES)
    return (
        f'<div class="pb-menu">{tool("enlarge", "Enlarge", "svg")}{tool("data", "Data", "csv")}'
        f"<details><summary>Download</summary><p>{files}</p></details>"
        f"{tool('link', 'Copy link', 'html')}"
        f'<details class="pb-said"><summary>Cite</summary><div><p>{to_html(words)}</p></div></details></div>\n'
    )


# -------------------------------------------------------------------------------------------------------------- files


def write(out: Path, figures: Iterable[Figure], stills: Stills, cite: Callable[[str], citing.Citation]) -> list[str]:
    """Write files, pages and index of all figures into the built site ``out``; return their names.

    ``cite`` gives the citation of a page by its name. What lies in the folder beside them is taken away. Raises
    ``ValueError`` when two figures have one name.
    """
    folder = out / FOLDER
    folder.mkdir(exist_ok=True)
    kept, index, captions = {"index.json"}, [], _Captions(out)
    for figure in figures:
        if f"{figure.name}.svg" in kept:
            raise ValueError(f"{figure.page}: a second figure is named {figure.name}")
        still, content = stills.svg(figure.spec), json.loads(figure.spec)
        caption, notes = captions.of(figure)
        citation = cited(figure, caption, cite(figure.page))
        files = {
            "svg": still.encode(),
            "png": stills.png(figure.spec),
            "csv": chart_data(content).encode(),
            "js": for_browser(figure.spec).encode(),
            "vl.json": (json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n").encode(),
            "html": own_page(figure, caption, notes, still, citation).encode(),
        }
        for ending, written in files.items():
            keep(folder / f"{figure.name}.{ending}", written)
            kept.add(f"{figure.name}.{ending}")
        index.append(_entry(figure, caption, still, citation))
    keep(folder / "index.json", (json.dumps(index, ensure_ascii=False, indent=1) + "\n").encode())
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
    return [entry["name"] for entry in index]


def for_browser(text: str) -> str:
    """Return a specification (JSON) as the script that ``charts.js`` asks for when the chart comes into view.

    A script, since pages read from disk may load no other file. A dataset of rows that all have the same names becomes
    ``{"columns": {name: [values]}}``; Vega-Lite itself knows no such form, hence the file for download has rows.
    Caption, alt text and sources stand in the page already.
    """
    spec = json.loads(text)
    about = spec.get("usermeta", {}).get("policybook", {})
    spec["usermeta"] = {"policybook": {"name": about.get("name", "")}}
    spec["datasets"] = {name: _columns(rows) for name, rows in spec.get("datasets", {}).items()}
    packed = json.dumps(spec, ensure_ascii=False, separators=(",", ":"))
    return f"(self.policybookSpecs ??= {{}})[{json.dumps(about.get('name', ''))}] = {packed};\n"


def _columns(rows: Any) -> Any:
    """Return a dataset by column where all rows have the same names and there are some; another one as it is."""
    alike = isinstance(rows, list) and rows and all(isinstance(row, dict) for row in rows)
    if not alike or not rows[0] or any(row.keys() != rows[0].keys() for row in rows):
        return rows
    return {"columns": {name: [row[name] for row in rows] for name in rows[0]}}


def _entry(figure: Figure, caption: str, still: str, citation: citing.Citation) -> dict[str, Any]:
    width, height = _size(still)
    return {
        "name": figure.name,
        "number": figure.number,
        "title": figure.title,
        "caption": caption,
        "alt": figure.alt,
        "page": f"{figure.page}.html#{figure.name}",
        "address": f"{FOLDER}/{figure.name}.html",
        "width": width,
        "height": height,
        "files": {ending: f"{FOLDER}/{figure.name}.{ending}" for ending, _, _ in FILES},
        "cite": citing.words(citation),
    }


def _size(still: str) -> tuple[int, int]:
    """Return width and height of a still in CSS pixels, rounded."""
    opening = still[: still.index(">")]
    width, height = (re.search(rf'\b{side}="([\d.]+)', opening) for side in ("width", "height"))
    return round(float(width[1])), round(float(height[1]))


class _Captions:
    """Captions and notes of figures, as they stand on their pages; each page is read once."""

    def __init__(self, out: Path) -> None:
        self.out, self.page, self.found = out, "", {}

    def of(self, figure: Figure) -> tuple[str, str]:
        """Return the caption as text, and notes and sources as HTML whose links hold in the folder of the figures."""
        if figure.page != self.page:
            root = markup.fromstring((self.out / f"{figure.page}.html").read_bytes().decode())
            self.page, self.found = figure.page, {node.get("id"): node for node in root.iter("figure")}
        element = self.found[figure.name]
        caption = " ".join(element.xpath("string(.//*[@class='caption-text'])").split())
        notes = "".join(_moved(paragraph, figure.page) for paragraph in element.xpath(".//*[@class='legend']/p"))
        return caption, notes


def _moved(paragraph: HtmlElement, page: str) -> str:
    """Return a paragraph as HTML with its links as seen from the folder of the figures, and no ids."""
    place, _, name = page.rpartition("/")
    for element in paragraph.iter():
        element.attrib.pop("id", None)
        href = element.get("href")
        if href and not re.match(r"[a-z]+:", href):
            target = f"{name}.html{href}" if href.startswith("#") else href
            element.set("href", f"../{place}/{target}" if place else f"../{target}")
    return markup.tostring(paragraph, encoding="unicode", with_tail=False) + "\n"


# --------------------------------------------------------------------------------------------------------------- page


def own_page(figure: Figure, caption: str, notes: str, still: str, citation: citing.Citation) -> str:
    """Return the page of a figure: the still, its text alternative, caption, sources, files and citation."""
    width, height = _size(still)
    escape, title = html.escape, figure.title or caption
    chapter = f"../{figure.page}.html#{figure.name}"
    site = citation.address.removesuffix(f"{FOLDER}/{figure.name}.html")
    picture = f"{site}{FOLDER}/{figure.name}.png" if site else f"{figure.name}.png"
    known = (
        f'<link rel="canonical" href="{escape(citation.address, quote=True)}">\n'
        f'<meta property="og:url" content="{escape(citation.address, quote=True)}">\n'
        if site
        else ""
    )
    files = "".join(
        f'<li><a href="{figure.name}.{ending}" download>{name}</a> <span>{said}</span></li>\n'
        for ending, name, said in FILES
    )
    alt = escape(figure.alt, quote=True)
    embed = (
        f'<a href="{citation.address}">\n  <img src="{picture}" alt="{alt}"\n'
        f'    width="{width}" height="{height}">\n</a>'
    )
    embedding = f"<h2>Embed</h2>\n<pre>{escape(embed)}</pre>\n" if site else ""
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(title)}</title>
<meta name="description" content="{alt}">
<meta property="og:type" content="article">
<meta property="og:title" content="{escape(title, quote=True)}">
<meta property="og:description" content="{alt}">
<meta property="og:image" content="{escape(picture, quote=True)}">
<meta property="og:image:alt" content="{alt}">
<meta name="twitter:card" content="summary_large_image">
{known}<link rel="icon" href="../_static/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="../_static/pages.css?v=0">
<script data-cfasync="false" src="../_static/theme.js"></script>
</head>
<body class="pb-own">
<main>
<p class="pb-way"><a href="{chapter}">{to_html(figure.page_title)}</a></p>
<h1>{to_html(title)}</h1>
<figure>
<img src="{figure.name}.png" alt="{alt}" width="{width}" height="{height}">
<figcaption>
<p><span class="caption-number">Figure {escape(figure.number)}</span> {to_html(caption)}</p>
<div class="legend">
{notes}</div>
</figcaption>
</figure>
<p><a href="{chapter}">See it in its chapter</a>: there it answers to pointer and keyboard, and shows its data.</p>
<h2>What it shows</h2>
<p>{to_html(figure.alt)}</p>
<h2>Files</h2>
<ul>
{files}</ul>
<h2>Cite</h2>
<p>{to_html(citing.words(citation))}</p>
<pre>{to_html(citing.bibtex(citation))}</pre>
{embedding}</main>
</body>
</html>
"""
