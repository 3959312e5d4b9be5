"""What the theme and its extensions leave to be mended in the pages.

Each entry of :data:`MENDED` names a success criterion of WCAG 2.2 (https://www.w3.org/TR/WCAG22/) that a page would
miss without it, or what the Nu HTML checker (https://validator.github.io/validator/) says of it. The tests of the pages
run axe-core and the checker over all of them.
"""

from __future__ import annotations

import re

MENDED: tuple[tuple[re.Pattern[str], str], ...] = (
    # 2.5.3, label in name: the name of a control is what stands in it, not another text.
    (re.compile(r'(<summary) aria-label="Toggle hidden content"'), r"\1"),
    (re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="Search"'), r"\1"),
    # 1.3.1, landmarks: the side bar with name and contents is a part of the page with a name of its own.
    (
        re.compile(r'(<(?:div|dialog) id="pst-primary-sidebar")(?![^>]*\srole=)'),
        r'\1 role="region" aria-label="Contents of the report"',
    ),
    # 4.1.2: docutils gives the bibliography a role that ARIA has given up, in a list that holds other things too.
    (re.compile(r'(<div class="citation"[^>]*?) role="doc-biblioentry"'), r"\1"),
    (re.compile(r'<div role="list" class="citation-list">'), '<div class="citation-list">'),
    # Nu: a summary holds words, not paragraphs (MyST-NB's switch for the code of a cell; its style is in custom.css).
    (re.compile(r'<p class="((?:collapsed|expanded) admonition-title)">([^<]*)</p>'), r'<span class="\1">\2</span>'),
    # Nu: a heading without words, for the printed form of a page that has no title there.
    (re.compile(r"<h1></h1>\s*"), ""),
    # Nu: a slash at the end of an element that holds nothing is no part of HTML.
    (re.compile(r"(<(?:br|col|hr|img|input|link|meta)\b(?:[^<>\"]|\"[^\"]*\")*?)\s*/>"), r"\1>"),
    # The theme says twice again what Sphinx has said ("1.0").
    (re.compile(r'\s*<meta name="viewport" content="width=device-width, initial-scale=1">'), ""),
)


def mend(page: str) -> str:
    """Return a page with everything of :data:`MENDED` done; one that is mended already comes back as it was."""
    for pattern, better in MENDED:
        page = pattern.sub(better, page)
    return page


# Scripts of the theme and of Sphinx, what they say and what is better.
SCRIPTS: tuple[tuple[str, str, str], ...] = (
    # What they keep with the reader beside the choice of the theme: the words of the last search, and how far the side
    # bar was scrolled. Neither is worth a trace on a shared machine.
    ("sphinx_highlight.js", "const SPHINX_HIGHLIGHT_ENABLED = true", "const SPHINX_HIGHLIGHT_ENABLED = false"),
    ("pydata-sphinx-theme.js", 'sessionStorage.setItem("sidebar-scroll-top",e.scrollTop)', "void 0"),
    # What scrolls gets into reach of the keyboard: measured one by one, with a change after each, a page is laid out
    # hundreds of times. Measured all at once, and what is not laid out yet, or closed, when it is.
    (
        "pydata-sphinx-theme.js",
        ".forEach(e=>{e.tabIndex=e.scrollWidth>e.clientWidth||e.scrollHeight>e.clientHeight?0:-1})",
        ".forEach(e=>{e.checkVisibility?.({contentVisibilityAuto:!0})===!1||n.push([e,e.scrollWidth>e.clientWidth||"
        'e.scrollHeight>e.clientHeight?"0":"-1"])}),n.forEach(([e,t])=>{e.getAttribute("tabindex")===t||'
        'e.setAttribute("tabindex",t)})',
    ),
    (
        "pydata-sphinx-theme.js",
        'function I(){const e=()=>{document.querySelectorAll(["pre"',
        'function I(){const e=()=>{const n=[];document.querySelectorAll(["pre"',
    ),
    (
        "pydata-sphinx-theme.js",
        'window.addEventListener("resize",t),new',
        'window.addEventListener("resize",t),["toggle","contentvisibilityautostatechange"]'
        ".forEach(e=>document.addEventListener(e,t,!0)),new",
    ),
)


def better_script(name: str, script: str) -> str:
    """Return a script of the theme or of Sphinx with :data:`SCRIPTS` done; others come back as they were."""
    for of, said, better in SCRIPTS:
        if name == of:
            script = script.replace(said, better)
    return script
