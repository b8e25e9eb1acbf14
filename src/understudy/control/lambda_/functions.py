"""Functions and their versions."""

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from understudy.base.fault import Fault
from understudy.control.events import Params
from understudy.control.lambda_.permission import CALLER, permit
from understudy.control.lambda_.service import Lambda, not_found, parsed
from understudy.control.lambda_.state import LATEST, Function, Version
from understudy.control.paging import page
from understudy.control.turn import Turn

CODE = "understudy:code"
"""The member of a call that says where the world has put the package: its Sha256 and Size."""
KEEP = "understudy:Keep"
"""The operation with which the world is asked to put a package aside."""
PAGE_SIZE = 50
TIMEOUT, MEMORY = 3, 128
"""AWS: CreateFunction, defaults in seconds and megabytes."""
_SETTINGS = (
    "Architectures", "CapacityProviderConfig", "DeadLetterConfig", "Description", "Environment",
    "EphemeralStorage", "FileSystemConfigs", "Handler", "ImageConfig", "KMSKeyArn", "Layers",
    "LoggingConfig", "MemorySize", "PackageType", "Role", "Runtime", "SnapStart", "Timeout",
    "TracingConfig", "VpcConfig",
)  # fmt: skip
_RUNTIMES = ("python", "nodejs")
"""Runtimes whose functions run here."""


def create_function(service: Lambda, params: Params, turn: Turn) -> Params:
    """Create a function from a package that the world has kept."""
    name, _ = parsed(params["FunctionName"])
    if name in service.state.functions:
        raise Fault("ResourceConflictException", f"Function already exist: {name}", 409)
    if params.get("PackageType", "Zip") == "Zip":
        _require(params, "Runtime", "Handler")
    settings: Params = {"Timeout": TIMEOUT, "MemorySize": MEMORY, "PackageType": "Zip"}
    settings |= {key: params[key] for key in _SETTINGS if key in params}
    version = Version(LATEST, settings, *_code(params), turn.at, turn.ids.uuid())
    function = Function(name, turn.region, version, tags=dict(params.get("Tags", {})))
    service.state.functions[name] = function
    if params.get("Publish"):
        version = _publish(function, "", turn)
    return configuration(function, version)


def _require(params: Params, *names: str) -> None:
    missing = [name for name in names if not params.get(name)]
    if missing:
        raise Fault(
            "InvalidParameterValueException",
            f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} mandatory parameters "
            "for functions created with deployment packages.",
        )


def _code(params: Params) -> tuple[str, int]:
    kept: Params = params.get(CODE) or {"Sha256": "", "Size": 0}
    return kept["Sha256"], kept["Size"]


def configuration(function: Function, version: Version) -> Params:
    """A FunctionConfiguration."""
    return {
        **version.settings,
        "FunctionName": function.name,
        "FunctionArn": _arn(function, version),
        "Version": version.number,
        "CodeSha256": version.code,
        "CodeSize": version.size,
        "LastModified": _written(version.modified_at),
        "RevisionId": version.revision,
        "State": "Active",
        "LastUpdateStatus": "Successful",
    }


def _arn(function: Function, version: Version) -> str:
    return function.arn if version.number == LATEST else f"{function.arn}:{version.number}"


def _written(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000+0000")


def get_function(service: Lambda, params: Params, turn: Turn) -> Params:
    """A function with where its code is and its tags."""
    function, version = service.version(params, turn)
    return {
        "Configuration": configuration(function, version),
        "Code": {"RepositoryType": "S3", "Location": f"sha256:{version.code}"},
        "Tags": function.tags or None,
    }


def get_function_configuration(service: Lambda, params: Params, turn: Turn) -> Params:
    """The configuration of a version."""
    return configuration(*service.version(params, turn))


def list_functions(service: Lambda, params: Params, turn: Turn) -> Params:
    """The functions by name, with all their versions if asked for."""
    every = params.get("FunctionVersion") == "ALL"
    found = [
        configuration(function, version)
        for _, function in sorted(service.state.functions.items())
        for version in (function.latest, *(function.versions.values() if every else ()))
    ]
    refused = Fault("InvalidParameterValueException", "Invalid pagination token")
    shown, marker = page(found, params.get("Marker"), params.get("MaxItems", PAGE_SIZE), refused)
    return {"Functions": shown, "NextMarker": marker}


def update_function_code(service: Lambda, params: Params, turn: Turn) -> Params:
    """Put another package into $LATEST."""
    function = service.function(params["FunctionName"], turn)
    code, size = _code(params)
    settings = function.latest.settings
    if "Architectures" in params:
        settings = {**settings, "Architectures": params["Architectures"]}
    changed = replace(
        function.latest, code=code, size=size, settings=settings,
        modified_at=turn.at, revision=turn.ids.uuid(),
    )  # fmt: skip
    if params.get("DryRun"):
        return configuration(function, changed)
    function.latest = changed
    version = _publish(function, "", turn) if params.get("Publish") else changed
    return configuration(function, version)


def update_function_configuration(service: Lambda, params: Params, turn: Turn) -> Params:
    """Change the settings of $LATEST."""
    function = service.function(params["FunctionName"], turn)
    given = {key: params[key] for key in _SETTINGS if key in params}
    function.latest = replace(
        function.latest,
        settings={**function.latest.settings, **given},
        modified_at=turn.at,
        revision=turn.ids.uuid(),
    )
    return configuration(function, function.latest)


def delete_function(service: Lambda, params: Params, turn: Turn) -> Params:
    """Delete a function, or one version of it."""
    function = service.function(params["FunctionName"], turn)
    qualifier = params.get("Qualifier") or parsed(params["FunctionName"])[1]
    if not qualifier:
        del service.state.functions[function.name]
        return {}
    if qualifier not in function.versions:
        raise not_found(f"{function.arn}:{qualifier}")
    named = [alias.name for alias in function.aliases.values() if alias.version == qualifier]
    if named:
        raise Fault(
            "ResourceConflictException",
            f"Unable to delete version because the following aliases reference it: {named}",
            409,
        )
    del function.versions[qualifier]
    return {}


def publish_version(service: Lambda, params: Params, turn: Turn) -> Params:
    """Publish $LATEST under the next number; the last one again if nothing has changed."""
    function = service.function(params["FunctionName"], turn)
    wanted: Any = params.get("CodeSha256")
    if wanted and wanted != function.latest.code:
        raise Fault(
            "InvalidParameterValueException",
            f"CodeSHA256 ({wanted}) is different from current CodeSHA256 in $LATEST "
            f"({function.latest.code}). Please try again with the CodeSHA256 in $LATEST.",
        )
    return configuration(function, _publish(function, params.get("Description", ""), turn))


def _publish(function: Function, description: str, turn: Turn) -> Version:
    last = function.versions.get(str(function.published))
    settings = dict(function.latest.settings)
    if description:
        settings["Description"] = description
    if last is not None and (last.code, last.settings) == (function.latest.code, settings):
        return last
    function.published += 1
    number = str(function.published)
    version = replace(function.latest, number=number, settings=settings, revision=turn.ids.uuid())
    function.versions[number] = version
    return version


def list_versions_by_function(service: Lambda, params: Params, turn: Turn) -> Params:
    """$LATEST and the published versions."""
    function = service.function(params["FunctionName"], turn)
    found = [configuration(function, v) for v in (function.latest, *function.versions.values())]
    refused = Fault("InvalidParameterValueException", "Invalid pagination token")
    shown, marker = page(found, params.get("Marker"), params.get("MaxItems", PAGE_SIZE), refused)
    return {"Versions": shown, "NextMarker": marker}


def runnable(service: Lambda, params: Params, turn: Turn) -> Params:
    """What the world needs to run a version.

    Raises Fault where its runtime does not run here, or its policy does not permit a service.
    """
    function, version = service.version(params, turn)
    if CALLER in params:
        permit(function, parsed(params["FunctionName"])[1], params[CALLER])
    settings = version.settings
    if not str(settings.get("Runtime", "")).startswith(_RUNTIMES):
        kind = settings.get("Runtime") or f"a package of type {settings.get('PackageType')}"
        message = f"Understudy runs functions in Python and Node.js; {function.name} is {kind}."
        raise Fault("InvalidRuntimeException", message, 502)
    environment: Params = settings.get("Environment") or {}
    dead_letters: Params = settings.get("DeadLetterConfig") or {}
    return {
        "Name": function.name,
        "Arn": params["FunctionName"] if ":" in params["FunctionName"] else _arn(function, version),
        "Version": version.number,
        "Revision": version.revision,
        "Code": version.code,
        "Runtime": settings["Runtime"],
        "Handler": settings["Handler"],
        "Timeout": settings["Timeout"],
        "MemorySize": settings["MemorySize"],
        "Variables": environment.get("Variables") or {},
        "DeadLetter": dead_letters.get("TargetArn", ""),
    }
