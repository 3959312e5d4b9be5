"""The Sphinx extension: what happens around the pages of a book, whoever starts the build.

Chapters are run before the pages are read (:mod:`policybook.execute`), pages are read anew when their outputs are new,
and beside the pages come the downloads of every figure, one Vega script, a Chinese font, the PDF and the EPUB.
"""

from __future__ import annotations

import hashlib
import html
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from pathlib import Path
from typing import Any

import pybtex.plugin
from docutils import nodes
from latexcodec.codec import LatexIncrementalDecoder, UnicodeLatexTranslation
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging
from sphinx_external_toc.parsing import parse_toc_yaml
from yaml import safe_load

import policybook
from policybook import (
    articles,
    bundle,
    cells,
    citing,
    crossrefs,
    data,
    epub,
    execute,
    feeds,
    figures,
    finder,
    head,
    languages,
    marks,
    paths,
    pdf,
    places,
    render,
    standalone,
    status,
    strict,
    versions,
    wayfinding,
    webfonts,
)
from policybook.head import EPUB_NAME, PDF_NAME
from policybook.pages import Parts
from policybook.paths import keep, keep_all
from policybook.stills import digest

CITATIONS = "cite"
LOG = logging.getLogger(__name__)


# ------------------------------------------------------------------------------------------------------- before pages


def _without_thebe(app: Sphinx, config) -> None:
    """Take sphinx-thebe's handlers off: Jupyter Book always loads it, and it names a script on another host."""
    for listeners in app.events.listeners.values():
        listeners[:] = [found for found in listeners if not found.handler.__module__.startswith("sphinx_thebe")]
    app.registry.css_files[:] = [found for found in app.registry.css_files if "thebe" not in found[0]]


def _name_repository(app: Sphinx, config) -> None:
    """Give the pages their buttons for source, issues and launching, all from the one address in ``_config.yml``.

    Jupyter Book hands these settings to the theme only when no other option of the theme is set.
    """
    path = Path(app.srcdir, "_config.yml")
    settings = (safe_load(path.read_text(encoding="utf-8")) or {}) if path.is_file() else {}
    repository, launch = settings.get("repository") or {}, settings.get("launch_buttons") or {}
    config.html_theme_options = {**config.html_theme_options, **repository_options(repository, launch)}


REPOSITORY = re.compile(r"https://(github|gitlab|bitbucket)\.(?:com|org)/[\w.~-]+/[\w.~-]+")


def repository_options(repository: dict[str, str], launch: dict[str, str]) -> dict[str, Any]:
    """Return the options of the theme for a repository (``url``, ``branch``); none when it has no address.

    Raises ``ExtensionError`` for an address that the theme cannot make links of.
    """
    address = str(repository.get("url") or "").strip().rstrip("/").removesuffix(".git")
    if not address:
        return {}
    known = REPOSITORY.fullmatch(address)
    if not known:
        raise ExtensionError(
            f"_config.yml: repository: url: {address!r} is not the address of a repository; "
            "allowed: https://github.com/OWNER/NAME, the same at gitlab.com or bitbucket.org, or nothing"
        )
    options = {
        "repository_url": address,
        "repository_branch": str(repository.get("branch") or "main"),
        "use_repository_button": True,
        "use_source_button": True,
        "use_issues_button": known[1] != "bitbucket",  # the theme knows no form for it there
    }
    places = ("binderhub_url", "jupyterlite_url", "jupyterhub_url", "colab_url")
    asked = {key: value for key, value in launch.items() if key in places and value}
    if asked:
        options["launch_buttons"] = asked | {"notebook_interface": launch.get("notebook_interface") or "jupyterlab"}
    return options


UNFINISHED = "unfinished"


def _clear_unfinished(app: Sphinx, config) -> None:
    """Begin with nothing where the last build was cut off: Sphinx would take pages that are cut off for done.

    It knows a page as done by the time of its file, and what it was made of by notes that it writes before the page.
    """
    if Path(app.doctreedir, UNFINISHED).exists():
        for folder in (app.doctreedir, app.outdir):
            shutil.rmtree(folder, ignore_errors=True)
            Path(folder).mkdir(parents=True, exist_ok=True)


def _begin(app: Sphinx, env, names: list[str]) -> None:
    Path(app.doctreedir, UNFINISHED).touch()


def _end(app: Sphinx, error: Exception | None) -> None:
    if not error:
        Path(app.doctreedir, UNFINISHED).unlink(missing_ok=True)


def _find_plugins_once(app: Sphinx) -> None:
    """Let pybtex look up a plugin once: it reads the entry points of every installed package at each citation."""
    if not hasattr(pybtex.plugin.find_plugin, "cache_info"):
        pybtex.plugin.find_plugin = cache(pybtex.plugin.find_plugin)


def _read_signs(app: Sphinx) -> None:
    """Let pybtex read the signs of money and of powers as ``references.bib`` writes them; it shows commands else."""
    for sign, command in (("$", r"\$"), ("^", r"\textasciicircum")):
        written = UnicodeLatexTranslation(sign, command, encode=False, decode=True, text_mode=True, math_mode=False)
        LatexIncrementalDecoder.table.register(written)


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


def _keep_styles(app: Sphinx) -> None:
    """Let sphinx-design not ask for all pages because its style sheet is gone: the pages have what they need of it.

    Another version of it makes all pages out of date by :func:`versions.digest`.
    """
    app.env.sphinx_design_css_changed = False


def _outdated(app: Sphinx, env, added: set[str], changed: set[str], removed: set[str]) -> list[str]:
    """Read a page anew when its outputs are new, though its file is not.

    All pages, when something that all of them rest on is new: a state of the data, this package, a static file (pages
    name these with a checksum, and Sphinx copies none when no page is read).
    """
    before = getattr(env, "policybook_fingerprints", {})
    now = env.policybook_fingerprints = env.policybook_now
    common = [*env.policybook_states_now, versions.digest()]
    for folder in app.config.html_static_path:
        files = sorted(path for path in Path(app.srcdir, folder).rglob("*") if path.is_file())
        common += [f"{path.name} {data.file_digest(path)}" for path in files]
    last, env.policybook_common = getattr(env, "policybook_common", None), common
    if last not in (None, common):
        return sorted(env.found_docs - removed)
    return [name for name, key in now.items() if before.get(name) != key and name not in removed]


def _note_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Remember the charts of a page, so that no later step has to read all pages again."""
    shown = []
    for node in doctree.findall(render.chart):
        path = render.stills(app).folder / f"{digest(node['spec'])}.vl.json"
        keep(path, node["spec"].encode())
        shown.append((node["name"], path.name, node["alt"]))
    _figures(app.env)[app.env.docname] = shown


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
    """Write pages anew whose citations read otherwise since other sources are cited, and the bibliography with them."""
    domain = env.get_domain("cite")
    now = {cited.key: (cited.formatted_entry.label, str(cited.formatted_entry.text)) for cited in domain.citations}
    last, env.policybook_cited = getattr(env, "policybook_cited", {}), now
    others = {key for key in now.keys() | last.keys() if now.get(key) != last.get(key)}
    if not others:
        return []
    citing_them = {
        reference.docname
        for reference in domain.citation_refs
        if not others.isdisjoint(target.key for target in reference.targets)
    }
    return sorted(citing_them.union(key.docname for key in domain.bibliographies))


def _renew_pages(app: Sphinx, env) -> list[str]:
    """Write every page anew when something is new that pages show and that is not their own, else the first one only.

    Sphinx writes the pages that it has read, not those that show a title or a number of another page, which may be any
    (menus, references), or what is looked up when a page is written (sources in tables, the citation of the report).
    The first one, since pages that Sphinx makes itself (status, index, search) come only when it writes any.
    """
    report, standard = paths.report(Path(app.srcdir)), env.get_domain("std")
    env.policybook_citation = citing.of_report(report)
    now = {
        "contents": (report.root / "_toc.yml").read_text(encoding="utf-8"),
        "headings": {name: str(tree) for name, tree in env.tocs.items()},
        "numbers": [env.toc_secnumbers, env.toc_fignumbers, env.get_domain("math").equations],
        "labels": [standard.labels, standard.anonlabels],
        "citation": [env.policybook_citation, citing.of_data(report)],
        "package": [data.descriptor(report).get(key) for key in ("name", "description", "keywords", "licenses")],
        "rows": {table: sorted(places.shown(table, report)) for table in places.PLACES},
        "sources": data.fingerprint("sources", report),
    }
    state = hashlib.sha256(json.dumps(now, default=str, sort_keys=True).encode()).hexdigest()
    last, env.policybook_state = getattr(env, "policybook_state", None), state
    return sorted(env.found_docs) if last != state else [app.config.root_doc]


def _figures(env) -> dict[str, list[tuple[str, str, str]]]:
    """Return name, file of the specification and alt text of the charts of each page."""
    if not hasattr(env, "policybook_figures"):
        env.policybook_figures = {}
    return env.policybook_figures


def _forget_figures(app: Sphinx, env, page: str) -> None:
    _figures(env).pop(page, None)


# -------------------------------------------------------------------------------------------------------------- pages


def _forget_words(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    """Take words that no page has any more out of the index of the search, where Sphinx leaves them without pages."""
    index = getattr(app.builder, "indexer", None)
    for pages in (index._mapping, index._title_mapping) if index else ():
        for word in [word for word, found in pages.items() if not found]:
            del pages[word]
    return iter(())


def _page_scripts(
    app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: nodes.document | None
) -> None:
    if doctree is None:
        return
    app.add_js_file("links.js", loading_method="defer")
    if next(doctree.findall(render.chart), None):
        app.add_js_file("charts.js", loading_method="defer")
        app.add_js_file("figures.js", loading_method="defer")
    if any("pb-search" in node["classes"] for node in doctree.findall(nodes.container)):
        app.add_js_file("tables.js", loading_method="defer")


def _pdf_button(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree) -> None:
    """Offer the whole report as PDF and EPUB, and data and package, in the theme's menu of downloads."""
    for group in context.get("header_buttons", []):
        if group.get("label") == "download-buttons":
            for button in group["buttons"]:
                if button["text"] == ".ipynb":
                    button["tooltip"] = "Download the chapter as a notebook: it runs beside the zip of data and package"
            zipped = context["pathto"](bundle.address(paths.report(Path(app.srcdir))), 1)
            said = {"text": "Data and package (.zip)", "icon": "fas fa-file-zipper", "label": "download-data-button"}
            tooltip = "Download all tables, and the package with which a chapter runs: unpack it beside the notebook"
            group["buttons"].append({"type": "link", "url": zipped, "tooltip": tooltip, **said})
            for name, label, tooltip, icon in (
                (PDF_NAME, "download-report-button", "Download the whole report", "fas fa-file-pdf"),
                (EPUB_NAME, "download-book-button", "Download the whole report for a reader of books", "fas fa-book"),
            ):
                said = {"text": f"Whole report (.{name.rpartition('.')[2]})", "tooltip": tooltip, "icon": icon}
                group["buttons"].append({"type": "link", "url": context["pathto"](name, 1), "label": label, **said})


def _cite_block(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree) -> None:
    """Put the box "Cite this page" at the end of a page."""
    if doctree is not None:
        citation = _citation(app.env, page)
        files = context["pathto"](f"{CITATIONS}/{citing.file_name(page)}", 1)
        context["body"] += cite_box(citation, files, context["pathto"](f"{status.PAGE}.html", 1))


def _citation(env, page: str) -> citing.Citation:
    return citing.of_page(page, env.titles[page].astext(), env.policybook_citation)


def cite_box(citation: citing.Citation, files: str, status_page: str) -> str:
    """Return the HTML of the box "Cite this page".

    ``files`` is the path from the page to its files, without ending, ``status_page`` that to the status of the build.
    """
    name = html.escape(files)
    return (
        '<details class="pb-citing" id="cite-this-page"><summary>Cite this page</summary>\n'
        f'<p>{languages.to_html(citing.words(citation))}</p>\n<p>Download: <a href="{name}.bib" download>BibTeX</a>, '
        f'<a href="{name}.ris" download>RIS</a>. Versions, digests and run times: '
        f'<a href="{html.escape(status_page)}">status of this build</a>.</p>\n'
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
    if (report.root / bundle.BILL).is_file():
        contents[Path(app.outdir, bundle.address(report)).with_name(bundle.BILL)] = (
            report.root / bundle.BILL
        ).read_bytes()
    keep_all(contents)
    for place in {path.parent for path in contents}:
        for path in place.iterdir():
            if path not in contents:
                path.unlink()


def _forget_pages(app: Sphinx, error: Exception | None) -> None:
    """Take the pages of chapters that are gone away, which Sphinx leaves; the copies of their sources tell of them."""
    if error or app.builder.format != "html":
        return
    sources = Path(app.outdir, "_sources")
    for path in [path for path in sources.rglob("*") if path.is_file()]:
        page = path.relative_to(sources).with_suffix("").as_posix()
        if page not in app.env.found_docs:
            Path(app.builder.get_outfilename(page)).unlink(missing_ok=True)
            path.unlink()


def _write_copies(app: Sphinx, error: Exception | None) -> None:
    """Offer each chapter for download as a copy that reads well and runs in any Jupyter."""
    config = app.env.mystnb_config
    if error or app.builder.format != "html" or config.execution_mode != "cache":
        return
    places, report = _places(app.env), paths.report(Path(app.srcdir))
    for page in sorted(app.env.found_docs):
        path = Path(app.srcdir, f"{page}.ipynb")
        target = Path(app.outdir, "_sources", f"{page}.ipynb")
        if not (path.is_file() and target.is_file()):
            continue
        notebook = execute.executed(path, Path(config.execution_cache_path))
        words = standalone.Words(page, standalone.glued(notebook), places, app.tags.eval_condition)
        keep(target, standalone.written(standalone.copy(notebook, words, report)))


def _places(env) -> dict[str, standalone.Place]:
    """Return where the labels of the book lead, with the numbers of figures and tables."""
    domain, forms = env.get_domain("std"), env.config.numfig_format
    numbers = {
        (page, anchor): forms[kind] % ".".join(map(str, number))
        for page, kinds in env.toc_fignumbers.items()
        for kind, found in kinds.items()
        for anchor, number in found.items()
    }
    titles = {label: title for label, (_, _, title) in domain.labels.items()}
    return {
        label: standalone.Place(page, titles.get(label, ""), numbers.get((page, anchor), ""))
        for label, (page, anchor) in domain.anonlabels.items()
    }


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
    out, stills = Path(app.outdir), render.stills(app)
    try:
        written = figures.write(out, _all_figures(app), stills, lambda page: _citation(app.env, page))
    except ValueError as reason:
        raise ExtensionError(str(reason)) from None
    if written:
        keep(out / "_static" / "vega.js", stills.script().encode())
    strict.tighten(out, webfonts.chinese(out, stills.folder))
    webfonts.cut(out, stills.folder)


def _all_figures(app: Sphinx) -> Iterator[figures.Figure]:
    """Give the figures of all pages, page by page."""
    for page, shown in sorted(_figures(app.env).items()):
        numbers = app.env.toc_fignumbers.get(page, {}).get("figure", {})
        for name, stored, alt in shown:
            spec = (render.stills(app).folder / stored).read_text(encoding="utf-8")
            number = ".".join(str(part) for part in numbers.get(name, ()))
            yield figures.Figure(name, number, page, app.env.titles[page].astext(), alt, spec)


def reading_order(report: paths.Paths) -> list[str]:
    """Return the names of the pages in the order of the table of contents."""
    site = parse_toc_yaml(report.root / "_toc.yml")
    order = [site.root.docname]
    for name in order:
        order.extend(str(item) for tree in site[name].subtrees for item in tree.items if str(item) in site)
    return order


def parts(report: paths.Paths) -> Parts:
    """Return the parts of the table of contents, each as its caption and the names of its chapters, in order."""
    site = parse_toc_yaml(report.root / "_toc.yml")
    found = ((tree.caption or "", tuple(str(item) for item in tree.items)) for tree in site.root.subtrees)
    return tuple((caption, names) for caption, names in found if caption)


def _said(report: paths.Paths) -> dict[str, Any]:
    """Return what a book says of itself, in PDF and EPUB alike."""
    config = safe_load((report.root / "_config.yml").read_text(encoding="utf-8"))
    title, _, subtitle = config["title"].partition(": ")
    return {
        "title": title,
        "subtitle": subtitle[:1].upper() + subtitle[1:],
        "authors": config.get("author", ""),
        "version": policybook.__version__,
        "data_date": data.data_date(report),
        "data_digest": data.digest(report),
        "cited": citing.words(citing.of_report(report)),
        "parts": parts(report),
    }


def _chapters(report: paths.Paths, made: Path) -> list[str]:
    return [name for name in reading_order(report) if (made / f"{name}.html").is_file()]


def _seal(said: object, pages: list[str], made: Path, *code: str) -> str:
    """Return a digest (hex) of all that a book is made of: what it says of itself, pages, charts, and the code."""
    content = [*(paths.PACKAGE / f"{name}.py" for name in ("pages", *code))]
    content += [*sorted(filter(Path.is_file, paths.TEMPLATES.iterdir())), *sorted(paths.FONTS.iterdir())]
    content += [*(made / f"{name}.html" for name in pages), *sorted((made / figures.FOLDER).glob("*.svg"))]
    total = hashlib.sha256(json.dumps([said, pages]).encode())
    for path in content:
        total.update(path.name.encode() + hashlib.sha256(path.read_bytes()).digest())
    return total.hexdigest()


def _pdf_key(report: paths.Paths, made: Path) -> str:
    return _seal(_said(report), _chapters(report, made), made, "pdf")


def _about(report: paths.Paths) -> epub.About:
    citation = citing.of_report(report)
    return epub.About(
        **_said(report),
        key=citation.key,
        edition=citation.edition,
        subjects=tuple(data.descriptor(report).get("keywords", [])),
    )


def _epub_key(report: paths.Paths, made: Path) -> str:
    return _seal(asdict(_about(report)), _chapters(report, made), made, "epub", "cards", "webfonts")


def print_book(report: paths.Paths, made: Path) -> Path:
    """Make the PDF of the pages in ``made`` unless they are those of the last PDF; return its path.

    The PDF lies beside the pages, for the links in them. Raises ``PdfError``.
    """
    target, seal, key = made / PDF_NAME, made.parent / "pdf.key", _pdf_key(report, made)
    if not (target.is_file() and seal.is_file() and seal.read_text() == key):
        pdf.build(made, target, **_said(report), pages=_chapters(report, made), kept=made.parent / "typst")
        seal.write_text(key)
    return target


def bind_book(report: paths.Paths, made: Path) -> Path:
    """Make the EPUB of the pages in ``made`` unless they are those of the last EPUB; return its path.

    It lies beside the pages, as the PDF does. Raises ``EpubError``.
    """
    target, seal, key = made / EPUB_NAME, made.parent / "epub.key", _epub_key(report, made)
    if not (target.is_file() and seal.is_file() and seal.read_text() == key):
        epub.build(made, target, _chapters(report, made), _about(report), made.parent / "epub")
        seal.write_text(key)
    return target


def forget_old_books(report: paths.Paths, made: Path) -> None:
    """Take the PDF and the EPUB of other pages than those in ``made`` away: none is better than an old one."""
    for name, key in ((PDF_NAME, _pdf_key(report, made)), (EPUB_NAME, _epub_key(report, made))):
        seal = made.parent / f"{name.rpartition('.')[2]}.key"
        if not (seal.is_file() and seal.read_text() == key):
            (made / name).unlink(missing_ok=True)


def _print(app: Sphinx, error: Exception | None) -> None:
    if error or app.builder.name != "html" or not app.config.policybook_pdf or app._warncount:
        return
    for name, make in (("PDF", print_book), ("EPUB", bind_book)):
        try:
            target = make(paths.report(Path(app.srcdir)), Path(app.outdir))
        except (pdf.PdfError, epub.EpubError) as reason:
            raise ExtensionError(f"the {name} was not made.\n{reason}") from None
        LOG.info(f"the {name} is {target}")


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
    app.add_post_transform(cells.CodeAfterOutput)
    head.register(app)
    wayfinding.register(app)
    crossrefs.register(app)
    finder.register(app)
    status.register(app)
    app.connect("config-inited", _clear_unfinished, priority=1)  # before Sphinx looks into its notes
    app.connect("config-inited", _without_thebe, priority=1)
    app.connect("config-inited", _name_repository, priority=1)
    app.connect("builder-inited", _find_plugins_once)
    app.connect("builder-inited", _read_signs)
    app.connect("builder-inited", _keep_styles, priority=900)  # after sphinx-design has looked
    app.connect("builder-inited", _run_chapters, priority=900)  # after MyST-NB has settled its configuration
    app.connect("env-get-outdated", _outdated)
    app.connect("env-before-read-docs", _begin)
    app.connect("env-purge-doc", _forget_figures)
    app.connect("doctree-read", _keep_addresses, priority=100)  # before Sphinx notes the headings of the page
    app.connect("doctree-read", _note_figures)
    app.connect("doctree-resolved", _mark_languages)
    app.connect("env-updated", _renew_references)
    app.connect("env-get-updated", _renew_pages, priority=900)  # when Sphinx has numbered the figures
    app.connect("html-collect-pages", _forget_words)  # when all pages are in the index
    app.connect("html-page-context", _page_scripts)
    app.connect("html-page-context", _cite_block)
    app.connect("html-page-context", _pdf_button, priority=900)
    app.connect("html-page-context", _announce_feed)
    app.connect("build-finished", _forget_pages)
    app.connect("build-finished", _write_citations)
    app.connect("build-finished", _write_feed)
    app.connect("build-finished", _write_copies)
    app.connect("build-finished", _write_beside, priority=600)  # when the theme has written its styles of code
    app.connect("build-finished", _print, priority=800)
    app.connect("build-finished", _forget_on_failure, priority=900)
    app.connect("build-finished", _end, priority=950)
    return {"version": policybook.__version__, "parallel_read_safe": False, "parallel_write_safe": False}
