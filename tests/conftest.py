"""For all tests: examples by chance take the time that they take, since a busy machine is no defect of ours."""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

# Whoever runs the tests in the background, with nohup say, has these ignored, and so would all programs that tests start.
for ignored in (signal.SIGINT, signal.SIGHUP):
    if signal.getsignal(ignored) is signal.SIG_IGN:
        signal.signal(ignored, signal.default_int_handler if ignored is signal.SIGINT else signal.SIG_DFL)

settings.register_profile("patient", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("patient")
