"""
The people and companies behind the generated events, and the times of their week.

Everything about one of them follows from its number: nothing is stored, whatever their count.
"""

from __future__ import annotations

from datetime import date
from functools import lru_cache

START_MS = 1_793_577_600_000  # Monday, 2 November 2026, 00:00 UTC
HOUR_MS = 3_600_000
WEEK_MS = 7 * 24 * HOUR_MS
USERS_PER_COMPANY = 8
EPOCH = date(1970, 1, 1).toordinal()

FIRST_NAMES = (
    "Ada", "Alan", "Amara", "Anders", "Anita", "Annie", "Barbara", "Boris", "Carol", "Chidi", "Clara", "Dana",
    "Dorothy", "Edsger", "Elena", "Emmy", "Farah", "Frances", "Grace", "Hedy", "Hiroshi", "Ines", "Jean", "Joan",
    "Katherine", "Kenji", "Lars", "Leila", "Lin", "Lucia", "Mae", "Margaret", "Mateo", "Mei", "Nadia", "Niels",
    "Olga", "Omar", "Paula", "Priya", "Rosa", "Ruth", "Samir", "Sofia", "Tariq", "Tove", "Valentina", "Wanda",
    "Yuki", "Zofia",
)  # fmt: skip
LAST_NAMES = (
    "Abadi", "Almeida", "Bakker", "Barros", "Castell", "Dahl", "Dubois", "Eriksen", "Farkas", "Ferreira", "Gallo",
    "Haddad", "Hansen", "Ibsen", "Ito", "Jansen", "Kaplan", "Keller", "Kimura", "Kowal", "Laurent", "Lindqvist",
    "Marino", "Mbeki", "Moreau", "Nakata", "Novak", "Okafor", "Olsen", "Petrov", "Quist", "Ramos", "Ricci", "Rossi",
    "Sato", "Schmid", "Silva", "Soto", "Tanaka", "Tamm", "Vance", "Varga", "Weiss", "Winther", "Yilmaz", "Zeman",
)  # fmt: skip
COMPANY_HEADS = (
    "Amber", "Beacon", "Birch", "Cobalt", "Copper", "Delta", "Ember", "Fathom", "Granite", "Harbor", "Juniper",
    "Kestrel", "Larch", "Meridian",
)  # fmt: skip
COMPANY_TAILS = (
    "Analytics", "Bikes", "Energy", "Foods", "Freight", "Health", "Labs", "Legal", "Media", "Mobility", "Optics",
    "Robotics", "Textiles",
)  # fmt: skip
TITLES = ("Head of Data", "Product Manager", "Founder", "Analyst", "VP Marketing", "Growth Lead", "Engineer")
# Area codes; with exchange 555 and line 01xx they are valid numbers kept free for fiction.
AREAS = (201, 206, 212, 214, 303, 305, 312, 404, 408, 415, 503, 512, 602, 612, 615, 617, 646, 702, 713, 808)
SOURCES = ("Website", "Website", "Referral", "Paid ads", "Event")
PLANS = ("Free", "Pro", "Enterprise")
PRICES = {"Free": 0, "Pro": 49, "Enterprise": 199}
FEATURES = ("Dashboards", "Alerts", "Warehouse sync")
ADD_ONS = ("SSO", "Audit log", "Priority support")
REPORTS = ("Retention", "Funnel", "Revenue", "Adoption", "Churn")
PATHS = ("/", "/pricing", "/docs", "/blog/retention", "/login", "/changelog")


def mix(number: int, salt: int) -> int:
    """A number of 32 bits that looks random but always is the same (multiplicative hashing, Knuth's constant)."""
    mixed = (number * 2_654_435_761 + salt * 40_503 + 12_345) & 0xFFFFFFFF
    return (mixed ^ (mixed >> 15)) * 2_246_822_519 & 0xFFFFFFFF


def company_of(user: int, users: int) -> int:
    """The company that one of so many users works for."""
    return user % max(1, users // USERS_PER_COMPANY)


def domain_of(company: int) -> str:
    """A domain of its own for every company, under one that is kept free for examples."""
    return f"{COMPANY_HEADS[company % len(COMPANY_HEADS)].lower()}-{company}.example.com"


def company_name(company: int) -> str:
    """A name; large numbers of companies share some."""
    return f"{COMPANY_HEADS[company % len(COMPANY_HEADS)]} {COMPANY_TAILS[mix(company, 1) % len(COMPANY_TAILS)]}"


def name_of(user: int) -> tuple[str, str]:
    """First and last name."""
    return FIRST_NAMES[mix(user, 2) % len(FIRST_NAMES)], LAST_NAMES[mix(user, 3) % len(LAST_NAMES)]


def email_of(user: int, users: int) -> str:
    """An address of its own for every user."""
    first, last = name_of(user)
    return f"{first}.{last}.{user}@{domain_of(company_of(user, users))}".lower()


def phone_of(number: int) -> str:
    """A valid number in E.164 that belongs to nobody."""
    return f"+1{AREAS[mix(number, 4) % len(AREAS)]}55501{mix(number, 5) % 100:02d}"


def plan_of(company: int, at: int) -> str:
    """What a company is on: it starts free, most go on to Pro at some time of the week, some further."""
    changes = sorted(START_MS + mix(company, salt) % (WEEK_MS * 4 // 3) for salt in (6, 7))
    return PLANS[sum(at >= change for change in changes)]


def seats_of(company: int, at: int) -> int:
    """Seats, which grow by one or two in the week."""
    return 2 + mix(company, 8) % 40 + (at - START_MS) * 3 // WEEK_MS


@lru_cache(maxsize=4096)
def day_of(day: int) -> str:
    """A day, counted from 1 January 1970, as a date."""
    return date.fromordinal(EPOCH + day).isoformat()


def iso(ms: int) -> str:
    """Milliseconds since 1970 as Segment writes times."""
    seconds, ms = divmod(ms, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    return f"{day_of(days)}T{hours:02d}:{minutes:02d}:{seconds:02d}.{ms:03d}Z"
