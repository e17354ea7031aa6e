"""Runs the program.

In come its words, out go what it prints and the events of a run; this file must not know what the words mean.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sysconfig
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._error import Error

if TYPE_CHECKING:
    from collections.abc import Iterator


def program() -> str:
    """Return the program: the one that the environment variable `HSPIPE` names, else this package's, else `PATH`'s."""
    if named := os.environ.get("HSPIPE"):
        return named
    name = "hspipe" + (sysconfig.get_config_var("EXE") or "")
    user = sysconfig.get_preferred_scheme("user")
    for folder in (sysconfig.get_path("scripts"), sysconfig.get_path("scripts", scheme=user)):
        if folder and (own := Path(folder, name)).is_file():
            return str(own)
    if found := shutil.which("hspipe"):
        return found
    raise Error("the program hspipe is not there", hint="pip install hspipe, or name it by the variable HSPIPE")


def _start(words: list[str], folder: Path | None, stdout: int = subprocess.PIPE) -> subprocess.Popen[str]:
    """Start it in a session of its own, so that it gets one SIGINT for each Ctrl-C: a second one ends it at once."""
    try:
        return subprocess.Popen(
            [program(), *words],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            encoding="utf-8",
            errors="replace",
            start_new_session=True,
        )
    except OSError as error:
        raise Error(f"{program()} cannot be started", why=str(error)) from error


def call(*words: str, folder: Path | None = None) -> str:
    """Run a command and return what it says on stdout and stderr; if it fails, that is the error."""
    with _start(list(words), folder) as process:
        out, err = process.communicate()
    if process.returncode != 0:
        raise Error.of_text(err)
    return out + err


@dataclass
class Outcome:
    """How a run went."""

    notes: list[str] = field(default_factory=list)
    failed: list[Error] = field(default_factory=list)
    missing: set[str] = field(default_factory=set)  #: stages with a task that failed or was blocked
    code: int = 0


def run(words: list[str], folder: Path, *, progress: bool) -> Outcome:
    """Run targets, with a bar where tqdm is installed.

    Raises:
        KeyboardInterrupt: after Ctrl-C, when hspipe has kept what it was training.
    """
    outcome = Outcome()
    # Tables go to stdout; nobody reads them here.
    words = ["run", *words, "--log-format", "json"]
    with _start(words, folder, subprocess.DEVNULL) as process:
        assert process.stderr  # noqa: S101, for mypy
        try:
            _watch(process.stderr, outcome, progress=progress)
        except KeyboardInterrupt:
            process.send_signal(signal.SIGINT)
            process.stderr.read()
            raise
        except BaseException:
            process.terminate()
            raise
    outcome.code = process.returncode
    return outcome


def _watch(lines: Iterator[str], outcome: Outcome, *, progress: bool) -> None:
    bar = _bar() if progress else None
    try:
        for line in lines:
            try:
                event = json.loads(line)
            except json.JSONDecodeError:
                outcome.notes.append(line.rstrip())
                continue
            _take(event, outcome)
            if bar is not None:
                _show(event, bar)
    finally:
        if bar is not None:
            bar.close()


def _take(event: dict[str, Any], outcome: Outcome) -> None:
    kind = event["event"]
    if kind == "note":
        outcome.notes.append(event["text"])
    elif kind == "warning":
        warnings.warn(event["text"], stacklevel=6)
    elif kind in ("failed", "error"):
        outcome.failed.append(Error.of_event(event))
    if kind in ("failed", "blocked"):
        outcome.missing.add(event["task"].partition("[")[0])


def _bar() -> Any:
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm(total=0, unit="task", desc="hspipe", leave=False)


def _show(event: dict[str, Any], bar: Any) -> None:
    kind = event["event"]
    if kind == "begin":
        bar.total = event["tasks"]
        bar.refresh()
    elif kind == "started":
        bar.set_description(event["tasks"][0].partition("[")[0], refresh=False)
    elif kind in ("computed", "reused", "failed", "blocked"):
        bar.update()
