"""Requests of tools and tests to an S3 server, signed by AWS Signature Version 4: standard library only. No request is repeated."""
import hashlib
import hmac
import http.client
import time
import urllib.parse
import xml.etree.ElementTree


class Refused(Exception):
    """The server's error for a request that fails; `code` is the error's name."""

    def __init__(self, status, code, message):
        super().__init__(f"{status} {code}: {message}")
        self.status, self.code = status, code


class Client:
    """`url`: s3://KEY:SECRET@BUCKET?region=REGION&endpoint=http://HOST:PORT. The bucket goes into the path of each request."""

    def __init__(self, url, seconds=120):
        parts = urllib.parse.urlsplit(url)
        options = dict(urllib.parse.parse_qsl(parts.query))
        endpoint = urllib.parse.urlsplit(options["endpoint"])
        self.address, self.bucket = endpoint.netloc, parts.hostname
        self.access, self.secret = urllib.parse.unquote(parts.username), urllib.parse.unquote(parts.password)
        self.region, self.seconds = options.get("region", "us-east-1"), seconds
        self.connection = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}[endpoint.scheme]

    def make_bucket(self):
        """Returns whether it was not there."""
        try:
            self.ask("PUT", "")
            return True
        except Refused as e:
            if e.code not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise
            return False

    def list(self, prefix=""):
        """All keys that begin so, with their sizes."""
        found, more = {}, {}
        while True:
            page = xml.etree.ElementTree.fromstring(self.ask("GET", "", query={"list-type": "2", "prefix": prefix, **more}))
            for item in page.iterfind("{*}Contents"):
                found[item.findtext("{*}Key")] = int(item.findtext("{*}Size"))
            if page.findtext("{*}IsTruncated") != "true":
                return found
            more = {"continuation-token": page.findtext("{*}NextContinuationToken")}

    def read(self, key):
        return self.ask("GET", key)

    def write(self, key, data, overwrite=True):
        self.ask("PUT", key, data, headers={} if overwrite else {"If-None-Match": "*"})

    def delete(self, key):
        self.ask("DELETE", key)

    def ask(self, method, key, data=b"", query=None, headers=None):
        path = urllib.parse.quote(f"/{self.bucket}/{key}" if key else f"/{self.bucket}", safe="/-_.~")
        asked = urllib.parse.urlencode(sorted((query or {}).items()), quote_via=urllib.parse.quote, safe="-_.~")
        connection = self.connection(self.address, timeout=self.seconds)
        try:
            connection.request(method, f"{path}?{asked}" if asked else path, data or None,
                               self._signed(method, path, asked, data, headers or {}))
            answer = connection.getresponse()
            status, body = answer.status, answer.read()
        except http.client.HTTPException as e:
            raise ConnectionError(f"{self.address}: {e!r}") from e
        finally:
            connection.close()
        if status >= 300:
            raise self._refusal(status, body)
        return body

    def _signed(self, method, path, query, data, headers):
        now, digest = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), hashlib.sha256(data).hexdigest()
        signed = {"host": self.address, "x-amz-content-sha256": digest, "x-amz-date": now}
        names = ";".join(sorted(signed))
        canonical = "\n".join([method, path, query, *(f"{name}:{signed[name]}" for name in sorted(signed)), "", names, digest])
        scope = f"{now[:8]}/{self.region}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", now, scope, hashlib.sha256(canonical.encode()).hexdigest()])
        key = f"AWS4{self.secret}".encode()
        for part in scope.split("/"):
            key = hmac.digest(key, part.encode(), "sha256")
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        return {**signed, **headers,
                "Authorization": f"AWS4-HMAC-SHA256 Credential={self.access}/{scope}, SignedHeaders={names}, Signature={signature}"}

    @staticmethod
    def _refusal(status, body):
        try:
            said = xml.etree.ElementTree.fromstring(body)
            return Refused(status, said.findtext("{*}Code") or said.findtext("Code"), said.findtext("{*}Message") or said.findtext("Message"))
        except xml.etree.ElementTree.ParseError:
            return Refused(status, "", body.decode(errors="replace")[:500])
