"""Files as they were, out of git: ``HEAD:x.spec``, ``v1.2:models/x.onnx``.

A path is as git takes it: from the top of the repository, or from this folder where it begins with ``./``.
"""

from __future__ import annotations

import os
import posixpath
import shutil
import subprocess
from functools import partial

from cnngraph.diagnostics import CnngraphError
from cnngraph.fronts.content import Content
from cnngraph.text import MAX_FILE


def at_revision(file: str) -> Content:
    """What *file*, a revision and a path in it, was there. Raises `CnngraphError` (E0110) with what git says."""
    revision, _, path = file.partition(":")
    data, reason = _blob(revision, path)
    if data is None:
        said, _, hint = reason.partition("\nhint: ")
        raise CnngraphError.of(
            "E0110", f"there is no {file}", file=file,
            reason=f"git: {said.removeprefix('fatal: ')}",
            help=hint or "REV:PATH is a file out of git; the path begins at the top of the repository, or with ./ here",
        )  # fmt: skip
    return Content(file, None, data, partial(_beside, revision, posixpath.dirname(path)))


def _beside(revision: str, folder: str, name: str) -> bytes | None:
    return _blob(revision, posixpath.join(folder, name))[0]


def _blob(revision: str, path: str) -> tuple[bytes | None, str]:
    """The file's bytes, no more than are looked at; else None and why."""
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
