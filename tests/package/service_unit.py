#!/usr/bin/env python3
"""packaging/millrace@.service: systemd finds nothing wrong with it, it does what docs/operations.md says of it, and it is well closed.
SKIPPED where systemd-analyze is not installed."""
import argparse
import configparser
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

UNIT = pathlib.Path(__file__).resolve().parents[2] / "packaging" / "millrace@.service"
# Whoever changes one of these changes what the docs promise.
PROMISED = {
    "ExecStart": "/usr/bin/millrace run /etc/millrace/%i.json --state ${STATE_DIRECTORY} --start-timeout 5min",
    "StateDirectory": "millrace/%i", "Restart": "on-failure", "RestartPreventExitStatus": "2", "KillSignal": "SIGTERM",
    "TimeoutStopSec": "60s", "EnvironmentFile": "-/etc/millrace/%i.env",
}
MOST_EXPOSED = 2.0  # systemd-analyze's number, 0 to 10; 1.5 when this was written


def systemd(*arguments):
    done = subprocess.run(["systemd-analyze", *arguments], capture_output=True, text=True, timeout=60)
    return done.returncode, done.stdout + done.stderr


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--millrace", required=True)
    binary = str(pathlib.Path(arguments.parse_args().millrace).resolve())
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(UNIT)
    wrong = [f"{name} is {unit['Service'].get(name)!r}, not {value!r}" for name, value in PROMISED.items()
             if unit["Service"].get(name) != value]
    # The options that it gives are real ones.
    help_text = subprocess.run([binary, "run", "--help"], capture_output=True, text=True, check=True).stdout
    wrong += [f"millrace run has no {option}" for option in re.findall(r"--[\w-]+", unit["Service"]["ExecStart"])
              if f"{option} " not in help_text]
    if not shutil.which("systemd-analyze"):
        print("SKIPPED: systemd's word on the unit, because systemd-analyze is not installed")
    else:
        with tempfile.TemporaryDirectory(prefix="millrace-unit-") as folder:
            copy = pathlib.Path(folder) / "millrace@orders.service"
            copy.write_text(UNIT.read_text().replace("/usr/bin/millrace", binary))
            status, said = systemd("verify", "--man=no", str(copy))
            ours = [line for line in said.splitlines() if "millrace" in line]
            if status != 0 or ours:
                wrong.append(f"systemd-analyze verify: {status}: {said}")
            broken = pathlib.Path(folder) / "millrace@broken.service"
            broken.write_text(copy.read_text().replace("Restart=on-failure", "Restart=sometimes"))
            if "sometimes" not in systemd("verify", "--man=no", str(broken))[1]:
                wrong.append("systemd-analyze verify does not see a mistake: this test would see none")
            status, said = systemd("security", "--offline=true", "--no-pager", str(copy))
            exposed = re.search(r"exposure level.*?: ([\d.]+)", said)
            if not exposed:
                print(f"SKIPPED: how exposed the service is: this systemd-analyze does not say it: {said[-200:]}")
            elif float(exposed[1]) > MOST_EXPOSED:
                wrong.append(f"the service is exposed by {exposed[1]}, more than {MOST_EXPOSED}: {said}")
            else:
                print(f"ok      exposure {exposed[1]}")
    for line in wrong:
        print(f"FAILED: {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
