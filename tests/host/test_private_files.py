"""The text of a private resolv.conf and nsswitch.conf."""

from __future__ import annotations

import pytest

from proxy.host.private_files import nsswitch_conf, resolv_conf


def test_a_resolv_conf_has_one_server() -> None:
    lines = resolv_conf("169.254.169.253", ("ec2.internal",)).splitlines()
    assert lines[1:] == ["nameserver 169.254.169.253", "search ec2.internal", "options timeout:2 attempts:2"]
    assert "search" not in resolv_conf("127.0.53.1")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("passwd: files\nhosts: files mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] dns\nnetworks: files\n",
         "passwd: files\nnetworks: files\nhosts: files dns\n"),
        ("hosts:\tresolve", "\nhosts: files dns\n"),
        ("passwd: files", "passwd: files\nhosts: files dns\n"),
    ],
)  # fmt: skip
def test_names_of_hosts_come_from_files_and_dns_alone(text: str, wanted: str) -> None:
    assert nsswitch_conf(text) == wanted
