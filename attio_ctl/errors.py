"""
What can go wrong, and how it is said.

Every error knows what happened, where (`file:line:col` for a file), and what to do next, and carries the exit code that
the command line ends with. Floors above subclass these; nothing else is raised on purpose.

    AttioCtlError            1
    ├── UsageError          64   the command line makes no sense
    ├── ConfigError         65   a workspace file is wrong: all problems at once
    ├── EventsError         65   the event input is wrong as a whole (one bad line is a dead letter, not an error)
    ├── DocumentError       65   a file that a command was given is not what it takes, such as a plan
    ├── BlockedError        10   a guard says no: protection, threshold, activation, incomplete read
    ├── StalePlanError      11   the workspace moved since the plan was made
    ├── LeaseHeldError      12   another run holds the workspace
    ├── CredentialsError    13   no token, a dead token, or a scope is missing
    ├── PartialError        14   some writes were not done; the run can be resumed
    ├── WrongWorkspaceError 15   the token belongs to another workspace than the file says
    ├── StorageError        74   a file of ours cannot be read or written
    └── attio ApiError      1   Attio answered with an error, or did not answer (see attio/errors.py)
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, Literal, TypeVar, cast


class Exit(IntEnum):
    """The exit codes of the command line; `docs/reference/exit-codes.md` is generated from this table."""

    DONE = 0
    ERROR = 1
    CHANGES = 2
    BLOCKED = 10
    STALE = 11
    LEASE_HELD = 12
    CREDENTIALS = 13
    PARTIAL = 14
    WRONG_WORKSPACE = 15
    USAGE = 64
    INVALID = 65
    IO = 74
    SIGINT = 130
    SIGTERM = 143


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A position in a file; line and column are counted from 1, 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One thing wrong with what a person wrote, or worth telling about it.

    `code` is stable (`AC101`…) and can be looked up and suppressed; `address` names the resource where there is one.
    """

    code: str
    message: str
    place: Place | None = None
    address: str | None = None
    hint: str | None = None
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        head = f"{self.place}: " if self.place else ""
        return f"{head}{self.message} [{self.code}]"


class AttioCtlError(Exception):
    """The root: what happened, where, and what to do next."""

    exit_code: ClassVar[Exit] = Exit.ERROR

    def __init__(self, what: str, *, where: Place | str | None = None, hint: str | None = None) -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" if self.where else self.what


class UsageError(AttioCtlError):
    """The command line makes no sense."""

    exit_code = Exit.USAGE


class ConfigError(AttioCtlError):
    """A workspace file is wrong; `problems` holds every fault found in the run, in file order."""

    exit_code = Exit.INVALID

    def __init__(self, problems: Iterable[Problem], *, hint: str | None = None) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(f"{count} problem{'' if count == 1 else 's'} in the configuration", hint=hint)


class EventsError(AttioCtlError):
    """The event input cannot be used as a whole."""

    exit_code = Exit.INVALID


class DocumentError(AttioCtlError):
    """A file that a command was given is not what it takes: no plan, no JSON."""

    exit_code = Exit.INVALID


class BlockedError(AttioCtlError):
    """A guard says no; nothing was written."""

    exit_code = Exit.BLOCKED


class StalePlanError(AttioCtlError):
    """The workspace moved, or the plan expired, since the plan was made."""

    exit_code = Exit.STALE


class LeaseHeldError(AttioCtlError):
    """Another run holds the workspace."""

    exit_code = Exit.LEASE_HELD


class CredentialsError(AttioCtlError):
    """No token, a dead token, or a scope is missing."""

    exit_code = Exit.CREDENTIALS


class PartialError(AttioCtlError):
    """Some writes were not done; what was done is recorded and the run can be resumed."""

    exit_code = Exit.PARTIAL


class WrongWorkspaceError(AttioCtlError):
    """The token belongs to another workspace than `workspace_id` says; no other request was sent."""

    exit_code = Exit.WRONG_WORKSPACE


class StorageError(AttioCtlError):
    """A file of ours cannot be read or written."""

    exit_code = Exit.IO


ErrorT = TypeVar("ErrorT", bound=AttioCtlError)


def first_of(group: BaseExceptionGroup[ErrorT]) -> ErrorT:
    """The first error of a group, which is what a person is told; groups come from tasks that ran side by side."""
    error: BaseException = group
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return cast(ErrorT, error)
