"""Requests of tools and tests to an HDFS over WebHDFS: standard library only. No request is repeated."""
import http.client
import json
import urllib.parse


class Refused(Exception):
    """HDFS's error for a request that fails; `kind` is the name of its exception."""

    def __init__(self, status, kind, message):
        super().__init__(f"{status} {kind}: {message}")
        self.status, self.kind = status, kind


class Client:
    """`url`: http://HOST:PORT of a NameNode. Without a user one is who the server takes such for."""

    def __init__(self, url, user=None, seconds=120):
        self.address = urllib.parse.urlsplit(url).netloc
        self.user, self.seconds = user, seconds

    def list(self, path):
        """Names in a folder with what is known of them; one file alone has the empty name."""
        entries = json.loads(self._ask("GET", path, "LISTSTATUS"))["FileStatuses"]["FileStatus"]
        return {entry["pathSuffix"]: entry for entry in entries}

    def walk(self, path):
        """All files below, as paths from there with their lengths."""
        found = {}
        for name, entry in self.list(path).items():
            if entry["type"] == "DIRECTORY":
                found.update({f"{name}/{below}": size for below, size in self.walk(f"{path}/{name}").items()})
            else:
                found[name] = entry["length"]
        return found

    def read(self, path):
        return self._ask("GET", path, "OPEN")

    def write(self, path, data, overwrite=False):
        self._ask("PUT", path, "CREATE", data, overwrite=str(overwrite).lower())

    def make_folder(self, path):
        self._ask("PUT", path, "MKDIRS")

    def rename(self, path, to):
        """Refused if `to` is there."""
        self._ask("PUT", path, "RENAME", destination=to, renameoptions="NONE")

    def delete(self, path, recursive=False):
        """Returns whether it was there."""
        return json.loads(self._ask("DELETE", path, "DELETE", recursive=str(recursive).lower()))["boolean"]

    def allow(self, path, permission):
        self._ask("PUT", path, "SETPERMISSION", permission=permission)

    def _ask(self, method, path, operation, data=None, **parameters):
        if self.user:
            parameters["user.name"] = self.user
        query = urllib.parse.urlencode({"op": operation, **parameters})
        address, target = self.address, f"/webhdfs/v1{urllib.parse.quote(path)}?{query}"
        status, headers, answer = self._send(address, method, target)
        if status == 307:  # data are the DataNode's affair
            place = urllib.parse.urlsplit(headers["Location"])
            status, headers, answer = self._send(place.netloc, method, f"{place.path}?{place.query}", data)
        if status >= 300:
            raise self._refusal(status, answer)
        return answer

    def _send(self, address, method, target, data=None):
        connection = http.client.HTTPConnection(address, timeout=self.seconds)
        try:
            connection.request(method, target, data)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        except http.client.HTTPException as e:
            raise ConnectionError(f"{address}: {e!r}") from e
        finally:
            connection.close()

    @staticmethod
    def _refusal(status, answer):
        try:
            said = json.loads(answer)["RemoteException"]
            return Refused(status, said["exception"], said["message"])
        except (ValueError, KeyError):
            return Refused(status, "", answer.decode(errors="replace")[:500])
