"""Each adapter on a real small training; those whose library is not installed are left out."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import polars as pl
import pytest
from sklearn.datasets import load_digits

import hspipe

if TYPE_CHECKING:
    from pathlib import Path

torch = pytest.importorskip("torch")

from hspipe.record.torch import log_dataset  # noqa: E402

PYTHON = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
FEATURES, LABELS = (array[:301] for array in load_digits(return_X_y=True))
FEATURES = (FEATURES / 16).astype(np.float32)


def rows(folder: Path) -> pl.DataFrame:
    shards = [pl.read_parquet(path) for path in sorted(folder.glob("epoch-*.parquet"))]
    return pl.concat(shards).unique(["epoch", "sample"], keep="last").sort("epoch", "sample")


def check(folder: Path, epochs: int, last: Any, tolerance: float = 1e-5) -> None:
    """See that there are all samples in all epochs, and that those of the last one are as the model says now."""
    found = rows(folder)
    assert found.select("epoch", "sample").rows() == [(e, s) for e in range(epochs) for s in range(len(LABELS))]
    assert found["label"].to_list() == [*LABELS] * epochs
    logits = np.array(found.filter(epoch=epochs - 1)["logits"].to_list())
    assert np.abs(logits - np.asarray(last)).max() < tolerance
    first = np.array(found.filter(epoch=0)["logits"].to_list())
    assert np.abs(logits - first).max() > 0.1
    assert np.ptp(logits, axis=0).min() > 0.1


def dataset() -> Any:
    return torch.utils.data.TensorDataset(torch.tensor(FEATURES), torch.tensor(LABELS))


def network() -> Any:
    torch.manual_seed(0)
    layers = torch.nn.Linear(64, 32), torch.nn.BatchNorm1d(32), torch.nn.ReLU(), torch.nn.Dropout(0.5)
    return torch.nn.Sequential(*layers, torch.nn.Linear(32, 10))


def train(recorder: hspipe.Recorder | None, *, whole: bool = False) -> Any:
    model = network()
    model[1].eval()  # frozen, as is usual in fine-tuning
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    loader = torch.utils.data.DataLoader(hspipe.Indexed(dataset()), 32, shuffle=True)
    for epoch in range(3):
        for inputs, labels, indices in loader:
            logits = model(inputs)
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(logits, labels).backward()
            optimizer.step()
            if recorder and not whole:
                recorder.log(epoch, indices, logits, labels)
        if recorder and whole:
            log_dataset(recorder, epoch, model, dataset(), batch_size=50)
        assert model.training and not model[1].training
    return model


def test_a_loop_of_pytorch(tmp_path: Path) -> None:
    with hspipe.Recorder(tmp_path, len(LABELS), 10) as recorder:
        train(recorder)
    found = rows(tmp_path)
    assert found.select("epoch", "sample").rows() == [(e, s) for e in range(3) for s in range(len(LABELS))]
    assert found["label"].to_list() == [*LABELS] * 3
    right = (pl.col("logits").list.arg_max() == pl.col("label")).mean().alias("right")
    accuracy = found.group_by("epoch").agg(right).sort("epoch")["right"]
    assert accuracy[0] < accuracy[2] > 0.5


def test_a_pass_changes_nothing_in_the_training(tmp_path: Path) -> None:
    with hspipe.Recorder(tmp_path, len(LABELS), 10) as recorder:
        recorded = train(recorder, whole=True)
    alone = train(None)
    for ours, theirs in zip(recorded.parameters(), alone.parameters(), strict=True):
        assert torch.equal(ours, theirs)
    recorded.eval()
    check(tmp_path, 3, recorded(torch.tensor(FEATURES)).detach())


def test_a_pass_over_a_part(tmp_path: Path) -> None:
    part = list(range(0, 301, 3))
    with hspipe.Recorder(tmp_path, len(LABELS), 10, out_of_sample=True) as recorder:
        log_dataset(recorder, 0, network(), torch.utils.data.Subset(dataset(), part), indices=part)
    found = rows(tmp_path)
    assert found["sample"].to_list() == part
    assert found["label"].to_list() == [*LABELS[part]]


def test_a_part_of_what_is_indexed_is_known(tmp_path: Path) -> None:
    part = torch.utils.data.Subset(torch.utils.data.Subset(hspipe.Indexed(dataset()), range(50, 250)), [9, -1, 30])
    with hspipe.Recorder(tmp_path, len(LABELS), 10) as recorder:
        log_dataset(recorder, 0, network(), part)
        for unknown in (torch.utils.data.Subset(dataset(), range(50, 250)), hspipe.Indexed(part)):
            with pytest.raises(hspipe.Error, match="which of the samples these are is not known"):
                log_dataset(recorder, 0, network(), unknown)
        wrong: list[Any] = [range(50), np.ones(301, bool)]
        for indices in wrong:
            with pytest.raises(hspipe.Error, match="ind"):
                log_dataset(recorder, 0, network(), dataset(), indices=indices)
    found = rows(tmp_path)
    assert found["sample"].to_list() == [59, 80, 249]
    assert found["label"].to_list() == [*LABELS[[59, 80, 249]]]


def without_some(items: list[Any]) -> Any:
    return torch.utils.data.default_collate([item for item in items if item[1] != 3])


def test_a_pass_in_another_order_is_refused(tmp_path: Path) -> None:
    recorder = hspipe.Recorder(tmp_path, len(LABELS), 10)
    sampler = torch.utils.data.RandomSampler(range(301))
    batches = torch.utils.data.BatchSampler(sampler, 50, drop_last=False)
    other: list[dict[str, Any]] = [{"sampler": sampler}, {"batch_sampler": batches}, {"shuffle": True}]
    for more in [*other, {"in_order": False}]:
        with pytest.raises(hspipe.Error, match=f"takes no {next(iter(more))}"):
            log_dataset(recorder, 0, network(), dataset(), **more)
    with pytest.raises(hspipe.Error, match="which sample a row is of is not known"):
        log_dataset(recorder, 0, network(), dataset(), collate_fn=without_some)
    log_dataset(recorder, 0, network(), dataset(), shuffle=False, sampler=None)


class Gives(torch.nn.Module):  # type: ignore[misc, name-defined]
    """A model without parameters whose output comes in a container."""

    def __init__(self, output: Any) -> None:
        super().__init__()
        self.output = output

    def forward(self, inputs: Any) -> Any:
        return self.output(inputs[:, :10])


@pytest.mark.parametrize(
    ("output", "item", "step", "what"),
    [
        (
            lambda x: {"logits": x},
            lambda x, y: (x, y),
            None,
            "does not give a tensor of logits\n  why: it gives a dict",
        ),
        (lambda x: (x, x), lambda x, y: (x, y), None, "does not give a tensor of logits\n  why: it gives a tuple of 2"),
        (lambda x: x, lambda x, y: {"x": x, "y": y}, None, "why: one is a dict with x, y"),
        (lambda x: x, lambda x, _: x, None, "why: one is a Tensor"),
        (lambda x: x, lambda x, y: ([x, x], y), None, "the inputs are not a tensor"),
        (
            lambda x: x,
            lambda x, y: (x, y),
            lambda model, batch: model(batch[0]),
            "step does not give logits and labels",
        ),
    ],
)
def test_a_pass_says_what_it_wants(tmp_path: Path, output: Any, item: Any, step: Any, what: str) -> None:
    items = [item(*pair) for pair in dataset()]
    recorder = hspipe.Recorder(tmp_path, len(LABELS), 10)
    with pytest.raises(hspipe.Error) as caught:
        log_dataset(recorder, 0, Gives(output), items, step=step)
    assert what in str(caught.value)
    assert "step=lambda model, batch" in str(caught.value.hint)


def test_a_model_without_parameters(tmp_path: Path) -> None:
    with hspipe.Recorder(tmp_path, len(LABELS), 10) as recorder:
        log_dataset(recorder, 0, Gives(lambda x: x), dataset())
    assert np.array(rows(tmp_path)["logits"].to_list()).tolist() == FEATURES[:, :10].tolist()


def one_of_two(rank: int, folder: str) -> None:
    os.environ["RANK"] = str(rank)
    torch.distributed.init_process_group("gloo", f"file://{folder}.store", rank=rank, world_size=2)
    model = torch.nn.parallel.DistributedDataParallel(network())
    with hspipe.Recorder(folder, len(LABELS), 10) as recorder:
        log_dataset(recorder, 0, model, dataset(), batch_size=50)
    torch.distributed.destroy_process_group()


def test_processes_share_a_pass(tmp_path: Path) -> None:
    torch.multiprocessing.spawn(one_of_two, (str(tmp_path / "recording"),), nprocs=2)
    found = rows(tmp_path / "recording")
    assert found["sample"].to_list() == list(range(301))
    assert found["label"].to_list() == [*LABELS]
    lengths = [pl.read_parquet(path).height for path in sorted((tmp_path / "recording").glob("epoch-*"))]
    assert lengths == [151, 151]
    model = network().eval()
    given = np.array(found["logits"].to_list())
    assert np.abs(given - model(torch.tensor(FEATURES)).detach().numpy()).max() < 1e-5


@pytest.mark.skipif(not find_spec("lightning"), reason="lightning is not installed")
@pytest.mark.filterwarnings("ignore")
def test_lightning(tmp_path: Path) -> None:
    import lightning

    from hspipe.record.lightning import RecorderCallback

    class Module(lightning.LightningModule):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.network = network()

        def forward(self, inputs: Any) -> Any:
            return self.network(inputs)

        def training_step(self, batch: Any, _: int) -> Any:
            return torch.nn.functional.cross_entropy(self(batch[0]), batch[1])

        def configure_optimizers(self) -> Any:
            return torch.optim.Adam(self.parameters(), 0.01)

    def fit(epochs: int, *, resume: bool) -> Any:
        module = Module()
        recorder = hspipe.Recorder(tmp_path / "recording", len(LABELS), 10, resume=resume)
        trainer = lightning.Trainer(
            max_epochs=epochs,
            accelerator="cpu",
            logger=False,
            enable_checkpointing=False,
            enable_progress_bar=False,
            callbacks=[RecorderCallback(recorder, dataset(), batch_size=50)],
        )
        loader = torch.utils.data.DataLoader(dataset(), 32, shuffle=True)
        trainer.fit(module, loader, ckpt_path=str(tmp_path / "checkpoint") if resume else None)
        trainer.save_checkpoint(tmp_path / "checkpoint")
        return module.eval()

    module = fit(2, resume=False)
    check(tmp_path / "recording", 2, module(torch.tensor(FEATURES)).detach())
    with pytest.raises(hspipe.Error, match="holds a recording already"):
        fit(2, resume=False)
    module = fit(4, resume=True)
    check(tmp_path / "recording", 4, module(torch.tensor(FEATURES)).detach())


KERAS = """
import sys, keras, numpy as np, hspipe
from hspipe.record.keras import RecorderCallback
sys.path.insert(0, {tests!r})
from pathlib import Path
from test_record_adapters import FEATURES, LABELS, check, rows

assert keras.backend.backend() == {backend!r}
folder = Path({folder!r})

def fit(name, last, loss, labels, classes):
    keras.utils.set_random_seed(0)
    dense, dropout = keras.layers.Dense(32, "relu"), keras.layers.Dropout(0.5)
    model = keras.Sequential([keras.Input((64,)), dense, dropout, last])
    model.compile(keras.optimizers.Adam(0.01), loss)
    with hspipe.Recorder(folder / name, len(LABELS), classes) as recorder:
        model.fit(FEATURES, labels, epochs=3, verbose=0, callbacks=[RecorderCallback(recorder, FEATURES, labels)])
    return model.predict(FEATURES, verbose=0)

def recorded(name):
    return np.array(rows(folder / name).filter(epoch=2)["logits"].to_list())

loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
check(folder / "logits", 3, fit("logits", keras.layers.Dense(10), loss, LABELS, 10))
given = fit("softmax", keras.layers.Dense(10, "softmax"), "categorical_crossentropy", np.eye(10)[LABELS], 10)
check(folder / "softmax", 3, np.log(given))
even = LABELS % 2
given = fit("sigmoid", keras.layers.Dense(1, "sigmoid"), "binary_crossentropy", even, 2)
ours = recorded("sigmoid")
assert np.abs(1 / (1 + np.exp(ours[:, :1] - ours[:, 1:])) - given).max() < 1e-6
assert rows(folder / "sigmoid").filter(epoch=2)["label"].to_list() == [*even]
given = fit("logit", keras.layers.Dense(1), keras.losses.BinaryCrossentropy(from_logits=True), even[:, None], 2)
assert np.abs(recorded("logit") - np.hstack([0 * given, given])).max() < 1e-6

class Own(keras.Model):
    def __init__(self):
        super().__init__()
        self.last, self.unused = keras.layers.Dense(1, "sigmoid"), keras.layers.Dropout(0.5)

    def call(self, inputs):
        return self.last(inputs)

sigmoid, inputs = keras.layers.Dense(1, "sigmoid"), keras.Input((64,))
unknown = [
    keras.Sequential([inputs, keras.Sequential([sigmoid])]),
    keras.Sequential([inputs, sigmoid, keras.layers.Flatten()]),
    keras.Sequential([inputs, sigmoid, keras.layers.Activation("linear")]),
    keras.Model(inputs, keras.ops.sigmoid(keras.layers.Dense(1)(inputs))),
    Own(),
    keras.Sequential([inputs, keras.layers.Dense(2, "sigmoid")]),
]
for place, model in enumerate(unknown):
    two_sigmoids = place == len(unknown) - 1
    labels = np.eye(2)[even] if two_sigmoids else even
    model.compile("adam", "binary_crossentropy")
    with hspipe.Recorder(folder / f"unknown-{{place}}", len(LABELS), 2) as recorder:
        try:
            model.fit(FEATURES, labels, verbose=0, callbacks=[RecorderCallback(recorder, FEATURES, labels)])
            raise SystemExit(f"model {{place}} was taken for known")
        except hspipe.Error as error:
            assert "from_logits=False" in error.hint, error
        if not two_sigmoids:
            callback = RecorderCallback(recorder, FEATURES, labels, from_logits=False)
            model.fit(FEATURES, labels, verbose=0, callbacks=[callback])
            ours = np.array(rows(folder / f"unknown-{{place}}")["logits"].to_list())
            given = model.predict(FEATURES, verbose=0)
            assert np.abs(1 / (1 + np.exp(ours[:, :1] - ours[:, 1:])) - given).max() < 1e-6
"""


@pytest.mark.skipif(not find_spec("keras"), reason="keras is not installed")
@pytest.mark.parametrize("backend", ["torch", "jax", "tensorflow"])
def test_keras(tmp_path: Path, backend: str) -> None:
    if not find_spec(backend):
        pytest.skip(f"{backend} is not installed")
    tests = os.path.dirname(__file__)  # noqa: PTH120
    code = KERAS.format(tests=tests, backend=backend, folder=str(tmp_path))
    run = [sys.executable, "-c", code]
    told = subprocess.run(run, env={**PYTHON, "KERAS_BACKEND": backend}, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr


@pytest.mark.skipif(not (find_spec("transformers") and find_spec("accelerate")), reason="transformers is not installed")
@pytest.mark.filterwarnings("ignore")
def test_transformers(tmp_path: Path) -> None:
    datasets = pytest.importorskip("datasets")
    import transformers

    from hspipe.record.transformers import RecorderCallback

    # Sixty-four words for each sample: how dark its pixels are.
    words = (FEATURES * 16).astype(int)
    data = datasets.Dataset.from_dict({"input_ids": list(words), "label": LABELS, "unused": ["text"] * len(LABELS)})
    config = transformers.BertConfig(
        vocab_size=17,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        num_labels=10,
        initializer_range=0.5,
    )

    def fit(name: str, *, record: bool) -> Any:
        transformers.set_seed(0)
        model = transformers.BertForSequenceClassification(config)
        arguments = transformers.TrainingArguments(
            str(tmp_path / name),
            num_train_epochs=2,
            learning_rate=0.01,
            per_device_train_batch_size=32,
            use_cpu=True,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
        )
        trainer = transformers.Trainer(model, arguments, train_dataset=data)
        if record:
            recorder = hspipe.Recorder(tmp_path / "recording", len(data), 10)
            trainer.add_callback(RecorderCallback(trainer, recorder))
        trainer.train()
        return model.eval()

    model = fit("recorded", record=True)
    with torch.no_grad():
        check(tmp_path / "recording", 2, model(input_ids=torch.tensor(words)).logits)
    for ours, theirs in zip(model.parameters(), fit("alone", record=False).parameters(), strict=True):
        assert torch.equal(ours, theirs)


class Words(torch.utils.data.Dataset):  # type: ignore[misc, name-defined]
    """Texts of their own number, again and again: the darker a pixel, the longer."""

    def __len__(self) -> int:
        return len(LABELS)

    def __getitem__(self, place: int) -> Any:
        return {"input_ids": torch.full((2 + int(FEATURES[place, 10] * 16),), place), "labels": int(LABELS[place])}


class Named(Words):
    """The same with labels that are texts."""

    def __getitem__(self, place: int) -> Any:
        item = super().__getitem__(place)
        return {"input_ids": item["input_ids"], "label": f"digit {item['labels']}"}


def padded(items: list[Any]) -> dict[str, Any]:
    words = torch.nn.utils.rnn.pad_sequence([item["input_ids"] for item in items], batch_first=True)
    labels = [item["labels"] if "labels" in item else int(item["label"][-1]) for item in items]
    return {"input_ids": words, "labels": torch.tensor(labels)}


class FirstWord(torch.nn.Module):  # type: ignore[misc, name-defined]
    """Says which sample it has been given."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(10))

    def forward(self, input_ids: Any, labels: Any) -> Any:
        logits = input_ids[:, :1] * self.weight
        return {"loss": torch.nn.functional.cross_entropy(logits, labels), "logits": logits}


@pytest.mark.skipif(not (find_spec("transformers") and find_spec("accelerate")), reason="transformers is not installed")
@pytest.mark.filterwarnings("ignore")
def test_transformers_that_has_another_order(tmp_path: Path) -> None:
    import transformers

    from hspipe.record.transformers import RecorderCallback

    class Shuffled(transformers.Trainer):  # type: ignore[misc]
        def get_test_dataloader(self, test_dataset: Any) -> Any:
            loader = torch.utils.data.DataLoader(test_dataset, 8, shuffle=True, collate_fn=self.data_collator)
            return self.accelerator.prepare(loader)

    def fit(name: str, kind: Any, data: Any, **more: Any) -> None:
        arguments = transformers.TrainingArguments(
            str(tmp_path / name),
            num_train_epochs=1,
            learning_rate=0,
            use_cpu=True,
            report_to=[],
            save_strategy="no",
            disable_tqdm=True,
            **more,
        )
        trainer = kind(FirstWord(), arguments, train_dataset=data, data_collator=padded)
        with hspipe.Recorder(tmp_path / name, len(LABELS), 10) as recorder:
            trainer.add_callback(RecorderCallback(trainer, recorder))
            trainer.train()
        assert {name: getattr(trainer.args, name) for name in more} == more

    grouped: dict[str, Any] = {"group_by_length": True}
    if hasattr(transformers.TrainingArguments, "train_sampling_strategy"):
        grouped = {"train_sampling_strategy": "group_by_length"}
    fit("grouped", transformers.Trainer, Words(), dataloader_drop_last=True, **grouped)
    found = rows(tmp_path / "grouped")
    assert found["sample"].to_list() == found["logits"].list.first().to_list() == [*range(301)]
    assert found["label"].to_list() == [*LABELS]
    with pytest.raises(hspipe.Error, match="not in the order of the data"):
        fit("shuffled", Shuffled, Words())
    fit("named", transformers.Trainer, Named(), remove_unused_columns=False)
    assert rows(tmp_path / "named")["label"].to_list() == [*LABELS]
