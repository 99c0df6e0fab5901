"""`vpcdns exec`: programs of many kinds, each way that there is; their ends, signals and terminals; and that nothing is left."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.programs import serving, vpcdns
from tests.host.namespaces import HOUSE, apart, linux, root, surroundings, there, without_rights, works

pytestmark = [linux, pytest.mark.skipif(not works("unshare", "-Urm", "true"), reason="no user namespaces here")]

NAME = "db.shop.example"
INSIDE = "172.16.2.90"
CONFIG = """\
region: eu-west-1
listen: 127.0.0.1:0
upstream: {mode: off}
vpcs: {app: {cidr: 172.16.0.0/16}}
private_zones: [{name: shop.example, vpcs: [app], records: {db: 172.16.2.90}}]
public_records: {db.shop.example: 203.0.113.9}
"""

LOOK_C = """\
#include <stdio.h>
#include <netdb.h>
#include <arpa/inet.h>
int main(int count, char **words) {
    struct addrinfo hints = {.ai_family = AF_INET, .ai_socktype = SOCK_STREAM}, *found;
    char text[64];
    int wrong = getaddrinfo(words[1], 0, &hints, &found);
    puts(wrong ? gai_strerror(wrong) : inet_ntop(AF_INET, &((struct sockaddr_in *)found->ai_addr)->sin_addr, text, sizeof text));
    return wrong != 0;
}
"""
LOOK_GO = """\
package main

import ("fmt"; "net"; "os")

func main() {
    found, err := net.LookupHost(os.Args[1])
    if err != nil { fmt.Println(err); os.Exit(1) }
    fmt.Println(found[0])
}
"""

LOOK_JAVA = """\
class Look {
    public static void main(String[] words) throws Exception {
        System.out.println(java.net.InetAddress.getByName(words[0]).getHostAddress());
    }
}
"""

# Client: what must be here for it, and a line of shell that prints the address of $1.
CLIENTS = {
    "getent": ("getent", "getent hosts $1 | cut -d ' ' -f 1"),
    "curl": ("curl", "curl -sv -m 1 http://$1:9/ 2>&1 | sed -n 's/.*Trying \\([0-9.]*\\).*/\\1/p'"),
    "wget": ("wget", "LC_ALL=C wget -t 1 -T 1 -O - http://$1:9/ 2>&1 | sed -n 's/^Connecting.*|\\([0-9.]*\\)|.*/\\1/p'"),
    "Python": ("python3", "python3 -c 'import socket, sys; print(socket.gethostbyname(sys.argv[1]))' $1"),
    "dnspython": ("", "$PYTHON -c 'import dns.resolver, sys; print(dns.resolver.resolve(sys.argv[1])[0])' $1"),
    "dnspython, asyncio": (
        "",
        "$PYTHON -c 'import asyncio, dns.asyncresolver, sys; print(asyncio.run(dns.asyncresolver.resolve(sys.argv[1]))[0])' $1",
    ),
    "node, lookup": ("node", "node -e 'require(\"dns\").lookup(process.argv[1], (e, a) => console.log(e ? e.code : a))' $1"),
    "node, resolve4": (
        "node",
        "node -e 'require(\"dns\").resolve4(process.argv[1], (e, a) => console.log(e ? e.code : a[0]))' $1",
    ),
    "Go, static": ("go gcc", "$FOLDER/look-go $1"),
    "Go, cgo": ("go gcc", "GODEBUG=netdns=cgo $FOLDER/look-cgo $1"),
    "Java": ("java javac", "java -XX:TieredStopAtLevel=1 -cp $FOLDER Look $1"),
    "musl, static": ("musl-gcc", "$FOLDER/look-musl $1"),
    "dig": ("dig", "dig +short +time=2 +tries=1 $1"),
    "dig, TCP": ("dig", "dig +short +tcp +time=2 +tries=1 $1"),
    "nslookup": ("nslookup", "nslookup $1 | sed -n 's/^Address: //p' | tail -n 1"),
    "kdig": ("kdig", "kdig +short +timeout=2 +retry=0 $1"),
}
# By CONNECTIONS these see that the answer comes from elsewhere, or send without connecting.
REFUSED = {"dnspython", "dnspython, asyncio", "node, resolve4", "musl, static", "kdig"}
# Asked by name, whatever resolv.conf says: the Amazon resolver's addresses.
AMAZON = ["169.254.169.253", "172.16.0.2", "fd00:ec2::253"]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A configuration, and clients made of C and Go, where another user can read them."""
    folder = Path(subprocess.check_output(["mktemp", "-d"], text=True).strip())
    (folder / "vpcdns.yaml").write_text(CONFIG)
    (folder / "look.c").write_text(LOOK_C)
    (folder / "look.go").write_text(LOOK_GO)
    if there("musl-gcc"):
        subprocess.run(["musl-gcc", "-static", "-o", folder / "look-musl", folder / "look.c"], check=True)
    for name, cgo in (("look-go", "0"), ("look-cgo", "1")) if there("go", "gcc") else ():
        environment = {**os.environ, "CGO_ENABLED": cgo, "GOCACHE": str(folder / "cache"), "GO111MODULE": "off"}
        subprocess.run(["go", "build", "-o", folder / name, folder / "look.go"], check=True, env=environment)
    if there("java", "javac"):
        (folder / "Look.java").write_text(LOOK_JAVA)
        subprocess.run(["javac", "-d", folder, folder / "Look.java"], check=True)
    subprocess.run(["chmod", "-R", "a+rX", folder], check=True)
    yield folder
    shutil.rmtree(folder)


def line(folder: Path, *arguments: str, before: tuple[str, ...] = ()) -> list[str]:
    return [*before, *without_rights(), "-m", "proxy", "-c", str(folder / "vpcdns.yaml"), "exec", *arguments]


def run(
    folder: Path, *arguments: str, before: tuple[str, ...] = (), timeout: float = 60
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        line(folder, *arguments, before=before), capture_output=True, text=True, timeout=timeout, check=False, env=surroundings(),
        cwd=folder, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def script(folder: Path) -> str:
    """All clients at once, each on a line `NAME: ADDRESS`, so that a machine with little to spare starts few servers."""
    lines = [f"export FOLDER={folder} PYTHON='{without_rights()[-1]}'", f"set -- {NAME}"]
    lines += [f'echo "{name}: $(timeout 15 sh -c {quoted(text)} sh $1)"' for name, text in present().items()]
    return "\n".join(lines)


def present() -> dict[str, str]:
    return {name: text for name, (needs, text) in CLIENTS.items() if there(*needs.split())}


def quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


def answers(output: str) -> dict[str, str]:
    return dict(each.partition(": ")[::2] for each in output.splitlines())


# The ways


def test_the_readme_says_the_same() -> None:
    """Its table has every client, and by which ways it is inside."""
    lines = (HOUSE / "README.md").read_text().partition("| a program that looks up by |")[2].splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[: lines.index("")]]
    assert {client: (files, sockets, connections) for clients, files, sockets, connections in rows
            for client in re.findall(r"`([^`]+)`", clients)} == {
        client: ("inside", "inside", "no answer" if client in REFUSED else "inside") for client in CLIENTS
    }  # fmt: skip


def test_by_sockets_every_client_is_inside(folder: Path) -> None:
    ran = run(folder, "--way", "sockets", "--view", "app", "--", "sh", "-c", script(folder))
    assert answers(ran.stdout) == dict.fromkeys(present(), INSIDE), ran.stderr
    assert ran.returncode == 0


@root
def test_by_files_every_client_is_inside_where_port_53_is_free_for_all(folder: Path) -> None:
    apart_with_53 = (*apart("-n"), "sh", "-c", 'sysctl -qw net.ipv4.ip_unprivileged_port_start=53; exec "$@"', "sh")
    ran = run(folder, "-v", "--view", "app", "--", "sh", "-c", script(folder), before=apart_with_53)
    assert "way: files" in ran.stderr
    got = answers(ran.stdout)
    # A network with nothing but a loopback has, for glibc and AI_ADDRCONFIG, no addresses worth asking for.
    assert {name: got[name] for name in present() if name != "getent"} == dict.fromkeys(
        present().keys() - {"getent"}, INSIDE
    )


@root
def test_by_connections_most_are_inside_and_the_others_ask_nobody(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The machine's own resolver, here one that writes down what it is asked, hears of nothing."""
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.9.9\n")
    heard = tmp_path / "heard"
    sniffer = (
        "import socket, sys\ns = socket.socket(type=socket.SOCK_DGRAM)\ns.bind(('127.0.9.9', 53))\n"
        "while True: open(sys.argv[1], 'ab').write(s.recv(512) + b'\\n')\n"
    )
    before = (
        *apart("-n", "-m"), "sh", "-c",
        f"ip link add a type veth peer name b; ip address add 192.0.2.1/24 dev a; ip link set a up; ip link set b up\n"
        f"mount --bind {tmp_path}/resolv.conf /etc/resolv.conf\n"
        f"{sys.executable} -c \"$SNIFFER\" {heard} & sniffer=$!\n"
        'sleep 0.5; timeout 1 getent hosts nobody.example; "$@"; status=$?; kill $sniffer; exit $status', "sh",
    )  # fmt: skip
    monkeypatch.setenv("SNIFFER", sniffer)
    ran = run(folder, "--way", "connections", "--view", "app", "--", "sh", "-c", script(folder), before=before, timeout=90)
    got = answers(ran.stdout)
    assert {name for name, answer in got.items() if answer == INSIDE} == present().keys() - REFUSED, ran.stderr
    assert b"nobody" in heard.read_bytes(), "the sniffer works"
    assert b"shop" not in heard.read_bytes()


@pytest.mark.skipif(not there("dig"), reason="no dig")
def test_the_amazon_resolver_has_its_own_addresses(folder: Path) -> None:
    asked = "; ".join(f"dig +short +time=1 +tries=1 {flag} @{each} {NAME}" for each in AMAZON for flag in ("", "+tcp"))
    ran = run(folder, "--way", "sockets", "--view", "app", "--", "sh", "-c", asked)
    assert ran.stdout.split() == [INSIDE] * 6


def test_a_view_is_the_one_that_is_named(folder: Path) -> None:
    assert run(folder, "--view", "internet", "--", "getent", "hosts", NAME).stdout.split() == ["203.0.113.9", NAME]
    assert run(folder, "--", "getent", "hosts", NAME).stdout.split() == [INSIDE, NAME]
    ran = run(folder, "--view", "ap", "--", "true")
    assert (ran.returncode, "there is no view ap (did you mean app?)" in ran.stderr) == (2, True)


@pytest.mark.parametrize("way", ["sockets", "connections"])
def test_a_server_that_runs_is_asked(folder: Path, way: str) -> None:
    with serving("-c", folder / "vpcdns.yaml", "serve") as server:
        address = f"127.0.0.1:{server.ports[0]}"
        asked = f"getent hosts {NAME}; python3 -c 'import socket; print(socket.gethostbyname(\"{NAME}\"))'"
        ran = run(folder, "--way", way, "--server", address, "--", "sh", "-c", asked)
        assert ran.stdout.split() == [INSIDE, NAME, INSIDE], ran.stderr
        refused = run(folder, "--way", "files", "--server", address, "--", "true")
        assert (refused.returncode, f"resolv.conf cannot name port {server.ports[0]}" in refused.stderr) == (3, True)
    gone = run(folder, "--server", address, "--", "true")
    assert (gone.returncode, gone.stderr) == (3, f"no server to ask: {address} refused the connection\n")
    assert vpcdns("exec", "--server", address, "--view", "app", "--", "true").status == 2


# The command's end


@pytest.mark.parametrize(
    ("command", "status"),
    [
        (["sh", "-c", "exit 7"], 7),
        (["sh", "-c", "kill -KILL $$"], -signal.SIGKILL),
        (["sh", "-c", "kill -INT $$"], -signal.SIGINT),
        (["sh", "-c", "kill -PIPE $$"], -signal.SIGPIPE),
        (["no-such-command"], 127),
        (["./vpcdns.yaml"], 126),
    ],
)
def test_it_ends_as_the_command_does(folder: Path, command: list[str], status: int) -> None:
    ran = run(folder, "--", *command)
    assert (ran.returncode, ran.stdout) == (status, "")
    assert ran.stderr == "" or ran.stderr.startswith(f"vpcdns exec: {command[0]}: ")


def test_options_behind_the_command_are_the_commands(folder: Path) -> None:
    assert run(folder, "echo", "-v", "--view", "x").stdout == "-v --view x\n"
    assert run(folder, "--way", "socket", "true").returncode == 2


def test_streams_and_folder_are_the_callers(folder: Path) -> None:
    ran = subprocess.run(
        line(folder, "--", "sh", "-c", "pwd; cat; echo wrong >&2"),
        input=b"typed\n", capture_output=True, env=surroundings(), cwd=folder, timeout=20, check=True,
    )  # fmt: skip
    assert (ran.stdout, ran.stderr) == (f"{folder}\ntyped\n".encode(), b"wrong\n")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1])
def test_a_signal_reaches_the_command(folder: Path, number: signal.Signals) -> None:
    trap = f"trap 'echo got; exit 5' {number.name.removeprefix('SIG')}; echo ready; while :; do sleep 0.05; done"
    with subprocess.Popen(line(folder, "--", "bash", "-c", trap), stdout=subprocess.PIPE, env=surroundings()) as ran:
        assert ran.stdout is not None
        assert ran.stdout.readline() == b"ready\n"
        ran.send_signal(number)
        assert ran.stdout.read() == b"got\n"
        assert ran.wait(10) == 5


def test_what_is_killed_takes_the_command_along(folder: Path) -> None:
    with subprocess.Popen(
        line(folder, "--", "sh", "-c", "echo $$; exec sleep 60"), stdout=subprocess.PIPE, env=surroundings()
    ) as ran:
        assert ran.stdout is not None
        process = int(ran.stdout.readline())
        ran.kill()
        assert ran.stdout.read() == b"", "its end closes the pipe"
    assert not Path(f"/proc/{process}/exe").exists() or Path(f"/proc/{process}/stat").read_text().split()[2] == "Z"


def test_the_terminal_is_the_commands(folder: Path) -> None:
    """It is one, its size is seen, and what is typed there, an interruption too, arrives once."""
    child = "stty size; trap 'echo interrupted' INT; read word; echo \"<$word>\"; exit 9"
    process, terminal = pty.fork()
    if not process:
        os.execvpe(line(folder)[0], line(folder, "--", "bash", "-c", child), surroundings())
    text = b""

    def wait_for(what: bytes) -> None:
        nonlocal text
        end = time.monotonic() + 10
        while what not in text and time.monotonic() < end:
            text += os.read(terminal, 1024)
        assert what in text

    wait_for(b"0 0")
    time.sleep(0.2)
    os.write(terminal, b"\x03")
    wait_for(b"interrupted")
    os.write(terminal, b"typed\n")
    wait_for(b"<typed>")
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 9
    os.close(terminal)
    assert text.count(b"interrupted") == 1


# What is left


@pytest.mark.parametrize("way", ["sockets", "connections"])
def test_what_the_command_leaves_running_keeps_nobody_waiting_and_goes_on(folder: Path, way: str) -> None:
    """Its server has ended: it has no names, but can still connect and send."""
    left = "import socket, time; time.sleep(1); s = socket.create_connection(('127.0.0.1', PORT)); s.sendall(b'still here')"
    with socket_that_listens() as (port, accepted):
        begun = time.monotonic()
        command = f'python3 -c "{left.replace("PORT", str(port))}" >/dev/null 2>&1 & echo started'
        assert run(folder, "--way", way, "--", "sh", "-c", command).stdout == "started\n"
        assert time.monotonic() - begun < 5
        assert accepted() == b"still here"


def test_nothing_of_the_machine_is_changed(folder: Path) -> None:
    def look() -> list[bytes]:
        return [Path(path).read_bytes() for path in ("/etc/resolv.conf", "/proc/self/mountinfo")]

    before, folders = look(), set(Path(tempfile.gettempdir()).iterdir())
    assert "search eu-west-1.compute.internal" in run(folder, "--", "cat", "/etc/resolv.conf").stdout
    assert look() == before
    assert [each.name for each in set(Path(tempfile.gettempdir()).iterdir()) - folders if "vpcdns" in each.name] == []


def test_the_command_has_no_more_rights_than_its_caller(folder: Path) -> None:
    told = run(
        folder, "--", "sh", "-c", "id -u; grep CapEff /proc/self/status; hostname no 2>/dev/null || echo may not"
    ).stdout
    if os.geteuid() == 0:
        assert told.splitlines() == ["65534", "CapEff:\t0000000000000000", "may not"]


@root
def test_a_machine_that_allows_nothing_is_told_what_it_lacks(folder: Path) -> None:
    """No user namespaces, as in many a container; and no tracing, as seccomp has it there."""
    none = (*apart("-U", "-r"), "sh", "-c", 'echo 0 > /proc/sys/user/max_user_namespaces; exec "$@"', "sh")
    ran = subprocess.run(
        [*none, "setpriv", "--bounding-set=-all", "--inh-caps=-all", sys.executable, "-m", "proxy", "-c", folder / "vpcdns.yaml",
         "exec", "--way", "sockets", "--", "true"],
        capture_output=True, text=True, env=surroundings(), timeout=20, check=False,
    )  # fmt: skip
    assert ran.returncode == 3
    assert "this machine lets no process have a resolver of its own by sockets:\n  sockets: unshare: " in ran.stderr
    assert "it needs user namespaces" in ran.stderr
    assert "vpcdns resolver install --while -- COMMAND" in ran.stderr


class socket_that_listens:  # noqa: N801  read as a function
    """A port, and a function that waits for what the first who connects says."""

    def __enter__(self):  # type: ignore[no-untyped-def]
        import socket

        self._listening = socket.create_server(("127.0.0.1", 0))
        self._listening.settimeout(10)
        return self._listening.getsockname()[1], self._accept

    def _accept(self) -> bytes:
        connection, _ = self._listening.accept()
        with connection:
            return connection.recv(100)

    def __exit__(self, *_: object) -> None:
        self._listening.close()


def test_another_system_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    ran = vpcdns("exec", "--", "true")
    assert ran.status == 3
    assert "exec needs Linux" in ran.err
