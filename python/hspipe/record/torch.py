"""A pass over a dataset of PyTorch. In come a model and a dataset, out go logits to a recorder, sample by sample."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch
from torch import distributed
from torch.nn.parallel import DistributedDataParallel
from torch.utils.data import DataLoader, Subset

from hspipe import Error

from ._numbers import numbers

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hspipe import Recorder

#: What else than this a loader may not be told, for the pass is over all samples in the order of the dataset.
IN_ORDER = {"sampler": None, "batch_sampler": None, "shuffle": False, "drop_last": False, "in_order": True}

HINT = "say how, as in step=lambda model, batch: (model(batch['pixels'])['logits'], batch['label'])"


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
        indices: the index of each item in the user's data. It is known where the dataset has as many samples as the
            recording, and where it is `Subset(hspipe.Indexed(data), part)`.
        step: makes logits and labels of the model and a batch. Without it the batch is (inputs, labels, ...), and is
            moved to where the model's parameters are.
        batch_size: of the pass; there are no gradients, so it may be larger than the training's.
        loader: what else DataLoader takes, such as `num_workers` or `collate_fn`, but no other order.

    Raises:
        Error: if it is not known which sample a row is of, or if the recorder refuses the rows.

    >>> import tempfile, hspipe
    >>> data = torch.utils.data.TensorDataset(torch.randn(100, 5), torch.arange(100) % 2)
    >>> with hspipe.Recorder(tempfile.mkdtemp(), len(data), ["even", "odd"]) as recorder:
    ...     log_dataset(recorder, 0, torch.nn.Linear(5, 2), data)
    """
    if isinstance(model, DistributedDataParallel):
        model = model.module  # which does not wait for the others in each batch
    samples = numbers(recorder, dataset, indices)
    places = _own_part(len(dataset))
    for name, usual in IN_ORDER.items():
        if loader.pop(name, usual) not in (usual, None):
            why = "all samples are judged once, in the order of the dataset"
            raise Error(f"a pass over the data takes no {name}", why=why, hint="leave it out; for a part take Subset")
    # A loader draws a number, from its generator or else from the one that the training draws from.
    loader = {"generator": torch.Generator(), **loader}
    batches = DataLoader(Subset(dataset, places), batch_size, **loader)
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    done = 0
    try:
        with torch.no_grad():
            for batch in batches:
                logits, labels = _made(step or _step, model, batch)
                asked = places[done : done + batch_size]
                if len(labels) != len(asked):
                    why = f"{len(asked)} samples were asked for, from place {done} on, {len(labels)} labels came"
                    hint = (
                        "neither collate_fn nor step may drop samples or add some; for a part take Subset and indices"
                    )
                    raise Error("which sample a row is of is not known", why=why, hint=hint)
                recorder.log(epoch, samples[asked], logits, labels)
                done += len(asked)
        if done != len(places):
            raise Error("the pass has not seen all samples", why=f"{done} of {len(places)} came")
    finally:
        for module, mode in modes:
            module.training = mode
    recorder.flush()


def labelled(batch: Any) -> tuple[Any, Any]:
    """Return inputs and labels of a batch that is (inputs, labels, ...).

    Raises:
        Error: if it is anything else.
    """
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        raise Error("the batches are not (inputs, labels, ...)", why=f"one is {_described(batch)}", hint=HINT)
    return batch[0], batch[1]


def _step(model: torch.nn.Module, batch: Any) -> tuple[Any, Any]:
    inputs, labels = labelled(batch)
    if not hasattr(inputs, "to"):
        raise Error("the inputs are not a tensor", why=f"they are {_described(inputs)}", hint=HINT)
    own = next(chain(model.parameters(), model.buffers()), None)
    return model(inputs if own is None else inputs.to(own.device)), labels


def _made(step: Callable[[torch.nn.Module, Any], tuple[Any, Any]], model: torch.nn.Module, batch: Any) -> Any:
    made = step(model, batch)
    if not isinstance(made, (tuple, list)) or len(made) != 2:
        raise Error("step does not give logits and labels", why=f"it gives {_described(made)}", hint=HINT)
    if not hasattr(made[0], "shape"):
        raise Error("the model does not give a tensor of logits", why=f"it gives {_described(made[0])}", hint=HINT)
    return made


def _described(value: Any) -> str:
    kind = type(value).__name__
    if isinstance(value, Mapping):
        return f"a {kind} with {', '.join(map(str, value))}"
    return f"a {kind} of {len(value)}" if isinstance(value, (tuple, list)) else f"a {kind}"


def _own_part(samples: int) -> list[int]:
    """Divide the samples among the processes. All get as many, for models that work together in each batch."""
    if not (distributed.is_available() and distributed.is_initialized()):
        return list(range(samples))
    rank, size = distributed.get_rank(), distributed.get_world_size()
    return [place % samples for place in range(rank, -(-samples // size) * size, size)]
