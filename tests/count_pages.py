"""Exit with 1 unless every chapter of the table of contents is a page with content in the built book."""

import sys

from policybook import paths, site

report = paths.report()
pages = site.reading_order(report)
short = [name for name in pages if not (page := report.html / f"{name}.html").is_file() or page.stat().st_size < 4000]
books = [report.html / "report.pdf", report.html / "report.epub"]
if short or len(pages) < 3 or not all(path.is_file() for path in books):
    sys.exit(f"pages missing or empty: {', '.join(short) or 'too few pages, or no PDF or EPUB'}")
print(f"{len(pages)} pages, the PDF and the EPUB are there")
