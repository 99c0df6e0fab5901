"""bench/: what vpcdns costs beside other DNS servers, in one run on one machine.

    python -m bench --rounds 5 --seconds 3

It starts vpcdns, dnsmasq and unbound in turn on loopback, each with the same names, has dnsperf ask them, and prints a table
of medians.  Nothing here is a test: machines differ, ratios within one run are what counts.
"""
