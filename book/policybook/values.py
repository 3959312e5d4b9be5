"""Values that the prose of a chapter shows: the notebook's end of MyST-NB's ``glue``.

The chapters do not import MyST-NB itself: it brings Sphinx along, which a chapter needs neither in Jupyter nor in a
browser, and which takes a second to load.
"""

from __future__ import annotations

from typing import Any

from IPython import get_ipython
from IPython.core.formatters import DisplayFormatter, format_display_data
from IPython.display import display as show

# Under this prefix a value is stored in the notebook, and Jupyter shows nothing of it (the convention of scrapbook).
PREFIX = "application/papermill.record/"


def glue(name: str, value: Any, display: bool = True) -> None:
    """Store a value under a name, for ``{glue:text}`` in the prose of the book.

    In Jupyter it stands under the cell, as ``name = value``: the prose names it and does not show it there. The book
    shows it here only with ``display``, as the value itself. Method: the record of MyST-NB's ``glue``.
    """
    formatted = format_display_data if get_ipython() else DisplayFormatter().format
    bundle, metadata = formatted(value)
    prefix = "" if display else PREFIX
    metadata["scrapbook"] = {"name": name, "mime_prefix": prefix}
    record = {prefix + kind: content for kind, content in bundle.items()}
    if not display:
        # MyST-NB takes what is stored off the page, this line with it.
        record["text/plain"] = f"{name} = {bundle.get('text/plain', value)}"
    show(record, raw=True, metadata=metadata)
