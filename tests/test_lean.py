"""Stills without what nobody can see: the same picture by less markup."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
import vl_convert
from lxml import etree
from PIL import Image

from policybook import stills
from policybook.lean import lean

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" class="marks" width="60" height="40" viewBox="0 0 60 40">'
# Groups, marks that say everything each, marks without paint, a clip, text: the way Vega writes.
DRAWN = (
    f'{HEAD}<g fill="none" stroke-miterlimit="10" transform="translate(5,5)"><g class="mark-group role-frame root">'
    '<g transform="translate(0,0)"><path class="background" d="M0,0h50v30h-50Z"/><g>'
    '<g class="mark-rect role-mark" clip-path="url(#clip7)" pointer-events="none">'
    '<path aria-label="a: 1" role="graphics-symbol" d="M0,0h20v10h-20Z" fill="#3b7cc4" opacity="1" stroke-width="2"/>'
    '<path d="M22.00001,0h20v10h-20Z" fill="#3b7cc4" opacity="0.5"/><path d="M0,12h9v9h-9Z" fill="#c9701b"/></g>'
    '<g class="mark-line"><path d="M0,25L10.123456,20L20,25L30.5,21" stroke="#1c2733" stroke-width="2"/></g>'
    '<g class="mark-text"><text text-anchor="start" transform="translate(1,18)" font-size="9px" fill="#1c2733">a</text>'
    '<text text-anchor="end" transform="translate(50,18)" font-size="9px" fill="#1c2733">z</text>'
    '<text text-anchor="start" font-size="9px" fill="#1c2733" opacity="0">unseen</text></g></g>'
    '<path class="foreground" d="" display="none"/></g></g></g>'
    '<defs><clipPath id="clip7"><rect x="0" y="0" width="40" height="30"/></clipPath></defs></svg>'
)


def _pixels(drawing):
    return np.asarray(Image.open(io.BytesIO(vl_convert.svg_to_png(drawing, scale=4))).convert("RGBA"), dtype=int)


def test_a_lean_drawing_has_the_same_pixels():
    after = lean(DRAWN)
    assert abs(_pixels(DRAWN) - _pixels(after)).max() <= 16  # of 255, at edges: places are rounded
    assert len(after) < 0.6 * len(DRAWN)


@pytest.mark.parametrize(
    "gone", ["unseen", "background", "foreground", "aria-label", "clip7", "pointer-events", "10.123"]
)
def test_what_nobody_sees_is_gone(gone):
    assert gone in DRAWN and gone not in lean(DRAWN)


def test_the_place_of_a_line_does_not_drift():
    """A thousand short steps, told from point to point, end where the long way ends."""
    points = [(i * 0.0333, (i * 7919 % 1000) / 70) for i in range(1000)]
    path = "M" + "L".join(f"{x},{y}" for x, y in points)
    lines = f'{HEAD}<g><path d="{path}" stroke="#1c2733"/></g></svg>'
    told = etree.fromstring(lean(lines).encode()).find(".//{*}path").get("d")
    steps = np.array(re.findall(r"-?(?:\d+\.?\d*|\.\d+)", told), dtype=float).reshape(-1, 2)
    assert told.startswith("m") and len(steps) == len(points) and len(told) < len(path) / 2
    assert abs(steps.cumsum(axis=0) - np.array(points)).max() <= 0.00501


def test_clips_are_counted_within_a_drawing():
    """Vega counts them on from chart to chart, so that the same chart would differ from build to build."""
    assert lean(DRAWN) == lean(DRAWN.replace("clip7", "clip93"))


def test_a_palette_keeps_areas_and_edges():
    bar = {"x": {"field": "b", "type": "quantitative"}, "y": {"field": "a"}, "color": {"field": "a"}}
    spec = {"mark": "bar", "data": {"values": [{"a": "x", "b": 3}, {"a": "y", "b": 5}]}, "encoding": bar}
    png = vl_convert.vegalite_to_png(spec, vl_version=stills.VEGALITE, scale=2)
    packed = stills._packed(png)
    assert len(packed) < len(png) / 2 and packed == stills._packed(png)
    before, after = (np.asarray(Image.open(io.BytesIO(one)).convert("RGB"), dtype=int) for one in (png, packed))
    error = abs(before - after).max(axis=2)
    assert error.max() <= stills.UNSEEN
    assert not error[stills._flat(before @ (65536, 256, 1))].any()


def test_a_picture_of_many_colours_keeps_them():
    noise = np.repeat(np.repeat(np.random.default_rng(1).integers(0, 256, (30, 30, 3), dtype=np.uint8), 2, 0), 2, 1)
    out = io.BytesIO()
    Image.fromarray(noise).save(out, "png")
    packed = stills._packed(out.getvalue())
    assert (np.asarray(Image.open(io.BytesIO(packed)).convert("RGB")) == noise).all()
