"""Records a training of Lightning, by a pass over the data after each epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

try:
    from lightning.pytorch import Callback, LightningModule, Trainer
except ImportError:  # the same by its older name
    from pytorch_lightning import Callback, LightningModule, Trainer

from .torch import labelled, log_dataset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import torch

    from hspipe import Recorder


class RecorderCallback(Callback):
    """Logs what the model says of each sample when a training epoch has ended.

    `Trainer(callbacks=[RecorderCallback(recorder, dataset, batch_size=512, num_workers=4)])`. The processes of a
    distributed training share the pass. It runs in the precision of the trainer.
    """

    def __init__(
        self,
        recorder: Recorder,
        dataset: Any,
        *,
        indices: Sequence[int] | None = None,
        step: Callable[[torch.nn.Module, Any], tuple[Any, Any]] | None = None,
        **loader: Any,
    ) -> None:
        """Keep what the pass needs.

        Args:
            recorder: what to log to; with `resume=True` if the trainer goes on from a checkpoint.
            dataset: the samples to judge, without augmentation.
            indices: the index of each in the user's data. It is known where the dataset has as many samples as the
                recording, and where it is `Subset(hspipe.Indexed(data), part)`.
            step: makes logits and labels of the module and a batch, which lies on its device. Without it the batch is
                (inputs, labels, ...), and the module's `forward` gives logits.
            loader: what DataLoader takes, such as `batch_size`, `num_workers` or `collate_fn`, but no other order.
        """
        self.recorder, self.dataset, self.indices, self.loader = recorder, dataset, indices, loader
        self.step = step or _step

    def on_train_epoch_end(self, trainer: Trainer, pl_module: LightningModule) -> None:
        """Make the pass."""
        precision = trainer.strategy.precision_plugin

        def step(model: torch.nn.Module, batch: Any) -> tuple[Any, Any]:
            batch = precision.convert_input(trainer.strategy.batch_to_device(batch))
            with precision.forward_context():
                return self.step(model, batch)

        log_dataset(
            self.recorder,
            trainer.current_epoch,
            pl_module,
            self.dataset,
            indices=self.indices,
            step=step,
            **self.loader,
        )


def _step(model: torch.nn.Module, batch: Any) -> tuple[Any, Any]:
    inputs, labels = labelled(batch)
    return model(inputs), labels
