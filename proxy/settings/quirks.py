"""`quirks`: what AWS leaves undocumented, and may do otherwise; each default is what was seen, or else the likelier one.

A field with a `Key` is a key of the file, as in `shape.py`.
"""

from __future__ import annotations

from typing import Annotated, Literal

from proxy.nouns import dataclass
from proxy.settings.composites import Key, ObjectOf
from proxy.settings.takes import Choice
from proxy.settings.values import TTL


@dataclass(frozen=True, slots=True)
class QuirksSetting:
    """`quirks`.  `negative_ttl` in seconds."""

    answer_order: Annotated[
        Literal["rotate", "fixed"],
        Key(
            Choice(("rotate", "fixed")),
            "The order of several records in an answer.  rotate: another one each time, as AWS documents it (in random order).  "
            "fixed: always that of the file, for tests that compare texts.",
        ),
    ] = "rotate"
    negative_ttl: Annotated[
        int,
        Key(
            TTL,
            "The TTL of the SOA record in the negative answers of private zones and endpoints' private names.  60 was seen in "
            "2018, 57 in 2016, which is 60 counted down; AWS staff said 300 in 2020; by AWS's page on SOA records it is 900.  It "
            "is never more than the TTL of the SOA record itself.",
        ),
    ] = 60
    wildcard_parent: Annotated[
        Literal["nodata", "nxdomain"],
        Key(
            Choice(("nodata", "nxdomain")),
            "What a.example.com is where the zone has *.a.example.com and nothing else there.  nodata: it exists, without "
            "records, by AWS's page on SOA records and RFC 4592.  nxdomain: it does not, by AWS's page on domain names.",
        ),
    ] = "nodata"
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
