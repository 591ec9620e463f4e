"""pipelines/recipes/without_a_compiler as its README has it: the package is built where the binary is that of build/release, and unpacked; the image is built where a
docker engine answers. A longer log is counted over a kill -9. tests/package/try_deb.py installs the package by apt, in a root that has nothing else."""
import collections
import os
import random
import shutil
import subprocess

from real_systems import PATIENCE, ROOT, captured, check, difference
from recipes_under_test import Recipe


def cannot_build(r):
    """Why no package is built here; empty where it can be."""
    release = ROOT / "build" / "release" / "millrace"
    if not release.exists() or not os.path.samefile(release, r.options.millrace):
        return "the binary is not that of build/release"
    return next((f"{program} is missing" for program in ("cpack", "dpkg-shlibdeps", "dpkg-deb") if not shutil.which(program)), "")


def in_the_clone(readme, beginning, *more):
    """Runs the next command where the build is: it has the sources."""
    _, text = readme._take(beginning)
    done = subprocess.run([*text.split(), *more], cwd=ROOT, capture_output=True, text=True, timeout=450 * PATIENCE)
    check(done.returncode == 0, lambda: f"`{text}` ends with {done.returncode}: {done.stderr[-1500:]}")


def package_of(r, readme):
    """The first commands: builds the package and looks at it. Returns whether there is one: MILLRACE_DEB may name one that is built already."""
    built, packages = os.environ.get("MILLRACE_DEB"), readme.top / "build" / "packages"
    why = "" if built else cannot_build(r)
    if why:
        readme.leave("tools/deb", why)
        readme.leave("dpkg-deb --field", why)
        return False
    if built:
        readme.leave("tools/deb", "MILLRACE_DEB names a package")
        packages.mkdir(exist_ok=True)
        shutil.copy(built, packages)
    else:
        in_the_clone(readme, "tools/deb", packages)
    fields = readme.run("dpkg-deb --field")
    check("Package: millrace" in fields and "libc6" in fields, f"the package says {fields}")
    depends = [package.split()[0] for package in fields.split("Depends: ")[1].splitlines()[0].split(",")]
    check(not any(name.startswith(("gcc", "g++", "clang", "cmake")) or name.endswith("-dev") for name in depends),
          f"it depends on what a compiler needs: {depends}")
    return True


def lines_of(rng):
    """Lines of three hours, and the counts of their minutes and levels."""
    lines, counts = [], collections.Counter()
    for second in sorted(rng.randrange(3 * 3600) for _ in range(6000)):
        at, level = f"2025-03-02T{10 + second // 3600}:{second // 60 % 60:02}", rng.choice(["INFO", "INFO", "WARNING", "ERROR"])
        lines.append(f"{at}:{second % 60:02}Z {level} something")
        counts[f"{at}:00Z,{level}"] += 1
    return lines, [f"{key},{n}" for key, n in counts.items()]


def run(r):
    """On a machine without a compiler."""
    readme = Recipe(r, "without_a_compiler")
    (readme.top / "CMakeLists.txt").symlink_to(ROOT / "CMakeLists.txt")  # it names the version
    there = package_of(r, readme)
    readme.leave("apt install", "tests/package/try_deb.py installs the package in a root of its own")
    if there:
        readme.run("dpkg-deb --extract")
        readme.environment("alias millrace=")
        check((readme.top / "target/usr/lib/systemd/system/millrace@.service").exists(), "the package has the service")
    else:
        readme.leave("dpkg-deb --extract", "no package was built")
        readme.leave("alias millrace=", "no package was built")
        readme.aliases = f"alias millrace={r.options.millrace}\n"
    check("0 failed" in readme.run("millrace test"), "the unit tests hold")
    job = readme.start("millrace run")
    check(job.wait() == 0, lambda: f"the run ends with {job.wait()}: {job.errors()[-1500:]}")
    readme.shows("cat levels.csv")
    check("docker build" in readme.run("tools/image --print"), "the command that builds an image")
    if there and not cannot_build(r) and shutil.which("docker") and captured("docker", "version", "--format", "{{.Server.Version}}").returncode == 0:
        in_the_clone(readme, "tools/image")
        readme.run("docker run")
    else:
        readme.leave("tools/image", "no docker engine answers, or there is no package")
        readme.leave("docker run", "no docker engine answers, or there is no package")
    readme.finish()

    lines, expected = lines_of(random.Random(15))
    readme.env.update(IN=str(r.folder), OUT=str(r.folder))
    (r.folder / "app.log").write_text("".join(line + "\n" for line in lines))
    job.text = job.text.replace("--state without_a_compiler", "--state longer --set stages.log.rate=500/s")
    job = readme.again(job)
    out = r.folder / "levels.csv"
    job.wait_until("it has counted an hour", lambda: out.exists() and "T11:00" in out.read_text())
    job.kill()
    job.text = job.text.replace(" --set stages.log.rate=500/s", "")
    job = readme.again(job)
    check(job.wait() == 0, lambda: f"the run ends with {job.wait()}: {job.errors()[-1500:]}")
    wrong = difference(["minute,level,lines", *expected], out.read_text().splitlines())
    check(not wrong, f"levels.csv: {wrong}")
    print(f"        {len(lines)} lines, {len(expected)} rows; {'by the package' if there else 'without a package'}", flush=True)
