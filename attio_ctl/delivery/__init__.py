"""
Events become records, and every line is accounted for.

    run.deliver, run.retry            files, or dead letters, into Attio
    preview.preview                   the same without a client
    documented.DocumentedTransport    how writes get there
    sqlite_ledger.open_ledger         what is remembered between runs
    dead_letters.read_dead_letters    what was refused
    shared_limiter.SharedLimiter      one rate for all processes on a token

In the order of the flow: `source` and `events` (pure) read lines, `window` cuts and maps them, `fold` and `order`
(pure) decide what is to be written and after what, `sending` sends it through a `transport`, `ledger` remembers,
`account` adds up.
"""
