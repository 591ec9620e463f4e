"""HDFS 3.4.1: a NameNode and a DataNode, two processes, spoken to over WebHDFS; jars by Maven (89 MB, cached).

Permissions hold as they do in earnest: whoever started this is the superuser, whom also requests without user.name are taken
for; the root folder is everybody's, like /tmp, so that any other user may make folders of his own.
"""
import contextlib
import getpass
import os
import signal
import subprocess

import jvm
import webhdfs
from server import Failure, accepts, free_port, say

VERSION = "3.4.1"
ARTIFACTS = (*(("org.apache.hadoop", f"hadoop-client-{part}", VERSION) for part in ("minicluster", "api", "runtime")),
             ("org.slf4j", "slf4j-simple", "1.7.36"),
             ("javax.xml.bind", "jaxb-api", "2.3.1"))  # WebHDFS answers 500 without it
NAMENODE, DATANODE = "hdfs.namenode", "hdfs.datanode"
MAIN = {NAMENODE: "org.apache.hadoop.hdfs.server.namenode.NameNode", DATANODE: "org.apache.hadoop.hdfs.server.datanode.DataNode"}


class Hdfs:
    def __init__(self, home, options):
        self.home, self.options = home, options

    def ports(self):
        return self.home.read().get("ports", {})

    def exports(self):
        return {"WEBHDFS_URL": f"http://127.0.0.1:{self.ports()[NAMENODE]}"}

    def start(self):
        if all(map(self.home.running, MAIN)):
            return
        self._find()
        new = not self.ports()
        if new:
            self._create()
        self._configure()
        process, key = None, None
        for key in (k for k in MAIN if not self.home.running(k)):
            process = self.home.launch(key, [*self.java, MAIN[key]], env=self._environment())
            self.home.wait_for(key, process, lambda: accepts(self.ports()[key]))
        # A NameNode writes nothing before its DataNode has told it of its blocks.
        self.home.wait_for(key, process, self._writable)
        if new:
            webhdfs.Client(self.exports()["WEBHDFS_URL"]).allow("/", "1777")
        for key in MAIN:
            say(f"{key}: ready on 127.0.0.1:{self.ports()[key]}")

    def _writable(self):
        client = webhdfs.Client(self.exports()["WEBHDFS_URL"], seconds=30)
        with contextlib.suppress(OSError, webhdfs.Refused):
            client.write("/.millrace-services", b"writable?", overwrite=True)
            client.delete("/.millrace-services")
            return True
        return False

    def _find(self):
        # Java refuses what Hadoop's login asks for from 23 on.
        self.java = [jvm.java(f"Hadoop {VERSION}", 11, 22), "-Xms64m", "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1",
                     "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn", "-Dorg.slf4j.simpleLogger.showDateTime=true",
                     "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss.SSS", "-cp",
                     f"{self.home.data_folder()}/conf:" + str(jvm.jars("hadoop", VERSION, ARTIFACTS, "hadoop-client-minicluster-*.jar", "89 MB")) + "/*"]

    def _environment(self):
        others = {name: value for name, value in os.environ.items() if not name.startswith("HADOOP_")}
        return {**others, "HADOOP_USER_NAME": getpass.getuser()}

    def _create(self):
        self.home.empty_data_folder()
        say(f"hdfs: making a file system in {self.home.data_folder()}")
        ports = {}
        for key in (NAMENODE, DATANODE, "namenode-rpc", "datanode-data", "datanode-ipc"):
            ports[key] = free_port(ports.values())
        self._configure(ports)
        self.home.run([*self.java, MAIN[NAMENODE], "-format", "-force", "-nonInteractive"], "formatting HDFS", env=self._environment())
        self.home.remember(ports=ports)

    def _configure(self, ports=None):
        ports, data = ports or self.ports(), self.home.data_folder()
        conf = data / "conf"
        conf.mkdir(exist_ok=True)
        core = {"fs.defaultFS": f"hdfs://127.0.0.1:{ports['namenode-rpc']}", "hadoop.tmp.dir": f"{data}/tmp",
                "hadoop.http.staticuser.user": getpass.getuser()}
        # A DataNode that has gone is missed after 12 s rather than after 10 minutes, and one that is back is used at once. The end of a
        # file waits 20 ms rather than 400 for the NameNode to hear of its block, which is late half the time.
        hdfs = {"dfs.replication": 1, "dfs.namenode.safemode.extension": 0, "dfs.heartbeat.interval": 1,
                "dfs.namenode.heartbeat.recheck-interval": 1000, "dfs.blockreport.initialDelay": 0, "dfs.datanode.hostname": "127.0.0.1",
                "dfs.client.block.write.locateFollowingBlock.initial.delay.ms": 20,
                "dfs.namenode.name.dir": f"file://{data}/name", "dfs.datanode.data.dir": f"file://{data}/blocks",
                "dfs.namenode.rpc-address": f"127.0.0.1:{ports['namenode-rpc']}",
                "dfs.namenode.http-address": f"127.0.0.1:{ports[NAMENODE]}", "dfs.datanode.http.address": f"127.0.0.1:{ports[DATANODE]}",
                "dfs.datanode.address": f"127.0.0.1:{ports['datanode-data']}", "dfs.datanode.ipc.address": f"127.0.0.1:{ports['datanode-ipc']}"}
        for name, values in (("core", core), ("hdfs", hdfs)):
            properties = "".join(f"<property><name>{key}</name><value>{value}</value></property>\n" for key, value in values.items())
            (conf / f"{name}-site.xml").write_text(f"<configuration>\n{properties}</configuration>\n")

    def safe_mode(self, how):
        if not self.home.running(NAMENODE):
            raise Failure(f"{NAMENODE} is not running")
        self._find()
        done = subprocess.run([*self.java, "org.apache.hadoop.hdfs.tools.DFSAdmin", "-safemode", how], env=self._environment(),
                              cwd=self.home.data_folder(), stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        wanted = "Safe mode is " + {"enter": "ON", "leave": "OFF"}[how]
        if done.returncode or wanted not in done.stdout:
            raise Failure(f"dfsadmin -safemode {how} failed:\n{(done.stdout + done.stderr)[-2000:]}")
        say(f"hdfs: {wanted}")

    def stop(self):
        running = [key for key in MAIN if self.home.running(key)]
        if running:
            self.home.end(running, signal.SIGTERM, 60)
            say(f"{', '.join(running)}: stopped")

    def kill(self, part):
        keys = [f"hdfs.{part}"] if part else list(MAIN)
        if keys[0] not in MAIN:
            raise Failure(f"hdfs has no {part!r}; its parts are {' and '.join(MAIN)}", 2)
        if not any(self.home.running(key) for key in keys):
            raise Failure(f"hdfs{'.' + part if part else ''} is not running")
        self.home.end(keys, signal.SIGKILL, 10)
        say(f"{', '.join(keys)}: killed")
