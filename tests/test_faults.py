"""Faults on the way: killed, two at once, a full disk, and whether anything stale is left."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time

import pytest

from bench import kill, stale
from policybook import build, paths
from support import policybook


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_after_a_build_that_was_killed_the_next_one_is_right(small_book, tmp_path):
    outcomes = kill.run(small_book, tmp_path, times=2, seed=7)
    assert [outcome.wrong for outcome in outcomes] == ["", ""]


def test_after_any_change_the_book_is_what_a_build_from_nothing_makes(small_book, tmp_path):
    root = tmp_path / "report"
    shutil.copytree(small_book, root, ignore=shutil.ignore_patterns("_build"))
    assert stale.run(root, tmp_path, times=2, seed=int(time.time() / 86_400)) == []  # others every day


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
def test_of_two_builds_at_once_the_second_says_so_and_changes_nothing(small_book, tmp_path):
    root = tmp_path / "report"
    shutil.copytree(small_book, root, ignore=shutil.ignore_patterns("_build"))
    chapter = root / "book" / "one.ipynb"
    chapter.write_text(chapter.read_text().replace("from myst_nb", "import time; time.sleep(60)\\nfrom myst_nb"))
    options = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "start_new_session": True}
    with subprocess.Popen(kill.COMMAND, cwd=root, **options) as first:
        holder = root / "_build" / "build.pid"
        until = time.monotonic() + 60
        while not holder.is_file() and time.monotonic() < until:
            time.sleep(0.05)
        done = policybook("build", cwd=root, check=False)
        assert done.returncode == 1 and "Traceback" not in done.stderr
        assert f"another build is at work in {root / '_build'} (process {first.pid})" in done.stderr
        os.killpg(first.pid, signal.SIGKILL)
    # The lock went with its process.
    with build.alone(paths.Paths(root)):
        assert holder.read_text() == str(os.getpid())


FULL = """
set -e
mount -t tmpfs -o size={size}k none '{disk}'
cp -a '{report}' '{disk}/report'
cd '{disk}/report'
sed -i 's/Text with/Other text with/' book/two.ipynb
find _build/html _build/pdf _build/epub -type f -exec sha256sum {{}} + | sort > ../before
set +e
{build} > ../said 2> ../told
echo "exit $?"
cat ../told
find _build/html _build/pdf _build/epub -type f -exec sha256sum {{}} + | sort | cmp ../before - && echo kept
mount -o remount,size=2g '{disk}'
{build} > /dev/null 2> ../told || cat ../told
grep -q 'Other text with' _build/html/book/two.html && echo new
"""


@pytest.mark.skipif(shutil.which("unshare") is None, reason="needs mount namespaces")
def test_on_a_full_disk_the_old_book_stays_and_the_next_build_is_right(small_book, tmp_path):
    root, disk = tmp_path / "report", tmp_path / "disk"
    shutil.copytree(small_book, root, ignore=shutil.ignore_patterns("_build"))
    policybook("build", cwd=root)
    disk.mkdir()
    size = int(subprocess.run(["du", "-sk", str(root)], capture_output=True, text=True, check=True).stdout.split()[0])
    command = f"'{sys.executable}' -c 'from policybook.cli import main; main()' build"
    code = FULL.format(size=size + 1500, disk=disk, report=root, build=command)
    env, call = os.environ | {"POLICYBOOK_ROOT": ""}, ["unshare", "--mount", "sh", "-c", code]
    done = subprocess.run(call, capture_output=True, text=True, timeout=300, env=env)
    if "unshare" in done.stderr or "mount:" in done.stderr:
        pytest.skip(f"no mount namespace here: {done.stderr.strip()}")
    assert done.stdout.startswith("exit 1\n") and "No space left on device" in done.stdout, done.stdout
    assert "Traceback" not in done.stdout
    assert done.stdout.splitlines()[-2:] == ["kept", "new"]
