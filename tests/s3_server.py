"""A server that speaks S3, on loopback, for the tests of buckets."""

from __future__ import annotations

import logging
from contextlib import contextmanager

from moto.server import ThreadedMotoServer


@contextmanager
def s3_server(monkeypatch):
    """Its address; the environment leads obstore there."""
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    given = {
        "AWS_ACCESS_KEY_ID": "key-of-the-test",
        "AWS_SECRET_ACCESS_KEY": "secret-of-the-test",
        "AWS_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ALLOW_HTTP": "true",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    try:
        yield given["AWS_ENDPOINT_URL"]
    finally:
        server.stop()
