"""`vpcdns doctor`: each trouble made on a machine of its own, and found; a machine without any is clear."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from proxy.host import doctor
from tests.host.machines import Machine, machine
from tests.host.namespaces import linux, root, without_rights

pytestmark = [linux, root]

CONFIG = """\
listen: ADDRESS
default_view: app
vpcs: {app: {cidr: 10.0.0.0/16}}
private_zones: [{name: shop.example, vpcs: [app], records: {db: 10.0.1.20}}]
"""
LOCAL = "private_zones: [{name: corp.local, vpcs: [app], records: {db: 10.0.1.20}}]\n"
HOLD = (
    'python3 -c \'import socket, time; s = socket.create_server(("127.0.0.1", 1053)); '
    'print("ready", flush=True); time.sleep(99)\''
)

# The trouble: what makes it, where to listen, and what is told of it.
TROUBLES = {
    "no-address": ("", "192.0.2.99:1053", "cannot listen on 192.0.2.99:1053: Cannot assign requested address"),
    "dangling-link": ("ln -sf /run/gone /etc/resolv.conf", "", "is a link to /run/gone, which is not there"),
    "unknown-manager": ("mkdir /run/odd; touch /run/odd/x; ln -sf /run/odd/x /etc/resolv.conf", "", "does not know"),
    "docker-resolver": ("echo nameserver 127.0.0.11 > /etc/resolv.conf", "", "names Docker's own resolver"),
    "loop": ("echo nameserver 127.0.0.2 > /etc/resolv.conf", "127.0.0.2:53", "one of them is vpcdns itself (127.0.0.2)"),
    "no-dns": ("echo 'hosts: files' > /etc/nsswitch.conf", "", "does not have DNS for hosts"),
    "mdns-local": ("echo 'hosts: files mdns4_minimal [NOTFOUND=return] dns' > /etc/nsswitch.conf", "", "corp.local"),
    "hosts-file": ("echo '10.9.9.9 db.shop.example' >> /etc/hosts", "", "/etc/hosts says that db.shop.example is 10.9.9.9"),
    "vpn": ("ip link add tun0 type veth peer name other; ip link set tun0 up", "", "a VPN is up (tun0)"),
    "browser-doh": (
        "mkdir -p .mozilla/firefox/a.default .config/chromium; "
        "echo 'user_pref(\"network.trr.mode\", 3);' > .mozilla/firefox/a.default/prefs.js; "
        'echo \'{"dns_over_https": {"mode": "secure"}}\' > ".config/chromium/Local State"',
        "", "Firefox (profile a.default) asks a resolver of its own",
    ),
    "dnssec": (
        "mkdir /run/bin; printf '#!/bin/sh\\n[ $1 = status ] || echo \"Global: yes\"\\n' > /run/bin/resolvectl; "
        "chmod 755 /run/bin/resolvectl",
        "", "systemd-resolved insists on DNSSEC",
    ),
}  # fmt: skip
MADE_OTHERWISE = {"port-held", "no-permission", "cache", "no-namespaces", "stale-installation", "unreadable-journal"}


def found(box: Machine, *before: str, listen: str = "") -> dict[str, str]:
    (box.folder / "vpcdns.yaml").write_text(CONFIG.replace("ADDRESS", f'"{listen or "127.0.0.1:1053"}"'))
    begin = before or (sys.executable,)
    done = box.run(
        "env", f"HOME={box.folder}", "PATH=/run/bin:/usr/sbin:/usr/bin:/sbin:/bin", *begin, "-m", "proxy", "doctor", "--json"
    )
    assert done.returncode in (0, 1), done.stderr
    told = json.loads(done.stdout)
    assert bool(told) is bool(done.returncode)
    assert all(each["remedies"] for each in told)
    return {
        each["finding"]: "\n".join(other["what"] for other in told if other["finding"] == each["finding"]) for each in told
    }


def test_a_machine_without_troubles_is_clear() -> None:
    with machine() as box:
        assert found(box) == {}
        assert box.vpcdns("doctor").stdout == "clear: nothing on this machine is in the way\n"


@pytest.mark.parametrize("trouble", TROUBLES)
def test_a_trouble_is_found(trouble: str) -> None:
    make, listen, says = TROUBLES[trouble]
    with machine() as box:
        if make:
            box.sh(make)
        if trouble == "mdns-local":
            (box.folder / "local.yaml").write_text(
                CONFIG.partition("private")[0].replace("ADDRESS", "127.0.0.1:1053") + LOCAL
            )
            done = box.vpcdns("-c", "local.yaml", "doctor")
            assert says in done.stdout
            assert found(box) == {}, "other domains are none of mDNS's"
            return
        told = found(box, listen=listen)
        assert list(told) == [trouble]
        assert says in told[trouble]


def test_who_holds_a_port_is_told_unless_it_is_vpcdns() -> None:
    with machine() as box:
        box.start("sh", "-c", HOLD, ready="ready")
        told = box.run(sys.executable, "-m", "proxy", "-c", str(_file(box)), "doctor").stdout
        assert "port-held: cannot listen on 127.0.0.1:1053: Address already in use\n    held: python3 (process " in told
        (box.folder / "vpcdns.yaml").write_text(CONFIG.replace("ADDRESS", "127.0.0.1:1054"))
        box.serve()
        assert box.vpcdns("doctor").returncode == 0


def test_what_may_not_be_had_is_told() -> None:
    with machine() as box:
        told = found(box, *without_rights(), listen="127.0.0.2:53")
        assert "Permission denied" in told["no-permission"]
        box.sh("sysctl -qw net.ipv4.ip_unprivileged_port_start=53")
        assert found(box, *without_rights(), listen="127.0.0.2:53") == {}


def test_a_machine_without_namespaces_is_told_what_exec_lacks() -> None:
    """The limit is set in a user namespace of its own, so that it is nobody else's."""
    with machine() as box:
        none = ("unshare", "-Ur", "sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"', "sh", sys.executable)
        assert "No space left on device" in found(box, *none)["no-namespaces"]


def test_a_running_cache_is_told() -> None:
    with machine() as box:
        box.sh("cp $(command -v sleep) nscd")
        box.start("sh", "-c", "echo ready; exec ./nscd 99", ready="ready")
        assert "nscd keeps answers" in found(box)["cache"]


def test_an_installation_that_leads_nowhere_is_told() -> None:
    with machine() as box:
        (box.folder / "vpcdns.yaml").write_text(CONFIG.replace("ADDRESS", "127.0.0.2:53"))
        box.sniff()
        box.serve()
        assert box.vpcdns("resolver", "install", "--all", "--no-guard").returncode == 0
        assert box.vpcdns("doctor").returncode == 0
        box.run("pkill", "-KILL", "-f", "proxy serve")
        told = box.vpcdns("doctor").stdout
        assert "stale-installation: this machine's resolver is led to 127.0.0.2:53, which does not answer" in told
        box.sh('sed -i \'s/"boot": ".*"/"boot": "another"/\' /var/lib/vpcdns/resolver.json')
        assert "is from before this machine was started" in box.vpcdns("doctor").stdout
        box.sh('sed -i \'s/"complete": true/"complete": false/\' /var/lib/vpcdns/resolver.json')
        assert "was interrupted" in box.vpcdns("doctor").stdout


def test_every_finding_has_a_test() -> None:
    import re

    words = set(re.findall(r'(?:Finding\(\s*|errno\.E\w+: )"([a-z-]+)"', Path(doctor.__file__).read_text()))
    assert words == TROUBLES.keys() | MADE_OTHERWISE


def _file(box: Machine) -> Path:
    path = box.folder / "vpcdns.yaml"
    path.write_text(CONFIG.replace("ADDRESS", "127.0.0.1:1053"))
    return path
