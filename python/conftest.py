"""What tests and doctests share: a cache of their own, and two small datasets."""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

import pytest
from sklearn.datasets import load_iris

import hspipe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Their docstrings have no examples, and not all of their libraries bear each other in one process.
collect_ignore = [f"hspipe/record/{name}.py" for name in ("keras", "lightning", "transformers")]
if not find_spec("torch"):
    collect_ignore.append("hspipe/record/torch.py")


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep the user's own cache out of this."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HSPIPE_PROJECTS", str(folder))
        yield folder


@pytest.fixture(scope="session")
def iris(tmp_path_factory: pytest.TempPathFactory) -> hspipe.Found:
    """Iris, judged in a project of its own."""
    data = load_iris()
    return hspipe.find(data.data, data.target_names[data.target], project=tmp_path_factory.mktemp("iris"), runs=2)
