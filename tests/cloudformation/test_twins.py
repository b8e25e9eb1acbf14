"""One template written as YAML and as JSON gives one result at every stage."""

from pathlib import Path

import pytest
import yaml

from understudy.cloudformation.changeset import plan
from understudy.cloudformation.check import check
from understudy.cloudformation.functions import to_json
from understudy.cloudformation.parameters import bind
from understudy.cloudformation.parse import parse
from understudy.cloudformation.resolve import Scope
from understudy.cloudformation.revision import revision
from understudy.cloudformation.template import read
from understudy.cloudformation.validate import validate
from understudy.testing.stacks import PSEUDO, deployed, revision_of

TEMPLATES = Path(__file__).parent / "templates"
SUPPLIED = {"web.json": {"Subnets": "subnet-1,subnet-2"}}
STORED = {"/images/web": "ami-1"}


def stages(source, name, schemas):
    """What each stage makes of a text: data, template, diagnostics, values, changes."""
    data, diagnostics = parse(source)
    template, problems = read(data)
    bound, unbound = bind(template.parameters, SUPPLIED.get(name, {}), stored=STORED)
    if bound is None:
        return [data, template, diagnostics, problems, unbound, check(template, schemas)]
    scope = Scope(parameters=bound.values, pseudo=PSEUDO)
    ready = revision(template, scope, bound.no_echo)
    changes = plan(None, ready, {}, schemas)
    checked = check(template, schemas, ready.scope.conditions)
    return [data, template, diagnostics, problems, bound, checked, changes]


@pytest.mark.parametrize("name", sorted(path.name for path in TEMPLATES.iterdir()))
def test_twins_agree_at_every_stage(schemas, name):
    source = (TEMPLATES / name).read_text()
    data, _ = parse(source)
    as_json = to_json(data)
    as_yaml = "# YAML\n" + yaml.safe_dump(yaml.safe_load(as_json), sort_keys=False)
    if name == "five-mistakes.yaml":
        template, _ = read(data)
        found = [check(read(parse(twin)[0])[0], schemas) for twin in (as_json, as_yaml)]
        assert found[0] == found[1] == check(template, schemas)
        return
    expected = stages(source, name, schemas)
    assert stages(as_json, name, schemas) == expected
    assert stages(as_yaml, name, schemas) == expected


@pytest.mark.parametrize("parameters", [{}, {"Environment": "prod", "Instances": "3"}])
def test_the_resolved_properties_of_a_real_template_satisfy_the_schemas(schemas, parameters):
    data, _ = parse((TEMPLATES / "endpoint.yaml").read_text())
    state = deployed(revision_of(data, parameters))
    assert ("Alarm" in state) == bool(parameters)
    for name, resource in state.items():
        found = validate(resource.properties, schemas.get(resource.type))
        assert found == [], name
