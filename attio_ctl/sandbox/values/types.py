"""The codec of every attribute type; a new type is a row of `attribute_types` and a row here."""

from __future__ import annotations

from typing import Final

from attio_ctl.sandbox.values.choices import ACTOR, REFERENCE, SELECT, STATUS
from attio_ctl.sandbox.values.codec import Codec
from attio_ctl.sandbox.values.domains import DOMAIN, EMAIL
from attio_ctl.sandbox.values.people import INTERACTION, LOCATION, NAME
from attio_ctl.sandbox.values.phones import PHONE
from attio_ctl.sandbox.values.scalars import CHECKBOX, CURRENCY, NUMBER, RATING, TEXT
from attio_ctl.sandbox.values.times import DATE, TIMESTAMP

CODECS: Final[dict[str, Codec]] = {
    "text": TEXT,
    "number": NUMBER,
    "checkbox": CHECKBOX,
    "currency": CURRENCY,
    "date": DATE,
    "timestamp": TIMESTAMP,
    "rating": RATING,
    "status": STATUS,
    "select": SELECT,
    "record-reference": REFERENCE,
    "actor-reference": ACTOR,
    "location": LOCATION,
    "domain": DOMAIN,
    "email-address": EMAIL,
    "phone-number": PHONE,
    "interaction": INTERACTION,
    "personal-name": NAME,
}
