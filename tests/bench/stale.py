"""Changes one thing at random, builds, and looks whether the book is what a build from nothing makes of it.

    python tests/bench/stale.py [--times N] [--seed N] [--keep FOLDER]

A small report with a package of its own is changed again and again: one cell of any table, a line of a chapter, of a
module, of a template, of a style sheet, of the settings, a chapter more or less. After each change it is built on top
of the last build, and a copy of it from nothing. Every published file must be the same: then each page that the change
bears on is new, and no other is. Exit code 1 when one differs.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from bench import kill  # noqa: E402
from bench.reproduce import differences  # noqa: E402
from policybook import data, paths  # noqa: E402

OUT = Console(highlight=False)


def build(root: Path) -> None:
    """Build a report with the package that lies in it; ``RuntimeError`` when it fails."""
    done = kill.build(root, root / "book")
    if done.returncode:
        raise RuntimeError(f"{done.stdout}{done.stderr}")


def cell(root: Path, drawn: random.Random) -> str:
    """Change one cell of one table to another value that the checks let pass; return which."""
    report = paths.Paths(root)
    while True:
        name = drawn.choice(data.names(report))
        item = data.resource(name, report)
        path = report.data / item["path"]
        before, package = path.read_bytes(), report.descriptor.read_bytes()
        with path.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream))
        fields = {field["name"]: field["type"] for field in item["schema"]["fields"]}
        if not rows or len(rows) > 5000:
            continue
        row, column = drawn.choice(rows), drawn.choice(sorted(fields))
        old = row[column]
        if fields[column] in ("integer", "number"):
            row[column] = f"{float(old or 0) + 1:g}"
        else:
            row[column] = f"{old} x".strip() if fields[column] == "string" else ""
        with path.open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(fields), lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
        data.refresh(report, only=[name])
        if row[column] != old and not data.check(report):
            return f"{name}, {column}: {old!r} is {row[column]!r}"
        path.write_bytes(before)
        report.descriptor.write_bytes(package)


def chapter(root: Path, drawn: random.Random) -> str:
    """Add a sentence or a line of code to a cell of a chapter."""
    path = drawn.choice(sorted((root / "book").glob("*.ipynb")))
    notebook = json.loads(path.read_text(encoding="utf-8"))
    number = drawn.randrange(len(notebook["cells"]))
    chosen = notebook["cells"][number]
    word = f"word{drawn.randrange(10**6)}"
    chosen["source"] = "".join(chosen["source"]) + (
        f"\n\nA sentence with {word}." if chosen["cell_type"] == "markdown" else f"\n{word} = 1"
    )
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return f"{path.name}, cell {number}: {word}"


def heading(root: Path, drawn: random.Random) -> str:
    """Give a chapter another title, which stands in the menus of all pages."""
    path = drawn.choice(sorted((root / "book").glob("*.ipynb")))
    notebook = json.loads(path.read_text(encoding="utf-8"))
    before, _, rest = "".join(notebook["cells"][0]["source"]).partition("\n")
    notebook["cells"][0]["source"] = f"{before} {drawn.randrange(1000)}\n{rest}"
    path.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return f"{path.name}: {notebook['cells'][0]['source'].partition(chr(10))[0]}"


def _append(root: Path, drawn: random.Random, pattern: str, write: Callable[[str], str]) -> str:
    path = drawn.choice(sorted(root.glob(pattern)))
    word = f"word{drawn.randrange(10**6)}"
    path.write_text(path.read_text(encoding="utf-8") + write(word), encoding="utf-8")
    return f"{path.relative_to(root)}: {word}"


def module(root: Path, drawn: random.Random) -> str:
    """Change what the package writes on pages, by a line of code at the end of a module."""
    word = f"Cite this {drawn.choice(['leaf', 'text', 'piece'])}"
    path = root / "book" / "policybook" / "site.py"
    text = path.read_text(encoding="utf-8")
    old = text.split('id="cite-this-page"><summary>')[1].split("<")[0]
    path.write_text(text.replace(f"<summary>{old}<", f"<summary>{word}<"), encoding="utf-8")
    return f"site.py: {old} is {word}"


def remark(root: Path, drawn: random.Random) -> str:
    """Add a remark to any module."""
    return _append(root, drawn, "book/policybook/**/*.py", lambda word: f"\n# {word}\n")


def template(root: Path, drawn: random.Random) -> str:
    """Change the template of the PDF."""
    return _append(root, drawn, "book/policybook/templates/*.typ", lambda word: f"\n// {word}\n")


def sheet(root: Path, drawn: random.Random) -> str:
    """Add a rule to the style sheet."""
    return _append(root, drawn, "book/_static/custom.css", lambda word: f"\n.{word}, p {{ orphans: 3; }}\n")


def script(root: Path, drawn: random.Random) -> str:
    """Change a script of the pages."""
    return _append(root, drawn, "book/_static/*.js", lambda word: f"\n// {word}\n")


def settings(root: Path, drawn: random.Random) -> str:
    """Change the title or the author of the report."""
    path = root / "_config.yml"
    lines = path.read_text(encoding="utf-8").splitlines()
    key = drawn.choice(["title", "author"])
    at = next(number for number, line in enumerate(lines) if line.startswith(f"{key}:"))
    lines[at] = f'{key}: "Another {key} {drawn.randrange(1000)}: an executable report"'
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return f"_config.yml: {lines[at]}"


def contents(root: Path, drawn: random.Random) -> str:
    """Turn the order of the chapters round."""
    path = root / "_toc.yml"
    lines = path.read_text(encoding="utf-8").splitlines()
    at = [number for number, line in enumerate(lines) if "- file:" in line]
    lines[at[0]], lines[at[-1]] = lines[at[-1]], lines[at[0]]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return "_toc.yml: another order"


def page(root: Path, drawn: random.Random) -> str:
    """Add a chapter with an image, or take it away again."""
    path, toc = root / "book" / "added.md", root / "_toc.yml"
    lines = toc.read_text(encoding="utf-8").splitlines(keepends=True)
    entry = "      - file: book/added\n"
    if path.is_file():
        path.unlink()
        lines.remove(entry)
    else:
        image = root / "book" / f"image{drawn.randrange(10**6)}.svg"
        image.write_text(
            '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><rect width="9" height="9"/></svg>'
        )
        path.write_text(f"# Added\n\n![A picture]({image.name})\n", encoding="utf-8")
        lines.insert(drawn.choice([at for at, line in enumerate(lines) if "- file:" in line]), entry)
    toc.write_text("".join(lines), encoding="utf-8")
    return f"_toc.yml: a chapter {'more' if entry in lines else 'less'}"


CHANGES = (
    *(cell, chapter, cell, module, page, heading, sheet, chapter),
    *(settings, remark, cell, template, page, script, contents),
)


def run(root: Path, folder: Path, times: int, seed: int, tell: Callable[[str], None] = lambda text: None) -> list[str]:
    """Change and build so many times; return what differed from a build from nothing, after which change."""
    drawn = random.Random(seed)
    shutil.copytree(paths.PACKAGE, root / "book" / "policybook", ignore=shutil.ignore_patterns("__pycache__"))
    build(root)
    wrong = []
    for number in range(times):
        said = CHANGES[number % len(CHANGES)](root, drawn)
        build(root)
        clean = folder / f"clean {number}" / root.name
        shutil.copytree(root, clean, ignore=shutil.ignore_patterns("_build", "__pycache__"))
        build(clean)
        found = list(differences(root, clean))
        wrong += [f"{said}: {line}" for line in found]
        tell(f"{number + 1} of {times}: {said}: {len(found) or 'no'} files differ")
        for line in found:
            tell(f"  {line}")
        shutil.rmtree(clean.parent)
    return wrong


def _say(text: str) -> None:
    OUT.print(text, markup=False, soft_wrap=True)


def main() -> None:
    """Change, build, compare, print."""
    import conftest

    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--times", type=int, default=45)
    parser.add_argument("--seed", type=int, default=20250726)
    parser.add_argument("--keep", type=Path, help="work here, and leave it")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = asked.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        wrong = run(conftest.make_small_book(folder / "små book"), folder, asked.times, asked.seed, _say)
    OUT.print(f"{asked.times} changes, {len(wrong)} files that are not what a build from nothing makes")
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
