"""The bodies and committees that make standards: their network, laid out from a fixed seed, and who runs what."""

from __future__ import annotations

from collections.abc import Iterable

import networkx as nx
import numpy as np
import pandas as pd

from policybook import places, settings
from policybook.data import seen
from policybook.tables import with_chinese

EDGE_KINDS = {
    "parent_of": "is parent of",
    "mirrors": "mirrors, is member of",
    "secretariat_of": "runs secretariat of",
    "hosts_secretariat_of": "runs secretariat of",
    "liaison": "works with, steers",
    "coordinates": "works with, steers",
    "regulates": "works with, steers",
}
NO_COUNTRY = "no country"


def network(
    bodies: pd.DataFrame, relations: pd.DataFrame, countries: pd.DataFrame, seed: int = 8
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return nodes and edges of the network of bodies, with coordinates (pixels on a square of about 600 a side).

    Only bodies with a relation are nodes. The layout is the Fruchterman-Reingold spring layout of networkx
    (https://doi.org/10.1002/spe.4380211102) from a fixed seed, spread by ranks and then pushed apart until no two nodes
    are nearer than about 26 pixels; parts without a link to the largest one stand in a row below. Nodes: ``body_id``,
    ``label``, ``name``, ``reach``, ``level``, ``country`` (name, or ``NO_COUNTRY``), ``degree`` (relations whose source
    was seen), ``recalled``, ``neighbours`` (ids between bars), ``keys`` (level and country between bars), ``near_keys``
    (those of the neighbours), ``x``, ``y``. Edges: ``source_body``, ``target_body``, ``kind``, ``relation``,
    ``recalled``, ``keys`` (of both ends) and the ends ``x``, ``y``, ``x2``, ``y2``.

    Raises ``KeyError`` when a relation names a body that is not in ``bodies``.
    """
    graph = nx.Graph()
    ends = relations[["source_body", "target_body"]]
    graph.add_nodes_from(sorted(set(ends.to_numpy().ravel())))
    graph.add_edges_from(sorted(ends.itertuples(index=False, name=None)))
    names = list(graph)
    table = bodies.set_index("body_id").loc[names]
    country = table["iso3"].map(countries.set_index("iso3")["name_en"]).fillna(NO_COUNTRY)
    key = table["level"].astype(str) + "/" + country
    places = _places(graph, names, seed)
    known = seen(relations)[["source_body", "target_body"]]
    nodes = pd.DataFrame(
        {
            "body_id": names,
            "label": short_names(table).to_numpy(),
            "name": table["name_en"].to_numpy(),
            "reach": [_reach(level, iso3) for level, iso3 in zip(table["level"], table["iso3"], strict=True)],
            "level": table["level"].astype(str).to_numpy(),
            "country": country.to_numpy(),
            "degree": [int((known == name).to_numpy().sum()) for name in names],
            "recalled": (table["evidence"] == "recalled").to_numpy(),
            "neighbours": [_bars(graph[name]) for name in names],
            "keys": [_bars([key[name]]) for name in names],
            "near_keys": [_bars(set(key[list(graph[name])])) for name in names],
            "x": places[:, 0].round(1),
            "y": places[:, 1].round(1),
        }
    )
    at = nodes.set_index("body_id")
    edges = pd.DataFrame(
        {
            "source_body": relations["source_body"].to_numpy(),
            "target_body": relations["target_body"].to_numpy(),
            "kind": relations["relation"].astype(str).map(EDGE_KINDS).to_numpy(),
            "recalled": (relations["evidence"] == "recalled").to_numpy(),
        }
    )
    for end, (x, y) in {"source_body": ("x", "y"), "target_body": ("x2", "y2")}.items():
        edges[x], edges[y] = at["x"].loc[edges[end]].to_numpy(), at["y"].loc[edges[end]].to_numpy()
    edges["keys"] = [_bars({key[a], key[b]}) for a, b in ends.itertuples(index=False, name=None)]
    edges["relation"] = at["label"].loc[edges["source_body"]].to_numpy() + " " + edges["kind"] + " "
    edges["relation"] += at["label"].loc[edges["target_body"]].to_numpy()
    return nodes, edges


def _bars(items: Iterable[str]) -> str:
    return "|" + "|".join(sorted(items)) + "|"


def short_names(bodies: pd.DataFrame) -> pd.Series:
    """Return the abbreviation of each body, or its name where there is none (or one with a remark in brackets)."""
    usual = bodies["abbreviation"].where(~bodies["abbreviation"].str.contains("(", regex=False, na=True))
    return usual.fillna(bodies["name_en"])


def reaches() -> list[str]:
    """Return how far bodies reach, as readers see it."""
    return ["International", "European", settings.load().adjective, "Other national", "Consortium"]


def _reach(level: str, iso3: object) -> str:
    if level == "consortium":
        return "Consortium"
    if iso3 == settings.load().iso3:
        return settings.load().adjective
    return {"international": "International", "regional": "European"}.get(level, "Other national")


def _places(graph: nx.Graph, names: list[str], seed: int) -> np.ndarray:
    """Lay out the largest connected part on a square; stand the bodies of the other parts in a row below it."""
    main, *others = sorted(nx.connected_components(graph), key=len, reverse=True)
    core = graph.subgraph([name for name in names if name in main])
    found = nx.spring_layout(core, seed=seed, iterations=600, k=2.2 / np.sqrt(len(core)))
    at = dict(zip(core, _spread(np.array([found[name] for name in core])), strict=True))
    bottom = max(y for _, y in at.values()) + 45
    steps = 0.0
    for part in others:
        for name in nx.dfs_preorder_nodes(graph, min(part, key=lambda n: (graph.degree(n), n))):
            at[name] = np.array([steps, bottom])
            steps += 75
        steps += 60
    return np.array([at[name] for name in names])


def _spread(places: np.ndarray, width: float = 600, nearest: float = 26) -> np.ndarray:
    """Half positions, half ranks on a square, then pairs that are too near pushed apart; deterministic."""
    unit = (places - places.min(axis=0)) / np.ptp(places, axis=0)
    ranks = unit.argsort(axis=0).argsort(axis=0) / max(len(places) - 1, 1)
    at = (0.4 * unit + 0.6 * ranks) * width
    for _ in range(200):
        gap = at[:, None] - at[None]
        distance = np.hypot(gap[..., 0], gap[..., 1]) + np.eye(len(at)) * 1e9
        near = distance < nearest
        if not near.any():
            break
        away = np.where(near, (nearest - distance) / 2, 0)[..., None] * gap / np.maximum(distance, 1e-6)[..., None]
        at = at + away.sum(axis=1) * 0.6
    return at


def place_labels(
    nodes: pd.DataFrame, edges: pd.DataFrame, always: Iterable[str] = (), letter: float = 5.6, height: float = 13
) -> pd.DataFrame:
    """Return the nodes whose label finds room, with ``label_x``, ``label_y`` and ``align`` (left, right or center).

    Greedy: bodies in ``always`` first, then by degree. Of the places right, left, above and below, those that cover a
    node or a label placed before are out; of the rest the one that fewest lines cross is taken. ``letter`` and
    ``height`` are the size of a letter in pixels.
    """
    order = nodes.assign(first=nodes["body_id"].isin(set(always))).sort_values(
        ["first", "degree", "body_id"], ascending=[False, False, True]
    )
    points = {n.body_id: (n.x - 6, n.y - 6, n.x + 6, n.y + 6) for n in nodes.itertuples()}
    steps = np.linspace(0, 1, 60)[:, None]
    start, end = edges[["x", "y"]].to_numpy(float), edges[["x2", "y2"]].to_numpy(float)
    lines = (start[:, None] + (end - start)[:, None] * steps).reshape(-1, 2)
    taken: list[tuple[float, ...]] = []
    rows = []
    for node in order.itertuples():
        size = letter * len(node.label) + 4
        off = 5 + 1.5 * node.degree**0.5
        places = [
            (node.x + off, node.y, "left", node.x + off),
            (node.x - off, node.y, "right", node.x - off - size),
            (node.x, node.y - off - 6, "center", node.x - size / 2),
            (node.x, node.y + off + 6, "center", node.x - size / 2),
        ]
        best = None
        for x, y, align, left in places:
            box = (left, y - height / 2, left + size, y + height / 2)
            others = [point for name, point in points.items() if name != node.body_id]
            if any(_meet(box, other) for other in others + taken):
                continue
            inside = (lines > np.array(box[:2])) & (lines < np.array(box[2:]))
            crossed = int(inside.all(axis=1).sum())
            if best is None or crossed < best[0]:
                best = (crossed, box, {"body_id": node.body_id, "label_x": x, "label_y": y, "align": align})
        if best:
            taken.append(best[1])
            rows.append(best[2])
    return nodes.merge(pd.DataFrame(rows), on="body_id")


def _meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def committees(bodies: pd.DataFrame, relations: pd.DataFrame, ids: Iterable[str]) -> pd.DataFrame:
    """Return one row for each committee in ``ids``: parent, secretariat, what it mirrors, size, from relations seen.

    Columns: ``body_id``, ``label``, ``name_zh``, ``parent``, ``since`` (year of its founding, where known),
    ``secretariat``, ``mirrors``, ``members`` (words of the source), ``source_ids``.
    """
    table = bodies.set_index("body_id")
    known = seen(relations)
    rows = []
    for body in ids:
        into = known[known["target_body"] == body]
        parent = into[into["relation"] == "parent_of"]
        office = into[into["relation"] == "secretariat_of"]
        mirror = known[(known["source_body"] == body) & (known["relation"] == "mirrors")]
        since = parent["since"].dropna()
        name = short_names(table)
        rows.append(
            {
                "body_id": body,
                "label": name[body],
                "name": table.loc[body, "name_en"],
                "name_zh": table.loc[body, "name_zh"],
                "parent": ", ".join(name[parent["source_body"]]) or None,
                "since": since.iloc[0].year if len(since) else pd.NA,
                "secretariat": ", ".join(name[office["source_body"]]) or None,
                "mirrors": ", ".join(name[mirror["target_body"]]) or None,
                "members": table.loc[body, "members"],
                "source_ids": [table.loc[body, "source_id"], *into["source_id"], *mirror["source_id"]],
            }
        )
    return pd.DataFrame(rows).astype({"since": "Int64"})


def directory(bodies: pd.DataFrame) -> pd.DataFrame:
    """Return the bodies for a table of names in two languages, by their short names.

    Columns: ``body_id``, ``anchor``, ``label`` (short name), ``names`` (English, then Chinese), ``reach``, ``parent``
    (short name of the body above, where there is one), ``role``, ``source_id``.
    """
    short = short_names(bodies.set_index("body_id"))
    rows = bodies.assign(label=bodies["body_id"].map(short))
    rows = rows.sort_values("label", key=lambda column: column.str.casefold(), ignore_index=True)
    return pd.DataFrame(
        {
            "body_id": rows["body_id"],
            "anchor": [places.anchor("bodies", key) for key in rows["body_id"]],
            "label": rows["label"],
            "names": with_chinese(rows["name_en"], rows["name_zh"]),
            "reach": [_reach(level, iso3) for level, iso3 in zip(rows["level"], rows["iso3"], strict=True)],
            "parent": rows["parent_id"].map(short),
            "role": rows["role"],
            "source_id": rows["source_id"],
        }
    )
