"""The files that a new workspace begins with: small, valid, and explained line by line. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from attio_ctl.config.yaml_comments import SCHEMA_LINE

SCHEMA_FILE: Final = "schemas/workspace.schema.json"
"""Where the editor's schema lies in a project, seen from its root."""

GITIGNORE: Final = """\
# what attio-ctl keeps on this machine: sandboxes, ledgers, journals
.attio-ctl/
# signing secrets that Attio shows once
.secrets/
"""


def schema_line(path: str) -> str:
    """The comment that tells an editor the schema of a file, by its path below the workspace's folder."""
    return f"{SCHEMA_LINE} $schema={'../' * (path.count('/') + 2)}{SCHEMA_FILE}"


def scaffold(name: str, *, api: Mapping[str, str]) -> dict[str, str]:
    """
    The files of a new workspace, by their path below its folder.

    Args:
        name: The workspace's name, a slug.
        api: `{"sandbox": …}` for the embedded sandbox, `{"env": …}` for a real workspace whose token is in a variable.
    """
    sandbox = f"api: {{sandbox: {api['sandbox']}}}\n" if "sandbox" in api else None
    where = f"{_SANDBOX}{sandbox}" if sandbox else f"{_REAL}api: {{token: {{env: {api['env']}}}}}\n"
    bodies = {
        "workspace.yaml": f"{_HEAD}\nworkspace: {name}\n{where}",
        "objects/people.yaml": _PEOPLE,
        "objects/vehicles.yaml": _VEHICLES,
        "lists/test_drives.yaml": _LIST,
        "mappings/signed_up.yaml": _MAPPING,
    }
    return {path: f"{schema_line(path)}\n\n{body}" for path, body in bodies.items()}


_HEAD: Final = """\
# A workspace is all YAML files in this folder, in any layout: they are merged into one document.
#
#   attio-ctl validate     check the files, offline
#   attio-ctl plan         what differs from the live workspace
#   attio-ctl apply        make it so
#
# What no file names is left alone. Deleting a block deletes nothing; that takes an entry such as:
#   removed:
#     - {address: object.people.attribute.old_score, action: archive, reason: no longer used}
"""

_SANDBOX: Final = """\
# The embedded sandbox: a local Attio that needs no account. For the real one:
#   api: {token: {env: ATTIO_TOKEN}}
"""

_REAL: Final = """\
# The id is shown by Attio under Workspace settings; with it, the token of another workspace is refused.
#   workspace_id: 14beef7a-99f7-4534-a87e-70b564330a4c
# The token is made under Workspace settings → Developers. It may also come from {file: …} or {command: [op, read, …]}.
"""

_PEOPLE: Final = """\
objects:
  people: # a standard object: only what is named here is managed
    attributes:
      lead_source:
        type: select
        title: Lead source
        # Rename an option without losing a value: {title: Ads, renamed_from: Paid ads}
        options: [Website, Referral, Paid ads]
"""

_VEHICLES: Final = """\
objects:
  vehicles: # an object of your own
    singular: Vehicle
    plural: Vehicles
    attributes:
      vin:
        type: text
        title: VIN
        unique: true # what deliveries can match records by
        required: true
      owner:
        type: record-reference
        title: Owner
        to: [people]
        # the other side, made in the same step: people get an attribute `vehicles`
        relationship: {slug: vehicles, title: Vehicles, multiselect: true}
      price:
        type: currency
        title: Price
        currency: {code: EUR}
      stage:
        type: status
        title: Stage
        statuses:
          - New
          - {title: Test drive, target_time: P7D} # should last no longer than a week
          - {title: Sold, celebration: true}
"""

_LIST: Final = """\
lists:
  test_drives:
    name: Test drives
    parent: vehicles
    attributes:
      next_step:
        type: text
        title: Next step
"""

_MAPPING: Final = """\
mappings:
  # Turns events such as those of Segment into records: attio-ctl deliver --events events.ndjson
  signed_up:
    action: assert-record
    object: people
    match: email_addresses
    when: type = "track" and event = "Signed Up"
    values:
      email_addresses: $.properties.email # a path into the event
      name: "{{properties.last_name}}, {{properties.first_name}}" # a template
      lead_source: $.properties.source
    tests:
      - given:
          type: track
          event: Signed Up
          properties: {email: ada@example.com, first_name: Ada, last_name: Lovelace, source: Referral}
        expect:
          people: {email_addresses: [ada@example.com], lead_source: Referral}
"""
