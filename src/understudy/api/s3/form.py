"""Uploads by an HTML form: POST Object, with the conditions of its policy.

The signature of the policy is accepted unverified. AWS: POST Object; Creating a POST policy.
"""

from asyncio import to_thread
from base64 import b64decode
from datetime import datetime
from functools import partial
from typing import Any, cast
from urllib.parse import quote, urlencode

import msgspec

from understudy.api.http import Request, Response
from understudy.api.s3.multipart_form import FormDecoder
from understudy.api.wire import WireRequest, decode, identify
from understudy.api.wire.encode import request_id_headers
from understudy.api.wire.xml_write import escape
from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.storage.objects.store import Store
from understudy.storage.s3 import Context, admissions, body, faults, operations

_UNCHECKED: tuple[str, ...] = ("policy", "file", "x-amz-signature", "signature", "awsaccesskeyid")


def is_form(request: Request) -> bool:
    """Whether a request is a form with a file in it."""
    content_type = request.headers.get("content-type", "")
    return request.method == "POST" and content_type.startswith("multipart/form-data")


async def upload(
    store: Store, request: Request, context: Context, request_id: str, wall: float
) -> Response:
    """The answer to a form that came at ``wall``, by the clock its policy goes by. Raises Fault."""
    path = WireRequest("GET", request.path, "", request.headers)
    bucket = identify(path).labels.get("Bucket", "")
    decoder = FormDecoder(request.headers["content-type"])
    intake: body.Intake | None = None
    try:
        async for data in request.stream:
            pieces = decoder.feed(data)
            if decoder.filename is not None and intake is None:
                params = _params(bucket, decoder)
                check = partial(_admitted, store, params, decoder.fields, wall)
                intake = await to_thread(check)
            if intake is not None and pieces:
                await to_thread(intake.write, b"".join(pieces))
        decoder.finish()
        assert intake is not None
        params = _params(bucket, decoder)
        output = await to_thread(_put, store, intake, params, decoder.fields, context)
    finally:
        if intake is not None:
            await to_thread(intake.discard)
    return _answer(bucket, params["Key"], decoder.fields, output, request_id)


def _params(bucket: str, decoder: FormDecoder) -> Params:
    """The parameters of a PutObject with the fields of a form as its headers."""
    fields, filename = decoder.fields, decoder.filename or ""
    if "key" not in fields:
        message = (
            "Bucket POST must contain a field named 'key'.  If it is specified, please check the "
            "order of the fields."
        )
        raise faults.invalid_argument(message, "key")
    key = fields["key"].replace("${filename}", filename)
    headers = {name: text for name, text in fields.items() if name != "key"}
    headers |= {"x-amz-acl": fields["acl"]} if "acl" in fields else {}
    path = WireRequest("PUT", f"/{quote(bucket)}/{quote(key)}", "", headers)
    return decode(identify(path), path, streaming=True)


def _admitted(store: Store, params: Params, fields: dict[str, str], wall: float) -> body.Intake:
    admissions["PutObject"](store, params)
    _check_policy(fields, params, wall)
    return body.Intake(store, body.announced(params))


def _put(
    store: Store, intake: body.Intake, params: Params, fields: dict[str, str], context: Context
) -> Params:
    low, high = _length_range(fields)
    if intake.size < low:
        message = "Your proposed upload is smaller than the minimum allowed size"
        sizes = {"ProposedSize": intake.size, "MinSizeAllowed": low}
        raise Fault("EntityTooSmall", message, 400, sizes)
    if intake.size > high:
        message = "Your proposed upload exceeds the maximum allowed size"
        sizes = {"ProposedSize": intake.size, "MaxSizeAllowed": high}
        raise Fault("EntityTooLarge", message, 400, sizes)
    received = intake.finish()
    return operations["PutObject"](store, {**params, "Body": received}, context)


def _policy(fields: dict[str, str]) -> dict[str, Any]:
    if "policy" not in fields:
        return {}
    try:
        return msgspec.json.decode(b64decode(fields["policy"]), type=dict[str, Any])
    except (ValueError, msgspec.MsgspecError):
        message = "Invalid Policy: Invalid JSON."
        raise Fault("InvalidPolicyDocument", message, 400) from None


def _conditions(fields: dict[str, str]) -> list[list[Any]]:
    """The conditions of a policy, all in the form ``[operator, name, value]``."""
    found: list[list[Any]] = []
    for condition in _policy(fields).get("conditions", []):
        if isinstance(condition, dict):
            exact = cast("dict[str, Any]", condition)
            found.extend(["eq", f"${name}", value] for name, value in exact.items())
        else:
            found.append(condition)
    return found


def _length_range(fields: dict[str, str]) -> tuple[int, int]:
    for operator, low, high in _conditions(fields):
        if operator == "content-length-range":
            return int(low), int(high)
    return 0, body.SIZE_LIMIT


def _check_policy(fields: dict[str, str], params: Params, now: float) -> None:
    """Raise AccessDenied for a policy that has expired or does not allow what the form says."""
    policy = _policy(fields)
    if not policy:
        return
    expires = datetime.fromisoformat(policy.get("expiration", ""))
    if expires.timestamp() < now:
        raise faults.access_denied("Invalid according to Policy: Policy expired.")
    said = {**fields, "bucket": params["Bucket"], "key": params["Key"]}
    named = set(_UNCHECKED)
    for operator, name, value in _conditions(fields):
        if operator == "content-length-range":
            continue
        field = str(name).removeprefix("$").lower()
        named.add(field)
        given = said.get(field, "")
        if given != value if operator == "eq" else not given.startswith(value):
            text = msgspec.json.encode([operator, name, value]).decode()
            message = f"Invalid according to Policy: Policy Condition failed: {text}"
            raise faults.access_denied(message)
    extra = next((name for name in fields if name not in named and _must_be_named(name)), None)
    if extra is not None:
        message = f"Invalid according to Policy: Extra input fields: {extra}"
        raise faults.access_denied(message)


def _must_be_named(field: str) -> bool:
    return not field.startswith("x-ignore-")


def _answer(
    bucket: str, key: str, fields: dict[str, str], output: Params, request_id: str
) -> Response:
    etag = output["ETag"]
    location = f"https://{bucket}.s3.amazonaws.com/{quote(key)}"
    headers = (*request_id_headers("s3", request_id), ("etag", etag), ("location", location))
    if "VersionId" in output:
        headers = (*headers, ("x-amz-version-id", output["VersionId"]))
    redirect = fields.get("success_action_redirect") or fields.get("redirect")
    if redirect:
        query = urlencode({"bucket": bucket, "key": key, "etag": etag})
        mark = "&" if "?" in redirect else "?"
        kept = tuple(header for header in headers if header[0] != "location")
        return Response(303, (*kept, ("location", f"{redirect}{mark}{query}")))
    if fields.get("success_action_status") != "201":
        return Response(200 if fields.get("success_action_status") == "200" else 204, headers)
    named = {"Location": location, "Bucket": bucket, "Key": key, "ETag": etag}
    inner = "".join(f"<{name}>{escape(text)}</{name}>" for name, text in named.items())
    content = f'<?xml version="1.0" encoding="UTF-8"?>\n<PostResponse>{inner}</PostResponse>'
    return Response(201, (*headers, ("content-type", "application/xml")), content.encode())
