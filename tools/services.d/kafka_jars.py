"""Where Kafka's jars and a fitting Java are: APACHE_KAFKA_DIR, the cache, or downloaded there by Maven, whole or not."""
import dataclasses
import fcntl
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

from server import Failure, Missing, program, say

VERSION = "4.3.1"
ARTIFACTS = (("org.apache.kafka", "kafka_2.13", VERSION), ("org.apache.kafka", "kafka-tools", VERSION),
             ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.1"))


@dataclasses.dataclass
class Jars:
    java: str
    classpath: str


def find():
    return Jars(_java(), f"{_folder()}/*")


def _java():
    home = os.environ.get("JAVA_HOME")
    java = program("java", "openjdk-17-jre-headless", [f"{home}/bin"] if home else [])
    said = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    version = re.search(r'version "(\d+)', said)
    if not version or int(version[1]) < 17:
        raise Missing(f"Kafka {VERSION} needs Java 17 or later, {java} is {version[1] if version else 'unknown'}; "
                      "remedy: apt-get install openjdk-17-jre-headless, or set JAVA_HOME")
    return java


def _folder():
    installed = os.environ.get("APACHE_KAFKA_DIR")
    if installed:
        libs = pathlib.Path(installed) / "libs"
        if not any(libs.glob("kafka_*.jar")):
            raise Missing(f"APACHE_KAFKA_DIR={installed} holds no libs/kafka_*.jar; remedy: let it name the folder of "
                          "an unpacked Kafka, or unset it")
        return libs
    cache = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")) / "millrace"
    cache.mkdir(parents=True, exist_ok=True)
    libs = cache / f"kafka-{VERSION}"
    with open(cache / "kafka.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not libs.exists():
            _download(cache, libs)
    return libs


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
