"""`cnngraph bench`"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cnngraph.cli.inputs import named, network_options, onnx_file, read_model
from cnngraph.cli.weights import Asked, weight_options

if TYPE_CHECKING:
    from cnngraph.network import Network
    from cnngraph.runtime.bench import Measured


def _batches(ctx: click.Context, param: click.Parameter, value: str) -> tuple[int, ...]:
    parts = value.split(",")
    if not all(part.strip().isdecimal() and int(part) for part in parts):
        raise click.BadParameter(f"{value!r} is not one or more numbers, such as 1,8,32")
    return tuple(map(int, parts))


@click.command("bench")
@click.argument("file", metavar="FILE", callback=named)
@click.option("--batch", "batches", callback=_batches, default="1,8", show_default=True, help="Pictures at once.")
@click.option("--threads", type=click.IntRange(min=1), help="As many as there are cores unless said.")
@click.option("--seconds", type=click.FloatRange(min=0), default=2.0, show_default=True, help="How long each is run.")
@click.option(
    "--provider", "asked_providers", multiple=True, help="Execution provider; repeatable, all there are unless said."
)
@click.option("--layers", is_flag=True, help="The table of layers with the time of each, one picture at a time.")
@click.option("--json", "as_json", is_flag=True, help="Seconds and bytes, as JSON.")
@weight_options
@network_options
def command(
    file: str,
    batches: tuple[int, ...],
    threads: int | None,
    seconds: float,
    asked_providers: tuple[str, ...],
    layers: bool,
    as_json: bool,
    asked: Asked,
    settings: dict[str, str],
    max_nodes: int,
) -> None:
    """Latency, throughput, load time and memory in onnxruntime.

    FILE is a spec, the name of a shipped network, or an .onnx file. Each line is measured in a process of its own, on
    random numbers: the time does not depend on them.
    """
    from cnngraph.runtime.bench import CPU, SIZE, bench, cores, layer_times, providers, rounds
    from cnngraph.runtime.feeds import run_sizes
    from cnngraph.sizes import assigned, chosen

    count = threads or cores()
    with _model(file, asked, settings, max_nodes) as (path, network, owners):
        sizes = run_sizes(path, SIZE) if network is None else chosen(network, SIZE)
        if sizes:
            click.echo(f"free sizes: {assigned(sizes)}", err=True)
        if layers:
            if network is None:
                raise click.UsageError("--layers is for a spec; an .onnx file has no table of layers")
            from cnngraph.cli.summary import show
            from cnngraph.verbs import summary

            times = layer_times(path, network, owners, batch=1, threads=count, seconds=seconds, sizes=sizes)
            if as_json:
                click.echo(json.dumps(times, indent=2))
                return
            show(summary(network, times=times))
            click.echo(
                f"{count} threads, {CPU}; what is fused into a layer counts there, reordering of tensors between layers"
            )
            return
        measured = [
            bench(path, batch=batch, threads=count, provider=provider, seconds=seconds, sizes=sizes)
            for provider in asked_providers or providers()
            for batch in batches
        ]
    if as_json:
        click.echo(json.dumps(rounds(measured), indent=2))
        return
    for line in table(measured):
        click.echo(line)


@contextmanager
def _model(
    file: str, asked: Asked, settings: dict[str, str], max_nodes: int
) -> Iterator[tuple[Path, Network | None, dict[str, str]]]:
    """The ONNX file, the network that it was made of, and the layer of each of its nodes."""
    refusal = "--weights, --seed and --set are for a spec; an .onnx file has its weights"
    if (path := onnx_file(file, bool(asked.anything or settings), refusal)) is not None:
        yield path, None, {}
        return
    network, brought = read_model(file, settings, max_nodes)
    brought, parts = asked.model(network, brought)
    from cnngraph.onnx.model import lowered

    model = lowered(network, lambda: asked.choose(network, brought), parts=parts).passed()
    with model.file() as path:
        yield path, network, model.owners


def table(measured: list[Measured]) -> Iterator[str]:
    """A line each, and what the columns are."""
    head = ("provider", "threads", "batch", "median", "10 % to 90 %", "pictures/s", "first run", "load", "memory")
    rows = [
        (
            each.provider.removesuffix("ExecutionProvider"),
            str(each.threads),
            str(each.batch),
            _ms(each.median),
            f"{_ms(each.low)} to {_ms(each.high)}",
            f"{each.throughput:,.1f}",
            _ms(each.first),
            f"{each.load:.2f} s",
            "?" if each.memory is None else f"{each.memory / 1e6:,.0f} MB",
        )
        for each in measured
    ]
    widths = [max(len(row[at]) for row in (head, *rows)) for at in range(len(head))]
    for row in (head, *rows):
        cells = [
            cell.rjust(width) if at else cell.ljust(width)
            for at, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        yield "  ".join(cells)
    fewest = min(each.runs for each in measured)
    yield f"medians of {fewest:,} runs or more, after warming up; each line in its own process"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.2f} ms"
