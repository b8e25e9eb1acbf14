"""PutMetricData: requests a second beside moto_server and ministack, and the codec's share.

Run with ``python benchmarks/put_metric_data.py``; peers are looked for in
``$UNDERSTUDY_BENCH_PEERS``. One client sends the same bytes over one connection to each, in turns;
the figures are medians of rounds, and CPU time of all processes of a server for each request, which
depends less on what else the machine does.
"""

import http.client
import os
import signal
import subprocess
import sys
import tempfile
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any

from botocore.awsrequest import prepare_request_dict
from botocore.serialize import create_serializer
from botocore.session import Session

from understudy.api.wire.decode import decode
from understudy.api.wire.identify import identify
from understudy.api.wire.request import WireRequest
from understudy.api.wire.validate import validate
from understudy.base.identity import Ids
from understudy.control.cloudwatch.operations import OPERATIONS
from understudy.control.cloudwatch.service import CloudWatch
from understudy.control.turn import Turn
from understudy.runtimes.addresses import free_port
from understudy.testing.processes import cpu_seconds, family, listens, wait_for

PEERS = Path(os.environ.get("UNDERSTUDY_BENCH_PEERS", ".bench-venv/bin"))
ROUNDS, SECONDS, PATIENCE = 5, 1.0, 60.0
SETTLE = 4.0
PROTOCOLS = ("query", "json", "smithy-rpc-v2-cbor")
NAMES = {"query": "query", "json": "JSON", "smithy-rpc-v2-cbor": "CBOR"}
Request = tuple[str, dict[str, str], bytes]


def request(protocol: str, datums: int, at: float | None = None) -> Request:
    """A request as a client sends it: its path, headers and body."""
    model = Session().get_service_model("cloudwatch")
    operation = model.operation_model("PutMetricData")
    dimensions = [{"Name": "Endpoint", "Value": "digits"}, {"Name": "Variant", "Value": "blue"}]
    data = [
        {
            "MetricName": f"m{number % 100}",
            "Dimensions": dimensions,
            "Value": 1.5 * number,
            "Unit": "Count",
            **({} if at is None else {"Timestamp": at + number // 100}),
        }
        for number in range(datums)
    ]
    params = {"Namespace": "Bench", "MetricData": data}
    wire: dict[str, Any] = create_serializer(protocol, False).serialize_to_request(
        params, operation
    )
    wire["context"] = {}
    prepare_request_dict(wire, endpoint_url="http://127.0.0.1")
    body = wire["body"]
    content = urllib.parse.urlencode(body).encode() if isinstance(body, dict) else body
    content = content.encode() if isinstance(content, str) else content
    scope = "20260101/us-east-1/monitoring/aws4_request"
    signed = f"AWS4-HMAC-SHA256 Credential=test/{scope}, SignedHeaders=host, Signature=none"
    headers = {**wire["headers"], "Authorization": signed, "Host": "monitoring.amazonaws.com"}
    headers.pop("Host")
    return wire["url_path"], {str(k): str(v) for k, v in headers.items()}, content


class Server:
    """A server under test at a port of its own."""

    def __init__(self, line: list[str], **environment: str) -> None:
        self.port = free_port("127.0.0.1")
        shown = {key: value.format(port=self.port) for key, value in environment.items()}
        self.process = subprocess.Popen(
            [each.format(port=self.port) for each in line],
            env=os.environ | shown,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(lambda: listens(self.port), PATIENCE)
        self.connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        self.idle = 0.0

    def rest(self) -> None:
        """Find out what it uses while nobody asks anything."""
        before, begun = self.cpu(), time.monotonic()
        time.sleep(SETTLE)  # Its idle use over this time is what is measured.
        self.idle = (self.cpu() - before) / (time.monotonic() - begun)

    def cpu(self) -> float:
        """CPU seconds that it has used, with all its children."""
        return cpu_seconds(family(self.process.pid))

    def send(self, what: Request) -> int:
        """Send a request; the status of the answer."""
        path, headers, body = what
        self.connection.request("POST", path, body, headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status

    def round(self, what: Request) -> tuple[float, float]:
        """Requests a second, and CPU milliseconds for each beyond idling, over a round."""
        before, begun, sent = self.cpu(), time.monotonic(), 0
        while time.monotonic() < begun + SECONDS:
            self.send(what)
            sent += 1
        spent = time.monotonic() - begun
        return sent / spent, (self.cpu() - before - self.idle * spent) / sent * 1000

    def stop(self) -> None:
        """End it."""
        self.connection.close()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(20)


def servers(folder: str) -> Iterator[tuple[str, Server]]:
    """Ours and those peers that are installed."""
    ours = [sys.executable, "-m", "understudy", "up", "--port", "{port}", "--state", folder]
    yield "understudy", Server(ours)
    if (PEERS / "moto_server").exists():
        line = [str(PEERS / "moto_server"), "-H", "127.0.0.1", "-p", "{port}"]
        yield "moto_server", Server(line)
    if (PEERS / "ministack").exists():
        where = {"GATEWAY_PORT": "{port}", "MINISTACK_HOST": "127.0.0.1"}
        yield "ministack", Server([str(PEERS / "ministack")], **where)


def compared(datums: int) -> None:
    """All servers in turns, with the protocols that they answer."""
    print(f"{datums} datum{'s' if datums > 1 else ''} in each request:")
    with tempfile.TemporaryDirectory() as folder:
        running = dict(servers(folder))
        try:
            time.sleep(SETTLE)  # What starting set off ends by itself, unseen.
            for server in running.values():
                server.rest()
            for protocol in PROTOCOLS:
                what = request(protocol, datums)
                able = {name: s for name, s in running.items() if s.send(what) == 200}
                rounds = {name: [] for name in able}
                for _ in range(ROUNDS):
                    for name, server in able.items():
                        rounds[name].append(server.round(what))
                _tell(protocol, rounds)
        finally:
            for server in running.values():
                server.stop()


def _tell(protocol: str, rounds: dict[str, list[tuple[float, float]]]) -> None:
    rates = {name: median(rate for rate, _ in each) for name, each in rounds.items()}
    costs = {name: median(cost for _, cost in each) for name, each in rounds.items()}
    peers = [name for name in rates if name != "understudy"]
    for name, rate in rates.items():
        print(f"  {NAMES[protocol]:5} {name:12} {rate:7.0f}/s {costs[name]:7.3f} ms of CPU")
    if peers:
        best = max(rates[name] for name in peers)
        cheapest = min(costs[name] for name in peers)
        print(
            f"  {NAMES[protocol]:5} {rates['understudy'] / best:.1f} times the better peer, at "
            f"{costs['understudy'] / cheapest:.2f} of its CPU"
        )


def codec(protocol: str, requests: int = 1000, datums: int = 1000) -> float:
    """CPU seconds of so many datapoints from bytes to the store."""
    service = CloudWatch()
    path, headers, body = request(protocol, datums, 1_767_225_600.0)
    head = WireRequest("POST", path, "", {k.lower(): v for k, v in headers.items()}, body)
    begun = time.process_time()
    for number in range(requests):
        call = identify(head)
        params = decode(call, head)
        validate(call, params)
        turn = Turn(1_767_225_700.0 + number, "us-east-1", Ids())
        OPERATIONS["PutMetricData"](service, params, turn)
    return (time.process_time() - begun) * 1_000_000 / (requests * datums)


def main() -> None:
    for protocol in PROTOCOLS:
        spent = codec(protocol, requests=100)
        print(f"a million datapoints through the codec, {NAMES[protocol]}: {spent:.1f} s of CPU")
    for datums in (1, 20):
        compared(datums)


if __name__ == "__main__":
    main()
