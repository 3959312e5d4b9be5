"""The check of the prose: each rule finds a planted fault, with chapter and cell, and lets sound text pass."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policybook import paths, prose
from support import policybook

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def copied(tmp_path_factory: pytest.TempPathFactory) -> paths.Paths:
    """A copy of this report."""
    root = tmp_path_factory.mktemp("report")
    shutil.copytree(ROOT / "data", root / "data")
    shutil.copytree(ROOT / "book", root / "book", ignore=shutil.ignore_patterns("__pycache__", "fonts", "_build"))
    for name in ("_toc.yml", "_config.yml"):
        shutil.copy(ROOT / name, root / name)
    return paths.Paths(root)


@pytest.fixture
def plant(copied: paths.Paths) -> Iterator[Callable[..., list[prose.Problem]]]:
    """Put a new cell into the chapter on reception, behind a cell of prose, and return the problems then found."""
    path = copied.book / "reception.ipynb"
    before = path.read_text(encoding="utf-8")

    def put(source: str, kind: str = "markdown", **metadata: object) -> list[prose.Problem]:
        notebook = json.loads(before)
        cell = {"cell_type": kind, "id": "planted", "metadata": metadata, "source": source.splitlines(keepends=True)}
        notebook["cells"].append(cell | ({"outputs": [], "execution_count": None} if kind == "code" else {}))
        path.write_text(json.dumps(notebook, ensure_ascii=False), encoding="utf-8")
        return prose.check(copied)

    yield put
    path.write_text(before, encoding="utf-8")


def found(problems: list[prose.Problem]) -> list[tuple[str, str]]:
    """Return kind and passage of problems, all of which must be in the planted cell."""
    assert {(problem.chapter, problem.cell) for problem in problems} <= {("reception", "planted")}, problems
    return [(problem.kind, problem.text) for problem in problems]


def show(**arguments: str) -> str:
    """Return code that shows a chart with these arguments, each a piece of code."""
    given = {"name": "'fig-planted'", "caption": "'Dots.'", "alt": "'A chart of dots. It rises.'"} | arguments
    return f"charts.show(chart, {', '.join(f'{key}={value}' for key, value in given.items())})"


# ------------------------------------------------------------------------------------------------------- this report


def test_the_prose_of_this_report_has_no_problem(report: paths.Paths) -> None:
    problems = prose.check(report)
    assert not problems, "\n".join(map(str, problems))


def test_exceptions_are_few_and_each_has_its_reason(report: paths.Paths) -> None:
    """Raise the number only for one that no rule in EXCEPTIONS could cover."""
    listed = prose.exceptions(report)
    assert all(len(one["reason"].split()) >= 5 for _, _, one in listed)
    assert Counter(one["kind"] for _, _, one in listed) <= Counter(number=4), listed


def test_every_chapter_of_the_contents_is_read(report: paths.Paths) -> None:
    files = prose.chapters(report)
    assert {path.stem for path in files} >= {path.stem for path in report.book.glob("*.ipynb")}
    assert files[0].stem == "index"
    cells = [cell for path in files for cell in prose.read(path)[0]]
    assert sum("\ue000" in block.text for cell in cells for block in cell.blocks) > 150
    assert sum(cell.shows for cell in cells) > 60


# ------------------------------------------------------------------------------------------------------------ numbers


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("There are 41 states in it.", ["41"]),
        ("It rose by 3.5 percent to 1,200 TWh.", ["3.5", "1,200"]),
        ("A share of 40% and 12–15 items.", ["40%", "12–15"]),
        ("Up to two thirds higher, and three times as many.", ["two thirds", "three times"]),
        ("Fifteen frames and twenty-two bodies.", ["Fifteen", "twenty-two"]),
        ("In 2025 percent of cases, 2000 TWh.", ["2025", "2000"]),
        ("It needs 5GW and AI 7 of them.", ["5", "7"]),
        (":::{admonition} About 9 of them\nText with 8.\n:::", ["9", "8"]),
        ("- an item with 6 things", ["6"]),
    ],
)
def test_typed_numbers_are_found(plant: Callable, text: str, typed: list[str]) -> None:
    numbers = [passage for kind, passage in found(plant(text)) if kind == "number"]
    assert sorted(numbers) == sorted(typed)


@pytest.mark.parametrize(
    "text",
    [
        "On 6 and 7 July 2026, from 2017 to 2026, in mid-2025, on 2025-07-26 and 30 to 31 July.",
        "Articles 3 to 13, article 7 and articles 4, 6 and 8; annex 2.",
        "ISO/IEC JTC 1/SC 42, ISO/IEC TR 20226:2025, ISO/IEC 30134-9, TC 28/SC 42, TC260.",
        "EN 18286, GB/Z 185, ITU-T L.1801.",
        "GB/T 45652, 45654 and 45674; GB 45438-2025.",
        "Resolution 79/325, Framework 2.0, CC BY 4.0, the 14th five-year plan, the Group of Seven, G7.",
        "CO2, 3G, H200, 910B, FP16, H20-class and UTF-8 in 3GPP.",
        "Rates per 1,000 words with 95 percent bootstrap intervals on a scale of 0 to 1.",
        "Code `x = 41` and [a link of 1998 with 12 words](https://example.org/12).",
        "Three tracks, two coders, one of six principles.",
    ],
)
def test_names_dates_and_code_are_no_numbers(plant: Callable, text: str) -> None:
    assert found(plant(text)) == []


def test_numbers_in_strings_of_code_must_be_computed(plant: Callable) -> None:
    assert found(plant(show(caption="'The 41 states.'"), "code")) == [("number", "41")]
    assert found(plant(show(alt="'Dots for 12 states. ' + 'They rise.'"), "code")) == [("number", "12")]
    assert found(plant("about = 'Only 9 of them.'\n" + show(note="about"), "code")) == [("number", "9")]
    assert found(plant("charts.titled(chart, f'{n} of 41 states', 'States')", "code")) == [("number", "41")]
    assert found(plant("charts.titled(chart, 'x', measure='All 41 states')", "code")) == [("number", "41")]
    assert found(plant("display(Markdown('There are 41.'))", "code")) == [("number", "41")]
    sound = show(caption="f'The {len(states)} states of 2025.'", note="f'{n:,.0f} of them'")
    assert found(plant(sound + "\nrows = states.head(41)\nassert 'of 12 others'", "code")) == []


def test_modules_are_checked_too(copied: paths.Paths) -> None:
    path = copied.book / "policybook" / "charts" / "planted.py"
    path.write_text("def draw(rows):\n    finding = 'All 41 states agree'\n    return titled(rows, finding, 'x')\n")
    try:
        (problem,) = prose.check(copied)
    finally:
        path.unlink()
    assert (problem.chapter, problem.cell, problem.text) == ("policybook/charts/planted.py", "draw", "41")


# ---------------------------------------------------------------------------------------------------------- citations

NUMBER = "There are {glue:text}`rec_items` of them"


def test_a_computed_number_needs_something_to_point_to(plant: Callable) -> None:
    assert [kind for kind, _ in found(plant(f"{NUMBER}."))] == ["citation"]
    assert [kind for kind, _ in found(plant(f"- {NUMBER}.\n- Nothing {{cite:p}}`o_mfa_waico`."))] == ["citation"]
    for source in ("{cite:p}`o_mfa_waico`", "({numref}`fig-reception-map`)", "({ref}`chapter-plan`)"):
        assert found(plant(f"{NUMBER} {source}.")) == []


def test_every_finding_needs_something_to_point_to(plant: Callable) -> None:
    for head in ("## Findings", "## In brief", "**In brief**"):
        assert [kind for kind, _ in found(plant(f"{head}\n\n- It is so."))] == ["citation"], head
        assert found(plant(f"{head}\n\n- It is so ({{numref}}`fig-reception-map`).")) == []
    assert found(plant("## What it is about\n\nIt is so.")) == []


def test_a_paragraph_counts_with_a_figure_only_beside_it() -> None:
    def cells(*order: str) -> list[prose.Cell]:
        made = {
            "text": lambda: prose.Cell("c", "text", prose.read_markdown(f"{NUMBER}.")[0]),
            "two": lambda: prose.Cell("c", "two", prose.read_markdown(f"{NUMBER}.\n\nAnd so on.")[0]),
            "chart": lambda: prose.Cell("c", "chart", [], is_code=True, shows=True),
            "silent": lambda: prose.Cell("c", "silent", [], is_code=True),
        }
        return [made[name]() for name in order]

    def unsourced(*order: str) -> list[str]:
        return [cell.name for cell, _ in prose._unsourced(cells(*order))]

    assert unsourced("text") == ["text"]
    assert unsourced("text", "chart") == unsourced("chart", "text") == unsourced("text", "silent", "chart") == []
    assert unsourced("two", "chart") == ["two"]  # another paragraph stands between
    assert unsourced("text", "two", "chart") == ["text", "two"]


# --------------------------------------------------------------------------------------------------------- quotations


def test_quotations_are_short_and_have_a_source(plant: Callable) -> None:
    long = "one of these and another of these and then a last one of these"
    assert [kind for kind, _ in found(plant(f'He says "{long}" {{cite:p}}`o_mfa_waico`.'))] == ["quotation"]
    assert [kind for kind, _ in found(plant("He says “a new global order”."))] == ["quotation"]
    assert found(plant('He says "a new global order" {cite:p}`o_mfa_waico`.')) == []
    assert found(plant('They "promote" it and "need to" do so; `a "quoted piece of code"`.')) == []
    assert [kind for kind, _ in found(plant(show(note="'It says “a new global order”.'"), "code"))] == ["quotation"]
    assert found(plant(show(note="'It says “a new global order”.'", sources="rows['source_id']"), "code")) == []


# ------------------------------------------------------------------------------------------------------- attributions


@pytest.mark.parametrize(
    "text",
    [
        "Experts say that it matters.",
        "Some observers have warned of it.",
        "Critics argue otherwise {numref}`fig-reception-map`. Many believe so.",
        "It is widely regarded as a success.",
        "The Plan is seen as an answer.",
        "It has reportedly failed.",
        "According to reports it failed.",
        "Studies show that it works.",
        "It is said that it works.",
    ],
)
def test_attributions_to_nobody_are_found(plant: Callable, text: str) -> None:
    assert [kind for kind, _ in found(plant(text))] == ["attribution"]


@pytest.mark.parametrize(
    "text",
    [
        "Critics argue otherwise {cite:p}`o_mfa_waico`.",
        "According to the ministry it grew. The Atlantic Council sees an attempt.",
        "Official pages were seen as passages. Most rows rest on a source. Its sources are many.",
        "The experts of the committee met; people use it.",
    ],
)
def test_named_sources_are_no_vague_attribution(plant: Callable, text: str) -> None:
    assert found(plant(text)) == []


# -------------------------------------------------------------------------------------------------------------- links


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("See {ref}`chapter-nowhere`.", "chapter-nowhere"),
        ("See {ref}`there <chapter-nowhere>`.", "chapter-nowhere"),
        ("See {numref}`fig-nothing`.", "fig-nothing"),
        ("See {cite:p}`o_mfa_waico,no_such_source`.", "no_such_source"),
        ("See [it](#no-such-row).", "#no-such-row"),
        ("See [it](nowhere.html#article-7).", "nowhere.html#article-7"),
        ('See <a href="../nowhere.pdf">it</a>.', "../nowhere.pdf"),
        ("See [it](#cite-no-such-source).", "#cite-no-such-source"),
        ("See [it](plan.html#no-such-row).", "plan.html#no-such-row"),
    ],
)
def test_dead_links_are_found(plant: Callable, text: str, target: str) -> None:
    assert found(plant(text)) == [("link", target)]


def test_living_links_pass(plant: Callable) -> None:
    text = (
        "(planted-label)=\n\n"
        "{ref}`chapter-plan`, {ref}`here <planted-label>`, {numref}`tbl-article-7`, {numref}`fig-sus-fans`, "
        "[row](#article-7), [page](plan.html#article-7), [source](references.html#cite-o-mfa-waico), "
        '<a href="../report.pdf">PDF</a>, [web](https://example.org/#x), [event](background.html#event-un-79-325), '
        "{cite:p}`o_mfa_waico`."
    )
    assert found(plant(text)) == []


# ----------------------------------------------------------------------------------------------------------- language


def test_chinese_needs_its_language(plant: Callable) -> None:
    assert found(plant("The Plan (行动计划) and [人工智能]{.language-zh-Hans}.")) == [("language", "行动计划")]
    assert found(plant("| a | b |\n|---|---|\n| x | 行动计划 |")) == [("language", "行动计划")]
    assert found(plant("display(Markdown('行动计划'))", "code")) == [("language", "行动计划")]
    assert found(plant(show(note="'See 行动计划.'"), "code")) == [("language", "行动计划")]
    assert found(plant(show(alt="'Rows of 行动计划. They rise.'"), "code")) == [("language", "行动计划")]
    assert found(plant("[人工智能]{.language-zh-Hans} and `人工智能`")) == []
    assert found(plant("charts.titled(chart, '行动计划 leads', 'x')", "code")) == []  # drawn, not read as text


# --------------------------------------------------------------------------------------------------------- exceptions


def test_an_exception_lets_its_passage_pass_and_nothing_else(plant: Callable) -> None:
    allow = {"kind": "number", "text": "41", "reason": "The number of a street in Geneva."}
    assert found(plant("At number 41.", policybook={"allow": [allow]})) == []
    assert found(plant("At number 41 or 42.", policybook={"allow": [allow]})) == [("number", "42")]


def test_an_exception_that_is_idle_or_incomplete_is_a_problem(plant: Callable) -> None:
    idle = {"kind": "number", "text": "41", "reason": "The number of a street in Geneva."}
    assert found(plant("Nothing.", policybook={"allow": [idle]})) == [("exception", "41")]
    for broken in ({"kind": "number", "text": "41"}, idle | {"reason": " "}, idle | {"kind": "x"}, "41"):
        kinds = [kind for kind, _ in found(plant("At number 41.", policybook={"allow": [broken]}))]
        assert kinds == ["number", "exception"]


# ---------------------------------------------------------------------------------------------- broken input, commands


def test_what_is_no_notebook_is_named(copied: paths.Paths, plant: Callable) -> None:
    assert [kind for kind, _ in found(plant("x = (", "code"))] == ["notebook"]
    (copied.book / "reception.ipynb").write_text("{", encoding="utf-8")
    problems = [problem for problem in prose.check(copied) if problem.kind == "notebook"]
    assert [(problem.chapter, problem.cell) for problem in problems] == [("reception", "(file)")]


def test_the_command_tells_problems_of_data_and_prose_at_once(copied: paths.Paths, plant: Callable) -> None:
    plant("There are 41 of them.")
    table = copied.data / "countries.csv"
    before = table.read_text(encoding="utf-8")
    table.write_text(before + "x,y\n", encoding="utf-8")
    try:
        done = policybook("check", cwd=copied.root, check=False)
        skipped = policybook("check", "--no-prose", cwd=copied.root, check=False)
    finally:
        table.write_text(before, encoding="utf-8")
    assert done.returncode == skipped.returncode == 2
    assert "reception, cell planted: number: '41'" in done.stderr and "in the prose" in done.stderr
    assert "countries" in done.stderr and "in the data package" in done.stderr
    assert "planted" not in skipped.stderr
    done = policybook("check", cwd=copied.root, check=False)
    assert done.returncode == 2 and "in the data package" not in done.stderr


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("a1 ,.%-/“”\"'`{}[]()<>:|*_#=$\n中\ue000GB0€é"), max_size=60))
def test_any_text_can_be_read(text: str) -> None:
    blocks, _ = prose.read_markdown(text)
    for block in blocks:
        list(prose._block_problems(block))
    prose.numbers(text), prose.quotations(text), prose.sentences(text), prose.vague(text)


@settings(max_examples=200, deadline=None)
@given(st.integers(0, 10**7), st.sampled_from(["{} states", "about {}.", "({})", "{} percent", "- {}"]))
def test_a_number_in_plain_words_is_found_unless_it_may_be_a_year(number: int, pattern: str) -> None:
    typed = prose.numbers(pattern.format(number))
    assert len(typed) == (0 if 1900 <= number < 2070 and "percent" not in pattern else 1)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_any_code_is_read_or_refused(text: str) -> None:
    with suppress(SyntaxError, ValueError):  # a null byte is a ValueError in some versions of Python
        prose.read_code(text)
