"""The status page, the digests of what was published, and that another machine publishes the same."""

from __future__ import annotations

import json
import re
from importlib import metadata

import pytest
from lxml import html as lxml_html

from bench import reproduce
from policybook import data, paths, status, versions
from support import CHROMIUM, NO_BROWSER


def test_digests_are_those_of_every_file_and_miss_none(tmp_path):
    (tmp_path / "a b").mkdir()
    (tmp_path / "a b" / "页.html").write_text("one")
    (tmp_path / status.TIMES).write_text("times")
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "z.txt").write_text("")
    status.seal(tmp_path)
    status.seal(tmp_path)
    lines = (tmp_path / status.SUMS).read_text(encoding="utf-8").splitlines()
    assert [line[66:] for line in lines] == ["a b/页.html", "z.txt"]
    # The digest of nothing, from the standard (FIPS 180-4).
    assert lines[1][:64] == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def test_versions_are_those_of_what_the_package_rests_on_and_of_no_extra():
    found = versions.installed()
    assert found["pandas"] == metadata.version("pandas") and "jinja2" in found  # the one asked for, the other by Sphinx
    assert "pytest" not in found and "hypothesis" not in found
    assert set(versions.named()) - {"Python"} <= set(versions.asked("policybook")) and "altair" in versions.named()
    assert versions.asked("no-such-package") == []


def test_the_digest_follows_every_file_of_the_package_and_every_version(tmp_path, monkeypatch):
    package = tmp_path / "package"
    (package / "templates").mkdir(parents=True)
    (package / "one.py").write_text("1")
    (package / "templates" / "page.typ").write_text("x")
    monkeypatch.setattr(paths, "PACKAGE", package)
    seen = [versions.digest(), versions.digest()]
    assert seen[0] == seen[1]
    (package / "templates" / "page.typ").write_text("y")
    seen.append(versions.digest())
    monkeypatch.setattr(versions, "installed", lambda: {"altair": "99"})
    seen.append(versions.digest())
    assert len(set(seen)) == 3


def test_run_times_name_chapters_as_text():
    script = status.times({"plan": 2.04, "a</script><b>": 30.0})
    (told,) = re.findall(r"of (\[\[.*\]\])\)", script)
    assert json.loads(told) == [["a</script><b>", "30.0 s"], ["plan", "2.0 s"]] and "innerHTML" not in script


def test_a_book_of_other_pages_is_not_published(tmp_path, small_book):
    from policybook import site

    report, made = paths.Paths(small_book), tmp_path / "html"
    made.mkdir()
    for name in ("pdf", "epub"):
        (made / f"report.{name}").write_text("old")
        (tmp_path / f"{name}.key").write_text("of other pages")
    (tmp_path / "epub.key").write_text(site._epub_key(report, made))
    site.forget_old_books(report, made)
    assert [path.name for path in made.iterdir()] == ["report.epub"]


@pytest.mark.book
def test_the_status_page_says_what_the_build_was_made_of(built, report):
    page = lxml_html.fromstring((built / "status.html").read_bytes())
    facts = {row.xpath("string(th)"): row.xpath("string(td)") for row in page.xpath("//tbody/tr")}
    assert facts["Digest of the data"] == data.digest(report) and facts["pandas"] == metadata.version("pandas")
    assert facts["Data date"] == data.data_date(report)
    # Every chapter leads there.
    chapter = lxml_html.fromstring((built / "book" / "plan.html").read_bytes())
    assert chapter.xpath("//details[@id='cite-this-page']//a[@href='../status.html']")


@pytest.mark.book
def test_the_digests_of_the_site_hold(built):
    lines = (built / status.SUMS).read_text(encoding="utf-8").splitlines()
    listed = {line[66:]: line[:64] for line in lines}
    for name, digest in listed.items():
        assert data.file_digest(built / name) == digest, name
    there = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    assert there - listed.keys() == {status.SUMS, status.TIMES, ".buildinfo"}


@pytest.mark.book
@pytest.mark.browser
@pytest.mark.skipif(not CHROMIUM, reason=NO_BROWSER)
def test_run_times_are_shown_where_scripts_run(browser, built):
    page = browser.new_page(viewport={"width": 360, "height": 780})
    page.goto((built / "status.html").as_uri())
    names = page.locator("#pb-run-times tbody td:first-child").all_text_contents()
    assert {"plan", "standards", "index"} <= set(names)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.close()


@pytest.mark.book
def test_another_machine_publishes_the_same_bytes(built, report, tmp_path):
    # The book of this run may have been built in steps: it must be what a build from nothing gives elsewhere.
    _, elsewhere = reproduce.machines()
    other = reproduce.build(tmp_path, elsewhere)
    assert list(reproduce.differences(report.root, other)) == []
    assert len(reproduce.published(other)) > 500


def test_what_differs_is_named(tmp_path):
    for side, text in (("one", "same\nleft\n"), ("other", "same\nright\n")):
        html = tmp_path / side / "_build" / "html"
        html.mkdir(parents=True)
        (html / "page.html").write_text(text)
        (html / f"{side}.txt").write_text(text)
        (html / status.TIMES).write_text(side)
    found = list(reproduce.differences(tmp_path / "one", tmp_path / "other"))
    assert [line.partition(":")[0] for line in found] == ["html/one.txt", "html/other.txt", "html/page.html"]
    assert "from byte 5 on" in found[2] and "-left" in found[2] and "+right" in found[2]
