"""Two clean builds of the same files, as different as machines are: prints what differs, if anything.

    python tests/bench/reproduce.py [--keep FOLDER]

The files of this report, as they lie here, are copied into two folders of other names and depth, and built there with
other time zones, locales, umasks, hash seeds and numbers of cores. Compared, byte for byte, is all that a build
publishes: pages, scripts, figures, zip of the data, feed, citations, ``SHA256SUMS``, PDF and EPUB. Only
``run-times.js`` is left out, which holds what a build took. Exit code 1 when a file differs or is missing on one side.
"""

from __future__ import annotations

import argparse
import difflib
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from policybook.status import TIMES

ROOT = Path(__file__).resolve().parents[2]
OUT = Console(highlight=False)
FOLDERS = ("html", "pdf", "epub")


@dataclass(frozen=True)
class Machine:
    """What differs between two machines: the place of the report, settings of the process, and its cores."""

    place: str
    umask: int
    cores: int
    environment: dict[str, str]


def locale(wanted: str) -> str:
    """Return a locale, or the one that every system has where it is not installed (said by the table)."""
    done = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False)
    known = {re.sub(r"\W", "", name.lower()) for name in done.stdout.split()}
    return wanted if re.sub(r"\W", "", wanted.lower()) in known else "C.UTF-8"


def machines() -> tuple[Machine, Machine]:
    """Return the two machines."""
    one = {"TZ": "America/Los_Angeles", "LC_ALL": "C", "LANG": "C", "PYTHONHASHSEED": "1"}
    chinese = locale("zh_CN.UTF-8")
    other = {"TZ": "Asia/Shanghai", "LC_ALL": chinese, "LANG": chinese, "PYTHONHASHSEED": "4242"}
    return (
        Machine("a", 0o022, 1, one),
        Machine("a much deeper folder/of another näme/报告", 0o077, os.cpu_count() or 1, other),
    )


def copy(to: Path) -> Path:
    """Copy the files of the report that git knows or would take, as they lie here."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    for name in listed.decode().split("\0"):
        if name and (ROOT / name).is_file():
            target = to / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target)
    return to


def build(folder: Path, machine: Machine) -> Path:
    """Build a copy of the report in a folder as on a machine and return its root; stops when it fails."""
    root = copy(folder / machine.place)
    environment = os.environ | machine.environment | {"PYTHONPATH": str(root / "book"), "POLICYBOOK_ROOT": ""}
    environment.pop("SOURCE_DATE_EPOCH", None)

    def settle() -> None:
        os.umask(machine.umask)
        if hasattr(os, "sched_setaffinity"):
            os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[: machine.cores])

    command = [sys.executable, "-c", "from policybook.cli import main; main()", "build"]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, preexec_fn=settle)
    if done.returncode:
        sys.exit(f"the build in {root} failed:\n{done.stdout}\n{done.stderr}")
    return root


def published(root: Path) -> dict[str, str]:
    """Return the SHA-256 (hex) of every file that a build published, by its path below ``_build``."""
    found = {}
    for folder in FOLDERS:
        for path in sorted((root / "_build" / folder).rglob("*")):
            if path.is_file() and path.name != TIMES:
                found[path.relative_to(root / "_build").as_posix()] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def differences(one: Path, other: Path) -> Iterator[str]:
    """Give a line for each published file that differs between two built reports, with where it begins to."""
    first, second = published(one), published(other)
    for name in sorted(first.keys() | second.keys()):
        if name not in first or name not in second:
            yield f"{name}: only in {one if name in first else other}"
        elif first[name] != second[name]:
            yield f"{name}: {_where(one / '_build' / name, other / '_build' / name)}"


def _where(one: Path, other: Path) -> str:
    """Say where two files begin to differ: in which members of an archive, on which line, at which byte."""
    if zipfile.is_zipfile(one) and zipfile.is_zipfile(other):
        with zipfile.ZipFile(one) as first, zipfile.ZipFile(other) as second:
            told = [{info.filename: (info.CRC, info.date_time) for info in item.infolist()} for item in (first, second)]
        names = sorted({name for name, _ in told[0].items() ^ told[1].items()})
        return f"members {', '.join(names[:6]) or 'in another order or packing'}"
    first, second = one.read_bytes(), other.read_bytes()
    at = next((n for n, (a, b) in enumerate(zip(first, second, strict=False)) if a != b), min(len(first), len(second)))
    try:
        texts = [content.decode().splitlines() for content in (first, second)]
    except UnicodeDecodeError:
        return f"{len(first)} and {len(second)} bytes, from byte {at} on"
    lines = [
        line for line in difflib.unified_diff(*texts, n=0, lineterm="") if line[:1] in "+-" and line[1:3] != line[:2]
    ]
    return "\n    ".join([f"from byte {at} on", *(line[:160] for line in lines[:2])])


def main() -> None:
    """Build twice, compare, print."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--keep", type=Path, help="build here, and leave it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        pair = machines()
        for machine in pair:
            said = ", ".join(f"{name}={value}" for name, value in machine.environment.items())
            OUT.print(f"{machine.place}: {said}, umask {machine.umask:03o}, {machine.cores} cores", soft_wrap=True)
        with OUT.status("two builds"), ThreadPoolExecutor() as pool:
            one, other = pool.map(lambda machine: build(folder, machine), pair)
        found = list(differences(one, other))
        count = len(published(one))
    for line in found:
        OUT.print(line, markup=False, soft_wrap=True)
    if found:
        sys.exit(f"{len(found)} of {count} files differ")
    OUT.print(f"{count} files, all the same")


if __name__ == "__main__":
    main()
