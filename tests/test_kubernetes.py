"""The example for Kubernetes, as far as it can be seen without a cluster: its parts agree with each other and with the image."""

from __future__ import annotations

import ipaddress
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

from proxy.configuration import Configuration, check
from proxy.inventory import domains_of
from proxy.source import Files
from tests.cli.programs import serving

HOUSE = Path(__file__).parent.parent
FOLDER = HOUSE / "config" / "kubernetes"
OBJECTS: dict[str, Any] = {each["kind"]: each for each in yaml.safe_load_all((FOLDER / "vpcdns.yaml").read_text())}
POD = OBJECTS["Deployment"]["spec"]["template"]["spec"]
[CONTAINER] = POD["containers"]


@pytest.fixture
def configuration(tmp_path: Path) -> Configuration:
    """That of the ConfigMap, with its expectations met."""
    [(name, text)] = OBJECTS["ConfigMap"]["data"].items()
    (tmp_path / name).write_text(text)
    found = check(Files(tmp_path / name, name, "test"))
    assert [str(problem) for problem in found.problems] == []
    assert found.configuration is not None
    return found.configuration


def image() -> dict[str, str]:
    """What the Dockerfile says of the image, by its keywords."""
    text = (HOUSE / "Dockerfile").read_text().rpartition("FROM ")[2].replace("\\\n", "")
    return dict(line.split(maxsplit=1) for line in text.splitlines()[1:] if re.match("[A-Z]+ ", line))


def test_objects_find_each_other() -> None:
    assert {kind: each["apiVersion"] for kind, each in OBJECTS.items()} == {
        "Namespace": "v1", "ConfigMap": "v1", "Deployment": "apps/v1", "Service": "v1",
    }  # fmt: skip
    space = OBJECTS["Namespace"]["metadata"]["name"]
    assert {each["metadata"].get("namespace", space) for each in OBJECTS.values()} == {space}
    labels = OBJECTS["Deployment"]["spec"]["template"]["metadata"]["labels"]
    assert OBJECTS["Deployment"]["spec"]["selector"]["matchLabels"].items() <= labels.items()
    assert OBJECTS["Service"]["spec"]["selector"].items() <= labels.items()
    assert POD["volumes"][0]["configMap"]["name"] == OBJECTS["ConfigMap"]["metadata"]["name"]
    assert POD["volumes"][0]["name"] == CONTAINER["volumeMounts"][0]["name"]


def test_ports_lead_to_the_listener_whose_view_it_names(configuration: Configuration) -> None:
    [listener] = configuration.plan.listeners
    assert (listener.host, listener.view) == ("0.0.0.0", "app")
    ports = {each["name"]: (each["containerPort"], each["protocol"]) for each in CONTAINER["ports"]}
    assert set(ports.values()) == {(listener.port, "UDP"), (listener.port, "TCP")}
    served = {(each["port"], *ports[each["targetPort"]], each["protocol"]) for each in OBJECTS["Service"]["spec"]["ports"]}
    assert served == {(53, listener.port, protocol, protocol) for protocol in ("UDP", "TCP")}
    for pod in ("10.244.1.7", "172.17.0.9", "192.168.3.3", "127.0.0.1"):
        assert configuration.world.allowed.find(ipaddress.ip_address(pod))


def test_the_pod_runs_the_image_as_it_is_made(configuration: Configuration) -> None:
    made = image()
    security = POD["securityContext"]
    assert f"{security['runAsUser']}:{security['runAsGroup']}" == made["USER"]
    assert security["runAsNonRoot"] is True
    assert security["seccompProfile"] == {"type": "RuntimeDefault"}
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False, "readOnlyRootFilesystem": True, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert POD["automountServiceAccountToken"] is False
    environment = dict(word.split("=", 1) for word in shlex.split(made["ENV"]))
    folder, _, name = environment["VPCDNS_CONFIG"].rpartition("/")
    assert CONTAINER["volumeMounts"][0]["mountPath"] == folder
    assert list(OBJECTS["ConfigMap"]["data"]) == [name]
    assert made["ENTRYPOINT"] == '["vpcdns"]'
    assert CONTAINER["args"] == ["serve"], "the file's own listener, not the image's"
    program = yaml.safe_load(made["HEALTHCHECK"].partition("CMD ")[2])[0]
    [port] = {each["containerPort"] for each in CONTAINER["ports"]}
    for probe in ("readinessProbe", "livenessProbe"):
        assert CONTAINER[probe]["exec"]["command"] == [program, "healthcheck", "--server", f"127.0.0.1:{port}"]
        assert CONTAINER[probe]["timeoutSeconds"] >= 10, "a program is started, on a node that may be busy"


def test_corednss_block_sends_the_files_domains_to_the_service(configuration: Configuration) -> None:
    """The grammar of a Corefile, as far as it goes here: keys and an opening brace, a plugin a line, a closing brace."""
    lines = [line.split() for line in (FOLDER / "Corefile").read_text().splitlines() if not line.startswith("#")]
    (*keys, brace), *plugins, end = lines
    assert (brace, end) == ("{", ["}"])
    domains = [key.removesuffix(":53") for key in keys]
    assert all(key.endswith(":53") for key in keys)
    assert {words[0] for words in plugins} == {"errors", "cache", "forward"}
    assert ["forward", ".", OBJECTS["Service"]["spec"]["clusterIP"]] in plugins
    wanted = domains_of(configuration.world.views["app"])
    assert [each for each in wanted if not any(each == domain or each.endswith(f".{domain}") for domain in domains)] == []
    assert [domain for domain in domains if not any(each == domain or each.endswith(f".{domain}") for each in wanted)] == []


def test_a_new_configmap_is_taken_in(tmp_path: Path) -> None:
    """The kubelet writes a folder of its own each time, and puts a link to it in the place of the old one."""
    text = OBJECTS["ConfigMap"]["data"]["vpcdns.yaml"].replace("0.0.0.0:1053", "127.0.0.1:0")

    def write(folder: str, text: str) -> None:
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "vpcdns.yaml").write_text(text)
        (tmp_path / "..new").symlink_to(folder)
        (tmp_path / "..new").replace(tmp_path / "..data")

    write("..first", text)
    (tmp_path / "vpcdns.yaml").symlink_to("..data/vpcdns.yaml")
    with serving("-c", tmp_path / "vpcdns.yaml", "serve") as server:
        server.wait_for("upstream: ")
        write("..second", text.replace("db: 10.0.1.20", "db: 10.0.1.21").partition("expect:")[0])
        server.wait_for(" reloaded ")
