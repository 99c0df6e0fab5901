"""Waiting for a command that shares this process's terminal: its end becomes ours, and signals for it reach it."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import suppress
from typing import NoReturn

FORWARDED = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2)
_SENT_BY_A_PROCESS = 0  # si_code: 0 or less is a process's doing, more the kernel's


def forward_signals(process: int) -> None:
    """From now on, pass on what another process sends to this one.

    What the terminal sends reaches the command too, which is in the same group: it would get that twice.
    """
    signal.pthread_sigmask(signal.SIG_BLOCK, FORWARDED)

    def wait() -> None:
        while True:
            told = signal.sigwaitinfo(FORWARDED)
            if told.si_code <= _SENT_BY_A_PROCESS:
                with suppress(ProcessLookupError):
                    os.kill(process, told.si_signo)

    threading.Thread(target=wait, daemon=True).start()


async def end_of(process: int) -> int:
    """The exit status of a child, or, if a signal ended it, its number with a minus."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    handle = os.pidfd_open(process)
    loop.add_reader(handle, ended.set)
    try:
        await ended.wait()
    finally:
        loop.remove_reader(handle)
        os.close(handle)
    return os.waitstatus_to_exitcode(os.waitpid(process, 0)[1])  # noqa: ASYNC222  it has ended


def end_like(status: int) -> NoReturn:
    """End this process as the child ended: with its exit status, or by the same signal."""
    if status < 0:
        number = -status
        with suppress(OSError, ValueError):  # not every signal's course can be set, and none needs to be where it cannot
            signal.signal(number, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [number])
        _without_core_file()
        os.kill(os.getpid(), number)
    os._exit(status if status >= 0 else 128 - status)


def _without_core_file() -> None:
    """The command has written its own, if it was to."""
    import resource  # noqa: PLC0415  not on Windows

    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
