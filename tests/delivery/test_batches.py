"""Batches that an endpoint refuses whole, whatever is in them."""

from __future__ import annotations

import pytest

from attio_ctl.delivery.transport import Unsent, Written

from .conftest import Place
from .sending import Network, kind_of, person, refuse, sent
from .test_transports import transport

pytestmark = pytest.mark.anyio


async def test_an_endpoint_that_refuses_what_attio_takes_singly_is_left_alone(place: Place) -> None:
    """Cutting every call down to single writes would cost as many calls again, in each batch."""
    notes: list[str] = []
    network = Network(
        lambda request: refuse(400, "validation_type", "Unknown key.") if kind_of(request) == "batch" else None
    )
    async with transport(place, "batch", network, notes) as to:
        first = await sent(to, [person(f"a{n}") for n in range(64)])
        second = await sent(to, [person(f"b{n}") for n in range(64)])

    assert {*first.values(), *second.values()} == {Written()}
    assert network.counts == {"batch": 6, "simple": 128}
    assert len(notes) == 1
    assert "Unknown key" in notes[0]


async def test_a_run_that_is_to_end_leaves_what_was_not_verified_unsent(place: Place) -> None:
    """It may stand or not: the next run sends it again, which changes nothing where it stands."""
    network = Network(
        lambda request: (
            refuse(401, "unauthorized", "Revoked.") if kind_of(request) == "query" and network.count("batch") else None
        )
    )
    async with transport(place, "batch", network) as to:
        found = await sent(to, [person(f"a{n}") for n in range(30)])

    assert {type(verdict) for verdict in found.values()} == {Unsent}
    assert network.counts == {"batch": 1}
