"""Plain data to the model of a workspace, with everything that is wrong with it."""

from __future__ import annotations

from typing import Any

from pydantic import ValidationError

from attio_ctl.config import rules
from attio_ctl.config.explain import explain
from attio_ctl.config.models import WorkspaceSpec
from attio_ctl.config.nodes import Places
from attio_ctl.errors import Problem


def validate(data: Any, places: Places, *, whole: bool) -> tuple[WorkspaceSpec | None, list[Problem]]:
    """
    The model of a document, None where its shape is wrong, and every problem of it.

    `whole` is False where a file could not be read: what is missing may stand in there and is not complained of.
    """
    try:
        spec = WorkspaceSpec.model_validate(data)
    except ValidationError as error:
        problems = explain(error, places)
        return None, [one for one in problems if whole or one.code != rules.MISSING_KEY.code]
    return spec, []
