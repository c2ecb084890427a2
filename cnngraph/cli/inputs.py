"""What commands that take a network share: its argument, `--set`, `--max-nodes`, and the reading of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from cnngraph.network import Network


def _settings(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    settings = {}
    for value in values:
        name, equals, setting = value.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE, as in depth=34")
        settings[name] = setting
    return settings


def network_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--set`` (as ``settings``) and ``--max-nodes`` (as ``max_nodes``)."""
    command = click.option(
        "--set",
        "settings",
        multiple=True,
        metavar="K=V",
        callback=_settings,
        help="Set a param of the spec, as in --set depth=34; repeatable.",
    )(command)
    return click.option(
        "--max-nodes", type=click.IntRange(min=1), default=100_000, show_default=True, help="Largest network taken."
    )(command)


def read_network(file: str, settings: dict[str, str], max_nodes: int) -> Network:
    """The network in *file*; its warnings are printed to standard error, its errors raised."""
    from cnngraph.load import read

    reading = read(file, settings, max_nodes=max_nodes)
    if reading.diagnostics and reading.network is not None:
        from cnngraph.diagnostics.terminal import print_diagnostics

        print_diagnostics(reading.diagnostics)
    return reading.checked()


def output_stem(network: Network) -> str:
    """What a file made of *network* is called unless said: like its spec, in the current folder."""
    from pathlib import Path

    return network.name if network.file.startswith("<") else Path(network.file).stem
