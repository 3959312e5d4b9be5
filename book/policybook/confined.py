"""Calling a function in a process of its own, within limits of time and memory.

For what strangers wrote: a document or a pattern that never ends, fills the memory or brings a library down ends that
process and nothing else. Memory is limited where the system does so (Linux); the time limit holds everywhere. The
answer comes back as JSON, never as objects, so that a parser gone wrong can hand over words only.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import pickle
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

MOST_MEGABYTES = 900  # of memory; 1 GB with what the system adds


class Broken(RuntimeError):
    """The function gave no answer: it ran out of time or memory, or failed; the message is one clause that says so."""


def call(function: Callable[..., Any], *args: Any, seconds: float, says: type[Exception]) -> Any:
    """Return what a function of a module of this package answers, with lists for tuples, as JSON has it.

    An error of the class ``says`` is raised here again, with its message; for all else that goes wrong, and after
    ``seconds``, :class:`Broken` is raised. The arguments can be anything that pickles.
    """
    task = pickle.dumps((function.__module__, function.__qualname__, says.__name__, seconds, args))
    # The folder in which a user works is not searched for modules (-P); the path of this process is.
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    process = subprocess.Popen(
        [sys.executable, "-P", "-m", "policybook.confined"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment,
        start_new_session=True,  # so that its own processes end with it
    )
    try:
        answer, _ = process.communicate(task, timeout=seconds)
    except subprocess.TimeoutExpired:
        raise Broken(f"takes longer than {seconds:.0f} s") from None
    finally:
        _end(process)
    try:
        kind, said = json.loads(answer)
    except ValueError:
        kind, said = "", "needs too much memory, or stops the program that reads it"
    if kind == "says":
        raise says(said)
    if kind != "answer":
        raise Broken(said)
    return said


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.returncode is None:
        if os.name == "posix":
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
        process.kill()
        process.communicate()


def _limit(seconds: float) -> None:
    if sys.platform != "linux":
        return
    import resource

    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEGABYTES * 1_000_000, resource.getrlimit(resource.RLIMIT_AS)[1]))
    resource.setrlimit(resource.RLIMIT_CPU, (int(seconds) + 1, int(seconds) + 2))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _answer() -> None:
    """Do the task that stands at the standard input; the answer goes to the standard output, and nothing else does."""
    module, name, says, seconds, args = pickle.load(sys.stdin.buffer)
    out = os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(2, 1)
    _limit(seconds)
    try:
        answer = "answer", getattr(importlib.import_module(module), name)(*args)
    except MemoryError:
        answer = "broken", "needs too much memory"
    except Exception as error:
        answer = "says" if type(error).__name__ == says else "broken", str(error)
        if answer[0] == "broken":
            answer = "broken", f"stops the program that reads it ({type(error).__name__})"
    json.dump(answer, out)
    out.close()


if __name__ == "__main__":
    _answer()
