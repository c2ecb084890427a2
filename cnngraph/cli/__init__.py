"""The command line: one file per command, imported when the command is used."""

from __future__ import annotations

import _thread
import gc
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from types import FrameType
from typing import Any

import click

_COMMANDS = {
    "bench": "Latency, throughput, load time and memory in onnxruntime.",
    "check": "Check specs: shapes, names, claims.",
    "diff": "Say what was changed from one network to another.",
    "explain": "Say what a code such as E0401 means.",
    "export": "Write the network as an ONNX file.",
    "fmt": "Put specs into canonical form.",
    "import": "Write a model from elsewhere as a spec: ONNX, darknet, Caffe.",
    "list": "List the networks that ship with cnngraph.",
    "lsp": "Language server for editors.",
    "new": "Print a spec to start from.",
    "render": "Draw the network.",
    "run": "Run a network on pictures or arrays.",
    "show": "Print the spec of a network that ships with cnngraph.",
    "summary": "Table of layers: volumes, parameters, multiply-accumulates.",
    "verify": "Run the exported model in several ways and compare.",
    "view": "Write an interactive page of the network.",
    "watch": "Show the figure in a browser while the spec is edited.",
}


_MODULES = {"import": "importing"}


class _LazyGroup(click.Group):
    """Knows the commands' names and one-line helps; imports a command's module only when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        # A module cannot be called as a word of Python is.
        command = import_module(f"cnngraph.cli.{_MODULES.get(cmd_name, cmd_name)}").command
        assert isinstance(command, click.Command)
        return command

    def make_context(self, *args: Any, **more: Any) -> click.Context:
        with _ends():
            return super().make_context(*args, **more)

    def invoke(self, ctx: click.Context) -> Any:
        with _ends():
            return super().invoke(ctx)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in _COMMANDS:
            from difflib import get_close_matches

            if near := get_close_matches(args[0], _COMMANDS, n=1):
                ctx.fail(f"No such command '{args[0]}'. Did you mean '{near[0]}'?")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(sorted(_COMMANDS.items()))


@click.command(cls=_LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="cnngraph")
def group() -> None:
    """Write a CNN once; get the figure, the table and the runnable model, and know that they agree.

    FILE is a path to a .spec or to a model of another program (.onnx, .cfg, .prototxt), - for standard
    input, or a name: of a .spec in this folder, else of a network that ships with cnngraph (see `cnngraph list`).
    HEAD:x.spec is the file as it was committed to git.
    """


_INTERRUPTED, _CUT_OFF = 128 + 2, 128 + 13
"""Exit statuses as a shell has them for programs that SIGINT and SIGPIPE end."""


@contextmanager
def _ends() -> Iterator[None]:
    """For what runs inside of click, which would say "Aborted!" and end with 1."""
    try:
        yield
    except KeyboardInterrupt:
        raise SystemExit(_stopped()) from None
    except BrokenPipeError:
        raise SystemExit(_CUT_OFF) from None


def main() -> None:
    """Runs the command; faults of the input become diagnostics and exit status 1.

    Ctrl-C ends it with a line; where it ended the process without one before, as `cnngraph.__main__` has it, it does so
    again from then on.
    """
    from cnngraph.cli import streams

    # A network is many small objects that all live on: looking for garbage among them costs as much as making them.
    gc.set_threshold(200_000, 30, 30)
    streams.prepare()
    silent = signal.getsignal(signal.SIGINT) is signal.SIG_DFL
    try:
        if silent:
            signal.signal(signal.SIGINT, _interrupted)
        status = _run()
        for stream in (sys.stdout, sys.stderr):
            if not stream.closed:  # as the language server closes its own
                stream.flush()
    except KeyboardInterrupt:
        status = _stopped()
    except BrokenPipeError:
        status = _CUT_OFF
        streams.give_up()
    except OSError as error:
        # A full disk behind a redirection, or under the temporary files.
        what = f"{error.filename}: " if error.filename else "cannot write the output: "
        with suppress(OSError):
            print(f"error: {what}{error.strerror}", file=sys.stderr, flush=True)
        status = 1
        streams.give_up()
    finally:
        if silent:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
    sys.exit(status)


def _run() -> int | str | None:
    """The exit status of the command."""
    from cnngraph.diagnostics import CnngraphError

    try:
        group(prog_name="cnngraph")
    except CnngraphError as error:
        from cnngraph.diagnostics.terminal import print_diagnostics

        print_diagnostics(error.diagnostics)
        return 1
    except SystemExit as ended:
        return ended.code
    return 0


def _interrupted(number: int, frame: FrameType | None) -> None:
    """Ctrl-C, as Python has it but not inside of an import, which it would wait for.

    What is interrupted there may say so itself, raise another error, or abort where a library in C++ imports.
    """
    while frame is not None:
        if frame.f_code.co_filename == _IMPORTING:
            _thread.start_new_thread(_interrupt_soon, ())
            return
        frame = frame.f_back
    raise KeyboardInterrupt


_IMPORTING = "<frozen importlib._bootstrap>"
"""The file of the functions that import, as they were compiled."""


def _interrupt_soon() -> None:
    time.sleep(0.01)
    _thread.interrupt_main()


def _stopped() -> int:
    print("stopped", file=sys.stderr)
    return _INTERRUPTED
