"""
The Attio API client.

    reader, writer    what can be asked of Attio, by resource: `AttioReader` has no way to write, `AttioWriter` adds it
    types             the shapes that come back
    paging            offsets and cursors behind one iterator
    session           one call: pace it, send it, retry it, decode it, count it
    limiter  retry    how fast to send, and whether to send again: pure decisions
    breaker           who may try while Attio is down
    errors   scopes   what Attio's refusals mean, and which scope a call needs
    http              the socket's edge: the only module that imports the HTTP library and sees the token
    transport         a faster network underneath, for delivering
    decoding          bodies into checked shapes
    token             the access token, wrapped
    messages  clock   requests and answers as data; the time that everything goes by

Nothing here depends on a process-wide setting; two clients in one process share nothing unless given the same limiter.
"""

from importlib.util import find_spec as _find_spec
from sys import modules as _modules

# `None` marks a module as missing, so that it is missed at once.
# httpx loads its command line, and with it rich and pygments, where they happen to be installed: a tenth of a second.
_modules.setdefault("httpx._main", None)  # type: ignore[arg-type]
# httpcore looks for sniffio ten times per request. Where it is not installed, as anyio no longer brings it along, the
# search of the disk was a third of the CPU time of a request.
if _find_spec("sniffio") is None:
    _modules["sniffio"] = None  # type: ignore[assignment]
