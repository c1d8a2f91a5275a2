"""
Faults on demand: which requests go wrong, and how.

    faults:
      - {path: /v2/objects/*/records, method: PUT, nth: 3, status: 503}
      - {path: "/v2/*", every: 10, reset: after}        # the write is kept, its answer is lost
      - {path: "/v2/*", nth: 5, answer_delay_ms: 30000}  # lost for a client that waits less
      - {path: /v2/batch/records, nth: 1, drop_every: 5, batch_delay_ms: 2000}

A rule counts the requests that fit its method and path, from 1. `nth` starts it, `every` repeats it, `times` ends it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from typing import Any, Final, Literal

from attio_ctl.errors import UsageError
from attio_ctl.sandbox.model import Json


@dataclass(frozen=True, slots=True)
class Effects:
    """
    What happens to one request.

    `status` is answered with Attio's body for it, instead of handling the request unless `at` is `after`; `reset` cuts
    the connection before the request is handled, or after its write is kept; `latency_ms` holds the request back,
    `answer_delay_ms` the answer to one that is done; `truncate` sends half of the body; `skew_s` is added to the clock
    that `Date` and `Retry-After` tell; `revoke` kills the token; `drop_every` n drops each nth assertion of a batch,
    `batch_delay_ms` holds the batch back.
    """

    latency_ms: int = 0
    answer_delay_ms: int = 0
    status: int = 0
    at: Literal["before", "after"] = "before"
    retry_after: str = ""
    reset: Literal["", "before", "after"] = ""
    truncate: bool = False
    skew_s: int = 0
    revoke: bool = False
    drop_every: int = 0
    batch_delay_ms: int = 0


NONE: Final = Effects()
_CHOICES: Final = {"at": ("before", "after"), "reset": ("", "before", "after")}


@dataclass(frozen=True, slots=True)
class Rule:
    """
    Which requests an effect is for: `path` is a shell pattern over the path without the query; `times` 0 is for ever.

    Without `every` a rule is for the nth fitting request only.
    """

    effects: Effects
    method: str = "*"
    path: str = "*"
    nth: int = 1
    every: int = 0
    times: int = 0

    def fits(self, method: str, path: str) -> bool:
        """Whether a request counts for this rule."""
        return self.method in ("*", method) and fnmatchcase(path, self.path)

    def strikes(self, count: int) -> bool:
        """Whether the request that is the `count`th to fit goes wrong."""
        if self.every == 0:
            return self.nth <= count < self.nth + (self.times or 1)
        turn, off = divmod(count - self.nth, self.every)
        return count >= self.nth and off == 0 and (self.times == 0 or turn < self.times)

    def as_json(self) -> dict[str, Json]:
        """The rule as a fault script writes it, without what is at its default."""
        said = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "effects"}
        said |= {one.name: getattr(self.effects, one.name) for one in fields(self.effects)}
        standard = {one.name: one.default for one in (*fields(Rule), *fields(Effects))}
        return {name: value for name, value in said.items() if value != standard[name]}


def read_rules(raw: Json) -> list[Rule]:
    """
    The rules of a script: `{"faults": [...]}`, or the list alone.

    Raises:
        UsageError: a rule has an unknown key or a value of another type; it names the rule, counted from 1.
    """
    items = raw.get("faults") if isinstance(raw, dict) else raw
    if not isinstance(items, list):
        raise UsageError("a fault script is a list of rules under `faults`")
    return [_rule(number, one) for number, one in enumerate(items, 1)]


def _rule(number: int, raw: Json) -> Rule:
    if not isinstance(raw, dict):
        raise UsageError(f"fault {number} must be a mapping")
    chosen: dict[str, Any] = {}
    effects: dict[str, Any] = {}
    for name, value in raw.items():
        owner = next((one for one in (Rule, Effects) if name in {f.name for f in fields(one)} - {"effects"}), None)
        if owner is None:
            known = sorted({f.name for one in (Rule, Effects) for f in fields(one)} - {"effects"})
            raise UsageError(f"fault {number} has the unknown key `{name}`", hint=f"known are {', '.join(known)}")
        default = next(f.default for f in fields(owner) if f.name == name)
        if type(value) is not type(default) or value not in _CHOICES.get(name, (value,)):
            raise UsageError(f"fault {number}: `{name}` cannot be `{value}`")
        (chosen if owner is Rule else effects)[name] = value
    if not effects:
        raise UsageError(f"fault {number} does nothing", hint="give it a `status`, `latency_ms`, `reset`, …")
    return Rule(Effects(**effects), **chosen)


@dataclass(slots=True)
class FaultScript:
    """The rules in force with what each has counted."""

    rules: list[Rule] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)
    struck: int = 0

    def set(self, rules: Iterable[Rule]) -> None:
        """Put other rules in force, counting from nothing."""
        self.rules = list(rules)
        self.counts = [0] * len(self.rules)

    def meet(self, method: str, path: str) -> Effects:
        """Count one request and say what happens to it; of two rules that strike, the later one wins per effect."""
        met = NONE
        for index, rule in enumerate(self.rules):
            if not rule.fits(method, path):
                continue
            self.counts[index] += 1
            if rule.strikes(self.counts[index]):
                set_ones = {
                    one.name: getattr(rule.effects, one.name)
                    for one in fields(Effects)
                    if getattr(rule.effects, one.name) != one.default
                }
                met = replace(met, **set_ones)
        if met is not NONE:
            self.struck += 1
        return met


def describe(effects: Effects) -> str | None:
    """The effects as the request log names them, None for none."""
    if effects is NONE:
        return None
    said = [
        f"{one.name}={getattr(effects, one.name)}"
        for one in fields(Effects)
        if getattr(effects, one.name) != one.default
    ]
    return " ".join(said)
