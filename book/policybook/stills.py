"""Stills: a specification drawn as SVG and PNG, once, kept by its digest.

Nothing is drawn in a kernel: one process beside Sphinx draws what the pages will need, while it reads them.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import time
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import oxipng
import vl_convert
from PIL import Image

from policybook import data, paths, schema
from policybook.lean import lean
from policybook.paths import keep

VEGALITE = "6.4"
# Counts up when stills are drawn in another way: those kept from before are then drawn anew. Other fonts do so by
# themselves.
EDITION = 11
# The drawer measures text in a font of this name: of a name that ends in a figure it takes another font, a fifth wider.
_MEASURED, _FONT = "PolicybookDrawn", "Source Sans 3"
# Letters of Chinese and its punctuation.
CHINESE = re.compile(r"[\u2e80-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]")
# By how much of 255 a palette may change a channel of a pixel.
UNSEEN = 24


@cache
def _painter() -> ProcessPoolExecutor:
    # Threads would not do: vl-convert holds the interpreter while it draws.
    return ProcessPoolExecutor(max_workers=1, mp_context=get_context("spawn"))


@cache
def prepare_fonts() -> None:
    """Let the drawing of this process find the committed fonts, once."""
    vl_convert.register_font_directory(str(paths.FONTS))


@cache
def _in_utc() -> None:
    """Draw as in UTC, wherever the machine stands: where a day begins would move a mark by a part of a pixel."""
    os.environ["TZ"] = "UTC"  # read when the first still is drawn
    if hasattr(time, "tzset"):
        time.tzset()


@cache
def _measure_in(folder: Path) -> None:
    """Register the font of the charts under the name by which it can be measured, kept in ``folder``.

    It gets the widths of the Chinese font: the drawer measures a text of which a font lacks a letter in the first other
    font that it finds, which the order of files on the disk decides.
    """
    from fontTools.pens.ttGlyphPen import TTGlyphPen
    from fontTools.ttLib import TTFont

    measured = folder / f"fonts-{EDITION}-{_fonts()}"
    measured.mkdir(parents=True, exist_ok=True)
    chinese = TTFont(paths.FONTS / "NotoSansSC-Regular.ttf", lazy=True)
    widths = {sign: chinese["hmtx"][name][0] for sign, name in chinese.getBestCmap().items()}
    letters = {sign: width for sign, width in widths.items() if CHINESE.match(chr(sign))}
    for path in sorted(paths.FONTS.glob(f"{_FONT.replace(' ', '')}-*.ttf")):
        if (measured / path.name).is_file():
            continue
        font = TTFont(path, recalcTimestamp=False)
        wider = font["head"].unitsPerEm / chinese["head"].unitsPerEm
        names = {sign: f"zh{sign:05X}" for sign in letters.keys() - font.getBestCmap().keys()}
        font.setGlyphOrder([*font.getGlyphOrder(), *(names[sign] for sign in sorted(names))])
        font["post"].formatType = 3.0  # without names
        for sign, name in sorted(names.items()):
            # A box: a text without any outline is not measured but guessed.
            width, pen = round(letters[sign] * wider), TTGlyphPen(None)
            pen.moveTo((0, 0))
            for corner in ((0, 700), (width, 700), (width, 0)):
                pen.lineTo(corner)
            pen.closePath()
            font["glyf"][name], font["hmtx"][name] = pen.glyph(), (width, 0)
        for table in font["cmap"].tables:
            if table.isUnicode():
                table.cmap |= {sign: name for sign, name in names.items() if sign < 0x10000 or table.format == 12}
        for record in font["name"].names:
            if record.nameID in (1, 3, 4, 6, 16):  # family, identifier, full name, PostScript name, typographic family
                said = str(record).replace(_FONT, _MEASURED).replace(_FONT.replace(" ", ""), _MEASURED)
                record.string = said
        stream = io.BytesIO()
        font.save(stream)
        keep(measured / path.name, stream.getvalue())
    vl_convert.register_font_directory(str(measured))


@cache
def _fonts() -> str:
    """Return a digest (hex) of the committed fonts."""
    total = hashlib.sha256()
    for path in sorted(paths.FONTS.glob("*.[ot]tf")):
        total.update(f"{path.name} {data.file_digest(path)}\n".encode())
    return total.hexdigest()[:12]


def digest(spec: str) -> str:
    """Return the digest (hex) by which the stills of a specification (JSON text) are kept."""
    content = f"{vl_convert.__version__} {VEGALITE} {EDITION} {_fonts()} {spec}"
    return hashlib.sha256(content.encode()).hexdigest()[:24]


def _draw(folder: Path, spec: str, key: str) -> None:
    """Draw a specification as SVG and, from that, as PNG on white."""
    _in_utc()
    prepare_fonts()
    _measure_in(folder)
    still = folder / f"{key}.svg"
    if not still.is_file():
        content = json.loads(spec)
        config = content.get("config", {})
        config |= {"font": str(config.get("font", "sans-serif")).replace(_FONT, _MEASURED)}
        drawn = vl_convert.vegalite_to_svg(content, vl_version=VEGALITE).replace(_MEASURED, _FONT)
        keep(still, lean(_chinese_first(drawn)).encode())
    opaque = still.read_text(encoding="utf-8").replace(">", '><rect width="100%" height="100%" fill="#ffffff"/>', 1)
    keep(folder / f"{key}.png", _packed(vl_convert.svg_to_png(opaque, scale=2)))


def _packed(png: bytes) -> bytes:
    """Return a PNG in a tenth of the room: with a palette, and packed well, which its writer does not.

    The palette keeps every area of one colour as it is, and changes no channel of a pixel at an edge, where colours
    blend, by more than ``UNSEEN`` of 255. A picture that needs more than 256 colours for that keeps its own.
    """
    pixels = np.asarray(Image.open(io.BytesIO(png)).convert("RGB"), dtype=np.int32) @ (65536, 256, 1)
    table = np.zeros(1 << 24, dtype=np.uint8)  # of all colours: to sort the pixels would take longer
    table[pixels] = 1
    table[pixels[_flat(pixels)]] = 2
    colours = np.flatnonzero(table)
    palette = _palette(colours, table[colours] == 2)
    if palette is None:
        return oxipng.optimize_from_memory(png, level=2)
    table[colours] = _apart(colours[:, None], palette).argmin(axis=1)
    drawn = Image.fromarray(table[pixels])
    drawn.putpalette(b"".join(int(colour).to_bytes(3, "big") for colour in palette))
    out = io.BytesIO()
    drawn.save(out, "png", compress_level=1)
    # Pictures with a palette pack best without a filter (PNG specification, 12.7); the level is the last quick one.
    packing = {"filter": [oxipng.RowFilter.NoOp], "deflate": oxipng.Deflaters.libdeflater(10)}
    return oxipng.optimize_from_memory(out.getvalue(), level=0, **packing)


def _flat(pixels: np.ndarray) -> np.ndarray:
    """Return which colours (height, width) are the corner of a square of four of the same."""
    flat, corner = np.zeros(pixels.shape, dtype=bool), pixels[:-1, :-1]
    flat[:-1, :-1] = (corner == pixels[1:, :-1]) & (corner == pixels[:-1, 1:]) & (corner == pixels[1:, 1:])
    return flat


def _apart(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return by how much two arrays of colours (24 bits) differ in the channel in which they differ most."""
    return np.maximum.reduce([abs((one >> bits & 255) - (other >> bits & 255)) for bits in (16, 8, 0)])


def _palette(colours: np.ndarray, kept: np.ndarray) -> np.ndarray | None:
    """Return the colours that are kept, and as many others as it takes for none to be far off (Gonzalez, 1985)."""
    if kept.sum() > 256:
        return None
    chosen = list(colours[kept])
    off = _apart(colours[:, None], colours[kept]).min(axis=1)
    while off.max() > UNSEEN:
        if len(chosen) == 256:
            return None
        chosen.append(colours[off.argmax()])
        off = np.minimum(off, _apart(colours, chosen[-1]))
    return np.array(chosen)


def _script_path(folder: Path) -> Path:
    return folder / f"vega-{digest('')}.js"


def _make_script(folder: Path) -> Path:
    """Make the one script that brings charts to life, unless it is there; return its path.

    It is wrapped, since its global _ clashes with Sphinx's search.
    """
    path = _script_path(folder)
    if not path.is_file():
        bundle = vl_convert.javascript_bundle(vl_version=VEGALITE)
        keep(path, f"(function () {{\n{bundle}\n}})();\n".encode())
    return path


class Stills:
    """A folder of stills; what is not there yet is drawn when asked for, or ahead of it by :meth:`start`."""

    def __init__(self, folder: Path) -> None:
        """Keep the stills in ``folder``, which is made when the first is drawn."""
        self.folder = folder
        self._running: dict[str, Future] = {}

    def start(self, spec: str) -> None:
        """Begin to draw a specification in the background."""
        key = digest(spec)
        if key not in self._running and not (self.folder / f"{key}.png").is_file():
            # Where no second process can be had, stills are drawn when they are asked for.
            with suppress(BrokenProcessPool, OSError):
                self._running[key] = _painter().submit(_draw, self.folder, spec, key)

    def start_script(self) -> None:
        """Begin to make the script for the browser in the background, unless it is there."""
        if _script_path(self.folder).is_file():
            return
        with suppress(BrokenProcessPool, OSError):
            self._running["script"] = _painter().submit(_make_script, self.folder)

    def script(self) -> str:
        """Return the one script that brings charts to life in the browser."""
        running = self._running.pop("script", None)
        if running is not None:
            with suppress(BrokenProcessPool):
                running.result()
        return _make_script(self.folder).read_text(encoding="utf-8")

    def _path(self, spec: str, ending: str) -> Path:
        key = digest(spec)
        running = self._running.pop(key, None)
        path = self.folder / f"{key}.{ending}"
        if running is not None:
            with suppress(BrokenProcessPool):
                running.result()
        if not path.is_file():
            _draw(self.folder, spec, key)
        return path

    def svg(self, spec: str) -> str:
        """Return a specification drawn as SVG."""
        return self._path(spec, "svg").read_text(encoding="utf-8")

    def png(self, spec: str) -> bytes:
        """Return a specification drawn as PNG, at twice its size on white."""
        return self._path(spec, "png").read_bytes()

    def pdf(self, spec: str) -> bytes:
        """Return a specification drawn as PDF, for LaTeX; not kept, since its bytes differ from run to run."""
        prepare_fonts()
        return vl_convert.svg_to_pdf(self.svg(spec))


def _chinese_first(still: str) -> str:
    """Set every text that holds Chinese in the Chinese font, Latin letters included.

    Where one font lacks a character, the PNG and PDF writers set the whole text in whichever font of the machine has
    all of them. A browser takes the Latin letters from the second font, since the first is only loaded for Chinese.
    """

    def set_font(text: re.Match[str]) -> str:
        if not CHINESE.search(text.group()):
            return text.group()
        return re.sub(
            r'font-family="[^"]*"', "font-family=\"'Noto Sans SC', 'Source Sans 3', sans-serif\"", text.group()
        )

    return re.sub(r"<text\b.*?</text>", set_font, still, flags=re.DOTALL)


def chart_data(spec: dict[str, Any]) -> str:
    """Return the data behind a chart as CSV: its main dataset (the named one, else the longest).

    Cells that a spreadsheet would run as a formula get a leading apostrophe.
    """
    sets = spec.get("datasets", {})
    main = spec.get("data", {}).get("name") if isinstance(spec.get("data"), dict) else None
    rows = sets[main] if main in sets else max(sets.values(), key=len, default=[])
    columns = list(dict.fromkeys(key for row in rows for key in row))
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([_cell(column) for column in columns])
    for row in rows:
        writer.writerow([_cell(row.get(column)) for column in columns])
    return out.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, (list, dict)):
        value = json.dumps(value, ensure_ascii=False)
    return f"'{value}" if isinstance(value, str) and schema.is_formula(value) else value
