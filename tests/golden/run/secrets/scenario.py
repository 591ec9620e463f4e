"""A run has all its secrets before it begins, or says which it lacks; it shows none of them, and `check` shows the references"""
import os
import subprocess

from golden.millrace import Wrong, same

VALUES = {"kafka": "hunter-kafka", "db": "hunter-db"}


def run(place):
    a = place.attempt("secrets")
    a.start_timeout = "1 s"
    folder = a.root / "secrets"
    folder.mkdir(mode=0o700)

    def command(name, options, status, *texts):
        done = subprocess.run(a.command(options, command=name), capture_output=True, text=True, timeout=60, env=a.environment({}))
        said = done.stdout + done.stderr
        if done.returncode != status or any(text not in said for text in texts) or "hunter" in said:
            raise Wrong(f"{name} {options}: exit status {done.returncode}, expected {status} and {texts}\n{said}")

    def put(name, mode=0o600):
        (folder / name).write_text(VALUES[name] + "\n")
        (folder / name).chmod(mode)

    command("check", [], 0, "${secret:kafka}", "postgresql://u:${secret:db}@127.0.0.1:1/d")
    command("run", [], 2, "topology.json:7:21: stages.in.properties.sasl.password: ${secret:kafka}: this process has no folder of secrets; start it with "
            "--secrets DIR", "topology.json:10:61: stages.out.connection: ${secret:db}: ")
    given = ["--secrets", str(folder)]
    put("kafka", 0o644)
    command("run", given, 2, f"{folder}/kafka: it is open to others (mode 0644)", f"{folder}/db: there is no such file")
    put("kafka")
    put("db")
    command("run", [*given, "--log-level", "debug"], 1, "127.0.0.1:1")  # nobody listens there
    for path, _, files in os.walk(a.root):
        for file in files:
            if path != str(folder):
                same(any(v.encode() in open(os.path.join(path, file), "rb").read() for v in VALUES.values()), False)
