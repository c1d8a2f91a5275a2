"""The first half of `import`: read a workspace whole."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from pydantic import TypeAdapter, ValidationError

from attio_ctl.attio.reader import AttioReader
from attio_ctl.cli import wiring
from attio_ctl.config.files import find_project
from attio_ctl.config.load import Loaded
from attio_ctl.config.models import Api, WorkspaceSpec
from attio_ctl.config.nodes import MappingNode, Places
from attio_ctl.errors import BlockedError, Place, UsageError
from attio_ctl.state.live import read_live
from attio_ctl.state.resource import State


async def read(name: str, api: Mapping[str, Any]) -> State:
    """
    Read the workspace behind an `api` block whole.

    Raises:
        UsageError: the block is none.
        BlockedError: some of the workspace could not be read.
    """
    try:
        block: Any = TypeAdapter(Api).validate_python(api)
    except ValidationError as error:
        what = error.errors(include_url=False)[0]["loc"][-1]
        raise UsageError(
            f"`--{str(what).replace('_', '-')}` cannot be that", hint="see `attio-ctl import -h`"
        ) from None
    spec = WorkspaceSpec(workspace=name, api=block)
    not_a_file = Loaded(
        spec, Places(MappingNode({}, Place("the command line"))), files=(), digest="", root=find_project()
    )
    async with wiring.connect(not_a_file, AttioReader) as connected:
        loading = asyncio.to_thread(_get_ready)  # the read limit leaves the time for it
        live, _ = await asyncio.gather(read_live(connected.attio, connected.workspace), loading)
    if live.incomplete:
        raise BlockedError(
            f"the workspace could not be read whole: {'; '.join(live.incomplete)}",
            hint="nothing was written; try again",
        )
    return live


def _get_ready() -> None:
    from attio_ctl.cli import adopting  # noqa: PLC0415  while the first answers are on their way

    adopting.get_ready()
