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
HINT = (
    "say RecorderCallback(..., from_logits=True) of logits, from_logits=False of probabilities: a sigmoid or a softmax"
)


class RecorderCallback(keras.callbacks.Callback):
    """Logs what the model says of each sample when an epoch has ended.

    `model.fit(x, y, callbacks=[RecorderCallback(recorder, x, y)])`, with any backend.

    Where the model gives probabilities, their logarithms are logged: they are the logits, but for a number that is the
    same for all classes and changes no score. Of a model with one output both classes are logged. Several outputs are
    seen to be probabilities by their sums; one output by the layer at the model's end, where that is a Dense or an
    Activation. Of other models `from_logits` must say so.
    """

    def __init__(
        self,
        recorder: Recorder,
        x: Any,
        y: Any,
        *,
        indices: Sequence[int] | None = None,
        batch_size: int = 256,
        from_logits: bool | None = None,
    ) -> None:
        """Keep what the pass needs.

        Args:
            recorder: what to log to; with `resume=True` if the training goes on from an earlier one.
            x: the samples to judge, as an array, or several in a list or dictionary as the model takes them.
            y: their labels, as whole numbers, or N x K with a single 1 in each row.
            indices: the index of each sample in the user's data, if x has fewer samples than the recording.
            batch_size: of the pass.
            from_logits: as Keras's losses have it: whether the model gives logits. False if it gives probabilities.
        """
        super().__init__()
        self.recorder, self.x, self.labels, self.batch_size = recorder, x, _whole(np.asarray(y)), batch_size
        self.indices = numbers(recorder, self.labels, indices)
        lengths = {len(array) for array in keras.tree.flatten(x)}
        if lengths != {len(self.labels)}:
            raise Error("x and y are not of the same samples", why=f"y has {len(self.labels)}, not {lengths}")
        self.from_logits = from_logits

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:  # noqa: ARG002, as Keras calls it
        """Make the pass."""
        for begin in range(0, len(self.labels), PART):
            part = slice(begin, begin + PART)
            inputs = keras.tree.map_structure(lambda array, part=part: array[part], self.x)
            outputs = self.model.predict(inputs, batch_size=self.batch_size, verbose=0)
            if not isinstance(outputs, np.ndarray) or outputs.ndim != 2:
                why = f"it gives {_described(outputs)}"
                hint = "wanted is one array of samples x classes; of other models log by Recorder.log"
                raise Error("the model's outputs are not logits of classes", why=why, hint=hint)
            outputs = outputs.astype(np.float32)
            if self.from_logits is None:
                self.from_logits = _gives_logits(self.model, outputs)
            self.recorder.log(
                epoch, self.indices[part], _logits(outputs, from_logits=self.from_logits), self.labels[part]
            )
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


def _gives_logits(model: Any, outputs: npt.NDArray[np.float32]) -> bool:
    """Tell logits from probabilities, once for a training, by what can be known of them."""
    if outputs.shape[1] > 1 and (outputs >= 0).all() and (np.abs(outputs.sum(axis=1) - 1) < 0.01).all():
        return False
    if outputs.shape[1] == 1:
        last = _last_activation(model)
        if last is keras.activations.sigmoid:
            return False
        if last is not keras.activations.linear:
            why = "it has one output, and at its end no Dense layer that is linear or a sigmoid"
            raise Error("whether the model gives logits or probabilities is not known", why=why, hint=HINT)
    if ((outputs >= 0) & (outputs <= 1)).all():
        why = f"all outputs for {len(outputs)} samples lie between 0 and 1, and they do not sum to 1"
        raise Error("whether the model gives logits or probabilities is not known", why=why, hint=HINT)
    return True


def _last_activation(model: Any) -> Any:
    """Return the activation at the end of a model; nothing where a class of the user's or another layer decides."""
    outputs = getattr(model, "outputs", None)
    if not type(model).__module__.startswith("keras.") or not outputs:
        return None
    layer: Any = getattr(getattr(outputs[0], "_keras_history", None), "operation", None)
    if type(layer) not in (keras.layers.Dense, keras.layers.Activation):
        return None
    # A linear Activation may stand behind anything.
    passes_on = type(layer) is keras.layers.Activation and layer.activation is keras.activations.linear
    return None if passes_on else layer.activation


def _logits(outputs: npt.NDArray[np.float32], *, from_logits: bool) -> npt.NDArray[np.float32]:
    if from_logits:
        return outputs if outputs.shape[1] > 1 else np.concatenate([np.zeros_like(outputs), outputs], axis=1)
    if outputs.shape[1] == 1:
        outputs = np.concatenate([1 - outputs, outputs], axis=1)
    if (outputs < 0).any() or (np.abs(outputs.sum(axis=1) - 1) > 0.01).any():
        why = f"they are from {outputs.min():.3g} to {outputs.max():.3g}, or do not sum to 1"
        raise Error("the model's outputs are not probabilities", why=why, hint=HINT)
    return np.log(np.maximum(outputs, np.finfo(np.float32).tiny))  # so that no logarithm is infinite


def _described(outputs: Any) -> str:
    if isinstance(outputs, np.ndarray):
        return f"an array of the shape {outputs.shape}"
    return f"several arrays, in a {type(outputs).__name__}"
