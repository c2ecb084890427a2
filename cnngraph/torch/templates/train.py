"""Trains the network in lenet5.py to tell pictures apart, a folder for each class:

    python train.py DATA    with DATA/train/cat/1.jpg and DATA/val/cat/2.jpg

On several processors: torchrun --nproc-per-node 2 train.py DATA. Killed, it goes on
with --resume, and comes to the same numbers. Written by cnngraph, to be edited.
"""

import argparse
import csv
import math
import os
from pathlib import Path

import torch
from PIL import Image, ImageOps
from torch import nn
from torch.utils.data import DataLoader, Dataset, DistributedSampler

from lenet5 import Lenet5 as Network

SPEC = "lenet5"
CLASSES = 10
HEIGHT, WIDTH, CHANNELS = 32, 32, 1
# What `cnngraph run` does to a picture: what the network sees here it will see there.
BGR, INVERT, LOW, HIGH = False, True, 0.0, 1.0
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP")
MEAN, STD = (0.0,), (1.0,)


def values(path):
    """The picture as C x H x W numbers."""
    with Image.open(path, formats=FORMATS) as opened:
        shown = ImageOps.exif_transpose(opened)
        if shown.has_transparency_data:
            white = Image.new("RGBA", shown.size, "white")
            shown = Image.alpha_composite(white, shown.convert("RGBA"))
        shown = shown.convert("L" if CHANNELS == 1 else "RGB")
    if shown.size != (WIDTH, HEIGHT):
        shown = shown.resize((WIDTH, HEIGHT), Image.Resampling.BILINEAR)
    pixels = torch.frombuffer(bytearray(shown.tobytes()), dtype=torch.uint8)
    x = pixels.view(HEIGHT, WIDTH, CHANNELS).permute(2, 0, 1) / 255
    x = x.flip(0) if BGR else x
    x = (1 - x if INVERT else x) * (HIGH - LOW) + LOW
    return (x - torch.tensor(MEAN).view(-1, 1, 1)) / torch.tensor(STD).view(-1, 1, 1)


class Pictures(Dataset):
    def __init__(self, folder, classes, varied=False, flip=False):
        labels = enumerate(classes)
        self.files = [(f, n) for n, c in labels for f in sorted((folder / c).glob("*"))]
        self.varied, self.flip = varied, flip

    def __len__(self):
        return len(self.files)

    def __getitem__(self, index):
        path, label = self.files[index]
        x = values(path)
        if self.flip and torch.rand(()) < 0.5:
            x = x.flip(2)
        if self.varied:  # moved by up to an eighth
            high, wide = HEIGHT // 8, WIDTH // 8
            x = nn.functional.pad(x[None], (wide, wide, high, high), "replicate")[0]
            top, left = torch.randint(2 * high + 1, ()), torch.randint(2 * wide + 1, ())
            x = x[:, top : top + HEIGHT, left : left + WIDTH]
        return x, label

    def unreadable(self):
        for path, _ in self.files:
            try:
                values(path)
            except (OSError, ValueError) as error:
                yield f"{path}: {error}"


def save(what, path):
    """Beside its place, then renamed: a killed run leaves the old file."""
    torch.save(what, f"{path}.part")
    os.replace(f"{path}.part", path)


@torch.no_grad()
def error(network, batches, device):
    """The share of pictures that are taken for another class."""
    network.eval()
    wrong = [network(x.to(device)).argmax(1).cpu() != y for x, y in batches]
    return float(torch.cat(wrong).float().mean())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    numbers = {"epochs": 30, "batch": 64, "rate": 0.05, "warmup": 100, "seed": 0}
    for name, unless in {**numbers, "workers": 0}.items():
        parser.add_argument(f"--{name}", type=type(unless), default=unless)
    flip = argparse.BooleanOptionalAction
    parser.add_argument("--flip", action=flip, default=CHANNELS == 3)
    parser.add_argument("--start", help="a state_dict; a head of another size stays")
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    classes = sorted(each.name for each in (args.data / "train").glob("*"))
    if len(classes) != CLASSES:
        has = f"{args.data}/train has {len(classes)} folders"
        parser.error(f"{has}, the network {CLASSES} classes: change the spec, export")
    train = Pictures(args.data / "train", classes, varied=True, flip=args.flip)
    val = Pictures(args.data / "val", classes)
    if bad := [*train.unreadable(), *val.unreadable()]:
        parser.error("\n".join(["these are no pictures:", *bad[:10]]))
    if not train.files or not val.files:
        parser.error(f"no pictures in {args.data}/train or {args.data}/val")

    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.manual_seed(args.seed)
    model = network = Network().to(device)
    if args.start:
        own = network.state_dict()
        held = torch.load(args.start, device, weights_only=True)
        fit = {k: v for k, v in held.items() if k in own and v.shape == own[k].shape}
        print("new:", ", ".join(sorted(own.keys() - fit.keys())) or "nothing")
        network.load_state_dict(fit, strict=False)
    rank, sampler = int(os.environ.get("RANK", 0)), None
    if "RANK" in os.environ:  # torchrun
        torch.distributed.init_process_group()
        if device.type == "cuda":
            torch.cuda.set_device(int(os.environ["LOCAL_RANK"]))
        model = nn.parallel.DistributedDataParallel(network)
        sampler = DistributedSampler(train)
    how = {"batch_size": args.batch, "num_workers": args.workers}
    full = len(train) >= args.batch  # a last batch of one picture has no statistics
    drawn = {"shuffle": sampler is None, "sampler": sampler, "drop_last": full}
    batches, held_out = DataLoader(train, **how, **drawn), DataLoader(val, **how)
    weights = [each for each in network.parameters() if each.requires_grad]
    optimizer = torch.optim.SGD(weights, args.rate, momentum=0.9, weight_decay=1e-4)
    curve = []
    if args.resume and Path("checkpoint.pth").exists():
        held = torch.load("checkpoint.pth", device, weights_only=True)
        network.load_state_dict(held["model"])
        optimizer.load_state_dict(held["optimizer"])
        curve = held["curve"]

    for epoch in range(len(curve), args.epochs):
        torch.manual_seed(args.seed * 1000 + epoch)  # the same when it is resumed
        if sampler:
            sampler.set_epoch(epoch)
        model.train()
        total, steps = 0.0, args.epochs * len(batches)
        for step, (x, y) in enumerate(batches, epoch * len(batches)):
            rate = args.rate * (1 + math.cos(math.pi * step / steps)) / 2
            rate *= min(1, (step + 1) / max(1, args.warmup))
            for group in optimizer.param_groups:
                group["lr"] = rate
            loss = nn.functional.cross_entropy(model(x.to(device)), y.to(device))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item() / len(batches)
        missed = error(network, held_out, device)
        curve.append([epoch + 1, rate, total, missed])
        if rank == 0:
            print(f"epoch {epoch + 1}: loss {total:.4f}, error {missed:.2%}")
            state = {"model": network.state_dict(), "curve": curve}
            save({**state, "optimizer": optimizer.state_dict()}, "checkpoint.pth")
            with open("curve.csv", "w", newline="") as file:
                csv.writer(file).writerows([["epoch", "rate", "loss", "error"], *curve])
    if rank == 0:
        save(network.state_dict(), "trained.pth")
        print("Weights are in trained.pth; back in the spec, and in a file that runs:")
        print(f"    cnngraph export --onnx {SPEC} --weights trained.pth")
        print(f"    cnngraph verify {SPEC} --weights trained.pth")
        print(f"    cnngraph run {SPEC} --weights trained.pth --image PICTURE")
    if "RANK" in os.environ:
        torch.distributed.destroy_process_group()


if __name__ == "__main__":
    main()
