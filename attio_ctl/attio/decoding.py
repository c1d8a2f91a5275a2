"""
Bodies into checked shapes.

msgspec decodes and checks in one pass, so a body that is not of the promised shape never becomes data and a missing key
is found here, not as a `KeyError` far away. Decoders are kept because building one costs more than using it.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec

Malformed = msgspec.DecodeError
"""The body is no JSON, or stops in the middle."""

Unpromised = msgspec.ValidationError
"""The body is JSON of another shape; the message says which field and why. A kind of `Malformed`."""


def whole(shape: Any) -> msgspec.json.Decoder[Any]:
    """A decoder of bodies that are a `shape`."""
    return _decoder(shape)


def data(shape: Any) -> msgspec.json.Decoder[Any]:
    """A decoder of bodies that are `{"data": shape}`; the result has the attribute `data`."""
    return _enveloped(shape)


@cache
def _decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(shape)


@cache
def _enveloped(shape: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(msgspec.defstruct("Envelope", [("data", shape)]))
