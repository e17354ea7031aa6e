"""A project's folder. In come targets, parameters, SQL, out go frames and pages; what the data are it must not know."""

from __future__ import annotations

import json
import tempfile
import webbrowser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from . import _program
from ._error import Error

if TYPE_CHECKING:
    import os


class Project:
    """A folder with a pipeline.yaml, its cache, and what was computed last."""

    folder: Path  #: where it lies
    notes: list[str]  #: what the run had to say

    def __init__(self, folder: str | os.PathLike[str], notes: list[str] | None = None) -> None:
        self.folder = Path(folder).resolve()
        self.notes = notes or []
        self._sets: list[str] = []

    def __repr__(self) -> str:
        return f"{type(self).__name__}({str(self.folder)!r})"

    def tables(self) -> list[str]:
        """Name the tables that `table` and `query` read."""
        return sorted(path.stem for path in (self.folder / "Results").glob("*.parquet"))

    def table(self, name: str) -> pl.DataFrame:
        """Read a table of the last run; docs/tables.md describes them."""
        path = self.folder / "Results" / f"{name}.parquet"
        if not path.is_file():
            there = ", ".join(self.tables())
            raise Error(f"there is no table {name}", why=f"there are {there}" if there else "nothing was run yet")
        return pl.read_parquet(path)

    def query(self, sql: str) -> pl.DataFrame:
        """Ask the tables by SQL."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "rows.parquet")
            _program.call("query", sql, "-o", str(path), "--quiet", folder=self.folder)
            return pl.read_parquet(path)

    def report(self, *, open: bool = True) -> Path:  # noqa: A002, as it reads at the call
        """Write everything on one HTML page, Results/report.html, and open it in the browser."""
        _program.call("report", *self._sets, "--quiet", folder=self.folder)
        page = self.folder / "Results" / "report.html"
        if open:
            webbrowser.open(page.as_uri())
        return page


def query(sql: str, *, project: Project | str | os.PathLike[str] = ".") -> pl.DataFrame:
    """Ask the tables of a project by SQL.

    >>> query("SELECT count(*) AS samples FROM issues", project=getfixture("iris")).item()
    150
    """
    return _opened(project).query(sql)


def run(
    *targets: str, project: Project | str | os.PathLike[str] = ".", progress: bool = True, **params: Any
) -> Project:
    """Compute targets of a project, as far as its cache lacks them.

    Args:
        targets: such as `hard`, `stability`, `benchmark`, `prune`.
        project: its folder, or what another call has returned.
        progress: whether to show a bar, if tqdm is installed.
        params: parameters of its pipeline.yaml; a list is an axis. They are for this call alone.

    Raises:
        Error: if something could not be computed.

    >>> run("hard", project=getfixture("iris"), runs=2).table("issues").height
    150
    """
    given = _opened(project)
    done, outcome = compute(list(targets), given.folder, params, progress=progress)
    if outcome.code != 0:
        raise first_error(outcome)
    return done


def compute(
    targets: list[str], folder: Path, params: dict[str, Any], *, progress: bool
) -> tuple[Project, _program.Outcome]:
    """Run targets; how that went is for the caller to judge."""
    # JSON is YAML, too.
    sets = [word for name, value in params.items() for word in ("--set", f"{name}={json.dumps(value, default=str)}")]
    outcome = _program.run([*targets, *sets], folder, progress=progress)
    done = Project(folder, outcome.notes)
    done._sets = sets
    return done, outcome


def first_error(outcome: _program.Outcome) -> Error:
    """Return the first error of a run that went wrong."""
    if outcome.failed:
        return outcome.failed[0]
    return Error(f"hspipe ended with exit code {outcome.code}", why="\n".join(outcome.notes[-5:]) or None)


def _opened(project: Project | str | os.PathLike[str]) -> Project:
    return project if isinstance(project, Project) else Project(project)
