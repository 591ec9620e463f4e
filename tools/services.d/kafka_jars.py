"""Finds Kafka's jars and a fitting Java: APACHE_KAFKA_DIR, the cache, or downloaded there by Maven, whole or not."""
import dataclasses
import os
import pathlib
import re

import jvm
from server import Failure

VERSION = "4.3.1"
ARTIFACTS = (("org.apache.kafka", "kafka_2.13", VERSION), ("org.apache.kafka", "kafka-tools", VERSION),
             ("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.1"))


@dataclasses.dataclass
class Jars:
    java: str
    classpath: str


OLDEST = (3, 3)  # the first whose KRaft mode is meant for use


def find():
    folder, version = _installed() or (_fetched(), VERSION)
    return Jars(jvm.java(f"Kafka {version}", 17 if int(version.split(".")[0]) >= 4 else 11), f"{folder}/*")


def _fetched():
    return jvm.jars("kafka", VERSION, ARTIFACTS, "kafka_*.jar", "54 MB", ", or APACHE_KAFKA_DIR")


def _installed():
    """(folder of jars, version) of the Kafka that APACHE_KAFKA_DIR names."""
    named = os.environ.get("APACHE_KAFKA_DIR")
    if not named:
        return None
    remedy = ("remedy: let APACHE_KAFKA_DIR name the folder of an unpacked Kafka 3.3 or later (the one that holds bin/ and "
              "libs/), or unset it: then Maven fetches one")
    if not pathlib.Path(named).is_dir():
        raise Failure(f"APACHE_KAFKA_DIR={named} is not a folder; {remedy}", 2)
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
