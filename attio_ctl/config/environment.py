"""
`${NAME}` and `${NAME:-default}` in the values of a document.

Keys are never touched, `$${` stands for a literal `${`, and what is put in stays text (the models turn `"5"` into 5
where a number is due). Values may be secrets: they stand in no message, and each node remembers how it was written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from attio_ctl.config import rules
from attio_ctl.config.nodes import Entry, ListNode, MappingNode, Node, ScalarNode
from attio_ctl.errors import ConfigError, Place, Problem

_REFERENCE = re.compile(r"\$(?P<literal>\$\{)|\$\{(?:(?P<name>[A-Za-z_][A-Za-z0-9_]*)(?P<default>:-[^}]*)?\})?")
_MIN_HIDDEN: Final = 4  # shorter values are hidden as whole words only, or they would tear up the sentences


class Substitution:
    """Puts the variables of one environment into documents; `values` holds what it put in, by name."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.values: dict[str, str] = {}
        self.problems: list[Problem] = []
        self._environ = environ
        self._written: dict[str, str] = {}

    def hide(self, problem: Problem) -> Problem:
        """The problem with every value that came from the environment as it stands in the file."""
        hint = None if problem.hint is None else self._hidden(problem.hint)
        return replace(problem, message=self._hidden(problem.message), hint=hint)

    def apply(self, node: Node) -> Node:
        """The node with every variable replaced; what cannot be replaced stays as written and is a problem."""
        match node:
            case MappingNode():
                entries = {key: Entry(entry.place, self.apply(entry.node)) for key, entry in node.entries.items()}
                return MappingNode(entries, node.place)
            case ListNode():
                return ListNode(tuple(self.apply(item) for item in node.items), node.place)
            case ScalarNode(value=str() as text) if "${" in text:
                filled = self._fill(text, node.place)
                if filled != text:
                    self._written[filled] = text
                return ScalarNode(filled, node.place, written=text)
            case ScalarNode():
                return node

    def _hidden(self, text: str) -> str:
        for filled, written in _longest_first(self._written):
            whole_word = re.compile(rf"(?<!\w){re.escape(filled)}(?!\w)")
            text = written.join(whole_word.split(text))
        for value, name in _longest_first({value: name for name, value in self.values.items()}):
            text = text.replace(value, f"${{{name}}}") if len(value) >= _MIN_HIDDEN else text
        return text

    def _fill(self, text: str, place: Place) -> str:
        def value(match: re.Match[str]) -> str:
            name, default = match["name"], match["default"]
            if match["literal"]:
                return "${"
            if name is None:
                message = "`${` begins an environment variable, but no name and `}` follow"
                self.problems.append(rules.ENVIRONMENT.problem(message, place, hint="write `$${` for a literal `${`"))
                return match[0]
            found = self._environ.get(name)
            if default is not None and not found:
                return default[2:]
            if found is None:
                self.problems.append(
                    rules.ENVIRONMENT.problem(
                        f"environment variable `{name}` is not set", place, hint=f"set it, or write `${{{name}:-…}}`"
                    )
                )
                return match[0]
            self.values[name] = found
            return found

        return _REFERENCE.sub(value, text)


def fill_text(text: str, environ: Mapping[str, str]) -> str:
    """
    A text with its variables put in, as when the file was loaded.

    Raises:
        ConfigError: a variable is not set.
    """
    substitution = Substitution(environ)
    filled = substitution.apply(ScalarNode(text, Place("the saved plan")))
    if substitution.problems:
        raise ConfigError(substitution.problems)
    assert isinstance(filled, ScalarNode), "a single value stays one"
    return str(filled.value)


def _longest_first(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    return sorted(((key, value) for key, value in texts.items() if key), key=lambda pair: (-len(pair[0]), pair))
