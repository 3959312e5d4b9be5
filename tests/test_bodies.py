"""The network of standards bodies: analysis on the real tables, and what the chart draws when a reader chooses."""

from __future__ import annotations

import re

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import vl_convert

from policybook import bodies as who
from policybook import data
from policybook.charts import bodies as draw


@pytest.fixture(scope="module")
def network():
    return who.network(data.load("bodies"), data.load("relations"), data.load("countries"))


@pytest.fixture
def spec(network):
    nodes, edges = network
    return draw.network(nodes, edges, who.place_labels(nodes, edges, always=["iso", "iec"])).to_dict()


def test_network_keeps_only_bodies_with_a_relation(network):
    nodes, edges = network
    relations = data.load("relations")
    assert len(edges) == len(relations)
    assert set(nodes["body_id"]) == set(relations["source_body"]) | set(relations["target_body"])
    assert nodes["degree"].sum() == 2 * (relations["evidence"] != "recalled").sum()


def test_network_layout_is_fixed_and_nodes_keep_apart(network):
    nodes, edges = network
    again, _ = who.network(data.load("bodies"), data.load("relations"), data.load("countries"))
    pd.testing.assert_frame_equal(nodes, again)
    at = nodes[["x", "y"]].to_numpy()
    gaps = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1)) + np.eye(len(at)) * 1e6
    assert gaps.min() > 20
    first = edges.iloc[0]
    end = nodes.set_index("body_id").loc[first["target_body"]]
    assert (first["x2"], first["y2"]) == (end["x"], end["y"])


def test_neighbours_are_those_of_the_graph(network):
    nodes, edges = network
    graph = nx.from_pandas_edgelist(edges, "source_body", "target_body")
    found = nodes.set_index("body_id").loc["iso_iec_sc42", "neighbours"].strip("|").split("|")
    assert set(found) == set(graph["iso_iec_sc42"])
    assert {"ansi", "sac_tc28_sc42", "incits_ai"} <= set(found)


def test_labels_cover_neither_nodes_nor_each_other(network):
    nodes, edges = network
    labels = who.place_labels(nodes, edges, always=["iso"], letter=6, height=12)
    assert {"iso", "iso_iec_sc42"} <= set(labels["body_id"])
    size = labels["label"].str.len() * 6
    left = labels["label_x"] - size * labels["align"].map({"left": 0, "center": 0.5, "right": 1})
    boxes = list(zip(left, labels["label_y"] - 6, left + size, labels["label_y"] + 6, strict=True))
    for i, a in enumerate(boxes):
        assert not any(a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3] for b in boxes[i + 1 :])
        dots = nodes[nodes["body_id"] != labels["body_id"].iloc[i]]
        assert not (dots["x"].between(a[0], a[2]) & dots["y"].between(a[1], a[3])).any()


def test_network_of_a_body_that_is_missing():
    relations = data.load("relations").head(1).assign(source_body="nobody")
    with pytest.raises(KeyError):
        who.network(data.load("bodies"), relations, data.load("countries"))


def test_every_body_is_named_in_the_still(network):
    nodes, edges = network
    assert set(who.place_labels(nodes, edges, always=["iso", "iec"])["body_id"]) == set(nodes["body_id"])


def test_network_chart(network, spec):
    _, edges = network
    known = edges[~edges["recalled"]]
    touching = known[(known["source_body"] == "iso_iec_sc42") | (known["target_body"] == "iso_iec_sc42")]
    own = (touching["source_body"] == "iso_iec_sc42") & (touching["kind"] == "is parent of")
    title = " ".join(spec["title"]["text"])
    assert f"SC 42: {len(touching)} of {len(known)}, {own.sum()} of them its own groups; ANSI runs" in title
    lines = spec["vconcat"][0]["layer"][0]["encoding"]
    assert lines["strokeDash"]["condition"]["test"] == "datum.recalled"
    assert lines["color"]["scale"]["domain"] == list(dict.fromkeys(who.EDGE_KINDS.values()))
    assert len(str(spec)) < 150_000 and spec["title"]["subtitle"]


def test_hub_counted_again_from_the_relations():
    relations = data.load("relations")
    hub = relations[relations["relation_id"].str.contains("iso_iec_sc42")]
    hub = hub[hub["relation_id"].str.split("__").map(lambda p: "iso_iec_sc42" in (p[0], p[2]))]
    hub = hub[hub["evidence"] != "recalled"]
    assert len(hub) == 18 and (hub["relation_id"].str.startswith("iso_iec_sc42__parent_of")).sum() == 8


def strong_lines(spec, **chosen):
    """Return how many lines of the network stay strong when a reader chooses."""
    for param in spec["params"]:
        if param["name"] in chosen:
            param["value"] = chosen[param["name"]]
    drawn = re.search(r'<g class="mark-rule role-mark.*?</g>', vl_convert.vegalite_to_svg(spec), re.DOTALL)
    return drawn[0].count('opacity="0.85"')


def test_nothing_chosen_shows_all(network, spec):
    assert strong_lines(spec) == len(network[1])


def test_choice_of_a_country_leaves_its_relations(network, spec):
    bodies = data.load("bodies").set_index("body_id")
    chinese = set(bodies.index[bodies["iso3"] == "CHN"])
    edges = network[1]
    ties = edges["source_body"].isin(chinese) | edges["target_body"].isin(chinese)
    assert 0 < ties.sum() < len(edges)
    assert strong_lines(spec, country="China") == ties.sum()


def test_choice_of_a_level_and_a_country(network, spec):
    bodies = data.load("bodies").set_index("body_id")
    chosen = set(bodies.index[(bodies["iso3"] == "CHN") & (bodies["level"] == "consortium")])
    edges = network[1]
    ties = edges["source_body"].isin(chosen) | edges["target_body"].isin(chosen)
    assert strong_lines(spec, country="China", level="consortium") == ties.sum() == 1


def test_click_leaves_the_relations_of_a_body(network, spec):
    edges = network[1]
    ties = (edges["source_body"] == "ansi") | (edges["target_body"] == "ansi")
    assert strong_lines(spec, picked=[{"body_id": "ansi"}]) == ties.sum() == 4


def test_lists_offer_every_level_and_country_of_the_network(network, spec):
    nodes, _ = network
    offered = {param["name"]: set(param["bind"]["options"]) for param in spec["params"] if "bind" in param}
    assert offered["level"] == {"all", *nodes["level"]}
    assert offered["country"] == {"all", *nodes["country"]}
    assert "no country" in offered["country"]


def test_committees(network):
    rows = who.committees(data.load("bodies"), data.load("relations"), ["sac_tc28_sc42", "tc260_wg9"])
    first, second = rows.to_dict("records")
    assert (first["parent"], first["secretariat"], first["mirrors"], first["since"]) == ("TC 28", "CESI", "SC 42", 2020)
    assert pd.isna(second["secretariat"]) and second["parent"] == "TC260"
