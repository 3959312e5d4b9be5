"""What a report over many texts costs: prints a table, adds it to ``_build/bench.json``.

    python tests/bench/scale.py [--documents N ...] [--no-pdf] [--keep FOLDER]

For each number of counted texts (default 200) a copy of this report is made in a temporary folder, with invented texts
added until it has so many: 3,000 to 60,000 words in 8 to 120 sections, words in Zipf's proportions out of 20,000, each
text leaning to the words of two of twelve subjects, every fifth in Chinese, and the report's own document as a whole
text. The package counts them, so that every table is what a user would have. The copy must pass the check of its
data and is built from nothing and once more unchanged. Seconds are wall-clock time, memory
is the peak of the largest process. The seed is fixed: two runs make the same tables.
"""

from __future__ import annotations

import argparse
import csv
import datetime
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from bench.growth import OURS, timed  # noqa: E402
from bench.reproduce import copy  # noqa: E402
from policybook import corpus, data, paths, settings  # noqa: E402
from policybook.sectioning import Section  # noqa: E402

OUT = Console()
SEED = 20250726
DOCUMENTS = 200
VOCABULARY, SUBJECTS, LEANING = 20_000, 12, 500
WORDS, SECTIONS = (3_000, 60_000), (8, 120)
CHINESE = 5  # every fifth text
LINE = 5  # of the Chinese texts, every fifth stands in the line before or after the document
GOAL_SECONDS, MOST_SPEC, MOST_PAGE = 180, 150_000, 800_000
# Names that the term groups and the bodies are searched by, among the invented words.
NAMES = (
    "United Nations",
    "ISO",
    "IEC",
    "ITU",
    "OECD",
    "G7",
    "G20",
    "NIST",
    "UNESCO",
    "Sustainable Development Goals",
    "developing countries",
    "human rights",
    "fundamental rights",
    "sovereignty",
    "safety",
    "open source",
    "energy",
)
KINDS = (("guide", "voluntary"), ("strategy", "policy"), ("declaration", "non_binding"), ("regulation", "binding"))


# ------------------------------------------------------------------------------------------------------ invented texts


class Language:
    """The words of a language by rank, and how often each comes in a text on given subjects."""

    def __init__(self, language: str, known: Counter[str]) -> None:
        """Take the words known, most frequent first, and invent the rest."""
        random = np.random.default_rng(SEED)
        words = [word for word, _ in sorted(known.items(), key=lambda item: (-item[1], item[0]))][: VOCABULARY // 2]
        if language == "en":
            words[40:40] = NAMES
        words, more = dict.fromkeys(words), self._invented(language, words, random)
        while len(words) < VOCABULARY:
            words.setdefault(next(more))
        self.language, self.words = language, np.array(list(words), dtype=object)
        self.weights = 1 / (np.arange(VOCABULARY) + 2.7)
        # The words of a subject are rare in all other texts.
        self.subjects = [random.choice(np.arange(150, VOCABULARY), LEANING, replace=False) for _ in range(SUBJECTS)]

    @staticmethod
    def _invented(language: str, known: list[str], random: np.random.Generator) -> Iterator[str]:
        if language == "en":
            parts = [a + b for a in "bcdfghklmnprstvwz" for b in ("a", "e", "i", "o", "u", "ar", "en", "ist")]
        else:
            parts = sorted({letter for word in known for letter in word})
        while True:
            yield "".join(parts[i] for i in random.integers(0, len(parts), int(random.integers(2, 5))))

    def __iter__(self) -> Iterator[str]:
        return iter(self.words)

    def text(self, subjects: list[int], words: int, random: np.random.Generator) -> str:
        """Return so many words on subjects, in sentences of about twenty."""
        weights = self.weights.copy()
        for subject in subjects:
            weights[self.subjects[subject]] *= 12
        drawn = self.words[np.searchsorted(np.cumsum(weights / weights.sum()), random.random(words) * 0.999999)]
        stops = np.flatnonzero(random.random(words) < 0.05)
        drawn[stops] = drawn[stops] + ("." if self.language == "en" else "。")
        return (" " if self.language == "en" else "").join(drawn)


def _languages(report: paths.Paths) -> dict[str, Language]:
    known: dict[str, Counter[str]] = {"en": Counter(), "zh": Counter()}
    languages = data.load("text_versions", report).set_index("version_id")["language"].astype(str)
    for row in data.load("token_counts", report).itertuples():
        known[languages[row.version_id]][row.token] += row.count
    return {language: Language(language, words) for language, words in known.items()}


def _text(place: int, language: Language, names: list[str] | None) -> list[Section]:
    """Return an invented text, always the same for its place."""
    random = np.random.default_rng([SEED, place])
    size = int(np.exp(random.uniform(*np.log(WORDS))))
    if names is None:
        names = [f"S{n:03}" for n in range(1, int(np.clip(size / 400 * random.uniform(0.6, 1.6), *SECTIONS)) + 1)]
    subjects = random.choice(SUBJECTS, 2, replace=False).tolist()
    shares = random.dirichlet(np.full(len(names), 3.0))
    return [
        Section(name, "", language.text(subjects, max(int(size * share), 30), random))
        for name, share in zip(names, shares, strict=True)
    ]


_LANGUAGES: dict[str, Language] = {}


def _counted(task: tuple[int, str, str, list[str] | None, Path]) -> tuple[str, list[str], dict[str, list[dict]]]:
    place, version, language, names, root = task
    report = paths.Paths(root)
    if not _LANGUAGES:
        _LANGUAGES.update(_languages(paths.Paths(ROOT)))
    parts = _text(place, _LANGUAGES[language], names)
    return corpus.digest(parts), [part.name for part in parts], corpus.count(version, parts, language, report)


# ---------------------------------------------------------------------------------------------------- data package


def grow(root: Path, documents: int) -> int:
    """Add invented texts to the report in ``root`` until it has so many counted ones; return how many it has.

    A report with more keeps them all.
    """
    report = paths.Paths(root)
    tables: dict[str, list[dict[str, str]]] = {}
    fields = {}
    for name in ("sources", "documents", "text_versions", "doc_stats", "token_counts", "term_counts", "zh_term_counts"):
        tables[name], fields[name] = _rows(report, name)
    tables["named_bodies"], fields["named_bodies"] = _rows(report, "named_bodies")
    whole = {row["doc_id"] for row in tables["text_versions"] if row["completeness"] == "full"}
    plan = settings.load(report).document
    own = next(row for row in tables["documents"] if row["doc_id"] == plan)
    tasks, about = [], {}
    if documents > len(whole) and plan not in whole:
        asked = sorted(row["article"] for row in _rows(report, "articles")[0] if int(row["article_no"]) > 0)
        tasks.append((0, plan, "en", ["preamble", *asked], root))
        about[plan] = own
    for place in range(1, documents - len(whole) - len(tasks) + 1):
        language = "zh" if place % CHINESE == 0 else "en"
        row = _document(place, language, own["date"])
        tables["documents"].append(row)
        tables["sources"].append(
            {
                "source_id": row["source_id"],
                "publisher": row["issuer"],
                "title": row["title"],
                "date": row["date"],
                "date_precision": "day",
                "url": f"https://example.org/texts/{place}",
                "type": "official",
                "language": language,
                "evidence": "read",
                "reliability": "primary",
                "accessed": "2026-11-01",
            }
        )
        version = corpus.version_of(row["doc_id"], language)
        tasks.append((place, version, language, None, root))
        about[version] = row
    with ProcessPoolExecutor() as pool:
        for task, (mark, names, rows) in zip(tasks, pool.map(_counted, tasks), strict=True):
            _, version, language, *_ = task
            for name, found in rows.items():
                tables[name] += found
            row = about[version]
            size = next(int(found["words"]) for found in rows["doc_stats"] if found["section"] == corpus.ALL)
            row |= {"completeness": "full"} | ({"words_measured": str(size)} if language == "en" else {})
            tables["text_versions"].append(
                {
                    "version_id": version,
                    "doc_id": row["doc_id"],
                    "language": language,
                    "completeness": "full",
                    "altered": "false",
                    "sections": ";".join([*names, corpus.ALL]),
                    "cuts": "invented",
                    "text_found_in": f"{row['doc_id']}.txt",
                    "text_sha256": mark,
                    "counted": "2026-11-01",
                    "counted_with": corpus.counted_with(language),
                    "source_id": row["source_id"],
                    "evidence": "read",
                    "confidence": "high",
                }
            )
    for name, rows in tables.items():
        key = data.resource(name, report)["schema"]["primaryKey"]
        rows.sort(key=lambda row, key=tuple(key): [row[column] for column in key])
        with (report.data / data.resource(name, report)["path"]).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, fields[name], restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
    data.refresh(report)
    return len({row["doc_id"] for row in tables["text_versions"] if row["completeness"] == "full"})


def _rows(report: paths.Paths, name: str) -> tuple[list[dict[str, str]], list[str]]:
    with (report.data / data.resource(name, report)["path"]).open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        return list(reader), list(reader.fieldnames or [])


def _document(place: int, language: str, own_date: str) -> dict[str, str]:
    kind, force = KINDS[place % len(KINDS)]
    day = datetime.date(2017, 1, 1) + datetime.timedelta(days=place * 3517 % 3500)
    name = f"{('Northern', 'Eastern', 'Joint', 'Southern', 'Western')[place % 5]} {kind} {place}, {day.year}"
    row = {
        "doc_id": f"invented_{place:03}",
        "title": f"{name}: on the governance of artificial intelligence and the economy",
        "short_title": name,
        "issuer": f"Ministry {place}",
        "date": day.isoformat(),
        "date_precision": "day",
        "language": language,
        "doc_type": kind,
        "force": force,
        "legal_status": force.replace("_", "-"),
        "completeness": "full",
        "coverage": "full",
        "source_id": f"invented_{place:03}",
        "evidence": "read",
        "confidence": "high",
    }
    if language == "zh":
        row["title_zh"] = f"人工智能治理文件第{place}号"
        if place % (CHINESE * LINE) == 0:
            row["lineage"] = "before" if row["date"] < own_date else "after"
    return row


# ---------------------------------------------------------------------------------------------------------- measuring


# Runs a chapter outside the build, cell by cell: times in the notebook would hide it from the cache.
_CELLS = """
import json, sys, nbformat
from datetime import datetime
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, timeout=600, record_timing=True, resources={"metadata": {"path": sys.argv[2]}}).execute()
def seconds(cell):
    at = cell.metadata.execution
    keys = ("iopub.status.busy", "shell.execute_reply")
    ends = [datetime.fromisoformat(at[key].replace("Z", "+00:00")) for key in keys]
    return (ends[1] - ends[0]).total_seconds()
print(json.dumps({cell.id: seconds(cell) for cell in notebook.cells if cell.cell_type == "code"}))
"""


def cells(root: Path, chapter: str, most: int = 5) -> dict[str, float]:
    """Return the seconds of the slowest cells of a chapter, by their id."""
    env = os.environ | {"PYTHONPATH": str(root / "book"), "POLICYBOOK_ROOT": str(root)}
    command = [sys.executable, "-c", _CELLS, str(root / "book" / f"{chapter}.ipynb"), str(root / "book")]
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return {key: round(found[key], 2) for key in sorted(found, key=found.get, reverse=True)[:most]}


def measure(root: Path, documents: int, *, books: bool) -> dict[str, object]:
    """Make the copy, check it, build it twice, and return the figures."""
    copy(root)
    started = time.perf_counter()
    counted = grow(root, documents)
    made = time.perf_counter() - started
    options = [] if books else ["--no-pdf"]
    check, check_memory, _ = timed(root, root / "book", OURS, "check")
    cold, memory, said = timed(root, root / "book", OURS, "build", *options)
    OUT.print(said, highlight=False, markup=False)
    warm, *_ = timed(root, root / "book", OURS, "build", *options)
    html = root / "_build" / "html"
    pages = {path.stem: path.stat().st_size for path in html.glob("book/*.html")}
    specs = {path.name.removesuffix(".vl.json"): path.stat().st_size for path in html.glob("figures/*.vl.json")}
    package = data.descriptor(paths.Paths(root))["resources"]

    def heaviest(sizes: dict[str, int], most: int = 5) -> dict[str, int]:
        return {name: sizes[name] for name in sorted(sizes, key=sizes.get, reverse=True)[:most]}

    return {
        "documents": counted,
        "token_rows": next(item["rowCount"] for item in package if item["name"] == "token_counts"),
        "data_bytes": sum(item["bytes"] for item in package),
        "zip_bytes": sum(path.stat().st_size for path in html.glob("downloads/*.zip")),
        "with_books": books,
        "made_s": round(made, 1),
        "check_s": round(check, 1),
        "check_bytes": check_memory,
        "cold_s": round(cold, 1),
        "cold_bytes": memory,
        "unchanged_s": round(warm, 1),
        "page_bytes": heaviest(pages),
        "spec_bytes": heaviest(specs),
        "cells_s": cells(root, "plan"),
    }


def show(rows: list[dict[str, object]]) -> None:
    """Print the figures, a column for each number of texts; what misses its goal is marked."""
    table = Table(title=f"Many texts: {platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    table.add_column("measure")
    for row in rows:
        table.add_column(f"{row['documents']} texts", justify="right")

    def line(name: str, write) -> None:
        table.add_row(name, *[write(row) for row in rows])

    def mark(value: float, most: float, text: str) -> str:
        return text if value < most else f"[red]{text} ![/red]"

    def listed(key: str, most: int, unit: float, name: str):
        return lambda row: "\n".join(mark(n, most, f"{what} {n / unit:.1f} {name}") for what, n in row[key].items())

    line("rows of token_counts", lambda row: f"{row['token_rows']:,}")
    line("data, zip", lambda row: f"{row['data_bytes'] / 1e6:.1f} MB, {row['zip_bytes'] / 1e6:.1f} MB")
    line("check of the data", lambda row: f"{row['check_s']} s, {row['check_bytes'] / 1e6:.0f} MB")
    said = "HTML, PDF, EPUB" if rows[0]["with_books"] else "HTML"
    line(f"build from nothing ({said})", lambda row: mark(row["cold_s"], GOAL_SECONDS, f"{row['cold_s']} s"))
    line("peak of a process", lambda row: f"{row['cold_bytes'] / 1e6:.0f} MB")
    line("build again, unchanged", lambda row: f"{row['unchanged_s']} s")
    line("heaviest pages", listed("page_bytes", MOST_PAGE, 1000, "kB"))
    line("heaviest specifications", listed("spec_bytes", MOST_SPEC, 1000, "kB"))
    line("slowest cells of plan", listed("cells_s", GOAL_SECONDS, 1, "s"))
    OUT.print(table)


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--documents", type=int, nargs="+", default=[DOCUMENTS])
    parser.add_argument("--no-pdf", action="store_true", help="pages only")
    parser.add_argument("--keep", type=Path, help="make the copies here, and leave them")
    asked = parser.parse_args()
    results = []
    for documents in asked.documents:
        with tempfile.TemporaryDirectory() as folder:
            root = (asked.keep or Path(folder)) / f"report-{documents}"
            results.append(measure(root, documents, books=not asked.no_pdf))
    show(results)
    target = ROOT / "_build" / "bench.json"
    target.parent.mkdir(exist_ok=True)
    before = json.loads(target.read_text(encoding="utf-8")) if target.is_file() else {}  # what other benches wrote
    target.write_text(json.dumps(before | {"many_texts": results}, indent=1))
    OUT.print(f"written to {target}", soft_wrap=True)


if __name__ == "__main__":
    main()
