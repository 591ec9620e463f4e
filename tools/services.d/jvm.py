"""Servers that are jars: a fitting Java, and jars with what they need by Maven into the cache, whole or not at all."""
import os
import re
import subprocess

from server import Failure, Missing, cached, program, say, workshop

PACKAGE = "openjdk-17-jre-headless"


def java(what, oldest, newest=None):
    """The program; `what` is who needs it, `newest` the last version with which that works."""
    home = os.environ.get("JAVA_HOME")
    found = program("java", PACKAGE, [f"{home}/bin"] if home else [])
    said = subprocess.run([found, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if not version or not oldest <= int(version[1]) <= (newest or int(version[1])):
        needed = f"{oldest} to {newest}" if newest else f"{oldest} or later"
        raise Missing(f"{what} needs Java {needed}, {found} is {version[1] if version else 'unknown'}; "
                      f"remedy: apt-get install {PACKAGE}, or set JAVA_HOME")
    return found


def run_maven(what, work, arguments, otherwise=""):
    done = subprocess.run([program("mvn", "maven"), "-q", "-B", *arguments], cwd=work, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        raise Missing(f"Maven could not fetch {what}; remedy: a network with a Maven repository{otherwise}. It said:\n"
                      f"{done.stdout.decode(errors='replace')[-2000:]}")


def jars(name, version, artifacts, proof, size, otherwise="", within=""):
    """The folder with these artifacts and what they need. `proof`: a pattern that one of its files has; `otherwise`: what else
    than a network would help; `within`: a folder of the cache."""
    title = f"{name.capitalize()} {version}"

    def download(cache, folder):
        program("mvn", "maven")
        say(f"{name}: fetching {title} ({size}) by Maven into {folder}")
        with workshop(cache, name) as work:
            dependencies = "".join(f"<dependency><groupId>{g}</groupId><artifactId>{a}</artifactId><version>{v}</version>"
                                   "</dependency>" for g, a, v in artifacts)
            (work / "pom.xml").write_text("<project><modelVersion>4.0.0</modelVersion><groupId>millrace</groupId>"
                                          f"<artifactId>{name}</artifactId><version>1</version>"
                                          f"<dependencies>{dependencies}</dependencies></project>")
            run_maven(title, work, ["dependency:copy-dependencies", "-DoutputDirectory=libs"], otherwise)
            if not any((work / "libs").glob(proof)):
                raise Failure(f"Maven ended without an error and without {title}'s jars")
            (work / "libs").rename(folder)

    return cached(name, version, download, within)
