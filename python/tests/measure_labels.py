"""Prints how well wrong labels are found, by hspipe and by cleanlab: README's tables.

    python python/tests/measure_labels.py digits                  three draws of wrong labels of scikit-learn's digits
    python python/tests/measure_labels.py mnist data/MNIST/raw    one draw of 20,000 images of MNIST

Run it with OMP_NUM_THREADS=1 on a machine that has other work. It is no test.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from cleanlab.filter import find_label_issues
from cleanlab.rank import get_label_quality_scores
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.svm import SVC

import hspipe

MODELS = {
    "logistic regression": LogisticRegression(max_iter=1000),
    "random forest": RandomForestClassifier(random_state=0),
    "10 nearest neighbours": KNeighborsClassifier(10),
}
MODELS_OF = {
    "digits": {**MODELS, "support vectors": SVC(probability=True, random_state=0)},
    # Support vectors take hours there, logistic regression until it has converged too.
    "mnist": {
        **MODELS,
        "logistic regression": LogisticRegression(max_iter=100),
        "perceptron, 100 hidden": MLPClassifier(early_stopping=True, random_state=0),
    },
}


def main() -> None:
    """Print a line for each draw of wrong labels and each way to find them."""
    if sys.argv[1] == "digits":
        images, labels = load_digits(return_X_y=True)
        measure("digits", images.reshape(-1, 8, 8), labels, 16, draws=3)
    else:
        raw = Path(sys.argv[2])
        images = np.fromfile(raw / "train-images-idx3-ubyte", np.uint8, offset=16).reshape(-1, 28, 28)
        labels = np.fromfile(raw / "train-labels-idx1-ubyte", np.uint8, offset=8).astype(int)
        measure("mnist", images[:20000], labels[:20000], 255, draws=1)


def measure(name: str, images: Any, labels: Any, brightest: int, draws: int) -> None:
    """Make 5 % of the labels wrong, and have them found."""
    features = images.reshape(len(images), -1).astype(np.float32)
    for seed in range(draws):
        random = np.random.default_rng(seed)
        wrong = random.random(len(labels)) < 0.05
        given = np.where(wrong, (labels + random.integers(1, 10, len(labels))) % 10, labels)
        for kind, data in (("images", images), ("features", features)):
            with tempfile.TemporaryDirectory() as project:
                for again in ("", ", again"):
                    begin = time.perf_counter()
                    found = hspipe.find(data, given, project=project, progress=False).issues.sort("row")
                    seconds = time.perf_counter() - begin
                    flagged = found["label_issue"].to_numpy()
                    say(seed, f"hspipe, {kind}{again}", seconds, wrong, -found["rank"].to_numpy(), flagged)
        for kind, model in MODELS_OF[name].items():
            begin = time.perf_counter()
            probabilities = cross_val_predict(model, features / brightest, given, cv=5, method="predict_proba")
            suspicion = -get_label_quality_scores(given, probabilities)
            flagged = find_label_issues(given, probabilities)
            say(seed, f"cleanlab, {kind}", time.perf_counter() - begin, wrong, suspicion, flagged)


def say(seed: int, name: str, seconds: float, wrong: Any, suspicion: Any, flagged: Any) -> None:
    """Print one line."""
    right = (wrong & flagged).sum()
    print(
        f"{seed}  {name:32}  average precision {average_precision_score(wrong, suspicion):.4f}  "
        f"precision {right / flagged.sum():.3f}  recall {right / wrong.sum():.3f}  {seconds:.2f} s",
        flush=True,
    )


if __name__ == "__main__":
    main()
