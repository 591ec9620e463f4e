"""Trino 368 with a hive catalog over a metastore of files: tables over Parquet folders of this machine. By Maven, once (653 MB, of which
229 MB are kept in the cache)."""
import contextlib
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import tempfile
import urllib.error

import trino_client
from server import Failure, Missing, Single, cached, program, say

VERSION = "368"
NEEDED = re.compile(rf"trino-server-{VERSION}/(lib|plugin/hive)/[^/]+\.jar")

CONFIG = """coordinator=true
node-scheduler.include-coordinator=true
http-server.http.port={port}
discovery.uri=http://127.0.0.1:{port}
query.max-memory=512MB
query.max-memory-per-node=256MB
"""
HIVE = """connector.name=hive
hive.metastore=file
hive.metastore.catalog.dir=file://{data}/metastore
hive.non-managed-table-writes-enabled=true
hive.allow-drop-table=true
"""


def _download(cache, folder):
    maven = program("mvn", "maven")
    say(f"trino: fetching Trino {VERSION} (653 MB) by Maven, to keep 229 MB in {folder}")
    work = pathlib.Path(tempfile.mkdtemp(prefix="trino-", dir=cache))
    try:
        # A repository of its own, which goes with it: Maven would keep the 653 MB.
        done = subprocess.run([maven, "-q", "-B", f"-Dmaven.repo.local={work}/repository",
                               "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
                               f"-Dartifact=io.trino:trino-server:{VERSION}:tar.gz", f"-DoutputDirectory={work}"], cwd=work,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        archive = work / f"trino-server-{VERSION}.tar.gz"
        if done.returncode or not archive.exists():
            raise Missing(f"Maven could not fetch Trino {VERSION}; remedy: a network with a Maven repository. It said:\n"
                          f"{done.stdout.decode(errors='replace')[-2000:]}")
        _unpack(archive, work)
        (work / f"trino-server-{VERSION}").rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _unpack(archive, folder):
    """The jars that are needed; some are hard links to jars of other plugins, whose folders go again. Front to back, twice."""
    with tarfile.open(archive) as whole:
        members = whole.getmembers()
        needed = {m.name for m in members if NEEDED.fullmatch(m.name)}
        needed |= {m.linkname for m in members if m.name in needed and m.islnk()}
        for member in members:
            if member.name in needed:
                whole.extract(member, folder)
    for plugin in (folder / f"trino-server-{VERSION}" / "plugin").iterdir():
        if plugin.name != "hive":
            shutil.rmtree(plugin)


class Trino(Single):
    user = None

    def find(self):
        home = os.environ.get("JAVA_HOME")
        self.java = program("java", "openjdk-17-jre-headless", [f"{home}/bin"] if home else [])
        said = subprocess.run([self.java, "-version"], capture_output=True, text=True, check=False).stderr
        version = re.search(r'version "(\d+)', said)
        if not version or int(version[1]) < 17:
            raise Missing(f"Trino is run with Java 17 or later, {self.java} is {version[1] if version else 'unknown'}; remedy: "
                          "apt-get install openjdk-17-jre-headless, or set JAVA_HOME")
        self.server = cached("trino", VERSION, _download)

    def create(self):
        (self.home.data_folder() / "metastore").mkdir()

    def clear_the_way(self):
        data = self.home.data_folder()
        etc = data / "etc" / "catalog"
        etc.mkdir(parents=True, exist_ok=True)
        (etc.parent / "config.properties").write_text(CONFIG.format(port=self.port()))
        (etc / "hive.properties").write_text(HIVE.format(data=data))
        plugins = data / "plugin"
        if not plugins.exists():
            plugins.symlink_to(self.server / "plugin")

    def command(self):
        data = self.home.data_folder()
        return [self.java, "-Xmx1G", "-XX:+UseSerialGC", "-Djdk.attach.allowAttachSelf=true", f"-Dconfig={data}/etc/config.properties",
                "-Dnode.environment=test", "-Dnode.id=millrace", f"-Dnode.data-dir={data}", "-Dnode.bind-ip=127.0.0.1",
                "-Dnode.internal-address=127.0.0.1", f"-Dcatalog.config-dir={data}/etc/catalog", f"-Dplugin.dir={data}/plugin",
                "-cp", f"{self.server}/lib/*", "io.trino.server.TrinoServer"]

    def ready(self, _process):
        # It listens long before it answers, and answers before it knows of a node that can run anything.
        with contextlib.suppress(OSError, ValueError, urllib.error.URLError, trino_client.Refused):
            return trino_client.ask(self.exports()["TRINO_URL"], "select count(*) from hive.information_schema.schemata",
                                    seconds=5)[1] != []
        return False

    def exports(self):
        return {"TRINO_URL": f"http://127.0.0.1:{self.port()}"}
