"""PostgreSQL (package postgresql): user `test` without password on 127.0.0.1, database `postgres`."""
import contextlib
import pathlib
import signal

from server import Single, identity, program, server_user


def version_of(folder):
    return float(folder.parent.name) if folder.parent.name.replace(".", "", 1).isdigit() else 0


class PostgreSQL(Single):
    END_SIGNAL = signal.SIGINT  # "fast": sessions are cut off
    PROOF = "postgresql.conf"

    def find(self):
        folders = sorted(pathlib.Path("/usr/lib/postgresql").glob("*/bin"), key=version_of, reverse=True)
        self.server = program("postgres", "postgresql", folders)
        self.initdb = program("initdb", "postgresql", folders)
        self.user = server_user("postgres")

    def create(self):
        self.home.run([self.initdb, "-D", str(self.home.data_folder(self.user)), "-A", "trust", "-U", "test",
                       "--no-sync", "-E", "UTF8", "--locale=C"], "initdb", self.user)

    def command(self):
        return [self.server, "-D", str(self.home.data_folder(self.user)), "-p", str(self.port()),
                "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]

    def clear_the_way(self):
        # PostgreSQL takes a process that was killed but not yet reaped by its parent for a living one.
        lock = self.home.data_folder(self.user) / "postmaster.pid"
        with contextlib.suppress(FileNotFoundError, IndexError, ValueError):
            if not identity(int(lock.read_text().split()[0])):
                lock.unlink()

    def ready(self, _process):
        log = self.home.folder / "postgres.log"
        return b"ready to accept connections" in log.read_bytes()

    def exports(self):
        return {"POSTGRES_URL": f"postgresql://test@127.0.0.1:{self.port()}/postgres"}
