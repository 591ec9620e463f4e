"""Trino 368 with a hive catalog over a metastore of files: tables over Parquet folders of this machine. By Maven, once (653 MB, of which
229 MB are kept in the cache)."""
import contextlib
import re
import shutil
import tarfile
import urllib.error

import jvm
import trino_client
from server import Single, cached, say, workshop

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
    say(f"trino: fetching Trino {VERSION} (653 MB) by Maven, to keep 229 MB in {folder}")
    with workshop(cache, "trino") as work:
        # A repository of its own, which goes with it: Maven would keep the 653 MB.
        jvm.run_maven(f"Trino {VERSION}", work,
                      [f"-Dmaven.repo.local={work}/repository", "org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy",
                       f"-Dartifact=io.trino:trino-server:{VERSION}:tar.gz", f"-DoutputDirectory={work}"])
        _unpack(work / f"trino-server-{VERSION}.tar.gz", work)
        (work / f"trino-server-{VERSION}").rename(folder)


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
    PROOF = "metastore"
    user = None

    def find(self):
        self.java = jvm.java("Trino", 17)
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
                                    seconds=30)[1] != []
        return False

    def exports(self):
        return {"TRINO_URL": f"http://127.0.0.1:{self.port()}"}
