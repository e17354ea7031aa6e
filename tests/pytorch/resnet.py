#!/usr/bin/env python3
"""The golden values of src/nn/torch/resnet.rs, from PyTorch. Run by hand:

    pip install torch
    python3 tests/pytorch/resnet.py

The network is written down here a second time, from the paper's description; the samples are bytes that a
formula gives, so that both sides have the same ones. Prints the logits before any step, then the loss of the first
step, and the logits, a few parameters and statistics after it, and the radii of the stem.
"""

import torch
from torch import nn


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.shortcut = nn.Sequential()
        if stride != 1 or inputs != outputs:
            self.shortcut = nn.Sequential(
                nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)
            )

    def forward(self, x):
        y = torch.relu(self.norm1(self.conv1(x)))
        return torch.relu(self.norm2(self.conv2(y)) + self.shortcut(x))


class ResNet(nn.Module):
    def __init__(self, channels, classes):
        super().__init__()
        self.conv, self.norm = nn.Conv2d(channels, 64, 3, 1, 1, bias=False), nn.BatchNorm2d(64)
        blocks, inputs = [], 64
        for stage, outputs in enumerate([64, 128, 256, 512]):
            for block in range(2):
                blocks.append(Block(inputs, outputs, 2 if stage > 0 and block == 0 else 1))
                inputs = outputs
        self.blocks, self.linear = nn.Sequential(*blocks), nn.Linear(512, classes)

    def forward(self, x):
        return self.linear(self.blocks(torch.relu(self.norm(self.conv(x)))).mean((2, 3)))


def radii(net, x, y, classes):
    z = net.conv(x).double()
    mean, var = z.mean((0, 2, 3), keepdim=True), z.var((0, 2, 3), unbiased=False, keepdim=True)
    scale, shift = (p.double()[:, None, None] for p in (net.norm.weight, net.norm.bias))
    z = torch.relu((z - mean) / (var + net.norm.eps).sqrt() * scale + shift).flatten(1)
    u = z / z.norm(dim=1, keepdim=True)
    return [(u[y == c] - u[y == c].mean(0)).square().sum(1).mean().sqrt().item() for c in range(classes)]


def show(name, values):
    print(f"{name}: {[round(float(v.detach() if hasattr(v, 'detach') else v), 7) for v in values]}")


def main():
    torch.set_num_threads(1)
    n, channels, side, classes = 6, 2, 9, 3
    at = torch.arange(n * channels * side * side, dtype=torch.float64)
    pixels = ((at * at * 7 + at * 31) % 256).view(n, channels, side, side) / 255
    mean, variance = torch.tensor([0.4, 0.6]), torch.tensor([0.08, 0.05])
    x = ((pixels - mean.double()[:, None, None]) / (variance.double()[:, None, None] + 1e-9).sqrt()).float()
    y = torch.arange(n) % classes

    torch.manual_seed(11)
    net = ResNet(channels, classes)
    adam = torch.optim.Adam(net.parameters(), lr=0.001, weight_decay=0.01)
    with torch.no_grad():
        show("logits before", net.eval()(x).flatten())
        show("radii before", radii(net, x, y, classes))
    loss = nn.functional.cross_entropy(net.train()(x), y)
    show("loss", [loss])
    loss.backward()
    adam.step()
    with torch.no_grad():
        show("logits after", net.eval()(x).flatten())
        show("loss after", [nn.functional.cross_entropy(net(x), y)])
        show("radii after", radii(net, x, y, classes))
    show("stem kernel after", net.conv.weight.flatten()[:4])
    show("stem scale after", net.norm.weight[:3])
    show("stem running mean after", net.norm.running_mean[:3])
    show("stem running variance after", net.norm.running_var[:3])
    show("last shortcut kernel after", net.blocks[6].shortcut[0].weight.flatten()[-3:])
    show("bias after", net.linear.bias)

    # Two epochs of mini-batches of four and two: the order is the generator's, after the draws of the weights. With
    # larger steps rounding grows too soon to compare anything.
    torch.manual_seed(11)
    net = ResNet(channels, classes)
    adam = torch.optim.Adam(net.parameters(), lr=1e-5, weight_decay=0.01)
    net.train()
    for _ in range(2):
        losses = []
        for batch in torch.randperm(n).split(4):
            loss = nn.functional.cross_entropy(net(x[batch]), y[batch])
            adam.zero_grad()
            loss.backward()
            adam.step()
            losses.append(loss.item() * len(batch))
        show("mini-batches: mean loss of the epoch", [sum(losses) / n])
    with torch.no_grad():
        show("mini-batches: logits after", net.eval()(x).flatten())


if __name__ == "__main__":
    main()
