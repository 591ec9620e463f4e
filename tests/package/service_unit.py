#!/usr/bin/env python3
"""The services in packaging/: systemd finds nothing wrong with them, they do what docs/operations.md says of them, and they are well closed.
SKIPPED where systemd-analyze is not installed."""
import argparse
import configparser
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

PACKAGING = pathlib.Path(__file__).resolve().parents[2] / "packaging"
# A change of these changes what the docs promise.
PROMISED_OF_EACH = {"Restart": "on-failure", "RestartPreventExitStatus": "2", "KillSignal": "SIGTERM", "TimeoutStopSec": "60s"}
# The command that each unit runs, and what else is promised.
UNITS = {
    "millrace@": ("run", {
        "ExecStart": "/usr/bin/millrace run /etc/millrace/%i.json --state ${STATE_DIRECTORY} --start-timeout 5min $SECRETS",
        "StateDirectory": "millrace/%i", "EnvironmentFile": "-/etc/millrace/%i.env"}),
    "millrace-node@": ("node", {
        "ExecStart": "/usr/bin/millrace node --name %i --state ${STATE_DIRECTORY} --start-timeout 5min $NODE_TLS $SECRETS $NODE_OPTIONS",
        "StateDirectory": "millrace-node/%i", "EnvironmentFile": "/etc/millrace/node-%i.env"}),
}
MOST_EXPOSED = 2.0  # systemd-analyze's number, 0 to 10; 1.5 when this was written


def systemd(*arguments):
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def wrong_with(name, binary):
    command, promised = UNITS[name]
    text = (PACKAGING / f"{name}.service").read_text()
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read_string(text)
    wrong = [f"{key} is {unit['Service'].get(key)!r}, not {value!r}" for key, value in {**PROMISED_OF_EACH, **promised}.items()
             if unit["Service"].get(key) != value]
    # The options that it gives are real ones.
    help_text = subprocess.run([binary, command, "--help"], capture_output=True, text=True, check=True).stdout
    wrong += [f"millrace {command} has no {option}" for option in re.findall(r"--[\w-]+", unit["Service"]["ExecStart"])
              if f"{option} " not in help_text]
    if not shutil.which("systemd-analyze"):
        print(f"SKIPPED: systemd's word on {name}, because systemd-analyze is not installed")
        return wrong
    with tempfile.TemporaryDirectory(prefix="millrace-unit-") as folder:
        copy = pathlib.Path(folder) / f"{name}orders.service"
        copy.write_text(text.replace("/usr/bin/millrace", binary))
        status, said = systemd("verify", "--man=no", str(copy))
        ours = [line for line in said.splitlines() if "millrace" in line]
        if status != 0 or ours:
            wrong.append(f"systemd-analyze verify: {status}: {said}")
        broken = pathlib.Path(folder) / f"{name}broken.service"
        broken.write_text(copy.read_text().replace("Restart=on-failure", "Restart=sometimes"))
        if "sometimes" not in systemd("verify", "--man=no", str(broken))[1]:
            wrong.append("systemd-analyze verify does not see a mistake: this test would see none")
        status, said = systemd("security", "--offline=true", "--no-pager", str(copy))
        exposed = re.search(r"exposure level.*?: ([\d.]+)", said)
        if not exposed:
            print(f"SKIPPED: how exposed {name} is: this systemd-analyze does not say it: {said[-200:]}")
        elif float(exposed[1]) > MOST_EXPOSED:
            wrong.append(f"the service is exposed by {exposed[1]}, more than {MOST_EXPOSED}: {said}")
        else:
            print(f"ok      {name}: exposure {exposed[1]}")
    return wrong


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--millrace", required=True)
    binary = str(pathlib.Path(arguments.parse_args().millrace).resolve())
    wrong = [f"{name}: {w}" for name in UNITS for w in wrong_with(name, binary)]
    for line in wrong:
        print(f"FAILED: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
