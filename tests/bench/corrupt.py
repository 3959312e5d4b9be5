"""What the check tells of random corruptions of the data package: prints a table, adds it to ``_build/bench.json``.

    python tests/bench/corrupt.py [--tables N] [--descriptors N] [--seed N]

Corruptions are those of ``tests/corrupting.py``, made in a temporary copy. ``caught``: told, and where the damage must
show, with its table, line, column and value. ``harmless``: the table that is loaded is the same. ``invisible``: another
value that the schema allows, so that only its digest (before it is registered) tells. ``wrong``: missed, told without
its place, or a crash; there should be none.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))
import corrupting  # noqa: E402
from corrupting import CAUGHT, HARMLESS, INVISIBLE  # noqa: E402
from policybook import data, paths  # noqa: E402

OUT = Console()
FINE = (CAUGHT, HARMLESS, INVISIBLE)


def measure(tables: int, descriptors: int, seed: int) -> dict[str, dict[str, int]]:
    """Return how often each outcome was seen, by kind of corruption."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    with tempfile.TemporaryDirectory() as folder:
        report = paths.Paths(Path(folder))
        shutil.copytree(ROOT / "data", report.data)
        (report.root / "_toc.yml").write_text("format: jb-book\nroot: book/index\n", encoding="utf-8")
        trial = corrupting.Trial(report)
        for bad in corrupting.corruptions(corrupting.tables(report), seed, tables):
            outcome, told = trial.judge(bad)
            found[f"{bad.kind}{'' if bad.must else ' *'}"][outcome] += 1
            if outcome not in FINE:
                place = f"{bad.table}, line {bad.line}, column {bad.column}, value {bad.value!r}"
                OUT.print(f"{outcome}: {bad.kind}: {place}: {[str(one) for one in told[:3]]}", markup=False)
        package = corrupting.small(report)
        data._read_descriptor.cache_clear()
        for kind, content, must, word in corrupting.damaged_descriptors(package, seed, descriptors):
            outcome, said = corrupting.judge_descriptor(report, content, must, word)
            found[f"datapackage.json: {kind}{'' if must else ' *'}"][outcome] += 1
            if outcome not in FINE:
                OUT.print(f"{outcome}: {kind}: {word}: {said[:3]}", markup=False)
    return {kind: dict(outcomes) for kind, outcomes in found.items()}


def show(found: dict[str, dict[str, int]], seconds: float) -> None:
    """Print the outcomes, a row for each kind; a star marks kinds that a schema need not see."""
    total = sum(sum(outcomes.values()) for outcomes in found.values())
    table = Table(title=f"{total:,} corruptions in {seconds:.0f} s (* may be another value that the schema allows)")
    table.add_column("kind")
    for name in ("made", *FINE, "wrong", "told"):
        table.add_column(name, justify="right")
    seen = [(kind, outcomes) for kind, outcomes in found.items() if not kind.endswith("*")]
    rows = [*found.items(), ("all that must show", sum((Counter(outcomes) for _, outcomes in seen), Counter()))]
    for kind, outcomes in rows:
        made = sum(outcomes.values())
        wrong = made - sum(outcomes.get(name, 0) for name in FINE)
        rate = f"{outcomes.get(CAUGHT, 0) / made:.0%}"
        cells = [str(outcomes.get(name, 0) or "") for name in FINE]
        table.add_row(kind, str(made), *cells, f"[red]{wrong}[/red]" if wrong else "", rate)
    OUT.print(table)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--tables", type=int, default=6000, help="corruptions of tables")
    parser.add_argument("--descriptors", type=int, default=520, help="corruptions of datapackage.json")
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    started = time.perf_counter()
    found = measure(asked.tables, asked.descriptors, asked.seed)
    show(found, time.perf_counter() - started)
    target = ROOT / "_build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    before = json.loads(target.read_text(encoding="utf-8")) if target.is_file() else {}  # what other benches wrote
    target.write_text(json.dumps(before | {"corruptions": {"seed": asked.seed, "kinds": found}}, indent=1))
    OUT.print(f"written to {target}", soft_wrap=True)


if __name__ == "__main__":
    main()
