"""Take the picture of the landing page that the README shows, from the built book: ``.github/landing.png``.

Run by ``make picture``, when the landing page has changed in a way that readers of the README should see.
"""

from __future__ import annotations

import sys
from pathlib import Path

import oxipng
from playwright.sync_api import sync_playwright

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests"))

from support import CHROMIUM, NO_BROWSER  # noqa: E402

TARGET = ROOT / ".github" / "landing.png"
WIDTH, HEIGHT = 1280, 800


def main() -> None:
    """Write the picture; the first screen of the page at desktop width, light."""
    page_file = ROOT / "_build" / "html" / "book" / "index.html"
    if not CHROMIUM:
        sys.exit(NO_BROWSER)
    if not page_file.is_file():
        sys.exit("no built book: run make book first")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(page_file.as_uri())
        page.evaluate("document.fonts.ready")
        TARGET.write_bytes(oxipng.optimize_from_memory(page.screenshot(), level=4))
        browser.close()
    print(f"{TARGET.relative_to(ROOT)}: {TARGET.stat().st_size // 1024} KB")


if __name__ == "__main__":
    main()
