"""Nodes of a cluster on a network of their own: a network namespace each, joined by a bridge, and rules of nft that lose packets.

It needs root, and lives in namespaces of the test itself, which end with it however it ends.
"""
import json
import os
import secrets
import subprocess
import sys

from real_systems import SKIPPED, check

INSIDE = "MILLRACE_OWN_NETWORK"


def own_network(name):
    """Starts this test again where network, mounts and processes are its own: even its death by -9 leaves none of them."""
    if os.environ.get(INSIDE):
        subprocess.run("mkdir -p /run/netns && mount -t tmpfs none /run/netns && ip link set dev lo up", shell=True, check=True)
        return
    command = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"]
    tried = subprocess.run([*command, "sh", "-c", "ip link add name t0 type bridge && ip link add name t1 type veth peer name t2 && nft add table netdev t"],
                           capture_output=True, text=True)
    if tried.returncode:
        print(f"SKIPPED: {name} may not make networks of its own (unshare --net; ip; nft): {tried.stderr.strip()}; "
              "remedy: run it as root, with iproute2 and nftables")
        sys.exit(SKIPPED)
    os.environ[INSIDE] = "yes"
    os.execvp(command[0], [*command, sys.executable, "-B", *sys.argv])


def done(*command, text=None):
    finished = subprocess.run(command, input=text, capture_output=True, text=True)
    check(finished.returncode == 0, lambda: f"{' '.join(command)}: {finished.stderr.strip()} {text or ''}")
    return finished.stdout


class Network:
    """A host for each name, with one address and one device, eth0. Rules at the device's entrance say what a host does not hear."""

    def __init__(self, names):
        self.mark = secrets.token_hex(3)
        self.bridge, self.hosts, self.macs = f"wire-{self.mark}", {}, {}
        self.lost = {name: {} for name in names}  # keyed by receiver and sender: the share of packets that is lost, in percent
        done("ip", "link", "add", "name", self.bridge, "type", "bridge")
        done("ip", "link", "set", "dev", self.bridge, "up")
        for i, name in enumerate(names, 1):
            host, plug = self.host(name), f"v{i}-{self.mark}"
            self.hosts[name] = f"10.77.0.{i}"
            done("ip", "netns", "add", host)
            done("ip", "link", "add", "name", plug, "type", "veth", "peer", "name", "eth0", "netns", host)
            done("ip", "link", "set", "dev", plug, "master", self.bridge, "up")
            done("ip", "-n", host, "addr", "add", f"{self.hosts[name]}/24", "dev", "eth0")
            done("ip", "-n", host, "link", "set", "dev", "lo", "up")
            done("ip", "-n", host, "link", "set", "dev", "eth0", "up")
            self.macs[name] = json.loads(done("ip", "-j", "-n", host, "link", "show", "dev", "eth0"))[0]["address"]
            done(*self.on(name), "nft", "add", "table", "netdev", "faults")
            done(*self.on(name), "nft", "add chain netdev faults heard { type filter hook ingress device eth0 priority 0; policy accept; }")

    def host(self, name):
        return f"{name}-{self.mark}"

    def on(self, name):
        """The beginning of a command that is carried out on that host."""
        return ["ip", "netns", "exec", self.host(name)]

    def lose(self, sender, receiver, percent=100):
        """Loses this share of the packets from one to the other, ARP's as well; 0: none any more."""
        self.lost[receiver][sender] = percent
        rules = "".join(f"add rule netdev faults heard ether saddr {self.macs[s]} {f'numgen random mod 100 < {p} ' if p < 100 else ''}counter drop\n"
                        for s, p in self.lost[receiver].items() if p)
        done(*self.on(receiver), "nft", "-f", "-", text="flush chain netdev faults heard\n" + rules)

    def cut(self, one, other, percent=100):
        self.lose(one, other, percent)
        self.lose(other, one, percent)

    def isolate(self, name, percent=100):
        for other in self.hosts:
            if other != name:
                self.cut(name, other, percent)

    def heal(self):
        for receiver, senders in self.lost.items():
            for sender in senders:
                self.lose(sender, receiver, 0)

    def can_delay(self):
        tried = subprocess.run(["tc", "-n", self.host(next(iter(self.hosts))), "qdisc", "replace", "dev", "lo", "root", "netem", "delay", "0ms"],
                               capture_output=True)
        return tried.returncode == 0

    def delay(self, milliseconds, jitter):
        """Delays what any host sends by about this much; 0: no later any more."""
        for name in self.hosts:
            if milliseconds:
                done("tc", "-n", self.host(name), "qdisc", "replace", "dev", "eth0", "root", "netem", "delay", f"{milliseconds}ms", f"{jitter}ms")
            else:
                done("tc", "-n", self.host(name), "qdisc", "del", "dev", "eth0", "root")

    def plug(self, name, is_in):
        """The host's own device: without it the host has no way to anybody, and is told so."""
        done("ip", "-n", self.host(name), "link", "set", "dev", "eth0", "up" if is_in else "down")

    def forget_neighbours(self, name):
        """Forgets addresses, so that ARP asks for them: a host that gives no answer is then absent, not silent."""
        done("ip", "-n", self.host(name), "neigh", "flush", "dev", "eth0")

    def remove(self):
        for name in self.hosts:
            subprocess.run(["ip", "netns", "del", self.host(name)], stderr=subprocess.DEVNULL, check=False)
        subprocess.run(["ip", "link", "del", "dev", self.bridge], stderr=subprocess.DEVNULL, check=False)
