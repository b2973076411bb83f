"""The compose file's networks without an engine: a bridge for each, a namespace for each service.

As Docker does it: a service reaches only those with whom it shares a network, by name or address;
the machine itself reaches all of them, from the first address of each network, and forwards nothing
between networks. Everything is in the network namespace of the test run and ends with it.
"""

from __future__ import annotations

import ipaddress
import itertools
import subprocess
from pathlib import Path
from typing import Final

from tests.images.compose import Compose, Service

CHOSEN_BY_DOCKER: Final = "172.28.92.0/24"
"""For the network whose subnet the compose file leaves to Docker."""


def run(*words: str) -> str:
    """One command that must succeed; what it prints."""
    done = subprocess.run(words, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.strip()}")
    return done.stdout


def _link(number: int, service: Service) -> str:
    """The machine's end of a link; 15 characters are the kernel's limit."""
    return f"v{number}-{service.name}"[:15]


class Ground:
    """The networks of one project."""

    def __init__(self, compose: Compose, folder: Path) -> None:
        self._folder = folder
        self._numbers = itertools.count(100)
        self._subnets = {
            name: ipaddress.IPv4Network(subnet or CHOSEN_BY_DOCKER)
            for name, subnet in compose.networks.items()
        }
        self.addresses = {
            name: self._addresses(service) for name, service in compose.services.items()
        }
        for name, subnet in self._subnets.items():
            bridge = f"br-{name}"
            run("ip", "link", "add", bridge, "type", "bridge")
            run("ip", "address", "add", f"{subnet[1]}/{subnet.prefixlen}", "dev", bridge)
            run("ip", "link", "set", bridge, "up")

    def _addresses(self, service: Service) -> dict[str, str]:
        """By network; who has no fixed one gets one that nobody else has."""
        found = {}
        for name, fixed in service.networks.items():
            subnet = self._subnets[name]
            found[name] = fixed or str(subnet[next(self._numbers)])
        return found

    def machine_address(self, network: str, address: str) -> None:
        """Give the machine another address in a network: somebody outside who calls."""
        prefix = self._subnets[network].prefixlen
        run("ip", "address", "add", f"{address}/{prefix}", "dev", f"br-{network}")

    def join(self, service: Service) -> str:
        """Make the service's namespace, connected to its networks; return its name."""
        namespace = service.name
        run("ip", "netns", "add", namespace)
        run("ip", "-n", namespace, "link", "set", "lo", "up")
        for number, (network, address) in enumerate(self.addresses[service.name].items()):
            outer, inner = _link(number, service), f"eth{number}"
            prefix = self._subnets[network].prefixlen
            run("ip", "link", "add", outer, "type", "veth", "peer", inner, "netns", namespace)
            run("ip", "link", "set", outer, "master", f"br-{network}", "up")
            run("ip", "-n", namespace, "address", "add", f"{address}/{prefix}", "dev", inner)
            run("ip", "-n", namespace, "link", "set", inner, "up")
        return namespace

    def leave(self, service: Service) -> None:
        """Remove the service's links and its namespace.

        The links by name: the namespace itself is gone only with the last process in it.
        """
        for number in range(len(service.networks)):
            run("ip", "link", "delete", _link(number, service))
        run("ip", "netns", "delete", service.name)

    def hosts(self, service: Service) -> Path:
        """The file by which the service knows its neighbours' names, as Docker's resolver does."""
        lines = ["127.0.0.1 localhost", "::1 localhost"]
        for name, addresses in self.addresses.items():
            shared = [addresses[net] for net in service.networks if net in addresses]
            lines += [f"{shared[0]} {name}"] if shared else []
        path = self._folder / f"hosts-{service.name}"
        path.write_text("\n".join(lines) + "\n")
        return path

    def close(self) -> None:
        """Take the bridges away, and the machine's addresses on them."""
        while self._subnets:
            run("ip", "link", "delete", f"br-{self._subnets.popitem()[0]}")
