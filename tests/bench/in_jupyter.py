"""By hand: opens the chapters in a real JupyterLab, runs them, and looks whether every chart is drawn.

    policybook chapters _build/lab
    python tests/bench/in_jupyter.py .venv/bin/jupyter            # JupyterLab, light and dark
    python tests/bench/in_jupyter.py _build/lite                  # a site of `make lite`, in the browser alone

For each chapter and theme a line: cells with a chart, those in which it is drawn, cells that failed, requests to other
hosts. Exit code 1 when a chart is missing, a cell failed, or (JupyterLab) something was asked of another host.
A site of `make lite` needs a Pyodide distribution (`make lite PYODIDE=...`) or a network.
"""

from __future__ import annotations

import functools
import http.server
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support import CHROMIUM  # noqa: E402

PORT, LIMIT = 8937, 400
SCROLLER = ".jp-WindowedPanel-outer"
# The cells in the window: their place, whether they hold a drawn chart, and whether they failed.
LOOK = """() => [...document.querySelectorAll('.jp-Cell')].map(cell => [
  Number(cell.dataset.windowedListIndex),
  !!cell.querySelector('[class*=jp-RenderedVega] :is(svg, canvas)'),
  !!cell.querySelector('[data-mime-type="application/vnd.jupyter.error"], [data-mime-type*=stderr]'),
])"""
BUSY = "() => [...document.querySelectorAll('.jp-InputPrompt')].filter(e => e.textContent.includes('*')).length"


def main() -> int:
    """Look at every chapter and return the exit code."""
    place = Path(sys.argv[1]).resolve()
    lite = place.is_dir()
    folder = place / "files" / "book" if lite else ROOT / "_build" / "lab"
    names = sys.argv[2:] or sorted(path.stem for path in folder.glob("*.ipynb"))
    stop, address = _serve_site(place) if lite else _serve_lab(place, folder)
    wrong = 0
    try:
        with sync_playwright() as play:
            flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
            browser = play.chromium.launch(executable_path=CHROMIUM, args=flags)
            for name in names:
                for theme in ("light", "dark"):
                    context = browser.new_context(viewport={"width": 1400, "height": 1200}, color_scheme=theme)
                    asked: list[str] = []
                    context.on("request", lambda request, asked=asked: asked.append(request.url))
                    page = context.new_page()
                    shown = f"lab/index.html?path=book/{name}.ipynb" if lite else f"lab/tree/{name}.ipynb?reset"
                    page.goto(f"{address}/{shown}")
                    charts = _charts(folder / f"{name}.ipynb")
                    seconds, drawn, failed = _run(page, theme)
                    local = ("data:", "blob:", "ws:", address)
                    outside = sorted({url for url in asked if not url.startswith(local)})
                    page.screenshot(path=ROOT / "_build" / f"jupyter-{name}-{theme}.png")
                    print(name, theme, f"{len(charts & drawn)} of {len(charts)} charts, {len(failed)} failed,", end=" ")
                    print(f"{len(outside)} requests to other hosts, {seconds:.0f} s", *outside[:2], flush=True)
                    wrong += bool(charts - drawn) + bool(failed) + bool(outside and not lite)
                    context.close()
    finally:
        stop()
    return int(wrong > 0)


def _charts(path: Path) -> set[int]:
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return {number for number, cell in enumerate(cells) if "charts.show(" in "".join(cell["source"])}


def _run(page: Page, theme: str) -> tuple[float, set[int], set[int]]:
    """Run all cells; return the seconds taken, and the cells with a drawn chart and those that failed."""
    page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
    page.wait_for_timeout(4000)
    if theme == "dark":
        _choose(page, "Settings", "Theme", "JupyterLab Dark")
    started = time.perf_counter()
    _choose(page, "Run", "Run All Cells")
    page.wait_for_timeout(4000)
    while page.evaluate(BUSY) and time.perf_counter() - started < LIMIT:
        page.wait_for_timeout(1000)
    seconds, drawn, failed, at = time.perf_counter() - started, set(), set(), 0
    while at < page.evaluate(f"document.querySelector('{SCROLLER}').scrollHeight"):
        page.evaluate(f"document.querySelector('{SCROLLER}').scrollTop = {at}")
        page.wait_for_timeout(400)
        for number, chart, error in page.evaluate(LOOK):
            drawn |= {number} if chart else set()
            failed |= {number} if error else set()
        at += 600
    page.evaluate(f"document.querySelector('{SCROLLER}').scrollTop = 1600")
    page.wait_for_timeout(800)
    return seconds, drawn, failed


def _choose(page: Page, menu: str, *items: str) -> None:
    page.click(f'.lm-MenuBar-itemLabel:text-is("{menu}")')
    for item in items:
        page.click(f'.lm-Menu-itemLabel:text-is("{item}")')


def _serve_lab(jupyter: Path, folder: Path):
    command = [jupyter, "lab", "--no-browser", "--allow-root", f"--notebook-dir={folder}", f"--port={PORT}"]
    command += ["--ServerApp.token=", "--ServerApp.password=", "--ServerApp.ip=127.0.0.1"]
    kept = {key: value for key, value in os.environ.items() if key != "POLICYBOOK_ROOT"}
    server = subprocess.Popen(command, cwd=ROOT, env=kept, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(8)
    return server.terminate, f"http://127.0.0.1:{PORT}"


def _serve_site(folder: Path):
    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *arguments) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server.shutdown, f"http://127.0.0.1:{server.server_port}"


if __name__ == "__main__":
    sys.exit(main())
