"""A server of the built book for this machine, as a host of static pages would send it.

It sends ``404.html`` for an address that the site does not have, the policy that the pages keep to, and the site below
its configured path as well, so that a page with addresses from the root can be tried as it will be published.
"""

from __future__ import annotations

import functools
from http import HTTPStatus
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

from policybook.wayfinding import MISSING, base_path

POLICY = "default-src 'self'"


class Handler(SimpleHTTPRequestHandler):
    """Answers for one folder; ``base`` is the path of the site on its server, with slashes at both ends."""

    def __init__(self, *arguments: object, base: str = "/", quiet: bool = False, **options: object) -> None:
        """Answer one connection; see the class above for what the other arguments are."""
        self.base, self.quiet = base, quiet
        super().__init__(*arguments, **options)

    def translate_path(self, path: str) -> str:
        """Return the file for an address, which may begin with the path of the site."""
        asked = unquote(urlsplit(path).path)
        return super().translate_path(path[len(self.base) - 1 :] if asked.startswith(self.base) else path)

    def end_headers(self) -> None:
        """Send the policy with every answer."""
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Send the page for missing addresses where there is one."""
        page = Path(self.directory, f"{MISSING}.html")
        if code != HTTPStatus.NOT_FOUND or not page.is_file():
            super().send_error(code, message, explain)
            return
        content = page.read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *arguments: object) -> None:
        """Say what was asked for, unless nobody wants to know."""
        if not self.quiet:
            super().log_message(*arguments)


def server(folder: Path, port: int = 8000, site: str = "", quiet: bool = False) -> ThreadingHTTPServer:
    """Return a server of a built site on this machine, not started; raises ``OSError`` when the port is taken.

    ``site`` is the address at which the site is published, if it has any; port 0 is any that is free.
    """
    handler = functools.partial(Handler, directory=str(folder), base=base_path(site), quiet=quiet)
    return ThreadingHTTPServer(("127.0.0.1", port), handler)
