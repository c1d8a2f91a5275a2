"""`fmt`: a file of a workspace in its canonical layout, never with other data or fewer comments than before."""

from __future__ import annotations

from collections import Counter

from attio_ctl.config import rules
from attio_ctl.config.key_order import sort_keys
from attio_ctl.config.load import digest_of
from attio_ctl.config.nodes import plain
from attio_ctl.config.yaml_comments import find_remarks, parse_tree
from attio_ctl.config.yaml_reader import Document, read_yaml
from attio_ctl.config.yaml_tree import Collection, has_anchors
from attio_ctl.config.yaml_writer import write_tree
from attio_ctl.errors import ConfigError, Place


def format_yaml(raw: bytes, file: str) -> bytes:
    """
    The canonical text of a file: keys in the order of `key_order`, the layout of `yaml_writer`.

    Keys stay where they are in a file with anchors, since an alias must come after its anchor.

    Args:
        raw: The bytes of the file.
        file: Its name as it shall stand in places.

    Raises:
        ConfigError: the file cannot be read, or could not be written without losing something.
    """
    before = read_yaml(raw, file)
    if before.problems:
        raise ConfigError(before.problems)
    text = raw.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    tree = parse_tree(text)
    if isinstance(tree.root, Collection) and not has_anchors(tree.root):
        sort_keys(tree.root)
    made = write_tree(tree)
    after = read_yaml(made.encode(), file)
    if _data(before) != _data(after) or _comments(text) != _comments(made):
        problem = rules.SYNTAX.problem(
            "this file cannot be laid out without changing what it says; it was left alone",
            Place(file),
            hint="lay it out by hand, with one value per line",
        )
        raise ConfigError([problem])
    return made.encode()


def _data(document: Document) -> str | None:
    readable = document.root is not None and not document.problems
    return digest_of(plain(document.root)) if readable and document.root is not None else None


def _comments(text: str) -> Counter[str]:
    return Counter(remark.text for remark in find_remarks(text))
