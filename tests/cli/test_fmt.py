"""`attio-ctl fmt` on the files of a project."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from click.testing import Result

Run = Callable[..., Result]
Write = Callable[..., Path]

LOOSE = "workspace: acme # ours\napi:   {sandbox: acme}\nobjects:\n    people:\n        attributes: {}\n"
TIGHT = "workspace: acme # ours\napi: {sandbox: acme}\nobjects:\n  people:\n    attributes: {}\n"


def test_files_are_laid_out_once_and_named(attio_ctl: Run, write: Write) -> None:
    path = write("", head=LOOSE)

    assert attio_ctl("fmt").stdout == "workspaces/acme/workspace.yaml\n"
    assert path.read_text() == TIGHT
    assert attio_ctl("fmt").stdout == ""


def test_check_lists_what_would_change_and_changes_nothing(attio_ctl: Run, write: Write) -> None:
    path = write("", head=LOOSE)
    other = write("", head=LOOSE.replace("acme", "other"), name="other")

    assert attio_ctl("fmt", "--check", "-w", "acme", code=1).stdout == "workspaces/acme/workspace.yaml\n"
    assert path.read_text() == LOOSE
    attio_ctl("fmt", "-w", "acme")
    attio_ctl("fmt", "--check", "-w", "acme")
    assert attio_ctl("fmt", "--check", code=1).stdout == "workspaces/other/workspace.yaml\n"
    assert other.read_text() != LOOSE


def test_a_file_that_cannot_be_read_is_left_alone_and_the_others_are_done(attio_ctl: Run, write: Write) -> None:
    broken = write("", head="a: [1\n", name="broken")
    loose = write("", head=LOOSE)
    done = attio_ctl("fmt", code=65)

    assert "workspaces/broken/workspace.yaml:2" in done.stderr
    assert broken.read_text() == "a: [1\n"
    assert loose.read_text() == TIGHT
    assert done.stdout == "workspaces/acme/workspace.yaml\n"


def test_there_is_nothing_to_lay_out_in_an_empty_folder(attio_ctl: Run) -> None:
    assert "attio-ctl init" in attio_ctl("fmt", code=64).stderr
