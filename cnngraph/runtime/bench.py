"""How fast a model runs in onnxruntime, and what it takes to load: each configuration in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import Any

from cnngraph.diagnostics import CnngraphError
from cnngraph.network import Network
from cnngraph.runtime.feeds import run_sizes
from cnngraph.units import units

CPU = "CPUExecutionProvider"
_NOT_HERE = ("AzureExecutionProvider",)
"""Providers that are listed and do not run a model on this machine."""
SIZE = 224
"""What a free height or width is, where that fits."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds and bytes of one configuration."""

    provider: str
    threads: int
    batch: int
    median: float
    """Of one run."""
    low: float
    """A tenth of the runs was faster."""
    high: float
    """A tenth was slower."""
    runs: int
    load: float
    """From file to a session that can run."""
    first: float
    """The first run, which prepares what the others use."""
    memory: int | None
    """More than before it was loaded, after one run; None where the system does not say."""

    @property
    def throughput(self) -> float:
        """Pictures a second."""
        return self.batch / self.median


def providers() -> tuple[str, ...]:
    """What onnxruntime can run models with on this machine, the CPU last."""
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    import onnxruntime

    return tuple(name for name in onnxruntime.get_available_providers() if name not in _NOT_HERE)


def cores() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def bench(
    model: Path,
    *,
    batch: int,
    threads: int,
    provider: str = CPU,
    seconds: float,
    sizes: Mapping[str, int] | None = None,
) -> Measured:
    """*sizes* are what free sizes are, but for the batch; without them such are found as the model runs with. Raises
    `CnngraphError` (E0818) when the model does not run so."""
    sizes = run_sizes(model, SIZE) if sizes is None else sizes
    found = _measure(model, batch=batch, threads=threads, provider=provider, seconds=seconds, sizes=dict(sizes))
    times = sorted(found["times"])
    deciles = quantiles(times, n=10, method="inclusive")
    return Measured(
        found["provider"], threads, found["batch"], median(times), deciles[0], deciles[-1], len(times),
        found["load"], found["first"], found["memory"],
    )  # fmt: skip


def layer_times(
    model: Path,
    network: Network,
    owners: Mapping[str, str],
    *,
    batch: int,
    threads: int,
    seconds: float,
    sizes: Mapping[str, int],
) -> dict[str, float]:
    """Seconds that each unit of *network* takes, by its name; what is onnxruntime's own stands under ``""``.

    *owners* has the layer of each node. A fused node has the name of one of those it was made of, so that a
    convolution's time is that of its whole unit.
    """
    with tempfile.TemporaryDirectory(prefix="cnngraph-") as folder:
        prefix = str(Path(folder) / "profile")
        found = _measure(
            model, batch=batch, threads=threads, provider=CPU, seconds=seconds, sizes=dict(sizes), profile=prefix
        )
        events = json.loads(Path(found["profile"]).read_text("utf-8"))
    lead = {layer.name: unit.name for unit in units(network).units for layer in unit.layers}
    unit_of = {node: lead[layer] for node, layer in owners.items()}
    taken: dict[str, list[float]] = {}
    for event in events:
        if event.get("cat") == "Node" and event["name"].endswith(_KERNEL):
            taken.setdefault(event["name"].removesuffix(_KERNEL), []).append(event["dur"] / 1e6)
    times: dict[str, float] = {}
    for node, seconds_taken in taken.items():
        unit = _unit(node, unit_of)
        times[unit] = times.get(unit, 0.0) + median(seconds_taken)
    return times


_KERNEL = "_kernel_time"


def _unit(node: str, unit_of: Mapping[str, str]) -> str:
    """The unit of a node that onnxruntime has given a longer name: ``conv1.relu_nchwc``, ``fused fc1``."""
    node = node.removeprefix("fused ")
    for end in range(len(node), 0, -1):
        if (end == len(node) or not node[end].isalnum()) and node[:end] in unit_of:
            return unit_of[node[:end]]
    return ""


def _measure(model: Path, **wanted: Any) -> dict[str, Any]:
    command = [sys.executable, "-m", "cnngraph.runtime.timing", json.dumps({"model": str(model), **wanted})]
    ran = subprocess.run(command, capture_output=True, encoding="utf-8", check=False, env=_environment())
    if ran.returncode:
        lines = ran.stderr.strip().splitlines()
        raise CnngraphError.of(
            "E0818",
            f"{model.name} does not run with batch {wanted['batch']} in {wanted['provider']}",
            reason=lines[-1] if lines else f"the process ended with status {ran.returncode}",
        )
    found: dict[str, Any] = json.loads(ran.stdout.splitlines()[-1])
    if found["provider"] != wanted["provider"]:
        raise CnngraphError.of(
            "E0818",
            f"onnxruntime cannot run {model.name} in {wanted['provider']}",
            help=f"it took {found['provider']}; here there are {', '.join(providers())}",
        )
    return found


def _environment() -> dict[str, str]:
    """This process's, with the folder that this package was imported from, whatever encoding the terminal has."""
    here = str(Path(__file__).parents[2])
    return {
        **os.environ,
        "PYTHONIOENCODING": "utf-8",
        "PYTHONPATH": os.pathsep.join(filter(None, (here, os.environ.get("PYTHONPATH")))),
    }


def rounds(measured: Sequence[Measured]) -> list[dict[str, Any]]:
    """As JSON: seconds and bytes."""
    return [
        {
            "provider": each.provider,
            "threads": each.threads,
            "batch": each.batch,
            "median": each.median,
            "low": each.low,
            "high": each.high,
            "runs": each.runs,
            "throughput": each.throughput,
            "load": each.load,
            "first": each.first,
            "memory": each.memory,
        }
        for each in measured
    ]
