"""Errors into messages on standard error and exit statuses.  Imported only when there is an error."""

from __future__ import annotations

import errno
import sys
import traceback

from proxy.app import ListenError
from proxy.cli.output import remark
from proxy.cli.status import Status
from proxy.host.ports import advice, holders
from proxy.querylog import QueryLogError
from proxy.reach import FileError
from proxy.settings.problems import ConfigError
from proxy.source import SourceError
from proxy.web import AdminError

_UNWRITABLE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def report(error: Exception) -> Status:
    """Tell what went wrong; the status to exit with."""
    if isinstance(error, ConfigError):
        for problem in error.problems:
            remark(problem)
        return Status.PROBLEM
    if isinstance(error, SourceError | FileError):
        remark(error)
        return Status.PROBLEM
    if isinstance(error, QueryLogError):
        remark(error)
        return Status.MACHINE
    if isinstance(error, ListenError):
        return report_listening(error)
    if isinstance(error, OSError) and error.errno in _UNWRITABLE:
        remark(f"the result cannot be written: {error.strerror}")
        return Status.MACHINE
    traceback.print_exception(error, file=sys.stderr)
    remark(
        "\nThis is a defect in vpcdns. Please report it where you got vpcdns from, with the lines above, the output of\n"
        "`vpcdns version`, and a configuration that shows it with what is private taken out."
    )
    return Status.DEFECT


def report_admin(error: AdminError) -> Status:
    """Tell why there is no control API, and what to do."""
    remark(error)
    if error.cause is not None:
        for line in map(str, holders(error.plan.host, error.plan.port)):
            remark(f"held: {line}")
        remark("another address: vpcdns serve --admin 127.0.0.1:8153; without it: vpcdns serve --admin off")
    return Status.MACHINE


def report_listening(error: ListenError, command: str = "vpcdns serve") -> Status:
    """Tell who has the address, and what to do: lines to paste that begin with `command`."""
    host, port = error.listener.host, error.listener.port
    remark(error)
    for line in advice(host, port, error.cause.errno, holders(host, port), command):
        remark(line)
    return Status.MACHINE
