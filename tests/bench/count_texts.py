"""What counting many texts costs, beside scikit-learn: prints a table, writes ``_build/bench_texts.json``.

The corpus is made here, from a fixed seed: texts of invented words in Zipf's proportions, among them the words of the
term groups, with punctuation, line ends, digits and curly quotes. Each way of counting runs in a process of its own;
seconds are wall-clock time of the work without imports, memory is the peak of that process plus, with a pool, as many
times the peak of its largest child as it has children (an upper bound: pages that they share are counted twice). All
ways must find the same numbers, or the bench stops.
"""

from __future__ import annotations

import csv
import json
import os
import platform
import random
import re
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from itertools import accumulate
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
OUT = Console()
SEED = 20250726
VOCABULARY = 30_000
WORDS = 10_000
GOAL_SECONDS, GOAL_MEGABYTES = 60, 500

SYLLABLES = "an ar be con de e ex fi go i ing ka la ly ma men na o per po re ri so sta te ti tion u ver wa"
# Words of the term groups, put among the commoner words so that the patterns have matches to find.
TERMS = (
    "all allies artificial capacity-building children climate data developing energy environment global governance "
    "human innovation intelligence international labour multi-stakeholder open-source privacy public rights risks "
    "safeguards safety security shall should skills standards sustainable transparency UN United Nations water will "
    "women workers"
)


# ------------------------------------------------------------------------------------------------------- the corpus


def vocabulary(generator: random.Random) -> list[str]:
    """Return invented words, most frequent first, one in thirty hyphenated, possessive or quoted."""
    words: dict[str, None] = {}
    syllables, terms = SYLLABLES.split(), TERMS.split()
    while len(words) < VOCABULARY - len(terms):
        # Frequent words are short, as in English.
        word = "".join(generator.choices(syllables, k=generator.randint(1, 3 + len(words) // 3_000)))
        kind = generator.randrange(90)
        words[[f"{word}’s", f"{word}-{word}", f"“{word}”"][kind] if kind < 3 else word] = None
    found = list(words)
    for place, term in enumerate(generator.sample(terms, k=len(terms))):
        found.insert(20 * (place + 1), term)
    return found


def make_corpus(folder: Path, documents: int) -> None:
    """Write texts of ``WORDS`` words each, as ``0000.txt`` and so on."""
    generator = random.Random(SEED)
    words = vocabulary(generator)
    starts = [word.capitalize() for word in words]
    weights = list(accumulate(1 / rank for rank in range(1, len(words) + 1)))
    places = range(len(words))
    # What follows a word; a sentence has some 25 words, a line some 12.
    follow = [" "] * 82 + ["\n"] * 8 + [", "] * 5 + [" (7) ", " — ", "; ", ". ", ".\n", "? "]
    for number in range(documents):
        parts, start = [], True
        drawn = generator.choices(places, cum_weights=weights, k=WORDS)
        for place, after in zip(drawn, generator.choices(follow, k=WORDS), strict=True):
            parts += [starts[place] if start else words[place], after]
            start = after[0] in ".?"
        (folder / f"{number:04}.txt").write_text("".join(parts), encoding="utf-8")


# -------------------------------------------------------------------------------------------------- ways of counting


def ours(paths: list[Path], patterns: dict[str, str], processes: int) -> dict[str, int]:
    """Count with this package; what is kept of each text is added up and let go."""
    from policybook import counting

    tokens = distinct = matches = 0
    for found in counting.count_files(paths, patterns, processes):
        tokens += found.counts.words
        distinct += found.counts.distinct_tokens
        matches += sum(found.terms.values())
    return {"tokens": tokens, "distinct": distinct, "matches": matches}


def scikit(paths: list[Path], patterns: dict[str, str]) -> dict[str, int]:
    """Count tokens with scikit-learn's CountVectorizer, and patterns one by one with ``re.finditer``."""
    from sklearn.feature_extraction.text import CountVectorizer

    from policybook import counting

    def prepare(text: str) -> str:
        return counting.normalise(text).lower()

    counter = CountVectorizer(input="filename", preprocessor=prepare, token_pattern=r"[a-z]+(?:[-'][a-z]+)*")
    matrix = counter.fit_transform(paths)
    compiled = [re.compile(pattern) for pattern in patterns.values()]
    matches = 0
    for path in paths if compiled else []:
        folded = " ".join(prepare(path.read_text(encoding="utf-8")).split())
        matches += sum(sum(1 for _ in pattern.finditer(folded)) for pattern in compiled)
    return {"tokens": int(matrix.sum()), "distinct": matrix.nnz, "matches": matches}


def ways() -> dict[str, tuple[Callable[..., dict[str, int]], bool, int]]:
    """Return the ways of counting by name: the function, whether terms are counted, the number of processes."""
    cores = os.cpu_count() or 1
    return {
        "ours: tokens, sentences": (ours, False, 1),
        f"ours: tokens, sentences, {cores} processes": (ours, False, cores),
        "CountVectorizer: tokens": (scikit, False, 1),
        "ours: tokens, sentences, terms": (ours, True, 1),
        f"ours: tokens, sentences, terms, {cores} processes": (ours, True, cores),
        "CountVectorizer, and finditer for each term": (scikit, True, 1),
    }


def run_one(name: str, folder: Path) -> None:
    """Run one way of counting in this process and print its figures as JSON."""
    function, terms, processes = ways()[name]
    import_module("policybook.counting" if function is ours else "sklearn.feature_extraction.text")
    patterns = {}
    if terms:  # read without pandas, which counting does not need
        with (ROOT / "data" / "texts" / "term_patterns.csv").open(encoding="utf-8", newline="") as file:
            patterns = {row["term_id"]: row["regex"] for row in csv.DictReader(file)}
    paths = sorted(folder.glob("*.txt"))
    started = time.perf_counter()
    found = function(paths, patterns, processes) if function is ours else function(paths, patterns)
    seconds = time.perf_counter() - started
    own, child = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    unit = 1 if sys.platform == "darwin" else 1024
    peak = (own + (processes * child if processes > 1 else 0)) * unit / 1e6
    print(json.dumps({"seconds": round(seconds, 2), "peak_mb": round(peak), **found}))


@click.command()
@click.option("--documents", default=1000, show_default=True, help=f"Number of texts of {WORDS:,} words.")
@click.option("--one", hidden=True, help="Run one way of counting on a folder.")
@click.option("--folder", hidden=True, type=click.Path(path_type=Path))
def main(documents: int, one: str | None, folder: Path | None) -> None:
    """Measure, print, write."""
    if one and folder:
        run_one(one, folder)
        return
    results: list[dict[str, object]] = []
    with tempfile.TemporaryDirectory() as made:
        with OUT.status("making the corpus"):
            make_corpus(Path(made), documents)
        size = sum(path.stat().st_size for path in Path(made).iterdir())
        for name in ways():
            with OUT.status(name):
                call = [sys.executable, __file__, "--one", name, "--folder", made]
                done = subprocess.run(call, capture_output=True, text=True)
            if done.returncode:
                sys.exit(f"{name} failed:\n{done.stdout}\n{done.stderr}")
            results.append({"way": name, **json.loads(done.stdout)})
    for key in ("tokens", "distinct", "matches"):
        if len({row[key] for row in results if row[key]}) > 1:
            sys.exit(f"the ways of counting differ in {key}: {results}")
    title = f"{documents:,} texts of {WORDS:,} words ({size / 1e6:.0f} MB), {platform.machine()}, "
    table = Table(title=f"{title}{os.cpu_count()} cores, Python {platform.python_version()}")
    for column in ("way", "goal s", "s", "goal MB", "peak MB"):
        table.add_column(column, justify="left" if column == "way" else "right")
    for row in results:
        goals = (str(GOAL_SECONDS), str(GOAL_MEGABYTES)) if str(row["way"]).startswith("ours") else ("–", "–")
        table.add_row(str(row["way"]), goals[0], f"{row['seconds']:.1f}", goals[1], str(row["peak_mb"]))
    OUT.print(table)
    target = ROOT / "_build" / "bench_texts.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps({"documents": documents, "words": WORDS, "bytes": size, "ways": results}, indent=1))
    OUT.print(f"written to {target}", soft_wrap=True)


if __name__ == "__main__":
    main()
