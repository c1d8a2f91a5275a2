"""
Events become records, and every line is accounted for.

    run.Engine                        files, or dead letters, into Attio
    preview.preview                   the same without a client
    selection.select_transport        how writes get there: singly, or in batches
    sqlite_ledger.open_ledger         what is remembered between runs
    dead_letters.read_dead_letters    what was refused
    shared_limiter.SharedLimiter      one rate for all processes on a token

In the order of the flow: `inputs`, `source` and `events` read lines, `reading` maps them, `staging` collects them by
record, `fold` and `order` (pure) decide what is to be written and after what, `sending` sends it through a `transport`,
`ledger` remembers, `account` adds up.

Below `sending`, the ways to Attio: `documented` and `simple` write one record, `singly` many of them side by side,
`batch` many in one call, of which `verification` finds out what came of it (`finding` reads, `standing` compares).
`flat` knows what fits where, `refusals` and `drift` what an answer means, `dispatch` how it all ends.
"""
