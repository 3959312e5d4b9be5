"""Pages that load quickly: one style sheet with the rules in use, scripts that wait, files that somebody asks for.

The theme and its extensions bring ten style sheets, of which pages use a tenth, and scripts that hold up the first
sight of a page. What is left out here is what no page, style or script of the site names.
"""

from __future__ import annotations

import hashlib
import os
import posixpath
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import tinycss2

from policybook.paths import keep

SHEET = "_static/pages.css"
_LINK = re.compile(r"<link\b[^>]*\brel=\"stylesheet\"[^>]*>\s*")
_HREF = re.compile(r"\bhref=\"([^\"?]+)(?:\?[^\"]*)?\"")
_NOSCRIPT = re.compile(r"<noscript>.*?</noscript>", re.DOTALL)
_SCRIPT = re.compile(r"<script\b(?P<attributes>[^>]*)>(?P<code>.*?)</script>\s*", re.DOTALL)
_CODE = re.compile(r"<pre\b[^>]*>.*?</pre>", re.DOTALL)
# Names, punctuation and blanks of code have the colour of the whole block in the theme's styles of code.
_PLAIN = re.compile(r"<span class=\"(?:n|p|w)\">([^<]*)</span>")
# Sphinx's search; the theme loads it on every page to search while a reader types, which is off unless asked for.
_SEARCH = re.compile(r"<script src=\"[^\"]*\b(?:searchtools|language_data|searchindex)\.js[^\"]*\"></script>\s*")
_TYPING = "DOCUMENTATION_OPTIONS.search_as_you_type = false"
# The theme asks for scripts at the end of the page before the style sheet that the page waits for.
_EARLY = re.compile(r"<link rel=\"preload\" as=\"script\"[^>]*>\s*")
# What extensions load on every page, and what a page needs to have for it to do anything.
_IDLE = (
    (
        re.compile(
            r"class=\"(?:[^\"]* )?(?:toggle|admonition (?:[^\"]* )?dropdown|dropdown (?:[^\"]* )?admonition)[ \"]"
        ),
        re.compile(r"<script[^>]*(?:\btogglebutton\.js[^>]*>|>(?:let|var) toggle\w+ = '[^<']*';?)</script>\s*"),
    ),
    (
        re.compile(r"class=\"(?:[^\"]* )?sd-tab-set[ \"]"),
        re.compile(r"<script[^>]*\bdesign-tabs\.js[^>]*></script>\s*"),
    ),
)
# A script that waits starts at once when its turn comes, hence what it reads must stand before it.
_LATE = re.compile(
    r"(<script[^>]*\btogglebutton\.js[^>]*></script>\s*)(<script>var togglebuttonSelector[^<]*</script>\s*)"
)
# The address of a source stands in the bibliography, to which the link leads; in a tip nobody can follow it.
# A title that holds quotation marks itself stands between apostrophes on the page of a single figure.
_TIP = re.compile(
    r"(<a class=\"reference internal\" href=\"[^\"]*#cite-[^\"]*\" title=([\"'])(?:(?!\2).)*?) URL: (?:(?!\2).)*\2",
    re.DOTALL,
)
# The one script that runs before the page is drawn does three things more:
# - It settles which theme the reader's system asks for. The theme's own script does so when the page is drawn, which
#   then is styled once more.
# - It sends for the fonts of the page, those that not every page needs as ``webfonts`` notes them. Else the browser
#   learns of them when it has laid out the page, and does so again when they come; one that is late is not used on
#   this page (font-display: optional). From disk browsers refuse to load a font ahead, but may set the page anew:
#   nobody waits there.
# - It lets tables wait that are far down (``custom.css``), unless the address names a place in the page.
_THEME = re.compile(
    r"(<script data-cfasync=\"false\"(?: data-fonts=\"[^\"]*\")?>)((?:(?!FontFace|</script>).)*)(</script>)", re.DOTALL
)
_AT_ONCE = """
const root = document.documentElement;
if (root.dataset.mode === "auto") {
  root.dataset.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}
if (!location.hash && performance.getEntriesByType("navigation")[0]?.type === "navigate") root.classList.add("pb-wait");
for (const [file, family, style] of [
  ["fonts/source-sans-3-latin-wght-normal", "Source Sans 3", "normal"],
  ["fonts/source-serif-4-latin-wght-normal", "Source Serif 4", "normal"],
  ["fonts/source-sans-3-latin-wght-italic", "Source Sans 3", "italic"],
  ["vendor/fontawesome/webfonts/fa-solid-900"],
  ...(document.currentScript.dataset.fonts || "").split(" ").filter(Boolean).map((name) => [`fonts/${name}`]),
]) {
  const address = new URL(`../${file}.woff2`, document.currentScript.src).href;
  if (location.protocol.startsWith("http")) {
    const ahead = { rel: "preload", as: "font", type: "font/woff2", crossOrigin: "anonymous", href: address };
    document.head.append(Object.assign(document.createElement("link"), ahead));
  } else if (family) {
    const face = new FontFace(family, `url("${address}")`, { style, weight: "200 900", display: "swap" });
    document.fonts.add(face);
    face.load().catch(() => {});
  }
}
"""
# A table that waits stands in for its height: a line for each row, and most rows have two or three.
_TABLE = re.compile(r"(<div class=\"pb-table[\w -]* docutils container)(\">\s*(?:(?!</table>).)*</table>)", re.DOTALL)
_ROW = 46  # px
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_NAMED = re.compile(r"[.#]((?:[\w-]|\\.)+)")
_NEGATED = re.compile(r":not\((?:[^()]|\([^()]*\))*\)")
_STAYS = frozenset({".txt", ".md", ""})  # licences of what others made


# --------------------------------------------------------------------------------------------------------------- pages


def slim(page: str) -> str:
    """Return a page of the theme without markup and scripts that do nothing, and with scripts that wait for the page.

    To be called before scripts within the page become files. A page that is slim already comes back as it was.
    """
    page = _CODE.sub(lambda block: _PLAIN.sub(r"\1", block.group()), page)
    if _TYPING in page and 'id="search-results"' not in page:
        page = _SEARCH.sub("", page)
    page = _EARLY.sub("", _TIP.sub(r"\1\2", page))
    for needed, loaded in _IDLE:
        if not needed.search(page):
            page = loaded.sub("", page)
    page = _LATE.sub(r"\2\1", page)
    page = _THEME.sub(lambda found: f"{found[1]}{found[2].rstrip()}{_AT_ONCE}{found[3]}", page, count=1)
    page = _TABLE.sub(
        lambda found: f'{found[1]}" style="contain-intrinsic-size: auto {_ROW * found[2].count("<tr")}px{found[2]}',
        page,
    )
    seen: set[str] = set()

    def wait(found: re.Match[str]) -> str:
        """Let a script run when the page is there, in its place among others; the choice of the theme cannot wait."""
        attributes, code = found["attributes"], found["code"].strip()
        if "type=" in attributes or "data-cfasync" in attributes:
            return found.group()
        if found.group().strip() in seen:
            return ""
        seen.add(found.group().strip())
        if "defer" in attributes or (code and "src=" in attributes):
            return found.group()
        return found.group().replace("<script", "<script defer", 1)

    return _SCRIPT.sub(wait, page)


# -------------------------------------------------------------------------------------------------------------- styles


def one_sheet(site: Path, rules: str = "") -> None:
    """Put the style sheets that pages share into one, with the rules that some page or script can ask for.

    ``rules`` come first. Pages that do not share all of the sheets keep their own.

    Pages written by an earlier build already ask for that one; they get the address of the new one.
    """
    pages = {path: path.read_text(encoding="utf-8") for path in pages_of(site)}
    shared = next((sheets for path, page in pages.items() if (sheets := _sheets(site, path, page))), [])
    target = site / SHEET
    if shared:
        words = _vocabulary(
            pages.values(), [path.read_text(encoding="utf-8") for path in sorted((site / "_static").rglob("*.js"))]
        )
        merged = rules + "".join(_rules(site / name, site, words) for name in shared)
        others = [*pages.values(), *(path.read_text(encoding="utf-8") for path in _beside(site))]
        keep(target, _without_idle_variables(merged, "".join(others)).encode())
    if not target.is_file():
        return
    digest = hashlib.sha256(target.read_bytes()).hexdigest()[:8]
    for path, page in pages.items():
        up = "../" * (len(path.relative_to(site).parts) - 1)
        link = f'<link rel="stylesheet" href="{up}{SHEET}?v={digest}">\n'
        after = re.sub(rf'<link rel="stylesheet" href="{re.escape(up + SHEET)}\?v=\w+">\n', link, page)
        if shared and _sheets(site, path, page) == shared:
            after = _merged(page, link)
        if after != page:
            keep(path, after.encode())


def pages_of(site: Path) -> Iterator[Path]:
    """Yield the pages of a built site in order, not what lies among its static files."""
    return (path for path in sorted(site.rglob("*.html")) if "_static" not in path.relative_to(site).parts)


def _shared(page: str) -> Iterator[re.Match[str]]:
    """Yield the links to style sheets that the theme has for all pages, not those of one page or of no scripts."""
    alone = [found.span() for found in _NOSCRIPT.finditer(page)]
    for link in _LINK.finditer(page):
        address = _HREF.search(link.group())
        inside = any(start <= link.start() < end for start, end in alone)
        if address and not inside and "_static/page" not in address[1]:
            yield link


def _sheets(site: Path, path: Path, page: str) -> list[str]:
    """Return the names within the site of the style sheets that a page shares with the others, if they are there."""
    folder = path.parent.relative_to(site).as_posix()
    names = [posixpath.normpath(posixpath.join(folder, _HREF.search(link.group())[1])) for link in _shared(page)]
    return names if all((site / name).is_file() for name in names) else []


def _merged(page: str, link: str) -> str:
    """Return a page with one link in the place of the first of those to its shared style sheets."""
    links = list(_shared(page))
    for place, found in reversed(list(enumerate(links))):
        page = page[: found.start()] + ("" if place else link) + page[found.end() :]
    return page


def _vocabulary(pages: Iterable[str], scripts: Iterable[str]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Return the words that may name something in a page, and the beginnings that scripts put names together from."""
    words: set[str] = set()
    for page in pages:
        for value in re.findall(r"\b(?:class|id)=\"([^\"]*)\"", page):
            words.update(value.split())
    starts: set[str] = set()
    for script in scripts:
        found = set(_WORD.findall(script))
        words |= found
        starts.update(word for word in found if word.endswith("-") and len(word) > 2)
    return frozenset(words), tuple(sorted(starts))


def _rules(path: Path, site: Path, words: tuple[frozenset[str], tuple[str, ...]]) -> str:
    """Return the rules of a style sheet that can match something, with addresses as seen from the merged one."""
    base = path.parent.relative_to(site / Path(SHEET).parent).as_posix()
    nodes = tinycss2.parse_stylesheet(path.read_text(encoding="utf-8"), skip_comments=True, skip_whitespace=True)
    return "".join(_kept(nodes, base, path, site, words))


def _kept(
    nodes: list, base: str, path: Path, site: Path, words: tuple[frozenset[str], tuple[str, ...]]
) -> Iterator[str]:
    for node in nodes:
        if node.type == "at-rule" and node.lower_at_keyword == "import":
            address = next(token.value for token in node.prelude if token.type in ("string", "url"))
            yield _rules(Path(os.path.normpath(path.parent / address)), site, words)
        elif node.type == "at-rule" and node.lower_at_keyword in ("media", "supports", "layer") and node.content:
            inner = tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True)
            if content := "".join(_kept(inner, base, path, site, words)):
                yield f"@{node.at_keyword}{tinycss2.serialize(node.prelude)}{{{content}}}\n"
        elif node.type == "at-rule" and node.lower_at_keyword != "charset":
            yield _placed(node, base).serialize() + "\n"
        elif node.type == "qualified-rule":
            selectors = [part for part in _split(node.prelude) if _may_match(part, words)]
            if selectors and (content := _short(_placed(node, base).content)):
                yield f"{','.join(selectors)}{{{content}}}\n"


def _beside(site: Path) -> list[Path]:
    """Return the scripts of the site, and the style sheets of single pages."""
    return [*sorted((site / "_static").rglob("*.js")), *sorted((site / "_static" / "page").glob("*.css"))]


_VARIABLE = re.compile(r"(?<=[{;])(--[\w-]+):(?:[^;{}\"']|\"[^\"]*\"|'[^']*')*(?:;|(?=\}))")


def _without_idle_variables(sheet: str, others: str) -> str:
    """Return a style sheet without the variables of which neither it nor the pages and scripts make use."""
    asked = set(re.findall(r"--[\w-]+", others))
    while True:
        used = asked | set(re.findall(r"var\(\s*(--[\w-]+)", sheet))
        after = _VARIABLE.sub(lambda found, used=used: found.group() if found[1] in used else "", sheet)
        after = re.sub(r"(?m)^[^{}@\n]*\{;?\}\n", "", after)
        if after == sheet:
            return sheet
        sheet = after


def _split(prelude: list) -> list[str]:
    """Return the selectors of a list, of which commas in brackets are no parts."""
    parts: list[list] = [[]]
    for token in prelude:
        if token.type == "literal" and token.value == ",":
            parts.append([])
        elif token.type != "comment":
            parts[-1].append(token)
    return [re.sub(r"\s+", " ", tinycss2.serialize(part)).strip() for part in parts]


def _may_match(selector: str, words: tuple[frozenset[str], tuple[str, ...]]) -> bool:
    """Say whether every class and id that a selector asks for is known to some page, or may be made by a script."""
    known, starts = words
    names = (
        re.sub(r"\\(.)", r"\1", name) for name in _NAMED.findall(re.sub(r"\"[^\"]*\"", "", _NEGATED.sub("", selector)))
    )
    return all(name in known or name.startswith(starts) for name in names)


def _short(content: list) -> str:
    """Return declarations without comments and spare blanks."""
    said = tinycss2.parse_blocks_contents(content, skip_comments=True, skip_whitespace=True)
    return ";".join(
        f"{one.name}:{tinycss2.serialize(one.value).strip()}{'!important' if one.important else ''}"
        for one in said
        if one.type == "declaration"
    )


def _placed(node, base: str):
    """Return a rule with the addresses in it as seen from the folder of the merged sheet."""
    waiting = list(node.content or [])
    while waiting:
        token = waiting.pop()
        waiting += getattr(token, "arguments", None) or getattr(token, "content", None) or []
        if token.type == "url" and not re.match(r"data:|[a-z]+:|#|/", token.value):
            token.value = posixpath.normpath(posixpath.join(base, token.value))
            token.representation = f'url("{token.value}")'
        elif token.type == "function" and token.lower_name == "url":
            for part in token.arguments:
                if part.type == "string" and not re.match(r"data:|[a-z]+:|#|/", part.value):
                    part.value = posixpath.normpath(posixpath.join(base, part.value))
                    part.representation = f'"{part.value}"'
    return node


# --------------------------------------------------------------------------------------------------------------- files


def leave_out(site: Path) -> None:
    """Delete the files that no page, style sheet or script of the site names, and the theme's own templates.

    Static files, and images and downloads of chapters, of which Sphinx leaves those that a page had before.
    """
    folders = [site / name for name in ("_static", "_sphinx_design_static", "_images", "_downloads")]
    for path in (site / "_static").rglob("*.html"):
        path.unlink()
    while True:
        asking = [path for path in site.rglob("*") if path.suffix in (".html", ".css", ".js")]
        texts = {path: path.read_text(encoding="utf-8") for path in asking}
        unasked = [
            path
            for folder in folders
            for path in sorted(folder.rglob("*"))
            if path.is_file()
            and path.suffix not in _STAYS
            and not any(path.name in text for asker, text in texts.items() if asker != path)
        ]
        for path in unasked:
            path.unlink()
        if not unasked:
            break
    for folder in folders:
        for path in sorted(folder.rglob("*"), reverse=True):
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
