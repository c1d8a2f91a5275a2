"""`-` for an output: standard output has the data alone, or it is said why not."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import click
import pytest
from click.testing import Result
from delivered import MAPPINGS, event, lines, start

from attio_ctl.cli.main import main
from attio_ctl.cli.options import OutputFile

Run = Callable[..., Result]
Write = Callable[..., Path]
DELIVER = ("deliver", "--events", "events.ndjson")


@pytest.fixture
def files(project: Path, write: Write) -> set[str]:
    """What a project with two events, one of them broken, holds before anything is written."""
    write(MAPPINGS)
    (project / "events.ndjson").write_bytes(lines([event(1), b"broken"]))
    return {path.name for path in project.iterdir()}


@pytest.mark.parametrize(
    ("options", "keys"),
    [
        (("--dry-run", "--requests", "-"), {"method", "path", "query", "body"}),
        (("--dry-run", "--dead-letters", "-"), {"id", "code", "reason"}),
        (("--dry-run", "--json-into", "-"), {"read", "delivered", "eta_seconds"}),
        (("--json-into", "-"), {"read", "delivered", "finished"}),
        (("--health", "-"), {"status", "last_run"}),
    ],
)
def test_standard_output_has_the_data_alone_and_people_read_standard_error(
    attio_ctl: Run, project: Path, files: set[str], options: tuple[str, ...], keys: set[str]
) -> None:
    done = attio_ctl(*DELIVER, *options)

    assert keys <= json.loads(done.stdout).keys()
    assert "2 read = 1 delivered" in done.stderr
    assert {path.name for path in project.iterdir()} - files <= {".attio-ctl"}


def test_figures_for_prometheus_can_go_through_a_pipe(attio_ctl: Run, files: set[str]) -> None:
    pytest.importorskip("prometheus_client")
    done = attio_ctl(*DELIVER, "--metrics-file", "-")

    assert all(line.startswith(("#", "attio_ctl_")) for line in done.stdout.splitlines())
    assert "2 read = 1 delivered" in done.stderr


def test_a_reader_that_has_enough_ends_a_preview_without_a_word(project: Path, write: Write) -> None:
    write(MAPPINGS)
    (project / "events.ndjson").write_bytes(lines(event(n) for n in range(3_000)))
    with start(project, *DELIVER, "--dry-run", "--requests", "-") as running:
        assert running.stdout is not None
        assert running.stderr is not None
        first = running.stdout.readline()
        running.stdout.close()
        err = running.stderr.read()

    assert json.loads(first)["method"] == "PUT"
    assert err == ""


def test_only_one_thing_goes_to_standard_output(attio_ctl: Run, files: set[str]) -> None:
    refused = attio_ctl(*DELIVER, "--dry-run", "--requests", "-", "--json-into", "-", code=64)

    assert "`--requests` and `--json-into` would be mixed up on standard output" in refused.stderr
    assert refused.stdout == ""


@pytest.mark.parametrize(
    ("command", "hint"),
    [
        ((*DELIVER, "--report", "-"), "`--report report.html`"),
        (("plan", "--out", "-"), "`--format json`"),
        (("plan", "--html-into", "-"), "`--format html`"),
        (("sandbox", "serve", "--db", "-"), "`--db sandbox.sqlite`"),
        (("sandbox", "activate", "users", "--db", "-"), "`--db sandbox.sqlite`"),
    ],
)
def test_what_makes_no_sense_there_is_refused_with_what_to_give(
    attio_ctl: Run, project: Path, files: set[str], command: tuple[str, ...], hint: str
) -> None:
    assert hint in attio_ctl(*command, code=64).stderr
    assert {path.name for path in project.iterdir()} == files


def test_what_goes_to_standard_output_anyway_can_be_sent_there_by_name(attio_ctl: Run, files: set[str]) -> None:
    bodies = attio_ctl("mapping", "run", "--events", "events.ndjson", code=65).stdout
    named = attio_ctl("mapping", "run", "--events", "events.ndjson", "--into", "-", code=65).stdout

    assert len(bodies.splitlines()) == len(named.splitlines()) == 1
    assert attio_ctl("schema", "--out", "-").stdout == attio_ctl("schema").stdout


def test_every_option_that_writes_a_file_says_what_it_makes_of_a_dash() -> None:
    """Those that refuse it say so when they are asked; the others tell of it in their help."""
    silent = [
        f"{path} {option.opts[0]}"
        for path, command in _commands(main, "")
        for option in command.params
        if isinstance(option, click.Option) and isinstance(option.type, OutputFile) and option.type.allow_dash
        if "`-`" not in (option.help or "")
    ]

    assert silent == []


def _commands(command: click.Command, path: str) -> list[tuple[str, click.Command]]:
    found = [(path, command)]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            found += _commands(inner, f"{path} {name}".strip())
    return found
