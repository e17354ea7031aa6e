"""From recorded trainings to what is wrong with the data."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import _data
from ._error import Error
from ._found import Found, found_in
from ._prepared import prepared
from ._recorder import Recorder
from ._recording import what_it_is

if TYPE_CHECKING:
    import os


def judge(
    *recordings: Recorder | str | os.PathLike[str],
    data: Any = None,
    y: Any = None,
    image: str | None = None,
    resize: tuple[int, int] | None = None,
    project: str | os.PathLike[str] | None = None,
    progress: bool = True,
    **params: Any,
) -> Found:
    """Find the wrong labels and the hard samples of a dataset by trainings that were recorded.

    No network is trained: what your own models said of the samples judges them.

    Args:
        recordings: recorders, their folders, or what other programs have written: docs/own-models.md lists it. Several
            are several trainings of one kind on the same data.
        data: the data, for pictures, and for samples that are there twice; as `find` takes them, in the order in which
            the recordings number them.
        y: as `find` takes it; or the whole numbers that were logged, if the recording has names for these classes.
        image: the name of the column of images, where it is not found.
        resize: height and width that images are brought to.
        project: a folder for all that is computed. Without it that is one in the user's cache, which the paths of
            recordings and the data choose, and what other programs have written there.
        progress: whether to show a bar, if tqdm is installed.
        params: parameters of the pipeline, such as `rank_by="aum"`.

    Raises:
        Error: if a recording cannot be read, or is of other data.

    >>> import hspipe, tempfile, numpy as np
    >>> random, labels = np.random.default_rng(0), np.arange(100) % 2
    >>> with hspipe.Recorder(tempfile.mkdtemp(), len(labels), ["even", "odd"]) as recorder:
    ...     for epoch in range(3):
    ...         logits = random.normal(size=(100, 2)) + 3 * np.eye(2)[labels]
    ...         recorder.log(epoch, range(100), logits, np.where(np.arange(100) == 7, 0, labels))
    >>> judge(recorder).issues.select("row", "class_name", "suggested_name").row(0)
    (7, 'even', 'odd')
    """
    if not recordings:
        raise Error("there is no recording", hint="name one, or let hspipe.find train networks of its own")
    paths = [_path(recording) for recording in recordings]
    words = [word for path in paths for word in ("--dynamics", str(path))]
    source = None if data is None else _data.source(data, y, image, resize)
    picture = source.picture if source else lambda _: None
    folder = prepared(source, words, project, [what_it_is(path) for path in paths])
    return found_in(folder, picture, params, progress=progress)


def _path(recording: Recorder | str | os.PathLike[str]) -> Path:
    if isinstance(recording, Recorder):
        recording.flush()
        return recording.folder.resolve()
    path = Path(recording).expanduser().resolve()
    if not path.exists():
        raise Error(f"{recording} is not there", hint="name the folder of a recorder")
    return path
