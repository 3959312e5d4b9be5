"""Exit with 1 unless every chapter of the table of contents is a page with content in the built book."""

import sys

from policybook import paths, site

report = paths.report()
pages = site.reading_order(report)
short = [name for name in pages if not (page := report.html / f"{name}.html").is_file() or page.stat().st_size < 4000]
if short or len(pages) < 3 or not (report.html / "report.pdf").is_file():
    sys.exit(f"pages missing or empty: {', '.join(short) or 'too few pages, or no PDF'}")
print(f"{len(pages)} pages and the PDF are there")
