"""The README as its readers use it: every command is run, every output compared, every file checked.

A `console` block is a session: lines behind `$ ` are commands, the others what they print; a line `…` stands for any lines, and
a block that begins with `…` is a part of the output.  All blocks run in their order, in one folder that has what a clone has.
Servers go on in the background, as in a terminal of their own.  A `yaml` block that begins with `# NAME.yaml` is a file that the
reader writes; others must be configurations too.  A `python` block begins with `# test_NAME.py`: pytest runs it, with the plugin.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.containers.test_compose import ANSWERS
from tests.containers.test_emulator import RAN

HOUSE = Path(__file__).parent.parent
README = (HOUSE / "README.md").read_text()
PORTS = ("1053", "1054", "1055", "8053")  # as README and config have them; the tests use free ones
_BLOCK = re.compile(r"^```(\w+)[^\n]*\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BACKGROUND = re.compile(r"make run|vpcdns .*\bserve\b|vpcdns serve\b")
_LOAD = "" if "vpcdns" in entry_points(group="pytest11").names else "-p proxy.testing.plugin"  # else it loads itself
# What a real engine prints, which tests/containers sees to: a README's reader has one, whoever runs these tests need not.
_COMPOSED = "".join(f"{service + '-1':14}  | {line}\n" for service, lines in ANSWERS.items() for line in lines)
# So is what takes packages that these tests do without.
_EMULATED = {"config/emulator/run": "\n".join(RAN)}
_SHIMS = {
    "pip": "",
    "docker": f"cat <<'END'\n{_COMPOSED}END",
    "vpcdns": f'exec "{sys.executable}" -m proxy "$@"',
    "pytest": f'exec "{sys.executable}" -m pytest {_LOAD} -p no:asyncio -p no:cacheprovider "$@"',
    "make": f'[ "$1" != run ] || exec "{sys.executable}" -m proxy -c config/demo.yaml serve; exec {shutil.which("make")} -n "$@"',
}


class Block(NamedTuple):
    language: str
    text: str
    line: int


class Command(NamedTuple):
    text: str
    output: str
    line: int


def blocks() -> list[Block]:
    return [Block(found[1], found[2], README.count("\n", 0, found.start()) + 2) for found in _BLOCK.finditer(README)]


def commands(block: Block) -> Iterator[Command]:
    output: list[str] = []
    text, line = "", block.line
    for number, each in enumerate(block.text.splitlines(), block.line):
        if each.startswith("$ "):
            if text:
                yield Command(text, "\n".join(output), line)
            text, output, line = each[2:], [], number
        else:
            output.append(each)
    if text:
        yield Command(text, "\n".join(output), line)


class Terminal:
    """The folder of somebody who reads the README, and the servers that run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.running: list[subprocess.Popen[bytes]] = []
        self.ports = dict(zip(PORTS, free_ports(len(PORTS)), strict=True))
        for name in ("config", "Makefile", "requirements.txt", "requirements-dev.txt"):
            source = HOUSE / name
            (shutil.copytree if source.is_dir() else shutil.copy)(source, folder / name)
        for path in folder.rglob("*.yaml"):
            path.write_text(self.moved(path.read_text()))
        for name, output in _EMULATED.items():
            (folder / name).write_text(f"#!/bin/sh\ncat <<'END'\n{output}\nEND\n")
        shims = folder / "bin"
        shims.mkdir()
        for name, script in _SHIMS.items():
            (shims / name).write_text(f"#!/bin/sh\n{script}\n")
            (shims / name).chmod(0o755)
        self.environment = {
            **os.environ,
            "PATH": f"{shims}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(HOUSE),
            "HOME": str(folder),
            "COLUMNS": "140",
            "VPCDNS_ADMIN": f"127.0.0.1:{self.ports['8053']}",
        }
        for name in ("VPCDNS_CONFIG", "VPCDNS_TOKEN", "XDG_RUNTIME_DIR"):
            self.environment.pop(name, None)

    def moved(self, text: str) -> str:
        for port, free in self.ports.items():
            text = re.sub(rf"(?<!\d){port}(?!\d)", str(free), text)
        return text

    def back(self, text: str) -> str:
        for port, free in self.ports.items():
            text = text.replace(str(free), port)
        return text

    def write(self, name: str, text: str) -> None:
        listen = "" if "\nlisten:" in text else "listen: 127.0.0.1:1053\n"
        (self.folder / name).write_text(self.moved(text + listen))

    def write_test(self, block: Block) -> str:
        """The name of the test file that a block is."""
        named = re.match(r"# (test_\w+\.py)\n", block.text)
        assert named is not None, f"README.md:{block.line}: a python block begins with # test_NAME.py"
        (self.folder / named[1]).write_text(block.text)
        return named[1]

    def run(self, command: Command) -> str:
        text = self.moved(command.text.partition("      #")[0])
        if _BACKGROUND.fullmatch(command.text.partition("      #")[0].strip()):
            return self.start(text)
        # A second server goes without a control API where the first one has its usual address, unless it is told of one.
        kept = {name: value for name, value in self.environment.items() if name != "VPCDNS_ADMIN" or " serve" not in text}
        done = subprocess.run(
            ["bash", "-c", text],
            cwd=self.folder,
            env=kept,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=60,
            check=False,
        )
        return self.back(done.stdout)

    def start(self, text: str) -> str:
        self.stop()
        log = self.folder / "serve.log"
        with log.open("wb") as output:
            self.running.append(
                subprocess.Popen(
                    ["bash", "-c", f"exec {text}"], cwd=self.folder, env=self.environment, stdout=output, stderr=output
                )
            )
        for _ in range(200):
            if b"try:" in log.read_bytes() or self.running[-1].poll() is not None:
                break
            time.sleep(0.05)
        time.sleep(0.1)
        return self.back(log.read_text())

    def stop(self) -> None:
        for server in self.running:
            server.terminate()
            server.wait(10)
        self.running.clear()


def free_ports(number: int) -> list[int]:
    sockets = [socket.socket(socket.AF_INET, socket.SOCK_STREAM) for _ in range(number)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    terminal = Terminal(tmp_path)
    try:
        yield terminal
    finally:
        terminal.stop()


@pytest.mark.skipif(shutil.which("dig") is None, reason="the README's readers have dig")
def test_every_command_prints_what_the_readme_says(terminal: Terminal) -> None:
    wrong = []
    for block in blocks():
        if block.language == "yaml":
            named = re.match(r"# ([\w-]+\.yaml)\b", block.text)
            if named:
                terminal.write(named[1], block.text)
        elif block.language == "python":
            terminal.write_test(block)
        elif block.language == "console":
            wrong += [
                f"README.md:{command.line}: $ {command.text}\n{came}"
                for command in commands(block)
                if not is_like(came := terminal.run(command), command.output)
            ]
    assert not wrong, "\n\n".join(wrong)


def is_like(came: str, said: str) -> bool:
    """Whether the output is what the README says; `…` alone on a line is any lines, none included."""
    if not said.strip():
        return True
    pattern = "".join(
        r"(?:.*\n)*?" if line.strip() == "…" else re.escape(line.rstrip()).replace("…", ".*") + r"[ ]*\n"
        for line in said.strip("\n").splitlines()
    )
    return re.fullmatch(pattern, came.rstrip("\n") + "\n") is not None


def test_every_configuration_in_it_is_right(terminal: Terminal) -> None:
    wrong = []
    found = [block for block in blocks() if block.language == "yaml" and "services:\n" not in block.text]
    for block in found:
        terminal.write("checked.yaml", block.text)
        done = terminal.run(Command("vpcdns -c checked.yaml check && echo it is good", "", block.line))
        if "it is good" not in done:
            wrong.append(f"README.md:{block.line}: {done}")
    assert len(found) >= 3
    assert not wrong, "\n\n".join(wrong)


def test_every_test_in_it_passes(terminal: Terminal) -> None:
    """But for those that show how one fails: their names stand behind FAILED in what is printed there."""
    names = [terminal.write_test(block) for block in blocks() if block.language == "python"]
    shown = sorted(re.findall(r"^FAILED (\S+)", README, re.MULTILINE))
    done = terminal.run(Command(f"pytest -q {' '.join(names)}", "", 0))
    assert sorted(re.findall(r"^FAILED (\S+)", done, re.MULTILINE)) == shown, done
    assert re.search(r"\b[1-9]\d* passed", done), done
    assert "error" not in done, done


def test_no_block_escapes() -> None:
    """A command that nobody runs is a command that nobody knows to work."""
    assert {block.language for block in blocks()} <= {"console", "yaml", "text", "python"}
    assert README.count("\n```") == 2 * len(blocks())
    assert sum(1 for block in blocks() if block.language == "console") >= 5


def test_every_link_leads_somewhere() -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)(?:#[\w-]+)?\)", README)
    assert links
    assert [link for link in links if not (HOUSE / link).exists()] == []
    headings = {
        re.sub(r"[^\w\- ]", "", line.lstrip("# ").lower()).replace(" ", "-")
        for line in README.splitlines()
        if line.startswith("#")
    }
    assert [link for link in re.findall(r"\]\(#([\w-]+)\)", README) if link not in headings] == []
