"""From data to what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from . import _data
from ._found import Found, found_in
from ._prepared import prepared

if TYPE_CHECKING:
    import os


def find(
    data: Any,
    y: Any = None,
    *,
    image: str | None = None,
    resize: tuple[int, int] | None = None,
    project: str | os.PathLike[str] | None = None,
    progress: bool = True,
    **params: Any,
) -> Found:
    """Find the wrong labels and the hard samples of a dataset.

    Small networks are trained, and each label is judged by networks that have not seen its sample.

    Args:
        data: features, N x D; images, N x H x W, N x H x W x C or N x C x H x W; a frame of polars or pandas; a path of
            anything that hspipe reads; a dataset of Hugging Face; or a dataset of (image, label) as torch has them.
        y: one label for each sample, or the name of their column. What is -1 or missing is left out.
        image: the name of the column of images, where it is not found.
        resize: height and width that images are brought to.
        project: a folder for all that is computed. Without it that is one in the user's cache, which the data choose.
        progress: whether to show a bar, if tqdm is installed.
        params: parameters of the pipeline, such as `runs=20`.

    Raises:
        Error: if the data cannot be judged.

    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> found = find(X, np.where(X[:, 0] > 0, "right", "left"))
    >>> found.issues.select("rank", "row", "class_name", "suggested_name").height
    200
    """
    source = _data.source(data, y, image, resize)
    return found_in(prepared(source, [], project), source.picture, params, progress=progress)
