"""A CDK app's cloud assembly read as stacks to be deployed, in the order of what they need.

AWS: cloud assembly schema; AWS CDK assets.
"""

import json
from collections.abc import Iterator, Mapping
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from understudy.app.stacks.environments import Environment
from understudy.app.stacks.source import Asset, Origin, StackSource
from understudy.app.stacks.synthesis import LINES
from understudy.base.arn import PARTITION
from understudy.base.diagnostic import Diagnostic, InvalidInput

STACK, ASSETS, ASSEMBLY = "aws:cloudformation:stack", "cdk:asset-manifest", "cdk:cloud-assembly"

Artifacts = Mapping[str, Mapping[str, Any]]


def stacks_of(
    folder: Path, account: str, region: str, environment: Environment
) -> list[StackSource]:
    """The stacks of an assembly, each after those that it needs; nested stages included.

    Raises InvalidInput: it needs a lookup, or something else that only the CDK CLI does.
    """
    manifests = list(_manifests(folder))
    problems = [each for _, manifest in manifests for each in _missing(manifest)]
    if problems:
        raise InvalidInput(tuple(problems))
    lines = _lines(folder)
    found: dict[str, StackSource] = {}
    for place, manifest in manifests:
        reader = _Reader(place, manifest["artifacts"], account, region, environment, lines)
        found |= reader.stacks()
    if reader_problems := [p for each in found.values() for p in _unusable(each)]:
        raise InvalidInput(tuple(reader_problems))
    order = TopologicalSorter({name: each.needs for name, each in found.items()}).static_order()
    return [found[name] for name in order if name in found]


def _manifests(folder: Path) -> Iterator[tuple[Path, dict[str, Any]]]:
    """An assembly and those nested in it: a stage has one of its own."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest.setdefault("artifacts", {})
    yield folder, manifest
    for artifact in manifest["artifacts"].values():
        if artifact["type"] == ASSEMBLY:
            yield from _manifests(folder / artifact["properties"]["directoryName"])


def _missing(manifest: Mapping[str, Any]) -> list[Diagnostic]:
    """Lookups that the app asks for; the CDK CLI would make them in the account."""
    return [
        Diagnostic(
            f"The app needs to look up {each['provider']} ({each['key']}).",
            action="run `cdk synth` once, which writes cdk.context.json, or give the value itself",
        )
        for each in manifest.get("missing", ())
    ]


def _unusable(stack: StackSource) -> list[Diagnostic]:
    return [
        Diagnostic(
            f"Stack {stack.stack_name} needs the asset {asset.path}, which is not there.",
            action="synthesise the app again",
        )
        for asset in stack.assets
        if not asset.path.exists()
    ]


def _lines(folder: Path) -> dict[str, str]:
    path = folder / LINES
    return json.loads(path.read_bytes()) if path.exists() else {}


class _Reader:
    """Reads the stacks of one manifest."""

    def __init__(
        self,
        folder: Path,
        artifacts: Artifacts,
        account: str,
        region: str,
        environment: Environment,
        lines: Mapping[str, str],
    ) -> None:
        self._folder = folder
        self._artifacts = artifacts
        self._environment = environment
        self._lines = lines
        self._places = {
            "${AWS::AccountId}": account,
            "${AWS::Region}": region,
            "${AWS::Partition}": PARTITION,
        }

    def stacks(self) -> dict[str, StackSource]:
        """The stacks by name."""
        made = [
            self._stack(name, artifact)
            for name, artifact in self._artifacts.items()
            if artifact["type"] == STACK
        ]
        return {each.stack_name: each for each in made}

    def _stack(self, name: str, artifact: Mapping[str, Any]) -> StackSource:
        properties = artifact["properties"]
        path = self._folder / properties["templateFile"]
        text = path.read_text()
        declared = json.loads(text).get("Parameters", {})
        given = {**properties.get("parameters", {}), **self._environment.parameters}
        required = properties.get("requiresBootstrapStackVersion")
        return StackSource(
            stack_name=self._name(name),
            text=text,
            path=path,
            parameters={key: value for key, value in given.items() if key in declared},
            tags={**properties.get("tags", {}), **self._environment.tags},
            needs=tuple(self._needs(artifact)),
            assets=tuple(self._assets(artifact, path)),
            origins=self._origins(artifact),
            bootstrap=properties.get("bootstrapStackVersionSsmParameter", "") if required else "",
        )

    def _name(self, artifact: str) -> str:
        return self._artifacts[artifact]["properties"].get("stackName", artifact)

    def _needs(self, artifact: Mapping[str, Any]) -> Iterator[str]:
        for name in artifact.get("dependencies", ()):
            if self._artifacts.get(name, {}).get("type") == STACK:
                yield self._name(name)

    # Assets

    def _assets(self, artifact: Mapping[str, Any], template: Path) -> Iterator[Asset]:
        for name in artifact.get("dependencies", ()):
            other = self._artifacts.get(name, {})
            if other.get("type") != ASSETS:
                continue
            manifest = json.loads((self._folder / other["properties"]["file"]).read_bytes())
            self._refuse_images(manifest)
            for each in manifest.get("files", {}).values():
                yield from self._files(each, template)

    def _refuse_images(self, manifest: Mapping[str, Any]) -> None:
        images = manifest.get("dockerImages", {})
        if images:
            sources = [str(each["source"].get("directory", key)) for key, each in images.items()]
            raise InvalidInput(
                tuple(
                    Diagnostic(
                        f"The app builds the image {source}, which only the CDK CLI does.",
                        action="publish it with `cdk deploy`, or refer to an image that exists",
                    )
                    for source in sources
                )
            )

    def _files(self, each: Mapping[str, Any], template: Path) -> Iterator[Asset]:
        source = each["source"]
        path = self._folder / source.get("path", "")
        if path == template:
            return
        for destination in each["destinations"].values():
            bucket, key = (self._placed(destination[k]) for k in ("bucketName", "objectKey"))
            yield Asset(path, bucket, key, zipped=source.get("packaging") == "zip")

    def _placed(self, text: str) -> str:
        for placeholder, value in self._places.items():
            text = text.replace(placeholder, value)
        return text

    # Where resources come from

    def _origins(self, artifact: Mapping[str, Any]) -> dict[str, Origin]:
        metadata = dict(artifact.get("metadata", {}))
        if "additionalMetadataFile" in artifact:
            path = self._folder / artifact["additionalMetadataFile"]
            metadata |= json.loads(path.read_bytes())
        found: dict[str, Origin] = {}
        for path, entries in metadata.items():
            logical_ids = [e["data"] for e in entries if e["type"] == "aws:cdk:logicalId"]
            construct = path.strip("/")
            for logical_id in logical_ids:
                found[logical_id] = Origin(construct, self._line(construct, entries))
        return found

    def _line(self, construct: str, entries: list[Mapping[str, Any]]) -> str:
        """Where the app makes a construct: what was noted of it or of what it is part of."""
        steps = construct.split("/")
        for length in range(len(steps), 0, -1):
            noted = self._lines.get("/".join(steps[:length]))
            if noted:
                return noted
        return _traced(entries)


def _traced(entries: list[Mapping[str, Any]]) -> str:
    """The first frame of the user's in a stack trace of the CDK's, which TypeScript apps have."""
    for entry in entries:
        trace: Any = entry.get("trace") or ()
        if entry["type"] == "aws:cdk:creationStack":
            trace = entry["data"]
        for frame in trace:
            if "node_modules" not in frame and ":" in frame and "node:" not in frame:
                return frame.strip().removeprefix("at ").rpartition("(")[2].rstrip(")")
    return ""
