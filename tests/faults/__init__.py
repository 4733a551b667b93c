"""Breaking the distributed profile one thing at a time, under load, and counting what is lost.

A *stand* is the whole system as processes on loopback; a *scenario* breaks one thing of it while a
*load* works through the public API; the *ledger* keeps what the load was told; the *verdict*
compares it with the database and with the mails that arrived. `docs/faults.md` reads the table.
"""
