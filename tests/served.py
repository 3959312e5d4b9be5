"""The site as a server gives it to a browser: packed, with a strict policy; and how much a page moves meanwhile."""

from __future__ import annotations

import functools
import gzip
import io
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

POLICY = "default-src 'self'"
# What a packed form gains on; fonts and pictures are packed already.
_PACKED = {".html", ".css", ".js", ".json", ".svg", ".csv", ".txt", ".atom"}


class Packing(SimpleHTTPRequestHandler):
    """Files of a folder with gzip, a Content-Security-Policy and a life of one hour."""

    protocol_version = "HTTP/1.1"

    def send_head(self):
        """Answer with the file, packed where the browser takes that."""
        path = Path(self.translate_path(self.path))
        packed = path.suffix in _PACKED and "gzip" in self.headers.get("Accept-Encoding", "")
        if not path.is_file() or not packed:
            return super().send_head()
        content = _packed(path, path.stat().st_mtime_ns)
        self.send_response(200)
        self.send_header("Content-Type", self.guess_type(str(path)))
        self.send_header("Content-Encoding", "gzip")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        return io.BytesIO(content)

    def end_headers(self):
        self.send_header("Content-Security-Policy", POLICY)
        self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()

    def guess_type(self, path):
        found = super().guess_type(path)
        return f"{found}; charset=utf-8" if found.startswith("text/") else found

    def log_message(self, *said):
        """Say nothing."""


@functools.cache
def _packed(path: Path, changed: int) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder on a free port of this machine; yield the address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Packing, directory=str(folder))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


_WATCH = """
self.pbShifts = [];
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) self.pbShifts.push([one.value, one.hadRecentInput, one.sources.map(({ node }) =>
    node?.outerHTML?.slice(0, 160) ?? node?.textContent?.slice(0, 80) ?? String(node))]);
}).observe({ type: "layout-shift", buffered: true });
"""


_SETTLED = """[...document.querySelectorAll(".pb-chart")].every((chart) => {
  const { top, bottom } = chart.getBoundingClientRect();
  return chart.dataset.state || top > innerHeight + 190 || bottom < -190;
})"""


def walk(context: Any, address: str) -> dict[str, Any]:
    """Open a page in a context of Playwright, scroll down to its end while charts come alive.

    Returns ``shift`` (the sum of all layout shifts, without unit; https://web.dev/articles/cls takes the worst window
    of five seconds, which is less), ``moved`` (what moved: the markup of the largest five) and ``weight`` (bytes over
    the wire before the first scroll, without the script of Vega).
    """
    page = context.new_page()
    page.add_init_script(_WATCH)
    devtools = context.new_cdp_session(page)
    devtools.send("Network.enable")
    names, sizes = {}, {}
    devtools.on("Network.requestWillBeSent", lambda sent: names.update({sent["requestId"]: sent["request"]["url"]}))
    devtools.on("Network.loadingFinished", lambda got: sizes.update({got["requestId"]: got["encodedDataLength"]}))
    page.goto(address, wait_until="load")
    page.wait_for_timeout(600)
    first = {names[key]: size for key, size in sizes.items() if not _later(names[key])}
    height = page.evaluate("document.documentElement.scrollHeight")
    step, place = page.viewport_size["height"] // 2, 0
    while place < height:
        place += step
        page.mouse.wheel(0, step)
        page.wait_for_timeout(60)
        for _ in range(600):  # the policy lets the driver wait for no expression
            if page.evaluate(_SETTLED):
                break
            page.wait_for_timeout(50)
        height = page.evaluate("document.documentElement.scrollHeight")
    page.wait_for_timeout(100)
    shifts = sorted(page.evaluate("self.pbShifts"), reverse=True)
    page.close()
    return {
        "shift": round(sum(value for value, asked, _ in shifts if not asked), 4),
        "moved": [[round(value, 4), *sources] for value, asked, sources in shifts[:5] if not asked],
        "weight": sum(first.values()),
        "loaded": first,
    }


def _later(address: str) -> bool:
    """Say whether a file belongs to a chart that comes alive, and not to the first view."""
    return address.endswith("/vega.js") or "/figures/" in address
