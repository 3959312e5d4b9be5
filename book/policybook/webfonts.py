"""Fonts for the pages, cut down to the characters that they show.

A browser loads a slice when a page has one of its characters (CSS Fonts 4, unicode-range): those that many pages show
are one slice, those that some show another, the others one for each page.
"""

from __future__ import annotations

import hashlib
import html
import io
import re
from collections import Counter
from pathlib import Path

from policybook import paths
from policybook.paths import keep
from policybook.slim import pages_of
from policybook.stills import CHINESE

# What can be typed on every keyboard stays: readers search.
ALWAYS = frozenset(map(chr, range(0x20, 0x7F)))
FEATURES = ["kern", "liga", "locl", "mark", "mkmk", "ccmp", "tnum", "lnum"]
_WEIGHTS = (400, 700)
_NAME = "NotoSansSC"
_COMMON = 5  # pages: names in English prose, such as those of laws and agencies, need no more than these letters
_RARE = "source-sans-3-latin-ext-wght-normal"
_RARER = re.compile("[\u0100-\u0130\u0132-\u0151\u0154-\u02ba\u1e00-\u1e9f\u1ef2-\u1eff]")  # as in custom.css
# The script that runs before the page is drawn: it is told which slices to send for (see ``slim``).
_FIRST = re.compile(r"(<script data-cfasync=\"false\")(?: data-fonts=\"[^\"]*\")?")


def chinese(site: Path, kept: Path) -> str:
    """Write the slices of the committed Chinese font beside the pages, and return the CSS rules that name them.

    One weight: browsers embolden it for the few headings with Chinese. ``kept`` is a folder for slices made before.
    Each page is told which of the slices it shows, and whether it needs the rarer Latin letters.
    """
    shown = {path: set(CHINESE.findall(_seen(path))) for path in pages_of(site)}
    # The index says the words of all pages once more.
    pages = Counter(letter for path, letters in shown.items() if path.stem != "genindex" for letter in letters)
    slices = [{letter for letter, count in pages.items() if count >= _COMMON}]
    slices.append({letter for letter, count in pages.items() if 1 < count < _COMMON})
    slices += [{letter for letter in letters if pages[letter] == 1} for letters in shown.values()]
    charts = sorted((site / "figures").glob("*.js"))
    others = {letter for letters in shown.values() for letter in letters}
    slices.append((others | {letter for path in charts for letter in CHINESE.findall(_text(path))}) - set(pages))
    folder, names, rules = site / "_static" / "fonts", {}, []
    for letters in filter(None, slices):
        points = sorted(map(ord, letters))
        # No features: the forms of other languages alone (locl) would take as much room again.
        made = kept_cut(kept, paths.FONTS / f"{_NAME}-Regular.ttf", letters, [])
        name = f"{_NAME}-{hashlib.sha256(made).hexdigest()[:8]}.woff2"
        names[name] = letters
        keep(folder / name, made)
        rules.append(
            f'@font-face{{font-family:"Noto Sans SC";font-weight:400;font-display:swap;'
            f'src:url("fonts/{name}") format("woff2");unicode-range:{",".join(f"U+{point:X}" for point in points)}}}\n'
        )
    for path in folder.glob(f"{_NAME}*"):
        if path.name not in names:
            path.unlink()
    for path, letters in shown.items():
        needed = sorted(name.removesuffix(".woff2") for name, has in names.items() if has & letters)
        page = _text(path)
        needed += [_RARE] if _RARER.search(_seen(path)) else []
        after = _FIRST.sub(lambda found, needed=needed: f'{found[1]} data-fonts="{" ".join(needed)}"', page, count=1)
        if after != page:
            keep(path, after.encode())
    return "".join(rules)


def cut(site: Path, kept: Path) -> None:
    """Cut the other fonts of the site down to what its pages, charts and style sheets show.

    A font that an earlier build has cut is cut anew out of the whole one, which is in ``kept``.
    """
    read = [*pages_of(site), *sorted((site / "figures").glob("*.js"))]
    everything = "".join(map(_text, read))
    text = set(everything) | set(html.unescape(everything)) | ALWAYS
    sheets = "".join(_text(path) for path in sorted(site.rglob("*.css")))
    headings = set(html.unescape("".join(re.findall(r"<h[1-6]\b.*?</h[1-6]>", everything, flags=re.DOTALL)))) | ALWAYS
    icons = {letter for letter in sheets if "\ue000" <= letter <= "\uf8ff"}
    icons |= {chr(int(point, 16)) for point in re.findall(r"\\([ef][0-9a-f]{3})\b", sheets)}
    for path in sorted(site.rglob("*.woff2")):
        if path.name.startswith(_NAME):
            continue
        whole, seal = kept / f"whole-{path.name}", kept / f"cut-{path.name}.txt"
        content = path.read_bytes()
        if not (whole.is_file() and seal.is_file() and seal.read_text() == hashlib.sha256(content).hexdigest()):
            keep(whole, content)
        letters = icons if "fontawesome" in path.parts else headings if "serif" in path.name else text
        made = kept_cut(kept, whole, letters, FEATURES)
        keep(path, made)
        keep(seal, hashlib.sha256(made).hexdigest().encode())


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _seen(path: Path) -> str:
    """Return what a page shows: not what stands in its tags, nor in scripts."""
    return re.sub(r"<script\b.*?</script>|<[^>]*>", " ", html.unescape(_text(path)), flags=re.DOTALL)


def kept_cut(kept: Path, font: Path, letters: set[str], features: list[str]) -> bytes:
    """Return a font cut down to some letters, made anew only when font or letters are others."""
    told = f"4 {font.name} {hashlib.sha256(font.read_bytes()).hexdigest()} {features} {''.join(sorted(letters))}"
    path = kept / f"font-{hashlib.sha256(told.encode()).hexdigest()[:24]}.woff2"
    if not path.is_file():
        keep(path, _subset(font, letters, features))
    return path.read_bytes()


def _subset(font: Path, letters: set[str], features: list[str]) -> bytes:
    from fontTools import subset
    from fontTools.varLib import instancer

    options = subset.Options(flavor="woff2", layout_features=features, hinting=False, recalc_timestamp=False)
    loaded = subset.load_font(str(font), options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=[ord(letter) for letter in letters] or [0x3000])
    cutter.subset(loaded)
    if "fvar" in loaded and any(axis.axisTag == "wght" for axis in loaded["fvar"].axes):
        # Emphasis within what is bold is rare: browsers embolden it.
        weights = 400 if "italic" in font.name else _WEIGHTS
        loaded = instancer.instantiateVariableFont(loaded, {"wght": weights})
    stream = io.BytesIO()
    subset.save_font(loaded, stream, options)
    return stream.getvalue()
