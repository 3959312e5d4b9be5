"""What the theme and its extensions leave to be mended in the pages, for readers who hear or tab through them.

Each entry of :data:`MENDED` names a success criterion of WCAG 2.2 (https://www.w3.org/TR/WCAG22/) that a page would
miss without it. The test of the pages runs axe-core over all of them.
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
)


def mend(page: str) -> str:
    """Return a page with everything of :data:`MENDED` done; one that is mended already comes back as it was."""
    for pattern, better in MENDED:
        page = pattern.sub(better, page)
    return page
