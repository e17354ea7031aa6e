"""Records a training.

In come logits as the training loop has them, batch by batch, out go rows to a recording. What trains, and what is made
of the recording, this file must not know.
"""

from __future__ import annotations

import operator
import os
import warnings
import weakref
from collections.abc import Mapping, Set
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from . import _tensors
from ._error import Error
from ._recording import Header, Recording
from ._rows import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    import numpy.typing as npt


class Recorder:
    """Records what a model says of each sample while it learns, for `hspipe init --dynamics`.

    >>> import hspipe, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> with hspipe.Recorder(folder, n_samples=4, classes=["ant", "bee"]) as recorder:
    ...     for epoch in range(2):
    ...         recorder.log(epoch, [2, 0], [[0.3, 0.1], [-1.0, 2.5]], [0, 1])
    ...         recorder.log(epoch, [1, 3], [[0.2, 0.4], [-2.0, 1.0]], [1, 1])
    >>> sorted(path.name for path in Path(folder).iterdir())
    ['epoch-00000-00000.parquet', 'epoch-00001-00000.parquet', 'recording.json']

    If a sample is logged twice in an epoch, the last one counts. Nothing is ever deleted.

    What is logged is held in memory, 32 MB at most, and becomes a file when that is full, when an epoch ends and when
    the recorder is closed, at the latest when the program ends. A kill takes what is held with it: so `flush` before
    the training saves a checkpoint.

    Several processes of one training record into one folder, each its part of the samples. Their rank is read from the
    variables `RANK`, `SLURM_PROCID` or `LOCAL_RANK`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        n_samples: int,
        classes: Sequence[str] | Mapping[int, str] | Mapping[str, int] | int,
        *,
        out_of_sample: bool = False,
        resume: bool = False,
    ) -> None:
        """Open a recording, or begin one.

        Args:
            path: its folder.
            n_samples: how many samples there are in all, those that are not trained on too.
            classes: the names of the classes in the order of the logits; the name of each number, or the number of each
                name, as in `id2label` and `class_to_idx`; or how many there are.
            out_of_sample: whether a sample is only ever logged by models that have not learned from it, as in a
                cross-validation.
            resume: go on with what is recorded: after a kill, or with the next fold of a cross-validation.

        Raises:
            Error: if there is a recording and `resume` is not set, or if it is of another dataset.
        """
        header = Header(_count(n_samples, "n_samples", 1), _classes(classes), bool(out_of_sample))
        self._recording = Recording(Path(path).expanduser(), header, _rank())
        self._rows = Rows(self._recording, header)
        self._header = header
        self._warned = not resume or header.out_of_sample
        own = [shard[0] for shard in self._recording.shards() if shard[1] == self._recording.rank]
        if own and not resume:
            raise Error(
                f"{path} holds a recording already",
                why=f"{len(own)} files, the last of epoch {max(own)}",
                hint="resume=True goes on with it, as after a kill; another training needs another folder",
            )
        self._finalizer = weakref.finalize(self, self._rows.flush)

    def log(self, epoch: int, indices: Any, logits: Any, labels: Any) -> None:
        """Log what the model says of a batch.

        Arrays, lists, and tensors of PyTorch, JAX and TensorFlow are taken, on any device and of any precision.

        Args:
            epoch: from 0.
            indices: of the samples in the user's data, from 0; one for each row.
            logits: rows x classes: the model's output before softmax.
            labels: the class of each sample that is trained on, from 0.

        Raises:
            Error: if these do not fit each other or the recording. Then nothing of the batch is kept.
        """
        if not self._finalizer.alive:
            raise Error("the recorder is closed", hint="log before close(), or open another one with resume=True")
        epoch = _count(epoch, "epoch", 0)
        try:
            rows = _tensors.indices(indices), _tensors.integers(labels, "labels")
            values = _tensors.floats(logits, "logits")
            self._check(*rows, values)
        except Error as error:
            raise Error(f"epoch {epoch}: {error.what}", why=error.why, hint=error.hint) from error
        if not self._warned:
            self._warned = True
            self._warn_of_later_epochs(epoch)
        self._rows.add(epoch, *rows, values)

    @property
    def folder(self) -> Path:
        """Where the recording lies."""
        return self._recording.folder

    @property
    def n_samples(self) -> int:
        """How many samples there are in all."""
        return self._header.samples

    def flush(self) -> None:
        """Write what is held in memory; good before a checkpoint is saved."""
        self._rows.flush()

    def close(self) -> None:
        """Write what is held in memory, and end."""
        self._rows.flush()
        self._finalizer.detach()

    def __enter__(self) -> Recorder:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        """Let a copy in another process go on with the same recording; what is held here is written here."""
        self.flush()
        header = self._header
        return _reopened, (str(self.folder.absolute()), header.samples, header.classes, header.out_of_sample)

    def __repr__(self) -> str:
        return f"Recorder({str(self.folder)!r})"

    def _check(
        self, indices: npt.NDArray[np.int64], labels: npt.NDArray[np.int64], logits: npt.NDArray[np.float32]
    ) -> None:
        rows, columns = len(indices) if indices.ndim == 1 else -1, self._header.columns
        if labels.shape != (rows,) or logits.shape != (rows, columns):
            shapes = f"indices {indices.shape}, labels {labels.shape}, logits {logits.shape}"
            hint = f"of B samples: B indices, B labels, B x {columns} logits"
            if logits.shape in ((rows,), (rows, 1)) and columns == 2:
                hint = "the logit z of a sigmoid is the row [0, z] of two classes"
            raise Error("indices, labels and logits do not fit each other", why=shapes, hint=hint)
        if not rows:
            return
        if indices.min() < 0 or indices.max() >= self._header.samples:
            bad = indices[(indices < 0) | (indices >= self._header.samples)][0]
            raise Error(f"there is no sample {bad}", why=f"the recording has samples 0 to {self._header.samples - 1}")
        if labels.min() < 0 or labels.max() >= columns:
            bad = np.flatnonzero((labels < 0) | (labels >= columns))[0]
            hint = "leave out samples that have no label"
            why = f"the recording has classes 0 to {columns - 1}"
            raise Error(f"the label of sample {indices[bad]} is {labels[bad]}", why=why, hint=hint)
        if not np.isfinite(logits).all():
            bad = np.flatnonzero(~np.isfinite(logits).all(axis=1))[0]
            why = f"they are {np.array2string(logits[bad], precision=3, threshold=8)}"
            masked = not (np.isnan(logits[bad]) | np.isposinf(logits[bad])).any()
            hint = "of a class that is masked log -1e4" if masked else "has the training diverged?"
            raise Error(f"the logits of sample {indices[bad]} are not finite", why=why, hint=hint)

    def _warn_of_later_epochs(self, epoch: int) -> None:
        last = max((shard[0] for shard in self._recording.shards()), default=epoch)
        if last > epoch:
            text = f"{self.folder}: epochs up to {last} were recorded before, and count until logged again"
            warnings.warn(text, stacklevel=3)


def _reopened(path: str, n_samples: int, classes: list[str] | int, out_of_sample: bool) -> Recorder:
    return Recorder(path, n_samples, classes, out_of_sample=out_of_sample, resume=True)


def _count(value: Any, name: str, least: int) -> int:
    try:
        count = operator.index(value)
    except TypeError as error:
        raise Error(f"{name} is {value!r}", why="it is not a whole number") from error
    if not least <= count < 2**31:
        raise Error(f"{name} is {count}", why=f"it lies between {least} and {2**31 - 1}")
    return count


def _classes(classes: Any) -> int | list[str]:
    if isinstance(classes, (str, bytes, Set)):
        hint = "give all names as a list, in the order of the logits, or how many there are"
        raise Error(f"classes is {classes!r}", why="names are wanted, in an order", hint=hint)
    if isinstance(classes, Mapping):
        classes = _by_number(classes)
    try:
        names = [str(name) for name in classes]
    except TypeError:
        return _count(classes, "classes", 2)
    if len(names) < 2:
        raise Error(f"classes is {names}", why="two at least are needed")
    if twice := [name for name in names if names.count(name) > 1]:
        raise Error(f"two classes have the name {twice[0]}")
    return names


def _by_number(classes: Mapping[Any, Any]) -> list[str]:
    """Return the names in the order of their numbers, of {number: name} as of {name: number}."""
    pairs = list(classes.items())
    if all(isinstance(key, str) for key, _ in pairs):
        pairs = [(number, name) for name, number in pairs]
    whole = (int, np.integer)
    names = {number: name for number, name in pairs if isinstance(number, whole) and isinstance(name, str)}
    if len(names) != len(pairs) or set(names) != set(range(len(pairs))):
        why = "a dictionary has the name of each number from 0 on, or the number of each name"
        raise Error(f"classes is {classes!r}", why=why, hint="give the names as a list, in the order of the logits")
    return [names[number] for number in range(len(pairs))]


def _rank() -> int:
    """Return this process's number among those of a training; torchrun, SLURM and Lightning set one of these."""
    for name in ("RANK", "SLURM_PROCID", "LOCAL_RANK"):
        if (text := os.environ.get(name, "")).isdigit():
            return int(text)
    return 0
