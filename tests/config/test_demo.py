"""The demo workspace: the first thing a newcomer runs, and the example that the documentation points at."""

from __future__ import annotations

from pathlib import Path

import pytest

from attio_ctl.attribute_types import CREATABLE
from attio_ctl.config.load import Loaded, list_workspaces, load
from attio_ctl.config.models import SelectAttribute, StatusAttribute

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def demo() -> Loaded:
    """The demo as a user loads it, with an empty environment."""
    return load("demo", root=ROOT, environ={})


def test_the_demo_loads_without_a_warning(demo: Loaded) -> None:
    assert demo.warnings == ()
    assert "demo" in list_workspaces(ROOT)


def test_every_type_that_can_be_created_occurs_in_the_demo(demo: Loaded) -> None:
    parents = [*demo.spec.objects.values(), *demo.spec.lists.values()]
    assert {attribute.type for parent in parents for attribute in parent.attributes.values()} == set(CREATABLE)


def test_a_plan_of_the_demo_fits_on_a_page(demo: Loaded) -> None:
    """Objects, attributes, options, statuses, lists and webhooks to create in an empty workspace."""
    count = (
        len(demo.spec.lists) + len(demo.spec.webhooks) + sum(o.singular is not None for o in demo.spec.objects.values())
    )
    for parent in (*demo.spec.objects.values(), *demo.spec.lists.values()):
        for attribute in parent.attributes.values():
            match attribute:
                case SelectAttribute(options=titled) | StatusAttribute(statuses=titled):
                    count += 1 + len(titled)
                case _:
                    count += 1

    assert 40 <= count <= 60


def test_every_file_of_the_demo_begins_with_the_editors_schema_line(demo: Loaded) -> None:
    for file in demo.files:
        first = file.read_text().split("\n", 1)[0]
        prefix = "# yaml-language-server: $schema="
        assert first.startswith(prefix), file
        schema = (file.parent / first.removeprefix(prefix)).resolve()
        assert schema == ROOT / "schemas" / "workspace.schema.json", file
