"""Files as they were, out of git: ``HEAD:x.spec``, ``v1.2:models/x.onnx``.

A path is as git takes it: from the top of the repository, or from this folder where it begins with ``./``.
"""

from __future__ import annotations

import os

from cnngraph.diagnostics import CnngraphError
from cnngraph.text import MAX_FILE


def is_revision(file: str) -> bool:
    """Whether *file* is a path in a revision of git's, and none of the file system's."""
    revision, colon, path = file.partition(":")
    is_drive = len(revision) == 1 and path[:1] in ("\\", "/")
    return bool(colon and revision and path) and not is_drive and not path.startswith("//") and not os.path.exists(file)


def read(file: str) -> bytes:
    """What was in *file*, a revision and a path in it. Raises `CnngraphError` (E0110) with what git says."""
    revision, _, path = file.partition(":")
    data, reason = blob(revision, path)
    if data is None:
        said, _, hint = reason.partition("\nhint: ")
        raise CnngraphError.of(
            "E0110", f"there is no {file}", file=file,
            reason=f"git: {said.removeprefix('fatal: ')}",
            help=hint or "REV:PATH is a file out of git; the path begins at the top of the repository, or with ./ here",
        )  # fmt: skip
    return data


def blob(revision: str, path: str) -> tuple[bytes | None, str]:
    """The bytes of the file at *path*, no more than are looked at; None where there is none, and why."""
    import shutil
    import subprocess

    if (git := shutil.which("git")) is None:
        return None, "it is not installed"
    if revision.startswith("-"):
        return None, f"{revision} is no revision"
    # Neither filters nor hooks of the repository run for `cat-file blob`.
    command = [git, "cat-file", "blob", f"{revision}:{path}"]
    environment = {**os.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    with subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        data = process.stdout.read(MAX_FILE + 1)
        if len(data) > MAX_FILE:
            process.kill()
            return data, ""
        reason = process.stderr.read().decode("utf-8", "replace").strip()
    return (data, "") if process.returncode == 0 else (None, reason or "it failed")
