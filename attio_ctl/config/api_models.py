"""What a workspace file may say of where the workspace is and how it is reached, as frozen models."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, StringConstraints, Tag

from attio_ctl.config.attribute_models import Slug, Spec
from attio_ctl.config.patterns import BASE_URL, BASE_URL_PATTERN


class EnvironmentToken(Spec):
    """The token is in an environment variable."""

    env: str
    """The name of the variable."""


class FileToken(Spec):
    """The token is in a file, relative to the workspace file."""

    file: str
    """A path relative to the file that says it."""


class CommandToken(Spec):
    """The token is what a command prints, such as `[op, read, op://vault/attio/token]`."""

    command: tuple[str, ...] = Field(min_length=1)
    """The program and its arguments; no shell is involved."""


def _kind_of_token(value: Any) -> str:
    """The branch that a person meant: told by the key, so that a fault is said about that branch only."""
    if isinstance(value, FileToken | CommandToken):
        return type(value).__name__
    keys = value if isinstance(value, dict) else {}
    return "FileToken" if "file" in keys else "CommandToken" if "command" in keys else "EnvironmentToken"


Token = Annotated[
    Annotated[EnvironmentToken, Tag("EnvironmentToken")]
    | Annotated[FileToken, Tag("FileToken")]
    | Annotated[CommandToken, Tag("CommandToken")],
    Discriminator(_kind_of_token),
]


class RateLimits(Spec):
    """What the token may ask for; Attio's own by default. All commands stay a little below."""

    reads: Annotated[float, Field(gt=0)] = 100
    """Reads per second."""
    writes: Annotated[float, Field(gt=0)] = 25
    """Writes per second."""


class AttioApi(Spec):
    """A real workspace (or any server that speaks Attio's API)."""

    token: Token
    """Where the access token comes from; it never stands in a file of the workspace."""
    base_url: Annotated[str, StringConstraints(pattern=BASE_URL_PATTERN)] = BASE_URL
    """The server, without a `/` at its end."""
    limits: RateLimits = RateLimits()
    """The rate limits, where Attio has granted others or another server has none."""


class SandboxApi(Spec):
    """The embedded sandbox: a local Attio that needs no account; its state is kept under this name."""

    sandbox: Slug
    """The name under which the sandbox keeps its state."""
    limits: bool = False
    """Imitate Attio's rate limits too; off, so that trying things is quick."""


def _kind_of_api(value: Any) -> str:
    if isinstance(value, SandboxApi) or (isinstance(value, dict) and "sandbox" in value):
        return "SandboxApi"
    return "AttioApi"


Api = Annotated[
    Annotated[AttioApi, Tag("AttioApi")] | Annotated[SandboxApi, Tag("SandboxApi")],
    Discriminator(_kind_of_api),
]
