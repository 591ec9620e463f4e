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

# The same for Kafka 3, which still has version 1 of log4j.
LOG4J_1 = """log4j.rootLogger=WARN, out
log4j.logger.kafka.server=INFO
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=[%d] %p %m (%c)%n
"""


# Listeners of --secured beside the plain one: SASL's mechanism PLAIN for this user, and TLS without client certificates.
SECURED = {"sasl": "SASL_PLAINTEXT", "tls": "SSL"}
USER, PASSWORD = "millrace", "sesame"


class Kafka:
    def __init__(self, home, options):
        self.home, self.options = home, options

    def ports(self):
        return self.home.read().get("ports", {})

    def brokers(self):
        return [key for key in self.ports() if "-" not in key]

    def exports(self):
        ports = self.ports()
        exported = {"KAFKA_BROKERS": ",".join(f"127.0.0.1:{ports[key]}" for key in self.brokers())}
        for kind in SECURED:
            at = [f"127.0.0.1:{ports[f'{key}-{kind}']}" for key in self.brokers() if f"{key}-{kind}" in ports]
            if at:
                exported[f"KAFKA_{kind.upper()}_BROKERS"] = ",".join(at)
        if "KAFKA_TLS_BROKERS" in exported:
            exported["KAFKA_TLS_CA"] = str(self.home.data_folder() / "certificate.pem")
        return exported

    def start(self):
        wanted = self.options.brokers
        if wanted is not None and not 1 <= wanted <= 9:
            raise Failure("--brokers must be between 1 and 9", 2)
        if self.ports() and wanted not in (None, len(self.brokers())):
            raise Failure(f"this Kafka has {len(self.brokers())} broker(s), not {wanted}; for another number, "
                          "tools/services stop kafka --remove (deletes its topics), then start again", 2)
        count = len(self.brokers()) or wanted or 1
        defaults = self._defaults(count)
        topics = [(name, partitions or defaults["partitions"], replicas or defaults["replication"])
                  for name, partitions, replicas in map(kafka_topics.parse, self.options.topic)]
        for name, _, replicas in topics:
            if replicas > count:
                raise Failure(f"--topic {name}: {replicas} replicas need as many brokers, this Kafka has {count}; "
                              f"remedy: --brokers {replicas}", 2)
        if not self.ports() or not all(map(self.home.running, self.brokers())):
            self._launch(kafka_jars.find(), count, defaults)
        if topics:
            kafka_topics.create(self.ports()[self.brokers()[0]], topics)

    def _defaults(self, brokers):
        """The settings of topics that name none: those asked for, else the former ones, else the ordinary ones."""
        before = self.home.read().get("defaults", {"partitions": 1, "replication": min(2, brokers)})
        asked = {"partitions": self.options.partitions, "replication": self.options.replication}
        defaults = {key: before[key] if value is None else value for key, value in asked.items()}
        if not 1 <= defaults["partitions"] <= 99999:
            raise Failure("--partitions must be between 1 and 99999", 2)
        if not 1 <= defaults["replication"] <= brokers:
            raise Failure(f"--replication must be between 1 and the number of brokers, {brokers}", 2)
        if defaults != before and any(map(self.home.running, self.brokers())):
            raise Failure("--partitions and --replication are read when brokers start, and this Kafka is running; remedy: "
                          "tools/services stop kafka, then start with them", 2)
        return defaults

    def _launch(self, jars, count, defaults):
        java = jars.java
        if not self.ports():
            self._create(jars, count, defaults)
        if not any(map(self.home.running, self.brokers())):
            self._configure(defaults)
        started = {}
        for key in self.brokers():
            if not self.home.running(key):
                started[key] = self.home.launch(key, [
                    java, "-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                    f"-Dlog4j2.configurationFile={self._folder(key)}/log4j2.yaml",
                    f"-Dlog4j.configuration=file:{self._folder(key)}/log4j.properties", "-cp", jars.classpath,
                    "kafka.Kafka", f"{self._folder(key)}/server.properties"])
        for key, process in started.items():
            log = self.home.folder / f"{key}.log"
            self.home.wait_for(key, process, lambda: b"Kafka Server started" in log.read_bytes()
                               and accepts(self.ports()[key]))
            say(f"{key}: ready on 127.0.0.1:{self.ports()[key]}")

    def _folder(self, key):
        return self.home.data_folder() / key

    def _create(self, jars, count, defaults):
        java, classpath = jars.java, jars.classpath
        self.home.empty_data_folder()
        keys = ["kafka"] if count == 1 else [f"kafka.{n}" for n in range(1, count + 1)]
        ports = {}
        for key in keys:
            ports[key] = free_port(ports.values())
            for other in ["controller", *(SECURED if self.options.secured else [])]:
                ports[f"{key}-{other}"] = free_port(ports.values())
        if self.options.secured:
            self._certify()
        cluster = subprocess.run([java, "-cp", classpath, "kafka.tools.StorageTool", "random-uuid"],
                                 capture_output=True, text=True, check=False).stdout.split()
        if not cluster:
            raise Failure("kafka.tools.StorageTool gave no cluster id")
        self._write_properties(keys, ports, defaults)
        for key in keys:
            self.home.run([java, "-Xmx128m", "-cp", classpath, "kafka.tools.StorageTool", "format", "-t", cluster[-1],
                           "-c", f"{self._folder(key)}/server.properties"], "formatting Kafka's storage")
        self.home.remember(ports=ports)

    def _certify(self):
        """A certificate that signs itself, and the file of key and certificate that the brokers read."""
        data = self.home.data_folder()
        key, certificate = data / "key.pem", data / "certificate.pem"
        self.home.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "3650", "-subj", "/CN=127.0.0.1",
                       "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", certificate], "making a certificate")
        (data / "tls.pem").write_text(key.read_text() + certificate.read_text())

    def _configure(self, defaults):
        """Writes what brokers read at their start, also when the folder was begun with other values."""
        self._write_properties(self.brokers(), self.ports(), defaults)
        self.home.remember(defaults=defaults)

    def _write_properties(self, keys, ports, defaults):
        for n, key in enumerate(keys, 1):
            folder = self._folder(key)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / "log4j2.yaml").write_text(LOG4J)
            (folder / "log4j.properties").write_text(LOG4J_1)
            (folder / "server.properties").write_text(self._properties(n, key, keys, ports, defaults))

    def _properties(self, node, key, keys, ports, defaults):
        replicas = min(3, len(keys))
        voters = ",".join(f"{n}@127.0.0.1:{ports[k + '-controller']}" for n, k in enumerate(keys, 1))
        secured = {kind: name for kind, name in SECURED.items() if f"{key}-{kind}" in ports}
        listeners = "".join(f",{name}://127.0.0.1:{ports[f'{key}-{kind}']}" for kind, name in secured.items())
        security = f"""listener.security.protocol.map=CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,SSL:SSL,SASL_PLAINTEXT:SASL_PLAINTEXT
sasl.enabled.mechanisms=PLAIN
listener.name.sasl_plaintext.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_{USER}="{PASSWORD}";
listener.name.ssl.ssl.keystore.type=PEM
listener.name.ssl.ssl.keystore.location={self.home.data_folder()}/tls.pem
""" if secured else ""
        # A broker that was killed comes back when its session is over: killed and started again it is ready after 9 s, on two
        # busy cores; with 1.5 s after 5 s, with 9 s after 12 s. One that stands still for as long loses its session, and all
        # partitions their leader. It tries again after 0.1, 0.2, 0.4 ... s, which is 6.3 s in all at the sixth time.
        # The retention of group offsets, which are sinks' positions, must outlast a machine that was off for a while.
        return f"""process.roles=broker,controller
node.id={node}
controller.quorum.voters={voters}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{ports[key]},CONTROLLER://127.0.0.1:{ports[key + '-controller']}{listeners}
log.dirs={self._folder(key)}/logs
auto.create.topics.enable=false
num.partitions={defaults['partitions']}
default.replication.factor={defaults['replication']}
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor={replicas}
offsets.topic.num.partitions=1
transaction.state.log.replication.factor={replicas}
transaction.state.log.min.isr={min(2, replicas)}
transaction.state.log.num.partitions=1
share.coordinator.state.topic.replication.factor={replicas}
share.coordinator.state.topic.min.isr={min(2, replicas)}
broker.session.timeout.ms=6000
broker.heartbeat.interval.ms=300
log.cleaner.dedupe.buffer.size=4194304
num.network.threads=2
num.io.threads=2
background.threads=2
offsets.retention.minutes=525600
{security}"""

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
