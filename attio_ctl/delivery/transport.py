"""
How folded writes get to Attio: a list of them in, a verdict for each out.

Which endpoints are used, how many requests one write takes and how many writes one request carries is a transport's own
affair. What a refusal means for the events behind a write is not: that is `sending`.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from attio_ctl.attio.messages import Usage
from attio_ctl.delivery.fold import Due
from attio_ctl.errors import AttioCtlError


@dataclass(frozen=True, slots=True)
class Written:
    """Attio took the whole write."""


@dataclass(frozen=True, slots=True)
class Refused:
    """
    Attio will not take this write, today or tomorrow; the fault is in the data.

    Attributes:
        code: Attio's, such as `value_not_found`.
        reason: Attio's message, with the attribute where it names one.
        request: Method, path and body of what was sent.
        answer: Status, type, code, message and validation errors.
        of_the_object: Whether any other write to this object would be refused just so, whatever its values.
    """

    code: str
    reason: str
    request: Mapping[str, Any]
    answer: Mapping[str, Any]
    of_the_object: bool = False


@dataclass(frozen=True, slots=True)
class Unsent:
    """The write was not done; it is to be sent again in another run. `cause` is None when the run was asked to stop."""

    cause: AttioCtlError | None


Verdict = Written | Refused | Unsent


class Transport(Protocol):
    """Sends folded writes."""

    @property
    def usage(self) -> Usage:
        """Requests sent so far."""

    def send(self, writes: Sequence[Due]) -> AsyncGenerator[tuple[Due, Verdict], None]:
        """
        Each write with what became of it, as soon as that is known, in any order.

        The writes are to different records and none needs another one. The first cause that is not in the data ends
        the sending: what was not sent by then is `Unsent`, in this call and in all later ones.
        """
