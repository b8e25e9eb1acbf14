"""Reading cloud assemblies, as the CDK writes them."""

import json
import zipfile
from io import BytesIO
from pathlib import Path

import pytest

from understudy.app.stacks.assembly import stacks_of
from understudy.app.stacks.environments import Environment
from understudy.app.stacks.project import chosen
from understudy.app.stacks.source import StackSource, stack_name_of
from understudy.app.stacks.staging import zipped
from understudy.app.stacks.synthesis import LINES, is_cdk
from understudy.base.diagnostic import InvalidInput

ACCOUNT, REGION = "111122223333", "eu-west-1"
TOPIC = {"Resources": {"T": {"Type": "AWS::SNS::Topic"}}}


def stack(template: str, *dependencies: str, **properties: object) -> dict[str, object]:
    return {
        "type": "aws:cloudformation:stack",
        "properties": {"templateFile": template, **properties},
        "dependencies": list(dependencies),
    }


def write(folder: Path, artifacts: dict[str, object], **more: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"artifacts": artifacts, **more}))
    for each in artifacts.values():
        assert isinstance(each, dict)
        if each["type"] == "aws:cloudformation:stack":
            template = TOPIC | {"Parameters": {"Size": {"Type": "Number"}}}
            (folder / each["properties"]["templateFile"]).write_text(json.dumps(template))
    return folder


def read(folder: Path, **environment: object) -> list[StackSource]:
    return stacks_of(folder, ACCOUNT, REGION, Environment(**environment))


def test_stacks_come_after_those_that_they_need(tmp_path: Path):
    artifacts = {"B": stack("b.json", "A", "C"), "A": stack("a.json", "C"), "C": stack("c.json")}
    found = read(write(tmp_path, artifacts))
    assert [each.stack_name for each in found] == ["C", "A", "B"]
    assert found[2].needs == ("A", "C")


def test_a_stage_has_its_stacks_in_an_assembly_of_its_own(tmp_path: Path):
    nested = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    write(tmp_path, {"assembly-Prod": nested})
    write(tmp_path / "assembly-Prod", {"ProdWeb": stack("w.json", stackName="Prod-Web")})
    assert [each.stack_name for each in read(tmp_path)] == ["Prod-Web"]


def test_parameters_and_tags_are_those_of_the_app_and_of_the_environment(tmp_path: Path):
    folder = write(tmp_path, {"A": stack("a.json", parameters={"Size": "1"}, tags={"team": "ml"})})
    (found,) = read(folder, parameters={"Size": "2", "Other": "x"}, tags={"stage": "test"})
    assert found.parameters == {"Size": "2"}
    assert found.tags == {"team": "ml", "stage": "test"}


def assets(files: dict[str, object], **more: object) -> dict[str, object]:
    return {"files": files, **more}


def asset(path: str, packaging: str) -> dict[str, object]:
    place = {"bucketName": "assets-${AWS::AccountId}-${AWS::Region}", "objectKey": f"{path}.bin"}
    return {"source": {"path": path, "packaging": packaging}, "destinations": {"here": place}}


MANIFEST = {"type": "cdk:asset-manifest", "properties": {"file": "A.assets.json"}}


def test_assets_go_to_the_bucket_of_the_account_and_the_template_is_none_of_them(tmp_path: Path):
    folder = write(tmp_path, {"A": stack("a.json", "A.assets"), "A.assets": MANIFEST})
    (folder / "model").mkdir()
    files = {"1": asset("model", "zip"), "2": asset("a.json", "file")}
    (folder / "A.assets.json").write_text(json.dumps(assets(files)))
    ((only,),) = [each.assets for each in read(folder)]
    assert (only.bucket, only.key) == (f"assets-{ACCOUNT}-{REGION}", "model.bin")
    assert (only.path, only.zipped) == (folder / "model", True)


def test_what_only_the_cdk_cli_does_is_refused(tmp_path: Path):
    missing = [{"key": "vpc:1", "provider": "vpc-provider", "props": {}}]
    lookup = write(tmp_path / "lookup", {"A": stack("a.json")}, missing=missing)
    with pytest.raises(InvalidInput, match="needs to look up vpc-provider"):
        read(lookup)
    image = write(tmp_path / "image", {"A": stack("a.json", "A.assets"), "A.assets": MANIFEST})
    images = {"x": {"source": {"directory": "docker"}, "destinations": {}}}
    (image / "A.assets.json").write_text(json.dumps(assets({}, dockerImages=images)))
    with pytest.raises(InvalidInput, match="builds the image docker"):
        read(image)


def test_a_resource_knows_its_construct_and_the_line_that_made_it(tmp_path: Path):
    noted = [{"type": "aws:cdk:logicalId", "data": "T"}]
    frames = ["node:internal/x:1:1", "new T (/app/node_modules/lib.js:1:1)", "at Z (/app/a.ts:7:3)"]
    traced = [
        {"type": "aws:cdk:logicalId", "data": "U"},
        {"type": "aws:cdk:creationStack", "data": frames},
    ]
    artifact = stack("a.json") | {"metadata": {"/A/Topic/Resource": noted, "/A/Other": traced}}
    folder = write(tmp_path, {"A": artifact})
    (folder / LINES).write_text(json.dumps({"A": "app.py:3", "A/Topic": "app.py:9"}))
    (found,) = read(folder)
    assert str(found.origins["T"]) == "A/Topic/Resource (app.py:9)"
    (folder / LINES).unlink()
    assert str(read(folder)[0].origins["U"]) == "A/Other (/app/a.ts:7:3)"


def test_a_stack_is_chosen_with_those_that_it_needs():
    found = [
        StackSource("C", "", Path()),
        StackSource("A", "", Path(), needs=("C",)),
        StackSource("B", "", Path()),
    ]
    assert [each.stack_name for each in chosen(found, ["A"])] == ["C", "A"]
    assert len(chosen(found, [])) == 3
    with pytest.raises(InvalidInput, match="has no stack D"):
        chosen(found, ["D"])


def test_a_folder_is_zipped_to_the_same_bytes_whenever_it_is(tmp_path: Path):
    (tmp_path / "code").mkdir()
    (tmp_path / "code" / "a.py").write_text("x = 1")
    first = zipped(tmp_path)
    (tmp_path / "code" / "a.py").touch()
    assert zipped(tmp_path) == first
    assert zipfile.ZipFile(BytesIO(first)).namelist() == ["code/a.py"]


def test_a_stack_is_named_after_its_file_or_its_folder(tmp_path: Path):
    assert stack_name_of(tmp_path / "1st_api" / "template.yaml") == "stack-1st-api"
    assert stack_name_of(tmp_path / "web.yaml") == "web"


def test_what_a_cdk_app_is(tmp_path: Path):
    write(tmp_path / "cdk.out", {})
    assert [is_cdk(tmp_path / name) for name in ("app.py", "cdk.json", "cdk.out", "a.yaml")] == [
        True,
        True,
        True,
        False,
    ]
