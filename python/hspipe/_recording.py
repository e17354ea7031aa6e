"""The folder of a recording.

In come its header and whole tables of rows, out go files that are there whole or not at all. What the numbers are, this
file must not know.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import uuid
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, BinaryIO

import polars as pl

from ._error import Error

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

HEADER = "recording.json"
KIND = {"format": "hspipe recording", "version": 1}
SHARD = re.compile(r"epoch-(\d+)(?:-r(\d+))?-(\d+)\.parquet")


@dataclass(frozen=True)
class Header:
    """What all rows of a recording have in common."""

    samples: int  #: how many there are in the user's data
    classes: int | list[str]  #: their names, or how many there are
    out_of_sample: bool  #: whether each row is by a model that has not learned from its sample

    @property
    def columns(self) -> int:
        """How many logits a row has."""
        return self.classes if isinstance(self.classes, int) else len(self.classes)


class Recording:
    """A folder with recording.json and shards such as `epoch-00003-00000.parquet`: its epoch, then a running number.

    The process of rank 1 writes `epoch-00003-r1-00000.parquet`. Numbers run on over all ranks: a shard has a higher
    number than all that lay there when its process began with the epoch. Nothing is ever deleted.
    """

    def __init__(self, folder: Path, header: Header, rank: int) -> None:
        """Open the folder, or make it.

        Raises:
            Error: if it cannot be written, or holds a recording with another header.
        """
        self.folder, self.rank = folder, rank
        self._numbered: tuple[int, int] | None = None  # an epoch, and the number of its next shard
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if not (folder / HEADER).exists():
                text = json.dumps({**KIND, **asdict(header)}) + "\n"
                self._write(lambda file: file.write(text.encode()), lambda path: path.replace(folder / HEADER))
        except OSError as error:
            raise self._unwritable(error) from error
        _compare(folder, header)

    def shards(self) -> list[tuple[int, int, int]]:
        """Return the epoch, the rank and the number of each shard that is there."""
        names = [SHARD.fullmatch(name) for name in os.listdir(self.folder)]  # noqa: PTH208, of many thousands
        return [(int(name[1]), int(name[2] or 0), int(name[3])) for name in names if name]

    def add(self, epoch: int, rows: pl.DataFrame) -> None:
        """Write rows as the next shard of an epoch.

        Raises:
            Error: if that fails, as on a full disk. Then nothing is left of it.
        """
        try:
            self._write(rows.write_parquet, lambda path: self._publish(path, epoch))
        except (OSError, pl.exceptions.PolarsError) as error:
            raise self._unwritable(error) from error

    def _publish(self, path: Path, epoch: int) -> None:
        if self._numbered is None or self._numbered[0] != epoch:
            self._numbered = epoch, max((number for of, _, number in self.shards() if of == epoch), default=-1) + 1
        number = self._numbered[1]
        rank = f"-r{self.rank}" if self.rank else ""
        while True:
            shard = self.folder / f"epoch-{epoch:05}{rank}-{number:05}.parquet"
            number += 1
            try:
                # Unlike a renaming, this fails if another process of the same rank has taken the name.
                os.link(path, shard)
            except FileExistsError:
                continue
            except OSError:  # a file system without links
                if shard.exists():
                    continue
                path.rename(shard)
            self._numbered = epoch, number
            return

    def _write(self, content: Callable[[BinaryIO], object], publish: Callable[[Path], object]) -> None:
        """Write a file under another name, bring it to the disk, then give it its own."""
        path = self.folder / f".{uuid.uuid4().hex}.tmp"
        try:
            with path.open("xb") as file:
                content(file)
                file.flush()
                os.fsync(file.fileno())
            publish(path)
        finally:
            path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):  # systems that cannot open a folder need not
            folder = os.open(self.folder, os.O_RDONLY)
            try:
                os.fsync(folder)
            finally:
                os.close(folder)

    def _unwritable(self, error: Exception) -> Error:
        return Error(f"{self.folder}: the recording cannot be written", why=str(error))


def what_it_is(path: Path) -> str:
    """Tell recordings apart that need other pipelines.

    That is the header of a recorder's folder, with whether several of its epochs count; of what others have written,
    the files as they lie there.
    """
    if (path / HEADER).is_file():
        return f"{json.dumps(_read(path / HEADER), sort_keys=True)} {_has_epochs(path)}"
    files = [path, *path.glob("*"), *path.glob("training_dynamics/*")] if path.is_dir() else [path]
    states = [(str(file), file.stat()) for file in sorted(files) if file.is_file()]
    return " ".join(f"{name} {state.st_size} {state.st_mtime_ns}" for name, state in states)


def _has_epochs(folder: Path) -> bool:
    """Return whether two epochs or more count: those that have half as many samples as one before, at least."""
    shards: dict[int, list[Path]] = {}
    for name in map(SHARD.fullmatch, os.listdir(folder)):  # noqa: PTH208, of many thousands
        if name:
            shards.setdefault(int(name[1]), []).append(folder / name[0])
    most = counted = 0
    for epoch in sorted(shards):
        try:
            samples = pl.scan_parquet(shards[epoch]).select(pl.col("sample").n_unique()).collect().item()
        except (OSError, pl.exceptions.PolarsError):  # which the program explains
            return len(shards) > 1
        counted += 2 * samples >= most
        most = max(most, samples)
        if counted > 1:
            return True
    return False


def _compare(folder: Path, header: Header) -> None:
    there = _read(folder / HEADER)
    here: dict[str, Any] = {**KIND, **asdict(header)}
    for name, value in here.items():
        if there.get(name) != value:
            raise Error(
                f"{folder} holds another recording",
                why=f"its {name} is {_short(there.get(name))}, here it is {_short(value)}",
                hint="name another folder for this training, or delete that one",
            )


def _read(path: Path) -> dict[str, Any]:
    try:
        there = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise Error(f"{path} cannot be read", why=str(error), hint="name another folder") from error
    return there if isinstance(there, dict) else {}


def _short(value: object) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else f"{text[:80]}..."
