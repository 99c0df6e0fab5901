"""The domains in which EC2 names its instances ("Amazon EC2 instance hostnames and domains").

>>> private_domain("us-east-1"), private_domain("eu-west-2")
(Name('ec2.internal'), Name('eu-west-2.compute.internal'))
>>> public_hostname("eu-west-2", "203.0.113.25")
Name('ec2-203-0-113-25.eu-west-2.compute.amazonaws.com')
"""

from __future__ import annotations

from proxy.dns.names import Name

FIRST_REGION = "us-east-1"
"""The one region whose domains do not have its name."""


def private_domain(region: str) -> Name:
    """The domain of the private names of a region; also the search domain that AWS's DHCP options say."""
    return Name.from_text("ec2.internal" if region == FIRST_REGION else f"{region}.compute.internal")


def public_domain(region: str) -> Name:
    """The domain of the public host names of a region."""
    if region == FIRST_REGION:
        return Name.from_text("compute-1.amazonaws.com")
    return Name.from_text(f"{region}.compute.amazonaws.com" + (".cn" if region.startswith("cn-") else ""))


def public_hostname(region: str, address: str) -> Name:
    """The public host name of an instance with a public address."""
    return public_domain(region).child(b"ec2-" + address.replace(".", "-").encode("ascii"))
