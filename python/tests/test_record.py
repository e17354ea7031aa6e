"""The recorder: what is logged is what is read back, whatever happens in between."""

from __future__ import annotations

import json
import multiprocessing
import os
import pickle
import resource
import signal
import subprocess
import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pytest

import hspipe
from hspipe import _rows

if TYPE_CHECKING:
    from pathlib import Path

Array = npt.NDArray[Any]
PYTHON = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no variable of whoever runs the tests say that this is one process of several."""
    for name in ("RANK", "SLURM_PROCID", "LOCAL_RANK"):
        monkeypatch.delenv(name, raising=False)


def rows(folder: Path) -> pl.DataFrame:
    """Read a recording as its contract has it: by the name of the shard, then by row, the last one counts."""
    shards = [pl.read_parquet(path) for path in sorted(folder.glob("epoch-*.parquet"))]
    last = pl.concat(shards).unique(["epoch", "sample"], keep="last", maintain_order=True)
    return last.sort("epoch", "sample")


def logits(epoch: int, indices: Array, classes: int = 3) -> Array:
    """Logits that say where they belong."""
    columns = np.arange(classes) + 1000 * epoch
    return (columns + indices[:, None] / 1024).astype(np.float32)


def log_epoch(recorder: hspipe.Recorder, epoch: int, samples: Array, batch: int = 7) -> None:
    shuffled = np.random.default_rng(epoch).permutation(samples)
    for begin in range(0, len(shuffled), batch):
        part = shuffled[begin : begin + batch]
        recorder.log(epoch, part, logits(epoch, part), part % 3)


def check(found: pl.DataFrame, epochs: int, samples: int) -> None:
    assert found["epoch"].to_list() == [epoch for epoch in range(epochs) for _ in range(samples)]
    for epoch in range(epochs):
        part = found.filter(epoch=epoch)
        indices = part["sample"].to_numpy()
        assert (indices == np.arange(samples)).all()
        assert (part["label"].to_numpy() == indices % 3).all()
        assert (np.array(part["logits"].to_list()) == logits(epoch, indices)).all()


def test_what_is_logged_is_there(tmp_path: Path) -> None:
    with hspipe.Recorder(tmp_path / "a" / "recording", 100, ["ant", "bee", "wasp"]) as recorder:
        for epoch in range(3):
            log_epoch(recorder, epoch, np.arange(100))
    header = json.loads((tmp_path / "a" / "recording" / "recording.json").read_text())
    assert header == {
        "format": "hspipe recording",
        "version": 1,
        "samples": 100,
        "classes": ["ant", "bee", "wasp"],
        "out_of_sample": False,
    }
    found = rows(tmp_path / "a" / "recording")
    assert found.schema == {"epoch": pl.Int32, "sample": pl.Int64, "label": pl.Int32, "logits": pl.List(pl.Float32)}
    check(found, 3, 100)
    assert {path.name for path in (tmp_path / "a" / "recording").iterdir()} == {
        "recording.json",
        *(f"epoch-0000{epoch}-00000.parquet" for epoch in range(3)),
    }


def test_an_epoch_that_is_complete_is_written_before_the_next_begins(tmp_path: Path) -> None:
    recorder = hspipe.Recorder(tmp_path, 20, 3)
    log_epoch(recorder, 0, np.arange(20))
    check(rows(tmp_path), 1, 20)


def test_memory_is_bounded_and_large_batches_are_split(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_rows, "SHARD_BYTES", 24 * 40)
    with hspipe.Recorder(tmp_path, 1000, 3) as recorder:
        assert len(recorder._rows.logits) == 40
        log_epoch(recorder, 0, np.arange(1000), batch=170)
        log_epoch(recorder, 1, np.arange(1000), batch=1000)
    check(rows(tmp_path), 2, 1000)
    assert len(list(tmp_path.glob("epoch-00000-*"))) == 25


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="getrusage counts in other units")
def test_a_long_epoch_needs_little_memory(tmp_path: Path) -> None:
    code = f"""
import hspipe, numpy, resource
row, batch = numpy.zeros((1000, 1000), numpy.float32), numpy.arange(1000)
recorder = hspipe.Recorder({str(tmp_path)!r}, 400_000, 1000)
recorder.log(0, batch, row, batch)
recorder.flush()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
for begin in range(0, 200_000, 1000):
    recorder.log(1, batch + begin, row, batch)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""
    told = subprocess.run([sys.executable, "-c", code], env=PYTHON, capture_output=True, text=True, check=True)
    # 800 MB were logged.
    assert int(told.stdout) < 300_000


def test_a_killed_training_goes_on(tmp_path: Path) -> None:
    code = f"""
import hspipe, numpy as np, os, signal
recorder = hspipe.Recorder({str(tmp_path)!r}, 100, 3)
for epoch in range(4):
    for begin in range(0, 100, 10):
        part = np.arange(begin, begin + 10)
        recorder.log(epoch, part, np.full((10, 3), -7.0), part % 3)
        if (epoch, begin) == (3, 50):
            recorder.flush()
        if (epoch, begin) == (3, 70):
            os.kill(os.getpid(), signal.SIGKILL)
"""
    killed = subprocess.run([sys.executable, "-c", code], env=PYTHON, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert rows(tmp_path)["epoch"].value_counts(sort=True).rows() == [(0, 100), (1, 100), (2, 100), (3, 60)]
    with pytest.raises(hspipe.Error) as caught:
        hspipe.Recorder(tmp_path, 100, 3)
    assert caught.value.why == "4 files, the last of epoch 3"
    assert "resume=True" in str(caught.value.hint)
    with hspipe.Recorder(tmp_path, 100, 3, resume=True) as recorder:
        with pytest.warns(UserWarning, match="epochs up to 3 were recorded before"):
            log_epoch(recorder, 0, np.arange(100))
        for epoch in range(1, 5):
            log_epoch(recorder, epoch, np.arange(100))
    check(rows(tmp_path), 5, 100)


def test_folds_share_a_recording(tmp_path: Path) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for fold in range(3):
            recorder = hspipe.Recorder(tmp_path, 90, 3, out_of_sample=True, resume=True)
            for epoch in range(2):
                log_epoch(recorder, epoch, np.arange(fold, 90, 3))
            recorder.close()
    check(rows(tmp_path), 2, 90)


def record_part(folder: Path, rank: int, barrier: Any) -> None:
    os.environ["RANK"] = str(rank)
    recorder = hspipe.Recorder(folder, 100, 3)
    for epoch in range(3):
        barrier.wait()
        log_epoch(recorder, epoch, np.arange(rank, 100, 2))
        recorder.flush()


def test_two_ranks_share_a_recording(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    barrier = spawn.Barrier(2)
    processes = [spawn.Process(target=record_part, args=(tmp_path, rank, barrier)) for rank in range(2)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
        assert process.exitcode == 0
    check(rows(tmp_path), 3, 100)
    assert sum("-r1-" in path.name for path in tmp_path.iterdir()) == 3
    # Whoever goes on alone has higher numbers than both had.
    with hspipe.Recorder(tmp_path, 100, 3, resume=True) as recorder:
        log_epoch(recorder, 2, np.arange(100))
    numbers = sorted(path.name.rpartition("-")[2] for path in tmp_path.glob("epoch-00002-*"))
    assert numbers[-1] > numbers[-2]


def test_processes_of_one_rank_take_no_name_twice(tmp_path: Path) -> None:
    first = hspipe.Recorder(tmp_path, 100, 3)
    second = hspipe.Recorder(tmp_path, 100, 3)
    for part in (range(0, 20), range(40, 60), range(80, 100)):
        first.log(0, np.array(part), logits(0, np.array(part)), np.array(part) % 3)
        first.flush()
    for part in (range(20, 40), range(60, 80)):
        second.log(0, np.array(part), logits(0, np.array(part)), np.array(part) % 3)
        second.flush()
    check(rows(tmp_path), 1, 100)


def test_what_is_held_is_written_when_the_program_ends(tmp_path: Path) -> None:
    code = f"""
import hspipe
recorder = hspipe.Recorder({str(tmp_path)!r}, 100, 3)
recorder.log(0, [5], [[0.0, 1.0, 2.0]], [1])
"""
    subprocess.run([sys.executable, "-c", code], env=PYTHON, check=True)
    assert rows(tmp_path).row(0) == (0, 5, 1, [0.0, 1.0, 2.0])


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_fork_does_not_write_what_its_parent_logged(tmp_path: Path) -> None:
    recorder = hspipe.Recorder(tmp_path, 100, 3)
    recorder.log(0, [5], [[0.0, 1.0, 2.0]], [1])
    child = os.fork()
    if child == 0:
        recorder.flush()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert not list(tmp_path.glob("epoch-*"))
    recorder.close()
    assert rows(tmp_path).height == 1


def test_a_copy_in_another_process_goes_on(tmp_path: Path) -> None:
    recorder = hspipe.Recorder(tmp_path, 100, 3)
    log_epoch(recorder, 0, np.arange(50))
    with pickle.loads(pickle.dumps(recorder)) as copy:  # noqa: S301
        log_epoch(copy, 0, np.arange(50, 100))
    log_epoch(recorder, 1, np.arange(100))
    check(rows(tmp_path), 2, 100)


def test_tensors_and_lists(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    given = torch.tensor([[0.5, -1.25, 3.0], [2.0, 0.0, -0.5]], requires_grad=True)
    forms = [
        (torch.tensor([0, 1]), given, torch.tensor([2, 0])),
        (torch.tensor([2, 3], dtype=torch.int32), given.half(), torch.tensor([2, 0], dtype=torch.uint8)),
        ([4, 5], given.bfloat16(), [2, 0]),
        ((6, 7), given.double().tolist(), np.array([2, 0], np.int8)),
        ([torch.tensor(8), torch.tensor(9)], given.detach().numpy(), torch.tensor([2, 0])),
    ]
    with hspipe.Recorder(tmp_path, 10, 3) as recorder:
        for indices, values, labels in forms:
            recorder.log(0, indices, values, labels)
    found = rows(tmp_path)
    assert found["sample"].to_list() == list(range(10))
    assert found["label"].to_list() == [2, 0] * 5
    assert found["logits"].to_list() == given.tolist() * 5


def test_tensors_of_jax(tmp_path: Path) -> None:
    jax = pytest.importorskip("jax")
    given = [[0.5, -1.25, 3.0], [2.0, 0.0, -0.5]]
    with hspipe.Recorder(tmp_path, 4, 3) as recorder:
        recorder.log(0, jax.numpy.array([0, 1]), jax.numpy.array(given), jax.numpy.array([2, 0]))
        recorder.log(0, [2, 3], jax.numpy.array(given, dtype="bfloat16"), [2, 0])
        with pytest.raises(hspipe.Error, match="cannot be read as an array") as caught:
            jax.jit(lambda x: recorder.log(0, [0, 1], x, [2, 0]))(jax.numpy.array(given))
    assert "outside of what is compiled" in str(caught.value.hint)
    assert rows(tmp_path)["logits"].to_list() == given * 2


GOOD = ([3, 1], [[0.0, 1.5, 2.0], [1.0, -1.0, 0.0]], [0, 2])


@pytest.mark.parametrize(
    ("change", "what", "more"),
    [
        ({0: [3, 100]}, "epoch 4: there is no sample 100", "0 to 99"),
        ({0: [-1, 3]}, "epoch 4: there is no sample -1", "0 to 99"),
        ({0: [3.0, 1.0]}, "epoch 4: indices are not whole numbers", "float64"),
        ({0: [True, False]}, "epoch 4: indices are not whole numbers", "np.flatnonzero(mask)"),
        ({0: [3]}, "epoch 4: indices, labels and logits do not fit", "indices (1,)"),
        ({2: [0, 3]}, "epoch 4: the label of sample 1 is 3", "classes 0 to 2"),
        ({2: [-100, 3]}, "epoch 4: the label of sample 3 is -100", "no label"),
        ({2: [[1, 0, 0], [0, 0, 1]]}, "epoch 4: indices, labels and logits do not fit", "labels (2, 3)"),
        ({2: [0.5, 0.5]}, "epoch 4: labels are not whole numbers", "float64"),
        ({1: [[0.0, 1.0, 2.0], [np.nan, 0.0, 0.0]]}, "epoch 4: the logits of sample 1 are not finite", "nan"),
        ({1: [[0.0, 1.0, -np.inf], [0.0] * 3]}, "epoch 4: the logits of sample 3 are not finite", "masked log -1e4"),
        ({1: [[0.0, 1e300, 2.0], [0.0, 0.0, 0.0]]}, "epoch 4: the logits of sample 3 are not finite", "inf"),
        ({1: [[0.0, 1.0], [0.0, 0.0]]}, "epoch 4: indices, labels and logits do not fit", "2 samples"),
        ({1: [["a", "b", "c"]] * 2}, "epoch 4: logits are not of numbers", "U1"),
        ({1: [[0.0, 1.0, 2.0], [0.0]]}, "epoch 4: logits cannot be read as an array", ""),
    ],
)
def test_a_batch_that_does_not_fit_is_refused(tmp_path: Path, change: dict[int, Any], what: str, more: str) -> None:
    recorder = hspipe.Recorder(tmp_path, 100, 3)
    recorder.log(4, *GOOD)
    with pytest.raises(hspipe.Error) as caught:
        recorder.log(4, *(change.get(place, good) for place, good in enumerate(GOOD)))
    assert caught.value.what.startswith(what)
    assert more.replace("2 samples", "logits (2, 2)") in str(caught.value)
    recorder.close()
    assert rows(tmp_path).height == 2


def test_probabilities_are_refused(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    exponents = np.exp(random.normal(size=(64, 3)))
    probabilities = (exponents / exponents.sum(axis=1, keepdims=True)).astype(np.float16)
    recorder = hspipe.Recorder(tmp_path, 1000, 3)
    with pytest.raises(hspipe.Error, match="epoch 0: logits are probabilities"):
        for begin in range(0, 64, 8):
            recorder.log(0, range(8), probabilities[begin : begin + 8], [0] * 8)
    logged = hspipe.Recorder(tmp_path, 1000, 3)
    for _ in range(8):
        logged.log(0, range(8), np.log(probabilities[:8]), [0] * 8)


def test_a_single_logit_is_explained(tmp_path: Path) -> None:
    recorder = hspipe.Recorder(tmp_path, 1000, 2)
    with pytest.raises(hspipe.Error, match=r"the row \[0, z\]"):
        recorder.log(0, [1, 2], [[0.5], [-0.5]], [0, 1])


def test_another_training_needs_another_folder(tmp_path: Path) -> None:
    hspipe.Recorder(tmp_path, 100, ["ant", "bee"]).close()
    for other in (
        {"n_samples": 101, "classes": ["ant", "bee"]},
        {"n_samples": 100, "classes": 2},
        {"n_samples": 100, "classes": ["ant", "bee"], "out_of_sample": True},
    ):
        with pytest.raises(hspipe.Error, match="holds another recording"):
            hspipe.Recorder(tmp_path, resume=True, **other)
    (tmp_path / "recording.json").write_text("{")
    with pytest.raises(hspipe.Error, match="cannot be read"):
        hspipe.Recorder(tmp_path, 100, ["ant", "bee"])


@pytest.mark.parametrize(
    ("n_samples", "classes", "what"),
    [
        (0, 3, "n_samples is 0"),
        (1.5, 3, "n_samples is 1.5"),
        (10, 1, "classes is 1"),
        (10, "ant", "classes is 'ant'"),
        (10, ["ant", "ant"], "two classes have the name ant"),
        (10, {"ant", "bee"}, "classes is {"),
        (10, {1: "ant", 2: "bee"}, "classes is {1"),
        (10, {"0": "ant", "1": "bee"}, "classes is {'0'"),
        (10, {"ant": 0, "bee": 0}, "classes is {'ant'"),
        (10, {0: 1, 1: 0}, "classes is {0"),
    ],
)
def test_a_header_that_makes_no_sense(tmp_path: Path, n_samples: Any, classes: Any, what: str) -> None:
    with pytest.raises(hspipe.Error) as caught:
        hspipe.Recorder(tmp_path, n_samples, classes)
    assert caught.value.what.startswith(what)
    assert not (tmp_path / "recording.json").exists()


@pytest.mark.parametrize(
    "classes", [{2: "cow", 0: "ant", 1: "bee"}, {"cow": np.int64(2), "ant": np.int64(0), "bee": np.int64(1)}]
)
def test_names_with_numbers_are_in_the_order_of_these(tmp_path: Path, classes: Any) -> None:
    hspipe.Recorder(tmp_path, 10, classes)
    assert json.loads((tmp_path / "recording.json").read_text())["classes"] == ["ant", "bee", "cow"]


def test_a_disk_that_is_full(tmp_path: Path) -> None:
    """What could not be written is still held, and is written once there is space."""
    recorder = hspipe.Recorder(tmp_path, 1000, 3)
    recorder.log(0, *GOOD)
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    ignored = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, before[1]))
    try:
        with pytest.raises(hspipe.Error, match="the recording cannot be written"):
            recorder.flush()
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, ignored)
    assert [path.name for path in tmp_path.iterdir()] == ["recording.json"]
    recorder.close()
    assert rows(tmp_path).height == 2
    with pytest.raises(hspipe.Error, match="the recorder is closed"):
        recorder.log(0, *GOOD)


def test_indexed_datasets() -> None:
    assert hspipe.Indexed([{"x": 5}])[0] == {"x": 5, "index": 0}
    assert hspipe.Indexed([[7, 8]])[0] == (7, 8, 0)
    assert hspipe.Indexed(["a", "b"])[1] == ("b", 1)
    assert len(hspipe.Indexed("abc")) == 3
    assert pickle.loads(pickle.dumps(hspipe.Indexed("abc")))[2] == ("c", 2)  # noqa: S301
