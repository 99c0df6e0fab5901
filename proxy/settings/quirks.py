"""`quirks`: what AWS leaves undocumented, and may do otherwise; each default is what was seen, or else the likelier one.

A field with a `Key` is a key of the file, as in `shape.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from proxy.settings.composites import Key, ObjectOf
from proxy.settings.takes import Choice


@dataclass(frozen=True, slots=True)
class QuirksSetting:
    """`quirks`."""

    delegation_without_rule: Annotated[
        Literal["empty", "ignored"],
        Key(
            Choice(("empty", "ignored")),
            "What NS records in a private zone do where no delegate rule is for their name servers.  empty: all names below are "
            "empty answers, as was seen once.  ignored: they hand nothing over, as AWS documented before 2025.",
        ),
    ] = "empty"
    forwarded_cname: Annotated[
        Literal["pass", "follow"],
        Key(
            Choice(("pass", "follow")),
            "What is done with a CNAME that a forward rule's target answers.  pass: the answer is passed on as it is.  follow: "
            "the VPC looks up itself what it leads to, by its own zones and rules.  Nothing is documented, nor was it seen.",
        ),
    ] = "pass"


QUIRKS = ObjectOf(QuirksSetting, "{forwarded_cname: follow}")
