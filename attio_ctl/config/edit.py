"""One value of a workspace's file changed in place, with everything around it as it was."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap
from ruamel.yaml.scalarstring import ScalarString
from ruamel.yaml.util import load_yaml_guess_indent

from attio_ctl.config.nodes import plain
from attio_ctl.config.yaml_reader import read_yaml
from attio_ctl.errors import AttioCtlError

_WIDE: Final = 65_536
"""Columns before ruamel.yaml breaks a line; it should never."""


class RoundTrip:
    """
    A YAML text that is written again as it was, but for what is changed in `document`; comments and quotes stay.

    Attributes:
        document: Its data, with the comments that belong to it.
    """

    def __init__(self, text: str) -> None:
        _, indent, offset = load_yaml_guess_indent(text)
        self._yaml = YAML()
        self._yaml.preserve_quotes = True
        self._yaml.width = _WIDE
        self._yaml.indent(mapping=2, sequence=indent or 4, offset=2 if offset is None else offset)
        self.document: Any = self._yaml.load(text)

    def text(self) -> str:
        """The text with the changes."""
        stream = io.StringIO()
        self._yaml.dump(self.document, stream)
        return stream.getvalue()


def set_value(raw: bytes, file: str, path: Sequence[str | int], value: Any) -> bytes:
    """
    The file with one value changed, or added as the last key of its mapping; comments and quotes stay.

    Args:
        file: Its name as it shall stand in messages.
        path: Keys and list indexes. A list item that is bare text is replaced by the value, or, where the path goes
            on below it, becomes a mapping with its `title`.

    Raises:
        AttioCtlError: the file could not be changed without changing anything else; it is to be edited by hand.
    """
    edited = RoundTrip(raw.decode())
    parent = edited.document
    for step in path[:-1]:
        if isinstance(parent[step], str):
            parent[step] = CommentedMap({"title": parent[step]})
        parent = parent[step]
    old = parent.get(path[-1]) if isinstance(parent, dict) else parent[path[-1]]
    parent[path[-1]] = type(old)(value) if isinstance(old, ScalarString) and isinstance(value, str) else value
    made = edited.text().encode()
    _check(raw, made, file, path, value)
    return made


def _check(raw: bytes, made: bytes, file: str, path: Sequence[str | int], value: Any) -> None:
    """Both texts read by our own reader: they must differ in that one value."""
    before, after = read_yaml(raw, file), read_yaml(made, file)
    if before.root is not None and after.root is not None and not after.problems:
        wanted: Any = plain(before.root)
        place = wanted
        for step in path[:-1]:
            if isinstance(place[step], str):
                place[step] = {"title": place[step]}
            place = place[step]
        place[path[-1]] = value
        if wanted == plain(after.root):
            return
    where = ".".join(str(step) for step in path)
    what = f"`{where}` cannot be changed without changing more of the file"
    raise AttioCtlError(what, where=file, hint="edit it by hand")
