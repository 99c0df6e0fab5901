"""The example of AWS code that reaches an emulator: real boto3 and moto, by `exec`.

`.ci/emulator` gets both; they are too large to come with what other tests need.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.containers.engines import EMULATOR, PATIENCE
from tests.host.namespaces import HOUSE, linux, surroundings, works

pytestmark = [
    linux,
    pytest.mark.skipif(not EMULATOR.exists(), reason="no emulator of AWS: .ci/emulator gets one"),
    pytest.mark.skipif(not works("unshare", "-Urn", "true"), reason="no user namespaces here"),
]

KEPT = [
    "https://sqs.us-east-1.amazonaws.com/123456789012/orders: three apples",
    "s3://orders/first: three apples",
]
LOST = [
    'Could not connect to the endpoint URL: "https://sqs.us-east-1.amazonaws.com/"',
    'Could not connect to the endpoint URL: "https://orders.s3.us-east-1.amazonaws.com/"',
]
INSIDE = [
    "172.31.0.50     sqs.us-east-1.amazonaws.com",
    "172.31.0.50     orders.s3.us-east-1.amazonaws.com",
]
OUTSIDE = [
    "198.51.100.10   sqs.us-east-1.amazonaws.com",
    "198.51.100.20   orders.s3.us-east-1.amazonaws.com",
]
RAN = ["in app:", *INSIDE, *KEPT, "in internet:", *OUTSIDE, *LOST]
# Stands for the internet, at these addresses: says which of them is connected to, and hangs up.
ADDRESSES = ["198.51.100.10", "198.51.100.20"]
INTERNET = """
import select, socket, sys
servers = [socket.create_server((address, 443)) for address in sys.argv[1:]]
print("listening", flush=True)
while True:
    for server in select.select(servers, [], [])[0]:
        connection, _ = server.accept()
        print("to the internet:", connection.getsockname()[0], flush=True)
        connection.close()
"""


def run(*before: str) -> list[str]:
    """The example as its README calls it, by a Python that has vpcdns and the emulator; the lines that it prints."""
    done = subprocess.run(
        [*before, "config/emulator/run", str(EMULATOR / "venv/bin/python")],
        capture_output=True, text=True, timeout=PATIENCE, check=False, stdin=subprocess.DEVNULL, cwd=HOUSE,
        env=surroundings(APART="yes" if before else "", AWS_EC2_METADATA_DISABLED="true"),
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout.splitlines()


def test_code_that_knows_of_no_emulator_reaches_it_inside_alone(tmp_path: Path) -> None:
    """And outside it goes to the internet, here a server that hangs up; from inside nothing does."""
    (tmp_path / "internet.py").write_text(INTERNET)
    script = tmp_path / "apart"
    addresses = " ".join(ADDRESSES)
    script.write_text(
        f"set -e\nip link set lo up\nfor each in {addresses}; do ip address add $each/32 dev lo; done\n"
        f'{sys.executable} {tmp_path}/internet.py {addresses} &\nexec "$@"\n'
    )
    lines = run("unshare", "-Urn", "--pid", "--fork", "--kill-child", "--mount-proc", "sh", str(script))
    lines.remove("listening")
    outside = lines.index("in internet:")
    assert lines[:outside] == ["in app:", *INSIDE, *KEPT]
    assert lines[outside + 1 : outside + 3] == OUTSIDE
    gone = [line.removeprefix("to the internet: ") for line in lines[outside:] if line.startswith("to the internet: ")]
    assert list(dict.fromkeys(gone)) == ADDRESSES


def test_it_makes_its_own_network() -> None:
    """As the README shows it."""
    assert run() == RAN


def test_a_python_without_the_packages_is_told_which() -> None:
    done = subprocess.run(["config/emulator/run", sys.executable], cwd=HOUSE, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.endswith("-m pip install -r config/emulator/requirements.txt\n")
