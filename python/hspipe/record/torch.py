"""A pass over a dataset of PyTorch. In come a model and a dataset, out go logits to a recorder, sample by sample."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Subset

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hspipe import Recorder


def log_dataset(
    recorder: Recorder,
    epoch: int,
    model: torch.nn.Module,
    dataset: Any,
    *,
    indices: Sequence[int] | None = None,
    step: Callable[[torch.nn.Module, Any], tuple[Any, Any]] | None = None,
    batch_size: int = 256,
    **loader: Any,
) -> None:
    """Log what a model says of each sample, in one pass in evaluation mode, and flush.

    Processes of a distributed training share the pass; each must call this. The modes of the model's modules and
    PyTorch's random numbers are afterwards what they were: a training that is recorded comes out as one that is not.

    Args:
        recorder: what to log to.
        epoch: the epoch that has just ended, from 0.
        model: what is trained.
        dataset: with a length and items at places 0, 1, and so on.
        indices: the index of each item in the user's data, if the dataset is a part of it.
        step: makes logits and labels of the model and a batch. Without it the batch is (inputs, labels, ...), and is
            moved to where the model's parameters are.
        batch_size: of the pass; there are no gradients, so it may be larger than the training's.
        loader: what else DataLoader takes, such as `num_workers` or `collate_fn`.

    >>> import tempfile, hspipe
    >>> data = torch.utils.data.TensorDataset(torch.randn(100, 5), torch.arange(100) % 2)
    >>> with hspipe.Recorder(tempfile.mkdtemp(), len(data), ["even", "odd"]) as recorder:
    ...     log_dataset(recorder, 0, torch.nn.Linear(5, 2), data)
    """
    if isinstance(model, DistributedDataParallel):
        model = model.module  # which does not wait for the others in each batch
    own = _own_part(len(dataset))
    # A loader draws a number, from its generator or else from the one that the training draws from.
    batches = DataLoader(
        Subset(dataset, own), batch_size, shuffle=False, drop_last=False, generator=torch.Generator(), **loader
    )
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    done = 0
    try:
        with torch.no_grad():
            for batch in batches:
                logits, labels = (step or _step)(model, batch)
                places = own[done : done + len(labels)]
                recorder.log(epoch, places if indices is None else [indices[place] for place in places], logits, labels)
                done += len(labels)
    finally:
        for module, mode in modes:
            module.training = mode
    recorder.flush()


def _step(model: torch.nn.Module, batch: Any) -> tuple[Any, Any]:
    inputs, labels = batch[0], batch[1]
    return model(inputs.to(next(model.parameters()).device)), labels


def _own_part(samples: int) -> list[int]:
    """Divide the samples among the processes. All get as many, for models that work together in each batch."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return list(range(samples))
    rank, size = distributed.get_rank(), distributed.get_world_size()
    return [place % samples for place in range(rank, -(-samples // size) * size, size)]
