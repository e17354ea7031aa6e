"""Projects that are made for a call. In come data and words for `hspipe init`, out goes a folder with a pipeline."""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from . import _program
from ._error import Error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from . import _data


def prepared(
    source: _data.Source | None, words: list[str], project: str | os.PathLike[str] | None, more: Sequence[str] = ()
) -> Path:
    """Return the project's folder, with the data, if there are any, and a pipeline.

    Args:
        source: the data.
        words: for `hspipe init`, beside those that say how to read the data.
        project: the folder, or none for one in the user's cache.
        more: what else the pipeline depends on; with other texts it is written anew.
    """
    own = None if project is None else Path(project).expanduser().resolve()
    projects = _cache() / "projects"
    home = own or projects
    home.mkdir(parents=True, exist_ok=True)
    words = [*(source.words if source else []), *words]
    if source is None or source.write is None:
        data = [] if source is None else ["--data", str(source.path)]
        key = _digest(os.fsencode(source.path) if source and source.path else b"", [*words, *more])
        return _made(own or projects / key, key, [*data, *words])
    with tempfile.TemporaryDirectory(dir=home, prefix=".data-") as aside:
        file = Path(aside, f"data{source.suffix}")
        source.write(file)
        key = _digest(_sha256(file), [*words, *more])
        return _made(own or projects / key, key, words, file)


def _made(folder: Path, key: str, words: list[str], file: Path | None = None) -> Path:
    """Put data and a pipeline into a folder that is not for them yet. What was changed by hand stays."""
    folder.mkdir(exist_ok=True)
    pipeline, mark = folder / "pipeline.yaml", folder / ".find"
    marked = mark.read_text().split() if mark.exists() else []
    if pipeline.exists():
        if marked[:1] == [key]:
            return folder
        if marked[1:] != [_sha256(pipeline).hex()]:
            why = f"{pipeline} is for other data and was written or changed by hand"
            raise Error("the project is for other data", why=why, hint="choose another folder, or use hspipe.run")
    # The mark comes last: whatever ends this before, the next call begins anew.
    mark.unlink(missing_ok=True)
    pipeline.unlink(missing_ok=True)
    data = [] if file is None else ["--data", str(file.replace(folder / file.name))]
    try:
        _program.call("init", str(folder), *data, *words)
    except Error:
        # Another call with the same data may have been quicker.
        if not pipeline.exists():
            raise
    mark.write_text(f"{key} {_sha256(pipeline).hex()}\n")
    return folder


def _digest(content: bytes, words: list[str]) -> str:
    return hashlib.sha256(b"\0".join([content, *(word.encode() for word in words)])).hexdigest()[:16]


def _sha256(path: Path) -> bytes:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while block := file.read(1 << 20):
            digest.update(block)
    return digest.digest()


def _cache() -> Path:
    """Return hspipe's folder in the user's cache, or that which `HSPIPE_PROJECTS` names."""
    if named := os.environ.get("HSPIPE_PROJECTS"):
        return Path(named)
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "hspipe"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "hspipe"
