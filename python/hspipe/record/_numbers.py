"""The index of each sample of a pass. In come a dataset and what the user says, out go indices that fit the recording.

No library is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hspipe import Error, Indexed, _tensors

if TYPE_CHECKING:
    import numpy.typing as npt

    from hspipe import Recorder


def numbers(recorder: Recorder, dataset: Any, given: Any = None) -> npt.NDArray[np.int64]:
    """Return the index of each item of a dataset in the user's data.

    Args:
        recorder: its number of samples is that of the user's data.
        dataset: has a length. It may be an `Indexed`, or a part of one by PyTorch's `Subset`.
        given: what the user says.

    Raises:
        Error: if the user says nothing, and the dataset is not as long as the user's data; or if what is given does not
            fit.
    """
    try:
        length = len(dataset)
    except TypeError as error:
        hint = "log by Recorder.log, with the index of each sample"
        raise Error("the dataset cannot be recorded in a pass", why="it has no length", hint=hint) from error
    if given is None:
        whole, given = _parts(dataset)
        if len(whole) != recorder.n_samples:
            why = f"the dataset has {len(whole)} samples, the recording {recorder.n_samples}"
            hint = "give indices: of each sample of the dataset the index in the data"
            raise Error("which of the samples these are is not known", why=why, hint=hint)
    indices = _tensors.indices(given)
    if indices.shape != (length,):
        why = f"indices have the shape {indices.shape}, the dataset has {length} samples"
        raise Error("there is not one index for each sample", why=why, hint="give as many whole numbers, in a list")
    return indices


def _parts(dataset: Any) -> tuple[Any, npt.NDArray[np.int64]]:
    """Return the `Indexed` that a dataset is a part of, or the dataset, and which items of it there are."""
    whole, places = dataset, np.arange(len(dataset))
    while not isinstance(whole, Indexed):
        if not (hasattr(whole, "dataset") and hasattr(whole, "indices")):
            return dataset, np.arange(len(dataset))
        whole, places = whole.dataset, _tensors.indices(whole.indices)[places]
    return whole, np.arange(len(whole))[places]
