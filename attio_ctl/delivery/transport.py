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
from attio_ctl.mapping.writes import Value


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
        of_the_record: Whether any other write to this record would be refused just so, whatever its values.
        partly: Whether what was to be set stands in Attio, or may stand there, all the same.
    """

    code: str
    reason: str
    request: Mapping[str, Any]
    answer: Mapping[str, Any]
    of_the_object: bool = False
    of_the_record: bool = False
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Unsent:
    """The write was not done; it is to be sent again in another run. `cause` is None when the run was asked to stop."""

    cause: AttioCtlError | None


@dataclass(frozen=True, slots=True)
class Drift:
    """
    What the workspace has no more of what it had when the run began.

    Attributes:
        attribute: None when it is the whole object.
        title: Of an option or a status, None when it is the whole attribute.
        what: In plain words, such as "`users.plan` is archived".
    """

    object: str
    attribute: str | None
    title: str | None
    what: str

    def concerns(self, object_slug: str, values: Mapping[str, Value]) -> bool:
        """Whether a write of these values needs it."""
        if object_slug != self.object or self.attribute is None:
            return object_slug == self.object
        if self.title is None:
            return self.attribute in values
        value = values.get(self.attribute)
        return self.title in value if isinstance(value, list) else value == self.title


@dataclass(frozen=True, slots=True)
class Paused:
    """
    Attio will not take this write for now: the workspace is not as the mappings expect. The fault is not in the data.

    What does not need the lost part can go on; whatever needs it comes to this verdict without a request from now on.

    Attributes:
        partly: As with `Refused`.
    """

    drift: Drift
    partly: bool = False


Verdict = Written | Refused | Paused | Unsent


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
