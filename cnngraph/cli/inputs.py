"""What commands that take a network share: its argument, `--set`, `--max-nodes`, and the reading of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cnngraph.network import Network

if TYPE_CHECKING:
    from cnngraph.weights.source import Weights


def _settings(ctx: click.Context, param: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    settings = {}
    for value in values:
        name, equals, setting = value.partition("=")
        if not equals or not name:
            raise click.BadParameter(f"{value!r} is not NAME=VALUE, as in depth=34")
        settings[name] = setting
    return settings


def named(ctx: click.Context, param: click.Parameter, value: Any) -> Any:
    """For a FILE argument, one or several: the path that a bare name stands for when this folder has a spec of that
    name, which is said; all else as it is."""
    if isinstance(value, tuple):
        return tuple(named(ctx, param, each) for each in value)
    from cnngraph.fronts.content import local

    if not value or (path := local(str(value))) in ("", str(value)):
        return value
    from cnngraph.shipped import names

    ships = ", not the network of that name that ships with cnngraph" if str(value) in names() else ""
    click.echo(f"{value} is {path} in this folder{ships}", err=True)
    return type(value)(path)


def picture_option(about: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds ``--image`` (as ``image``), of one picture."""
    return click.option(
        "--image", metavar="P", multiple=True, callback=_one_picture, type=click.Path(path_type=Path), help=about
    )


def _one_picture(ctx: click.Context, param: click.Parameter, values: tuple[Path, ...]) -> Path | None:
    """For an option that is taken several times so that none of them is lost: the one picture that it names."""
    if len(values) > 1:
        raise click.BadParameter(f"one picture, not {len(values)}: {', '.join(map(str, values))}")
    return values[0] if values else None


def network_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds ``--set`` (as ``settings``) and ``--max-nodes`` (as ``max_nodes``)."""
    about = "Set a param of the spec, as in --set depth=34, or a free size, as in --set H=224; repeatable."
    command = settings_option("--set", "settings", about)(command)
    return click.option(
        "--max-nodes", type=click.IntRange(min=1), default=100_000, show_default=True, help="Largest network taken."
    )(command)


def settings_option(flag: str, name: str, about: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Adds *flag*, whose settings come as *name*."""
    return click.option(flag, name, multiple=True, metavar="K=V", callback=_settings, help=about)


def read_network(file: str, settings: dict[str, str], max_nodes: int) -> Network:
    """The network in *file*; its warnings are printed to standard error, its errors raised."""
    return read_model(file, settings, max_nodes)[0]


def read_model(file: str, settings: dict[str, str], max_nodes: int) -> tuple[Network, Weights | None]:
    """Like `read_network`, with the weights that the file brings."""
    from cnngraph.fronts import read

    reading = read(file, settings, max_nodes=max_nodes)
    if reading.diagnostics and reading.network is not None:
        from cnngraph.diagnostics.terminal import print_diagnostics

        print_diagnostics(reading.diagnostics)
    return reading.checked(), reading.weights


def read_networks(files: list[str], settings: dict[str, str], max_nodes: int) -> list[Network]:
    """The networks in *files*; with several, a setting goes to those that have a param of its name."""
    return [read_network(file, own, max_nodes) for file, own in zip(files, parted(files, settings), strict=True)]


def parted(files: list[str], settings: dict[str, str]) -> list[dict[str, str]]:
    """Which of *settings* go to which of several *files*: those that it has a param for. Raises `CnngraphError` for one
    that none has; with one file it is for that to say."""
    if len(files) == 1 or not settings:
        return [settings for _ in files]
    from cnngraph.diagnostics import CnngraphError
    from cnngraph.fronts import params

    known = [params(file) for file in files]
    for name, value in settings.items():
        if not any(name in own for own in known):
            has = sorted({param for own in known for param in own})
            help = f"their params are: {', '.join(has)}" if has else "they have no params"
            raise CnngraphError.of(
                "E0210", f"--set {name}={value}: none of {', '.join(files)} has a param `{name}`", help=help
            )
    return [{name: value for name, value in settings.items() if name in names} for names in known]


def onnx_file(file: str, refused: bool, refusal: str) -> Path | None:
    """The ONNX file that FILE is; None when it is a spec. Raises `click.UsageError` with *refusal* when it is an ONNX
    file and *refused*: when options are given that are for a spec."""
    from cnngraph.fronts import is_model

    if not is_model(file) and not file.endswith(".onnx"):
        return None
    if refused:
        raise click.UsageError(refusal)
    from pathlib import Path

    return Path(file)


def refuse_others(files: tuple[str, ...], no_input: str = "") -> None:
    """Raises `click.UsageError` unless *files*, which are to be changed, are files of the user's own.

    *no_input* is what to say of standard input, where that cannot be changed.
    """
    from cnngraph.fronts.content import local
    from cnngraph.fronts.revision import is_revision
    from cnngraph.shipped import names

    for file in files:
        if file == "-" and no_input:
            raise click.UsageError(no_input)
        if is_revision(file):
            raise click.UsageError(f"only your own files are changed; {file} is out of git")
        if not local(file) and file.removesuffix(".spec") in names():
            raise click.UsageError(f"only your own files are changed; {file} ships with cnngraph")


def output_stem(network: Network) -> str:
    """What a file made of *network* is called unless said: like its spec, in the current folder."""
    from pathlib import Path

    return network.name if network.file.startswith("<") else Path(network.file.rpartition(":")[2]).stem
