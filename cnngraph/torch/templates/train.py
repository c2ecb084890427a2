"""Trains the network in lenet5.py to tell pictures apart, a folder for each class:

    python train.py DATA    with DATA/train/cat/1.jpg and DATA/val/cat/2.jpg

On several processors: torchrun --nproc-per-node 2 train.py DATA. Killed, it goes on
with --resume, and comes to the same numbers. Written by cnngraph, to be edited.
"""

import argparse
import csv
import math
import os
from functools import partial
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import nn
from torch.utils.data import DataLoader, DistributedSampler

from lenet5 import Lenet5 as Network

SPEC = "lenet5"
CLASSES = 10
HEIGHT, WIDTH, CHANNELS = 32, 32, 1
# What `cnngraph run` does to a picture: what the network sees here it will see there.
BGR, INVERT, LOW, HIGH = False, True, 0.0, 1.0
MEAN, STD = (0.0,), (1.0,)
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")


def values(path):
    """The picture as C x H x W numbers."""
    try:
        shown = ImageOps.exif_transpose(Image.open(path, formats=FORMATS))
        if shown.has_transparency_data:
            white = Image.new("RGBA", shown.size, "white")
            shown = Image.alpha_composite(white, shown.convert("RGBA"))
        shown = shown.convert("L" if CHANNELS == 1 else "RGB")
    except (OSError, ValueError) as error:
        raise SystemExit(f"{path} is no picture: {error}") from None
    if shown.size != (WIDTH, HEIGHT):
        shown = shown.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    pixels = torch.frombuffer(bytearray(shown.tobytes()), dtype=torch.uint8)
    x = pixels.view(HEIGHT, WIDTH, CHANNELS).permute(2, 0, 1) / 255
    x = x.flip(0) if BGR else x
    x = (1 - x if INVERT else x) * (HIGH - LOW) + LOW
    return (x - torch.tensor(MEAN).view(-1, 1, 1)) / torch.tensor(STD).view(-1, 1, 1)


def varied(path):
    """The picture moved by up to an eighth; in colour mirrored, too."""
    x, high, wide = values(path), HEIGHT // 8, WIDTH // 8
    x = nn.functional.pad(x[None], (wide, wide, high, high), "replicate")[0]
    top, left = torch.randint(2 * high + 1, ()), torch.randint(2 * wide + 1, ())
    x = x[:, top : top + HEIGHT, left : left + WIDTH]
    return x.flip(2) if CHANNELS == 3 and torch.rand(()) < 0.5 else x


def pictures(folder):
    """The files in it, each with the number of its class."""
    folders = sorted(folder.glob("*"))
    files = [(f, n) for n, each in enumerate(folders) for f in sorted(each.glob("*"))]
    if len(folders) != CLASSES or not files:
        has = f"{folder} has {len(folders)} folders with {len(files)} pictures"
        raise SystemExit(f"{has}, the network {CLASSES} classes")
    for path, _ in files:
        values(path)  # what is no picture is said before anything is trained
    return files


def batch(files, picture=values):
    x = torch.stack([picture(path) for path, _ in files])
    return x, torch.tensor([label for _, label in files])


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    numbers = {"epochs": 30, "batch": 64, "rate": 0.05, "warmup": 100, "seed": 0}
    for name, unless in numbers.items():
        parser.add_argument(f"--{name}", type=type(unless), default=unless)
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    train, val = pictures(args.data / "train"), pictures(args.data / "val")

    torch.manual_seed(args.seed)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = network = Network().to(device)
    rank, several = int(os.getenv("RANK", "0")), int(os.getenv("WORLD_SIZE", "1"))
    if several > 1:  # torchrun
        torch.distributed.init_process_group()
        if device == "cuda":
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        model = nn.parallel.DistributedDataParallel(network.to(device))
    sampler = DistributedSampler(train, several, rank, seed=args.seed)
    full = len(train) >= args.batch  # a last batch of one picture has no statistics
    how = {"sampler": sampler, "drop_last": full}
    drawn = partial(batch, picture=varied)
    batches = DataLoader(train, args.batch, collate_fn=drawn, **how)
    weights = [each for each in network.parameters() if each.requires_grad]
    optimizer = torch.optim.SGD(weights, args.rate, momentum=0.9, weight_decay=1e-4)
    curve, steps = [], args.epochs * len(batches)
    if args.resume and os.path.exists("checkpoint.pth"):
        held = torch.load("checkpoint.pth", device, weights_only=True)
        network.load_state_dict(held["model"])
        optimizer.load_state_dict(held["optimizer"])
        curve = held["curve"]

    for epoch in range(len(curve), args.epochs):
        torch.manual_seed(args.seed * 1000 + epoch)  # the same when it is resumed
        sampler.set_epoch(epoch)
        model.train()
        total = 0.0
        for step, (x, y) in enumerate(batches, epoch * len(batches)):
            warm = min(1, (step + 1) / max(1, args.warmup))
            rate = args.rate * warm * (1 + math.cos(math.pi * step / steps)) / 2
            optimizer.param_groups[0]["lr"] = rate
            loss = nn.functional.cross_entropy(model(x.to(device)), y.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() / len(batches)
        network.eval()
        with torch.no_grad():
            parts = DataLoader(val, args.batch, collate_fn=batch)
            wrong = [network(x.to(device)).argmax(1).cpu() != y for x, y in parts]
        curve.append([epoch + 1, rate, total, float(torch.cat(wrong).float().mean())])
        if rank == 0:
            print("epoch {}: rate {:.4f}, loss {:.4f}, error {:.2%}".format(*curve[-1]))
            state = {"model": network.state_dict(), "curve": curve}
            state["optimizer"] = optimizer.state_dict()
            torch.save(state, "checkpoint.part")
            os.replace("checkpoint.part", "checkpoint.pth")  # whole, or as it was
            with open("curve.csv", "w", newline="") as file:
                csv.writer(file).writerows([["epoch", "rate", "loss", "error"], *curve])
    if rank == 0:
        torch.save(network.state_dict(), "trained.pth")
        print("Weights are in trained.pth; back in the spec, and in a file that runs:")
        print(f"    cnngraph export --onnx {SPEC} --weights trained.pth")
        print(f"    cnngraph run {SPEC} --weights trained.pth --image PICTURE")


if __name__ == "__main__":
    main()
