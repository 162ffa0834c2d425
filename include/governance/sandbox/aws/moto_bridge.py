"""S3 and STS by moto, in this process: its WSGI application is handed the very request that came.

moto keeps its state per process, not per server: what one stand-in stores, another in the same process sees.
It is forgotten when the last of them is stopped.
"""

from __future__ import annotations

import io
import logging
import re
import threading
from typing import Any, ClassVar
from urllib.parse import parse_qs, quote

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import s3_backends
from moto.sts.models import sts_backends
from werkzeug.test import EnvironBuilder, run_wsgi_app

from governance.sandbox.aws.errors import ServiceError
from governance.sandbox.aws.protocol import Response
from governance.sandbox.aws.request import Request
from governance.sandbox.world import World

SERVICES = {"s3": "rest-xml", "sts": "query"}
"""Services handed to moto, with their protocols."""

_LOG = logging.getLogger(__name__)
_DROPPED = ("transfer-encoding", "content-length", "connection", "x-moto-account-id")


class MotoBridge:
    """moto behind the stand-in's front."""

    _lock: ClassVar[threading.Lock] = threading.Lock()
    _open: ClassVar[int] = 0

    def __init__(self, world: World) -> None:
        self._active = {account.id for account in world.accounts if account.state == "ACTIVE"}
        self._application = DomainDispatcherApplication(create_backend_app)
        with self._lock:
            MotoBridge._open += 1

    def close(self) -> None:
        """Forget what is stored, if no other stand-in of this process is open."""
        with self._lock:
            MotoBridge._open -= 1
            if not MotoBridge._open:
                for backends in (s3_backends, sts_backends):
                    _forget(backends)

    def operation(self, request: Request) -> str:
        """Return the operation's name; for S3 the action that IAM asks for."""
        if request.signature.service == "s3":
            return _s3_action(request)
        return _form(request).get("Action", "unknown")

    def answer(self, request: Request, account: str) -> Response:
        """Return moto's answer to a request of `account`; raise ServiceError where it fails."""
        self._refuse_foreign_role(request)
        try:
            body, status, headers = run_wsgi_app(
                self._application, self._environ(request, account), buffered=True
            )
            content = b"".join(body)
        except Exception as error:
            _LOG.exception("moto failed on %s %s", request.method, request.path)
            raise ServiceError("InternalFailure", f"moto failed: {error!r}", status=500) from error
        kept = {name.lower(): value for name, value in headers if name.lower() not in _DROPPED}
        if request.method == "HEAD" and "Content-Length" in headers:
            kept["content-length"] = headers["Content-Length"]
        return Response(int(status.split()[0]), content, kept)

    def _refuse_foreign_role(self, request: Request) -> None:
        """A role can be assumed in active accounts of this organization only; moto would take any.

        https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html
        """
        if request.signature.service != "sts":
            return
        role = _form(request).get("RoleArn", "")
        named = re.match(r"arn:aws:iam::(\d{12}):role/", role)
        if role and (named is None or named[1] not in self._active):
            message = f"User is not authorized to perform: sts:AssumeRole on resource: {role}"
            raise ServiceError("AccessDenied", message, status=403)

    @staticmethod
    def _environ(request: Request, account: str) -> dict[str, Any]:
        headers = [(name, value) for name, value in request.headers.items() if name not in _DROPPED]
        builder = EnvironBuilder(
            path=quote(request.path, safe="/~"),
            query_string=request.query_string,
            method=request.method,
            base_url=f"http://{request.headers.get('host', 'localhost')}",
            headers=[*headers, ("x-moto-account-id", account)],
            input_stream=io.BytesIO(request.body),
            content_length=len(request.body),
        )
        environ: dict[str, Any] = builder.get_environ()
        return environ


def _s3_action(request: Request) -> str:
    """Return what IAM calls a request on a bucket or an object.

    https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
    """
    bucket, _, key = request.path.lstrip("/").partition("/")
    if not bucket:
        return "ListAllMyBuckets"
    if key or "delete" in request.query:
        return {"GET": "GetObject", "HEAD": "GetObject", "DELETE": "DeleteObject"}.get(
            request.method, "DeleteObject" if "delete" in request.query else "PutObject"
        )
    if "location" in request.query:
        return "GetBucketLocation"
    return {"PUT": "CreateBucket", "DELETE": "DeleteBucket"}.get(request.method, "ListBucket")


def _forget(backends: Any) -> None:
    for account in list(backends.values()):
        account.reset()


def _form(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode("utf-8", "replace")).items()}
