"""Charts, tables and linked data in the book: MyST-NB plugins, and how each writer sets them.

A chart reaches the page as a still (SVG), with its specification in a file beside it: readable without scripts,
interactive where they run. A table becomes a docutils table, so that HTML, LaTeX and the rest come from one
description.
"""

from __future__ import annotations

import html
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinxcontrib.bibtex.citation_target import CitationTarget
from sphinxcontrib.bibtex.roles import CitationRef

from policybook import citing, figures, mentions, paths, places
from policybook.languages import to_html
from policybook.paths import keep
from policybook.sources import citation, citation_anchor, safe_url, source_badge
from policybook.stills import Stills

MIME_CHART = "application/vnd.vegalite.v6+json"
MIME_CHART_LAB = "application/vnd.vegalite.v5+json"
MIME_TABLE = "application/vnd.policybook.table+json"
MIME_LINKED = "application/ld+json"
# The page of the bibliography, as the chapters beside it link to it.
REFERENCES = "references.html"


class chart(nodes.General, nodes.Element):
    """A chart: ``spec`` (JSON text), ``name``, ``alt``."""


class figure_menu(nodes.General, nodes.Element):
    """The downloads of a figure; HTML only."""


class linked_data(nodes.General, nodes.Element):
    """JSON-LD for machines: ``content`` is the document; HTML only."""


class table_cells(nodes.Part, nodes.Element):
    """The cells of a table, as one node: ``content`` holds what :func:`policybook.tables.show` displayed.

    A table of 200 rows is some 5,000 docutils nodes, through which Sphinx walks some thirty times for each builder.
    """


# ------------------------------------------------------------------------------------------------------------ plugins


class ChartRenderer:
    """MyST-NB plugin: a Vega-Lite specification becomes a numbered figure."""

    mime_priority_overrides = (("*", MIME_CHART, 1), ("*", MIME_CHART_LAB, None))

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, content: MimeData, inline: bool) -> list[nodes.Element] | None:
        """Return the figure of a chart, or nothing for the copy that is meant for JupyterLab."""
        if content.mime_type == MIME_CHART_LAB:
            return []
        if content.mime_type != MIME_CHART or inline:
            return None
        spec = dict(content.content)
        about = spec.get("usermeta", {}).get("policybook")
        if not about:
            raise ExtensionError("a chart was displayed without policybook.charts.show: it has no name and no alt text")
        text = specification(spec)
        figure = nodes.figure("", chart(spec=text, name=about["name"], alt=about["alt"]))
        figure += _caption(renderer, nodes.caption, about["caption"], content.line)
        legend = nodes.legend()
        legend += _notes(renderer, about, content.line)
        legend += figure_menu(name=about["name"])
        figure += legend
        _anchor(renderer, figure, about["name"], content.line)
        stills(renderer.renderer.sphinx_env.app).start(text)
        return [figure]


class TableRenderer:
    """MyST-NB plugin: a table's cells become a numbered table."""

    mime_priority_overrides = (("*", MIME_TABLE, 1),)

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, content: MimeData, inline: bool) -> list[nodes.Element] | None:
        """Return the table, in a container that can scroll sideways, followed by its sources."""
        if content.mime_type != MIME_TABLE or inline:
            return None
        about = dict(content.content)
        box = nodes.container(classes=["pb-table"])
        box["classes"] += [
            name for name, on in (("pb-search", about["searchable"]), ("pb-screen", not about["in_print"])) if on
        ]
        table = nodes.table(classes=["colwidths-given"] if any(about["widths"]) else [])
        table += _caption(renderer, nodes.title, about["caption"], content.line)
        table += table_cells(content=about)
        _cite(renderer, about, content.line)
        box += table
        _anchor(renderer, table, about["name"], content.line)
        notes = _notes(renderer, about, content.line)
        return [box, nodes.container("", *notes, classes=["pb-notes"])] if notes else [box]


class LinkedDataRenderer:
    """MyST-NB plugin: JSON-LD goes into the HTML page as it is, and into nothing else."""

    mime_priority_overrides = (("*", MIME_LINKED, 1),)

    @staticmethod
    def handle_mime(renderer: NbElementRenderer, content: MimeData, inline: bool) -> list[nodes.Element] | None:
        """Return the node that the writer of HTML makes a script element of."""
        if content.mime_type != MIME_LINKED or inline:
            return None
        return [linked_data(content=dict(content.content))]


def _anchor(renderer: NbElementRenderer, node: nodes.Element, name: str, line: int | None) -> None:
    """Give a figure or table its name, as the directive ``figure`` does."""
    document = renderer.renderer.document
    node["names"].append(nodes.fully_normalize_name(name))
    node.source, node.line = document["source"], line
    document.note_explicit_target(node, node)


def _caption(renderer: NbElementRenderer, kind: type[nodes.Element], text: str, line: int | None) -> nodes.Element:
    caption = kind(text, "", *_inline(renderer, text, line))
    caption.source, caption.line = renderer.renderer.document["source"], line
    return caption


def _inline(renderer: NbElementRenderer, text: str, line: int | None) -> list[nodes.Node]:
    holder = nodes.Element()
    with renderer.renderer.current_node_context(holder):
        renderer.renderer.nested_render_text(text, line or 0, inline=True)
    return list(holder.children)


def _notes(renderer: NbElementRenderer, about: dict[str, Any], line: int | None) -> list[nodes.Element]:
    texts = ((about.get("use"), ["pb-use"]), (about.get("note"), []), (about.get("sources"), []))
    return [nodes.paragraph("", "", *_inline(renderer, text, line), classes=kind) for text, kind in texts if text]


def _cite(renderer: NbElementRenderer, about: dict[str, Any], line: int | None) -> None:
    """Tell the bibliography which sources the cells of a table cite; the cells link to its entries themselves."""
    keys = sorted({piece["cite"] for row in about["rows"] for cell in row for piece in cell if piece.get("cite")})
    if keys:
        environment = renderer.renderer.sphinx_env
        targets = [CitationTarget(key=key, pre="", post="") for key in keys]
        environment.get_domain("cite").citation_refs.append(
            CitationRef(f"{about['name']}-cites", environment.docname, line or 0, targets)
        )


class ExpandTables(SphinxPostTransform):
    """Make docutils nodes of the cells for writers that know no other tables (LaTeX, plain text)."""

    default_priority = 5

    def run(self, **options: Any) -> None:
        """Replace every ``table_cells`` unless the pages are HTML."""
        if self.app.builder.format == "html":
            return
        for node in list(self.document.findall(table_cells)):
            node.replace_self(_expanded(node["content"]))


def _expanded(about: dict[str, Any]) -> nodes.tgroup:
    group = nodes.tgroup(cols=len(about["headings"]))
    for width in about["widths"]:
        group += nodes.colspec(colwidth=width or 1)
    heading = nodes.row("", *[_entry([{"text": text}]) for text in about["headings"]])
    rows = [nodes.row("", *[_entry(cell) for cell in row]) for row in about["rows"]]
    group += [nodes.thead("", heading), nodes.tbody("", *rows)]
    return group


def _entry(pieces: list[dict[str, str]]) -> nodes.entry:
    paragraph = nodes.paragraph()
    for piece in pieces:
        if paragraph.children:
            paragraph += nodes.Text(" ")
        text = nodes.Text(citation(piece["cite"]) if piece.get("cite") else piece.get("text", ""))
        href = safe_url(piece.get("href", ""))
        paragraph += nodes.reference("", "", text, refuri=href) if href else text
    return nodes.entry("", paragraph)


# ------------------------------------------------------------------------------------------------------------ writers


def _own_ids(still: str, prefix: str) -> str:
    """Make the ids within a still its own: many stills stand in one page."""
    still = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', still)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", still)


def _number(builder: Any, name: str) -> str:
    """Return the number of a figure on the page that is being written."""
    return ".".join(str(part) for part in builder.env.toc_fignumbers[builder.current_docname]["figure"][name])


def _visit_chart_html(self, node: chart) -> None:
    name, alt = node["name"], html.escape(node["alt"], quote=True)
    still = _own_ids(stills(self.builder.app).svg(node["spec"]), name)
    still = re.sub(r"<svg ", f'<svg role="img" aria-label="{alt}" ', still, count=1)
    spec = "../" * self.builder.current_docname.count("/") + f"{figures.FOLDER}/{name}.js"
    # In reach of the keyboard, since it scrolls where it is wider than the page.
    label = f'tabindex="0" role="group" aria-label="Chart of figure {_number(self.builder, name)}"'
    self.body.append(f'<div class="pb-chart" data-figure="{name}" data-spec="{spec}" {label}>')
    # Its size is known before it is drawn, hence browsers draw it when it comes near (content-visibility).
    size = re.search(r'<svg [^>]*?\bwidth="([\d.]+)" height="([\d.]+)"', still)
    box = f' style="width: {size[1]}px; aspect-ratio: {size[1]} / {size[2]}"' if size else ""
    self.body.append(f'<div class="pb-still"{box}>{still}</div></div>\n')
    raise nodes.SkipNode


def links(app: Sphinx, page: str) -> places.Links:
    """Return what turns links within the book into those of a page (its name with folder)."""
    folder, _, own = page.rpartition("/")
    names = (name.rpartition("/") for name in app.env.found_docs)
    return places.Links(own, [name for place, _, name in names if place == folder], paths.report(Path(app.srcdir)))


def _visit_cells_html(self, node: table_cells) -> None:
    about, own = node["content"], links(self.builder.app, self.builder.current_docname)
    widths, kinds = about["widths"], [f' class="{kind}"' if kind else "" for kind in about["kinds"]]
    total = sum(widths)
    if total:
        columns = "".join(f'<col style="width: {100 * width / total:.1f}%">' for width in widths)
        self.body.append(f"<colgroup>{columns}</colgroup>\n")
    heads = zip(about["headings"], kinds, strict=True)
    cells = "".join(f'<th scope="col"{kind}>{html.escape(text)}</th>' for text, kind in heads)
    labels = html.escape(json.dumps([choice["label"] for choice in about["filters"]], ensure_ascii=False), quote=True)
    named = f' data-filters="{labels}"' if about["filters"] else ""
    self.body.append(f"<thead{named}><tr>{cells}</tr></thead>\n<tbody>\n")
    for position, row in enumerate(about["rows"]):
        anchor = f' id="{html.escape(about["row_ids"][position], quote=True)}"' if about["row_ids"] else ""
        for place, choice in enumerate(about["filters"]):
            values = json.dumps(choice["values"][position], ensure_ascii=False)
            anchor += f' data-filter-{place}="{html.escape(values, quote=True)}"'
        row_id = about["row_ids"][position] if about["row_ids"] else ""
        cells = "".join(
            f"<td{kind}>{_cell_html(cell, own, row_id)}</td>" for cell, kind in zip(row, kinds, strict=True)
        )
        self.body.append(f"<tr{anchor}>{cells}</tr>\n")
    self.body.append("</tbody>\n")
    raise nodes.SkipNode


def _cell_html(pieces: list[dict[str, str]], own: places.Links, row_id: str) -> str:
    """Write a cell; citations that follow each other are set apart by semicolons.

    ``own`` are the links of the page, ``row_id`` is the anchor of the row: what names itself there is no link.
    """
    written = ""
    for before, piece in zip([{}, *pieces], pieces, strict=False):
        written += ("; " if before.get("cite") and piece.get("cite") else " ") + _piece_html(piece, own, row_id)
    return written.strip()


def _piece_html(piece: dict[str, str], own: places.Links, row_id: str) -> str:
    """Write one piece of a cell; only http(s) addresses and places within the book become links."""
    if piece.get("cite"):
        key = piece["cite"]
        link = f'<a class="pb-cite" href="{REFERENCES}#{citation_anchor(key)}">{to_html(citation(key), "zh")}</a>'
        return f'{link} <span class="pb-source">{html.escape(source_badge(key))}</span>'
    href = own.short(piece.get("href", ""))
    if piece.get("lang"):
        text = html.escape(piece.get("text", ""))
    elif href or piece.get("badge"):
        text = to_html(piece.get("text", ""))
    else:
        text = _named_html(piece.get("text", ""), own, row_id)
    if safe_url(href) or re.fullmatch(r"([a-z_]+\.html)?#[A-Za-z0-9_.:-]+", href):
        text = f'<a href="{html.escape(href, quote=True)}">{text}</a>'
    attributes = f' lang="{html.escape(piece["lang"], quote=True)}"' if piece.get("lang") else ""
    if piece.get("badge"):
        attributes += f' class="pb-badge pb-{html.escape(piece["badge"], quote=True)}"'
    return f"<span{attributes}>{text}</span>" if attributes else text


def _named_html(text: str, own: places.Links, row_id: str) -> str:
    """Write bare text; the articles, asks and standards that it names become links."""
    written, at = "", 0
    for item in mentions.of_report(own.report).find(text):
        href = own.short(item.href)
        if href and href != f"#{row_id}":
            written += to_html(text[at : item.start]) + f'<a href="{href}">{to_html(text[item.start : item.end])}</a>'
            at = item.end
    return written + to_html(text[at:])


def signed(document: dict[str, Any], page: str, title: str, site: str = "") -> list[dict[str, Any]]:
    """Return the nodes of a JSON-LD document (``@context`` and ``@graph``) as they stand in a page of the site.

    Each has its context, since some readers do not look into a graph.
    Addresses relative to ``page`` (its name without ending) become absolute when the address of the site is known;
    otherwise a reader takes them from the address at which it found the page. What names no author is by the report,
    of which ``title`` is the name.
    """
    base = urljoin(site.rstrip("/") + "/", page) if site else ""

    def placed(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {name: placed(item, name) for name, item in value.items()}
        if isinstance(value, list):
            return [placed(item, key) for item in value]
        return urljoin(base, value) if base and key in ("@id", "url") else value

    home = "../" * page.count("/") + "index.html"
    report = {"@type": "Organization", "name": title, "url": home}
    graph = [item if "author" in item else item | {"author": report} for item in document["@graph"]]
    return [{"@context": document["@context"]} | placed(item) for item in graph]


def script_text(document: Any) -> str:
    """Return a document as JSON for a script element; see :func:`_in_script`."""
    return _in_script(json.dumps(document, ensure_ascii=False))


def _in_script(text: str) -> str:
    """Return JSON so that it holds no tag, no comment, and no end of the script it stands in."""
    return text.replace("<", "\\u003c")


def _visit_linked_html(self, node: linked_data) -> None:
    config = self.builder.app.config
    document = signed(node["content"], self.builder.current_docname, config.html_title, config.html_baseurl)
    self.body.append(f'<script type="{MIME_LINKED}">{script_text(document)}</script>\n')
    raise nodes.SkipNode


def _visit_chart_latex(self, node: chart) -> None:
    keep(Path(self.builder.outdir) / f"{node['name']}.pdf", stills(self.builder.app).pdf(node["spec"]))
    self.body.append(f"\\noindent\\includegraphics[width=\\linewidth]{{{{{node['name']}}}.pdf}}\n")
    raise nodes.SkipNode


def _visit_chart_text(self, node: chart) -> None:
    self.body.append(node["alt"]) if hasattr(self, "body") else self.add_text(node["alt"])
    raise nodes.SkipNode


def _visit_menu_html(self, node: figure_menu) -> None:
    page, environment = self.builder.current_docname, self.builder.env
    caption = next(node.parent.parent.findall(nodes.caption)).astext()
    number = _number(self.builder, node["name"])
    citation = citing.of_page(page, environment.titles[page].astext(), environment.policybook_citation)
    figure = figures.Figure(node["name"], number, page, citation.title, "", "{}")
    words = citing.words(figures.cited(figure, caption, citation))
    self.body.append(figures.tools(node["name"], number, words, "../" * page.count("/")))
    raise nodes.SkipNode


def _skip(self, node: nodes.Element) -> None:
    raise nodes.SkipNode


def _depart(self, node: nodes.Element) -> None:
    """Never reached: every visitor skips."""


def specification(spec: dict[str, Any]) -> str:
    """Return a specification as the text by which its stills are known."""
    return json.dumps(spec, ensure_ascii=False, sort_keys=True)


def stills(app: Sphinx) -> Stills:
    """Return the stills of a build; they lie beside its doctrees."""
    if not hasattr(app, "policybook_stills"):
        app.policybook_stills = Stills(Path(app.doctreedir).parent / "stills")
    return app.policybook_stills


def register(app: Sphinx) -> None:
    """Register the nodes of charts and tables with every writer."""
    text = (_visit_chart_text, _depart)
    skip = (_skip, _depart)
    chart_latex = (_visit_chart_latex, _depart)
    app.add_node(chart, html=(_visit_chart_html, _depart), latex=chart_latex, text=text, man=text, texinfo=text)
    app.add_node(figure_menu, html=(_visit_menu_html, _depart), latex=skip, text=skip, man=skip, texinfo=skip)
    app.add_node(linked_data, html=(_visit_linked_html, _depart), latex=skip, text=skip, man=skip, texinfo=skip)
    app.add_node(table_cells, html=(_visit_cells_html, _depart))
    app.add_post_transform(ExpandTables)
