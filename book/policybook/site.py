"""The Sphinx extension: what happens around the pages of a book, whoever starts the build.

Chapters are run before the pages are read (:mod:`policybook.execute`), pages are read anew when their outputs are new,
and beside the pages come the downloads of every figure, one Vega script, a Chinese font and the PDF.
"""

from __future__ import annotations

import hashlib
import html
import json
from functools import cache
from pathlib import Path
from typing import Any

import pybtex.plugin
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx_external_toc.parsing import parse_toc_yaml
from yaml import safe_load

import policybook
from policybook import (
    articles,
    bundle,
    citing,
    data,
    execute,
    feeds,
    languages,
    marks,
    paths,
    pdf,
    render,
    strict,
    webfonts,
)
from policybook.paths import keep, keep_all
from policybook.stills import chart_data, digest

PDF_NAME = "report.pdf"
CITATIONS = "cite"
LOG = logging.getLogger(__name__)


# ------------------------------------------------------------------------------------------------------- before pages


def _without_thebe(app: Sphinx, config) -> None:
    """Take sphinx-thebe's handlers off: Jupyter Book always loads it, and it names a script on another host."""
    for listeners in app.events.listeners.values():
        listeners[:] = [found for found in listeners if not found.handler.__module__.startswith("sphinx_thebe")]
    app.registry.css_files[:] = [found for found in app.registry.css_files if "thebe" not in found[0]]


def _find_plugins_once(app: Sphinx) -> None:
    """Let pybtex look up a plugin once: it reads the entry points of every installed package at each citation."""
    if not hasattr(pybtex.plugin.find_plugin, "cache_info"):
        pybtex.plugin.find_plugin = cache(pybtex.plugin.find_plugin)


def _run_chapters(app: Sphinx) -> None:
    """Fill the cache of outputs before MyST-NB looks into it."""
    config = app.env.mystnb_config
    app.env.policybook_now, app.env.policybook_states_now = {}, []
    if config.execution_mode != "cache":
        return
    report = paths.report(Path(app.srcdir))
    site = app.config.external_site_map
    sources = [Path(app.srcdir) / f"{name}.ipynb" for name in site]
    chapters = [path for path in sources if path.is_file()]
    cache_folder = Path(config.execution_cache_path)
    render.stills(app).start_script()

    def draw(run: execute.Run) -> None:
        for spec in execute.displayed(run.notebook, render.MIME_CHART):
            render.stills(app).start(render.specification(spec))

    try:
        app.env.policybook_states_now = articles.states(report)
        for state in app.env.policybook_states_now:
            app.tags.add(state)
        now = execute.refresh(chapters, cache_folder, report, config.execution_timeout, LOG.info, draw)
    except (execute.ChapterError, data.DataError) as error:
        raise ExtensionError(f"the book was not built.\n{error}") from None
    app.env.policybook_now = {name.removesuffix(".ipynb"): key for name, key in now.items()}


def _outdated(app: Sphinx, env, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Read a page anew when its outputs are new, though its file is not.

    All pages, when something that all of them rest on is new: a state of the data, this package, a static file (pages
    name these with a checksum, and Sphinx copies none when no page is read).
    """
    before = getattr(env, "policybook_fingerprints", {})
    now = env.policybook_fingerprints = env.policybook_now
    common = [*env.policybook_states_now, execute.package_digest()]
    for folder in app.config.html_static_path:
        files = sorted(path for path in Path(app.srcdir, folder).rglob("*") if path.is_file())
        common += [f"{path.name} {data.file_digest(path)}" for path in files]
    last, env.policybook_common = getattr(env, "policybook_common", None), common
    if last not in (None, common):
        return sorted(env.found_docs - removed)
    return [name for name, key in now.items() if before.get(name) != key and name not in removed]


def _note_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Remember the charts of a page, so that no later step has to read all pages again."""
    figures = []
    for node in doctree.findall(render.chart):
        path = render.stills(app).folder / f"{digest(node['spec'])}.vl.json"
        keep(path, node["spec"].encode())
        figures.append((node["name"], path.name, node["alt"]))
    _figures(app.env)[app.env.docname] = figures


def _keep_addresses(app: Sphinx, doctree: nodes.document) -> None:
    """Let the permanent link of a section be its label, where it has one: its title may change."""
    for section in doctree.findall(nodes.section):
        labels = {doctree.nameids.get(name) for name in section["names"] if doctree.nametypes.get(name)}
        section["ids"].sort(key=lambda item: item not in labels)


def _mark_languages(app: Sphinx, doctree: nodes.document, page: str) -> None:
    """Mark titles in other scripts in the bibliography; the registry does not tell the forms of Chinese apart."""
    for entry in doctree.findall(nodes.citation):
        for text in [node for node in entry.findall(nodes.Text) if not isinstance(node.parent, nodes.reference)]:
            pieces = languages.runs(text.astext(), chinese="zh")
            if any(language for _, language in pieces):
                marked = [
                    nodes.inline("", piece, classes=[f"language-{language}"]) if language else nodes.Text(piece)
                    for piece, language in pieces
                ]
                text.parent.replace(text, marked)


def _renew_references(app: Sphinx, env) -> list[str]:
    """Write the bibliography anew when the cited sources are others: no page that lists them has changed itself."""
    domain = env.get_domain("cite")
    cited = sorted({target.key for reference in domain.citation_refs for target in reference.targets})
    if getattr(env, "policybook_cited", None) == cited:
        return []
    env.policybook_cited = cited
    return sorted({key.docname for key in domain.bibliographies})


def _renew_citations(app: Sphinx, env) -> list[str]:
    """Write every page anew when what all citations say is new: version, data, title, authors or address."""
    now = citing.of_report(paths.report(Path(app.srcdir)))
    last, env.policybook_citation = getattr(env, "policybook_citation", None), now
    return [] if last == now else sorted(env.found_docs)


def _figures(env) -> dict[str, list[tuple[str, str, str]]]:
    """Return name, file of the specification and alt text of the charts of each page."""
    if not hasattr(env, "policybook_figures"):
        env.policybook_figures = {}
    return env.policybook_figures


def _forget_figures(app: Sphinx, env, page: str) -> None:
    _figures(env).pop(page, None)


# -------------------------------------------------------------------------------------------------------------- pages


def _page_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree is None:
        return
    app.add_js_file("links.js", loading_method="defer")
    if next(doctree.findall(render.chart), None):
        app.add_js_file("charts.js", loading_method="defer")
    if any("pb-search" in node["classes"] for node in doctree.findall(nodes.container)):
        app.add_js_file("vendor/datatables.min.js", loading_method="defer")
        app.add_js_file("tables.js", loading_method="defer")


def _pdf_button(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree) -> None:
    """Offer the PDF of the whole report in the theme's menu of downloads."""
    for group in context.get("header_buttons", []):
        if group.get("label") == "download-buttons":
            address = context["pathto"](PDF_NAME, 1)
            said = {"text": "Whole report (.pdf)", "tooltip": "Download the whole report", "icon": "fas fa-file-pdf"}
            group["buttons"].append({"type": "link", "url": address, "label": "download-report-button", **said})


def _cite_block(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree) -> None:
    """Put the box "Cite this page" at the end of a page."""
    if doctree is not None:
        citation = _citation(app.env, page)
        context["body"] += cite_box(citation, context["pathto"](f"{CITATIONS}/{citing.file_name(page)}", 1))


def _citation(env, page: str) -> citing.Citation:
    return citing.of_page(page, env.titles[page].astext(), env.policybook_citation)


def cite_box(citation: citing.Citation, files: str) -> str:
    """Return the HTML of the box "Cite this page"; ``files`` is the path from the page to its files, without ending."""
    name = html.escape(files)
    return (
        '<details class="pb-citing" id="cite-this-page"><summary>Cite this page</summary>\n'
        f'<p>{languages.to_html(citing.words(citation))}</p>\n<p>Download: <a href="{name}.bib" download>BibTeX</a>, '
        f'<a href="{name}.ris" download>RIS</a></p>\n'
        # The classes of a code block: the button that copies one comes with them.
        '<div class="highlight-bibtex notranslate"><div class="highlight">'
        f"<pre>{html.escape(citing.bibtex(citation))}</pre></div></div>\n</details>\n"
    )


def _announce_feed(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree) -> None:
    """Name the feed in the head of its page, where feed readers look for it."""
    if page == feeds.PAGE:
        link = f'<link rel="alternate" type="{feeds.MEDIA_TYPE}" title="{feeds.TITLE}" href="{feeds.NAME}">'
        context["metatags"] = context.get("metatags", "") + f"\n{link}\n"


# -------------------------------------------------------------------------------------------------------- after pages


def _write_citations(app: Sphinx, error: Exception | None) -> None:
    """Write the citation of every page as BibTeX and RIS, and the data as a zip, beside the pages."""
    if error or app.builder.format != "html":
        return
    contents: dict[Path, bytes] = {}
    folder = Path(app.outdir, CITATIONS)
    for page in sorted(app.env.found_docs):
        citation, path = _citation(app.env, page), folder / citing.file_name(page)
        if path.with_name(f"{path.name}.bib") in contents:
            raise ExtensionError(f"{page}: a second page is named {path.name}, their citations would be one file")
        contents[path.with_name(f"{path.name}.bib")] = citing.bibtex(citation).encode()
        contents[path.with_name(f"{path.name}.ris")] = citing.ris(citation).encode()
    report = paths.report(Path(app.srcdir))
    try:
        contents[Path(app.outdir, bundle.address(report))] = bundle.archive(report)
    except data.DataError as reason:
        raise ExtensionError(f"the data were not packed.\n{reason}") from None
    keep_all(contents)
    for place in {path.parent for path in contents}:
        for path in place.iterdir():
            if path not in contents:
                path.unlink()


def _write_feed(app: Sphinx, error: Exception | None) -> None:
    """Write the feed of the follow-up beside its page, in a report that has this page."""
    if error or app.builder.format != "html" or feeds.PAGE not in app.env.found_docs:
        return
    try:
        feeds.write(paths.report(Path(app.srcdir)), Path(app.outdir), app.config.author, app.config.html_baseurl)
    except (data.DataError, ValueError) as reason:
        raise ExtensionError(f"the feed was not written.\n{reason}") from None


def _write_beside(app: Sphinx, error: Exception | None) -> None:
    """Write the downloads of every figure, the Vega script and the Chinese font beside the pages."""
    if error or app.builder.format != "html":
        return
    out = Path(app.outdir)
    folder = out / render.FIGURES
    folder.mkdir(exist_ok=True)
    stills = render.stills(app)
    kept, index = {"index.json"}, []
    for page, figures in sorted(_figures(app.env).items()):
        for name, stored, alt in figures:
            if f"{name}.svg" in kept:
                raise ExtensionError(f"{page}: a second figure is named {name}")
            spec = (stills.folder / stored).read_text(encoding="utf-8")
            content = json.loads(spec)
            files = {
                "svg": stills.svg(spec).encode(),
                "png": stills.png(spec),
                "csv": chart_data(content).encode(),
                "js": render.for_browser(spec).encode(),
                "vl.json": (json.dumps(content, ensure_ascii=False, separators=(",", ":")) + "\n").encode(),
            }
            for ending, written in files.items():
                keep(folder / f"{name}.{ending}", written)
                kept.add(f"{name}.{ending}")
            index.append({"name": name, "page": f"{page}.html", "alt": alt})
    keep(folder / "index.json", (json.dumps(index, ensure_ascii=False, indent=1) + "\n").encode())
    for path in folder.iterdir():
        if path.name not in kept:
            path.unlink()
    if index:
        keep(out / "_static" / "vega.js", stills.script().encode())
    strict.tighten(out, webfonts.chinese(out, stills.folder))
    webfonts.cut(out, stills.folder)


def reading_order(report: paths.Paths) -> list[str]:
    """Return the names of the pages in the order of the table of contents."""
    site = parse_toc_yaml(report.root / "_toc.yml")
    order = [site.root.docname]
    for name in order:
        order.extend(str(item) for tree in site[name].subtrees for item in tree.items if str(item) in site)
    return order


def print_book(report: paths.Paths, made: Path) -> Path:
    """Make the PDF of the pages in ``made`` unless they are those of the last PDF; return its path.

    The PDF lies beside the pages, for the links in them. Raises ``PdfError``.
    """
    config = safe_load((report.root / "_config.yml").read_text(encoding="utf-8"))
    title, _, subtitle = config["title"].partition(": ")
    pages = [name for name in reading_order(report) if (made / f"{name}.html").is_file()]
    said = {
        "title": title,
        "subtitle": subtitle[:1].upper() + subtitle[1:],
        "authors": config.get("author", ""),
        "version": policybook.__version__,
        "data_date": data.data_date(report),
        "data_digest": data.digest(report),
        "cited": citing.words(citing.of_report(report)),
        "pages": pages,
    }
    code = [paths.PACKAGE / "pdf.py", *sorted(paths.TEMPLATES.iterdir())]
    content = [*code, *(made / f"{name}.html" for name in pages), *sorted((made / render.FIGURES).glob("*.svg"))]
    total = hashlib.sha256(json.dumps(said).encode())
    for path in content:
        total.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    target, seal = made / PDF_NAME, made.parent / "pdf.key"
    if not (target.is_file() and seal.is_file() and seal.read_text() == total.hexdigest()):
        pdf.build(made, target, **said, kept=made.parent / "typst")
        seal.write_text(total.hexdigest())
    return target


def _print(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html" or not app.config.policybook_pdf or app._warncount:
        return
    try:
        target = print_book(paths.report(Path(app.srcdir)), Path(app.outdir))
    except pdf.PdfError as reason:
        raise ExtensionError(f"the PDF was not made.\n{reason}") from None
    LOG.info(f"the PDF is {target}")


def _forget_on_failure(app: Sphinx, error: Exception | None) -> None:
    """Throw the environment away after a build with warnings under -W.

    Sphinx reports a warning when it reads a page, and not again for a page that it has read: the next build would pass.
    """
    # With --keep-going Sphinx counts warnings, and leaves warningiserror off.
    if (app.warningiserror or app.keep_going) and (error or app._warncount):
        (Path(app.doctreedir) / "environment.pickle").unlink(missing_ok=True)


def setup(app: Sphinx) -> dict[str, Any]:
    """Register the extension with Sphinx."""
    app.add_config_value("policybook_pdf", True, "", [bool])
    render.register(app)
    marks.register(app)
    app.connect("config-inited", _without_thebe, priority=1)
    app.connect("builder-inited", _find_plugins_once)
    app.connect("builder-inited", _run_chapters, priority=900)  # after MyST-NB has settled its configuration
    app.connect("env-get-outdated", _outdated)
    app.connect("env-purge-doc", _forget_figures)
    app.connect("doctree-read", _keep_addresses, priority=100)  # before Sphinx notes the headings of the page
    app.connect("doctree-read", _note_figures)
    app.connect("doctree-resolved", _mark_languages)
    app.connect("env-updated", _renew_references)
    app.connect("env-updated", _renew_citations)
    app.connect("html-page-context", _page_scripts)
    app.connect("html-page-context", _cite_block)
    app.connect("html-page-context", _pdf_button, priority=900)
    app.connect("html-page-context", _announce_feed)
    app.connect("build-finished", _write_citations)
    app.connect("build-finished", _write_feed)
    app.connect("build-finished", _write_beside, priority=700)  # when the theme has written its styles of code
    app.connect("build-finished", _print, priority=800)
    app.connect("build-finished", _forget_on_failure, priority=900)
    return {"version": policybook.__version__, "parallel_read_safe": False, "parallel_write_safe": False}
