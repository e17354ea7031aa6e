"""What libraries hold numbers in, as arrays of NumPy. None of these libraries is imported here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ._error import Error

if TYPE_CHECKING:
    import numpy.typing as npt


def floats(values: Any, name: str) -> npt.NDArray[np.float32]:
    """Return numbers of any precision, on any device, as float32; what is too large for it becomes infinite.

    >>> floats([[1, 2.5]], "logits")
    array([[1. , 2.5]], dtype=float32)
    """
    array = _array(values, name)
    # The bfloat16 of JAX and TensorFlow is a type that NumPy knows no kind of.
    if array.dtype.kind not in "fiu" and "float" not in array.dtype.name:
        raise Error(f"{name} are not of numbers", why=f"their dtype is {array.dtype}")
    with np.errstate(over="ignore"):
        return array.astype(np.float32, copy=False)


def integers(values: Any, name: str) -> npt.NDArray[np.int64]:
    """Return whole numbers; floats are refused, since labels that are not hard come as such."""
    array = _array(values, name)
    if array.size == 0:
        array = array.astype(np.int64)
    if array.dtype.kind not in "iub":
        raise Error(f"{name} are not whole numbers", why=f"their dtype is {array.dtype}", hint="give integers")
    return array.astype(np.int64, copy=False)


def indices(values: Any) -> npt.NDArray[np.int64]:
    """Return whole numbers; a mask is refused, which would be read as the samples 0 and 1."""
    array = _array(values, "indices")
    if array.dtype.kind == "b":
        hint = "a mask is no list of indices: np.flatnonzero(mask) is"
        raise Error("indices are not whole numbers", why="they are true or false", hint=hint)
    return integers(array, "indices")


def _array(values: Any, name: str) -> npt.NDArray[Any]:
    try:
        if hasattr(values, "detach"):  # PyTorch
            values = values.detach().cpu()
            if str(values.dtype) == "torch.bfloat16":  # NumPy has none
                values = values.float()
        return np.asarray(values)
    except (TypeError, ValueError, RuntimeError, NotImplementedError) as error:
        hint = "log outside of what is compiled, when the numbers are there"
        raise Error(f"{name} cannot be read as an array", why=str(error).strip(), hint=hint) from error
