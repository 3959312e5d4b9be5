"""Helpers of the tests: running commands as a user would, finding a browser."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
# An address of a site, in a folder of its server, for the report that is built as if it were published.
SITE = "https://example.org/reports/plan/"
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


def made_standards(**columns: object) -> pd.DataFrame:
    """Four documents: a Chinese mandatory one, two of SC 42 (one a draft), an ITU-T one of 2016."""
    base = {
        "std_id": ["gb_1", "iso_1", "iso_2", "itu_1"],
        "designation": ["GB 1", "ISO/IEC 1", "ISO/IEC 2", "ITU-T L.1"],
        "title_en": ["Limits for servers", "Bias in AI", "Logging", "Water use of data centres"],
        "developer_family": ["GB", "ISO/IEC JTC 1/SC 42", "ISO/IEC JTC 1/SC 42", "ITU-T"],
        "force": [
            "mandatory_national",
            "international_voluntary",
            "international_voluntary",
            "international_voluntary",
        ],
        "type": ["mandatory", "voluntary", "voluntary", "voluntary"],
        "doc_class": ["national standard", "technical report", "international standard", "ITU-T Recommendation"],
        "stage": ["published", "published", "draft", "published"],
        "publication_date": pd.to_datetime(["2025-08-01", "2024-02-01", None, "2016-05-01"]),
        "topic": ["energy and environment", "bias and fairness", "transparency", "energy and environment"],
        "articles": [("A07", "A08"), ("A08",), ("A08", "A10"), ("A07", "A08")],
        "energy_water_env": [True, False, False, True],
        "note": [pd.NA] * 4,
        "evidence": ["read"] * 4,
    }
    return pd.DataFrame(base | columns)
