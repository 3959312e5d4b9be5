"""Fuzzing the intake of texts, led by coverage; exit code 1 on a finding.

``python tests/bench/fuzz_intake.py --seconds 600`` needs atheris (``pip install atheris``: wheels for Linux; in no lock
file). The formats take turns. Each is fuzzed in a process that converts, cuts and counts what atheris makes of a corpus
of sound and hostile documents, with an address space of 1 GB over what it starts with and a guard that sees every
socket, program and file that Python opens. A finding is an error other than ``IntakeError``, a forbidden call, or an
input that ends or stops the process; of the last kind those are left out that :func:`policybook.intake.read` reads or
refuses as it should, in its process with limits of its own. At the end every hostile document is read at the size of
``--megabytes``, which prints seconds and memory; ``--seconds 0`` does only this, and needs no atheris.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType

import click

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "book"), str(ROOT / "tests")]

FORMATS = ("txt", "md", "html", "pdf", "docx")
MODULES = ("intake", "sectioning", "counting")
MOST_BYTES = {"txt": 4096, "md": 4096, "html": 4096, "pdf": 16_384, "docx": 16_384}
SECONDS_PER_INPUT, GIGABYTE = 10, 1 << 30
# What the guard lets pass: the interpreter, its packages, and what needs no look.
HARMLESS = [sys.prefix, sys.base_prefix, str(ROOT), "/dev/null", "/dev/urandom", "/usr/lib", "/lib"]
WORD = b"<w:"  # an input for Word that starts so is the body of a document, all others are the bytes of the file


def seeds(kind: str) -> Iterator[bytes]:
    """Give the documents that fuzzing a format starts from."""
    import hostile

    size = 600
    if kind == "docx":
        yield hostile.word()
        yield from (part for part in hostile.zip_samples().values() if len(part) < MOST_BYTES["docx"])
        yield re.sub(rb".*<w:body>(.*)</w:body>.*", rb"\1", hostile.word_parts()["word/document.xml"], flags=re.DOTALL)
    elif kind == "pdf":
        yield hostile.paper()
        plain = b"BT /F 9 Tf 9 9 Td (1. Ponds.) Tj T* [(gar) 9 (den-)] TJ ET q 1 0 0 1 0 0 cm Q"
        yield hostile.pdf_page(b"<</Length %d>>\nstream\n%s\nendstream" % (len(plain), plain))
        yield from (make(size) for name, make in hostile.pdf_samples().items() if name not in hostile.ENDLESS)
    else:
        sound = {"txt": hostile.PLAIN, "md": hostile.MARKDOWN, "html": hostile.PAGE}[kind]
        yield from (sound.encode(encoding) for encoding in ("utf-8", "utf-16", "gb18030", "utf-8-sig"))
        yield "第一条 池塘。各村一起修好池塘。\n第二条 灯火。大家点灯。\n第一章 总则\n附件一\n".encode()
        makers = {"txt": hostile.TXT, "md": hostile.MD, "html": hostile.HTML}[kind]
        yield from (make(size).encode()[:4096] for make in makers.values())


def as_file(kind: str, data: bytes) -> bytes:
    """Return the bytes of the file that an input stands for."""
    import hostile

    if kind == "docx" and data.startswith(WORD):
        return hostile.word_of(data.decode("utf-8", "replace"))
    return data


def take_in(kind: str, data: bytes) -> None:
    """Do with bytes what adding a text does, in this process; raises what should not happen."""
    from policybook import counting, intake
    from policybook.sectioning import sections

    try:
        text, _, title, notes = intake.convert(as_file(kind, data), "", f"plan.{kind}", None)
        assert text.strip() and "\n" not in title and all("\n" not in note for note in notes)
        (text + title).encode()
        language = intake.language(text)
        parts = sections(text, language)
        assert len({part.name for part in parts}) == len(parts) > 0
        assert all(re.fullmatch("[A-Za-z][A-Za-z0-9_]*", part.name) for part in parts)
        for part in parts[:50]:
            counting.count(part.text)
            counting.count_terms(part.text, {"care": r"\b(?:care|mend)s?\b(?: \w+){0,3}", "ponds": "pond"})
            counting.chinese_words(part.text)
            counting.count_chinese_terms(part.text, ["池塘", "大家"])
    except intake.IntakeError as error:
        assert "\n" not in str(error) and str(error)


# ------------------------------------------------------------------------------------------------------- in the worker


def _guard(folder: Path, note: Callable[[str], None]) -> None:
    """Note every socket, every program but pandoc and every file outside ``folder`` from now on."""
    import pypandoc

    pandoc, allowed = pypandoc.get_pandoc_path(), (*HARMLESS, str(folder))

    def hook(event: str, args: tuple[object, ...]) -> None:
        said = ""
        if event.startswith(("socket.", "urllib.", "http.client.")):
            said = f"{event} {args!r:.200}"
        elif event in ("subprocess.Popen", "os.exec", "os.posix_spawn", "os.system"):
            said = f"{event} {args!r:.200}" if args[0] != pandoc else ""
        elif event in ("open", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.listdir", "shutil.move"):
            path = args[0]
            if isinstance(path, str | bytes | os.PathLike):
                place = os.path.abspath(os.fsdecode(path))
                written = event != "open" or (isinstance(args[1], str) and re.search("[wax+]", args[1]))
                inside = place.startswith(str(folder)) or (not written and place.startswith(tuple(allowed)))
                said = "" if inside or place == "/dev/null" else f"{event} {place}"
        if said:
            note(f"forbidden: {said}")
            raise PermissionError(said)

    sys.addaudithook(hook)


def work(kind: str, seconds: int, folder: Path) -> None:
    """Fuzz one format; does not come back. Findings are lines of ``findings.jsonl`` in the folder."""
    import atheris

    with atheris.instrument_imports(include=["policybook.intake", "policybook.sectioning", "policybook.counting"]):
        from policybook import counting, intake, sectioning  # noqa: F401
    import py3langid
    import trafilatura

    import hostile

    py3langid.classify("words")
    trafilatura.extract("<html><body><p>These are words, and there are many of them.</p></body></html>")
    hostile.word()
    hostile.paper()
    findings = os.open(folder / "findings.jsonl", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    seen: set[str] = set()
    slowest = 0.0

    def note(said: str) -> None:
        if said not in seen:
            seen.add(said)
            os.write(findings, json.dumps({"kind": kind, "said": said, "input": current.hex()}).encode() + b"\n")

    current = b""
    running = os.open(folder / f"running-{kind}", os.O_WRONLY | os.O_CREAT)

    def one(data: bytes) -> None:
        nonlocal current, slowest
        current = data
        os.ftruncate(running, 0)
        os.pwrite(running, data, 0)
        start = time.perf_counter()
        try:
            take_in(kind, data)
        except MemoryError:
            raise
        except BaseException as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            note(f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}: {str(error)[:100]}")
        took = time.perf_counter() - start
        if took > slowest:
            slowest = took
            (folder / f"slowest-{kind}.json").write_text(json.dumps({"seconds": took, "bytes": len(data)}))

    take_in(kind, next(seeds(kind)))
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + GIGABYTE, used + GIGABYTE))
    _guard(folder, note)
    options = {"max_total_time": seconds, "timeout": SECONDS_PER_INPUT, "max_len": MOST_BYTES[kind]}
    options |= {
        "rss_limit_mb": 2048,
        "print_final_stats": 1,
        "seed": 1,
        "artifact_prefix": f"{folder}/artifact-{kind}-",
    }
    atheris.Setup(["fuzz", *(f"-{name}={value}" for name, value in options.items()), str(folder / kind)], one)
    atheris.Fuzz()


def lines_reached(kind: str, folder: Path) -> None:
    """Run the corpus of a format again and write which lines of the modules it reaches."""
    from policybook import counting, intake, sectioning

    files = {module.__file__: name for name, module in zip(MODULES, (intake, sectioning, counting), strict=True)}
    reached: set[tuple[str, int]] = set()

    def trace(frame, event, _):
        if frame.f_code.co_filename not in files:
            return None
        if event == "line":
            reached.add((files[frame.f_code.co_filename], frame.f_lineno))
        return trace

    end = time.monotonic() + 15
    sys.settrace(trace)
    for path in sorted((folder / kind).iterdir()):
        if time.monotonic() > end:
            break
        with contextlib.suppress(Exception):
            take_in(kind, path.read_bytes())
    sys.settrace(None)
    (folder / f"lines-{kind}.json").write_text(json.dumps(sorted(reached)))


def lines_of(path: Path) -> set[int]:
    """Return the lines of a module that hold code within a function."""
    found: set[int] = set()

    def walk(code: CodeType, inside: bool) -> None:
        if inside:
            found.update(line for _, _, line in code.co_lines() if line and line != code.co_firstlineno)
        for part in code.co_consts:
            if isinstance(part, CodeType):
                walk(part, True)

    walk(compile(path.read_text(encoding="utf-8"), str(path), "exec"), False)
    return found


# ------------------------------------------------------------------------------------------------------ in the parent


def _fuzz(kind: str, seconds: int, folder: Path) -> tuple[int, int, int, list[str]]:
    """Fuzz a format for so long, anew after each input that ends the process.

    Returns executions, edges of the code reached, such inputs, and what of these the intake itself does not bear.
    """
    end, runs, edges, stopped, hard = time.monotonic() + seconds, 0, 0, 0, []
    running = folder / f"running-{kind}"
    while (left := round(end - time.monotonic())) > 0:
        command = [sys.executable, __file__, "--work", kind, "--folder", str(folder), "--seconds", str(left)]
        running.write_bytes(b"")
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", cwd=folder)
        counted = re.findall(r"stat::number_of_executed_units:\s*(\d+)|^#(\d+)\s", done.stderr, re.MULTILINE)
        runs += max((int(total or at) for total, at in counted), default=0)
        edges = max([edges, *map(int, re.findall(r"cov: (\d+)", done.stderr))])
        if done.returncode:
            data = running.read_bytes()
            if not data:
                hard.append(f"{kind}: the fuzzer ended with {done.returncode}: {done.stderr[-600:]}")
                break
            stopped += 1
            for path in (folder / kind).iterdir():  # else it would stop the next round as well
                if path.read_bytes() == data:
                    path.unlink()
            said = _still_hard(kind, data, folder / f"stopped-{kind}-{hashlib.sha1(data).hexdigest()[:12]}.{kind}")
            hard += [said] if said else []
    return runs, edges, stopped, hard


def _still_hard(kind: str, data: bytes, document: Path) -> str:
    """Return what is wrong when the intake itself, in its process with limits, does not refuse or read an input."""
    document.write_bytes(as_file(kind, data))
    took, memory, said = _read(document)
    if said.startswith("!") or took > SECONDS_PER_INPUT + 2 or memory > 1000:
        return f"{kind}: {document.name}: {took:.1f} s, {memory} MB, {said}"
    return ""


def _read(path: Path) -> tuple[float, int, str]:
    """Read and cut a document in a process of its own; return seconds, MB of the largest process, what was said."""
    code = (
        "import resource, sys; from policybook import intake; from policybook.sectioning import sections\n"
        "try: text = intake.read(sys.argv[1]).text; said = f'read, {len(sections(text, \"en\"))} sections'\n"
        "except intake.IntakeError as error: said = f'refused: {error}'\n"
        "most = max(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))\n"
        "print(most // 1024, said)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT / "book")}
    start = time.monotonic()
    try:
        done = subprocess.run(
            [sys.executable, "-c", code, str(path)], capture_output=True, text=True, timeout=300, env=environment
        )
    except subprocess.TimeoutExpired:
        return time.monotonic() - start, 0, "! no answer"
    took = time.monotonic() - start
    if done.returncode:
        return took, 0, f"! {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}"
    memory, _, said = done.stdout.strip().partition(" ")
    return took, int(memory), said


def measure(megabytes: float, folder: Path) -> list[str]:
    """Read each hostile document at this size; print what it costs and return what costs too much."""
    import hostile

    size, findings = int(megabytes * 1_000_000), []
    makers: list[tuple[str, str, Callable[[int], bytes]]] = [
        (kind, name, lambda size, make=make: make(size).encode())
        for kind, group in (("txt", hostile.TXT), ("md", hostile.MD), ("html", hostile.HTML))
        for name, make in group.items()
    ]
    makers += [("pdf", *item) for item in hostile.pdf_samples().items()]
    makers += [("docx", *item) for item in hostile.word_samples().items()]
    makers += [("docx", name, lambda _, data=data: data) for name, data in hostile.zip_samples().items()]
    for kind, name, make in makers:
        path = folder / f"sample.{kind}"
        path.write_bytes(make(size))
        took, memory, said = _read(path)
        allowed = SECONDS_PER_INPUT * max(1, path.stat().st_size / 1e6) + 2
        wrong = said.startswith("!") or took > allowed or memory > 1000
        large = path.stat().st_size / 1e6
        click.echo(f"{'! ' if wrong else ''}{kind:5}{name:32}{large:6.2f} MB{took:6.1f} s{memory:6} MB  {said}")
        if wrong:
            findings.append(f"{kind}: {name}: {took:.1f} s, {memory} MB, {said}")
    return findings


@click.command()
@click.option("--seconds", default=600, show_default=True, help="Of fuzzing, for all formats together.")
@click.option("--formats", default=",".join(FORMATS), show_default=True)
@click.option("--megabytes", default=1.0, show_default=True, help="Of each hostile document at the end; 0: none.")
@click.option(
    "--keep", type=click.Path(path_type=Path), help="A folder for corpus and findings (default: thrown away)."
)
@click.option("--work", hidden=True)
@click.option("--reach", hidden=True)
@click.option("--folder", type=click.Path(path_type=Path), hidden=True)
def main(
    seconds: int, formats: str, megabytes: float, keep: Path | None, work: str, reach: str, folder: Path | None
) -> None:
    """Fuzz the intake of texts."""
    if folder and work:
        return globals()["work"](work, seconds, folder)
    if folder and reach:
        return lines_reached(reach, folder)
    with contextlib.ExitStack() as stack:
        home = (keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))).resolve()
        kinds = formats.split(",")
        findings: list[str] = []
        lines: set[tuple[str, int]] = set()
        for kind in kinds if seconds else []:
            (home / kind).mkdir(parents=True, exist_ok=True)
            for data in seeds(kind):
                (home / kind / hashlib.sha1(data).hexdigest()).write_bytes(data)
            runs, edges, stopped, hard = _fuzz(kind, seconds // len(kinds), home)
            findings += hard
            if seconds >= 60:
                subprocess.run(
                    [sys.executable, __file__, "--reach", kind, "--folder", str(home)], cwd=home, check=False
                )
            if (home / f"lines-{kind}.json").exists():
                lines |= {tuple(line) for line in json.loads((home / f"lines-{kind}.json").read_text())}
            slow = home / f"slowest-{kind}.json"
            slowest = json.loads(slow.read_text()) if slow.exists() else {"seconds": 0, "bytes": 0}
            kept = len(list((home / kind).iterdir()))
            click.echo(
                f"{kind}: {runs:,} executions, {edges:,} edges, {kept:,} inputs kept, "
                f"slowest {slowest['seconds']:.2f} s ({slowest['bytes']:,} bytes), "
                f"{stopped} stopped the fuzzer, {len(hard)} of them the intake"
            )
        for name in MODULES if lines else ():
            own = lines_of(ROOT / "book" / "policybook" / f"{name}.py")
            hit = own & {line for module, line in lines if module == name}
            click.echo(
                f"{name}: {len(hit)} of {len(own)} lines in functions reached ({100 * len(hit) / len(own):.0f} %)"
            )
        if (home / "findings.jsonl").exists():
            noted = [json.loads(line) for line in (home / "findings.jsonl").read_text().splitlines()]
            findings += sorted({f"{item['kind']}: {item['said']} [{item['input'][:400]}]" for item in noted})
        if megabytes:
            findings += measure(megabytes, home)
        for said in findings:
            click.echo(f"FINDING {said}")
        click.echo(f"{len(findings)} findings")
    sys.exit(bool(findings))


if __name__ == "__main__":
    main()
