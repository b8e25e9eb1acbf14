"""Uploads by an HTML form: POST Object, with the conditions of its policy.

The signature of the policy is accepted unverified. AWS: POST Object; Creating a POST policy.
"""

from asyncio import to_thread
from functools import partial
from urllib.parse import quote, urlencode

from understudy.api.http import Request, Response
from understudy.api.s3.multipart_form import FormDecoder
from understudy.api.s3.post_policy import post_policy
from understudy.api.wire import WireRequest, decode, identify
from understudy.api.wire.encode import request_id_headers
from understudy.api.wire.xml_write import escape
from understudy.control.events import Params
from understudy.storage.objects.store import Store
from understudy.storage.s3 import Context, admissions, body, faults, operations


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
    said = {**fields, "bucket": params["Bucket"], "key": params["Key"]}
    post_policy(fields).check_fields(said, wall)
    return body.Intake(store, body.announced(params))


def _put(
    store: Store, intake: body.Intake, params: Params, fields: dict[str, str], context: Context
) -> Params:
    post_policy(fields).check_size(intake.size)
    return operations["PutObject"](store, {**params, "Body": intake.finish()}, context)


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
