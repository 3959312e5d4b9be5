"""The catalogue of the data: what the data package says about its tables and columns, as tables."""

from __future__ import annotations

import html
from typing import Any

import pandas as pd
from IPython.display import Markdown, display

from policybook import bundle, citing, data, places


def table_list() -> pd.DataFrame:
    """Return one row for each table of the package.

    Columns: ``anchor``, ``folder``, ``name``, ``title``, ``rows``, ``columns``, ``path``, ``description`` (its first
    sentence).
    """
    rows = []
    for item in data.descriptor()["resources"]:
        folder = item["path"].rpartition("/")[0] or "(top)"
        rows.append(
            {
                "anchor": places.anchor("tables", item["name"]),
                "folder": folder,
                "name": item["name"],
                "title": item["title"],
                "rows": item["rowCount"],
                "columns": len(item["schema"]["fields"]),
                "path": f"data/{item['path']}",
                "description": item["description"].split(". ")[0].rstrip(".") + ".",
            }
        )
    return pd.DataFrame(rows)


def codebook() -> pd.DataFrame:
    """Return one row for each column of each table.

    Columns: ``anchor``, ``table``, ``column``, ``type``, ``unit``, ``description``, ``allowed`` (what the schema asks
    for: known values, bounds, the table that a key points to).
    """
    rows = []
    for item in data.descriptor()["resources"]:
        schema = item["schema"]
        targets = {
            key["fields"][0]: key["reference"].get("resource") or item["name"]
            for key in schema.get("foreignKeys", [])
            if len(key["fields"]) == 1
        }
        for field in schema["fields"]:
            rows.append(
                {
                    "anchor": places.anchor("columns", f"{item['name']}.{field['name']}"),
                    "table": item["name"],
                    "column": field["name"],
                    "type": field["type"],
                    "unit": field.get("unit", ""),
                    "description": field["description"],
                    "allowed": _allowed(field, targets),
                }
            )
    return pd.DataFrame(rows)


def _allowed(field: dict[str, Any], targets: dict[str, str]) -> str:
    rules = field.get("constraints", {})
    said = []
    if "enum" in rules:
        said.append(", ".join(map(str, rules["enum"])))
    if "itemEnum" in field:
        said.append("items of " + ", ".join(field["itemEnum"]))
    if "references" in field:
        said.append(f"items of {field['references']['resource']}.{field['references']['field']}")
    if field["name"] in targets:
        said.append(f"a row of {targets[field['name']]}")
    low, high = rules.get("minimum"), rules.get("maximum")
    if low is not None or high is not None:
        said.append(f"{'' if low is None else low} to {'' if high is None else high}".strip())
    if rules.get("required"):
        said.append("never empty")
    return "; ".join(said)


def show_download(page: str = "book/catalogue") -> None:
    """Display the link to the zip of all tables, with its size, the digest of the data and how to cite them.

    ``page`` is the page that shows it: the link is relative, so that it works from disk.
    """
    up = "../" * page.count("/")
    name, digest = f"{bundle.name()}.zip", data.digest()
    size = f"{len(bundle.archive()) / 1e6:.1f} MB"
    cited = citing.words(citing.of_data())
    link = f'<a href="{html.escape(up + bundle.address())}" download>{html.escape(name)}</a>'
    shown = (
        f'<p class="pb-download">{link} (about {size}). Digest of the data (SHA-256): <code>{digest}</code>.</p>\n'
        f"<p>Cite the data as: {html.escape(cited)}</p>"
    )
    plain = f"{name} (about {size}). Digest of the data (SHA-256): {digest}. Cite the data as: {cited}"
    display({"text/html": shown, "text/plain": plain}, raw=True)


def show_code(language: str) -> None:
    """Display the code of the zip that loads a table with its types; ``language`` is ``python`` or ``r``.

    Raises ``KeyError`` for another language.
    """
    code = {"python": f'{bundle.PYTHON}\n\ntable = load_table("{bundle.example()}")\n'}
    code["r"] = f'{bundle.R}\ntable <- load_table("{bundle.example()}")\n'
    display(Markdown(f"```{language}\n{code[language]}```"))


def show_rerun() -> None:
    """Display how a chapter that was downloaded alone is run beside the zip."""
    display(Markdown(bundle.rerun()))
