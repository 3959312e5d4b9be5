"""Running the chapters: in parallel, and again whenever something that they read has changed.

MyST-NB takes outputs from a jupyter-cache, which knows a notebook by the text of its code cells alone: it would show
old numbers after a change in a table or in this package. This module fills the cache before the pages are read. A
chapter runs again when its code, the package, or a table that it loaded last time has changed.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

from policybook import data, paths, versions

MANIFEST = "policybook.json"


class ChapterError(Exception):
    """A chapter did not run to its end; the message names chapter, cell and error."""


@dataclass(frozen=True)
class Run:
    """One executed chapter: its path, its notebook with outputs, seconds taken and the tables that it loaded."""

    path: Path
    notebook: nbformat.NotebookNode
    seconds: float
    tables: tuple[str, ...]


def seconds(cache_folder: Path) -> dict[str, float]:
    """Return what each chapter took when it ran last, in seconds, by its name."""
    manifest = _read_manifest(cache_folder / MANIFEST)
    return {Path(name).stem: float(known["seconds"]) for name, known in manifest.items() if "seconds" in known}


def fingerprint(notebook: nbformat.NotebookNode, tables: Iterable[str], package: str, report: paths.Paths) -> str:
    """Return a digest (hex) of all that the outputs of a chapter depend on."""
    code = [cell.source for cell in notebook.cells if cell.cell_type == "code"]
    read = {name: data.fingerprint(name, report) for name in sorted(set(tables))}
    content = json.dumps([code, notebook.metadata.get("kernelspec", {}), read, package], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def refresh(
    chapters: list[Path],
    cache_folder: Path,
    report: paths.Paths,
    timeout: int = 300,
    tell: Callable[[str], None] = lambda text: None,
    finished: Callable[[Run], None] = lambda run: None,
) -> dict[str, str]:
    """Bring the cache up to date and return the fingerprint of every chapter, by its path from the root of the report.

    Runs the chapters that need it in parallel, one kernel for each core. ``tell`` gets a line for every chapter run,
    ``finished`` the run itself.

    Raises ``ChapterError`` when one fails; nothing of the failed chapter enters the cache, the others are kept.
    """
    cache = get_cache(str(cache_folder))
    cache_folder.mkdir(parents=True, exist_ok=True)
    manifest_path = cache_folder / MANIFEST
    manifest = _read_manifest(manifest_path)
    package = versions.digest()
    notebooks: dict[Path, nbformat.NotebookNode] = {}
    stale: list[Path] = []
    # Chapters are known by their place in the report: a report that is moved keeps its outputs.
    key = {path: path.relative_to(report.root).as_posix() for path in chapters}
    for path in chapters:
        notebook = read(path)
        known = manifest.get(key[path], {})
        now = fingerprint(notebook, known.get("tables", ()), package, report)
        cached = _cached(cache, notebook)
        if cached is None or known.get("fingerprint") != now:
            stale.append(path)
            if cached is not None:
                cache.remove_cache(cached)
        notebooks[path] = notebook
    # Longest first, as measured last time: two cores are then busy to the end.
    stale.sort(key=lambda path: -manifest.get(key[path], {}).get("seconds", 60.0))
    failures: list[str] = []
    pool = ThreadPoolExecutor(max_workers=max(1, min(len(stale), os.cpu_count() or 1)))
    try:
        running = {pool.submit(_run, path, notebooks[path], timeout): path for path in stale}
        for done, future in enumerate(as_completed(running), start=1):
            path = running[future]
            try:
                run = future.result()
            except ChapterError as error:
                failures.append(str(error))
                manifest.pop(key[path], None)
                continue
            bundle = CacheBundleIn(run.notebook, str(path), data={"execution_seconds": run.seconds})
            cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
            manifest[key[path]] = {
                "fingerprint": fingerprint(notebooks[path], run.tables, package, report),
                "tables": sorted(run.tables),
                "seconds": round(run.seconds, 2),
            }
            finished(run)
            tell(f"{path.stem} run in {run.seconds:.1f} s ({done} of {len(stale)})")
    except BaseException:
        # Stopped by the user, or a fault of ours: kernels live in sessions of their own and would run on.
        pool.shutdown(wait=False, cancel_futures=True)
        _stop_kernels()
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
        paths.keep(manifest_path, json.dumps(manifest, indent=1, sort_keys=True).encode())
    if failures:
        raise ChapterError("\n\n".join(failures))
    return {name: manifest[name]["fingerprint"] for name in key.values()}


def displayed(notebook: nbformat.NotebookNode, mime_type: str) -> list[dict]:
    """Return what the cells of an executed notebook displayed under a MIME type, in order."""
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    return [output["data"][mime_type] for output in outputs if mime_type in output.get("data", {})]


def executed(path: Path, cache_folder: Path) -> nbformat.NotebookNode:
    """Return a chapter with the outputs that the cache holds for it; ``KeyError`` when it holds none."""
    return get_cache(str(cache_folder)).merge_match_into_notebook(read(path))[1]


def _read_manifest(path: Path) -> dict[str, dict]:
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def _cached(cache, notebook: nbformat.NotebookNode) -> int | None:
    try:
        return cache.match_cache_notebook(notebook).pk
    except KeyError:
        return None


def read(path: Path) -> nbformat.NotebookNode:
    """Read a notebook; ``ChapterError`` says when it is missing or not valid."""
    try:
        return nbformat.read(path, as_version=4)
    except FileNotFoundError:
        raise ChapterError(f"chapter not found: {path}") from None
    except (nbformat.reader.NotJSONError, nbformat.ValidationError, UnicodeDecodeError) as error:
        raise ChapterError(f"{path}: not a valid notebook: {str(error).splitlines()[0]}") from None


_at_work: set[NotebookClient] = set()


def _stop_kernels() -> None:
    for client in list(_at_work):
        process = getattr(getattr(client.km, "provisioner", None), "process", None)
        if process is not None:
            process.kill()


def _run(path: Path, notebook: nbformat.NotebookNode, timeout: int) -> Run:
    """Run a copy of a notebook in a kernel of its own, in its own folder."""
    notebook = copy.deepcopy(notebook)
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "tables.log"
        environment = os.environ | {
            "POLICYBOOK_TABLES_LOG": str(log),
            "PYTHONHASHSEED": "0",
            # Two kernels on two cores: each keeps to one thread.
            "OMP_NUM_THREADS": "1",
            # Starting up compiled beats checking every module of the debugger.
            "PYDEVD_DISABLE_FILE_VALIDATION": "1",
        }
        client = NotebookClient(
            notebook,
            timeout=timeout,
            kernel_name="python3",
            record_timing=False,  # times in the metadata of cells would hide the notebook from the cache
            resources={"metadata": {"path": str(path.parent)}},
            # Kernels warn, each anew, that they listen on this machine without encryption.
            extra_arguments=["--log-level=ERROR"],
        )
        _at_work.add(client)
        try:
            client.execute(env=environment)
        except CellTimeoutError:
            raise ChapterError(f"{path}: a cell ran longer than {timeout} s and was stopped") from None
        except CellExecutionError as error:
            raise ChapterError(_explain(path, notebook, error)) from None
        except DeadKernelError:
            raise ChapterError(f"{path}: the kernel died while the chapter ran (out of memory?)") from None
        finally:
            _at_work.discard(client)
        tables = tuple(sorted(set(log.read_text(encoding="utf-8").split()))) if log.exists() else ()
    return Run(path, notebook, time.perf_counter() - started, tables)


def _explain(path: Path, notebook: nbformat.NotebookNode, error: CellExecutionError) -> str:
    """Name the chapter, the number and text of the failing cell, and the last lines of the error."""
    for number, cell in enumerate(notebook.cells, start=1):
        if cell.cell_type == "code" and any(output.output_type == "error" for output in cell.outputs):
            code = "\n".join(f"    {line}" for line in cell.source.splitlines()[:12])
            return f"{path}: cell {number} failed: {error.ename}: {_plain(error.evalue)}\n{code}"
    return f"{path}: {error.ename}: {_plain(error.evalue)}"


def _plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", text)
