"""A drawing without what nobody can see: the SVG that Vega writes, in a third of its room.

Vega says of every mark again how it is painted and which font it is set in, draws marks without paint, and wraps each
in groups of its own. What is left out here changes no picture: a property stands where SVG lets it be inherited from
(https://www.w3.org/TR/SVG2/propidx.html), what has no paint or no opacity goes, and places are given to a hundredth of
a pixel. A tool for SVG at large would have to keep far more, since it cannot know who wrote the drawing.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from lxml import etree

SVG = "{http://www.w3.org/2000/svg}"
# What is passed down from a group to its parts, and matters to text only or to all that is painted.
_OF_TEXT = ("font-family", "font-size", "font-weight", "text-anchor")
_OF_PAINT = ("fill", "stroke", "stroke-width", "stroke-dasharray", "stroke-opacity", "fill-opacity", "stroke-linejoin")
# For readers who hear the page a still has one text as a whole; its parts are neither named nor pointed at.
_UNUSED = ("class", "role", "aria-label", "aria-roledescription", "aria-hidden", "pointer-events")
_DEFAULTS = {
    "opacity": "1",
    "transform": "translate(0,0)",
    "stroke-miterlimit": "10",
    "x1": "0",
    "y1": "0",
    "x2": "0",
    "y2": "0",
    "fill-opacity": "1",
    "stroke-opacity": "1",
}
_NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?"
_PLACES = frozenset({"d", "transform", "x", "y", "x1", "y1", "x2", "y2", "dx", "dy", "width", "height"})
_SPARE_ZERO = re.compile(r"(?<![\d.])0\.(?=\d)")


def lean(drawing: str) -> str:
    """Return an SVG that Vega wrote, drawn with the same pixels by less markup.

    Names of clips are counted anew, since Vega counts them on from one drawing to the next.
    """
    root = etree.fromstring(drawing.encode(), etree.XMLParser(huge_tree=True, resolve_entities=False, no_network=True))
    for mark in list(root.iter(etree.Element)):
        _bare(mark, root)
    _without_unseen(root)
    _count_clips(root)
    for group in reversed(list(root.iter(f"{SVG}g"))):
        _unwrap(group)
    for group in reversed(list(root.iter(f"{SVG}g"))):
        _hoist(group)
        _unwrap(group)
    _hoist(root)
    etree.cleanup_namespaces(root)
    return etree.tostring(root, encoding="unicode")


def _bare(mark: etree._Element, root: etree._Element) -> None:
    """Take off an element what it says in vain, and round its places."""
    for name in _UNUSED:
        if mark is not root:
            mark.attrib.pop(name, None)
    mark.attrib.pop("version", None)
    for name, value in list(mark.attrib.items()):
        if name in _PLACES and mark is not root:
            mark.set(name, _path(value) if name == "d" else _rounded(value))
    for name, value in _DEFAULTS.items():
        if mark.get(name) == value:
            del mark.attrib[name]
    for paint in ("stroke", "fill"):
        # Vega gives paint to marks only, never to a group, and none is what its outermost group says.
        if mark.get(paint) == "transparent" or mark.get(f"{paint}-opacity") == "0":
            mark.attrib.pop(f"{paint}-opacity", None)
            mark.attrib.pop(paint)
        if mark.get(paint) in (None, "none") and mark.tag != f"{SVG}g":
            for name in [name for name in mark.attrib if name == paint or name.startswith(f"{paint}-")]:
                del mark.attrib[name]
    if mark.tag == f"{SVG}text" and mark.get("text-anchor") is None:
        mark.set("text-anchor", "start")  # so that it may be inherited


def _rounded(value: str) -> str:
    def short(number: re.Match[str]) -> str:
        return _figure(round(float(number.group()) * 100))

    return re.sub(_NUMBER, short, value)


def _figure(hundredths: int) -> str:
    """Return a number of hundredths in as few characters as SVG allows."""
    sign, (whole, rest) = "-" if hundredths < 0 else "", divmod(abs(hundredths), 100)
    decimals = f".{rest:02d}".rstrip("0") if rest else ""
    return sign + (f"{whole}{decimals}" if whole or not decimals else decimals)


def _path(value: str) -> str:
    """Return a path with numbers to a hundredth; lines are told from point to point where that is shorter.

    Each step is the difference of two rounded places, so that errors do not add up.
    """
    rounded = _rounded(value)
    if not re.fullmatch(rf"(?:[ML]{_NUMBER}[ ,]{_NUMBER}|Z)+", value):
        return rounded
    steps, last, start, before = "", (0, 0), (0, 0), ""
    for kind, x, y in re.findall(rf"([MLZ])(?:({_NUMBER})[ ,]({_NUMBER}))?", value):
        if kind == "Z":
            steps, last, before = f"{steps}z", start, "z"
            continue
        place = round(float(x) * 100), round(float(y) * 100)
        by = place[0] - last[0], place[1] - last[1]
        last, start = place, place if kind == "M" else start
        command = kind.lower()
        # After a move, pairs without a command are lines; a sign parts two numbers as well as a blank does.
        text = _figure(by[0]) + _joined(by[1])
        repeated = command == "l" and before in ("l", "m")
        steps += (text if text.startswith("-") else f" {text}") if repeated else f"{command}{text}"
        before = command
    return min(rounded, steps, key=len)


def _joined(number: int) -> str:
    text = _figure(number)
    return text if text.startswith("-") else f" {text}"


def _paints(mark: etree._Element) -> bool:
    return any(mark.get(paint) not in (None, "none") for paint in ("fill", "stroke"))


def _without_unseen(root: etree._Element) -> None:
    """Leave out marks without paint, opacity or shape, and groups of which nothing is left."""
    for mark in list(root.iter(etree.Element)):
        if any(outer.tag == f"{SVG}clipPath" for outer in mark.iterancestors()):
            continue
        shape = mark.tag.removeprefix(SVG)
        unseen = mark.get("opacity") == "0" or mark.get("display") == "none"
        if shape in ("path", "line", "rect", "text"):
            empty = (shape == "path" and not mark.get("d")) or (shape == "text" and not "".join(mark.itertext()))
            unseen = unseen or empty or not _paints(mark)
        if unseen and mark.getparent() is not None:
            mark.getparent().remove(mark)
    for group in reversed(list(root.iter(f"{SVG}g"))):
        if not len(group) and group.getparent() is not None:
            group.getparent().remove(group)


def _count_clips(root: etree._Element) -> None:
    names: dict[str, str] = {}
    for position, clip in enumerate(root.iter(f"{SVG}clipPath", f"{SVG}linearGradient", f"{SVG}radialGradient")):
        names[clip.get("id")] = f"{clip.tag.removeprefix(SVG)[0]}{position}"
        clip.set("id", names[clip.get("id")])
    for mark in root.iter(etree.Element):
        for name, value in mark.attrib.items():
            if value.startswith("url(#"):
                mark.set(name, f"url(#{names[value[5:-1]]})")


def _drawn(group: etree._Element) -> Iterator[etree._Element]:
    return (child for child in group if isinstance(child.tag, str) and child.tag != f"{SVG}defs")


def _hoist(group: etree._Element) -> None:
    """Say once for a group what most of its parts say, where no part relies on saying nothing."""
    children = list(_drawn(group))
    for name in (*_OF_TEXT, *_OF_PAINT):
        if name in _OF_TEXT:
            parts = [
                child
                for child in children
                if child.tag == f"{SVG}text" or next(child.iter(f"{SVG}text"), None) is not None
            ]
        else:
            parts = children
        said = [part.get(name) for part in parts]
        if not parts or None in said or (name in group.attrib and group.get(name) != "none"):
            continue
        most = Counter(said).most_common(1)[0][0]
        group.set(name, most)
        for part in parts:
            if part.get(name) == most:
                del part.attrib[name]


def _unwrap(group: etree._Element) -> None:
    """Put the parts of a group in its place when it says nothing; give what it says to its part when it has but one."""
    outer = group.getparent()
    if outer is None:
        return
    if len(group) == 1 and set(group.attrib).isdisjoint(group[0].attrib) and "clip-path" not in group.attrib:
        child = group[0]
        if not ("opacity" in group.attrib or ("transform" in group.attrib and "clip-path" in child.attrib)):
            for name, value in group.attrib.items():
                child.set(name, value)
            group.attrib.clear()
    if not group.attrib:
        place = outer.index(group)
        outer[place : place + 1] = list(group)
