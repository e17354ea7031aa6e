"""`judge` on trainings of scikit-learn's digits, some labels of which are wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pytest
from sklearn.datasets import load_digits
from sklearn.metrics import average_precision_score

import hspipe

if TYPE_CHECKING:
    from pathlib import Path

Array = npt.NDArray[Any]
NAMES = [f"digit {label}" for label in range(10)]
FEATURES, TRUTH = load_digits(return_X_y=True)
RANDOM = np.random.default_rng(0)
WRONG = RANDOM.random(len(TRUTH)) < 0.05
LABELS = np.where(WRONG, (TRUTH + RANDOM.integers(1, 10, len(TRUTH))) % 10, TRUTH)


def train(recorder: hspipe.Recorder, learned: Array, judged: Array, seed: int = 0) -> None:
    """Train a softmax regression by gradient descent."""
    random = np.random.default_rng(seed)
    weights = random.normal(size=(64, 10)) / 100
    for epoch in range(8):
        for batch in np.array_split(random.permutation(learned), 20):
            exponents = np.exp(FEATURES[batch] @ weights / 16)
            errors = exponents / exponents.sum(axis=1, keepdims=True) - np.eye(10)[LABELS[batch]]
            weights -= 0.5 / len(batch) * FEATURES[batch].T @ errors / 16
        recorder.log(epoch, judged, FEATURES[judged] @ weights / 16, LABELS[judged])


def precision(found: hspipe.Found) -> float:
    return float(average_precision_score(WRONG[found.issues["row"].to_numpy()], -found.issues["rank"].to_numpy()))


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    everything = np.arange(len(LABELS))
    with hspipe.Recorder(tmp_path_factory.mktemp("recording"), len(LABELS), NAMES) as recorder:
        train(recorder, everything, everything)
    return recorder.folder


def test_a_recording_finds_wrong_labels(recording: Path) -> None:
    found = hspipe.judge(recording)
    assert "judged by the mean over the epochs of networks that have learned from them" in str(found)
    assert found.issues.height == len(LABELS)
    assert found.issues["class_name"].to_list() == [NAMES[LABELS[row]] for row in found.issues["row"]]
    assert precision(found) > 0.9
    assert found.scores["networks"].unique().to_list() == [1]
    assert "<img" not in found._repr_html_()


def test_with_the_data_there_are_pictures(recording: Path) -> None:
    found = hspipe.judge(recording, data=FEATURES.reshape(-1, 8, 8), y=[NAMES[label] for label in LABELS])
    assert found._repr_html_().count("<img alt=") == 20
    assert precision(found) > 0.9
    # The numbers that were logged are the same labels.
    by_number = hspipe.judge(recording, data=FEATURES.reshape(-1, 8, 8), y=LABELS)
    assert by_number.issues.select("row", "class_name").equals(found.issues.select("row", "class_name"))
    with pytest.raises(hspipe.Error, match="labels are not those of the data"):
        hspipe.judge(recording, data=FEATURES, y=[NAMES[label] for label in LABELS[::-1]])


def test_folds_and_several_recordings(tmp_path: Path) -> None:
    everything = np.arange(len(LABELS))
    recorders = [hspipe.Recorder(tmp_path / str(seed), len(LABELS), NAMES, out_of_sample=True) for seed in range(2)]
    for seed, recorder in enumerate(recorders):
        for fold in range(3):
            train(recorder, everything[everything % 3 != fold], everything[fold::3], seed)
    found = hspipe.judge(*recorders)
    assert "judged by networks that had not seen them" in str(found)
    assert found.scores["networks"].unique().to_list() == [2]
    assert precision(found) > 0.9


def test_a_recording_that_goes_on_is_judged_anew(tmp_path: Path) -> None:
    everything = np.arange(len(LABELS))
    recorder = hspipe.Recorder(tmp_path / "recording", len(LABELS), NAMES)
    recorder.log(0, everything, RANDOM.normal(size=(len(LABELS), 10)), LABELS)
    early = hspipe.judge(recorder, project=tmp_path / "project")
    assert precision(early) < 0.3
    train(recorder, everything, everything)
    late = hspipe.judge(recorder, project=tmp_path / "project")
    assert precision(late) > 0.9
    # A picture of the course of the training, which one epoch has not.
    assert list((tmp_path / "project" / "Figures").rglob("data_map*"))


def test_an_epoch_that_was_cut_short_is_judged_anew(tmp_path: Path) -> None:
    everything = np.arange(len(LABELS))
    logits = 3 * np.eye(10)[TRUTH] + RANDOM.normal(size=(len(LABELS), 10))
    with hspipe.Recorder(tmp_path / "recording", len(LABELS), NAMES) as recorder:
        recorder.log(0, everything, logits, LABELS)
        recorder.log(1, everything[:100], logits[:100], LABELS[:100])
        early = hspipe.judge(recorder, progress=False)
        recorder.log(1, everything[100:], logits[100:], LABELS[100:])
    late = hspipe.judge(recorder, progress=False)
    assert not list((early.folder / "Figures").rglob("data_map*"))
    assert list((late.folder / "Figures").rglob("data_map*"))
    # What changes nothing in the pipeline leaves the project as it is.
    assert hspipe.judge(tmp_path / "recording", progress=False).folder == late.folder


def test_a_file_that_has_changed_is_judged_anew(tmp_path: Path) -> None:
    logits = (3 * np.eye(10)[TRUTH] + RANDOM.normal(size=(len(LABELS), 10))).astype(np.float32)
    exponents = np.exp(logits)
    np.savez(tmp_path / "outputs.npz", pred_probs=exponents / exponents.sum(axis=1, keepdims=True), labels=LABELS)
    assert precision(hspipe.judge(tmp_path / "outputs.npz", progress=False)) > 0.9
    np.savez(tmp_path / "outputs.npz", logits=np.stack([logits, logits]), labels=LABELS)
    assert precision(hspipe.judge(tmp_path / "outputs.npz", progress=False)) > 0.9


def test_errors_say_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(hspipe.Error, match="there is no recording"):
        hspipe.judge()
    with pytest.raises(hspipe.Error, match="is not there"):
        hspipe.judge(tmp_path / "nothing")
    with pytest.raises(hspipe.Error, match="there is no recording: no"):
        hspipe.judge(tmp_path)
    with pytest.raises(hspipe.Error):
        hspipe.judge(hspipe.Recorder(tmp_path / "empty", 10, 2))
