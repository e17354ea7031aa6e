"""`find` on small datasets that scikit-learn brings."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest
from sklearn.datasets import load_digits, load_iris
from sklearn.metrics import average_precision_score

import hspipe
from hspipe import _picture

if TYPE_CHECKING:
    from pathlib import Path

Array = npt.NDArray[Any]


@pytest.fixture(scope="module")
def digits() -> tuple[Array, Array, Array]:
    """Images, labels of which 5 % are wrong, and which."""
    images, labels = load_digits(return_X_y=True)
    random = np.random.default_rng(0)
    wrong = random.random(len(labels)) < 0.05
    labels = np.where(wrong, (labels + random.integers(1, 10, len(labels))) % 10, labels)
    return images.reshape(-1, 8, 8), labels, wrong


def test_digits(digits: tuple[Array, Array, Array]) -> None:
    images, labels, wrong = digits
    found = hspipe.find(images, labels)
    assert found.issues["rank"].to_list() == list(range(1, len(labels) + 1))
    assert (found.issues["class"].to_numpy() == labels[found.issues["row"].to_numpy()]).all()
    assert average_precision_score(wrong[found.issues["row"].to_numpy()], -found.issues["rank"].to_numpy()) > 0.98
    assert found.scores["score"].n_unique() > 20
    assert found.hardest["sample_id"][0] == found.issues["sample_id"][0]
    assert str(found).startswith("data.npz: 1797 samples were judged")
    shown = found._repr_html_()
    assert shown.count("<img alt=") == 20
    page = found.report(open=False)
    assert page.read_text().startswith("<!DOCTYPE html>")


def test_what_is_cached_is_not_computed_again(digits: tuple[Array, Array, Array]) -> None:
    images, labels, _ = digits
    first = hspipe.find(images, labels)
    log = first.folder / "data.npz"
    written = log.stat().st_mtime_ns
    again = hspipe.find(images, labels)
    assert again.folder == first.folder
    assert again.issues.equals(first.issues)
    assert log.stat().st_mtime_ns == written
    # Nothing was computed, so no table was written.
    assert not any(note.startswith("./Results: ") for note in again.notes)
    other = hspipe.find(images, (labels + 1) % 10, runs=1)
    assert other.folder != first.folder


def test_frames_and_arrays_give_the_same(iris: hspipe.Found) -> None:
    pandas = pytest.importorskip("pandas")
    data = load_iris(as_frame=True)
    frame = data.data.assign(species=pandas.Categorical(data.target_names[data.target]))
    ours = pl.DataFrame({name: frame[name].to_numpy() for name in data.data}).with_columns(
        pl.Series("species", data.target_names[data.target])
    )
    columns = ["row", "class_name", "suggested_name", "label_score"]
    expected = iris.issues.select(columns)
    for given in (frame, ours):
        assert hspipe.find(given, "species", runs=2).issues.select(columns).equals(expected)
    assert hspipe.find(data.data, data.target_names[data.target], runs=2).issues.select(columns).equals(expected)


def test_a_path(tmp_path: Path, digits: tuple[Array, Array, Array]) -> None:
    images, labels, _ = digits
    for place, (image, label) in enumerate(zip(images[:200], labels[:200], strict=True)):
        folder = tmp_path / "all" / str(label)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{place}.png").write_bytes(_picture.png((image * 15).astype(np.uint8)))
    found = hspipe.find(tmp_path / "all", runs=1)
    assert found.issues.height == 200
    assert found.issues["source"][0].endswith(".png")
    assert found._repr_html_().count("<img alt=") == 20


class Pairs:
    """As torchvision's datasets are, with images as ToTensor gives them."""

    def __init__(self, images: Array, labels: Array) -> None:
        self.pairs = [(image[None] / np.float32(16), int(label)) for image, label in zip(images, labels, strict=True)]
        self.classes = [f"digit {label}" for label in range(10)]

    def __len__(self) -> int:
        return len(self.pairs)

    def __getitem__(self, place: int) -> tuple[Array, int]:
        return self.pairs[place]


def test_a_dataset_of_pairs(digits: tuple[Array, Array, Array]) -> None:
    found = hspipe.find(Pairs(digits[0], digits[1]), runs=1)
    assert found.issues["class_name"].n_unique() == 10
    assert found.issues["class_name"][0].startswith("digit ")
    assert "<img" in found._repr_html_()


def test_a_dataset_of_hugging_face(digits: tuple[Array, Array, Array]) -> None:
    datasets = pytest.importorskip("datasets")
    features = datasets.Features(
        {"picture": datasets.Image(), "label": datasets.ClassLabel(names=[f"n{label}" for label in range(10)])}
    )
    rows = {"picture": [(image * 15).astype(np.uint8) for image in digits[0]], "label": digits[1]}
    found = hspipe.find(datasets.Dataset.from_dict(rows, features=features), "label", runs=1)
    assert found.issues["class_name"].unique().sort().to_list() == [f"n{label}" for label in range(10)]
    assert (found.issues["class"].to_numpy() == digits[1][found.issues["row"].to_numpy()]).all()
    assert "<img" in found._repr_html_()


@pytest.mark.parametrize(
    ("change", "what", "hint"),
    [
        (lambda x, y: (x, y[:-1]), "X has 150 samples, y has 149 labels", "each sample needs one label"),
        (lambda x, y: (x, y * 0), 'data.npz: it has one class only, "0", of 150 samples', "two classes"),
        (lambda x, y: (np.where(x == x[7, 1], np.nan, x), y), "X has values that are no numbers", "fill them in"),
        (lambda x, y: (x[:, 0], y), "X is neither features nor images", "N x D"),
        (lambda x, y: (x.astype(str), y), "X is not of numbers", "frames"),
        (lambda x, _: (x, None), "there are no labels", "y"),
        (lambda x, _: (pl.DataFrame(x), "species"), "the frame has no column `species`", "column_0"),
        (lambda *_: ("no/such/path", None), "no/such/path is not there", "name a folder"),
    ],
)
def test_errors_say_what_to_do(change: Any, what: str, hint: str) -> None:
    data, labels = change(*load_iris(return_X_y=True))
    with pytest.raises(hspipe.Error) as caught:
        hspipe.find(data, labels)
    assert what in caught.value.what
    assert caught.value.hint is not None and hint in caught.value.hint


def test_labels_that_are_missing_are_left_out() -> None:
    features, labels = load_iris(return_X_y=True)
    given = [None, *labels[1:]]
    found = hspipe.find(features, given, runs=1)
    assert found.issues["row"].sort().to_list() == list(range(1, 150))


def test_a_project_takes_other_data_but_keeps_what_was_changed_by_hand(tmp_path: Path) -> None:
    features, labels = load_iris(return_X_y=True)
    first = hspipe.find(features, labels, project=tmp_path, runs=1)
    labels[0] = 2
    second = hspipe.find(features, labels, project=tmp_path, runs=1)
    assert second.issues.filter(row=0)["class"].item() == 2
    with pytest.raises(hspipe.Error, match="run again since"):
        _ = first.scores
    pipeline = tmp_path / "pipeline.yaml"
    pipeline.write_text(pipeline.read_text() + "# mine\n")
    assert hspipe.find(features, labels, project=tmp_path, runs=1).issues.height == 150
    labels[0] = 1
    with pytest.raises(hspipe.Error, match="changed by hand"):
        hspipe.find(features, labels, project=tmp_path)


def test_a_refused_dataset_does_not_stand_for_the_one_before(tmp_path: Path) -> None:
    features, labels = load_iris(return_X_y=True)
    expected = hspipe.find(features, labels, project=tmp_path, runs=1)
    with pytest.raises(hspipe.Error, match="one class"):
        hspipe.find(features, labels * 0, project=tmp_path)
    assert hspipe.find(features, labels, project=tmp_path, runs=1).issues.equals(expected.issues)


def test_query_and_run(iris: hspipe.Found) -> None:
    asked = hspipe.query("SELECT count(*) AS n FROM issues WHERE class_name = 'setosa'", project=iris)
    assert asked["n"].item() == 50
    with pytest.raises(hspipe.Error):
        iris.query("SELECT nothing FROM issues")
    with pytest.raises(hspipe.Error) as caught:
        hspipe.run("no_such_target", project=iris)
    assert "no_such_target" in str(caught.value)
    done = hspipe.run("stability", project=iris.folder, runs=2)
    assert "issues" in done.tables()


def test_a_program_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HSPIPE", "/no/such/program")
    with pytest.raises(hspipe.Error, match="cannot be started"):
        hspipe.find(*load_iris(return_X_y=True))


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_ctrl_c_is_passed_on(tmp_path: Path) -> None:
    code = (
        "import sys, hspipe, numpy as np; x = np.random.default_rng(0).normal(size=(3000, 8, 8))\n"
        f"hspipe.find(x, np.arange(3000) % 3, project={str(tmp_path)!r}, runs=400)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE, text=True) as python:
        while not (tmp_path / "cache").exists():
            time.sleep(0.05)
        time.sleep(0.5)
        python.send_signal(signal.SIGINT)
        try:
            _, told = python.communicate(timeout=60)
        finally:
            python.kill()
    assert python.returncode != 0
    assert told.rstrip().endswith("KeyboardInterrupt")
