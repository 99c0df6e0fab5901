"""`vpcdns resolver`, on machines made for the test: what leads where, and that all of it is taken back."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.programs import vpcdns
from tests.host.machines import Machine, machine
from tests.host.namespaces import linux, root, surroundings, there, without_rights

pytestmark = [linux, root]

CONFIG = """\
region: eu-west-1
listen: "127.0.0.2:53"
default_view: app
vpcs:
  app:
    cidr: 10.0.0.0/16
    subnets: {a: {cidr: 10.0.1.0/24, az: eu-west-1a}}
    endpoints: {queue: {service: sqs, subnets: {a: 10.0.1.9}}}
private_zones: [{name: shop.example, vpcs: [app], records: {db: 10.0.1.20}}]
"""
PRIVATE = "db.shop.example"


@pytest.fixture
def box() -> Iterator[Machine]:
    with machine() as made:
        (made.folder / "vpcdns.yaml").write_text(CONFIG)
        yield made


def test_a_plain_resolv_conf_leads_all_names_and_is_given_back(box: Machine) -> None:
    heard = box.sniff()
    before = box.file("/etc/resolv.conf")
    box.serve()
    assert box.address(PRIVATE) == "198.51.100.9"
    done = box.vpcdns("resolver", "install", "--all")
    assert done.returncode == 0, done.stderr
    assert "installed (plain): all names of this machine lead to 127.0.0.2:53" in done.stderr
    assert box.file("/etc/resolv.conf").splitlines()[1:4] == [
        b"nameserver 127.0.0.2",
        b"# vpcdns: end",
        b"nameserver 192.0.2.53",
    ]
    heard.write_text("")
    assert (box.address(PRIVATE), box.address("sqs.eu-west-1.amazonaws.com")) == ("10.0.1.20", "10.0.1.9")
    assert "shop" not in heard.read_text()
    assert box.address("www.example.com") == "198.51.100.9"
    assert "www.example.com" in heard.read_text()
    assert (box.vpcdns("resolver", "status").returncode, box.vpcdns("check").returncode) == (0, 0)
    assert "already installed" in box.vpcdns("resolver", "install", "--all").stderr
    for said in ("uninstalled: this machine's names are as before (plain)", "nothing is installed"):
        done = box.vpcdns("resolver", "uninstall")
        assert (done.returncode, said in done.stderr) == (0, True), done.stderr
    assert box.file("/etc/resolv.conf") == before
    assert box.sh("ls -A /var/lib") == ""
    assert box.vpcdns("resolver", "status").returncode == 1


def test_a_server_that_is_killed_takes_no_names_away(box: Machine) -> None:
    """glibc goes on to the server behind it at once, and the guard gives the file back."""
    box.sniff()
    before = box.file("/etc/resolv.conf")
    server = box.serve()
    assert box.vpcdns("resolver", "install", "--all").returncode == 0
    box.run("pkill", "-KILL", "-f", "proxy serve")
    server.wait(10)
    assert box.address("www.example.com") == "198.51.100.9"
    assert "does not answer" in box.vpcdns("resolver", "status").stdout
    box.until(lambda: box.file("/etc/resolv.conf") == before)
    assert box.vpcdns("resolver", "status").stdout == "not installed\n"


def test_what_somebody_wrote_meanwhile_is_kept(box: Machine) -> None:
    box.sniff()
    box.serve()
    assert box.vpcdns("resolver", "install", "--all", "--no-guard").returncode == 0
    box.sh("echo 'options timeout:1' >> /etc/resolv.conf")
    done = box.vpcdns("resolver", "uninstall")
    assert done.returncode == 1
    assert "/etc/resolv.conf was changed meanwhile: only the lines of vpcdns were taken out" in done.stderr
    assert box.file("/etc/resolv.conf") == b"nameserver 192.0.2.53\noptions timeout:1\n"


def test_what_cannot_be_is_told_and_nothing_is_changed(box: Machine) -> None:
    before = box.file("/etc/resolv.conf")
    cases = [
        ([], 1, "a plain resolv.conf cannot send single domains elsewhere"),
        (["--all"], 3, "no vpcdns answers at 127.0.0.2:53: start it first"),
        (["--all", "--server", "127.0.0.1:1053"], 1, "a resolv.conf can name no port, and the server has port 1053"),
        (["--manager", "windows"], 1, "vpcdns changes nothing on windows by itself"),
        (["--manager", "plane"], 2, "plane is no manager (did you mean plain?)"),
        (["--view", "internet"], 1, "no listener of the file is for the view internet"),
        (["--while"], 2, "it takes a command behind --"),
    ]
    for arguments, status, says in cases:
        done = box.vpcdns("resolver", "install", *arguments)
        assert (done.returncode, says in " ".join(done.stderr.replace("│", "").split())) == (status, True), done.stderr
    (box.folder / "vpcdns.yaml").write_text(CONFIG + "upstream: {mode: off}\n")
    assert "this machine would lose all names" in box.vpcdns("resolver", "install", "--all").stderr
    box.sh("ln -sf /run/odd/resolv.conf /etc/resolv.conf")
    assert "belongs to a manager that vpcdns does not know" in box.vpcdns("resolver", "install").stderr
    box.sh("rm /etc/resolv.conf; echo 'nameserver 192.0.2.53' > /etc/resolv.conf")
    assert box.file("/etc/resolv.conf") == before


def test_a_dry_run_shows_the_difference_and_makes_none(box: Machine) -> None:
    before = box.file("/etc/resolv.conf")
    done = box.run(*without_rights(), "-m", "proxy", "resolver", "install", "--all", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "+nameserver 127.0.0.2\n" in done.stdout
    assert " nameserver 192.0.2.53\n" in done.stdout
    done = box.run(*without_rights(), "-m", "proxy", "resolver", "install", "--all")
    assert (done.returncode, "takes root: sudo" in done.stderr) == (3, True)
    assert box.file("/etc/resolv.conf") == before


def test_for_the_time_of_a_command_a_server_is_started(box: Machine) -> None:
    box.sniff()
    before = box.file("/etc/resolv.conf")
    inside = f"getent ahostsv4 {PRIVATE} | head -n 1 | cut -d ' ' -f 1; exit 5"
    done = box.vpcdns("resolver", "install", "--all", "--while", "--", "sh", "-c", inside)
    assert (done.returncode, done.stdout) == (5, "10.0.1.20\n"), done.stderr
    assert "uninstalled (plain)" in done.stderr
    assert box.file("/etc/resolv.conf") == before
    assert box.vpcdns("resolver", "install", "--all", "--while", "--", "no-such-command").returncode == 127
    assert box.file("/etc/resolv.conf") == before


def test_killed_at_any_time_it_can_be_taken_back(box: Machine) -> None:
    """In the midst of it: the journal says so; the next installation takes it back first."""
    box.sniff()
    box.serve()
    before = box.file("/etc/resolv.conf")
    halfway = (
        "import os, signal\nfrom proxy.host.journal import Journal\nfrom proxy.host.facts import facts\n"
        "from proxy.host.managers import Wish, plan\nfrom proxy.host import changes\n"
        "class Killed(changes.CommandChange):\n    def make(self): os.kill(os.getpid(), signal.SIGKILL)\n"
        "made = plan('plain', facts(), Wish('127.0.0.2', 53, ('.',)))\n"
        "Journal('plain', '127.0.0.2:53', ['.']).make([*made, Killed(('false',))])\n"
    )
    python = box.vpcdns("version").args[-4]
    killed = box.run(python, "-c", halfway)
    assert killed.returncode in (-signal.SIGKILL, 137), killed.stderr
    assert box.file("/etc/resolv.conf") != before
    assert "interrupted" in box.vpcdns("resolver", "status").stdout
    done = box.vpcdns("resolver", "install", "--all", "--no-guard")
    assert (done.returncode, "taken back: an earlier installation" in done.stderr) == (0, True), done.stderr
    assert box.file("/etc/resolv.conf").count(b"nameserver 127.0.0.2") == 1
    assert box.vpcdns("resolver", "uninstall").returncode == 0
    assert box.file("/etc/resolv.conf") == before


def test_a_journal_that_is_none_is_told_and_nothing_is_changed(box: Machine) -> None:
    box.sniff()
    box.serve()
    before = box.file("/etc/resolv.conf")
    for text in ("", "{}", '{"changes": [{"file": "/etc/hosts"}]}', '{"changes": [], "colour": "blue"}'):
        box.sh(f"mkdir -p /var/lib/vpcdns; printf '%s' '{text}' > /var/lib/vpcdns/resolver.json")
        for arguments in (["install", "--all"], ["uninstall"], ["status"]):
            done = box.vpcdns("resolver", *arguments)
            assert (done.returncode, "resolver.json is no journal of this vpcdns" in done.stderr) == (3, True), done.stderr
    assert "unreadable-journal" in box.vpcdns("doctor").stdout
    assert box.file("/etc/resolv.conf") == before


def test_an_installation_from_before_the_machines_start_is_taken_back_first(box: Machine) -> None:
    box.sniff()
    box.serve()
    before = box.file("/etc/resolv.conf")
    assert box.vpcdns("resolver", "install", "--all", "--no-guard").returncode == 0
    box.sh('sed -i \'s/"boot": ".*"/"boot": "another"/\' /var/lib/vpcdns/resolver.json')
    done = box.vpcdns("resolver", "install", "--all", "--no-guard")
    assert (done.returncode, "taken back: an earlier installation" in done.stderr) == (0, True), done.stderr
    assert box.file("/etc/resolv.conf").count(b"nameserver 127.0.0.2") == 1
    assert box.vpcdns("resolver", "uninstall").returncode == 0
    assert box.file("/etc/resolv.conf") == before


def test_another_installation_has_to_go_first(box: Machine) -> None:
    box.sniff()
    box.serve("-l", "127.0.0.2:53", "-l", "127.0.0.3:53")
    assert box.vpcdns("resolver", "install", "--all", "--no-guard").returncode == 0
    done = box.vpcdns("resolver", "install", "--all", "--server", "127.0.0.3:53")
    assert (done.returncode, "vpcdns resolver uninstall first" in done.stderr) == (1, True)
    told = json.loads(box.vpcdns("resolver", "status", "--json").stdout)
    assert told == {
        "state": "installed", "healthy": True, "manager": "plain", "server": "127.0.0.2:53", "domains": ["."],
    }  # fmt: skip


@pytest.mark.skipif(not there("dnsmasq"), reason="no dnsmasq")
def test_dnsmasq_leads_the_domains_alone(box: Machine) -> None:
    network = box.sniff()
    box.sh("mkdir -p /etc/dnsmasq.d bin")
    (box.folder / "bin/service").write_text(
        "#!/bin/sh\npkill -x dnsmasq; sleep 0.2\n"
        "exec dnsmasq -u root --listen-address=127.0.0.1 --bind-interfaces --no-resolv --server=192.0.2.53 "
        "--conf-dir=/etc/dnsmasq.d --pid-file=\n"
    )
    (box.folder / "bin/service").chmod(0o755)
    box.sh("bin/service dnsmasq restart; echo 'nameserver 127.0.0.1' > /etc/resolv.conf")
    (box.folder / "vpcdns.yaml").write_text(CONFIG.replace("127.0.0.2:53", "127.0.0.1:1053"))
    asked = box.folder / "asked"
    box.serve()
    path = f"{box.folder}/bin:{box.sh('echo $PATH').strip()}"

    def act(action: str) -> subprocess.CompletedProcess[str]:
        return box.run("env", f"PATH={path}", box.vpcdns("version").args[-4], "-m", "proxy", "resolver", action)

    assert act("install").returncode == 0
    network.write_text("")
    assert box.address(PRIVATE) == "10.0.1.20"
    assert box.address("www.example.com") == "198.51.100.9"
    assert set(network.read_text().split()) == {"www.example.com."}
    assert act("uninstall").returncode == 0
    assert box.address(PRIVATE) == "198.51.100.9"
    assert box.sh("ls /etc/dnsmasq.d") == ""
    assert not asked.exists()


# systemd-resolved, as Debian has it, without a systemd to start it


@pytest.fixture(scope="session")
def resolved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where its packages are unpacked, never installed: that would take this machine's names away."""
    if shutil.which("apt-get") is None or not there("dbus-daemon"):
        pytest.skip("no Debian packages, or no dbus-daemon")
    folder = Path(tmp_path_factory.mktemp("resolved"))
    folder.chmod(0o755)
    got = subprocess.run(
        ["timeout", "60", "apt-get", "-o", "APT::Sandbox::User=root", "download", "systemd-resolved", "libsystemd-shared"],
        cwd=folder, capture_output=True, check=False,
    )  # fmt: skip
    if got.returncode:
        pytest.skip("its packages cannot be had")
    for package in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", package, folder / "root"], check=True)
    return folder / "root"


def start_resolved(box: Machine, packages: Path) -> None:
    [shared] = packages.glob("usr/lib/*/systemd/libsystemd-shared-*.so")
    (box.folder / "resolved.sh").write_text(f"""
mkdir -p /run/dbus /run/systemd/resolve /run/systemd/netif/links /etc/dbus-1/system.d /etc/systemd /run/bin
cp {packages}/usr/share/dbus-1/system.d/org.freedesktop.resolve1.conf /etc/dbus-1/system.d/
cp {packages}/etc/systemd/resolved.conf /etc/systemd/
getent passwd systemd-resolve >/dev/null || useradd -r -s /usr/sbin/nologin systemd-resolve
chown systemd-resolve: /run/systemd/resolve
ln -sf ../run/systemd/resolve/stub-resolv.conf /etc/resolv.conf
printf '#!/bin/sh\\nLD_LIBRARY_PATH={shared.parent} exec {packages}/usr/bin/resolvectl "$@"\\n' > /run/bin/resolvectl
chmod 755 /run/bin/resolvectl
dbus-daemon --system --fork --nopidfile --nosyslog
LD_LIBRARY_PATH={shared.parent} exec {packages}/lib/systemd/systemd-resolved
""")
    log = box.start("sh", "resolved.sh", ready="")
    assert log.poll() is None
    box.until(lambda: box.run("/run/bin/resolvectl", "status").returncode == 0)
    box.sh("/run/bin/resolvectl dns outside 192.0.2.53; /run/bin/resolvectl default-route outside yes")


def test_resolved_leads_the_domains_alone_and_the_rest_as_ever(box: Machine, resolved: Path) -> None:
    """No name but those of the file comes to the server, and none of those goes to the network."""
    network = box.sniff()
    start_resolved(box, resolved)
    (box.folder / "vpcdns.yaml").write_text(CONFIG.replace("127.0.0.2:53", "127.0.0.1:1053"))
    server = box.serve()
    path = f"/run/bin:{box.sh('echo $PATH').strip()}"
    python = box.vpcdns("version").args[-4]

    def act(*words: str) -> subprocess.CompletedProcess[str]:
        return box.run("env", f"PATH={path}", python, "-m", "proxy", "resolver", *words)

    before = box.sh(
        "cat /etc/resolv.conf; ls -lR /etc/systemd; ip -o link; /run/bin/resolvectl dns; /run/bin/resolvectl domain"
    )
    done = act("install")
    assert done.returncode == 0, done.stderr
    assert "installed (resolved): " in done.stderr
    network.write_text("")
    assert box.address(PRIVATE) == "10.0.1.20"
    assert box.address("sqs.eu-west-1.amazonaws.com") == "10.0.1.9"
    assert box.run("/run/bin/resolvectl", "query", "-4", PRIVATE).returncode == 0
    for number in range(4):
        assert box.address(f"host{number}.example.net") == "198.51.100.9"
    if there("curl"):
        tried = box.run("curl", "-sv", "-m", "2", f"http://{PRIVATE}:9/").stderr
        assert "10.0.1.20" in tried
    asked = set(network.read_text().split())
    assert {f"host{number}.example.net." for number in range(4)} <= asked
    assert [name for name in asked if "shop" in name or "amazonaws" in name or "vpcdns" in name] == []
    box.run("pkill", "-USR1", "-f", "proxy serve")
    statistics = box.folder / "log2"
    box.until(lambda: "statistics:" in statistics.read_text())
    assert "upstream" not in statistics.read_text().partition("statistics:")[2], (
        "the server was asked for its own names alone"
    )
    # The server is killed, and the guard takes it all back.
    box.run("pkill", "-KILL", "-f", "proxy serve")
    server.wait(10)
    assert box.address("www.example.net") == "198.51.100.9"
    box.until(lambda: act("status").stdout == "not installed\n")
    after = box.sh(
        "cat /etc/resolv.conf; ls -lR /etc/systemd; ip -o link; /run/bin/resolvectl dns; /run/bin/resolvectl domain"
    )
    assert after == before
    assert box.address(PRIVATE) == "198.51.100.9"
    # And by hand, twice.
    box.serve()
    assert act("install", "--no-guard").returncode == 0
    assert [act("uninstall").returncode, act("uninstall").returncode] == [0, 0]
    assert box.sh("ip -o link | grep -c vpcdns || true") == "0\n"
    assert surroundings()
    assert vpcdns("resolver", "instal").status == 2
