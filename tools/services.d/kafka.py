"""Apache Kafka, one broker or several, in KRaft mode; jars by Maven (cached) or from APACHE_KAFKA_DIR."""
import signal
import subprocess

import kafka_jars
import kafka_topics
from server import Failure, accepts, free_port, say

LOG4J = """Configuration:
  Appenders:
    Console:
      name: out
      PatternLayout: {pattern: "[%d] %p %m (%c)%n"}
  Loggers:
    Root:
      level: WARN
      AppenderRef: {ref: out}
    Logger:
      - {name: kafka.server, level: INFO}
"""


class Kafka:
    def __init__(self, home, options):
        self.home, self.options = home, options

    def ports(self):
        return self.home.read().get("ports", {})

    def brokers(self):
        return [key for key in self.ports() if not key.endswith("-controller")]

    def exports(self):
        return {"KAFKA_BROKERS": ",".join(f"127.0.0.1:{self.ports()[key]}" for key in self.brokers())}

    def start(self):
        wanted = self.options.brokers
        if wanted is not None and not 1 <= wanted <= 9:
            raise Failure("--brokers must be between 1 and 9", 2)
        topics = [kafka_topics.parse(t) for t in self.options.topic]
        if self.ports() and wanted not in (None, len(self.brokers())):
            raise Failure(f"this Kafka has {len(self.brokers())} broker(s), not {wanted}; for another number, "
                          "tools/services stop kafka --remove (deletes its topics), then start again", 2)
        stopped = [key for key in self.brokers() if not self.home.running(key)]
        if stopped or not self.ports():
            self._launch(kafka_jars.find(), wanted)
        if topics:
            kafka_topics.create(self.ports()[self.brokers()[0]], topics, min(2, len(self.brokers())))

    def _launch(self, jars, wanted):
        java = jars.java
        if not self.ports():
            self._create(java, jars.classpath, wanted or 1)
        started = {}
        for key in self.brokers():
            if not self.home.running(key):
                started[key] = self.home.launch(key, [
                    java, "-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                    f"-Dlog4j2.configurationFile={self._folder(key)}/log4j2.yaml", "-cp", jars.classpath,
                    "kafka.Kafka", f"{self._folder(key)}/server.properties"])
        for key, process in started.items():
            log = self.home.folder / f"{key}.log"
            self.home.wait_for(key, process, lambda: b"Kafka Server started" in log.read_bytes()
                               and accepts(self.ports()[key]))
            say(f"{key}: ready on 127.0.0.1:{self.ports()[key]}")

    def _folder(self, key):
        return self.home.data_folder() / key

    def _create(self, java, classpath, count):
        self.home.empty_data_folder()
        keys = ["kafka"] if count == 1 else [f"kafka.{n}" for n in range(1, count + 1)]
        ports = {}
        for key in keys:
            ports[key] = free_port(ports.values())
            ports[f"{key}-controller"] = free_port(ports.values())
        cluster = subprocess.run([java, "-cp", classpath, "kafka.tools.StorageTool", "random-uuid"],
                                 capture_output=True, text=True, check=False).stdout.split()
        if not cluster:
            raise Failure("kafka.tools.StorageTool gave no cluster id")
        for n, key in enumerate(keys, 1):
            folder = self._folder(key)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "log4j2.yaml").write_text(LOG4J)
            (folder / "server.properties").write_text(self._properties(n, key, keys, ports))
            self.home.run([java, "-Xmx128m", "-cp", classpath, "kafka.tools.StorageTool", "format",
                           *(["--standalone"] if count == 1 else []), "-t", cluster[-1],
                           "-c", f"{folder}/server.properties"], "formatting Kafka's storage")
        self.home.remember(ports=ports)

    def _properties(self, node, key, keys, ports):
        replicas = min(3, len(keys))
        quorum = (f"controller.quorum.bootstrap.servers=127.0.0.1:{ports[key + '-controller']}" if len(keys) == 1 else
                  "controller.quorum.voters=" + ",".join(f"{n}@127.0.0.1:{ports[k + '-controller']}"
                                                         for n, k in enumerate(keys, 1)))
        # The short session makes a broker that was killed come back in seconds; the retention of group offsets, which
        # are sinks' positions, must outlast a machine that was off for a while.
        return f"""process.roles=broker,controller
node.id={node}
{quorum}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{ports[key]},CONTROLLER://127.0.0.1:{ports[key + '-controller']}
log.dirs={self._folder(key)}/logs
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=1
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={min(2, replicas)}
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor={replicas}
share.coordinator.state.topic.min.isr={min(2, replicas)}
broker.session.timeout.ms={1500 if len(keys) == 1 else 3000}
broker.heartbeat.interval.ms=300
log.cleaner.dedupe.buffer.size=4194304
num.network.threads=2
num.io.threads=2
background.threads=2
offsets.retention.minutes=525600
"""

    def stop(self):
        running = [key for key in self.brokers() if self.home.running(key)]
        if running:
            self.home.end(running, signal.SIGTERM, 30)
            say(f"{', '.join(running)}: stopped")

    def kill(self, part):
        keys = [f"kafka.{part}"] if part else self.brokers()
        if not any(self.home.running(key) for key in keys):
            raise Failure(f"kafka{'.' + part if part else ''} is not running")
        self.home.end(keys, signal.SIGKILL, 10)
        say(f"{', '.join(keys)}: killed")
