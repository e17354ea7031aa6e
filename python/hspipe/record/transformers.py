"""Records a training of Hugging Face's Trainer, by a pass over the data after each epoch."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from hspipe import Error

from ._numbers import numbers

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hspipe import Recorder

PART = 8192  #: samples whose logits are in memory at a time
COMPARED = 32  #: samples of a part whose labels are compared with those that come back

HINT = "does the trainer have get_test_dataloader, or a data_collator that drops samples? Else log by Recorder.log"

#: Arguments by which a pass is in the data's order, and whole. Transformers has had each under one of these names.
IN_ORDER = {
    "train_sampling_strategy": "random",
    "group_by_length": False,
    "dataloader_in_order": True,
    "dataloader_drop_last": False,
}


class RecorderCallback(TrainerCallback):
    """Logs what the model says of each sample when an epoch has ended, by `Trainer.predict`.

    `trainer.add_callback(RecorderCallback(trainer, recorder))`, for models that classify: one label for each sample.

    The pass is in the data's order, whatever order the training has. Labels of samples here and there are compared with
    those of the data, where these are in a column `label`, `labels` or what the trainer's `label_names` says.
    """

    def __init__(
        self, trainer: Trainer, recorder: Recorder, dataset: Any = None, *, indices: Sequence[int] | None = None
    ) -> None:
        """Keep what the pass needs.

        Args:
            trainer: what trains; it collates the samples and knows where the model is.
            recorder: what to log to; with `resume=True` if the trainer goes on from a checkpoint.
            dataset: the samples to judge, without augmentation; those that are trained on, if not given.
            indices: the index of each in the user's data. It is known where the dataset has as many samples as the
                recording, and where it is `Subset(hspipe.Indexed(data), part)`.
        """
        self.trainer, self.recorder = trainer, recorder
        self.dataset = trainer.train_dataset if dataset is None else dataset
        self.indices = numbers(recorder, self.dataset, indices)

    def on_epoch_end(
        self,
        args: TrainingArguments,  # noqa: ARG002, as the trainer calls it
        state: TrainerState,
        control: TrainerControl,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> None:
        """Make the pass. All processes take part, the first one logs."""
        epoch = math.ceil((state.epoch or 0) - 1e-3) - 1
        for begin in range(0, len(self.dataset), PART):
            places = range(begin, min(begin + PART, len(self.dataset)))
            part = _part(self.dataset, places)
            # A loader draws a number from PyTorch's generator, which the training must not notice.
            with torch.random.fork_rng(devices=[]), _in_order(self.trainer.args):
                found = self.trainer.predict(part)
                self._compare(part, places, found.label_ids)
            logits = found.predictions[0] if isinstance(found.predictions, tuple) else found.predictions
            if logits is None or found.label_ids is None:
                why = "the trainer predicts no logits, or the dataset has no labels"
                raise Error("the training cannot be recorded", why=why, hint="see prediction_loss_only, label_names")
            if state.is_world_process_zero:
                self.recorder.log(epoch, self.indices[places], logits, found.label_ids)
        self.recorder.flush()

    def _compare(self, part: Any, places: range, given: Any) -> None:
        """See that what comes back is what was asked for: a trainer may have a loader of its own."""
        if given is None:
            return
        if len(given) != len(part):
            why = f"{len(given)} labels come back for {len(part)} samples"
            raise Error("the trainer's pass is not over the samples that it was given", why=why, hint=HINT)
        names = [*(self.trainer.label_names or []), "labels", "label"]
        for place in range(0, len(part), -(-len(part) // COMPARED)):
            item = part[place]
            there = [item[name] for name in names if name in item] if isinstance(item, Mapping) else []
            label: Any = there[0] if there else None
            # Others, such as texts, are for the collator to understand.
            is_class = np.ndim(label) == 0 and np.asarray(label).dtype.kind in "iub"
            if is_class and np.any(np.asarray(label) != given[place]):
                why = f"the label of sample {self.indices[places[place]]} is {label}, {given[place]} comes back"
                raise Error("the trainer's pass is not in the order of the data", why=why, hint=HINT)


@contextlib.contextmanager
def _in_order(args: TrainingArguments) -> Iterator[None]:
    """Let the trainer's loader go over all samples in their order; `predict` would group them by length as well."""
    before = {name: getattr(args, name) for name in IN_ORDER if hasattr(args, name)}
    try:
        for name in before:
            setattr(args, name, IN_ORDER[name])
        yield
    finally:
        for name, value in before.items():
            setattr(args, name, value)


def _part(dataset: Any, places: range) -> Any:
    return dataset.select(places) if hasattr(dataset, "select") else torch.utils.data.Subset(dataset, places)
