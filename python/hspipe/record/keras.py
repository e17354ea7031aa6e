"""Records a training of Keras, by a pass over the data after each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np

from hspipe import Error

from ._numbers import numbers

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from hspipe import Recorder

PART = 8192  #: samples whose outputs are in memory at a time


class RecorderCallback(keras.callbacks.Callback):
    """Logs what the model says of each sample when an epoch has ended.

    `model.fit(x, y, callbacks=[RecorderCallback(recorder, x, y)])`, with any backend.

    Where the model ends in a softmax, the logarithms of its probabilities are logged: they are the logits, but for a
    number that is the same for all classes and changes no score. Of a model with one output and a sigmoid at its end
    both classes are logged in this way.
    """

    def __init__(
        self, recorder: Recorder, x: Any, y: Any, *, indices: Sequence[int] | None = None, batch_size: int = 256
    ) -> None:
        """Keep what the pass needs.

        Args:
            recorder: what to log to; with `resume=True` if the training goes on from an earlier one.
            x: the samples to judge, as an array, or several in a list or dictionary as the model takes them.
            y: their labels, as whole numbers, or N x K with a single 1 in each row.
            indices: the index of each sample in the user's data, if x has fewer samples than the recording.
            batch_size: of the pass.
        """
        super().__init__()
        self.recorder, self.x, self.labels, self.batch_size = recorder, x, _whole(np.asarray(y)), batch_size
        self.indices = numbers(recorder, self.labels, indices)
        lengths = {len(array) for array in keras.tree.flatten(x)}
        if lengths != {len(self.labels)}:
            raise Error("x and y are not of the same samples", why=f"y has {len(self.labels)}, not {lengths}")
        self._kind: str | None = None  # of the model's outputs, once they were seen

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002, as Keras calls it
        """Make the pass."""
        for begin in range(0, len(self.labels), PART):
            part = slice(begin, begin + PART)
            inputs = keras.tree.map_structure(lambda array, part=part: array[part], self.x)
            outputs = np.asarray(self.model.predict(inputs, batch_size=self.batch_size, verbose=0), np.float32)
            self._kind = self._kind or _kind(self.model, outputs)
            self.recorder.log(epoch, self.indices[part], _logits(self._kind, outputs), self.labels[part])
        self.recorder.flush()


def _whole(labels: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    if labels.ndim == 2 and labels.shape[1] == 1:
        labels = labels[:, 0]
    if labels.ndim == 2 and ((labels == 0) | (labels == 1)).all() and (labels.sum(axis=1) == 1).all():
        labels = labels.argmax(axis=1)
    if labels.ndim != 1 or not (labels == np.floor(labels)).all():
        why = f"y has the shape {labels.shape} and the dtype {labels.dtype}"
        raise Error("the labels are not one class for each sample", why=why)
    return labels.astype(np.int64)


def _kind(model: Any, outputs: npt.NDArray[np.float32]) -> str:
    if outputs.ndim == 2 and outputs.shape[1] == 1:
        last = getattr(model.layers[-1], "activation", None)
        if last not in (None, keras.activations.linear, keras.activations.sigmoid):
            raise Error("the model's one output is neither a logit nor a probability", hint="use Recorder.log")
        return "sigmoid" if last is keras.activations.sigmoid else "one logit"
    sums_to_1 = outputs.ndim == 2 and (outputs >= 0).all() and (np.abs(outputs.sum(axis=1) - 1) < 0.01).all()
    return "softmax" if sums_to_1 else "logits"


def _logits(kind: str, outputs: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    if kind == "one logit":
        return np.concatenate([np.zeros_like(outputs), outputs], axis=1)
    if kind == "sigmoid":
        outputs = np.concatenate([1 - outputs, outputs], axis=1)
    if kind in ("sigmoid", "softmax"):
        return np.log(np.maximum(outputs, np.finfo(np.float32).tiny))  # so that no logarithm is infinite
    return outputs
