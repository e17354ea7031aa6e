"""What went wrong. In come the program's words, out goes one exception; this file must not run anything."""

from __future__ import annotations

from typing import Any


class Error(Exception):
    """Something that hspipe cannot do.

    >>> print(Error("X cannot be read", why="it has a NaN", hint="fill it in"))
    X cannot be read
      why: it has a NaN
      hint: fill it in
    """

    __module__ = "hspipe"  # where it is imported from, as in tracebacks

    what: str  #: what could not be done
    why: str | None  #: the cause, the nearest first
    hint: str | None  #: what to do about it

    def __init__(self, what: str, *, why: str | None = None, hint: str | None = None) -> None:
        super().__init__(what, why, hint)
        self.what, self.why, self.hint = what, why, hint

    def __str__(self) -> str:
        more = [f"\n  {name}: {text}" for name, text in (("why", self.why), ("hint", self.hint)) if text]
        return "".join([self.what, *more])

    def __reduce__(self) -> tuple[Any, ...]:
        return _unpickled, (self.what, self.why, self.hint)

    @classmethod
    def of_text(cls, text: str) -> Error:
        r"""Read what a command prints on stderr: `error: what`, then `why: ...` and `hint: ...`, indented.

        >>> Error.of_text("error: no such table\n  hint: hspipe tables lists them\n").hint
        'hspipe tables lists them'
        """
        _, found, told = text.partition("error: ")
        what: list[str] = []
        why: list[str] = []
        hint: list[str] = []
        into = what
        for line in (told if found else text).strip().splitlines():
            name, _, rest = line.strip().partition(": ")
            if name in ("why", "hint"):
                into, line = (why if name == "why" else hint), rest
            into.append(line.strip())
        return cls("\n".join(what), why="\n".join(why) or None, hint="\n".join(hint) or None)

    @classmethod
    def of_event(cls, event: dict[str, Any]) -> Error:
        """Read an event `failed` or `error` of a run."""
        task = f"{event['task']}: " if "task" in event else ""
        return cls(f"{task}{event['error']}", why="; ".join(event["causes"]) or None, hint=event["hint"])


def _unpickled(what: str, why: str | None, hint: str | None) -> Error:
    return Error(what, why=why, hint=hint)
