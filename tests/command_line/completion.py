#!/usr/bin/env python3
"""The completion scripts in their shells: what is offered for the beginning of a line. A shell that is not there is SKIPPED."""
import argparse
import json
import os
import pathlib
import pty
import re
import select
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

REMOTE = {"apply", "list", "nodes", "wait", "stop", "start", "drain", "undrain", "forget", "letters"}
COMMANDS = {"run", "check", "convert", "test", "load", "replay", "tls", "completion", "man"} | REMOTE
# Commands of commands.
INNER = {"tls init", "tls node", "tls client"}
TOPOLOGY = {"millrace": 1, "topology": "t", "stages": {
    "clicks": {"source": "file", "path": "x"}, "parsed": {"parser": "text", "from": "clicks"},
    "painted": {"sink": "console", "from": "parsed"}}}
# The line up to the cursor: what must be offered, and nothing else; a set that begins with "..." may be larger.
CASES = {
    "millrace ": {"...", *COMMANDS},
    "millrace ru": {"run"},
    "millrace run --log": {"--log-level", "--log-format"},
    "millrace run --log-format ": {"text", "json"},
    "millrace run --log-format j": {"json"},
    "millrace run topology.json --st": {"--state", "--start-timeout"},
    "millrace run --state sub": {"sub"},
    "millrace run topo": {"topology.json"},
    "millrace run --threads ": set(),
    "millrace replay letters.jsonl --topology topology.json --into pa": {"parsed", "painted"},
    "millrace convert topo": {"topology.json"},
    "millrace completion f": {"fish"},
    "millrace apply topo": {"topology.json"},
    "millrace apply topology.json --con": {"--connect"},
    "millrace list --j": {"--json"},
    "millrace nodes --tls su": {"sub"},
    "millrace wait t --re": {"--report"},
    "millrace stop t --to": {"--token"},
    "millrace start t --to": {"--token"},
    "millrace drain b --connect ": set(),
    "millrace forget b --js": set(),
    "millrace tl": {"tls"},
    "millrace tls i": {"init"},
    "millrace tls --he": {"--help"},
    "millrace tls init --da": {"--days"},
    "millrace tls init su": {"sub"},
    "millrace tls node a --d": {"--dir", "--days"},
    "millrace tls node --dir su": {"sub"},
    "millrace tls client a --ho": set(),
}


class Failed(Exception):
    pass


def bash(script, folder, lines):
    out = {}
    program = f'source {shlex.quote(str(script))}\nask() {{ COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _millrace; printf "%s\\n" "${{COMPREPLY[@]}}"; printf "\\n--\\n"; }}\n'
    for line in lines:
        words = line.split(" ")
        program += "ask " + " ".join(shlex.quote(w) for w in words) + "\n"
    done = subprocess.run(["bash", "--norc", "-c", program], cwd=folder, capture_output=True, text=True, timeout=60)
    if done.returncode or done.stderr:
        raise Failed(f"bash: {done.returncode}: {done.stderr}")
    for line, answer in zip(lines, ("\n" + done.stdout).split("\n--\n")):
        out[line] = {word.rstrip("/") for word in answer.split("\n") if word and word != "--"}
    return out


def fish(script, folder, lines):
    out = {}
    for line in lines:
        done = subprocess.run(["fish", "--no-config", "-c", f"source {shlex.quote(str(script))}; complete -C {shlex.quote(line)}"],
                              cwd=folder, capture_output=True, text=True, timeout=60)
        if done.returncode or done.stderr:
            raise Failed(f"fish: {done.returncode}: {done.stderr}")
        out[line] = {word.split("\t")[0].rstrip("/") for word in done.stdout.splitlines() if word}
    return out


def zsh(script, folder, lines):
    """An interactive one on a terminal; `compadd` gets what it would offer."""
    offered = folder / "offered"
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.environ["TERM"] = "dumb"
        os.execvp("zsh", ["zsh", "-f", "-i"])

    def say(text):
        os.write(terminal, text.encode())

    def hear(word):
        heard, until = b"", time.monotonic() + 60
        while word.encode() not in heard:
            if time.monotonic() > until:
                raise Failed(f"zsh does not answer: {heard[-500:]}")
            if select.select([terminal], [], [], 1)[0]:
                heard += os.read(terminal, 65536)

    try:
        say("fpath=($PWD/functions $fpath); autoload -U compinit; compinit -D -u; LISTMAX=100000; unsetopt beep; "
            f"compadd() {{ local -a m; builtin compadd -O m \"$@\" 2>/dev/null; [[ -n $m ]] && print -rl -- $m >>{offered}; "
            "builtin compadd \"$@\" }; "
            # Completes, says that it has, and begins a new line.
            f"ask() {{ zle complete-word; print END >>{offered}; BUFFER= }}; zle -N ask; bindkey '^I' ask; print REA''DY\n")
        hear("READY")
        out = {}
        for line in lines:
            offered.write_text("")
            say(line + "\t")
            until = time.monotonic() + 60
            while "END\n" not in offered.read_text():
                if time.monotonic() > until:
                    raise Failed(f"zsh does not answer {line!r}")
                if select.select([terminal], [], [], 0.02)[0]:
                    os.read(terminal, 65536)
            out[line] = {word.rstrip("/") for word in offered.read_text().split("\n") if word and word != "END"}
        return out
    finally:
        say("exit\n")
        os.close(terminal)
        os.waitpid(pid, 0)


def judge(shell, answers):
    for line, wanted in CASES.items():
        found = answers[line]
        good = wanted - {"..."} <= found if "..." in wanted else wanted == found
        if not good:
            raise Failed(f"{shell}: for {line!r} it offers {sorted(found)}, expected {sorted(wanted)}")


def options_of(binary, command):
    help_text = subprocess.run([binary, *command.split(), "--help"], capture_output=True, text=True, check=True).stdout
    return set(re.findall(r"^  (?:-\w,)?(--[\w-]+)", help_text, re.M))


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--millrace", required=True)
    binary = str(pathlib.Path(arguments.parse_args().millrace).resolve())
    with tempfile.TemporaryDirectory(prefix="millrace-completion-") as name:
        folder = pathlib.Path(name)
        (folder / "sub").mkdir()
        (folder / "functions").mkdir()
        (folder / "bin").mkdir()
        (folder / "bin" / "millrace").symlink_to(binary)
        os.environ["PATH"] = f"{folder / 'bin'}:{os.environ['PATH']}"
        (folder / "topology.json").write_text(json.dumps(TOPOLOGY))
        scripts = {"bash": folder / "millrace.bash", "zsh": folder / "functions" / "_millrace", "fish": folder / "millrace.fish"}
        for shell, script in scripts.items():
            script.write_text(subprocess.run([binary, "completion", shell], capture_output=True, text=True, check=True).stdout)
            if not shutil.which(shell):
                print(f"SKIPPED: completion in {shell}, which is not installed")
                continue
            ask = {"bash": bash, "zsh": zsh, "fish": fish}[shell]
            judge(shell, ask(script, folder, list(CASES)))
            # Every option that --help names is offered.
            for command in sorted(COMMANDS | INNER):
                line = f"millrace {command} --"
                missing = options_of(binary, command) - ask(script, folder, [line])[line]
                if missing:
                    raise Failed(f"{shell}: {line!r} does not offer {sorted(missing)}")
            print(f"ok      {shell}")
        words = bash(scripts["bash"], folder, ["millrace run --log-format = js"])  # bash cuts --log-format=js so
        if words != {"millrace run --log-format = js": {"json"}}:
            raise Failed(f"bash: behind an equals sign: {words}")
    for wrong in (["completion", "tcsh"], ["completion"]):
        done = subprocess.run([binary, *wrong], capture_output=True, text=True)
        if done.returncode != 2 or "bash" not in done.stderr + done.stdout and "SHELL" not in done.stderr + done.stdout:
            raise Failed(f"millrace {' '.join(wrong)}: {done.returncode}: {done.stderr}")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Failed as e:
        print(f"FAILED: {e}")
        sys.exit(1)
