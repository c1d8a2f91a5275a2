"""Puts the floors together: which workspace, which server, which token, where the state of this machine lies."""

from __future__ import annotations

import contextlib
import os
import secrets
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path

from attio_ctl.attio import reader, writer
from attio_ctl.attio.http import Transport
from attio_ctl.attio.limiter import Limiter, Limits
from attio_ctl.attio.messages import Exchange
from attio_ctl.attio.token import Token
from attio_ctl.cli.connecting import Client, Connected, Server, checked_token, connect_to, token_in_environment
from attio_ctl.cli.extras import extra
from attio_ctl.cli.state_folder import pace_file, sandbox_file
from attio_ctl.cli.state_folder import state_directory as state_directory  # noqa: PLC0414  for deliveries
from attio_ctl.config.files import find_project
from attio_ctl.config.load import Loaded, list_workspaces, load
from attio_ctl.config.models import AttioApi, CommandToken, EnvironmentToken, FileToken, SandboxApi
from attio_ctl.errors import CredentialsError, StorageError, UsageError, WrongWorkspaceError
from attio_ctl.plan.model import Source

SANDBOX_LIMITS = Limits(reads_per_second=10_000, writes_per_second=10_000)
"""What the embedded sandbox takes, per second, when it is not told to imitate Attio's limits."""


def load_workspace(selected: str | None) -> Loaded:
    """
    The workspace that was asked for, or the only one there is.

    Raises:
        UsageError: none was asked for, and there are several or none.
        ConfigError: its files are wrong.
    """
    project = find_project()
    if selected is None:
        names = list_workspaces(project)
        if len(names) != 1:
            found = f"{len(names)} workspaces: {', '.join(names)}" if names else "no workspace under `workspaces/`"
            hint = f"say which one: `-w {names[0]}`" if names else _way_to_first(project)
            raise UsageError(f"there are {found}" if names else f"there is {found}", hint=hint)
        selected = names[0]
    return load(selected, root=project, environ=os.environ)


def _way_to_first(project: Path) -> str:
    unnamed = sorted(
        path for suffix in ("yaml", "yml") for path in (project / "workspaces").rglob(f"workspace.{suffix}")
    )
    if unnamed:
        return f"`{unnamed[0]}` does not say whose it is: begin it with `workspace: {unnamed[0].parent.name}`"
    return "begin with `attio-ctl init NAME`"


@contextlib.contextmanager
def serving(loaded: Loaded) -> Iterator[Server]:
    """
    The server of a workspace's API; an embedded sandbox runs for as long as the body does.

    From here on nothing knows whether it talks to Attio or to the sandbox.
    """
    match loaded.spec.api:
        case AttioApi() as api:
            yield Server(api.base_url, read_token(loaded, api), limits_of(loaded))
        case SandboxApi() as api:
            with embedded_sandbox(api, loaded.root) as server:
                yield server


@contextlib.contextmanager
def embedded_sandbox(api: SandboxApi, root: Path) -> Iterator[Server]:
    """The sandbox of a project, running for as long as the body does."""
    with extra("sandbox", "the sandbox needs"):
        from attio_ctl.sandbox.options import NO_LIMITS, Options  # noqa: PLC0415
        from attio_ctl.sandbox.server import embedded  # noqa: PLC0415
    token = secrets.token_hex(32)
    options = Options(workspace_slug=api.sandbox, workspace_name=_name_of(api))
    options = options if api.limits else replace(options, limits=NO_LIMITS)
    with embedded(sandbox_file(api.sandbox, root), token=token, options=options) as url:
        yield Server(url, Token(token), _limits_of_sandbox(api))


def limits_of(loaded: Loaded) -> Limits:
    """What the API of a workspace takes."""
    match loaded.spec.api:
        case AttioApi() as api:
            return Limits(api.limits.reads, api.limits.writes)
        case SandboxApi() as api:
            return _limits_of_sandbox(api)


def _limits_of_sandbox(api: SandboxApi) -> Limits:
    return Limits() if api.limits else SANDBOX_LIMITS


def name_of_sandbox(loaded: Loaded) -> str:
    """What the workspace in an embedded sandbox is called."""
    assert isinstance(loaded.spec.api, SandboxApi), "a real workspace has a name of its own"
    return _name_of(loaded.spec.api)


def _name_of(api: SandboxApi) -> str:
    return api.sandbox.replace("-", " ").title()


def read_token(loaded: Loaded, api: AttioApi) -> Token:
    """
    The token from where the workspace file says it is.

    Raises:
        CredentialsError: it is not there; the message says where it was looked for, never what was found.
    """
    match api.token:
        case EnvironmentToken(env=name):
            return token_in_environment(name)
        case FileToken():
            path = loaded.path_at(("api", "token", "file"))
            try:
                text = path.read_text()
            except OSError as error:
                raise CredentialsError(f"cannot read the token: {error.strerror}", where=str(path)) from None
            return checked_token(text, f"the token file `{path}` is empty")
        case CommandToken(command=command):
            return checked_token(_output_of(command), f"`{command[0]}` printed no token")


def _output_of(command: tuple[str, ...]) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603  theirs
    except (OSError, subprocess.TimeoutExpired) as error:
        raise CredentialsError(f"cannot get the token from `{command[0]}`: {error}") from None
    if done.returncode:
        raise CredentialsError(f"`{command[0]}` gave no token: it ended with code {done.returncode}")
    return done.stdout


@contextlib.asynccontextmanager
async def connect(
    loaded: Loaded,
    client: type[Client],
    *,
    retry_for: float = reader.RETRY_FOR,
    transport_to: Callable[[str], Transport] | None = None,
    on_request: Callable[[Exchange], None] | None = None,
) -> AsyncIterator[Connected[Client]]:
    """
    Connect, and make sure that it is the right workspace before anything else is asked.

    Args:
        client: `AttioReader`, which cannot write, or `AttioWriter`.
        retry_for: Seconds for which one call is tried again.
        transport_to: Makes the transport to a base URL; the client's own by default.
        on_request: Told about every attempt once it is over.

    Raises:
        WrongWorkspaceError: the token belongs to another workspace than `workspace_id` says.
        CredentialsError: there is no token, or it is dead.
    """
    with serving(loaded) as server, pacing(loaded, client, server) as limiter:
        async with connect_to(
            server,
            client,
            limiter=limiter,
            retry_for=retry_for,
            transport=None if transport_to is None else transport_to(server.base_url),
            on_request=on_request,
        ) as connected:
            found, wanted = connected.workspace, loaded.spec.workspace_id
            if wanted is not None and wanted != found.id:
                raise WrongWorkspaceError(
                    f"the token belongs to workspace {found.id} (`{found.slug}`), but the file is for {wanted}",
                    where=loaded.places.at(("workspace_id",)),
                    hint="use the token of the right workspace; nothing else was asked of this one",
                )
            yield connected


@contextlib.contextmanager
def pacing(loaded: Loaded, client: type[reader.AttioReader], server: Server) -> Iterator[Limiter | None]:
    """
    What a client shares its rate with: one that writes, with all others of the project that write with its token.

    What only reads leaves no file behind, and an embedded sandbox serves nobody else.
    """
    if isinstance(loaded.spec.api, SandboxApi) or not issubclass(client, writer.AttioWriter):
        yield None
        return
    from attio_ctl.delivery.shared_limiter import SharedLimiter  # noqa: PLC0415

    with SharedLimiter(path=pace_file(loaded), token=server.token, limits=server.limits) as limiter:
        yield limiter


def describe_source(loaded: Loaded) -> Source:
    """The digest of the files, and the git commit that they lie in, where they lie in one."""
    digest = f"sha256:{loaded.digest}"
    folder = loaded.files[0].parent

    def git(*arguments: str) -> str | None:
        try:
            done = subprocess.run(  # noqa: S603
                ("git", "-C", str(folder), *arguments),  # noqa: S607  the git that the person uses
                capture_output=True,
                text=True,
                check=False,
                timeout=10,
            )
        except (OSError, subprocess.TimeoutExpired):
            return None
        return done.stdout.strip() if done.returncode == 0 else None

    sha = git("rev-parse", "--verify", "--quiet", "HEAD")
    if not sha:
        return Source(digest)
    names = [str(path.resolve()) for path in loaded.files]
    return Source(digest, sha, bool(git("status", "--porcelain", "--", *names)))


def write_file(path: Path, data: bytes) -> None:
    """
    Write a whole file or none of it.

    Raises:
        StorageError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_bytes(data)
        temporary.replace(path)
    except OSError as error:
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise StorageError(f"cannot write: {error.strerror}", where=str(path)) from error
