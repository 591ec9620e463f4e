"""The peers' jars: Maven fetches them once, from the repository that its settings name, else from Maven Central.

Each set has one checksum here: the SHA-256 of the list of all its jars with the SHA-256 of each.
"""
import dataclasses
import hashlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tools" / "services.d"))

import jvm  # noqa: E402
from server import Failure  # noqa: E402


@dataclasses.dataclass
class Peer:
    title: str
    version: str
    artifacts: tuple  # (group, artifact, version)
    size: str  # of the download
    checksum: str


FLINK, FLINK_KAFKA, KAFKA, SPARK = "2.3.0", "5.0.0-2.2", "4.3.1", "4.2.0"
PEERS = {
    "flink": Peer("Flink", FLINK, (
        *(("org.apache.flink", f"flink-{part}", FLINK) for part in (
            "streaming-java", "clients", "connector-base", "connector-files", "json", "csv", "table-api-java-bridge",
            "table-planner-loader", "table-runtime")),
        ("org.apache.flink", "flink-connector-kafka", FLINK_KAFKA)), "158 MB",
        "c90e772207c6fdad284b03a76307875b1b2da7d1d82d520e9d44e14007249565"),
    "kafka-streams": Peer("Kafka Streams", KAFKA, (("org.apache.kafka", "kafka-streams", KAFKA),), "94 MB",
        "0658906577f3c1ab18a5d703c4c44c7e9a56efc94eb984becf5ea3687879db3b"),
    "spark": Peer("Spark", SPARK, (
        ("org.apache.spark", "spark-sql_2.13", SPARK), ("org.apache.spark", "spark-sql-kafka-0-10_2.13", SPARK)), "288 MB",
        "6408acee6258435305972e725558387dea4578fbd4bcdc225ed467c58dd94474"),
}


def checksums(folder):
    """(SHA-256, name) of each jar."""
    return [(hashlib.sha256(jar.read_bytes()).hexdigest(), jar.name) for jar in sorted(folder.glob("*.jar"))]


def fetch(name):
    """The folder with a peer's jars; raises server.Missing where there is no Maven, or no repository that it reaches."""
    peer = PEERS[name]
    return jvm.jars(name, peer.version, peer.artifacts, f"{peer.artifacts[0][1]}-{peer.version}.jar", peer.size, within="peers")


def verified(name):
    """(folder, its jars with their checksums, the checksum of all); raises Failure where that is not the one that stands here."""
    folder = fetch(name)
    jars = checksums(folder)
    found = hashlib.sha256("".join(f"{sha}  {jar}\n" for sha, jar in jars).encode()).hexdigest()
    if found != PEERS[name].checksum:
        raise Failure(f"{PEERS[name].title} {PEERS[name].version}: the jars in {folder} have checksum {found}, expected "
                      f"{PEERS[name].checksum}; remedy: delete that folder, and ask another Maven repository")
    return folder, jars, found
