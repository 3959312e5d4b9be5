"""The settings of a report: which document it is about and what it is called. One place, and nowhere in code.

They stand in the object ``report`` of ``data/datapackage.json``. ``policybook check`` tells what is wrong with them,
all at once; what may stand there is :data:`policybook.data.SETTING_RULES`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import pandas as pd

from policybook import data, paths


@dataclass(frozen=True)
class Settings:
    """What a report is about, and the words for it.

    ``document`` (doc_id) is the report's own document, of the day ``date``; ``event`` its row in the table of events;
    ``name`` stands within a sentence (the Plan), ``short`` alone or in a compound (Plan). ``issuer`` gave it out,
    ``iso3``, ``place`` and ``adjective`` (China, Chinese) say of which country or body it is. ``section`` and
    ``sections`` are the words for its parts. ``rival`` (doc_id) and ``rival_event`` are the document it is compared
    with first. ``signatories`` is the table of those who signed what came of it. ``colours`` replace those of the
    palette, by name. What a report need not have is ``None``.
    """

    document: str
    date: pd.Timestamp
    name: str
    short: str
    issuer: str
    place: str
    adjective: str
    section: str
    sections: str
    event: str | None = None
    iso3: str | None = None
    rival: str | None = None
    rival_event: str | None = None
    rival_iso3: str | None = None
    rival_place: str | None = None
    signatories: str | None = None
    copies: tuple[str, ...] = ()
    colours: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def heading(self) -> str:
        """The name as it begins a sentence: ``The Plan``."""
        return self.name[:1].upper() + self.name[1:]


def load(report: paths.Paths | None = None) -> Settings:
    """Return the settings of a report (default: the one that is worked on).

    Raises ``DataError`` with every problem when they are missing, incomplete, unknown or of the wrong type.
    """
    found = {key: value for key, value in data.settings(report).items() if value is not None}
    colours = MappingProxyType(dict(found.get("colours", {})))
    typed = {"date": pd.Timestamp(found["date"]), "colours": colours, "copies": tuple(found.get("copies", ()))}
    return Settings(**(found | typed))


def colours(report: paths.Paths | None = None) -> Mapping[str, str]:
    """Return the colours that a report sets, by name; none where there is no report to read.

    Charts are imported before the data package is checked; what is wrong with it is told by the check.
    """
    try:
        return load(report).colours
    except data.DataError:
        return {}
