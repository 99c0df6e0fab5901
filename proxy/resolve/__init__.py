"""resolve/: how a question is answered inside a VPC.

Owns the rules of resolution: the longest claim wins, only that zone is searched, a CNAME's target is looked up in the same
view again, and what nobody claims is asked outside.

Must never await, read a clock or chance, log or mutate; nor import asyncio, sockets, yaml or `compile`.

A worked example::

    resolution = resolve(Question(Name.from_text("www.example.com"), TYPE_A), world.views["app"])
    next(resolution)        # raises StopIteration whose value is the Answer; or gives an Ask, and takes its Reply by send()
"""

from proxy.resolve.siblings import Siblings, find_siblings
from proxy.resolve.straight import Straight, find_straight, goes_straight
from proxy.resolve.walk import Resolution, resolve

__all__ = ["Resolution", "Siblings", "Straight", "find_siblings", "find_straight", "goes_straight", "resolve"]
