"""A sandbox with a few attributes of each kind that matters, mappings onto it, and a way to look at what is in it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from pydantic import TypeAdapter

from attio_ctl.attio.limiter import Limits
from attio_ctl.attio.reader import AttioReader
from attio_ctl.attio.token import Token
from attio_ctl.attio.writer import AttioWriter
from attio_ctl.config.models import Mapping as MappingSpec
from attio_ctl.delivery.batch import BatchOptions
from attio_ctl.delivery.dead_letters import DeadLetter, DeadLetterFile, read_dead_letters
from attio_ctl.delivery.dispatch import Ending
from attio_ctl.delivery.documented import DocumentedWriter
from attio_ctl.delivery.outages import DiscerningWriter, Witness
from attio_ctl.delivery.outcome import Observe, Outcome, unobserved, untold
from attio_ctl.delivery.run import Engine
from attio_ctl.delivery.selection import Way, select_transport
from attio_ctl.delivery.singly import SinglyTransport
from attio_ctl.delivery.sqlite_ledger import SqliteLedger, open_ledger
from attio_ctl.delivery.transport import Transport
from attio_ctl.mapping.program import Program, compile_mappings
from attio_ctl.sandbox.options import NO_LIMITS, Options
from attio_ctl.sandbox.server import embedded
from attio_ctl.state.live import read_live
from attio_ctl.state.schema import Schema, build_schema

TOKEN = "de11" * 16
FAST = Limits(10_000, 10_000)
MAPPINGS: TypeAdapter[dict[str, Any]] = TypeAdapter(dict[str, MappingSpec])
IDENTIFY = {
    "action": "identify-user",
    "person": {"description": "$.traits.description", "tags": "$.traits.tags", "manager": "$.traits.manager"},
    "user": {"plan": "$.traits.plan", "seats": "$.traits.seats"},
}
GROUP = {"action": "group-workspace", "workspace": {"name": "$.traits.name"}}


async def create_attribute(
    attio: AttioWriter, parent: str, slug: str, kind: str, *, several: bool = False, unique: bool = False, **config: Any
) -> None:
    """An attribute of an object, titled by its slug."""
    await attio.create_attribute(
        "objects",
        parent,
        title=slug.title(),
        description=None,
        api_slug=slug,
        type=kind,
        is_required=False,
        is_unique=unique,
        is_multiselect=several,
        config=config,
    )


async def prepare_workspace(attio: AttioWriter) -> None:
    """`tags` and `manager` on people, `plan` and `seats` on users."""
    to_people = {"allowed_objects": ["people"]}
    await create_attribute(attio, "people", "tags", "select", several=True)
    await create_attribute(attio, "people", "manager", "record-reference", record_reference=to_people)
    await create_attribute(attio, "users", "plan", "select")
    await create_attribute(attio, "users", "seats", "number")
    for title in ("red", "green", "blue"):
        await attio.create_option("objects", "people", "tags", title=title)
    for title in ("Free", "Pro", "Legacy"):
        await attio.create_option("objects", "users", "plan", title=title)


@dataclass
class Place:
    """
    One workspace with its ledger, dead letters and input, and how to deliver into it.

    `way` as for `deliver`; without one over the documented endpoints, and what the workspace has lost since is refused
    like anything else.
    """

    folder: Path
    url: str
    schema: Schema = field(default_factory=Schema)
    mappings: Mapping[str, Any] = field(default_factory=lambda: {"identify": IDENTIFY})
    way: Way | None = None
    notify: Callable[[str], None] = untold

    @property
    def dead_letters(self) -> DeadLetterFile:
        return DeadLetterFile(self.folder / "dead-letters.ndjson")

    @property
    def open_letters(self) -> tuple[DeadLetter, ...]:
        return read_dead_letters(path=self.dead_letters.path)

    @property
    def program(self) -> Program:
        return compile_mappings(MAPPINGS.validate_python(self.mappings), self.schema)

    def ledger(self) -> SqliteLedger:
        return open_ledger(path=self.folder / "ledger.sqlite", workspace_id="w1")

    def transport(self, attio: AttioWriter, stop: asyncio.Event) -> Transport:
        if self.way is not None:
            return select_transport(
                self.way, BatchOptions(), attio=attio, schema=self.schema, stop=stop, notify=self.notify
            )
        ending, writer = Ending(stop), DocumentedWriter(attio, self.schema)
        return SinglyTransport(attio, DiscerningWriter(writer, writer, Witness(writer, ending)), ending)

    def reader(self) -> AttioReader:
        return AttioReader.connect(base_url=self.url, token=Token(TOKEN), limits=FAST)

    def writer(self, **options: Any) -> AttioWriter:
        return AttioWriter.connect(base_url=self.url, token=Token(TOKEN), **{"limits": FAST, **options})

    def write(self, events: Sequence[Any], name: str = "events.ndjson") -> Path:
        """An input file; bytes go in as they are, anything else as JSON."""
        path = self.folder / name
        lines = (event if isinstance(event, bytes) else json.dumps(event).encode() for event in events)
        path.write_bytes(b"".join(line + b"\n" for line in lines))
        return path

    async def deliver(
        self, *files: Path, stop: asyncio.Event | None = None, observe: Observe = unobserved, **options: Any
    ) -> Outcome:
        stop = stop or asyncio.Event()
        ledger = self.ledger()
        try:
            async with self.writer(**options.pop("client", {})) as attio:
                engine = Engine(
                    program=self.program,
                    ledger=ledger,
                    dead_letters=self.dead_letters,
                    transport=self.transport(attio, stop),
                    stop=stop,
                    observe=observe,
                    **options,
                )
                return await engine.deliver(files)
        finally:
            ledger.close()

    async def retry(self, letters: Sequence[DeadLetter]) -> Outcome:
        stop, ledger = asyncio.Event(), self.ledger()
        try:
            async with self.writer() as attio:
                engine = Engine(
                    program=self.program,
                    ledger=ledger,
                    dead_letters=self.dead_letters,
                    transport=self.transport(attio, stop),
                    stop=stop,
                )
                return await engine.retry(letters)
        finally:
            ledger.close()

    async def records(self, object_slug: str, key: str) -> dict[str, dict[str, Any]]:
        """What is in Attio, by the value of an attribute: plain values, several as a set."""
        async with self.reader() as attio:
            found = [_plain(record["values"]) async for record in attio.each_record(object_slug)]
        return {
            str(next(iter(record[key])) if isinstance(record[key], frozenset) else record[key]): record
            for record in found
        }


KEYS = ("option", "email_address", "domain", "target_record_id", "full_name", "value", "currency_value")
SEVERAL = frozenset({"email_addresses", "domains", "tags", "users"})
WRITTEN = frozenset(
    {"description", "tags", "manager", "plan", "seats", "person", "user_id", "email_addresses", "domains", "name"}
    | {"workspace_id", "company", "users", "primary_email_address"}
)


def _plain(values: Mapping[str, Any]) -> dict[str, Any]:
    plain = {slug: [_item(item) for item in items] for slug, items in values.items() if items and slug in WRITTEN}
    return {slug: frozenset(items) if slug in SEVERAL else items[0] for slug, items in plain.items()}


def _item(item: Mapping[str, Any]) -> Any:
    found = next(item[key] for key in KEYS if key in item)
    return found["title"] if isinstance(found, dict) else found


@pytest.fixture
async def place(tmp_path: Path, server: str) -> Place:
    """A prepared workspace of its own."""
    made = Place(tmp_path, server)
    async with made.writer() as attio:
        await prepare_workspace(attio)
        made.schema = build_schema(await read_live(attio, await attio.whoami()))
    return made


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    options = Options(limits=NO_LIMITS, activate=("users", "workspaces"))
    with embedded(tmp_path / "sandbox.sqlite", token=TOKEN, options=options) as url:
        yield url
