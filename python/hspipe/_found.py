"""What was found. In comes a project with a pipeline, out go its results, as frames and for a notebook."""

from __future__ import annotations

import base64
import functools
import html
import warnings
from typing import TYPE_CHECKING, Any

from ._error import Error
from ._project import Project, compute, first_error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import polars as pl


class Found(Project):
    """What was found. The columns of its frames are described in docs/tables.md."""

    issues: pl.DataFrame  #: every sample, the most suspect label first; `row` is its index in the data
    hardest: pl.DataFrame  #: the samples that are hard, wrong or there twice, in the same order

    def __init__(self, project: Project, picture: Callable[[dict[str, Any]], bytes | None]) -> None:
        super().__init__(project.folder, project.notes)
        self._sets, self._picture = project._sets, picture
        self.issues, self.hardest = self.table("issues"), self.table("hardest")
        self._state = self._stat()

    @functools.cached_property
    def scores(self) -> pl.DataFrame:
        """Every score of every sample, a row each; read when first asked for."""
        if self._stat() != self._state:
            raise Error("the project was run again since", hint="call find or judge once more, which takes no time")
        return self.table("scores")

    def _stat(self) -> tuple[int, int, int]:
        stat = (self.folder / "Results" / "scores.parquet").stat()
        return stat.st_ino, stat.st_mtime_ns, stat.st_size

    def __str__(self) -> str:
        # From the line that begins with how many samples were judged to the one before what to do next.
        told = [note for note in self.notes if "were judged by" in note or note.startswith("  ")]
        begin = next((place for place, note in enumerate(told) if "were judged by" in note), 0)
        return "\n".join(told[begin:])

    def _repr_html_(self) -> str:
        return _html(str(self), self.issues.head(SHOWN).to_dicts(), self._picture)


SHOWN = 20  #: issues that a notebook shows


def _html(text: str, rows: list[dict[str, Any]], picture: Callable[[dict[str, Any]], bytes | None]) -> str:
    pictures = [picture(row) for row in rows]
    names = ["picture"] if any(pictures) else []
    names += ["rank", "row", "label", "suggested", "probability", "label issue"]
    lines = []
    for row, file in zip(rows, pictures, strict=True):
        cells = [_image(file, f"row {row['row']}, labelled {row['class_name']}")] if any(pictures) else []
        place = f"{row['split']}[{row['row']}]" if row["split"] else row["row"]
        cells += [html.escape(str(cell)) for cell in (row["rank"], row["source"] or place, row["class_name"])]
        cells += [html.escape(row["suggested_name"]), f"{row['suggested_probability']:.3f}"]
        cells += ["yes" if row["label_issue"] else ""]
        lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{name}</th>" for name in names)
    return f"<pre>{html.escape(text)}</pre><table><tr>{head}</tr>{''.join(lines)}</table>"


def _image(file: bytes | None, alt: str) -> str:
    if file is None:
        return ""
    url = "data:image/png;base64," + base64.b64encode(file).decode()
    return f'<img alt="{html.escape(alt)}" src="{url}" style="height:56px;image-rendering:pixelated">'


def found_in(
    folder: Path, picture: Callable[[dict[str, Any]], bytes | None], params: dict[str, Any], *, progress: bool
) -> Found:
    """Have the target `hard` of a project computed.

    Raises:
        Error: if that fails.
    """
    done, outcome = compute(["hard"], folder, params, progress=progress)
    if outcome.code != 0:
        # A search for stragglers that comes to no end takes nothing away from the rest.
        if not outcome.failed or outcome.code != 1 or outcome.missing & {"", "issues", "scores", "ranking"}:
            raise first_error(outcome)
        warnings.warn(str(first_error(outcome)), stacklevel=3)
    return Found(done, picture)
