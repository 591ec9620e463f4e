"""A schema registry in memory: Apicurio Registry 3.0.9, which speaks Confluent's API beside its own. By Maven, once (109 MB)."""
import contextlib
import tarfile
import urllib.error
import urllib.request

import jvm
from server import Failure, Single, cached, say, workshop

VERSION = "3.0.9"
RUNNER = f"apicurio-registry-app-{VERSION}-runner.jar"


def _download(cache, folder):
    say(f"registry: fetching Apicurio Registry {VERSION} (109 MB) by Maven into {folder}")
    with workshop(cache, "registry") as work:
        # A repository of its own, which goes with it: Maven would keep the archive beside what is unpacked. This old plugin takes the archive
        # alone; newer ones also want its parent's description, which mirrors may lack.
        jvm.run_maven(f"Apicurio Registry {VERSION}", work,
                      [f"-Dmaven.repo.local={work}/repository", "org.apache.maven.plugins:maven-dependency-plugin:2.10:copy",
                       f"-Dartifact=io.apicurio:apicurio-registry-app:{VERSION}:tar.gz:all", f"-DoutputDirectory={work}"])
        unpacked = work / "unpacked"
        with tarfile.open(work / f"apicurio-registry-app-{VERSION}-all.tar.gz") as whole:
            whole.extractall(unpacked, filter="data")
        if not (unpacked / RUNNER).exists():
            raise Failure(f"the archive of Apicurio Registry {VERSION} holds no {RUNNER}")
        unpacked.rename(folder)


class Registry(Single):
    user = None

    def find(self):
        self.java = jvm.java("Apicurio Registry", 17)
        self.server = cached("registry", VERSION, _download)

    def create(self):
        """Its schemas lie in its memory: there is nothing to make."""

    def command(self):
        return [self.java, "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dquarkus.http.host=127.0.0.1",
                f"-Dquarkus.http.port={self.port()}", "-jar", f"{self.server}/{RUNNER}"]

    def ready(self, _process):
        # It listens before its storage is ready.
        with contextlib.suppress(OSError, urllib.error.URLError):
            with urllib.request.urlopen(f"{self.exports()['REGISTRY_URL']}/subjects", timeout=5) as answer:
                return answer.status == 200
        return False

    def exports(self):
        return {"REGISTRY_URL": f"http://127.0.0.1:{self.port()}/apis/ccompat/v7"}
