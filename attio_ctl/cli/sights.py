"""What `deliver` leaves for people to look at: a page, figures, the health of the deliveries; and who is alerted."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from attio_ctl.cli.extras import extra
from attio_ctl.cli.options import OutputFile

if TYPE_CHECKING:
    from attio_ctl.config.load import Loaded
    from attio_ctl.delivery.history import Recorder
    from attio_ctl.delivery.outcome import Outcome
    from attio_ctl.errors import AttioCtlError, Exit

F = TypeVar("F", bound=Callable[..., Any])

_OPTIONS = (
    click.option(
        "--report",
        type=OutputFile(instead="a page is opened in a browser: `--report report.html`"),
        metavar="FILE",
        help="How it went, as one HTML page with charts.",
    ),
    click.option(
        "--health",
        type=OutputFile(),
        metavar="FILE",
        help="How deliveries go, as JSON for a dashboard, once it ends; `-` is standard output.",
    ),
    click.option(
        "--metrics-listen",
        metavar="HOST:PORT",
        help="Answer Prometheus while it runs, such as on 127.0.0.1:9464. Needs the extra `metrics`.",
    ),
    click.option(
        "--metrics-file",
        type=OutputFile(),
        metavar="FILE",
        help="Prometheus figures once it ends, for the textfile collector; `-` is standard output. Needs the extra "
        "`metrics`.",
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sights:
    """Which of them were asked for."""

    report: Path | None
    health: Path | None
    metrics_listen: str | None
    metrics_file: Path | None

    def options(self) -> tuple[str, ...]:
        """The options by which they were asked for."""
        given = {
            "--report": self.report,
            "--health": self.health,
            "--metrics-listen": self.metrics_listen,
            "--metrics-file": self.metrics_file,
        }
        return tuple(option for option, value in given.items() if value is not None)


def sight_options(command: F) -> F:
    """Their options, given to the command as `sights`."""

    @functools.wraps(command)
    def wrapped(**options: Any) -> Any:
        names = ("report", "health", "metrics_listen", "metrics_file")
        return command(sights=Sights(**{name: options.pop(name) for name in names}), **options)

    decorated: Any = wrapped
    for option in reversed(_OPTIONS):
        decorated = option(decorated)
    return decorated  # type: ignore[no-any-return]


class Seen:
    """One delivery that is watched; `recorder` is for its engine and its client."""

    def __init__(self, loaded: Loaded, sights: Sights, recorder: Recorder) -> None:
        self._loaded = loaded
        self._sights = sights
        self._is_over = False
        self.recorder = recorder

    def ended(self, outcome: Outcome, interrupted: Exit, *, follow: bool) -> None:
        """
        It ended by itself, or was asked to; the alerts are sent.

        Args:
            follow: Whether there was no other end to it than to be asked to.
        """
        from attio_ctl.errors import Exit  # noqa: PLC0415

        self._is_over = True
        self.recorder.finish(outcome.account)
        if interrupted is Exit.DONE or outcome.fault is not None:
            self._note(outcome.exit_code, outcome.fault)
        elif follow:
            self._note(interrupted, None)
        else:
            self._repeat()

    def write(self, outcome: Outcome, interrupted: Exit) -> None:
        """
        Write what was asked for, once it has ended.

        Raises:
            StorageError: something cannot be written, which is no fault of the delivery.
        """
        self._write(outcome.fault, interrupted)

    def failed(self, error: AttioCtlError) -> None:
        """It could not begin, or broke off; what goes wrong after its end says nothing about it."""
        from attio_ctl.cli import console  # noqa: PLC0415
        from attio_ctl.errors import AttioCtlError, Exit, LeaseHeldError, UsageError  # noqa: PLC0415

        if self._is_over or isinstance(error, UsageError | LeaseHeldError):
            return
        self._note(error.exit_code, error)
        try:
            self._write(error, Exit.DONE)
        except AttioCtlError as another:
            console.note(f"warning: {another.what}: {another.where}")

    def _note(self, code: Exit, error: AttioCtlError | None) -> None:
        from attio_ctl.cli import telling  # noqa: PLC0415
        from attio_ctl.delivery.health import last_run  # noqa: PLC0415

        history = self.recorder.history()
        run = last_run(
            began_at=history.began_at,
            ended_at=history.began_at + history.seconds,
            exit_code=int(code),
            error=None if error is None else error.what,
            account=history.account,
            open_dead_letters=self._open_letters(),
        )
        health = telling.note_run(self._loaded, run)
        if self._sights.health is not None:
            telling.keep_health(health, self._sights.health)

    def _repeat(self) -> None:
        """A delivery that somebody stopped says nothing of how they go; the file has what the ones before it say."""
        from attio_ctl.cli import console, telling  # noqa: PLC0415

        if self._sights.health is None:
            return
        if (health := telling.read_health(self._loaded)) is not None:
            telling.keep_health(health, self._sights.health)
        else:
            console.note(f"{self._sights.health} is not written: no delivery has ended by itself yet")

    def _open_letters(self) -> int:
        from attio_ctl.cli import ledgers  # noqa: PLC0415
        from attio_ctl.errors import AttioCtlError  # noqa: PLC0415

        try:
            return len(ledgers.letters_of(self._loaded))
        except AttioCtlError:  # said where they are needed
            return 0

    def _write(self, error: AttioCtlError | None, interrupted: Exit) -> None:
        from attio_ctl.cli import exposing, ledgers, outputs, wiring  # noqa: PLC0415
        from attio_ctl.errors import Exit  # noqa: PLC0415

        workspace = self._loaded.spec.workspace
        if self._sights.metrics_file is not None:
            outputs.write_output(
                self._sights.metrics_file, exposing.exposition(workspace, self.recorder.history).decode()
            )
        if self._sights.report is not None:
            from attio_ctl.render.delivery_page import RunEnd, render_delivery_page  # noqa: PLC0415

            end = RunEnd(error, stopped=interrupted is not Exit.DONE)
            letters = ledgers.letters_of(self._loaded)
            page = render_delivery_page(self.recorder.history(), workspace=workspace, end=end, letters=letters)
            wiring.write_file(self._sights.report, page.encode())


@contextlib.contextmanager
def seeing(loaded: Loaded, sights: Sights) -> Iterator[Seen]:
    """
    Around a delivery: figures are listened for meanwhile; what it ends with is for `Seen.ended`.

    Raises:
        UsageError: the figures cannot be given; nothing was delivered.
    """
    from attio_ctl.attio.clock import SystemClock  # noqa: PLC0415
    from attio_ctl.cli import console, exposing  # noqa: PLC0415
    from attio_ctl.delivery.history import Recorder  # noqa: PLC0415
    from attio_ctl.errors import AttioCtlError  # noqa: PLC0415

    seen = Seen(loaded, sights, Recorder(SystemClock()))
    if sights.metrics_file is not None:
        with extra("metrics", "metrics need"):
            import prometheus_client  # noqa: PLC0415, F401  rather than once all is sent
    with exposing.listening(sights.metrics_listen, loaded.spec.workspace, seen.recorder.history) as address:
        if address is not None:
            console.note(f"Metrics on http://{address}/metrics")
        try:
            yield seen
        except AttioCtlError as error:
            seen.failed(error)
            raise
