"""Helpers of the tests: running commands as a user would, finding a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
NO_BROWSER = "no Chromium found: install one (Debian: apt-get install chromium), then run again"


def run(
    *command: str, cwd: Path, check: bool = True, typed: str = "", **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run a Python module (``run("policybook", "check")``) in a folder, as a user would who types ``typed``."""
    call = [sys.executable, "-c", f"from {command[0]} import main; main()", *command[1:]]
    env = os.environ | {"POLICYBOOK_ROOT": "", "COLUMNS": "200"} | environment
    done = subprocess.run(call, cwd=cwd, env=env, input=typed, capture_output=True, text=True, timeout=600)
    if check and done.returncode:
        pytest.fail(f"{' '.join(command)} in {cwd} exited {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def policybook(*arguments: str, cwd: Path, check: bool = True, **options: str) -> subprocess.CompletedProcess[str]:
    """Run the command line of the package in a folder; see :func:`run`."""
    return run("policybook.cli", *arguments, cwd=cwd, check=check, **options)
