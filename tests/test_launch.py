"""Buttons for source, issues, Binder and JupyterLite: none without an address of a repository, all from that one."""

from __future__ import annotations

import shutil
import stat
from pathlib import Path

import pytest
from lxml import html as lxml_html
from sphinx.errors import ExtensionError
from yaml import safe_load

from policybook import site
from support import policybook

ADDRESS = "https://github.com/someone/a-report"


def _links(page: Path) -> dict[str, str]:
    """Return where the buttons of a page lead, by what they say."""
    found = lxml_html.fromstring(page.read_bytes())
    links = found.xpath("//*[contains(@class, 'header-article')]//a[starts-with(@href, 'http')]")
    return {" ".join(link.text_content().split()): link.get("href") for link in links}


@pytest.fixture(scope="module")
def launched(small_book, tmp_path_factory) -> Path:
    """The small report, with an address of a repository and of a site of `make lite`, built."""
    root = tmp_path_factory.mktemp("launch") / "report"
    shutil.copytree(small_book, root, ignore=shutil.ignore_patterns("_build"))
    text = (root / "_config.yml").read_text(encoding="utf-8")
    settings = text.replace('url: ""', f'url: "{ADDRESS}"', 1).replace(
        'jupyterlite_url: ""', 'jupyterlite_url: "https://someone.github.io/a-report/lite/lab/"', 1
    )
    assert settings != text
    (root / "_config.yml").write_text(settings, encoding="utf-8")
    policybook("build", "--no-pdf", cwd=root)
    return root / "_build" / "html" / "book"


def test_one_address_gives_every_button(launched):
    assert _links(launched / "two.html") == {
        "Binder": "https://mybinder.org/v2/gh/someone/a-report/main?urlpath=lab/tree/book/two.ipynb",
        "JupyterLite": "https://someone.github.io/a-report/lite/lab?path=book/two.ipynb",
        "Repository": ADDRESS,
        "Show source": f"{ADDRESS}/blob/main/book/two.ipynb?plain=1",
        "Open issue": f"{ADDRESS}/issues/new?title=Issue%20on%20page%20%2Fbook/two.html"
        "&body=Your%20issue%20content%20here.",
    }


def test_buttons_are_links_and_ask_for_nothing_outside(launched):
    """The policy of the pages allows no script within them, and nothing that is loaded from elsewhere."""
    page = lxml_html.fromstring((launched / "two.html").read_bytes())
    assert not page.xpath("//script[not(@src) and not(contains(@type, 'json'))] | //*[@onclick] | //*[@style]")
    assert not page.xpath("//img[starts-with(@src, 'http')] | //script[starts-with(@src, 'http')]")
    icons = [launched / image.get("src") for image in page.xpath("//img[contains(@src, 'logo_')]")]
    assert len(icons) >= 2 and all(icon.resolve().is_file() for icon in icons)


def test_a_page_that_is_no_notebook_is_not_launched(launched):
    assert {"Binder", "JupyterLite"}.isdisjoint(_links(launched / "references.html"))


@pytest.mark.book
def test_this_report_names_no_repository_and_has_no_buttons(built):
    assert _links(built / "book" / "plan.html") == {}


def test_options_of_a_repository():
    launch = {"binderhub_url": "https://mybinder.org", "jupyterlite_url": "", "notebook_interface": "jupyterlab"}
    options = site.repository_options({"url": f"{ADDRESS}.git/", "branch": "draft"}, launch)
    assert options["repository_url"] == ADDRESS and options["repository_branch"] == "draft"
    assert options["launch_buttons"] == {"binderhub_url": "https://mybinder.org", "notebook_interface": "jupyterlab"}
    assert site.repository_options({"url": ""}, launch) == {} == site.repository_options({}, launch)
    assert "launch_buttons" not in site.repository_options({"url": ADDRESS}, {"binderhub_url": ""})
    elsewhere = site.repository_options({"url": "https://bitbucket.org/someone/a-report"}, {})
    assert elsewhere["use_repository_button"] and not elsewhere["use_issues_button"]


@pytest.mark.parametrize(
    "address", ["someone/a-report", "https://example.org/someone/a-report", "https://github.com/x"]
)
def test_an_address_that_leads_to_no_repository_is_named(address):
    with pytest.raises(ExtensionError, match=r"_config\.yml: repository: url: .* is not the address"):
        site.repository_options({"url": address}, {})


def test_binder_installs_the_locked_versions_and_opens_the_chapters(root):
    folder = root / ".binder"
    assert {path.name for path in folder.iterdir()} == {"postBuild", "requirements.txt", "runtime.txt"}
    lines = [
        line for line in (folder / "requirements.txt").read_text(encoding="utf-8").splitlines() if line[:1] not in "#"
    ]
    assert lines == ["--require-hashes", "-r ../requirements-lab.lock"]
    assert (folder / "postBuild").stat().st_mode & stat.S_IXUSR
    assert (folder / "runtime.txt").read_text(encoding="utf-8").strip() in {"python-3.11", "python-3.12", "python-3.13"}
    settings = safe_load((root / "_config.yml").read_text(encoding="utf-8"))
    assert settings["launch_buttons"]["notebook_interface"] == "jupyterlab"
