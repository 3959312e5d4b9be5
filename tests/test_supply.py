"""What the report rests on: pinned with digests, listed with licences that go with its own."""

from __future__ import annotations

import json
import re

import pytest

import sbom
from policybook import paths, versions

ROOT = paths.report().root
LOCKS = sorted(ROOT.glob("requirements*.lock"))
# Licences that ask for nothing but a notice, or share changes to the files of the package itself.
FREE = {
    "MIT", "MIT-CMU", "BSD-2-Clause", "BSD-3-Clause", "0BSD", "ISC", "Apache-2.0", "PSF-2.0", "Python-2.0",
    "CNRI-Python", "Zlib", "CC0-1.0", "Unlicense", "MPL-2.0", "MPL-1.1",
    "License :: OSI Approved :: BSD License",
    "License :: OSI Approved :: MIT License",
    "License :: OSI Approved :: Apache Software License",
    "License :: OSI Approved :: Mozilla Public License 2.0 (MPL 2.0)",
    "License :: Public Domain",
}  # fmt: skip
# Packages whose metadata do not say it in these words, with what their files say (read), and why that goes.
ANSWERED = {
    "asttokens": "Apache-2.0 by its licence file",
    "pypdfium2": "Apache-2.0 or BSD-3-Clause by its licence files; PDFium BSD-3-Clause",
    "krippendorff": "GPL-3.0-or-later: imported where it is installed, no part of it in this repository or its pages; "
    "the MIT licence of this package goes with it",
    "docutils": "public domain, BSD and Python; GPL for an Emacs mode that is not installed",
    "tld": "MPL-1.1 at choice",
}


def licences(component: dict) -> list[str]:
    """Return the licences that a component declares, each as its id, expression or name."""
    declared = component.get("licenses", [])
    return [item.get("expression") or item["license"].get("id") or item["license"]["name"] for item in declared]


@pytest.fixture(scope="module")
def bill() -> dict:
    return json.loads(sbom.TARGET.read_text(encoding="utf-8"))


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_every_pin_has_digests_and_no_address(lock):
    text = lock.read_text(encoding="utf-8")
    blocks = re.split(r"^(?=[\w.-]+==)", text, flags=re.MULTILINE)
    pins = [block for block in blocks if re.match(r"[\w.-]+==", block)]
    assert len(pins) > 50 and all("--hash=sha256:" in block for block in pins)
    assert "://" not in text and "--index" not in text and "--find-links" not in text


def test_the_bill_of_materials_is_that_of_the_lock(bill):
    assert bill["bomFormat"] == "CycloneDX" and "externalReferences" not in json.dumps(bill)
    listed = {versions.normal(item["name"]): item["version"] for item in bill["components"]}
    pins = sbom.pins(ROOT / "requirements.lock")
    assert {name: version for name, (version, _) in pins.items() if name in listed} == listed
    # What is not listed is for other systems or other versions of Python.
    assert all(condition for name, (_, condition) in pins.items() if name not in listed)
    assert {"jupyter-book", "pandas", "altair", "nbformat"} <= listed.keys()
    refs = {item["bom-ref"] for item in bill["components"]} | {"root-component"}
    assert all(refs >= {item["ref"], *item.get("dependsOn", [])} for item in bill["dependencies"])


def test_every_licence_goes_with_that_of_the_report_or_is_answered(bill):
    open_ones = {}
    for item in bill["components"]:
        said = licences(item)
        parts = {
            part for text in said for part in ([text] if "::" in text else re.split(r" (?:AND|OR) |[()]", text)) if part
        }
        if not parts or parts - FREE:
            open_ones[versions.normal(item["name"])] = said
    assert open_ones.keys() == ANSWERED.keys(), open_ones


@pytest.mark.book
def test_the_site_offers_the_bill(built):
    assert (built / "downloads" / sbom.TARGET.name).read_bytes() == sbom.TARGET.read_bytes()
    assert f'href="downloads/{sbom.TARGET.name}"' in (built / "status.html").read_text(encoding="utf-8")
