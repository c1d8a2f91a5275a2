"""The locks hold what pyproject.toml asks for: make, CI, the action and the image install from them."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PIN = re.compile(r"^(?P<name>[\w.-]+)==(?P<version>[^ ;\\]+)(?P<rest>.*(?:\n    --hash=.*)*)", re.MULTILINE)


def pinned(name: str) -> dict[str, Version]:
    """The versions of a lock by canonical name."""
    text = (ROOT / "requirements" / name).read_text()
    return {canonicalize_name(found["name"]): Version(found["version"]) for found in PIN.finditer(text)}


def group(name: str) -> Iterator[str]:
    """A dependency group with those that it includes."""
    entries: list[Any] = PROJECT["dependency-groups"][name]
    for entry in entries:
        if isinstance(entry, dict):
            yield from group(entry["include-group"])
        else:
            yield entry


def asked() -> list[str]:
    """What attio-ctl needs to run, with its extras."""
    extras = PROJECT["project"]["optional-dependencies"].values()
    return [*PROJECT["project"]["dependencies"], *(each for extra in extras for each in extra)]


@pytest.mark.parametrize(
    ("lock", "wanted"),
    [("dev.txt", [*asked(), *group("dev")]), ("run.txt", [*asked(), *group("build")])],
    ids=["dev.txt", "run.txt"],
)
def test_a_lock_fits_pyproject(lock, wanted):
    there = pinned(lock)

    for requirement in map(Requirement, wanted):
        version = there.get(canonicalize_name(requirement.name))
        assert version is not None, f"{requirement} is not in requirements/{lock}: run `make lock`"
        assert requirement.specifier.contains(version), f"{version} is not {requirement}: run `make lock`"


def test_what_runs_is_what_was_tested():
    developed = pinned("dev.txt")

    assert pinned("run.txt").items() <= developed.items()


@pytest.mark.parametrize("lock", ["dev.txt", "run.txt"])
def test_every_pin_has_its_hashes(lock):
    text = (ROOT / "requirements" / lock).read_text()

    assert all("--hash=sha256:" in found["rest"] for found in PIN.finditer(text))
    assert "://" not in text  # whichever index holds these files will do


def test_what_attio_ctl_needs_is_bounded_on_both_sides():
    for requirement in map(Requirement, asked()):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert operators == {">=", "<"}, requirement


def test_the_build_needs_what_its_group_has():
    """`--no-build-isolation` builds with the locked tools."""
    assert set(PROJECT["build-system"]["requires"]) <= set(group("build"))
