"""Records a training of Hugging Face's Trainer, by a pass over the data after each epoch."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import torch
from transformers import Trainer, TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from hspipe import Error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hspipe import Recorder

PART = 8192  #: samples whose logits are in memory at a time


class RecorderCallback(TrainerCallback):
    """Logs what the model says of each sample when an epoch has ended, by `Trainer.predict`.

    `trainer.add_callback(RecorderCallback(trainer, recorder))`, for models that classify: one label for each sample.
    """

    def __init__(
        self, trainer: Trainer, recorder: Recorder, dataset: Any = None, *, indices: Sequence[int] | None = None
    ) -> None:
        """Keep what the pass needs.

        Args:
            trainer: what trains; it collates the samples and knows where the model is.
            recorder: what to log to; with `resume=True` if the trainer goes on from a checkpoint.
            dataset: the samples to judge, without augmentation; those that are trained on, if not given.
            indices: the index of each in the user's data, if the dataset is a part of it.
        """
        self.trainer, self.recorder = trainer, recorder
        self.dataset = trainer.train_dataset if dataset is None else dataset
        self.indices = range(len(self.dataset)) if indices is None else indices

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
            # A loader draws a number from PyTorch's generator, which the training must not notice.
            with torch.random.fork_rng(devices=[]):
                found = self.trainer.predict(_part(self.dataset, places))
            logits = found.predictions[0] if isinstance(found.predictions, tuple) else found.predictions
            if logits is None or found.label_ids is None:
                why = "the trainer predicts no logits, or the dataset has no labels"
                raise Error("the training cannot be recorded", why=why, hint="see prediction_loss_only, label_names")
            if state.is_world_process_zero:
                self.recorder.log(epoch, [self.indices[place] for place in places], logits, found.label_ids)
        self.recorder.flush()


def _part(dataset: Any, places: range) -> Any:
    return dataset.select(places) if hasattr(dataset, "select") else torch.utils.data.Subset(dataset, places)
