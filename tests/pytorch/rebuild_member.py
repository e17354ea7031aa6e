#!/usr/bin/env python3
"""Rebuilds networks of Results/members.parquet in PyTorch and compares them with hspipe's. Run by hand:

    pip install torch numpy polars
    python3 tests/pytorch/rebuild_member.py --dataset MNIST --stage fit

It needs only the seed in the table: subset, normalisation, initial weights and training follow from it.
Prints, per network, the largest difference of the loss over the epochs (from the table `history`), of the
radii where the stage records them, and the share of samples on which the predictions agree; of `fit` also how
the training dynamics differ.
"""

import argparse
import gzip
import json
import pathlib

import numpy as np
import polars as pl
import torch


def idx(folder, name, header):
    path = folder / name
    data = path.read_bytes() if path.exists() else gzip.decompress((folder / f"{name}.gz").read_bytes())
    return np.frombuffer(data, dtype=np.uint8, offset=header)


def dataset(root, name):
    folder = root / "data" / name / "raw"
    images = [idx(folder, f"{part}-images-idx3-ubyte", 16).reshape(-1, 784) for part in ("train", "t10k")]
    labels = [idx(folder, f"{part}-labels-idx1-ubyte", 8) for part in ("train", "t10k")]
    return np.concatenate(images), np.concatenate(labels)


def tables(root, op, member):
    """The tables of the task that made this row of members."""
    for path in (root / "cache" / "records").glob("*/*.json"):
        record = json.loads(path.read_text())
        if record["op"] != op:
            continue
        read = lambda digest: pl.read_parquet(root / "cache" / "objects" / digest[:2] / digest[2:])
        outputs = {output["table"]: output["digest"] for output in record["outputs"]}
        row = read(outputs["member"]).row(0, named=True)
        if all(member[name] == value for name, value in row.items()):
            return {name: read(digest) for name, digest in outputs.items() if name != "weights"}
    raise SystemExit(f"no record of {op} has the seed {member['seed']}")


def radii(latent, labels):
    unit = latent / latent.norm(dim=1, keepdim=True)
    values = []
    for c in range(10):
        z = unit[labels == c].double()
        values.append((z - z.mean(0)).square().sum(1).mean().sqrt().item())
    return values


class Dynamics:
    """What the table `dynamics` keeps of each sample, after the step of every epoch."""

    def __init__(self, labels):
        self.labels, self.epochs = labels, 0
        self.margin, self.probability = np.zeros(len(labels)), np.zeros(len(labels))
        self.correct, self.forgotten = np.zeros(len(labels), int), np.zeros(len(labels), int)
        self.learned, self.was = np.full(len(labels), -1), np.zeros(len(labels), bool)

    def see(self, logits):
        own = logits.gather(1, self.labels[:, None])
        others = logits.scatter(1, self.labels[:, None], -torch.inf).max(1).values
        right = (logits.argmax(1) == self.labels).numpy()
        self.margin += (own[:, 0] - others).numpy()
        self.probability += logits.double().softmax(1).gather(1, self.labels[:, None])[:, 0].numpy()
        self.correct += right
        self.forgotten += self.was & ~right
        self.learned[right & (self.learned < 0)] = self.epochs
        self.was, self.epochs = right, self.epochs + 1

    def compare(self, table):
        def largest(ours, theirs):
            return np.abs(table[ours].to_numpy() - theirs / self.epochs).max()

        def same(ours, theirs):
            return 100 * (table[ours].fill_null(-1).to_numpy() == theirs).mean()

        return (
            f"; largest difference of a mean margin {largest('margin_mean', self.margin):.2e}, of a mean "
            f"probability {largest('probability_mean', self.probability):.2e}; equal on samples: epochs correct "
            f"{same('correct', self.correct):.2f} %, times forgotten {same('forgotten', self.forgotten):.2f} %, "
            f"epoch learned {same('learned', self.learned):.2f} %"
        )


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--root", type=pathlib.Path, default=pathlib.Path("."))
    parser.add_argument("--dataset", default="MNIST")
    parser.add_argument("--stage", default="fit", choices=["fit", "radii", "search"])
    parser.add_argument("--subset-size", type=int, default=20000)
    parser.add_argument("--learning-rate", type=float, default=0.1)
    parser.add_argument("--networks", type=int, default=1)
    args = parser.parse_args()

    pixels, labels = dataset(args.root, args.dataset)
    torch.manual_seed(42)
    subset = torch.randperm(len(labels))[: args.subset_size].numpy()
    x = torch.from_numpy(pixels[subset].astype(np.float32) / 255)
    x = (x - x.double().mean()) / (x.double().var() + 1e-9).sqrt()
    x, y = x.float(), torch.from_numpy(labels[subset].astype(np.int64))

    members = pl.read_parquet(args.root / "Results" / "members.parquet")
    members = members.filter((pl.col("stage") == args.stage) & (pl.col("dataset") == args.dataset))
    for member in members.head(args.networks).iter_rows(named=True):
        ours = tables(args.root, args.stage, member)
        torch.manual_seed(member["seed"])
        layers = [torch.nn.Linear(784, 20), torch.nn.Linear(20, 20), torch.nn.Linear(20, 10)]
        net = torch.nn.Sequential(layers[0], torch.nn.Tanh(), layers[1], torch.nn.Tanh(), layers[2])
        step = torch.optim.SGD(net.parameters(), lr=args.learning_rate)
        losses, seen = [], {}
        wanted = set(ours["radii"]["epoch"].to_list()) if "radii" in ours else set()
        dynamics = Dynamics(y) if "dynamics" in ours else None
        for epoch in range(member["epochs"]):
            step.zero_grad()
            loss = torch.nn.functional.cross_entropy(net(x), y)
            losses.append(loss.item())
            loss.backward()
            step.step()
            if dynamics:
                with torch.no_grad():
                    dynamics.see(net(x))
            if epoch in wanted:
                with torch.no_grad():
                    seen[epoch] = radii(torch.tanh(layers[0](x)), y)
        drift = np.abs(np.array(losses) - ours["history"]["loss"].to_numpy())
        line = f"seed {member['seed']}: {len(losses)} epochs, largest difference of the loss {drift.max():.2e}"
        if seen:
            table = ours["radii"].sort("epoch", "class")["radius"].to_numpy().reshape(-1, 10)
            theirs = np.array([seen[epoch] for epoch in sorted(seen)])
            line += f", of a radius {np.abs(table - theirs).max():.2e}"
        if "scores" in ours:
            with torch.no_grad():
                predicted = net(x).argmax(1).numpy()
            column = "predicted" if args.stage == "fit" else "predicted_last"
            line += f", predictions agree on {100 * (ours['scores'][column].to_numpy() == predicted).mean():.3f} %"
        if dynamics:
            line += dynamics.compare(ours["dynamics"])
        print(line)


if __name__ == "__main__":
    main()
