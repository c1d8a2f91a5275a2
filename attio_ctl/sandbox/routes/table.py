"""All operations of the API."""

from __future__ import annotations

from typing import Final

from attio_ctl.sandbox.call import Route
from attio_ctl.sandbox.routes import (
    attributes,
    batch,
    entries,
    lists,
    members,
    notes,
    objects,
    options,
    records,
    search,
    self,
    tasks,
    values,
    webhooks,
)

ROUTES: Final[list[Route]] = [
    *self.ROUTES,
    *objects.ROUTES,
    *attributes.ROUTES,
    *options.ROUTES,
    *records.ROUTES,
    *values.ROUTES,
    *search.ROUTES,
    *batch.ROUTES,
    *lists.ROUTES,
    *entries.ROUTES,
    *members.ROUTES,
    *webhooks.ROUTES,
    *notes.ROUTES,
    *tasks.ROUTES,
]
