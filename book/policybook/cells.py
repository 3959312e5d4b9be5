"""Where the code of a chapter stands on its page: one switch for each figure or table, under it.

A notebook computes in several cells what one figure and the prose about it need. On the page a reader follows the
argument: the code of cells that show nothing joins that of the next cell that shows something, and the switch that
opens it comes after what was shown. The notebook itself is not changed.
"""

from __future__ import annotations

from docutils import nodes
from myst_nb.sphinx_ import HideCodeCellNode
from sphinx.transforms.post_transforms import SphinxPostTransform


class CodeAfterOutput(SphinxPostTransform):
    """Join and move the hidden code of a page, once MyST-NB has hidden it."""

    default_priority = 205  # MyST-NB hides code at 199
    formats = ("html",)

    def run(self, **options: object) -> None:
        """Arrange the cells of the document."""
        arrange(self.document)


def arrange(document: nodes.document) -> None:
    """Put hidden code after the output it makes, with the code of the cells before that show nothing.

    Code with no output after it keeps its place, in one switch. Cells whose code is not hidden stay as they are.
    """
    waiting: list[tuple[nodes.Element, HideCodeCellNode]] = []
    for cell in [node for node in document.findall(nodes.container) if node.get("nb_element") == "cell_code"]:
        hidden = next((child for child in cell.children if isinstance(child, HideCodeCellNode)), None)
        if hidden is None or "above-input" not in hidden["classes"]:
            continue
        if not _shows(cell):
            waiting.append((cell, hidden))
            continue
        hidden.children[:0] = _taken(waiting)
        cell.remove(hidden)
        cell.append(hidden)
        waiting = []
    if waiting:
        (_, first), *others = waiting
        first.extend(_taken(others))


def _shows(cell: nodes.Element) -> bool:
    """Say whether a cell has an output."""
    outputs = [child for child in cell.children if child.get("nb_element") == "cell_code_output"]
    return any(output.children for output in outputs)


def _taken(cells: list[tuple[nodes.Element, HideCodeCellNode]]) -> list[nodes.Node]:
    """Take cells out of the page and return the code that they hid."""
    code = []
    for cell, hidden in cells:
        code += hidden.children
        cell.parent.remove(cell)
    return code
