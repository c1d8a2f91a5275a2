"""Data that commands take besides workspaces: JSON from other programs, YAML that people write."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from attio_ctl.config.nodes import plain
from attio_ctl.config.yaml_reader import read_yaml
from attio_ctl.errors import ConfigError, DocumentError


def read_json(file: str) -> Any:
    """
    The document in a file; `-` is standard input.

    Raises:
        DocumentError: it is no JSON.
    """
    with click.open_file(file, "rb") as stream:
        raw = stream.read()
    try:
        return json.loads(raw)
    except (ValueError, RecursionError) as error:
        why = "it is nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise DocumentError(f"this is no JSON: {why}", where=file) from None


def read_document(path: Path) -> Any:
    """
    The document in a file: JSON where its name ends so, otherwise YAML with a mapping at the top.

    Raises:
        DocumentError: it is no JSON. ConfigError: it is no YAML that we read, with every fault at its place.
    """
    if path.suffix == ".json":
        return read_json(str(path))
    read = read_yaml(path.read_bytes(), str(path))
    if read.problems or read.root is None:
        raise ConfigError(read.problems)
    return plain(read.root)
