"""bench/: what vpcdns costs beside dnsmasq, unbound and named, in one run on one machine.

    python -m bench                     # all works; BENCHMARKS.md and bench/results.json are written
    python -m bench --only private      # those whose name holds the word, printed alone

What counts is the processor time that the server spends on a query, as the kernel counts it: it repeats within some percent,
where answers a second depend on who else is on the machine and on how fast the client is.  The servers take turns within
each round, so that a machine that slows down slows all of them; medians of the rounds are compared, and a small C program
that only sends packets back (`helper.c`) says what the sockets alone cost.  Where that program's own rounds lie far apart,
or others use the processors, there is no verdict.

It needs dnsperf, gcc, and the servers (Debian: dnsperf gcc dnsmasq-base unbound bind9); what is missing is told and left
out.  Packets go over loopback only.  Nothing here is a test: machines differ, ratios within one run are what counts.
"""
