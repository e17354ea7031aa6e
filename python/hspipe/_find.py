"""From data to what is wrong with them: writes the data into a project, has it computed, and shows what was found."""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import os
import sys
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _data, _program
from ._error import Error
from ._project import Project, compute, first_error

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl


def find(
    data: Any,
    y: Any = None,
    *,
    image: str | None = None,
    resize: tuple[int, int] | None = None,
    project: str | os.PathLike[str] | None = None,
    progress: bool = True,
    **params: Any,
) -> Found:
    """Find the wrong labels and the hard samples of a dataset.

    Small networks are trained, and each label is judged by networks that have not seen its sample.

    Args:
        data: features, N x D; images, N x H x W, N x H x W x C or N x C x H x W; a frame of polars or pandas; a path of
            anything that hspipe reads; a dataset of Hugging Face; or a dataset of (image, label) as torch has them.
        y: one label for each sample, or the name of their column. What is -1 or missing is left out.
        image: the name of the column of images, where it is not found.
        resize: height and width that images are brought to.
        project: a folder for all that is computed. Without it that is one in the user's cache, which the data choose.
        progress: whether to show a bar, if tqdm is installed.
        params: parameters of the pipeline, such as `runs=20`.

    Raises:
        Error: if the data cannot be judged.

    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> found = find(X, np.where(X[:, 0] > 0, "right", "left"))
    >>> found.issues.select("rank", "row", "class_name", "suggested_name").height
    200
    """
    source = _data.source(data, y, image, resize)
    folder = _prepared(source, None if project is None else Path(project).expanduser().resolve())
    done, outcome = compute(["hard"], folder, params, progress=progress)
    if outcome.code != 0:
        # A search for stragglers that comes to no end takes nothing away from the rest.
        if not outcome.failed or outcome.code != 1 or outcome.missing & {"", "issues", "scores", "ranking"}:
            raise first_error(outcome)
        warnings.warn(str(first_error(outcome)), stacklevel=2)
    return Found(done, source.picture)


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
            raise Error("the project was run again since", hint="call find once more, which takes no time")
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
        cells = [_image(file)] if any(pictures) else []
        place = f"{row['split']}[{row['row']}]" if row["split"] else row["row"]
        cells += [html.escape(str(cell)) for cell in (row["rank"], row["source"] or place, row["class_name"])]
        cells += [html.escape(row["suggested_name"]), f"{row['suggested_probability']:.3f}"]
        cells += ["yes" if row["label_issue"] else ""]
        lines.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    head = "".join(f"<th>{name}</th>" for name in names)
    return f"<pre>{html.escape(text)}</pre><table><tr>{head}</tr>{''.join(lines)}</table>"


def _image(file: bytes | None) -> str:
    if file is None:
        return ""
    url = "data:image/png;base64," + base64.b64encode(file).decode()
    return f'<img src="{url}" style="height:56px;image-rendering:pixelated">'


def _prepared(source: _data.Source, project: Path | None) -> Path:
    """Return the project's folder, with the data and a pipeline for them."""
    projects = _cache() / "projects"
    home = project or projects
    home.mkdir(parents=True, exist_ok=True)
    if source.path is not None:
        key = _digest(os.fsencode(source.path), source.words)
        return _made(project or projects / key, key, source, None)
    assert source.write is not None  # noqa: S101, a source has one of the two
    with tempfile.TemporaryDirectory(dir=home, prefix=".data-") as aside:
        file = Path(aside, f"data{source.suffix}")
        source.write(file)
        key = _digest(_sha256(file), source.words)
        return _made(project or projects / key, key, source, file)


def _made(folder: Path, key: str, source: _data.Source, file: Path | None) -> Path:
    """Put data and a pipeline into a folder that is not for them yet. What was changed by hand stays."""
    folder.mkdir(exist_ok=True)
    pipeline, mark = folder / "pipeline.yaml", folder / ".find"
    marked = mark.read_text().split() if mark.exists() else []
    if pipeline.exists():
        if marked[:1] == [key]:
            return folder
        if marked[1:] != [_sha256(pipeline).hex()]:
            why = f"{pipeline} is for other data and was written or changed by hand"
            raise Error("the project is for other data", why=why, hint="choose another folder, or use hspipe.run")
    # The mark comes last: whatever ends this before, the next call begins anew.
    mark.unlink(missing_ok=True)
    pipeline.unlink(missing_ok=True)
    data = str(source.path) if file is None else str(file.replace(folder / file.name))
    try:
        _program.call("init", str(folder), "--data", data, *source.words)
    except Error:
        # Another call with the same data may have been quicker.
        if not pipeline.exists():
            raise
    mark.write_text(f"{key} {_sha256(pipeline).hex()}\n")
    return folder


def _digest(content: bytes, words: list[str]) -> str:
    return hashlib.sha256(b"\0".join([content, *(word.encode() for word in words)])).hexdigest()[:16]


def _sha256(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()


def _cache() -> Path:
    """Return hspipe's folder in the user's cache, or that which `HSPIPE_PROJECTS` names."""
    if named := os.environ.get("HSPIPE_PROJECTS"):
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "hspipe"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hspipe"
