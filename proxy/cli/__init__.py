"""cli/: the command line, one file a verb: arguments, one call, rendering.

Owns what `vpcdns VERB` takes, prints and exits with.  Results go to standard output, everything else to standard error;
colour is for terminals, and `NO_COLOR` is honoured.  A verb's module is imported when that verb is called, and rich when a
table is drawn on a terminal, so that `serve` answers soon after it was started.

Must never contain an `if` about DNS: what is asked and answered is decided below, here it is only shown.

A worked example::

    vpcdns -c config/demo.yaml query monitoring.ap-northeast-1.amazonaws.com --view app
"""

from proxy.cli.command import main

__all__ = ["main"]
