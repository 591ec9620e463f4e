"""A library that a topology names is loaded by no command, but by a run whose command line allows it"""
import subprocess

from golden.millrace import Wrong, same

PLUGIN = """
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void tell(void) { FILE* f = fopen(getenv("TOLD"), "w"); if (f) fclose(f); }
int conf_init(void* conf, void** opaque, char* text, size_t size) { return 0; }
"""
ALLOWED = ["--allow-kafka-property", "plugin.library.paths"]


def run(place):
    a = place.attempt("plugin")
    told = a.root / "told"
    (a.root / "plugin.c").write_text(PLUGIN)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", a.out / "plugin.so", a.root / "plugin.c"], check=True)
    a.start_timeout = "1 s"

    def command(name, options, status, says):
        done = subprocess.run(a.command(options, command=name), capture_output=True, text=True, timeout=60, env=a.environment({"TOLD": str(told)}))
        if done.returncode != status or says not in done.stdout + done.stderr:
            raise Wrong(f"{name} {options}: exit status {done.returncode}, expected {status} and {says!r}\n{done.stderr}{done.stdout}")

    refusal = "stages.in.properties.plugin.library.paths: plugin.library.paths loads code into this process"
    for name in ("check", "run"):
        command(name, [], 2, refusal)
    command("check", ["--allow-kafka-property", "ssl.ca.location"], 2, refusal)
    command("check", ALLOWED, 0, "plugin.library.paths: ")
    same(told.exists(), False)
    command("check", ["--allow-kafka-property", "plugin.library.path"], 2, 'did you mean "plugin.library.paths"?')
    command("run", ALLOWED, 1, "127.0.0.1:1")  # nobody listens there; the library tells that it would be seen
    same(told.exists(), True)
