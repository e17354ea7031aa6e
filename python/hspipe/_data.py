"""What people hold, as what the program reads.

In come arrays, frames, datasets and paths, out goes a file or folder and how to read it. What is then done with it,
this file must not know. None of the libraries that data may be of is imported here.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl

from . import _picture
from ._error import Error

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt


@dataclass
class Source:
    """Data that the program can read."""

    path: Path | None = None  #: where they lie already
    write: Callable[[Path], object] | None = None  #: else, what writes them to a file
    suffix: str = ""  #: that file's ending
    words: list[str] = field(default_factory=list)  #: how `hspipe init` is to read them
    picture: Callable[[dict[str, Any]], bytes | None] = lambda _: None  #: the picture of a row of issues, as a file


def source(data: Any, labels: Any, image: str | None, resize: tuple[int, int] | None) -> Source:
    """Tell what the data are."""
    if isinstance(data, (str, os.PathLike)):
        found = _path(data, labels)
    elif isinstance(data, pl.DataFrame):
        found = _frame(data, labels, image)
    elif _is_of(data, "pandas"):
        found = _frame(_from_pandas(data), labels, image)
    elif _is_of(data, "datasets"):
        found = _hugging_face(data, labels, image)
    elif labels is None and hasattr(data, "__getitem__") and hasattr(data, "__len__"):
        found = _pairs(data)
    else:
        found = _arrays(data, labels)
    if image is not None:
        found.words += ["--image", image]
    if resize is not None:
        found.words += ["--resize", f"{resize[0]}x{resize[1]}"]
    return found


def _is_of(data: Any, library: str) -> bool:
    return type(data).__module__.partition(".")[0] == library


def _path(path: str | os.PathLike[str], labels: Any) -> Source:
    whole = Path(path).expanduser().resolve()
    if not whole.exists():
        raise Error(f"{path} is not there", hint="name a folder or a file with data")
    words = [] if labels is None else ["--label", _column(labels)]

    def picture(row: dict[str, Any]) -> bytes | None:
        file = whole / row["source"] if row["source"] else None
        return file.read_bytes() if file and file.is_file() and file.stat().st_size <= _picture.LARGEST else None

    return Source(path=whole, words=words, picture=picture)


def _column(labels: Any) -> str:
    if isinstance(labels, str):
        return labels
    why = f"it is a {type(labels).__name__}, and the data bring their labels"
    raise Error("y must be the name of a column", why=why)


def _frame(frame: pl.DataFrame, labels: Any, image: str | None) -> Source:
    label = labels if isinstance(labels, str) else "label"
    if labels is not None and not isinstance(labels, str):
        if label in frame.columns:
            raise Error("the frame has a column `label` beside the labels y", hint="give its name as y, or drop it")
        if len(labels) != frame.height:
            raise _lengths(frame.height, len(labels))
        frame = frame.with_columns(pl.Series(label, _labels(labels)))
    if label not in frame.columns:
        raise Error(f"the frame has no column `{label}`", hint=f"y is one of {', '.join(frame.columns)}")

    def picture(row: dict[str, Any]) -> bytes | None:
        value = frame[image][row["row"]] if image else None
        return value["bytes"] if isinstance(value, dict) else value if isinstance(value, bytes) else None

    return Source(write=frame.write_parquet, suffix=".parquet", words=["--label", label], picture=picture)


def _from_pandas(frame: Any) -> pl.DataFrame:
    """Go by NumPy where that is enough, so that pyarrow need not be there; the index is left out."""
    columns: dict[str, Any] = {}
    for name, column in frame.items():
        whole = column.dtype.kind in "biuf" and not column.isna().any()
        missing = zip(column, column.isna(), strict=True)
        columns[str(name)] = column.to_numpy() if whole else [None if is_na else value for value, is_na in missing]
    return pl.DataFrame(columns, strict=False)


def _hugging_face(data: Any, labels: Any, image: str | None) -> Source:
    if not hasattr(data, "to_parquet"):
        raise Error(f"a {type(data).__name__} is more than one table", hint="give one split, as in data['train']")
    names = [name for name, kind in data.features.items() if type(kind).__name__ == "Image"]
    shown = image or (names[0] if names else None)

    def picture(row: dict[str, Any]) -> bytes | None:
        return _picture.of_pil(data[int(row["row"])][shown]) if shown else None

    words = [] if labels is None else ["--label", _column(labels)]
    return Source(write=data.to_parquet, suffix=".parquet", words=words, picture=picture)


def _pairs(data: Any) -> Source:
    """Read a dataset of (image, label), as torch and torchvision have them, once from end to end."""
    images: list[npt.NDArray[Any]] = []
    labels: list[Any] = []
    for place in range(len(data)):
        try:
            image, label = data[place]
        except (TypeError, ValueError) as error:
            why = f"sample {place} of the {type(data).__name__} is no pair of an image and a label"
            raise Error("there are no labels", why=why, hint="give them as y") from error
        images.append(np.asarray(image))
        labels.append(label)
    if len({image.shape for image in images}) > 1:
        raise Error("the images are of several sizes", hint="let the dataset's transform bring them to one")
    names = getattr(data, "classes", None)
    if names is not None:
        labels = [str(names[int(label)]) for label in labels]
    return _arrays(np.stack(images), [label if isinstance(label, str) else int(label) for label in labels])


def _arrays(data: Any, labels: Any) -> Source:
    if labels is None:
        raise Error("there are no labels", hint="give one for each sample, as y")
    features, given = np.asarray(data), _labels(labels)
    if features.dtype.kind not in "biuf":
        raise Error("X is not of numbers", why=f"its dtype is {features.dtype}", hint="texts are for frames")
    if features.ndim not in (2, 3, 4):
        why = f"it has the shape {features.shape}"
        hint = "N x D, N x H x W, N x H x W x C or N x C x H x W"
        raise Error("X is neither features nor images", why=why, hint=hint)
    if given.ndim != 1:
        raise Error("y is not one label for each sample", why=f"it has the shape {given.shape}")
    if len(features) != len(given):
        raise _lengths(len(features), len(given))
    _see_whether_finite(features)

    def write(path: Path) -> None:
        with path.open("wb") as file:
            np.savez(file, X=features, y=given)

    def picture(row: dict[str, Any]) -> bytes | None:
        return _picture.of_array(features[row["row"]], features) if features.ndim > 2 else None

    return Source(write=write, suffix=".npz", picture=picture)


def _labels(labels: Any) -> npt.NDArray[Any]:
    """Bring labels to an array without objects; a missing one becomes -1 or, among texts, an error."""
    given = np.asarray(labels)
    if given.dtype.kind != "O":
        return given
    if all(isinstance(label, str) for label in given):
        return given.astype(str)
    if any(isinstance(label, str) for label in given):
        other = next(label for label in given if not isinstance(label, str))
        raise Error("y is not of one kind", why=f"it has texts and {other!r}", hint="leave those samples out")
    try:
        return np.asarray([np.nan if label is None else label for label in given], dtype=float)
    except (TypeError, ValueError) as error:
        raise Error("y is neither of numbers nor of texts", why=str(error)) from error


def _lengths(samples: int, labels: int) -> Error:
    hint = "each sample needs one label, in the same order"
    return Error(f"X has {samples} samples, y has {labels} labels", hint=hint)


def _see_whether_finite(features: npt.NDArray[Any]) -> None:
    if features.dtype.kind != "f":
        return
    finite = np.isfinite(features).reshape(len(features), -1).all(axis=1)
    if not finite.all():
        bad = np.flatnonzero(~finite)
        why = f"{len(bad)} of {len(features)} samples have NaN or infinity, the first is {bad[0]}"
        raise Error("X has values that are no numbers", why=why, hint="fill them in, or leave these samples out")
