"""The check of the prose: what the rules of the house ask of words, as far as a program can tell.

:func:`check` reads the chapters of the table of contents and the modules of the package that write to readers, and
returns every problem with its chapter and cell. Nothing is run: what only a run can tell (the value of a number, an
anchor made from data) is left to the build, which stops at a link that leads nowhere.

Markdown is parsed as the book parses it (MyST), the strings of code that readers see (captions, alternative texts,
notes, findings, measures) as Python. What the rules let pass stands in :data:`EXCEPTIONS`; a single passage is let pass
in the metadata of its cell, with a reason: ``{"policybook": {"allow": [{"kind": ..., "text": ..., "reason": ...}]}}``.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

from policybook import data, paths

# ------------------------------------------------------------------------------------------- what the rules let pass

_MONTH = "(?:January|February|March|April|May|June|July|August|September|October|November|December)"
_DAYS = r"\d{1,2}(?:(?:, | and | to |–)\d{1,2})*"
_UNIT = r" ?(?:%|percent|million|billion|[kMGT]?Wh?|[EPT]?FLOPS|tonnes|litres|times)\b"
_LIST = r"(?:(?:, | and | to | or |, and )\d+)*"

# Numbers that are names, by kind. A number that none of these covers is computed (``glue``, a field of an f-string).
EXCEPTIONS: dict[str, str] = {
    "a day": rf"\b{_DAYS} {_MONTH}\b|\b{_MONTH} {_DAYS}\b(?!\d)|\b\d{{4}}-\d{{2}}(?:-\d{{2}})?\b",
    # A count of 1900 to 2069 passes as a year unless a unit follows; larger ones have a comma.
    "a year": rf"(?<![\d.,])(?:19\d|20[0-6])\d(?:s|[/–-]\d{{2}}(?:\d{{2}})?)?(?![\d]|[.,]\d|{_UNIT})",
    "a provision": rf"\b(?:[Aa]rticles?|[Aa]nnex(?:es)?|[Rr]ecitals?|[Cc]lauses?) \d+(?:\.\d+)*{_LIST}",
    "a resolution of the United Nations": r"\b\d{2}/\d{3}\b",
    # Designations; a list goes on only with numbers of four digits or more ("GB/T 45652, 45654 and 45674").
    "a standard or committee": (
        r"\b(?:ISO/IEC|ISO|IEC|ITU-T|IEEE|ETSI|CEN|EN|RFC|GB/T|GB/Z|GB|YD/T|DB|JTC|SC|TC|WG|TR|TS)"
        r"(?: [A-Z]{1,3})?[ -]?P?\d+(?:/(?:SC|TC|WG) ?\d+)*(?:[./:-]\d[\dA-Z]*)*(?:(?:, | and |, and )\d{4,})*"
    ),
    "a version": r"\b(?:[Vv]ersion|Framework|CC BY) \d+(?:\.\d+)*",
    "a plan or group with a number in its name": r"\b\d{1,2}th [Ff]ive-[Yy]ear|\bGroup of (?:Seven|Twenty|77)\b",
    # H200, FP16, CO2, TC260, 910B, 3G; Y.4485, UTF-8. Not 5GW: a unit has more letters than one.
    "letters and digits in one name": (
        r"\b[a-z]*[A-Z][A-Za-z+]*\d[\w-]*(?:\.\d+)?|\b[A-Z]+[-.]\d[\w.-]*\b|\b\d+[A-Z]\b|\b3GPP\b"
    ),
    "the base of a rate": r"\bper (?:1,000|10,000|100,000)\b",
    "the level of an interval": r"\b95 ?(?:%|percent) (?:[A-Za-z]+ )?intervals?\b",
    "the ends of a scale": r"\b0 to 1(?:00)?\b|\b0 \([a-z ]+\) to 1 \([a-z ]+\)",
}
_NAMED = re.compile("|".join(EXCEPTIONS.values()))
_DIGITS = re.compile(r"\d+(?:[.,/:–-]\d+)*(?: ?%)?")
# Fractions and multiples in words are findings as much as digits are, and so are counts from seven up; "three panels"
# and "two coders" describe.
_IN_WORDS = re.compile(
    r"\b(?:(?:one|two|three|four) (?:thirds?|fifths?|tenths?|quarters? of|in (?:three|four|five|ten)|out of \w+)"
    r"|(?:a|one) (?:third|quarter|fifth|tenth|dozen)(?= of\b)"
    r"|(?:three|four|five|six|seven|eight|nine|ten|twenty|hundred) (?:times|percent|million|billion)"
    r"|twice as|three-fold|tenfold|doubled|tripled|halved"
    r"|seven|eight|nine|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen"
    r"|(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-\w+)?|dozens?|hundreds?|thousands?)\b",
    re.IGNORECASE,
)

# Words that lend a claim an authority which nobody can look up.
_WHO = (
    r"experts?|analysts?|observers?|commentators?|critics|scholars|researchers|academics|sources|officials|insiders"
    r"|supporters|proponents|sceptics|skeptics|opponents|people|many|most|some|others"
)
_SAY = (
    r"says?|said|argues?|argued|believes?|believed|claims?|claimed|thinks?|warns?|warned|notes?|noted|suggests?"
    r"|suggested|agrees?|agreed|points? out|sees?|contend|contended|fear|feared|expect|hold that"
)
VAGUE = re.compile(
    rf"\b(?:{_WHO}) (?:have |has |also |often |widely |now )*(?:{_SAY})\b"
    r"|\b(?:it is|is|are|was|were|has been|have been) "
    r"(?:widely|generally|often|commonly|usually|broadly|frequently|sometimes) "
    r"(?:seen|regarded|considered|believed|held|thought|known|understood|viewed|described|expected|accepted|read)\b"
    r"|\b(?:is|are) seen as\b|\b(?:is|are|was|were) (?:regarded|viewed|hailed|touted) as\b"
    r"|\bit (?:is|was|has been) (?:said|claimed|believed|reported|argued|rumou?red|understood|thought)\b"
    r"|\b(?:reportedly|allegedly|supposedly|purportedly|arguably|famously)\b"
    r"|\baccording to (?:some|many|several|various|reports?|sources|experts|analysts|observers|media|press)\b"
    r"|\b(?:studies|research|evidence|reports|surveys) (?:shows?|suggests?|indicates?|says?|has shown)\b"
    r"|\b(?:a )?(?:common|popular|widespread|widely held) (?:reading|view|belief|opinion|perception)\b"
    r"|\bthere (?:is|are) (?:a )?(?:widespread|broad|growing) (?:consensus|belief|agreement|concern)\b",
    re.IGNORECASE,
)

FINDINGS = re.compile(r"^(?:key |main )?findings$|^in brief$|^in short$|^the answer(?: in short)?$", re.IGNORECASE)
QUOTED_WORDS, UNSOURCED_WORDS = 12, 2
# Anchors that are made from keys of tables when a chapter runs; whether one is there, the build tells.
MADE_ANCHORS = re.compile(r"event-[a-z0-9-]+|std-[a-z0-9-]+|a\d{2}-\d{2}|term-[a-z0-9-]+|claim-[a-z0-9-]+")
# Files that a build puts beside the pages.
MADE_FILES = {"report.pdf", "report.epub", "followup.atom"}
KINDS = ("number", "citation", "quotation", "attribution", "link", "language", "exception", "notebook")
# Calls whose words a reader sees, with the names of their arguments in order of position ("" for one that is no text).
_SEEN = {
    "titled": ("", "finding", "measure"),
    "show": ("", "caption", "alt", "note", "use"),
    "Markdown": ("text",),
}
# What an author is asked to write (see policybook.fork): no statement yet.
_PROMPT = re.compile(r"^:::\{admonition\} [^\n]*\n:class: pb-prompt\n.*?^:::$", re.DOTALL | re.MULTILINE)
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]+")


@dataclass(frozen=True)
class Problem:
    """One passage that breaks a rule, with its place and what would be right."""

    chapter: str
    cell: str
    kind: str
    text: str
    allowed: str
    where: str = ""

    def __str__(self) -> str:
        """Say it in one line: chapter, cell, kind, passage, what is allowed."""
        around = f" in {self.where!r}" if self.where and self.where != self.text else ""
        return f"{self.chapter}, cell {self.cell}: {self.kind}: {self.text!r}{around}; allowed: {self.allowed}"


# ---------------------------------------------------------------------------------------------------- what is read

# Stand for what is no typed text: a value, a citation, a cross-reference, code, Chinese that is marked.
_VALUE, _CITE, _REF, _CODE, _MARKED = "\ue000", "\ue001", "\ue002", "\ue003", "\ue004"
_SOURCE = re.compile(f"[{_CITE}{_REF}]")


@dataclass
class Block:
    """A paragraph, item or heading of Markdown, or a string of code that readers see.

    ``text`` has one private character for each role, piece of code or marked Chinese. ``links`` are pairs of the kind
    (``ref``, ``cite``, ``url``) and the target.
    """

    kind: str
    text: str = ""
    links: list[tuple[str, str]] = field(default_factory=list)
    unmarked: str = ""
    section: str = ""
    sourced: bool = False
    is_chinese_exempt: bool = False


@dataclass
class Cell:
    """A cell of a chapter, or a function of a module, as the rules see it."""

    chapter: str
    name: str
    blocks: list[Block]
    is_code: bool = False
    shows: bool = False
    allow: list[dict[str, str]] = field(default_factory=list)
    labels: set[str] = field(default_factory=set)
    patterns: set[str] = field(default_factory=set)
    row_ids: set[str] = field(default_factory=set)


@lru_cache(maxsize=4)
def _parser(extensions: tuple[str, ...]):
    from markdown_it.renderer import RendererHTML
    from myst_parser.config.main import MdParserConfig
    from myst_parser.parsers.mdit import create_md_parser

    return create_md_parser(MdParserConfig(enable_extensions=set(extensions)), RendererHTML)


def read_markdown(source: str, extensions: Iterable[str] = ()) -> tuple[list[Block], set[str]]:
    """Return the blocks of a piece of MyST Markdown, directives opened, and the labels that it sets."""
    parser = _parser(tuple(sorted(extensions)) or ("attrs_block", "attrs_inline", "colon_fence", "deflist"))
    blocks: list[Block] = []
    labels: set[str] = set()
    _read(source, parser, blocks, labels, 0)
    section = ""
    for block in blocks:
        title = block.text.strip().rstrip(":.")
        if block.kind == "heading" or (block.kind == "bold" and FINDINGS.match(title)):
            section = title
        block.section = section
    return blocks, labels


def _read(source: str, parser, blocks: list[Block], labels: set[str], depth: int) -> None:
    holders: list[str] = []
    for token in parser.parse(source):
        if token.type.endswith("_open"):
            holders.append(token.type.removesuffix("_open"))
        elif token.type.endswith("_close") and holders:
            holders.pop()
        elif token.type == "inline":
            kind = next((k for k in reversed(holders) if k in ("heading", "list_item", "td", "th", "dt")), "paragraph")
            _inline(token, kind, blocks)
        elif token.type == "myst_target":
            labels.add(token.content)
        elif token.type in ("fence", "colon_fence"):
            _directive(token, parser, blocks, labels, depth)
        elif token.type == "html_block":
            block = Block("html")
            block.links += [("url", found) for found in _hrefs(token.content)]
            block.text = block.unmarked = re.sub(r"<[^>]*>", " ", token.content)
            blocks.append(block)


def _directive(token, parser, blocks: list[Block], labels: set[str], depth: int) -> None:
    """Open a directive that holds Markdown; a block of code holds no prose."""
    named = re.match(r"\{([\w:-]+)\}\s*(.*)", token.info.strip())
    if not named or depth > 8:
        return
    name, title = named.groups()
    if name in ("code-block", "code", "bibliography", "math", "raw", "toctree", "tableofcontents", "eval-rst"):
        return
    lines = token.content.splitlines()
    while lines and (option := re.match(r":([\w-]+):\s*(.*)", lines[0])):
        if option[1] in ("name", "label"):
            labels.add(option[2].strip())
        lines.pop(0)
    if title and name not in ("only", "image", "figure", "grid", "tab-set"):
        _read(title, parser, blocks, labels, depth + 1)
    _read("\n".join(lines), parser, blocks, labels, depth + 1)


def _inline(token, kind: str, blocks: list[Block]) -> None:
    block = Block(kind)
    text, bare, marked, links = [], [], 0, 0
    spans: list[bool] = []
    for child in token.children or []:
        if child.type == "text":
            text.append(_MARKED if marked else child.content)
            bare.append("" if marked else child.content)
        elif child.type in ("softbreak", "hardbreak"):
            text.append(" ")
            bare.append(" ")
        elif child.type == "myst_role":
            text.append(_role(child, block))
            bare.append(" ")
        elif child.type in ("code_inline", "math_inline", "substitution_inline"):
            text.append(_CODE)
        elif child.type == "span_open":
            spans.append("language-zh" in str(child.attrs.get("class", "")) or "lang" in child.attrs)
            marked += spans[-1]
        elif child.type == "span_close":
            marked -= spans.pop() if spans else 0
        elif child.type == "link_open":
            links += 1
            text.append("\ue010")
            block.links.append(("url", str(child.attrs.get("href", ""))))
        elif child.type == "link_close":
            links -= 1
            text.append("\ue011")
        elif child.type == "html_inline":
            block.links += [("url", found) for found in _hrefs(child.content)]
        elif child.type == "image":
            text.append(child.content)
            bare.append(child.content)
    block.text, block.unmarked = "".join(text), "".join(bare)
    if re.fullmatch(r"\s*(\*\*|__)[^*_]+\1\s*", token.content) and kind == "paragraph":
        block.kind = "bold"
    blocks.append(block)


def _hrefs(text: str) -> list[str]:
    return re.findall(r"""href\s*=\s*["']([^"']+)["']""", text)


def _role(token, block: Block) -> str:
    name, content = token.meta["name"], token.content
    target = re.sub(r"^.*<([^<>]+)>\s*$", r"\1", content, flags=re.DOTALL).strip()
    if name.startswith("glue"):
        return _VALUE
    if name.startswith("cite"):
        block.links += [("cite", key.strip()) for key in content.split(",")]
        return _CITE
    if name in ("ref", "numref", "doc", "any", "term", "eq"):
        if name in ("ref", "numref"):
            block.links.append(("ref", target))
        return _REF if name != "term" else content
    return _CODE


# ------------------------------------------------------------------------------------------------------------- code


def _strings(node: ast.AST | None, names: dict[str, list[ast.AST]], depth: int = 0) -> Iterator[str]:
    """Yield the texts that an expression may be; a computed part is one private character."""
    if node is None or depth > 6:
        return
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.JoinedStr):
        yield "".join(part.value if isinstance(part, ast.Constant) else _VALUE for part in node.values)
    elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left = list(_strings(node.left, names, depth + 1)) or [_VALUE]
        right = list(_strings(node.right, names, depth + 1)) or [_VALUE]
        yield from (one + two for one in left[:4] for two in right[:4])
    elif isinstance(node, ast.IfExp):
        yield from _strings(node.body, names, depth + 1)
        yield from _strings(node.orelse, names, depth + 1)
    elif isinstance(node, ast.Name):
        for value in names.get(node.id, ()):
            yield from _strings(value, {}, depth + 1)


def _called(node: ast.Call) -> str:
    return node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")


def read_code(source: str, extensions: Iterable[str] = ()) -> tuple[list[Block], set[str], set[str], set[str], bool]:
    """Return what code shows to readers: blocks, names, patterns of names, columns of row ids, whether it shows.

    Strings are found where they are written in the call, or given to a name in the same piece of code. Raises
    ``SyntaxError`` for what is no Python.
    """
    return _read_code(ast.parse(source), extensions)


def _read_code(tree: ast.AST, extensions: Iterable[str]) -> tuple[list[Block], set[str], set[str], set[str], bool]:
    names: dict[str, list[ast.AST]] = {}
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                if isinstance(target, ast.Name):
                    names.setdefault(target.id, []).append(node.value)
    blocks: list[Block] = []
    labels, patterns, row_ids, shows = set(), set(), set(), False
    for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
        name = _called(call)
        shows |= name in ("show", "show_article")
        if name not in _SEEN:
            continue
        given = {key: value for key, value in zip(_SEEN[name], call.args, strict=False) if key}
        given |= {word.arg: word.value for word in call.keywords if word.arg}
        for text in _strings(given.get("name"), names):
            if _VALUE in text:
                patterns.add(re.escape(text).replace(_VALUE, "[a-z0-9-]+"))
            else:
                labels.add(text)
        row_ids |= set(_strings(given.get("row_ids"), names))
        sourced = "sources" in given
        for key in _SEEN[name]:
            for text in dict.fromkeys(_strings(given.get(key), names)):
                blocks += _seen(key, text, extensions, sourced, labels)
    return blocks, labels, patterns, row_ids, shows


def _seen(key: str, text: str, extensions: Iterable[str], sourced: bool, labels: set[str]) -> list[Block]:
    """Return the blocks of one string: Markdown where Markdown is read, one plain block elsewhere."""
    if key in ("finding", "measure", "alt"):
        return [Block(key, text, unmarked="" if key != "alt" else text, sourced=sourced)]
    blocks, found = read_markdown(text, extensions)
    labels |= found
    for block in blocks:
        block.kind, block.sourced = key, sourced
    return blocks


# ---------------------------------------------------------------------------------------------------------- chapters


def chapters(report: paths.Paths) -> list[Path]:
    """Return the files of the table of contents, in its order; ``data.DataError`` when it cannot be read."""
    from sphinx_external_toc.parsing import MalformedError, parse_toc_yaml
    from yaml import YAMLError

    try:
        site = parse_toc_yaml(report.root / "_toc.yml")
    except (OSError, YAMLError, MalformedError) as error:
        raise data.DataError([data.Problem("_toc.yml", f"cannot be read: {error}")]) from None
    order = [site.root.docname]
    for name in order:
        order += [str(item) for tree in site[name].subtrees for item in tree.items if str(item) in site]
    found = []
    for name in dict.fromkeys(order):
        for ending in (".ipynb", ".md"):
            path = report.root / (name if name.endswith(ending) else name + ending)
            if path.is_file():
                found.append(path)
                break
    return found


def _extensions(report: paths.Paths) -> tuple[str, ...]:
    from yaml import YAMLError, safe_load

    try:
        settings = safe_load((report.root / "_config.yml").read_text(encoding="utf-8")) or {}
        return tuple(sorted(settings["parse"]["myst_enable_extensions"]))
    except (OSError, YAMLError, KeyError, TypeError):
        return ()


def read(path: Path, extensions: Iterable[str] = ()) -> tuple[list[Cell], list[Problem]]:
    """Return the cells of a chapter, and what could not be read of it."""
    extensions = tuple(extensions)
    chapter = path.stem
    if path.suffix == ".md":
        blocks, labels = read_markdown(path.read_text(encoding="utf-8"), extensions)
        return [Cell(chapter, "(text)", blocks, labels=labels)], []
    try:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        sources = [(cell, "".join(cell["source"])) for cell in notebook["cells"]]
    except (ValueError, KeyError, TypeError) as error:
        return [], [Problem(chapter, "(file)", "notebook", str(error), "a Jupyter notebook, format 4")]
    cells, problems = [], []
    section = ""
    for number, (raw, source) in enumerate(sources):
        name = str(raw.get("id", number))
        own = raw.get("metadata", {}).get("policybook", {})
        cell = Cell(chapter, name, [], allow=list(own.get("allow", [])) if isinstance(own, dict) else [])
        if "remove-cell" in raw.get("metadata", {}).get("tags", ()):
            continue  # not on the page: said to those who run the chapter
        if raw.get("cell_type") == "markdown":
            cell.blocks, cell.labels = read_markdown(_PROMPT.sub("", source), extensions)
            for block in cell.blocks:
                block.section = section = block.section or section
        elif raw.get("cell_type") == "code":
            cell.is_code = True
            try:
                cell.blocks, cell.labels, cell.patterns, cell.row_ids, cell.shows = read_code(source, extensions)
            except SyntaxError as error:
                problems.append(Problem(chapter, name, "notebook", str(error), "Python"))
        cells.append(cell)
    return cells, problems


def read_modules(folder: Path, extensions: Iterable[str] = ()) -> list[Cell]:
    """Return what the modules of a package show to readers: one cell for each function that shows something."""
    cells = []
    for path in sorted(folder.rglob("*.py")):
        source = path.read_text(encoding="utf-8")
        if not re.search(r"\b(?:titled|show|Markdown)\(", source):
            continue
        for node in ast.parse(source).body:
            if isinstance(node, ast.FunctionDef):
                blocks, labels, patterns, row_ids, shows = _read_code(node, tuple(extensions))
                if blocks or labels or patterns:
                    place = path.relative_to(folder.parent).as_posix()
                    cell = Cell(place, node.name, blocks, is_code=True, shows=shows, labels=labels)
                    cell.patterns, cell.row_ids = patterns, row_ids
                    cells.append(cell)
    return cells


# ------------------------------------------------------------------------------------------------------------- rules


def numbers(text: str) -> list[str]:
    """Return the numbers that are typed into a text: digits that are no name, and fractions or multiples in words."""
    text = re.sub("\ue010[^\ue011]*\ue011", _REF, text)
    text = _NAMED.sub(lambda found: "\ue005" * len(found[0]), text)
    digits = [found[0] for found in _DIGITS.finditer(text)]
    return digits + [found[0] for found in _IN_WORDS.finditer(text)]


def quotations(text: str) -> list[str]:
    """Return the passages in double quotation marks, straight or typographic."""
    return [a or b for a, b in re.findall(r"“([^“”]+)”|\"([^\"]+)\"", text)]


def sentences(text: str) -> list[str]:
    """Return the sentences of a text; a full stop counts before a blank and a capital, digit or role."""
    parts = re.split(r"(?<=[.!?])[)\"”]?\s+(?=[\"“(]?[A-Z\d\ue000-\ue011])", text)
    return [part for part in parts if part.strip()]


def vague(text: str) -> list[str]:
    """Return the attributions to nobody in particular that stand in a sentence without a citation."""
    return [
        found[0] for sentence in sentences(text) if not _SOURCE.search(sentence) for found in VAGUE.finditer(sentence)
    ]


def _words(text: str) -> int:
    return len(re.findall(r"[\w\ue000\ue003\ue004][\w'’.\-]*", text))


def _around(text: str, piece: str = "") -> str:
    """Return a passage in a form that can be shown: roles as an ellipsis, and not all of it."""
    text = " ".join(re.sub("[\ue000-\ue005]", "…", re.sub("[\ue010\ue011]", "", text)).split())
    at = max(text.find(piece), 0) if piece else 0
    return text[max(at - 40, 0) : at + 60].strip()


def _block_problems(block: Block) -> Iterator[tuple[str, str, str]]:
    """Yield kind, passage and what is allowed for what one block says by itself."""
    for number in numbers(block.text):
        yield "number", number, "a value by glue or an f-string; names and dates pass (prose.EXCEPTIONS)"
    has_source = bool(_SOURCE.search(block.text)) or block.sourced
    for quoted in quotations(block.text):
        count = _words(quoted)
        if count > QUOTED_WORDS:
            yield "quotation", _around(quoted), f"at most {QUOTED_WORDS} words (this has {count})"
        elif count > UNSOURCED_WORDS and not has_source:
            yield "quotation", _around(quoted), "a citation or reference in the same paragraph"
    for words in vague(block.text):
        yield "attribution", words, "who says it, or a citation in the same sentence"
    for run in _HAN.findall(block.unmarked):
        yield "language", run, "[中文]{.language-zh-Hans}; none in an alternative text"


def _unsourced(cells: list[Cell]) -> Iterator[tuple[Cell, Block]]:
    """Yield the blocks that state a computed number, or stand among the findings, and point to nothing.

    A block counts together with a figure or table only when a reader sees nothing between them: it is the last block
    of its cell and the next cell that shows anything shows one, or the first block and the cell before it did.
    """
    visible = [cell for cell in cells if cell.shows or not cell.is_code]
    for position, cell in enumerate(visible):
        if cell.is_code:
            continue
        before = position > 0 and visible[position - 1].shows
        after = position + 1 < len(visible) and visible[position + 1].shows
        last = len(cell.blocks) - 1
        for number, block in enumerate(cell.blocks):
            if block.kind not in ("paragraph", "list_item") or _SOURCE.search(block.text):
                continue
            if (number == 0 and before) or (number == last and after):
                continue
            if _VALUE in block.text or FINDINGS.match(block.section):
                yield cell, block


@dataclass
class _Known:
    """What links may lead to."""

    labels: set[str]
    patterns: set[str]
    sources: set[str]
    pages: dict[str, Path]
    book: Path
    made: set[str]


def _link_problem(kind: str, target: str, cell: Cell, known: _Known) -> str:
    """Return what a link should lead to, or nothing when it leads somewhere or only the build can tell."""
    if _VALUE in target:
        return ""
    if kind == "cite":
        return "" if not known.sources or target in known.sources else "an id of the table sources"
    if kind == "ref":
        return "" if _is_label(target, known) else "a label, or the name of a figure or table"
    try:
        parts = urlsplit(unquote(target))
    except ValueError:
        return "an address that can be read"
    if parts.scheme in ("http", "https", "mailto"):
        return ""
    if parts.scheme or parts.netloc:
        return "an http(s) address, or a page or anchor of the report"
    if parts.path:
        stem, _, ending = parts.path.rpartition("/")[2].rpartition(".")
        is_page = ending in ("html", "md", "ipynb") and stem in known.pages
        is_file = parts.path.rpartition("/")[2] in MADE_FILES or (known.book / parts.path).is_file()
        if not (is_page or is_file or _is_label(parts.path, known)):
            return "a page of the table of contents, or a file of the book"
    if parts.fragment and not _is_label(parts.fragment, known) and parts.fragment not in known.made:
        source = parts.fragment.removeprefix("cite-")
        if source != parts.fragment:
            named = {re.sub("_+", "-", key).strip("-") for key in known.sources}
            return "" if not named or source in named else "the anchor of a source, cite- and its id"
        if not MADE_ANCHORS.fullmatch(parts.fragment) and not (not parts.path and "anchor" in cell.row_ids):
            return "a label, the name of a figure or table, or the id of a row"
    return ""


def _is_label(target: str, known: _Known) -> bool:
    return target in known.labels or any(re.fullmatch(pattern, target) for pattern in known.patterns)


def _known(report: paths.Paths, cells: list[Cell], files: list[Path]) -> _Known:
    made: set[str] = set()
    columns = set().union(*(cell.row_ids for cell in cells)) if cells else set()
    source_ids: set[str] = set()
    try:
        for name in data.names(report):
            key = data.resource(name, report)["schema"].get("primaryKey") or []
            key = [key] if isinstance(key, str) else key
            if len(key) == 1 and (key[0] in columns or name == "sources"):
                values = set(data.load(name, report)[key[0]].dropna().astype(str))
                made |= values if key[0] in columns else set()
                source_ids |= values if name == "sources" else set()
    except data.DataError:
        pass  # the check of the data says what is wrong with it
    return _Known(
        set().union(*(cell.labels for cell in cells)) if cells else set(),
        set().union(*(cell.patterns for cell in cells)) if cells else set(),
        source_ids,
        {path.stem: path for path in files},
        report.book,
        made,
    )


# ------------------------------------------------------------------------------------------------------------- check


def check(report: paths.Paths | None = None) -> list[Problem]:
    """Return every problem of the prose of a report, in the order of its chapters; empty when there is none.

    The modules of a package that lies in the report are checked as well; an installed one is read for the names of its
    figures and tables only. Raises ``data.DataError`` when the table of contents cannot be read.
    """
    report = report or paths.report()
    extensions = _extensions(report)
    files = chapters(report)
    problems: list[Problem] = []
    by_file = []
    for path in files:
        cells, unread = read(path, extensions)
        by_file.append(cells)
        problems += unread
    own = report.book / "policybook"
    modules = read_modules(own if own.is_dir() else paths.PACKAGE, extensions)
    known = _known(report, [cell for cells in [*by_file, modules] for cell in cells], files)
    for cells in [*by_file, modules] if own.is_dir() else by_file:
        problems += _chapter_problems(cells, known)
    return problems


def _chapter_problems(cells: list[Cell], known: _Known) -> list[Problem]:
    found: dict[int, list[Problem]] = {id(cell): [] for cell in cells}
    for cell in cells:
        for block in cell.blocks:
            for kind, text, allowed in _block_problems(block):
                found[id(cell)].append(Problem(cell.chapter, cell.name, kind, text, allowed, _around(block.text, text)))
            for kind, target in block.links:
                if allowed := _link_problem(kind, target, cell, known):
                    place = _around(block.text)
                    found[id(cell)].append(Problem(cell.chapter, cell.name, "link", target, allowed, place))
    for cell, block in _unsourced(cells):
        allowed = "a citation, or a reference to a figure, table or chapter, in the paragraph or item"
        found[id(cell)].append(Problem(cell.chapter, cell.name, "citation", _around(block.text), allowed))
    return [problem for cell in cells for problem in _without_allowed(cell, found[id(cell)])]


def _without_allowed(cell: Cell, problems: list[Problem]) -> list[Problem]:
    """Take out what the metadata of the cell lets pass; an exception that is incomplete or idle is a problem itself."""
    used, kept = set(), []
    for problem in problems:
        for number, one in enumerate(cell.allow):
            if _is_exception(one) and one["kind"] == problem.kind and one["text"] in (problem.text, problem.where):
                used.add(number)
                break
        else:
            kept.append(problem)
    for number, one in enumerate(cell.allow):
        if not _is_exception(one):
            allowed = f"kind (one of {', '.join(KINDS)}), text and reason"
            kept.append(Problem(cell.chapter, cell.name, "exception", json.dumps(one, ensure_ascii=False), allowed))
        elif number not in used:
            kept.append(Problem(cell.chapter, cell.name, "exception", one["text"], "nothing: it lets nothing pass"))
    return list(dict.fromkeys(kept))


def _is_exception(one: object) -> bool:
    if not isinstance(one, dict) or set(one) != {"kind", "text", "reason"}:
        return False
    return one["kind"] in KINDS and all(isinstance(one[key], str) and one[key].strip() for key in one)


def exceptions(report: paths.Paths | None = None) -> list[tuple[str, str, dict[str, str]]]:
    """Return every exception in the metadata of a cell: chapter, cell, exception."""
    report = report or paths.report()
    cells = [cell for path in chapters(report) for cell in read(path, _extensions(report))[0]]
    return [(cell.chapter, cell.name, one) for cell in cells for one in cell.allow]
