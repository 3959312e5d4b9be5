"""Kills builds at random moments with SIGKILL, and looks whether the next one makes the right book.

    python tests/bench/kill.py [--times N] [--seed N]

A small report is changed to and fro between two states. After each change a build is started and killed: the process
alone, as the system does when memory is short, or with all that it has started. What is published (pages, PDF, EPUB)
must then be the whole of one state or the other, and the next build must end well and publish, byte for byte, what a
build from nothing gives of the state. Exit code 1 when it does not.
"""

from __future__ import annotations

import argparse
import csv
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from bench.reproduce import FOLDERS, published  # noqa: E402

OUT = Console(highlight=False)
COMMAND = [sys.executable, "-c", "from policybook.cli import main; main()", "build"]


@dataclass
class Outcome:
    """What became of a build that was killed: after how many seconds, alone or not, and what was wrong afterwards."""

    seconds: float
    alone: bool
    wrong: str = ""


def environment(root: Path, package: Path = ROOT / "book") -> dict[str, str]:
    """Return the environment in which a build of the report in ``root`` uses the package that lies in a folder."""
    return os.environ | {"POLICYBOOK_ROOT": str(root), "PYTHONPATH": str(package)}


def build(root: Path, package: Path = ROOT / "book") -> subprocess.CompletedProcess[str]:
    """Build to the end."""
    told = environment(root, package)
    return subprocess.run(COMMAND, cwd=root, env=told, capture_output=True, text=True, timeout=600)


def states(small: Path, folder: Path) -> list[Path]:
    """Make the two states of a report, each built from nothing; return their roots."""
    roots = []
    for name in ("one", "other"):
        root = folder / name / small.name
        shutil.copytree(small, root, ignore=shutil.ignore_patterns("_build"))
        if name == "other":
            first, second = root / "book" / "one.ipynb", root / "book" / "two.ipynb"
            first.write_text(first.read_text(encoding="utf-8").replace("countries (", "countries or unions ("))
            second.write_text(second.read_text(encoding="utf-8").replace("events.head(3)", "events.head(4)"))
            _add_country(root)
        done = build(root)
        if done.returncode:
            sys.exit(f"the build of a state failed:\n{done.stdout}{done.stderr}")
        roots.append(root)
    return roots


def _add_country(root: Path) -> None:
    from policybook import data, paths

    report = paths.Paths(root)
    table = report.data / data.resource("countries", report)["path"]
    with table.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    new = rows[-1] | {"iso3": "ZZZ", "iso2": "ZZ", "name_en": "Nowhere", "name_zh": "无处"}
    with table.open("a", encoding="utf-8", newline="") as stream:
        csv.DictWriter(stream, list(new), lineterminator="\n").writerow(new)
    data.refresh(report, only=["countries"])


def change(root: Path, state: Path) -> None:
    """Bring the sources of a report to a state."""
    for name in ("book", "data"):
        for path in (state / name).rglob("*"):
            target = root / path.relative_to(state)
            if path.is_file() and not (target.is_file() and target.read_bytes() == path.read_bytes()):
                shutil.copyfile(path, target)


def _of(found: dict[str, str], kind: str) -> dict[str, str]:
    return {name: digest for name, digest in found.items() if name.startswith(f"{kind}/")}


def strike(root: Path, seconds: float, *, alone: bool) -> None:
    """Start a build and kill it after ``seconds``: the process alone, or all that it has started."""
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    with subprocess.Popen(COMMAND, cwd=root, env=environment(root), **options) as child:
        try:
            child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            if alone:
                child.kill()
            else:
                os.killpg(child.pid, signal.SIGKILL)


def run(small: Path, folder: Path, times: int, seed: int, tell=lambda text: None) -> list[Outcome]:
    """Kill so many builds at moments drawn by a seed, and return what became of each."""
    drawn = random.Random(seed)
    pair = states(small, folder)
    whole = [published(state) for state in pair]
    root = folder / "struck" / small.name
    shutil.copytree(pair[0], root)
    started = time.perf_counter()
    change(root, pair[1])
    build(root)
    longest = time.perf_counter() - started
    outcomes = []
    for number in range(times):
        now = number % 2
        change(root, pair[now])
        outcome = Outcome(drawn.uniform(0.3, longest), drawn.random() < 0.5)
        strike(root, outcome.seconds, alone=outcome.alone)
        left = published(root)
        for kind in FOLDERS:
            # Pages, PDF and EPUB come one after the other; between two renamings there are no pages for a moment.
            if _of(left, kind) and _of(left, kind) not in [_of(book, kind) for book in whole]:
                outcome.wrong = f"what is published under {kind} is no whole book"
        done = build(root)
        if done.returncode:
            outcome.wrong = f"the next build failed: {done.stderr.strip()[-600:]}"
        elif published(root) != whole[now]:
            differing = [name for name, digest in published(root).items() if whole[now].get(name) != digest]
            missing = sorted(whole[now].keys() - published(root).keys())
            outcome.wrong = f"the next build is another: {(differing + missing)[:6]}"
        outcomes.append(outcome)
        how = "alone" if outcome.alone else "with all it started"
        tell(f"{number + 1} of {times}: killed {how} after {outcome.seconds:.1f} s: {outcome.wrong or 'right'}")
    return outcomes


def main() -> None:
    """Kill, build, compare, print."""
    import conftest

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--keep", type=Path, help="work here, and leave it")
    parser.add_argument("--seed", type=int, default=20250726)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = asked.keep or Path(folder)
        place.mkdir(parents=True, exist_ok=True)
        small = conftest.make_small_book(place / "små book")
        outcomes = run(small, place, asked.times, asked.seed, OUT.print)
    wrong = [outcome for outcome in outcomes if outcome.wrong]
    OUT.print(f"{len(outcomes)} builds killed, {len(wrong)} times the next one was not right")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
