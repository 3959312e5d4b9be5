"""What a report is built with: this package, Python, and the packages that it rests on, as they are installed."""

from __future__ import annotations

import hashlib
import platform
import re
import sys
from functools import cache
from importlib import metadata

import policybook
from policybook import data, paths

_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")


@cache
def installed() -> dict[str, str]:
    """Return the versions of all packages that this one rests on, directly or not, sorted by name; extras are not."""
    found: dict[str, str] = {}
    waiting = asked(policybook.__name__)
    while waiting:
        name = waiting.pop()
        if name not in found:
            try:
                found[name] = metadata.version(name)
            except metadata.PackageNotFoundError:  # asked for on other systems
                continue
            waiting += asked(name)
    return dict(sorted(found.items()))


def asked(name: str) -> list[str]:
    """Return the normalised names of the packages that a package asks for, without those of its extras."""
    try:
        wanted = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return []
    names = {_NAME.match(text)[0] for text in wanted if "extra" not in text.partition(";")[2]}
    return sorted(map(normal, names))


def normal(name: str) -> str:
    """Return the name of a package in its normal form."""
    return re.sub(r"[-_.]+", "-", name).lower()


def named() -> dict[str, str]:
    """Return the versions of Python and of the packages that this one names, by name."""
    found = installed()
    return {"Python": platform.python_version()} | {
        name: found[name] for name in asked(policybook.__name__) if name in found
    }


def digest() -> str:
    """Return a digest (hex) of this package, all but its bytecode, and of the versions of what it rests on."""
    total = hashlib.sha256(sys.version.encode())
    for path in sorted(path for path in paths.PACKAGE.rglob("*") if path.is_file() and "__pycache__" not in path.parts):
        total.update(f"{path.relative_to(paths.PACKAGE).as_posix()} {data.file_digest(path)}\n".encode())
    total.update("\n".join(f"{name} {version}" for name, version in installed().items()).encode())
    return total.hexdigest()
