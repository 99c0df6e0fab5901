"""Which packages are here that vpcdns can do without."""

from __future__ import annotations

import importlib.util


def speaks_http_2() -> bool:
    """Whether the package h2 is here, which comes with `vpcdns[https]`."""
    try:
        return importlib.util.find_spec("h2") is not None
    except ValueError:  # it was made to be missing
        return False
