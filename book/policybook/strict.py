"""Pages that keep to a strict Content-Security-Policy: no script, style or handler stands within a page.

A server may send ``Content-Security-Policy: default-src 'self'`` (W3C, CSP level 3). The theme and its extensions write
small scripts and styles into every page; here they move into files of their own, named by their content, when the pages
are written. Data (JSON) within a page is no script and stays.
"""

from __future__ import annotations

import hashlib
import html
import re
from functools import cache
from pathlib import Path

from policybook import slim
from policybook.mend import SCRIPTS, better_script, mend
from policybook.paths import keep

FOLDER = "_static/page"
_SCRIPT = re.compile(r"<script(?P<attributes>(?![^>]*\s(?:src|type)=)[^>]*)>(?P<code>.*?)</script>", re.DOTALL)
_STYLE = re.compile(r"<style[^>]*>(?P<code>.*?)</style>", re.DOTALL)
_TAG = re.compile(r"<[a-zA-Z][^<>]*\s(?:style|on[a-z]+)=\"[^<>]*>")
_INLINE = re.compile(r"\s(?P<name>style|on[a-z]+)=\"(?P<value>[^\"]*)\"")
_CLASS = re.compile(r"\sclass=\"(?P<value>[^\"]*)\"")
# The theme loads a script of 1.5 MB to draw a dozen icons; those that pages use are taken out of it.
_ICONS = "_static/scripts/fontawesome.js"
_ICON_LINK = re.compile(r"<(?:script|link)\b[^>]*fontawesome\.js[^>]*>(?:</script>)?\s*")
_ICON = re.compile(r"<i class=\"(?P<classes>[^\"]*\bfa-[^\"]*)\"(?P<attributes>[^>]*)></i>")
_TITLE = re.compile(r'\stitle="([^"]*)"')
_STYLES_OF_ICONS = frozenset({"fa-solid", "fa-brands", "fa-regular", "fa-lg", "fa-fw"})


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def strict(page: str, up: str, icons: str = "") -> tuple[str, dict[str, str]]:
    """Return a page without scripts, styles and handlers of its own, and the files that it asks for instead, by name.

    ``up`` leads from the page to the root of the site (``../``); ``icons`` is the theme's script of icons. A page that
    is strict already comes back as it was, with no files.
    """
    files: dict[str, str] = {}

    def put(content: str, ending: str) -> str:
        name = f"{_digest(content)}.{ending}"
        files[name] = content
        return f"{up}{FOLDER}/{name}"

    def script(found: re.Match[str]) -> str:
        return f'<script{found["attributes"]} src="{put(found["code"].strip() + chr(10), "js")}"></script>'

    def style(found: re.Match[str]) -> str:
        return f'<link rel="stylesheet" href="{put(found["code"].strip() + chr(10), "css")}">'

    if icons:
        page = _ICON.sub(lambda found: _drawn(found, icons), _ICON_LINK.sub("", page))
    page = _STYLE.sub(style, _SCRIPT.sub(script, page))
    rules: set[str] = set()
    calls: set[str] = set()
    page = _TAG.sub(lambda tag: _without_inline(tag.group(), rules, calls), page)
    tied = f'<link rel="stylesheet" href="{put("".join(sorted(rules)), "css")}">\n' if rules else ""
    tied += f'<script defer src="{put("".join(sorted(calls)), "js")}"></script>\n' if calls else ""
    return page.replace("</head>", f"{tied}</head>", 1), files


def _without_inline(tag: str, rules: set[str], calls: set[str]) -> str:
    """Return a tag with classes in place of its styles and handlers; add the rules and calls that these stand for."""
    classes = []

    def take(found: re.Match[str]) -> str:
        value = html.unescape(found["value"]).strip()
        name = f"pb-i-{_digest(found['name'] + value)}"
        classes.append(name)
        if found["name"] == "style":
            # Thrice the class: what stood at an element outweighs what a style sheet says of its kind.
            rules.add(f"{3 * ('.' + name)} {{ {value} }}\n")
        else:
            event = found["name"].removeprefix("on")
            every = f'for (const element of document.querySelectorAll(".{name}"))'
            calls.add(f'{every} element.addEventListener("{event}", function (event) {{ {value} }});\n')
        return ""

    tag, added = _INLINE.sub(take, tag), " ".join(classes)
    if _CLASS.search(tag):
        return _CLASS.sub(lambda found: f' class="{found["value"]} {added}"', tag, count=1)
    return re.sub(r"^<[a-zA-Z][\w-]*", lambda found: f'{found.group()} class="{added}"', tag)


def _drawn(found: re.Match[str], icons: str) -> str:
    """Return an icon of the theme as a drawing; an icon that the script does not have stays as it is."""
    for name in found["classes"].split():
        if name.startswith("fa-") and name not in _STYLES_OF_ICONS and (drawing := _drawing(name, icons)):
            width, height, path = drawing
            classes = " ".join(["svg-inline--fa", *found["classes"].split()])
            # A drawing has its title as an element, not as an attribute.
            titles = "".join(f"<title>{title}</title>" for title in _TITLE.findall(found["attributes"]))
            attributes = _TITLE.sub("", found["attributes"]).rstrip()
            return (
                f'<svg class="{classes}" aria-hidden="true" viewBox="0 0 {width} {height}"{attributes}>{titles}'
                f'<path fill="currentColor" d="{path}"/></svg>'
            )
    return found.group()


@cache
def _drawing(name: str, icons: str) -> tuple[str, ...] | None:
    """Return width, height and path of an icon, looked up once: all pages have the same, and the script is long."""
    key = re.escape(name.removeprefix("fa-"))
    drawn = re.search(rf'[,{{]"?{key}"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]+)"\]', icons)
    return drawn.groups() if drawn else None


def tighten(site: Path, rules: str = "") -> None:
    """Mend every page of a built site, make it strict, and leave out what no page asks for any more.

    ``rules`` are CSS rules that all pages get, with addresses as seen from ``_static``.
    """
    icons = (site / _ICONS).read_text(encoding="utf-8") if (site / _ICONS).is_file() else ""
    asked: set[str] = set()
    for path in slim.pages_of(site):
        parts = path.relative_to(site).parts
        mended = slim.slim(mend(path.read_text(encoding="utf-8")))
        after, files = strict(mended, "../" * (len(parts) - 1), icons)
        for name, content in files.items():
            keep(site / FOLDER / name, content.encode())
        keep(path, after.encode())
        asked.update(re.findall(rf"{FOLDER}/([0-9a-f]+\.(?:js|css))", after))
    left = {path for path in (site / FOLDER).glob("*") if path.name not in asked}
    # Maps are for the makers of the theme; of its fonts browsers take the packed form.
    unused = ("_static/scripts/fontawesome.js*", "_static/**/*.map", "_static/vendor/fontawesome/**/*.ttf")
    for path in left.union(*(site.glob(pattern) for pattern in unused)):
        path.unlink()
    for name in sorted({name for name, *_ in SCRIPTS}):
        for path in (site / "_static").rglob(name):
            keep(path, better_script(name, path.read_text(encoding="utf-8")).encode())
    slim.one_sheet(site, rules)
    slim.leave_out(site)
