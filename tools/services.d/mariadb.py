"""MariaDB (package mariadb-server): root without password on 127.0.0.1, an empty database `test`."""
from server import Failure, Single, program, server_user

import os
import subprocess


class MariaDB(Single):
    PROOF = "mysql"

    def find(self):
        self.server = program("mariadbd", "mariadb-server")
        self.installer = program("mariadb-install-db", "mariadb-server")
        self.client = program("mariadb", "mariadb-server")
        self.user = server_user("mysql")

    def create(self):
        data = self.home.data_folder(self.user)
        self.home.run([self.installer, "--no-defaults", f"--datadir={data}", "--auth-root-authentication-method=normal",
                       "--skip-test-db"], "mariadb-install-db", self.user, self.environment())

    def environment(self):
        """Its temporary tables lie with the data: in /tmp whoever tidies up takes them away under its hands."""
        return {**os.environ, "TMPDIR": str(self.home.data_folder(self.user))}

    def command(self):
        data = self.home.data_folder(self.user)
        # A relative socket lies in the data folder, however long its path: an absolute one may have 107 bytes.
        return [self.server, "--no-defaults", f"--datadir={data}", "--bind-address=127.0.0.1", f"--port={self.port()}",
                "--socket=s.sock", f"--pid-file={data}/pid", "--skip-name-resolve", "--innodb-buffer-pool-size=64M"]

    def prepare(self):
        done = subprocess.run([self.client, "--no-defaults", "-h127.0.0.1", f"-P{self.port()}", "-uroot",
                               "-e", "create database if not exists test"], capture_output=True, check=False)
        if done.returncode:
            raise Failure(f"mariadb: cannot make the database `test`: {done.stderr.decode(errors='replace')}")

    def exports(self):
        return {"MARIADB_URL": f"mysql://root@127.0.0.1:{self.port()}/test", "MARIADB_PORT": str(self.port())}
