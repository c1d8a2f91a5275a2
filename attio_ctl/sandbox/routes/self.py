"""GET /v2/self: who a token is."""

from __future__ import annotations

from typing import Final

from attio_ctl.sandbox.call import Call, Route
from attio_ctl.sandbox.ids import derived_id
from attio_ctl.sandbox.model import Json
from attio_ctl.sandbox.options import SCOPES


def identify(call: Call) -> Json:
    """
    Not wrapped in `data`; a dead token never comes here, it gets `{"active": false}` with 200.

    Source: the OpenAPI document; `token_level` is newer, from an SDK generated in 2026-10.
    """
    schema = call.store.schema
    client = derived_id("client", call.token.text)
    scopes = SCOPES if call.token.scopes is None else sorted(call.token.scopes)
    admin = next((one for one in schema.members if one.access_level == "admin"), schema.members[0])
    return {
        "active": True,
        "scope": " ".join(scopes),
        "client_id": client,
        "token_type": "Bearer",
        "exp": None,
        "iat": schema.created_at // 1_000_000,
        "sub": schema.workspace_id,
        "aud": client,
        "iss": "attio.com",
        "token_level": "workspace",
        "authorized_by_workspace_member_id": admin.id,
        "workspace_id": schema.workspace_id,
        "workspace_name": schema.workspace_name,
        "workspace_slug": schema.workspace_slug,
        "workspace_logo_url": None,
    }


ROUTES: Final = [Route("GET", "/v2/self", identify)]
