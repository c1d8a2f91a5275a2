"""From the files of a workspace to its checked model: `load`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from attio_ctl.config import rules
from attio_ctl.config.environment import Substitution
from attio_ctl.config.files import Source, find_source, find_workspace, list_workspaces, project_of, show_path
from attio_ctl.config.merge import join, overlay
from attio_ctl.config.models import WorkspaceSpec
from attio_ctl.config.nodes import DataPath, Entry, ListNode, MappingNode, Node, Places, ScalarNode, plain
from attio_ctl.config.secrets import find_secrets
from attio_ctl.config.suppress import Suppression, find_suppressions, settle, tell_idle
from attio_ctl.config.validate import validate
from attio_ctl.config.wording import shown
from attio_ctl.config.yaml_reader import Document, read_yaml
from attio_ctl.errors import ConfigError, Place, Problem

__all__ = ["Loaded", "list_workspaces", "load"]


@dataclass(frozen=True, slots=True)
class Loaded:
    """
    A workspace as its files say it should be.

    `files` begins with the workspace's own, `workspace.yaml` first where there is one, and ends with those of its
    bases. `digest` is the SHA-256 (hex) of the merged plain data, whatever the layout of the files. `substituted` holds
    the values that came from the environment, by variable: they may be secrets and belong in no output.
    `suppressions` are the comments that ignore rules of later checks; those of `config.rules` are settled. `root` is
    the project that the files belong to.
    """

    spec: WorkspaceSpec
    places: Places
    files: tuple[Path, ...]
    digest: str
    warnings: tuple[Problem, ...] = ()
    substituted: Mapping[str, str] = field(default_factory=dict, repr=False)
    suppressions: tuple[Suppression, ...] = ()
    root: Path = Path()

    def path_at(self, path: DataPath) -> Path:
        """The file that a value of the document names, relative to the file that the value stands in."""
        value = self.places.node_at(path)
        assert isinstance(value, ScalarNode), f"{path} is no single value"
        return Path(value.place.file).parent / str(value.value)


def load(
    workspace: str | Path,
    *,
    root: Path = Path(),
    environ: Mapping[str, str],
    read: Callable[[bytes, str], Document] = read_yaml,
) -> Loaded:
    """
    Read, merge and check a workspace.

    Args:
        workspace: A name under `workspaces/`, or a folder or file.
        root: Where `workspaces/` is, and what a relative path is relative to.
        environ: The variables that `${NAME}` may use.
        read: Reads the bytes of one file; one that remembers them saves reading them twice.

    Raises:
        UnsoundError: everything that is wrong with the files, all at once and in their order.
    """
    source = find_workspace(workspace, root)
    if source is None:
        raise ConfigError([_not_found(workspace, root)])
    reading = _Reading(read)
    document = reading.layer(source, ()) or MappingNode({}, Place(show_path(source.files[0])))
    secrets = find_secrets(document)
    substitution = Substitution(environ)
    document = substitution.apply(document)
    validated = validate(document, whole=reading.whole)
    unfilled = {problem.place for problem in substitution.problems}  # whose value nobody knows yet
    found = [substitution.hide(problem) for problem in validated.problems if problem.place not in unfilled]
    problems = [*reading.problems, *secrets, *substitution.problems, *found]
    ours = [one for one in reading.suppressions if one.code in rules.RULES]
    settled = settle(problems, ours)
    idle = tell_idle(settled) if reading.whole and validated.sound else ()
    ordered = _in_file_order([*settled.problems, *idle], reading.files)
    loaded = None
    if validated.spec is not None:
        loaded = Loaded(
            spec=validated.spec,
            places=validated.places,
            files=tuple(reading.files),
            digest=digest_of(plain(document)),
            warnings=tuple(problem for problem in ordered if problem.severity == "warning"),
            substituted=substitution.values,
            suppressions=tuple(one for one in reading.suppressions if one.code not in rules.RULES),
            root=project_of(source),
        )
    if loaded is None or any(problem.severity == "error" for problem in ordered):
        raise UnsoundError(ordered, rest=loaded)
    return loaded


class UnsoundError(ConfigError):
    """
    Files that are wrong, with every problem of them, warnings too.

    `rest` is what they say apart from blocks of the wrong shape, so that it can be checked further; None where too
    little is left.
    """

    def __init__(self, problems: Iterable[Problem], *, rest: Loaded | None) -> None:
        super().__init__(problems)
        self.rest = rest


def digest_of(data: object) -> str:
    """The SHA-256 (hex) of plain data in canonical JSON."""
    text = json.dumps(data, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@dataclass(slots=True)
class _Reading:
    """What has been read so far; not `whole` once a file or base could not be read."""

    read: Callable[[bytes, str], Document]
    files: list[Path] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    suppressions: list[Suppression] = field(default_factory=list)
    whole: bool = True

    def layer(self, source: Source, chain: tuple[Path, ...]) -> Node | None:
        """The document of a folder or file, laid over what it extends; `chain` is the way that led here."""
        document, problems = join(filter(None, [self._file(path) for path in source.files]))
        self.problems += problems
        if document is None or "extends" not in document.entries:
            return document
        extends = document.entries["extends"]
        entries = {key: entry for key, entry in document.entries.items() if key != "extends"}
        merged: Node = MappingNode({}, document.place)
        for base in self._bases(extends, source, (*chain, source.path)):
            merged = overlay(merged, base)
        return overlay(merged, MappingNode(entries, document.place))

    def _file(self, path: Path) -> MappingNode | None:
        again = path in self.files
        if not again:
            self.files.append(path)
        file = show_path(path)
        try:
            raw = path.read_bytes()
        except OSError as error:
            self.problems.append(rules.UNREADABLE.problem(f"cannot be read: {error.strerror}", Place(file)))
            self.whole = False
            return None
        read = self.read(raw, file)
        if not (again or read.problems):
            suppressions, problems = find_suppressions(raw, file)
            self.suppressions += suppressions
            self.problems += problems
        self.problems += read.problems
        self.whole = self.whole and read.root is not None
        return read.root

    def _bases(self, extends: Entry, source: Source, chain: tuple[Path, ...]) -> list[Node]:
        named = extends.node.items if isinstance(extends.node, ListNode) else (extends.node,)
        bases = [self._base(node, source, chain) for node in named]
        return [base for base in bases if base is not None]

    def _base(self, node: Node, source: Source, chain: tuple[Path, ...]) -> Node | None:
        try:
            base = _find_base(node, source, chain)
        except ValueError as fault:
            self.problems.append(rules.EXTENDS.problem(str(fault), node.place))
            self.whole = False
            return None
        return self.layer(base, chain)


def _find_base(node: Node, source: Source, chain: tuple[Path, ...]) -> Source:
    """
    The folder or file that an `extends:` entry names.

    Raises:
        ValueError: there is none, or it is part of what extends it.
    """
    name = node.value if isinstance(node, ScalarNode) else None
    base = find_source(Path(node.place.file).parent / name) if isinstance(name, str) and name else None
    if base is None:
        raise ValueError(f"`extends` names no YAML file, and no folder with one: {shown(node, by_kind=False)}")
    if base.path in chain:
        way = " → ".join(show_path(path) for path in (*chain[chain.index(base.path) :], base.path))
        raise ValueError(f"the bases go round in a circle: {way}")
    if any(file in source.files for file in base.files):
        raise ValueError(f"`{name}` is part of this workspace already")
    return base


def _not_found(workspace: str | Path, root: Path) -> Problem:
    known = list_workspaces(root)
    hint = f"known workspaces: {', '.join(known)}" if known else "begin with `attio-ctl init`"
    return rules.UNREADABLE.problem(f"no workspace `{workspace}` was found", hint=hint)


def _in_file_order(problems: list[Problem], files: list[Path]) -> list[Problem]:
    order = {show_path(path): index for index, path in enumerate(files)}

    def key(problem: Problem) -> tuple[int, Place, str]:
        place = problem.place or Place("")
        return (order.get(place.file, -1), place, problem.code)

    return sorted(dict.fromkeys(problems), key=key)
