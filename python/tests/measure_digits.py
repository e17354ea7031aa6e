"""Prints how well wrong labels of scikit-learn's digits are found, by hspipe and by cleanlab: README's table.

Run it with OMP_NUM_THREADS=1 on a machine that has other work. It is no test.
"""

from __future__ import annotations

import tempfile
import time
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
from sklearn.svm import SVC

import hspipe

MODELS = {
    "logistic regression": LogisticRegression(max_iter=1000),
    "random forest": RandomForestClassifier(random_state=0),
    "10 nearest neighbours": KNeighborsClassifier(10),
    "support vectors": SVC(probability=True, random_state=0),
}


def main() -> None:
    """Print a line for each draw of wrong labels and each way to find them."""
    features, labels = load_digits(return_X_y=True)
    images = features.reshape(-1, 8, 8)
    for seed in range(3):
        random = np.random.default_rng(seed)
        wrong = random.random(len(labels)) < 0.05
        given = np.where(wrong, (labels + random.integers(1, 10, len(labels))) % 10, labels)
        for name, data in (("images", images), ("features", features)):
            with tempfile.TemporaryDirectory() as project:
                for again in ("", ", again"):
                    begin = time.perf_counter()
                    found = hspipe.find(data, given, project=project, progress=False).issues.sort("row")
                    seconds = time.perf_counter() - begin
                    flagged = found["label_issue"].to_numpy()
                    say(seed, f"hspipe, {name}{again}", seconds, wrong, -found["rank"].to_numpy(), flagged)
        for name, model in MODELS.items():
            begin = time.perf_counter()
            probabilities = cross_val_predict(model, features / 16, given, cv=5, method="predict_proba")
            suspicion = -get_label_quality_scores(given, probabilities)
            flagged = find_label_issues(given, probabilities)
            say(seed, f"cleanlab, {name}", time.perf_counter() - begin, wrong, suspicion, flagged)


def say(seed: int, name: str, seconds: float, wrong: Any, suspicion: Any, flagged: Any) -> None:
    """Print one line."""
    right = (wrong & flagged).sum()
    print(
        f"{seed}  {name:32}  average precision {average_precision_score(wrong, suspicion):.4f}  "
        f"precision {right / flagged.sum():.3f}  recall {right / wrong.sum():.3f}  {seconds:.2f} s"
    )


if __name__ == "__main__":
    main()
