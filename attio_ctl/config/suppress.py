"""
Comments that ignore a rule: `# attio-ctl: ignore AC137 because …`, on the line that it is about or above it.

A comment that says no reason is told, and so is one that ignores nothing. Errors cannot be ignored, but for those whose
rule allows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from attio_ctl.config import rules
from attio_ctl.config.yaml_comments import find_remarks
from attio_ctl.errors import Place, Problem

_DIRECTIVE = re.compile(r"#+\s*attio-ctl:\s*ignore\b[:\s]*(?P<rest>.*)", re.DOTALL)
_CODES = re.compile(r"(?P<codes>AC\d+(?:[\s,]+AC\d+)*)(?:[\s,:;–—-]+because\s+(?P<reason>\S.*))?.*", re.DOTALL)
_NO_CONTENT = re.compile(r"\s*(?:#.*)?")


@dataclass(frozen=True, slots=True)
class Suppression:
    """One rule that one comment ignores; `line` is the line that it is about, `place` that of the comment."""

    code: str
    line: int
    place: Place
    reason: str | None


@dataclass(frozen=True, slots=True)
class Settled:
    """What is left to tell, and the comments that ignored nothing."""

    problems: tuple[Problem, ...]
    idle: tuple[Suppression, ...]


def find_suppressions(raw: bytes, file: str) -> tuple[tuple[Suppression, ...], tuple[Problem, ...]]:
    """The suppressions of a file that `read_yaml` finds no fault with, and what is wrong with the comments."""
    if b"attio-ctl:" not in raw:
        return (), ()
    text = raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    lines = text.split("\n")
    found: list[Suppression] = []
    problems: list[Problem] = []
    for remark in find_remarks(text):
        directive = _DIRECTIVE.fullmatch(remark.text)
        if directive is None:
            continue
        place = Place(file, remark.line, remark.column + 1)
        named = _CODES.fullmatch(directive["rest"])
        if named is None:
            problems.append(rules.IGNORED_WITHOUT_REASON.problem("this comment names no rule to ignore", place))
            continue
        reason, line = named["reason"], _next_content(lines, remark.line) if remark.own_line else remark.line
        found += [Suppression(code, line, place, reason) for code in re.findall(r"AC\d+", named["codes"])]
        if reason is None:
            message = f"{named['codes']} is ignored, but not why"
            hint = rules.IGNORED_WITHOUT_REASON.remedy
            problems.append(rules.IGNORED_WITHOUT_REASON.problem(message, place, hint=hint))
    return tuple(found), tuple(problems)


def _next_content(lines: list[str], line: int) -> int:
    """The first line after `line` (both from 1) that holds more than a comment; `line` where none does."""
    below = (index + 1 for index in range(line, len(lines)) if not _NO_CONTENT.fullmatch(lines[index]))
    return next(below, line)


def settle(problems: Iterable[Problem], suppressions: Iterable[Suppression]) -> Settled:
    """Take out what is ignored."""
    known = {(one.place.file, one.line, one.code): one for one in suppressions}
    used: set[Suppression] = set()
    kept: list[Problem] = []
    for problem in problems:
        place = problem.place or Place("")
        suppression = known.get((place.file, place.line, problem.code))
        if suppression is None or not _is_ignorable(problem):
            kept.append(problem)
        else:
            used.add(suppression)
    return Settled(tuple(kept), tuple(one for one in known.values() if one not in used))


def tell_idle(settled: Settled) -> Iterator[Problem]:
    """A problem for each comment that ignored nothing."""
    left = {(problem.place.file, problem.place.line, problem.code) for problem in settled.problems if problem.place}
    for one in settled.idle:
        is_error = (one.place.file, one.line, one.code) in left
        message = (
            f"{one.code} is an error and cannot be ignored" if is_error else f"there is no {one.code} to ignore here"
        )
        yield rules.IGNORED_FOR_NOTHING.problem(message, one.place)


def _is_ignorable(problem: Problem) -> bool:
    rule = rules.RULES.get(problem.code)
    return problem.severity == "warning" or (rule is not None and rule.ignorable)
