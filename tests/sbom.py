"""Writes ``sbom.cdx.json``, the bill of materials of the report (CycloneDX): run by ``make sbom`` after ``make lock``.

    python tests/sbom.py

A fresh environment gets ``requirements.lock`` and nothing else; cyclonedx-bom lists what is in it, with licences. The
digests of the files stand in the lock, addresses are left out. The same lock gives the same file on the same system.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

from policybook.versions import normal

ROOT = Path(__file__).resolve().parents[1]
TARGET = ROOT / "sbom.cdx.json"
TOOL = "cyclonedx-bom==7.5.0"


def pins(lock: Path) -> dict[str, tuple[str, str]]:
    """Return version and condition of each package that a lock pins, by its normalised name."""
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)(?: ; ([^\\]*?))? \\$", lock.read_text(encoding="utf-8"), re.MULTILINE)
    return {normal(name): (version, condition) for name, version, condition in found}


def _environment(folder: Path, *install: str) -> Path:
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *install], check=True)
    return python


def main() -> None:
    """Make the environment, list it, write the bill."""
    lock = ROOT / "requirements.lock"
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        listed = _environment(folder / "listed", "--require-hashes", "-r", str(lock))
        tool = _environment(folder / "tool", TOOL)
        options = ["--pyproject", str(ROOT / "pyproject.toml"), "--mc-type", "application", "--output-reproducible"]
        command = [tool, "-m", "cyclonedx_py", "environment", listed, *options, "--of", "JSON"]
        bill = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    known = pins(lock)
    kept = []
    for component in bill["components"]:
        version, _ = known.get(normal(component["name"]), ("", ""))
        if version == component["version"]:  # pip itself is in the environment, and in no lock
            for part in ("externalReferences", "properties", "description"):
                component.pop(part, None)
            kept.append(component)
    bill["components"] = sorted(kept, key=lambda component: component["name"].lower())
    bill["metadata"]["component"].pop("description", None)  # of this report; the bill goes to new ones as well
    for part in (bill["metadata"]["component"], *bill["metadata"]["tools"]["components"]):
        part.pop("externalReferences", None)
    there = {"root-component", *(component["bom-ref"] for component in kept)}
    bill["dependencies"] = [
        item | ({"dependsOn": sorted(there.intersection(item["dependsOn"]))} if "dependsOn" in item else {})
        for item in bill["dependencies"]
        if item["ref"] in there
    ]
    TARGET.write_text(json.dumps(bill, indent=0, ensure_ascii=False, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{TARGET.name}: {len(kept)} packages")


if __name__ == "__main__":
    main()
