"""The rows that are held in memory. In come rows that were checked, out go shards of bounded size to a recording."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import polars as pl

from ._error import Error

if TYPE_CHECKING:
    import numpy.typing as npt

    from ._recording import Header, Recording

SHARD_BYTES = 32 << 20  #: rows that are held in memory before they become a shard
ENOUGH = 32  #: rows that look like probabilities before they are taken for such


class Rows:
    """Rows of one epoch. They outlive their recorder until they are written."""

    def __init__(self, recording: Recording, header: Header) -> None:
        self.recording, self.samples = recording, header.samples
        self.size = min(header.samples, max(1, SHARD_BYTES // (4 * header.columns + 12)))
        self.indices = np.empty(self.size, np.int64)
        self.labels = np.empty(self.size, np.int32)
        self.logits = np.empty((self.size, header.columns), np.float32)
        self.epoch = self.held = self.logged = 0
        self.like_probabilities: int | None = 0  # None once a row is none
        self.process = os.getpid()

    def add(
        self,
        epoch: int,
        indices: npt.NDArray[np.int64],
        labels: npt.NDArray[np.int64],
        logits: npt.NDArray[np.float32],
    ) -> None:
        """Hold rows that fit the header; write what is held where the epoch is another, or the memory full.

        Raises:
            Error: if they are probabilities, or if what is held cannot be written: then it is held on.
        """
        self._see_whether_logits(epoch, logits)
        if self.process != os.getpid():
            # A fork: what its parent had logged is the parent's to write.
            self.process, self.held = os.getpid(), 0
        if epoch != self.epoch:
            self.flush()
            self.epoch, self.logged = epoch, 0
        taken = 0
        while taken < len(indices):
            end = min(len(indices), taken + self.size - self.held)
            into = slice(self.held, self.held + end - taken)
            self.indices[into] = indices[taken:end]
            self.labels[into] = labels[taken:end]
            self.logits[into] = logits[taken:end]
            self.logged += end - taken
            self.held, taken = into.stop, end
            # The epoch may be complete: then a kill before the next one must not take its last rows.
            if self.held == self.size or self.logged % self.samples == 0:
                self.flush()

    def flush(self) -> None:
        """Write what is held, if anything is."""
        if not self.held or self.process != os.getpid():
            return
        frame = pl.DataFrame(
            {
                "epoch": np.full(self.held, self.epoch, np.int32),
                "sample": self.indices[: self.held],
                "label": self.labels[: self.held],
                "logits": pl.Series(self.logits[: self.held]).arr.to_list(),
            }
        )
        self.recording.add(self.epoch, frame)
        self.held = 0

    def _see_whether_logits(self, epoch: int, rows: npt.NDArray[np.float32]) -> None:
        """Refuse probabilities: a softmax of them would be taken for what the model says, in silence."""
        if self.like_probabilities is None:
            return
        if not ((rows >= 0).all(axis=1) & (np.abs(rows.sum(axis=1) - 1) < 0.01)).all():
            self.like_probabilities = None
            return
        self.like_probabilities += len(rows)
        if self.like_probabilities >= ENOUGH:
            hint = "log what the model gives before softmax, or the logarithm of the probabilities"
            raise Error(f"epoch {epoch}: logits are probabilities", why="every row so far sums to 1", hint=hint)
