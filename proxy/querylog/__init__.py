"""querylog/: a line for every query, in words, as JSON, or as Route 53 Resolver query logging has it.

Owns the lines' forms, the file with its rotation, and the thread that writes.  A line is made at once, within microseconds;
writing it, which may take any time, is the thread's.
When lines come faster than they can be written they are dropped and counted, and the program's own log tells how many.

Must never keep an answer waiting, nor decide one; nor take the server down with a full disk.

A worked example::

    log = QueryLog(QueryLogPlan("queries.log", QueryLogFormat.ROUTE53, max_size=100_000_000, keep=5))
    engine.observe = log.observe
    log.reopen()        # after somebody else has moved the file away
    log.close()         # writes what waits
"""

from proxy.querylog.writer import QueryLog, QueryLogError

__all__ = ["QueryLog", "QueryLogError"]
