"""Default values of attributes: fixed values, a duration from now, or the acting member."""

from __future__ import annotations

from typing import Any

from attio_ctl.attribute_types import ATTRIBUTE_TYPES, WITHOUT_CUSTOM_UNIQUE
from attio_ctl.sandbox.call import Call
from attio_ctl.sandbox.errors import invalid_value, validation
from attio_ctl.sandbox.model import Attribute, Collection, Json
from attio_ctl.sandbox.records.parse import ValueReader
from attio_ctl.sandbox.values.codec import InvalidValueError
from attio_ctl.sandbox.values.times import is_duration
from attio_ctl.sandbox.values.types import CODECS


def parse_default(call: Call, target: Collection, attribute: Attribute, given: dict[str, Any]) -> dict[str, Json]:
    """
    A default in its stored form.

    Raises:
        RefusedError: 400 where the object, the type or the value does not allow it.

    Source: the text of `default_value` in the OpenAPI document; the wording of the refusals is inferred.
    """
    if target.standard and target.slug in WITHOUT_CUSTOM_UNIQUE:
        raise validation("Default values are not supported on people or company objects.")
    kind = ATTRIBUTE_TYPES[attribute.type].default
    template = given["template"]
    if given["type"] == "dynamic":
        fits = is_duration(template) if kind == "duration" else kind == "current-user" and template == "current-user"
        if not fits:
            raise validation(f'"{template}" is not a valid dynamic default value for type "{attribute.type}".')
        return {"dynamic": template}
    if attribute.type == "record-reference":
        raise validation("Static default values are not supported for record references.")
    if len(template) > 1 and not attribute.multiselect:
        raise validation("An attribute that is not multiselect can only have one default value.")
    parse = CODECS[attribute.type].parse
    reader = ValueReader(call.store)
    try:
        return {"static": [parse(raw, attribute, reader) for raw in template]}
    except InvalidValueError as wrong:
        raise invalid_value(attribute.slug, wrong.faults) from None
