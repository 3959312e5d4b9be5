"""What may stand in the descriptor of the data package, and what a cell may hold by the schema of its column.

Works on dictionaries and texts as :mod:`policybook.data` has read them, and knows nothing of files. A rule that nobody
would follow (a misspelt constraint, an unknown type) is a mistake here, not a wish.
"""

from __future__ import annotations

import datetime
import math
import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

# What is wrong, and what is allowed.
Fault = tuple[str, str | None]
TRUE, FALSE = "true", "false"
_WHOLE = re.compile(r"-?[0-9]+")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
# So many digits fit in 64 bits, whatever they are.
_DIGITS = 18
_TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|<[!?]\w")
# A cell that a spreadsheet would run as a formula (https://owasp.org/www-community/attacks/CSV_Injection), unless it is
# a number.
_FORMULA = re.compile(r"[=+\-@\t\r＝＋－＠]")
# Signs that scripts and emoji need within words, though nothing is printed for them.
_JOINERS = "\u200c\u200d"
# What stands where a sign could not be read.
_UNREAD = "\ufffd"


# --------------------------------------------------------------------------------------------------------------- cells


def faults(value: str, spec: dict[str, Any]) -> list[Fault]:
    """Return what is wrong with the text of a cell by the schema of its column, each with what is allowed."""
    rules = spec.get("constraints", {})
    if value == "":
        return [("value is missing", "any value")] if rules.get("required") else []
    kind = spec.get("type", "string")
    wrong = wrong_type(value, kind)
    return [wrong] if wrong else list(_wrong_with(value, kind, spec, rules))


def wrong_type(value: str, kind: str) -> Fault | None:
    """Return what is wrong with a text, not empty, that should be a value of a type; nothing when it is one."""
    if kind in ("integer", "year"):
        if not _WHOLE.fullmatch(value):
            return "is not a whole number", "digits"
        if len(value.lstrip("-")) > _DIGITS:
            return "has too many digits", f"at most {_DIGITS}"
    elif kind == "number":
        if not _NUMBER.fullmatch(value) or not math.isfinite(float(value)):
            return "is not a number", "digits with a decimal point"
    elif kind == "boolean":
        if value not in (TRUE, FALSE):
            return "is not a truth value", f"{TRUE}, {FALSE}"
    elif kind == "date":
        try:
            if not _DATE.fullmatch(value):
                raise ValueError
            datetime.date.fromisoformat(value)
        except ValueError:
            return "is not a date", "YYYY-MM-DD"
    return None


def _wrong_with(value: str, kind: str, spec: dict[str, Any], rules: dict[str, Any]) -> Iterator[Fault]:
    """Yield what is wrong with one value of the right type."""
    if kind in ("string", "list"):
        yield from wrong_text(value)
    if kind == "list":
        items = value.split(spec.get("delimiter", ";"))
        if any(item != item.strip() or not item for item in items):
            yield "has an empty item or blanks round an item", "items separated by ; alone"
        if len(set(items)) != len(items):
            yield "has an item twice", "each item once"
        levels = spec.get("itemEnum")
        for item in items:
            if levels and item not in levels:
                yield f"has the unknown item {item!r}", ", ".join(levels)
        if len(items) > spec.get("maxItems", len(items)):
            yield f"has {len(items)} items", f"at most {spec['maxItems']}"
    if "enum" in rules and value not in [str(level) for level in rules["enum"]]:
        yield "is not one of the known values", ", ".join(str(level) for level in rules["enum"])
    if "pattern" in rules and not re.fullmatch(rules["pattern"], value):
        yield "does not match the pattern", rules["pattern"]
    if spec.get("regularExpression"):
        yield from _pattern_of_words(value)
    if "maxLength" in rules and len(value) > rules["maxLength"]:
        yield f"is {len(value)} characters long", f"at most {rules['maxLength']}"
    if kind in _ORDERED:
        size = str if kind == "date" else float  # dates as they are written sort as days do
        if "minimum" in rules and size(value) < size(rules["minimum"]):
            yield ("is too early" if kind == "date" else "is too small"), f"at least {rules['minimum']}"
        if "maximum" in rules and size(value) > size(rules["maximum"]):
            yield ("is too late" if kind == "date" else "is too large"), f"at most {rules['maximum']}"


def wrong_text(value: str) -> Iterator[Fault]:
    """Yield what is wrong with a text that readers see: outer blanks, signs that cannot be seen, markup, a formula."""
    if value != value.strip():
        yield "has blanks at its beginning or end", "no outer blanks"
    unseen = "" if value.isprintable() and _UNREAD not in value else next(filter(_unseen, value), "")
    if unseen:
        yield f"has the control character U+{ord(unseen):04X}", "printable text on one line"
    tag = _TAG.search(value)
    if tag:
        yield f"has HTML: {tag.group()[:40]}", "plain text"
    if is_formula(value):
        yield "begins like a spreadsheet formula", "text that does not begin with = + - @"


def is_formula(value: str) -> bool:
    """Whether a spreadsheet would run a cell: whether it begins like a formula, and is no number."""
    return bool(_FORMULA.match(value)) and not _NUMBER.fullmatch(value)


def _unseen(sign: str) -> bool:
    """Whether nothing, or not itself, is printed for a sign: controls, marks of direction, zero width, private use."""
    if sign in _JOINERS or unicodedata.category(sign) in ("Zs", "Cn"):
        # What has no name may get one in a later Unicode, all but those that never will.
        return ord(sign) & 0xFFFE == 0xFFFE or 0xFDD0 <= ord(sign) <= 0xFDEF
    return not sign.isprintable() or sign == _UNREAD


# ---------------------------------------------------------------------------------------------------------- descriptor

# A shape is a type, a pattern, the set of values, a list with the shape of its items, an ``Object``, a tuple of shapes
# of which one must fit, or a function that yields what is wrong.
Shape = Any


class Object:
    """The shape of an object: that of each key, ``key?`` where it may be missing, ``*`` for keys of any other name."""

    def __init__(self, parts: dict[str, Shape]) -> None:
        """Keep the shape of each key, and which keys must be there."""
        self.parts = {key.rstrip("?"): shape for key, shape in parts.items() if key != "*"}
        self.needed = [key for key in parts if key != "*" and not key.endswith("?")]
        self.other = parts.get("*")


def misfits(value: Any, shape: Shape, place: str = "") -> Iterator[tuple[str, str, str | None]]:
    """Yield where a value that came as JSON has not its shape: the place, what is wrong, and what is allowed."""
    if isinstance(shape, Object):
        if not isinstance(value, dict):
            yield place, f"is {value!r}", "an object"
            return
        for key in shape.needed:
            if key not in value:
                yield place, f"{key!r} is missing", None
        for key, inner in value.items():
            wanted = shape.parts.get(key, shape.other)
            if wanted is None:
                yield place, f"unknown part {key!r}", ", ".join(shape.parts)
            elif wanted is not object:
                yield from misfits(inner, wanted, f"{place}.{key}" if place else key)
    elif isinstance(shape, list):
        if not isinstance(value, list):
            yield place, f"is {value!r}", "a list"
            return
        for number, inner in enumerate(value):
            yield from misfits(inner, shape[0], f"{place}[{number}]")
    elif isinstance(shape, tuple):
        found = [list(misfits(value, one, place)) for one in shape]
        if all(found):
            yield from min(found, key=len)
    elif isinstance(shape, frozenset):
        if not isinstance(value, str) or value not in shape:
            yield place, f"is {value!r}", ", ".join(sorted(shape))
    elif isinstance(shape, re.Pattern):
        if not isinstance(value, str) or not shape.fullmatch(value):
            yield place, f"is {value!r}", f"a text like {shape.pattern}"
    elif isinstance(shape, type):
        if not isinstance(value, shape) or (isinstance(value, bool) and shape is not bool):
            yield place, f"is {value!r}", _TYPE_NAMES[shape]
    else:
        for message, allowed in shape(value):
            yield place, message, allowed


def _text(value: Any) -> Iterator[Fault]:
    """A text that readers see."""
    if isinstance(value, str):
        yield from wrong_text(value)
    else:
        yield f"is {value!r}", "a text"


def _day(value: Any) -> Iterator[Fault]:
    wrong = wrong_type(value, "date") if isinstance(value, str) else ("is not a date", "YYYY-MM-DD")
    if wrong:
        yield f"{wrong[0]}: {value!r}", wrong[1]


def _pattern(value: Any) -> Iterator[Fault]:
    try:
        re.compile(value)
    except (re.error, TypeError, RecursionError, OverflowError) as error:
        yield f"is no pattern: {error}", "a regular expression"


def _pattern_of_words(value: str) -> Iterator[Fault]:
    """What is wrong with a pattern by which words are found: one that fits nothing at all would be found everywhere."""
    found = list(_pattern(value))
    yield from found
    if not found and re.search(value, ""):
        yield "is a pattern that fits the empty text, and so any text", "a regular expression for at least one sign"


def _only(wanted: Any) -> Callable[[Any], Iterator[Fault]]:
    def check(value: Any) -> Iterator[Fault]:
        if value != wanted:
            yield f"is {value!r}, which nothing here would follow", f"{wanted!r}"

    return check


_TYPE_NAMES = {str: "a text", int: "a whole number", float: "a number", bool: "true or false"}
_ORDERED = ("integer", "year", "number", "date")
_KINDS = frozenset({"string", "integer", "year", "number", "boolean", "date", "list"})
_NAME = re.compile(r"[^\W_][\w.-]*")
_COLUMN = re.compile(r"[^\W\d]\w*")
_PATH = re.compile(r"(?:[^\W_][\w-]*/)*[^\W_][\w.-]*\.csv")
_LINK = re.compile(r"https?://[^\s\"<>]+|[\w][\w./-]*")
_COLUMNS = (_COLUMN, [_COLUMN])
_LICENCES: Shape = [Object({"name?": _text, "title?": _text, "path?": _LINK})]
_CONSTRAINTS = Object(
    {
        "required?": bool,
        "unique?": bool,
        "enum?": [(str, int, float)],
        "pattern?": _pattern,
        "maxLength?": int,
        "minimum?": (int, float, str),
        "maximum?": (int, float, str),
    }
)
_FIELD = Object(
    {
        "name": _COLUMN,
        "type": _KINDS,
        "title?": _text,
        "description?": _text,
        "label?": _text,
        "unit?": _text,
        "regularExpression?": bool,  # the cells hold patterns (Python) by which words are found
        "example?": object,
        "format?": frozenset({"default", "%Y-%m-%d"}),
        "constraints?": _CONSTRAINTS,
        "enumDescriptions?": Object({"*": _text}),
        # A code without a label is told by the check, by name.
        "categories?": [(_text, Object({"value": str, "*": object}))],
        "delimiter?": re.compile(r"."),
        "references?": Object({"resource": str, "field": _COLUMN}),
        "itemEnum?": [str],
        "maxItems?": int,
        "trueValues?": _only([TRUE]),
        "falseValues?": _only([FALSE]),
    }
)
_KEY = Object({"fields": _COLUMNS, "reference": Object({"resource?": str, "fields": _COLUMNS})})
_SCHEMA = Object(
    {
        "fields": [_FIELD],
        "missingValues?": _only([""]),
        "primaryKey?": _COLUMNS,
        "foreignKeys?": [_KEY],
        "requiredUnless?": [Object({"field": _COLUMN, "unless": Object({"*": str})})],
    }
)
_RESOURCE = Object(
    {
        "name": _NAME,
        "path": _PATH,
        "title?": _text,
        "description?": _text,
        "type?": _only("table"),
        "format?": _only("csv"),
        "encoding?": _only("utf-8"),
        "licenses?": _LICENCES,
        "schema": _SCHEMA,
        "*": object,
    }
)
_PACKAGE = Object(
    {
        "name?": _NAME,
        "title?": _text,
        "description?": _text,
        "version?": _text,
        "data_date?": _day,
        "material_until?": _day,
        "keywords?": [_text],
        "licenses?": _LICENCES,
        "*": object,
    }
)


def package_faults(package: Any) -> Iterator[tuple[str, str | None, str, str | None]]:
    """Yield what is wrong with a descriptor: the table it is about (or nothing), the column, what, what is allowed."""
    for place, message, allowed in misfits(package, _PACKAGE):
        yield "", place or None, message, allowed
    resources = package.get("resources") if isinstance(package, dict) else None
    if not isinstance(resources, list):
        yield "", None, "has no usable list 'resources'", "objects with name, path and schema.fields"
        return
    sound = []
    for number, item in enumerate(resources):
        name = item.get("name") if isinstance(item, dict) else None
        name = name if isinstance(name, str) else f"resources[{number}]"
        found = list(misfits(item, _RESOURCE))
        if not found:
            sound.append(item)
            found = list(_wrong_schema(item["schema"]))
        for place, message, allowed in found:
            yield name, _named(item, place) or None, message, allowed
    for what, said in (("name", "two tables of this name"), ("path", "two tables with this file")):
        for value, count in Counter(item[what] for item in sound).items():
            if count > 1:
                yield value, what, f"{said} in the data package", None


def _named(item: Any, place: str) -> str:
    """Return a place with the name of the field instead of its number."""
    found = re.match(r"schema\.fields\[(\d+)\]", place)
    if not found:
        return place
    field = item["schema"]["fields"][int(found[1])]
    name = field.get("name") if isinstance(field, dict) else None
    return f"{name}{place[found.end() :]}" if isinstance(name, str) else place


def _wrong_schema(schema: dict[str, Any]) -> Iterator[tuple[str, str, str | None]]:
    """Yield where the parts of a schema do not fit each other."""
    names = [spec["name"] for spec in schema["fields"]]
    known = ", ".join(names)
    for name, count in Counter(names).items():
        if count > 1:
            yield name, "column stands twice in the schema", None
    for spec in schema["fields"]:
        rules = spec.get("constraints", {})
        levels = rules.get("enum")
        said = [("constraints.enum", str(level)) for level in levels or ()]
        said += [(f"constraints.{part}", str(rules[part])) for part in ("minimum", "maximum") if part in rules]
        if levels is not None and len({str(level) for level in levels}) != len(levels):
            yield f"{spec['name']}.constraints.enum", "has a value twice", "each value once"
        for part, value in said:
            if wrong := wrong_type(value, spec["type"]):
                yield f"{spec['name']}.{part}", f"{value!r} {wrong[0]}", wrong[1]
        if spec["type"] not in _ORDERED and ("minimum" in rules or "maximum" in rules):
            yield f"{spec['name']}.constraints", f"has a range, though its type is {spec['type']}", ", ".join(_ORDERED)
    used = [("primaryKey", name) for name in listed(schema.get("primaryKey"))]
    for key in schema.get("foreignKeys", []):
        used += [("foreignKeys", name) for name in listed(key["fields"])]
        if len(listed(key["fields"])) != len(listed(key["reference"]["fields"])):
            yield "foreignKeys", f"{key['fields']} points to another number of columns", None
    for rule in schema.get("requiredUnless", []):
        used += [("requiredUnless", name) for name in (rule["field"], *rule["unless"])]
    for part, name in used:
        if name not in names:
            yield part, f"names the column {name!r}, which the table has not", known


def listed(columns: str | list[str] | None) -> list[str]:
    """Return the columns of a key, which may be written as one name, as a list."""
    return [columns] if isinstance(columns, str) else list(columns or ())
