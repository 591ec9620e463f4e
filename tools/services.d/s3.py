"""An S3 server over a folder: versitygw 1.8.0, built once by Go from its released source (two minutes; kept in the cache), with the bucket
`millrace`. Requests must be signed."""
import os
import subprocess

import s3_client
from server import Failure, Missing, Single, cached, program, say, workshop

MODULE, VERSION = "github.com/versity/versitygw/cmd/versitygw", "1.8.0"
ACCESS, SECRET, BUCKET, REGION = "millrace", "millrace-secret", "millrace", "us-east-1"


def _download(cache, folder):
    go = program("go", "golang-go (1.25 or later), or https://go.dev/dl")
    say(f"s3: building versitygw {VERSION} by Go into {folder}, for two minutes")
    with workshop(cache, "versitygw") as work:
        done = subprocess.run([go, "install", "-trimpath", "-ldflags", "-s -w", f"{MODULE}@v{VERSION}"], cwd=work, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                              env={**os.environ, "GOBIN": f"{work}/bin", "GOFLAGS": "", "CGO_ENABLED": "0"})
        if done.returncode:
            raise Missing(f"Go could not build versitygw {VERSION}; remedy: a network with a Go module proxy, and Go 1.25 or later. It said:\n"
                          f"{done.stdout.decode(errors='replace')[-2000:]}")
        (work / "bin").rename(folder)


class S3(Single):
    PROOF = "buckets"
    user = None

    def find(self):
        self.server = cached("versitygw", VERSION, _download) / "versitygw"

    def create(self):
        (self.home.data_folder() / "buckets").mkdir()

    def command(self):
        return [self.server, "--port", f"127.0.0.1:{self.port()}", "--region", REGION, "--keep-alive", "posix", *self._metadata(),
                str(self.home.data_folder() / "buckets")]

    def _metadata(self):
        """Kept with the objects if the file system has extended attributes, else beside them."""
        beside = self.home.data_folder() / "metadata"
        try:
            os.setxattr(self.home.data_folder() / "buckets", "user.millrace", b"1")
        except OSError:
            beside.mkdir(exist_ok=True)
            return ["--sidecar", str(beside)]
        return []

    def environment(self):
        return {**os.environ, "ROOT_ACCESS_KEY": ACCESS, "ROOT_SECRET_KEY": SECRET}

    def prepare(self):
        try:
            s3_client.Client(self.exports()["S3_URL"]).make_bucket()
        except (OSError, s3_client.Refused) as e:
            raise Failure(f"s3: cannot make the bucket {BUCKET}: {e}") from e

    def exports(self):
        return {"S3_URL": f"s3://{ACCESS}:{SECRET}@{BUCKET}?region={REGION}&endpoint=http://127.0.0.1:{self.port()}"}
