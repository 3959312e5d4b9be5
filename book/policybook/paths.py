"""Every path of a report, in one place.

A report is a folder that holds ``_toc.yml`` and ``data/datapackage.json``. The package works on the report that it is
called from (a fork may use an installed package), and falls back on the report that it lies in.

The zip of data and package that the site offers unpacks to such a folder as well: there the tables lie beside the
package, in the folder itself.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
FONTS = PACKAGE / "fonts"
TEMPLATES = PACKAGE / "templates"
SHAPES = PACKAGE / "shapes"


def _is_report(folder: Path) -> bool:
    return ((folder / "_toc.yml").is_file() and (folder / "data").is_dir()) or _is_bundle(folder)


def _is_bundle(folder: Path) -> bool:
    """Whether a folder is an unpacked zip of data and package."""
    return (folder / "datapackage.json").is_file() and (folder / PACKAGE.name).is_dir()


def find_root(start: Path | None = None) -> Path:
    """Return the folder of the report.

    Looks at the environment variable ``POLICYBOOK_ROOT``, then at ``start`` (default: the working folder) and its
    parents, then at the folder in which the package lies.
    """
    named = os.environ.get("POLICYBOOK_ROOT")
    if named:
        return Path(named).resolve()
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if _is_report(folder):
            return folder
    return PACKAGE.parent if _is_bundle(PACKAGE.parent) else PACKAGE.parent.parent


@dataclass(frozen=True)
class Paths:
    """The places of one report, all derived from its root folder."""

    root: Path

    @property
    def book(self) -> Path:
        """Chapters, and the static files of the site."""
        return self.root / "book"

    @property
    def data(self) -> Path:
        """The data package."""
        return self.root if _is_bundle(self.root) else self.root / "data"

    @property
    def descriptor(self) -> Path:
        """The descriptor of the data package."""
        return self.data / "datapackage.json"

    @property
    def bibliography(self) -> Path:
        """The BibTeX file, generated from the table ``sources``."""
        return self.book / "references.bib"

    @property
    def build(self) -> Path:
        """Everything that a build makes."""
        return self.root / "_build"

    @property
    def work(self) -> Path:
        """Where a build works before its result is published; may be deleted at any time."""
        return self.build / "work"

    @property
    def html(self) -> Path:
        """The published site."""
        return self.build / "html"

    @property
    def pdf(self) -> Path:
        """The folder of the published PDF."""
        return self.build / "pdf"

    @property
    def epub(self) -> Path:
        """The folder of the published EPUB."""
        return self.build / "epub"


def report(start: Path | None = None) -> Paths:
    """Return the paths of the report that ``start`` (default: the working folder) belongs to."""
    return Paths(find_root(start))


def keep(path: Path, content: bytes) -> None:
    """Write a file as a whole or not at all; leave one alone that has this content already."""
    keep_all({path: content})


def keep_all(contents: Mapping[Path, bytes]) -> None:
    """Write files, each as a whole, in the order given; leave those alone that have their content already.

    All are written as drafts beside their targets first, so that what can fail (a full disk, a folder that is not
    writable) fails before the first target changes, and leaves no draft.
    """
    changed = {path: content for path, content in contents.items() if not _has(path, content)}
    drafts = {path: path.with_suffix(path.suffix + ".tmp") for path in changed}
    try:
        for path, content in changed.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            drafts[path].write_bytes(content)
        for path, draft in drafts.items():
            draft.replace(path)
    finally:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)


def _has(path: Path, content: bytes) -> bool:
    return path.is_file() and path.read_bytes() == content
