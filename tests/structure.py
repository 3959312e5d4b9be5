"""A small reader of HTML that says where a page is not well made, for machines that have no Nu HTML checker.

Stricter than a browser, which mends what it reads: the pages are written by programs, and close what they open.
"""

from __future__ import annotations

from collections import Counter
from html.parser import HTMLParser


def names(text: str) -> frozenset[str]:
    """Return the names in a text."""
    return frozenset(text.split())


VOID = names("area base br col embed hr img input link meta source track wbr")
HEADINGS = names("h1 h2 h3 h4 h5 h6")
BLOCKS = HEADINGS | names(
    "address article aside blockquote details dialog div dl fieldset figcaption figure footer form header hr main nav "
    "ol p pre section table ul"
)
# Elements that hold words and what stands within words.
PHRASING = HEADINGS | names(
    "abbr b bdi button cite code em i kbd label mark p pre q s samp small span strong sub sup u var"
)
INTERACTIVE = {"a", "button", "details", "input", "label", "select", "summary", "textarea"}
CHILDREN = {
    "ul": {"li", "script", "template"},
    "ol": {"li", "script", "template"},
    "dl": {"dt", "dd", "div", "script", "template"},
    "table": {"caption", "colgroup", "thead", "tbody", "tfoot", "tr"},
    "thead": {"tr"},
    "tbody": {"tr"},
    "tr": {"td", "th"},
    "colgroup": {"col"},
    "head": {"title", "meta", "link", "script", "style", "noscript", "base", "template"},
}
REFERENCES = ("for", "aria-labelledby", "aria-describedby", "aria-owns", "aria-details", "list", "form", "headers")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.faults: list[str] = []
        self.open: list[str] = []
        self.first: list[bool] = []  # whether an open element still waits for its first child
        self.ids: Counter[str] = Counter()
        self.asked: list[tuple[str, str]] = []
        self.count: Counter[str] = Counter()
        self.titles: list[str] = []
        self.doctype = ""
        self.language = ""

    def say(self, fault: str) -> None:
        self.faults.append(f"line {self.getpos()[0]}: {fault}")

    def handle_decl(self, declared: str) -> None:
        if self.count:
            self.say("the doctype does not come first")
        self.doctype = declared

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._see(tag, attributes)
        if tag not in VOID or "svg" in self.open:
            self.open.append(tag)
            self.first.append(True)

    def handle_startendtag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self._see(tag, attributes)
        if tag not in VOID and "svg" not in self.open:
            self.say(f"<{tag}/> is not closed by its slash")

    def _see(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        given = [name for name, _ in attributes]
        for name in {name for name in given if given.count(name) > 1}:
            self.say(f"<{tag}> has {name} twice")
        said = {name: value or "" for name, value in attributes}
        self.count[tag] += 1
        parent = self.open[-1] if self.open else ""
        drawn = "svg" in self.open or tag == "svg"
        if not drawn:
            if parent in CHILDREN and tag not in CHILDREN[parent]:
                self.say(f"<{tag}> in <{parent}>")
            # A link holds what its parent may hold.
            near = next((one for one in reversed(self.open) if one not in ("a", "ins", "del")), "")
            if tag in BLOCKS and (near in PHRASING or (near == "summary" and tag not in HEADINGS)):
                self.say(f"<{tag}> in <{near}>")
            if tag in INTERACTIVE - {"label", "summary"} and {"a", "button"} & set(self.open):
                self.say(f"<{tag}> within a link or a button")
            if parent == "details" and self.first[-1] and tag != "summary":
                self.say(f"<details> begins with <{tag}>")
            if tag == "img" and "alt" not in said:
                self.say("<img> without alt")
            if tag == "html":
                self.language = said.get("lang", "")
        if self.first:
            self.first[-1] = False
        if "id" in said:
            self.ids[said["id"]] += 1
            if not said["id"] or any(letter.isspace() for letter in said["id"]):
                self.say(f"id {said['id']!r}")
        for name in REFERENCES:
            self.asked += [(name, one) for one in said.get(name, "").split()]

    def handle_endtag(self, tag: str) -> None:
        if tag in VOID and "svg" not in self.open:
            self.say(f"</{tag}>")
        elif tag not in self.open:
            self.say(f"</{tag}> closes nothing")
        else:
            while (left := self.open.pop()) != tag:
                self.first.pop()
                self.say(f"<{left}> is open where </{tag}> stands")
            self.first.pop()

    def handle_data(self, text: str) -> None:
        if self.open == ["html", "head", "title"]:
            self.titles.append(text.strip())
        elif text.strip() and self.open and self.open[-1] in CHILDREN:
            self.say(f"words in <{self.open[-1]}>: {text.strip()[:40]!r}")


def faults(page: str) -> list[str]:
    """Return what is wrong with a page, each with its line where it has one; nothing for a page that is well made."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    found = reader.faults
    found += [f"<{tag}> is never closed" for tag in reader.open]
    found += [f"id {name!r} stands {times} times" for name, times in reader.ids.items() if times > 1]
    found += [f"{name}={wanted!r} leads nowhere" for name, wanted in reader.asked if wanted not in reader.ids]
    if reader.doctype.lower() != "doctype html":
        found.append("no <!DOCTYPE html>")
    if not reader.language:
        found.append("<html> without lang")
    if len(list(filter(None, reader.titles))) != 1:
        found.append("no title, or several")
    if reader.count["main"] != 1:
        found.append(f"{reader.count['main']} elements <main>")
    return found
