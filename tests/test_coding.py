"""Coding with two coders: sheets out and in, whatever a spreadsheet does to them, and the published agreement."""

import csv
import io
import json
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from policybook import agreement, codebooks, coding, data, editing, methods, paths, sheets
from support import policybook

TABLES = ("commitments", "items")


def _sheet(report, table, coder, which=coding.ALL):
    found = codebooks.coding(table, report, coder)
    tables = editing.Tables(report)
    rows = coding._units(found, tables)
    return found, tables, sheets.read(coding._sheet(found, coder, rows, list(rows), which), [coding.MARK])


def _fill(found, coder, sheet, codes):
    """Put the codes of a table into a sheet, as a coder would who has them in mind."""
    for _, row in sheet.rows:
        own = codes[coding._unit(found, row)]
        for column in found.asked():
            row[column.name] = own[column.name] or (codebooks.EMPTY if column.has_empty else "")
        for spec in found.remarks[coder]:
            row[spec["name"]] = own[spec["name"]]
    return sheet


def _saved(columns, rows, delimiter=",", end="\r\n", encoding="utf-8-sig", upper=False):
    stream = io.StringIO(newline="")
    writer = csv.writer(stream, delimiter=delimiter, lineterminator=end)
    writer.writerow(columns)
    for row in rows:
        cells = [sheets.harmless(row.get(name, "")) for name in columns]
        writer.writerow([cell.upper() if upper and cell in ("true", "false") else cell for cell in cells])
    return stream.getvalue().encode(encoding)


def _filled(report, table, coder):
    found, tables, sheet = _sheet(report, table, coder)
    codes = coding._codes_of(found, tables, coder)
    return found, _fill(found, coder, sheet, codes)


@pytest.mark.parametrize("table", TABLES)
def test_the_second_coder_sees_nothing_of_the_first(report, table):
    found, tables, _ = _sheet(report, table, codebooks.SECOND)
    rows = coding._units(found, tables)
    content = coding._sheet(found, codebooks.SECOND, rows, list(rows), coding.ALL)
    sheet = sheets.read(content, [coding.MARK])
    written = {column.name for column in found.columns} | {
        "stance_rationale",
        "confidence",
        "exclude_from_stance_stats",
    }
    filled = {name for _, row in sheet.rows for name, cell in row.items() if cell}
    assert not written & filled
    order = [coding._unit(found, row) for _, row in sheet.rows]
    assert sorted(order) == sorted(rows) and order != list(rows)
    assert content == coding._sheet(found, codebooks.SECOND, rows, list(rows), coding.ALL)
    assert content.startswith(b"\xef\xbb\xbf")


CELL = st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",)), max_size=12)


@given(CELL)
def test_no_cell_runs_as_a_formula_and_each_comes_back(text):
    out = sheets.harmless(text)
    assert sheets.unharmed(out) == text
    assert out[:1] not in tuple("=+@\t\r\n＝＋－＠") and (not out.startswith("-") or float(out) <= 0)


@settings(max_examples=40, deadline=None)
@given(
    st.data(),
    st.sampled_from([",", ";", "\t"]),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
    st.booleans(),
    st.integers(0, 1000),
)
def test_out_and_in_is_the_identity_in_every_dialect(draw, delimiter, end, encoding, upper, seed):
    report = paths.Paths(paths.PACKAGE.parent.parent)
    table = draw.draw(st.sampled_from(TABLES))
    coder = draw.draw(st.sampled_from(list(codebooks.CODERS)))
    found, tables, sheet = _sheet(report, table, coder)
    wanted = {}
    generator = random.Random(seed)
    for _, row in sheet.rows:
        cells = {}
        for column in found.asked():
            choice = column.allowed()
            picked = generator.sample(choice, generator.randint(1, min(column.limit(coder), len(choice))))
            row[column.name] = column.delimiter(coder).join(picked)
            cells[column.name] = "" if picked == [codebooks.EMPTY] else row[column.name]
        for spec in found.remarks[coder]:
            truth = spec["type"] == "boolean"
            cells[spec["name"]] = row[spec["name"]] = (
                generator.choice(["true", "false"]) if truth else '因为, so; "said"'
            )
        wanted[coding._unit(found, row)] = cells
    rows = [row for _, row in sheet.rows]
    columns = list(sheet.columns)
    generator.shuffle(rows)
    generator.shuffle(columns)
    got = coding.read(found, coder, "s.csv", _saved(columns, rows, delimiter, end, encoding, upper), tables)
    derived = {column.name for column in found.columns if column.first_of}
    assert {unit: {k: v for k, v in cells.items() if k not in derived} for unit, cells in got.cells.items()} == wanted


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("coder", list(codebooks.CODERS))
def test_the_tables_of_this_report_come_back_to_the_byte(data_copy, tmp_path, table, coder):
    found, sheet = _filled(data_copy, table, coder)
    before = {path: path.read_bytes() for path in data_copy.data.rglob("*.*")}
    target = data_copy.data / data.resource(found.tables(coder), data_copy)["path"]
    place = tmp_path / "s.csv"
    place.write_bytes(_saved(sheet.columns, [row for _, row in sheet.rows], ";"))
    if coder == codebooks.SECOND:
        target.write_text(target.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
        data.refresh(data_copy)
    coding.take(table, place, report=data_copy)
    assert {path: path.read_bytes() for path in data_copy.data.rglob("*.*")} == before


def test_agreement_is_the_published_one(report):
    names = ("commitments", "commitments_coder_b", "plan_codebook", "items", "items_coder_b")
    asks, asks_b, book, items, items_b = (data.load(name, report) for name in names)
    shown = methods.agreements(asks, asks_b, book, data.seen(items), items_b).set_index("code")
    tables = editing.Tables(report)
    found = [row for table in TABLES for row in coding.agreed(codebooks.coding(table), tables).to_dict("records")]
    carried = agreement.by_theme(asks, asks_b).set_index("theme")
    themes = {row["code"]: row for row in found if row["column"] == "themes"}
    assert set(themes) == set(carried.index)
    for code, row in themes.items():
        names = ["first", "second", "alpha", "low", "high"]
        assert [row[name] for name in names] == pytest.approx(carried.loc[code, names].tolist(), abs=1e-12)
    found = {
        f"{row['column']}_merged" if row["code"] else row["column"]: row for row in found if row["column"] != "themes"
    }
    assert set(found) == set(shown.index)
    for code, row in found.items():
        told = shown.loc[code, ["units", "alpha", "low", "high"]].tolist()
        assert [row["units"], row["alpha"], row["low"], row["high"]] == pytest.approx(told, abs=1e-12)


def _damaged(report, change):
    found, sheet = _filled(report, "commitments", "b")
    rows = [row for _, row in sheet.rows]
    columns = list(sheet.columns)
    change(rows, columns)
    with pytest.raises(data.DataError) as caught:
        coding.read(found, "b", "s.csv", _saved(columns, rows), editing.Tables(report))
    return [str(problem) for problem in caught.value.problems]


def test_everything_wrong_is_told_at_once_with_its_place(report):
    def change(rows, columns):
        rows[0]["deontic"] = "maybe"
        rows[1]["themes"] = "data;standards;innovation;development"
        rows[2]["actor"] = ""
        rows[3]["commitment_id"] = "A99.99"
        rows[5]["commitment_id"] = rows[4]["commitment_id"]

    said = _damaged(report, change)
    assert said[0].startswith("s.csv, line 2, column deontic: is not a code (value 'maybe'); allowed: call, encourage")
    assert "line 3, column themes: has 4 codes" in said[1] and said[1].endswith("allowed: at most 3")
    assert "line 4, column actor: code is missing; allowed: all_stakeholders" in said[2]
    assert "line 5, column commitment_id: is not a unit of the table (value 'A99.99')" in said[3]
    assert "line 7, column commitment_id: unit stands twice, first in line 6" in said[4]
    assert len(said) == 7 and all("unit is missing" in line for line in said[5:])


def test_missing_columns_and_foreign_sheets_are_refused(report):
    assert "column deontic: column is missing" in _damaged(report, lambda rows, columns: columns.remove("deontic"))[0]

    def foreign(rows, columns):
        for row in rows:
            row["sheet"] = "items b all"

    assert "is a line of another sheet (value 'items b all')" in _damaged(report, foreign)[0]
    with pytest.raises(sheets.SheetError, match="workbook"):
        sheets.read(b"PK\x03\x04rest", ["a"])


def test_a_bad_or_interrupted_sheet_changes_nothing(data_copy, tmp_path, monkeypatch):
    sheet = _filled(data_copy, "commitments", "b")[1]
    rows = [row for _, row in sheet.rows]
    rows[0]["actor"] = "enterprises" if rows[0]["actor"] != "enterprises" else "all_parties"
    place = tmp_path / "s.csv"
    place.write_bytes(_saved(sheet.columns, rows))
    before = {path: path.read_bytes() for path in data_copy.data.rglob("*") if path.is_file()}
    dry = policybook("code", "commitments", "--in", str(place), "--dry-run", cwd=data_copy.root)
    assert "1 cells would change" in dry.stdout and "main_theme" in dry.stdout

    def full(self, content):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(paths, "keep_all", lambda contents: full(None, contents))
        with pytest.raises(OSError):
            coding.take("commitments", place, report=data_copy)
    assert {path: path.read_bytes() for path in data_copy.data.rglob("*") if path.is_file()} == before
    coding.take("commitments", place, report=data_copy)
    assert not data.check(data_copy)


def test_the_command_from_sheet_to_disagreements(data_copy, tmp_path):
    run = lambda *words, ok=True: policybook("code", *words, cwd=data_copy.root, check=ok)  # noqa: E731
    place = tmp_path / "b.csv"
    run("commitments", "--out", str(place), "--coder", "b")
    assert "Hard to tell from" in place.with_suffix(".codebook.md").read_text(encoding="utf-8")
    empty = run("commitments", "--in", str(place), ok=False)
    assert empty.returncode == 2 and "384 problems" in empty.stderr and "Traceback" not in empty.stderr
    assert run("commitments", "--out", str(place), ok=False).returncode == 2  # what may hold codes is not written over
    assert "all 128 units" in run("commitments", "--out", str(tmp_path / "o.csv"), "--only-open", ok=False).stderr
    run("commitments", "--disagreements", str(tmp_path / "d.csv"))
    found = sheets.read((tmp_path / "d.csv").read_bytes(), ["column"])
    apart = [row for _, row in found.rows if row["column"] == "actor"]
    one, two = data.load("commitments", data_copy), data.load("commitments_coder_b", data_copy)
    assert len(apart) == (one["actor"].astype(str) != two["actor"].astype(str)).sum() > 0
    assert "no codebook" in run("sources", ok=False).stderr


def test_a_codebook_and_a_schema_that_differ_are_told_by_the_check(data_copy):
    assert codebooks.check(data_copy) == []
    package = json.loads(data_copy.descriptor.read_text(encoding="utf-8"))
    item = next(item for item in package["resources"] if item["name"] == "commitments")
    item["coding"]["context"].append("actor")
    data_copy.descriptor.write_text(json.dumps(package), encoding="utf-8")
    assert "the second coder would see 'actor'" in str(codebooks.check(data_copy)[0])
    item["coding"]["context"].pop()
    next(field for field in item["schema"]["fields"] if field["name"] == "actor")["constraints"]["enum"].pop()
    data_copy.descriptor.write_text(json.dumps(package), encoding="utf-8")
    assert "'think_tanks_forums', which the schema of commitments refuses" in str(codebooks.check(data_copy)[0])


def _sheet_file(report, place, **cells):
    """Save the second coder's filled sheet with other cells in its first line."""
    sheet = _filled(report, "commitments", "b")[1]
    rows = [row for _, row in sheet.rows]
    rows[0].update(cells)
    place.write_bytes(_saved(sheet.columns, rows))
    return place


def test_what_was_stopped_between_table_and_registration_heals(data_copy, tmp_path, monkeypatch):
    other = {"all_parties": "enterprises"}.get(_filled(data_copy, "commitments", "b")[1].rows[0][1]["actor"])
    place = _sheet_file(data_copy, tmp_path / "s.csv", actor=other or "all_parties")

    def stopped(contents):
        path, content = next(iter(contents.items()))
        path.write_bytes(content)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        # Only what is written into the package itself is stopped; the draft is written one file at a time.
        patch.setattr(paths, "keep_all", lambda contents: stopped(contents) if len(contents) > 1 else _keep(contents))
        with pytest.raises(KeyboardInterrupt):
            coding.take("commitments", place, report=data_copy)
    assert "sha256 differs" in str(data.check(data_copy)[0])
    assert coding.take("commitments", place, report=data_copy).changed == 0
    assert data.check(data_copy) == []


def _keep(contents):
    for path, content in contents.items():
        path.write_bytes(content)


def test_differences_that_were_talked_over_are_not_written_over(data_copy, tmp_path):
    place, apart = _sheet_file(data_copy, tmp_path / "s.csv", actor="think_tanks_forums"), tmp_path / "d.csv"
    words = ("code", "commitments", "--in", str(place), "--disagreements", str(apart))
    table = data_copy.data / data.resource("commitments_coder_b", data_copy)["path"]
    before = table.read_bytes()
    apart.write_text("my notes\n", encoding="utf-8")
    assert policybook(*words, cwd=data_copy.root, check=False).returncode == 2
    apart.unlink()
    policybook(*words[:2], *words[4:], cwd=data_copy.root)
    header, *lines = csv.reader(io.StringIO(apart.read_text(encoding="utf-8-sig"), newline=""))
    content = apart.read_bytes()
    lines[0][header.index("agreed")] = "enterprises"
    apart.write_bytes(_saved(header, [dict(zip(header, line, strict=True)) for line in lines]))
    refused = policybook(*words, cwd=data_copy.root, check=False)
    assert refused.returncode == 2 and "is filled: give another name" in refused.stderr
    assert table.read_bytes() == before  # codes did not come in either
    apart.write_bytes(content)
    policybook(*words, cwd=data_copy.root)
    assert table.read_bytes() != before and apart.read_bytes() != content


def test_a_table_without_units_or_codes_and_a_part_coded_one(data_copy, tmp_path):
    target = data_copy.data / data.resource("commitments_coder_b", data_copy)["path"]
    header, *lines = target.read_text(encoding="utf-8").splitlines(keepends=True)
    target.write_text("".join([header, *lines[:100]]), encoding="utf-8")
    data.refresh(data_copy)
    run = lambda *words, ok=True: policybook("code", *words, cwd=data_copy.root, check=ok)  # noqa: E731
    place = tmp_path / "rest.csv"
    assert "28 of 128 units" in run("commitments", "--out", str(place), "--coder", "b", "--only-open").stdout
    columns = next(csv.reader(io.StringIO(place.read_text(encoding="utf-8-sig"))))
    rows = [row for _, row in sheets.read(place.read_bytes(), columns).rows]
    for row in rows:
        row.update(themes="data; Standards", deontic="CALL", actor="all_parties", doubt="x")
    place.write_bytes(_saved(columns, rows, "\t", encoding="utf-16"))
    assert "28 units read" in run("commitments", "--in", str(place)).stdout
    assert data.check(data_copy) == []
    coded = data.load("commitments_coder_b", data_copy)
    assert len(coded) == 128 and coded["commitment_id"].is_monotonic_increasing
    last = coded.iloc[-1]
    assert [last["main_theme"], last["themes"], last["deontic"], last["doubt"]] == [
        "data",
        ("data", "standards"),
        "call",
        True,
    ]
    target.write_text(header, encoding="utf-8")
    data.refresh(data_copy)
    assert "second coder has coded none of 128 units" in run("commitments").stdout
    first = data_copy.data / data.resource("commitments", data_copy)["path"]
    first.write_text(first.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    empty = run("commitments", "--out", str(tmp_path / "e.csv"), ok=False)
    assert empty.returncode == 2 and "has no rows yet" in empty.stderr and not (tmp_path / "e.csv").exists()
    assert "code commitments instead" in run("commitments_coder_b", ok=False).stderr


def test_a_further_table_is_coded_from_the_data_package_alone(data_copy, tmp_path):
    """A fork adds a codebook and two tables; no code names them."""
    field = lambda name, **more: {"name": name, "type": "string", "title": name, "description": name, **more}  # noqa: E731
    coded = [
        field("speech_id"),
        field("words"),
        field("tone", constraints={"required": True, "enum": ["warm", "cold"]}),
    ]
    book = [field(name) for name in ("codebook_id", "group", "code", "definition")]
    made = {
        "speeches": (coded, "speech_id", ["s1,=1+1,warm", 's2,"说, ""x""",cold', "s3,c,warm"]),
        "speeches_b": ([coded[0], coded[2]], "speech_id", []),
        "speech_book": (book, "codebook_id", ["t1,tone,warm,kind words", "t2,tone,cold,other words"]),
    }
    package = json.loads(data_copy.descriptor.read_text(encoding="utf-8"))
    like = {key: value for key, value in package["resources"][0].items() if key not in ("schema", "coding")}
    for name, (fields, key, lines) in made.items():
        own = {"name": name, "path": f"{name}.csv", "title": name, "description": name}
        package["resources"].append(like | own | {"schema": {"fields": fields, "primaryKey": key}})
        text = "\n".join([",".join(spec["name"] for spec in fields), *lines]) + "\n"
        (data_copy.data / f"{name}.csv").write_text(text, encoding="utf-8")
    entry = {"second": "speeches_b", "context": ["words"], "columns": [{"name": "tone"}]}
    package["resources"][-3]["coding"] = entry | {"codebook": {"resource": "speech_book", "group": "group"}}
    data_copy.descriptor.write_text(json.dumps(package, ensure_ascii=False), encoding="utf-8")
    data.refresh(data_copy)
    assert codebooks.check(data_copy) == []
    place = tmp_path / "b.csv"
    coding.make("speeches", place, "b", report=data_copy)
    sheet = sheets.read(place.read_bytes(), ["speech_id"])
    assert b"'=1+1" in place.read_bytes() and b"warm" not in place.read_bytes()
    assert {row["words"] for _, row in sheet.rows} == {"=1+1", '说, "x"', "c"}
    for _, row in sheet.rows:
        row["tone"] = {"s1": "warm", "s2": "cold", "s3": "cold"}[row["speech_id"]]
    place.write_bytes(_saved(sheet.columns, [row for _, row in sheet.rows]))
    taken = coding.take("speeches", place, report=data_copy)
    assert (data_copy.data / "speeches_b.csv").read_text(
        encoding="utf-8"
    ) == "speech_id,tone\ns1,warm\ns2,cold\ns3,cold\n"
    row = coding.agreed(codebooks.coding("speeches", data_copy), taken.tables).iloc[0]
    # 3 units, 2 alike; pooled warm 3, cold 3 of 6: observed 1/3, expected 2*3*3/(6*5).
    assert [row["units"], row["alpha"]] == pytest.approx([3, 1 - (1 / 3) / (18 / 30)])
