"""attio-ctl: an Attio workspace in git, and events delivered into it."""

__version__ = "0.1.0"
