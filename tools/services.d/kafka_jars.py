"""Where Kafka's jars and a fitting Java are: APACHE_KAFKA_DIR, the cache, or downloaded there by Maven, whole or not."""
import dataclasses
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from server import Failure, Missing, cached, program, say

VERSION = "4.3.1"
ARTIFACTS = (("org.apache.kafka", "kafka_2.13", VERSION), ("org.apache.kafka", "kafka-tools", VERSION),
             ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.1"))


@dataclasses.dataclass
class Jars:
    java: str
    classpath: str


OLDEST = (3, 3)  # the first whose KRaft mode is meant for use


def find():
    folder, version = _installed() or (cached("kafka", VERSION, _download), VERSION)
    return Jars(_java(version), f"{folder}/*")


def _java(kafka):
    needs = 17 if int(kafka.split(".")[0]) >= 4 else 11
    home = os.environ.get("JAVA_HOME")
    java = program("java", "openjdk-17-jre-headless", [f"{home}/bin"] if home else [])
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if not version or int(version[1]) < needs:
        raise Missing(f"Kafka {kafka} needs Java {needs} or later, {java} is {version[1] if version else 'unknown'}; "
                      "remedy: apt-get install openjdk-17-jre-headless, or set JAVA_HOME")
    return java


def _installed():
    """(folder of jars, version) of the Kafka that APACHE_KAFKA_DIR names."""
    named = os.environ.get("APACHE_KAFKA_DIR")
    if not named:
        return None
    remedy = ("remedy: let APACHE_KAFKA_DIR name the folder of an unpacked Kafka 3.3 or later (the one that holds bin/ and "
              "libs/), or unset it: then Maven fetches one")
    if not pathlib.Path(named).is_dir():
        raise Failure(f"APACHE_KAFKA_DIR={named} is no folder; {remedy}", 2)
    libs = pathlib.Path(os.path.abspath(named)) / "libs"
    found = [m for jar in libs.glob("kafka_*.jar") if (m := re.fullmatch(r"kafka_[\d.]+-(\d+\.\d+(\.\d+)*)\.jar", jar.name))]
    if not found:
        inside = [f.parent for f in sorted(pathlib.Path(named).glob("*/libs")) if any(f.glob("kafka_*.jar"))]
        hint = f" (did you mean {inside[0]}?)" if inside else ""
        raise Failure(f"APACHE_KAFKA_DIR={named} holds no libs/kafka_SCALA-VERSION.jar{hint}; {remedy}", 2)
    version = found[0][1]
    if tuple(map(int, version.split(".")[:2])) < OLDEST:
        raise Failure(f"APACHE_KAFKA_DIR={named} is Kafka {version}, which needs a ZooKeeper beside it; {remedy}. A Kafka that "
                      "you start yourself needs no tools/services: set KAFKA_BROKERS to its address", 2)
    return libs, version


def _download(cache, libs):
    maven = program("mvn", "maven")
    say(f"kafka: fetching Kafka {VERSION} (54 MB) by Maven into {libs}")
    work = pathlib.Path(tempfile.mkdtemp(prefix="kafka-", dir=cache))
    try:
        dependencies = "".join(f"<dependency><groupId>{g}</groupId><artifactId>{a}</artifactId><version>{v}</version>"
                               "</dependency>" for g, a, v in ARTIFACTS)
        (work / "pom.xml").write_text("<project><modelVersion>4.0.0</modelVersion><groupId>millrace</groupId>"
                                      "<artifactId>kafka</artifactId><version>1</version>"
                                      f"<dependencies>{dependencies}</dependencies></project>")
        done = subprocess.run([maven, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=libs"], cwd=work,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
        if done.returncode:
            raise Missing(f"Maven could not fetch Kafka {VERSION}; remedy: a network with a Maven repository, or "
                          f"APACHE_KAFKA_DIR. It said:\n{done.stdout.decode(errors='replace')[-2000:]}")
        if not any((work / "libs").glob("kafka_*.jar")):
            raise Failure("Maven ended without an error and without Kafka's jars")
        (work / "libs").rename(libs)
    finally:
        shutil.rmtree(work, ignore_errors=True)
