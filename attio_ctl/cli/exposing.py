"""Prometheus figures of a delivery: listened for while it runs, or written to a file once it has ended."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from attio_ctl.cli.extras import extra
from attio_ctl.delivery.history import History
from attio_ctl.errors import UsageError


@contextlib.contextmanager
def listening(address: str | None, workspace: str, history: Callable[[], History]) -> Iterator[str | None]:
    """
    Answer `GET /metrics` for as long as the body runs; gives the address that it listens on.

    Args:
        address: Such as `127.0.0.1:9464`, None to do nothing; port 0 takes a free one.

    Raises:
        UsageError: it is no address, nothing can listen there, or the extra is not installed.
    """
    if address is None:
        yield None
        return
    host, port = _split(address)
    with extra("metrics", "metrics need"):
        from prometheus_client import start_http_server  # noqa: PLC0415

        from attio_ctl.delivery.metrics import registry_of  # noqa: PLC0415
    try:
        server, thread = start_http_server(port, host.strip("[]"), registry_of(workspace, history))
    except OSError as error:
        why = error.strerror or str(error)
        raise UsageError(f"cannot listen on `{address}`: {why}", hint="take port 0 for a free one") from error
    try:
        yield f"{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def exposition(workspace: str, history: Callable[[], History]) -> bytes:
    """
    The figures as Prometheus reads them from a file.

    Raises:
        UsageError: the extra is not installed.
    """
    with extra("metrics", "metrics need"):
        from prometheus_client import generate_latest  # noqa: PLC0415

        from attio_ctl.delivery.metrics import registry_of  # noqa: PLC0415
    return generate_latest(registry_of(workspace, history))


def _split(address: str) -> tuple[str, int]:
    host, colon, port = address.rpartition(":")
    if not colon or not host or not port.isdigit() or int(port) > 65_535:
        raise UsageError(f"`{address}` is no address to listen on", hint="`--metrics-listen 127.0.0.1:9464`")
    return host, int(port)
