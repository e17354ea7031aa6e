"""A dataset whose items say where they stand. Any dataset with a length and places goes in; no library is imported."""

from __future__ import annotations

from typing import Any


class Indexed:
    """A dataset as PyTorch has them, whose items bring their index along, so that a batch knows its samples.

    `(image, label)` becomes `(image, label, index)`, a dictionary gets the key `"index"`, and anything else becomes
    `(item, index)`.

    >>> Indexed([("a.png", 0), ("b.png", 1)])[1]
    ('b.png', 1, 1)

    For a part of the data, index first and choose then: `Subset(Indexed(data), training_part)`. The other way round an
    index would count the part, not the data.
    """

    def __init__(self, dataset: Any) -> None:
        self.dataset = dataset

    def __len__(self) -> int:
        return len(self.dataset)

    def __getitem__(self, index: int) -> Any:
        item = self.dataset[index]
        if isinstance(item, dict):
            return {**item, "index": index}
        return (*item, index) if isinstance(item, (tuple, list)) else (item, index)
