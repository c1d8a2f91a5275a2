"""
Everything that can be wrong with a mapping before its first event: one row per code, as in `config.rules`.

    AC30x  what cannot run at all        AC31x, AC32x  what runs, but hardly as it is meant
"""

from __future__ import annotations

from typing import Final

from attio_ctl.config.rules import Rule

INCOMPLETE: Final = Rule(
    "AC301",
    "a mapping lacks what its action needs",
    "Without a value to match by, no record can be found or made.",
    "Give the field, or choose a preset that has a default for it.",
)
SUBSCRIPTION: Final = Rule(
    "AC302",
    "`when` is no FQL",
    "A subscription that cannot be read takes no event.",
    'Write conditions as `type = "track" and event = "Signed Up"`; the column of the fault is in the message.',
)
EXPRESSION: Final = Rule(
    "AC303",
    "an expression cannot be read",
    "Segment refuses it, or fails on each event that reaches it.",
    "Mend the directive; a text with `$.` in front is a path, `{{path}}` is filled in, `@literal` keeps a text.",
)
UNKNOWN_OBJECT: Final = Rule(
    "AC304",
    "an object that the workspace does not have",
    "Attio refuses every record of it.",
    "Define the object in the workspace's files, or mend the slug.",
)
INACTIVE_OBJECT: Final = Rule(
    "AC305",
    "a standard object that is not switched on",
    "Attio refuses every record of it until it is activated, for which its API has no call.",
    "Activate it under Workspace settings → Objects, and say `active: true` in the files.",
)
UNKNOWN_ATTRIBUTE: Final = Rule(
    "AC306",
    "an attribute that the object does not have",
    "Attio refuses the whole record for one unknown attribute.",
    "Define the attribute in the workspace's files, or mend the slug.",
)
ARCHIVED_ATTRIBUTE: Final = Rule(
    "AC307",
    "an attribute that is archived",
    "Attio refuses values of archived attributes.",
    "Take it out of the mapping, or restore the attribute.",
)
NOT_WRITABLE: Final = Rule(
    "AC308",
    "an attribute that only Attio fills",
    "Attio refuses the whole record for it.",
    "Take it out of the mapping.",
)
LITERAL: Final = Rule(
    "AC309",
    "a literal that the attribute cannot have",
    "Every event would be rejected for it.",
    "Write a value of the attribute's type; options and statuses go by their exact titles.",
)
NOT_UNIQUE: Final = Rule(
    "AC310",
    "records are matched by an attribute that is not unique",
    "Attio asserts by unique attributes only: `matching_attribute_definition_not_unique`.",
    "Match by a unique attribute, or make this one unique.",
)
NEVER_WRITTEN: Final = Rule(
    "AC311",
    "a required attribute that the mapping never writes",
    "Attio refuses to create a record without it; records that are there already are updated all the same.",
    "Map it, or leave it to another source that creates the records.",
    "warning",
)
SEGMENT_READING: Final = Rule(
    "AC312",
    "Segment's own evaluator reads `when` otherwise",
    "Segment documents FQL one way and evaluates subscriptions another; a statement brought from there may change.",
    "Write it so that both read it alike, or ignore this when the statement was never in Segment.",
    "warning",
)
EVERY_EVENT: Final = Rule(
    "AC313",
    "a mapping without `when` takes every event",
    "`assert-record` has no default subscription; in Segment, one without takes nothing.",
    "Say which events it takes.",
    "warning",
)
MULTISELECT: Final = Rule(
    "AC314",
    "`multiselect` names what is no multiselect attribute of the mapping",
    "It has no effect there.",
    "Mend the slug, or take the entry out.",
    "warning",
)
NEVER_SEEN: Final = Rule(
    "AC315",
    "a path that no sample event has",
    "The attribute would never be written.",
    "Compare the path with an event; names are case-sensitive.",
    "warning",
)
NEVER_TAKEN: Final = Rule(
    "AC316",
    "a mapping that takes none of the sample events",
    "Nothing would be written.",
    "Compare `when` with an event; texts are case-sensitive.",
    "warning",
)
NEARLY: Final = Rule(
    "AC317",
    "a text that is nearly a path or a template",
    "It is written into every record as it stands.",
    "A path begins with `$.`, a template has `{{path}}`; `@literal` says that the text is meant.",
    "warning",
)
ODD_PATH: Final = Rule(
    "AC318",
    "a path that leads elsewhere than it looks",
    "Brackets hold an index or a name in quotes; whatever else there is counts as part of a name, as in Segment.",
    "Write steps as `$.items[0].name`.",
    "warning",
)
UNKNOWN_FILTER: Final = Rule(
    "AC319",
    "a filter that does nothing, or fails",
    "Segment's engine passes a value through a filter that it does not know, and fails on those that are switched off.",
    "Mend the filter's name, or use a directive such as `@case` or `@replace`.",
    "warning",
)
MIXED_MODES: Final = Rule(
    "AC320",
    "one mapping appends to an attribute that another replaces",
    "Which values are left depends on which event came last.",
    "Give both mappings the same `multiselect` mode for it.",
    "warning",
)
REPLACED_KEY: Final = Rule(
    "AC321",
    "the attribute that records are matched by is replaced",
    "A record that has several values loses all but the one it was found by, and is not found by the others again.",
    "Name the attributes to replace one by one: `multiselect: {tags: replace}`.",
    "warning",
)

RULES: Final[tuple[Rule, ...]] = (
    INCOMPLETE, SUBSCRIPTION, EXPRESSION, UNKNOWN_OBJECT, INACTIVE_OBJECT, UNKNOWN_ATTRIBUTE, ARCHIVED_ATTRIBUTE,
    NOT_WRITABLE, LITERAL, NOT_UNIQUE, NEVER_WRITTEN, SEGMENT_READING, EVERY_EVENT, MULTISELECT, NEVER_SEEN,
    NEVER_TAKEN, NEARLY, ODD_PATH, UNKNOWN_FILTER, MIXED_MODES, REPLACED_KEY,
)  # fmt: skip
