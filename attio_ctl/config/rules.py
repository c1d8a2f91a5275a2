"""
Everything that can be wrong with a workspace's files: one row per code, from which the reference page is made.

Codes are stable: a code is never reused, and a message may change while its code stays.

    AC10x  the text of one file          AC12x  the shape of the merged document
    AC11x  files and layers together     AC13x  what its parts say of each other and of Attio
                                         AC15x  comments that ignore a rule
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from attio_ctl.errors import Place, Problem

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One row: what is wrong, why that is refused (or told), and what to do.

    A warning can be ignored by a comment that says why; so can an error that is `ignorable`, because the workspace is
    usable all the same.
    """

    code: str
    title: str
    why: str
    remedy: str
    severity: Severity = "error"
    ignorable: bool = False

    def problem(
        self, message: str, place: Place | None = None, *, address: str | None = None, hint: str | None = None
    ) -> Problem:
        """One finding under this rule."""
        return Problem(self.code, message, place, address, hint, self.severity)


UNREADABLE: Final = Rule(
    "AC100",
    "a file cannot be read",
    "The workspace would be planned without what stands in it.",
    "Check the path and its permissions; a workspace is `workspaces/<name>/` or `workspaces/<name>.yaml`.",
)
SYNTAX: Final = Rule(
    "AC101",
    "the text is no YAML",
    "Nothing after the fault can be trusted, so the whole file is left out of the checks.",
    "Mend the line; indentation is made of spaces, and text with `: ` or ` #` in it needs quotes.",
)
DUPLICATE_KEY: Final = Rule(
    "AC102",
    "a key stands twice in one mapping",
    "Most YAML readers keep the last one silently.",
    "Keep one of the two; both places are named.",
)
TAG: Final = Rule(
    "AC103",
    "a YAML tag that is no part of the core schema",
    "Tags such as `!!python/object` make some readers build objects; a workspace is plain data.",
    "Remove the tag.",
)
LIMIT: Final = Rule(
    "AC104",
    "a file is too large, too deep, or expands to too much",
    "A few lines of nested aliases can describe more data than a machine has memory.",
    "Split the file, or write the repeated part out.",
)
ENCODING: Final = Rule(
    "AC105",
    "the text is not UTF-8",
    "Titles and names would be read wrongly.",
    "Save the file as UTF-8.",
)
DOCUMENT: Final = Rule(
    "AC106",
    "a file is not one mapping",
    "Each file of a workspace is a part of the same document.",
    "Keep one document per file, with keys such as `objects:` at its top level.",
)
ALIAS: Final = Rule(
    "AC107",
    "an alias or merge key that leads nowhere",
    "`*name` needs an `&name` before it that does not hold it, and `<<` needs a mapping.",
    "Define the anchor first, in the same file.",
)
ENVIRONMENT: Final = Rule(
    "AC108",
    "an environment variable is missing",
    "An unset variable would become an empty value.",
    "Set it, give a default (`${NAME:-default}`), or write `$${` for a literal `${`.",
)
DEFINED_TWICE: Final = Rule(
    "AC110",
    "two files define the same thing",
    "The files of a workspace are one document without an order, so neither can win.",
    "Keep one of the two, or layer them with `extends:`.",
)
EXTENDS: Final = Rule(
    "AC111",
    "`extends:` cannot be followed",
    "A base must exist, must not be part of the workspace itself, and must not lead back to it.",
    "Name a folder or file, relative to the file that says `extends:`.",
)
UNKNOWN_KEY: Final = Rule(
    "AC120",
    "an unknown key",
    "A misspelt key would be ignored silently.",
    "Use the suggested key; the editor's schema lists all of them.",
)
MISSING_KEY: Final = Rule(
    "AC121",
    "a key is missing",
    "Nothing sensible can be assumed for it.",
    "Add it.",
)
WRONG_TYPE: Final = Rule(
    "AC122",
    "a value of the wrong kind",
    "A list where a text belongs (or the like) has no meaning; YAML also reads bare `5` and `true` as no text.",
    "Write the kind that the message asks for; quote what must stay text.",
)
NOT_ALLOWED: Final = Rule(
    "AC123",
    "a value that is not allowed",
    "Attio, or an address in a plan, does not take it.",
    "Use one of the values or the form that the message names.",
)
INCONSISTENT: Final = Rule(
    "AC124",
    "parts of one block that do not fit together",
    "Attio would refuse the combination.",
    "Follow the message.",
)
REMOVED_ADDRESS: Final = Rule(
    "AC130",
    "a `removed:` entry that names nothing removable",
    "Attio archives attributes, options and statuses, and deletes custom objects and webhooks; lists it neither "
    "archives nor deletes through the API.",
    "Write an address such as `object.people.attribute.old_score`, with an action that fits its kind, or `forget`.",
)
REMOVED_BUT_DEFINED: Final = Rule(
    "AC131",
    "a `removed:` entry for something that the files still define",
    "The same run would have to make it and remove it.",
    "Remove the block, or the entry.",
)
UNKNOWN_OBJECT: Final = Rule(
    "AC132",
    "a slug that is neither standard nor defined here",
    "It may exist in Attio, unmanaged; if it is misspelt, Attio will refuse the request.",
    "Correct the slug, or define the object so that the plan can vouch for it.",
    severity="warning",
)
RELATIONSHIP: Final = Rule(
    "AC133",
    "two definitions of one side of a relationship",
    "A relationship makes the attribute on the other object in the same call, so what is written there must be it.",
    "Give the relationship another slug, or make both sides agree.",
)
UNIQUE: Final = Rule(
    "AC134",
    "a unique attribute on people or companies",
    "Attio answers `Cannot set attribute as unique.` there.",
    "Match people by `email_addresses` and companies by `domains`, or keep the key on users, workspaces or a "
    "custom object.",
)
DEFAULT_REFUSED: Final = Rule(
    "AC135",
    "a default on people or companies",
    "Attio supports default values on all objects but these two.",
    "Set the value where the record is made, for instance in a mapping.",
)
DEFAULT_TYPE: Final = Rule(
    "AC136",
    "a default that the attribute's type cannot hold",
    "Every new record would be refused, or hold something else than was meant.",
    "Write a value of the attribute's type.",
)
DEFAULT_TITLE: Final = Rule(
    "AC137",
    "a default that is none of the titles listed",
    "It may exist in Attio, unmanaged; if it does not, Attio refuses the default.",
    "Add it to `options` or `statuses`, or correct it.",
    severity="warning",
)
RENAME: Final = Rule(
    "AC138",
    "`renamed_from` that cannot be followed",
    "A rename needs one old name, no longer in use, and one new one.",
    "Drop `renamed_from` once the rename is applied everywhere, or correct it.",
)
NOUNS: Final = Rule(
    "AC139",
    "two objects with the same noun",
    "Attio wants slug, singular and plural of every object to be unique and answers `slug_conflict` otherwise.",
    "Name one of them differently.",
)
SLUG_STYLE: Final = Rule(
    "AC140",
    "a slug that is not snake case",
    "Attio asks for snake case; other spellings are taken but hard to type in paths and filters.",
    "Use lower-case letters, digits and `_` (with `renamed_from` if it exists already).",
    severity="warning",
)
WEBHOOK_SECRET: Final = Rule(
    "AC141",
    "a webhook whose signing secret has no place to go",
    "Attio shows the secret once, in the answer to the create call; without it, deliveries cannot be verified.",
    "Add `secret: {file: .secrets/<name>}`, and keep that file out of git.",
    severity="warning",
)
STANDARD_OBJECT: Final = Rule(
    "AC142",
    "a key that does not fit the object",
    "Standard objects cannot be renamed, and only they can be switched on and off.",
    "Remove the key.",
)
LITERAL_SECRET: Final = Rule(
    "AC143",
    "a secret that stands in the file",
    "What is in git can be read by everybody who can read the repository, for ever.",
    "Put it into an environment variable and write `${NAME}`, then make a new one: this one is known now.",
    ignorable=True,
)
TITLE_FROM_ENVIRONMENT: Final = Rule(
    "AC144",
    "the title of an option or status comes from the environment",
    "Titles are names: they stand in addresses, plans, journals and the lock file, where no such value may stand.",
    "Write the title into the file; where workspaces differ, let each lay its own list over the base.",
)
IGNORED_WITHOUT_REASON: Final = Rule(
    "AC150",
    "a comment that ignores a rule without saying which, or why",
    "Whoever reads it later cannot tell whether the reason still holds.",
    "Write `# attio-ctl: ignore AC137 because …`, on the line or above it.",
    severity="warning",
)
IGNORED_FOR_NOTHING: Final = Rule(
    "AC151",
    "a comment that ignores what does not occur, or cannot be ignored",
    "It would hide the next one that does occur; and an error stops the run whatever a comment says.",
    "Remove the comment.",
    severity="warning",
)

RULES: Final[dict[str, Rule]] = {rule.code: rule for rule in list(globals().values()) if isinstance(rule, Rule)}
