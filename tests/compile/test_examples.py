"""The examples at the top of the modules are true."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

from proxy import compile as room

MODULES = [f"proxy.compile.{module.name}" for module in pkgutil.iter_modules(room.__path__)]


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_are_true(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_some_modules_have_examples() -> None:
    assert sum(doctest.testmod(importlib.import_module(name)).attempted for name in MODULES) >= 6
