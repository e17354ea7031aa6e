"""cleanlab on the wrong labels of hspipe's benchmark, to put beside Results/benchmark.parquet.

    hspipe run benchmark
    python3 -m venv venv && venv/bin/pip install cleanlab scikit-learn pyarrow
    venv/bin/python scripts/cleanlab_peer.py [--dataset MNIST] [--draws 1] [--out peer.csv]

For each kind and share of wrong labels in Results/perturbed.parquet: 5-fold probabilities of a multilayer perceptron
with 100 hidden units (30 epochs of Adam), cleanlab's self-confidence, and how well that finds the wrong labels. Prints a line
for each, and at the end the mean over draws. Pictures are read from data/DATASET/raw, where hspipe has put them.
"""

import argparse
import csv
import gzip
import pathlib
import time
import warnings

import numpy as np
import pyarrow.parquet as parquet
from cleanlab.rank import get_label_quality_scores
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.neural_network import MLPClassifier


def pictures(folder):
    """Train and test files in one array, as hspipe counts samples: n x pixels, from 0 to 1."""
    parts = []
    for part in ("train", "t10k"):
        file = folder / f"{part}-images-idx3-ubyte"
        packed = file.with_name(file.name + ".gz")
        content = gzip.decompress(packed.read_bytes()) if packed.exists() else file.read_bytes()
        count, height, width = np.frombuffer(content, ">i4", 3, 4)
        parts.append(np.frombuffer(content, np.uint8, offset=16).reshape(count, height * width))
    return np.concatenate(parts) / 255.0


def judged(samples, labels):
    """How suspect each label is, higher for more, and the seconds that it took."""
    start = time.time()
    network = MLPClassifier((100,), max_iter=30, random_state=0)
    probabilities = cross_val_predict(network, samples, labels, cv=5, method="predict_proba", n_jobs=-1)
    return -get_label_quality_scores(labels, probabilities), time.time() - start


def main():
    arguments = argparse.ArgumentParser(description="cleanlab on the wrong labels of hspipe's benchmark")
    arguments.add_argument("--dataset", default="MNIST")
    arguments.add_argument("--draws", type=int, default=1, help="of each kind and share")
    arguments.add_argument("--out", default="peer.csv")
    given = arguments.parse_args()
    warnings.filterwarnings("ignore")

    all_pictures = pictures(pathlib.Path("data") / given.dataset / "raw")
    table = parquet.read_table("Results/perturbed.parquet").to_pandas()
    table = table[(table.dataset == given.dataset) & (table.draw < given.draws)]
    rows = []
    for (kind, share, draw), samples in table.groupby(["noise_kind", "noise_share", "draw"]):
        labels = samples["class"].to_numpy()
        wrong = labels != samples.clean_class.to_numpy()
        if not wrong.any():  # a kind that leaves labels as they are
            continue
        suspicion, seconds = judged(all_pictures[samples.sample_id.to_numpy()], labels)
        first = np.argsort(-suspicion, kind="stable")[: wrong.sum()]
        rows.append({
            "dataset": given.dataset, "noise_kind": kind, "noise_share": share, "draw": draw,
            "average_precision": average_precision_score(wrong, suspicion),
            "auroc": roc_auc_score(wrong, suspicion),
            "precision": wrong[first].mean(), "seconds": seconds,
        })
        print({name: round(value, 4) if isinstance(value, float) else value for name, value in rows[-1].items()}, flush=True)
    with open(given.out, "w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


if __name__ == "__main__":
    main()
