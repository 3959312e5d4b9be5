"""Charts and tables in the book: MyST-NB plugins, and the Sphinx extension that writes them for each builder.

A chart reaches the page as a still (SVG) with its specification beside it: readable without scripts, interactive where
they run. Stills are drawn in this one process and kept by a digest of the specification. A table becomes a docutils
table, so that HTML, LaTeX and the rest come from one description.
"""

from __future__ import annotations

import csv
import hashlib
import html
import io
import json
import re
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import pybtex.plugin
import vl_convert
from docutils import nodes
from myst_nb.core.render import MimeData, NbElementRenderer
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinxcontrib.bibtex.citation_target import CitationTarget
from sphinxcontrib.bibtex.roles import CitationRef

import policybook
from policybook import data, execute, paths
from policybook.sources import citation, citation_anchor, safe_url

MIME_CHART = "application/vnd.vegalite.v6+json"
MIME_CHART_LAB = "application/vnd.vegalite.v5+json"
MIME_TABLE = "application/vnd.policybook.table+json"
VEGALITE = "6.4"
FIGURES = "figures"
# The page of the bibliography, as the chapters beside it link to it.
REFERENCES = "references.html"
# Counts up when stills are drawn in another way: those kept from before are then drawn anew.
STILL = 2
LOG = logging.getLogger(__name__)


class chart(nodes.General, nodes.Element):
    """A chart: ``spec`` (JSON text), ``name``, ``alt``."""


class figure_menu(nodes.General, nodes.Element):
    """The downloads of a figure; HTML only."""


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
        text = json.dumps(spec, ensure_ascii=False, sort_keys=True)
        figure = nodes.figure("", chart(spec=text, name=about["name"], alt=about["alt"]))
        figure += _caption(renderer, nodes.caption, about["caption"], content.line)
        legend = nodes.legend()
        legend += _notes(renderer, about, content.line)
        legend += figure_menu(name=about["name"])
        figure += legend
        _anchor(renderer, figure, about["name"], content.line)
        _start_drawing(text)
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
        box = nodes.container(classes=["pb-table", *(["pb-search"] if about["searchable"] else [])])
        table = nodes.table(classes=["colwidths-given"] if any(about["widths"]) else [])
        table += _caption(renderer, nodes.title, about["caption"], content.line)
        table += table_cells(content=about)
        _cite(renderer, about, content.line)
        box += table
        _anchor(renderer, table, about["name"], content.line)
        notes = _notes(renderer, about, content.line)
        return [box, nodes.container("", *notes, classes=["pb-notes"])] if notes else [box]


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
    texts = [text for text in (about.get("note"), about.get("sources")) if text]
    return [nodes.paragraph("", "", *_inline(renderer, text, line)) for text in texts]


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


# ------------------------------------------------------------------------------------------------------------- stills


@cache
def _prepare_fonts() -> None:
    vl_convert.register_font_directory(str(paths.FONTS))


_drawn: dict[str, Any] = {}
_pool = ThreadPoolExecutor(max_workers=1)  # vl-convert draws one chart at a time; drawing goes on while pages are read


def _digest(spec: str) -> str:
    content = f"{vl_convert.__version__} {VEGALITE} {STILL} {spec}"
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def _stills() -> Path:
    return _stills_folder[0]


_stills_folder: list[Path] = []


def _start_drawing(spec: str) -> None:
    key = _digest(spec)
    if _stills_folder and key not in _drawn and not (_stills() / f"{key}.svg").is_file():
        _drawn[key] = _pool.submit(_draw, spec, key)


def _draw(spec: str, key: str) -> str:
    _prepare_fonts()
    still = _chinese_first(vl_convert.vegalite_to_svg(json.loads(spec), vl_version=VEGALITE))
    _keep(_stills() / f"{key}.svg", still.encode())
    return still


_CHINESE = re.compile(r"[\u2e80-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")


def _chinese_first(still: str) -> str:
    """Set every text that holds Chinese in the Chinese font, Latin letters included.

    Where one font lacks a character, the PNG and PDF writers set the whole text in whichever font of the machine has
    all of them. A browser takes the Latin letters from the second font, since the first is only loaded for Chinese.
    """

    def set_font(text: re.Match[str]) -> str:
        if not _CHINESE.search(text.group()):
            return text.group()
        return re.sub(
            r'font-family="[^"]*"', "font-family=\"'Noto Sans SC', 'Source Sans 3', sans-serif\"", text.group()
        )

    return re.sub(r"<text\b.*?</text>", set_font, still, flags=re.DOTALL)


def svg(spec: str) -> str:
    """Return the still of a specification (JSON text), drawn now or taken from the folder of stills."""
    key = _digest(spec)
    path = _stills() / f"{key}.svg"
    if path.is_file():
        return path.read_text(encoding="utf-8")
    return _drawn.pop(key).result() if key in _drawn else _draw(spec, key)


def png(spec: str) -> bytes:
    """Return a specification drawn as PNG, at twice its size on white."""
    path = _stills() / f"{_digest(spec)}.png"
    if not path.is_file():
        _prepare_fonts()
        opaque = svg(spec).replace(">", '><rect width="100%" height="100%" fill="#ffffff"/>', 1)
        _keep(path, vl_convert.svg_to_png(opaque, scale=2))
    return path.read_bytes()


def _keep(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_suffix(path.suffix + ".tmp")
    draft.write_bytes(content)
    draft.replace(path)


def chart_data(spec: dict[str, Any]) -> str:
    """Return the data behind a chart as CSV: its main dataset (the named one, else the longest).

    Cells that a spreadsheet would run as a formula get a leading apostrophe.
    """
    sets = spec.get("datasets", {})
    main = spec.get("data", {}).get("name") if isinstance(spec.get("data"), dict) else None
    rows = sets[main] if main in sets else max(sets.values(), key=len, default=[])
    columns = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and re.match(r"[=+@\t\r]|-(?!\d)", value):
        return "'" + value
    return value


# ------------------------------------------------------------------------------------------------------------ writers


def _own_ids(still: str, prefix: str) -> str:
    """Make the ids within a still its own: many stills stand in one page."""
    still = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', still)
    return re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", still)


def _visit_chart_html(self, node: chart) -> None:
    name, alt = node["name"], html.escape(node["alt"], quote=True)
    still = _own_ids(svg(node["spec"]), name)
    still = re.sub(r"<svg ", f'<svg role="img" aria-label="{alt}" ', still, count=1)
    spec = node["spec"].replace("<", "\\u003c")  # no tag, and no end of the script, within the JSON
    self.body.append(f'<div class="pb-chart" data-figure="{name}"><div class="pb-still">{still}</div>')
    self.body.append(f'<script type="application/json" class="pb-spec">{spec}</script></div>\n')
    raise nodes.SkipNode


def _visit_cells_html(self, node: table_cells) -> None:
    about = node["content"]
    widths, kinds = about["widths"], [f' class="{kind}"' if kind else "" for kind in about["kinds"]]
    total = sum(widths)
    if total:
        columns = "".join(f'<col style="width: {100 * width / total:.1f}%">' for width in widths)
        self.body.append(f"<colgroup>{columns}</colgroup>\n")
    heads = zip(about["headings"], kinds, strict=True)
    cells = "".join(f'<th scope="col"{kind}>{html.escape(text)}</th>' for text, kind in heads)
    self.body.append(f"<thead><tr>{cells}</tr></thead>\n<tbody>\n")
    for position, row in enumerate(about["rows"]):
        anchor = f' id="{html.escape(about["row_ids"][position], quote=True)}"' if about["row_ids"] else ""
        cells = "".join(f"<td{kind}>{_cell_html(cell)}</td>" for cell, kind in zip(row, kinds, strict=True))
        self.body.append(f"<tr{anchor}>{cells}</tr>\n")
    self.body.append("</tbody>\n")
    raise nodes.SkipNode


def _cell_html(pieces: list[dict[str, str]]) -> str:
    return " ".join(_piece_html(piece) for piece in pieces)


def _piece_html(piece: dict[str, str]) -> str:
    """Write one piece of a cell; only http(s) addresses and places within the book become links."""
    if piece.get("cite"):
        key = piece["cite"]
        return f'<a class="pb-cite" href="{REFERENCES}#{citation_anchor(key)}">{html.escape(citation(key))}</a>'
    text = html.escape(piece.get("text", ""))
    href = piece.get("href", "")
    if safe_url(href) or re.fullmatch(r"([a-z_]+\.html)?#[A-Za-z0-9_.:-]+", href):
        text = f'<a href="{html.escape(href, quote=True)}">{text}</a>'
    attributes = f' lang="{html.escape(piece["lang"], quote=True)}"' if piece.get("lang") else ""
    if piece.get("badge"):
        attributes += f' class="pb-badge pb-{html.escape(piece["badge"], quote=True)}"'
    return f"<span{attributes}>{text}</span>" if attributes else text


def _visit_chart_latex(self, node: chart) -> None:
    _prepare_fonts()
    target = Path(self.builder.outdir) / f"{node['name']}.pdf"
    if not target.is_file():
        _keep(target, vl_convert.svg_to_pdf(svg(node["spec"])))
    self.body.append(f"\\noindent\\includegraphics[width=\\linewidth]{{{{{node['name']}}}.pdf}}\n")
    raise nodes.SkipNode


def _visit_chart_text(self, node: chart) -> None:
    self.body.append(node["alt"]) if hasattr(self, "body") else self.add_text(node["alt"])
    raise nodes.SkipNode


def _visit_menu_html(self, node: figure_menu) -> None:
    base = "../" * self.builder.current_docname.count("/") + f"{FIGURES}/{node['name']}"
    links = "".join(
        f'<a href="{base}.{ending}" download>{label}</a>'
        for ending, label in (("png", "PNG"), ("svg", "SVG"), ("csv", "CSV"), ("vl.json", "Vega-Lite"))
    )
    self.body.append(f'<details class="pb-menu"><summary>Download</summary><p>{links}</p></details>\n')
    raise nodes.SkipNode


def _skip(self, node: nodes.Element) -> None:
    raise nodes.SkipNode


def _depart(self, node: nodes.Element) -> None:
    """Never reached: every visitor skips."""


# ---------------------------------------------------------------------------------------------------- Sphinx extension


def _without_thebe(app: Sphinx, config) -> None:
    """Take sphinx-thebe's handlers off: Jupyter Book always loads it, and it names a script on another host."""
    for listeners in app.events.listeners.values():
        listeners[:] = [found for found in listeners if not found.handler.__module__.startswith("sphinx_thebe")]
    app.registry.css_files[:] = [found for found in app.registry.css_files if "thebe" not in found[0]]


def _find_plugins_once() -> None:
    """Let pybtex look up a plugin once: it reads the entry points of every installed package at each citation."""
    if not hasattr(pybtex.plugin.find_plugin, "cache_info"):
        pybtex.plugin.find_plugin = cache(pybtex.plugin.find_plugin)


def _set_up(app: Sphinx) -> None:
    _find_plugins_once()
    _stills_folder[:] = [Path(app.doctreedir).parent / "stills"]
    _drawn.clear()


def _run_chapters(app: Sphinx) -> None:
    """Fill the cache of outputs before MyST-NB looks into it."""
    config = app.env.mystnb_config
    app.env.policybook_now = {}
    if config.execution_mode != "cache":
        return
    report = paths.report(Path(app.srcdir))
    site = app.config.external_site_map
    sources = [Path(app.srcdir) / f"{name}.ipynb" for name in site]
    chapters = [path for path in sources if path.is_file()]
    try:
        now = execute.refresh(
            chapters, Path(config.execution_cache_path), report, config.execution_timeout, lambda text: LOG.info(text)
        )
    except (execute.ChapterError, data.DataError) as error:
        raise ExtensionError(f"the book was not built.\n{error}") from None
    app.env.policybook_now = {str(Path(path).relative_to(app.srcdir).with_suffix("")): key for path, key in now.items()}


def _outdated(app: Sphinx, env, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Read a page anew when its outputs are new, though its file is not."""
    before = getattr(env, "policybook_fingerprints", {})
    now = {name.replace("\\", "/"): key for name, key in env.policybook_now.items()}
    env.policybook_fingerprints = now
    return [name for name, key in now.items() if before.get(name) != key and name not in removed]


def _page_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree is None:
        return
    if next(doctree.findall(chart), None):
        app.add_js_file("charts.js", loading_method="defer")
    if any("pb-search" in node["classes"] for node in doctree.findall(nodes.container)):
        app.add_js_file("vendor/datatables.min.js", loading_method="defer")
        app.add_js_file("tables.js", loading_method="defer")


def _write_figures(app: Sphinx, error: Exception | None) -> None:
    """Write the downloads of every figure, the Vega script and the Chinese font beside the pages."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    folder = out / FIGURES
    folder.mkdir(exist_ok=True)
    wanted: dict[str, str] = {}
    index = []
    for name in sorted(app.env.found_docs):
        for node in app.env.get_doctree(name).findall(chart):
            if node["name"] in wanted:
                raise ExtensionError(f"two figures are named {node['name']}")
            wanted[node["name"]] = node["spec"]
            index.append({"name": node["name"], "page": f"{name}.html", "alt": node["alt"]})
    for name, spec in wanted.items():
        content = json.loads(spec)
        _write(folder / f"{name}.svg", svg(spec).encode())
        _write(folder / f"{name}.png", png(spec))
        _write(folder / f"{name}.csv", chart_data(content).encode())
        _write(folder / f"{name}.vl.json", (json.dumps(content, ensure_ascii=False, indent=1) + "\n").encode())
    _write(folder / "index.json", (json.dumps(index, ensure_ascii=False, indent=1) + "\n").encode())
    kept = {f"{name}.{ending}" for name in wanted for ending in ("svg", "png", "csv", "vl.json")} | {"index.json"}
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
    if wanted:
        _write(out / "_static" / "vega.js", _vega_script().encode())
    _write_chinese_font(out)


def _write(path: Path, content: bytes) -> None:
    """Write a file unless it has this content already."""
    if not (path.is_file() and path.read_bytes() == content):
        _keep(path, content)


@cache
def _vega_script() -> str:
    # Wrapped, since the bundle has a global _ that clashes with Sphinx's search.
    return "(function () {\n" + vl_convert.javascript_bundle(vl_version=VEGALITE) + "\n})();\n"


def _write_chinese_font(out: Path) -> None:
    """Cut the committed Chinese font down to the characters that the pages use, for readers whose system has none."""
    used: set[str] = set()
    for page in out.rglob("*.html"):
        used.update(_CHINESE.findall(page.read_text(encoding="utf-8")))
    key = hashlib.sha256("".join(sorted(used)).encode()).hexdigest()[:24]
    for weight in ("Regular", "Bold"):
        kept = _stills() / f"NotoSansSC-{weight}-{key}.woff2"
        if not kept.is_file():
            _keep(kept, _subset(paths.FONTS / f"NotoSansSC-{weight}.ttf", used))
        _write(out / "_static" / "fonts" / f"NotoSansSC-{weight}.woff2", kept.read_bytes())


def _subset(font: Path, characters: set[str]) -> bytes:
    from fontTools import subset

    options = subset.Options(flavor="woff2", layout_features=["kern", "locl"], hinting=False, recalc_timestamp=False)
    cut = subset.load_font(str(font), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[ord(character) for character in characters] or [0x3000])
    cutter.subset(cut)
    stream = io.BytesIO()
    subset.save_font(cut, stream, options)
    return stream.getvalue()


def _forget_on_failure(app: Sphinx, error: Exception | None) -> None:
    """Throw the environment away after a build with warnings under -W.

    Sphinx reports a warning when it reads a page, and not again for a page that it has read: the next build would pass.
    """
    if app.warningiserror and (error or app._warncount):
        (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register nodes, events and files with Sphinx."""
    text = (_visit_chart_text, _depart)
    app.add_node(
        chart,
        html=(_visit_chart_html, _depart),
        latex=(_visit_chart_latex, _depart),
        text=text,
        man=text,
        texinfo=text,
    )
    skip = (_skip, _depart)
    app.add_node(table_cells, html=(_visit_cells_html, _depart))
    app.add_post_transform(ExpandTables)
    app.add_node(figure_menu, html=(_visit_menu_html, _depart), latex=skip, text=skip, man=skip, texinfo=skip)
    app.connect("config-inited", _without_thebe, priority=1)
    app.connect("builder-inited", _set_up, priority=100)
    app.connect("builder-inited", _run_chapters, priority=900)  # after MyST-NB has settled its configuration
    app.connect("env-get-outdated", _outdated)
    app.connect("html-page-context", _page_scripts)
    app.connect("build-finished", _write_figures)
    app.connect("build-finished", _forget_on_failure, priority=900)
    return {"version": policybook.__version__, "parallel_read_safe": False, "parallel_write_safe": False}
