"""The structure of templates: AWS's complaints, their order, and what a good one becomes."""

import json
from decimal import Decimal

import pytest

from understudy.base.diagnostic import Severity
from understudy.cloudformation.parse import parse
from understudy.cloudformation.template import Output, Parameter, read, read_parameters, transforms

NO_TYPE = (
    "Template format error: [/Resources/a-b] Every Resources object must contain a Type member."
)
GOOD = {"Type": "AWS::SNS::Topic"}


def template(**sections):
    return {"Resources": {"A": GOOD}} | sections


def resources(**members):
    return {"Resources": members}


def outputs(**members):
    return template(Outputs=members)


def summaries(data):
    found, diagnostics = read(data)
    assert (found is None) == any(d.severity is Severity.ERROR for d in diagnostics)
    return [d.summary for d in diagnostics]


@pytest.mark.parametrize(
    ("data", "summary"),
    [
        pytest.param(
            "https://bucket/template.yaml",
            "Template format error: unsupported structure.",
            id="row 3, the body is a URL",
        ),
        pytest.param(
            {}, "Template format error: At least one Resources member must be defined.", id="row 4"
        ),
        pytest.param(
            {"Resources": {}},
            "Template format error: At least one Resources member must be defined.",
            id="row 4, an empty section",
        ),
        pytest.param(
            resources(A="x"),
            "Template format error: Any Resources member must be an object.",
            id="row 5",
        ),
        pytest.param(
            resources(Foo={"Properties": {}}),
            "Template format error: [/Resources/Foo] Every Resources object must contain a Type "
            "member.",
            id="row 6",
        ),
        pytest.param(
            resources(A=GOOD | {"Invalid": 10}),
            "Invalid template resource property 'Invalid'",
            id="row 7",
        ),
        pytest.param(
            {"Resources": {"my-bad-resource-id": GOOD}},
            "Template format error: Resource name my-bad-resource-id is non alphanumeric.",
            id="row 8",
        ),
        pytest.param(
            {"Resources": {"AWS::NoValue": GOOD}},
            "Template format error: Resource name AWS::NoValue is non alphanumeric.",
            id="row 8, a pseudo parameter",
        ),
        pytest.param(
            template(Parameters={"AWS::NoValue": {"Type": "String"}}),
            "Template format error: Parameter name AWS::NoValue is non alphanumeric.",
            id="row 9",
        ),
        pytest.param(
            template(Ressources={}, Zonk={}),
            "Invalid template property or properties [Ressources, Zonk]",
            id="row 10",
        ),
        pytest.param(
            template(Parameters={"P": {"Type": "Strin"}}),
            "Template format error: Unrecognized parameter type: Strin",
            id="row 35, a type",
        ),
        pytest.param(
            template(Parameters={"P": {"Type": "String", "X": 1}}),
            "Invalid template parameter property 'X'",
            id="row 35, a property",
        ),
        pytest.param(
            template(Parameters={"P": {"Default": "a"}}),
            "Template format error: Every Parameters object must contain a Type member.",
            id="a parameter without a type",
        ),
        pytest.param(
            template(Parameters={"P": {"Type": "String", "Default": {"Ref": "A"}}}),
            "Template format error: Every Default member must be a string.",
            id="a default that is a function",
        ),
        pytest.param(
            template(Mappings={"M": {"K": {"V": {"Ref": "A"}}}}),
            "Template format error: Every Mappings attribute must be a String or a List.",
            id="row 36, a mapping with a function",
        ),
        pytest.param(
            template(Mappings={"M": {"A": "x"}}),
            "Template format error: Every Mappings member A must be a map",
            id="row 36, a mapping of one level",
        ),
        pytest.param(
            template(Mappings={"M": {"K": {"x86-64": "a"}}}),
            "Template format error: Mappings attribute name 'x86-64' must contain only "
            "alphanumeric characters.",
            id="a mapping attribute with a dash",
        ),
        pytest.param(
            outputs(O={}),
            "Template format error: Every Outputs member must contain a Value object",
            id="row 37",
        ),
        pytest.param(
            {"Resources": {"A": GOOD}, "Outputs": {"my-out": {"Value": "x"}}},
            "Template format error: Outputs name 'my-out' is non alphanumeric.",
            id="an output name with a dash",
        ),
        pytest.param(
            outputs(O={"Value": "x", "Export": {"Name": "a b"}}),
            "Template format error: Output O is malformed. The Name field of every Export member "
            "must be specified and consist only of alphanumeric characters, colons, or hyphens.",
            id="an export name with a space",
        ),
        pytest.param(
            template(AWSTemplateFormatVersion="2010-09-10"),
            "Template format error: 2010-09-10 is not a supported value for "
            "AWSTemplateFormatVersion",
            id="another version",
        ),
        pytest.param(
            template(Description="x" * 1025),
            "Template format error: 'Description' length is greater than 1024.",
            id="a long description",
        ),
        pytest.param(
            template(Transform=[{"Name": {"Ref": "X"}}]),
            "Key Name of transform definition must be a string.",
            id="a macro whose name is a function",
        ),
        pytest.param(
            template(Conditions={"C": "yes"}),
            "Template format error: Conditions can only be boolean operations on parameters and "
            "other conditions",
            id="a condition that is no function",
        ),
        pytest.param(
            resources(A=GOOD | {"DependsOn": {"Ref": "B"}}),
            "Template format error: Every DependsOn value must be a string.",
            id="DependsOn of a function",
        ),
        pytest.param(
            resources(**{"A": GOOD, "Fn::ForEach::L": ["X", ["a"], {"B${X}": GOOD}]}),
            "Template format error: [/Resources/Fn::ForEach::L] resource definition is malformed",
            id="a loop without its transform",
        ),
        pytest.param(
            resources(A=GOOD | {"DeletionPolicy": "Keep"}),
            "Template format error: Unrecognized DeletionPolicy Keep for resource A",
            id="an unknown policy",
        ),
    ],
)
def test_a_malformed_template_is_refused_in_the_words_of_aws(data, summary):
    assert summaries(data) == [summary]


@pytest.mark.parametrize(
    ("data", "summary"),
    [
        pytest.param(
            resources(**{f"R{n}": GOOD for n in range(501)}),
            "Template format error: Number of resources, 501, is greater than maximum allowed, 500",
            id="resources",
        ),
        pytest.param(
            template(Parameters={f"P{n}": {"Type": "String"} for n in range(201)}),
            "Template format error: Number of parameters, 201, is greater than maximum allowed, "
            "200",
            id="parameters",
        ),
        pytest.param(
            outputs(**{f"O{n}": {"Value": "x"} for n in range(201)}),
            "Template format error: Number of outputs, 201, is greater than maximum allowed, 200",
            id="outputs",
        ),
        pytest.param(
            template(Mappings={f"M{n}": {"K": {"V": "x"}} for n in range(201)}),
            "Template format error: Number of mappings, 201, is greater than maximum allowed, 200",
            id="mappings",
        ),
        pytest.param(
            template(Mappings={"M": {"K": {f"V{n}": "x" for n in range(201)}}}),
            "Template format error: Number of attributes, 201, is greater than maximum allowed, "
            "200",
            id="attributes of a mapping",
        ),
        pytest.param(
            {"Resources": {"A" * 256: GOOD}},
            f"Template format error: Resource name {'A' * 256} is longer than 255.",
            id="a name",
        ),
    ],
)
def test_a_quota_of_the_template_is_held(data, summary):
    assert summaries(data) == [summary]


def test_everything_wrong_is_found_at_once_the_first_complaint_of_aws_first():
    found = summaries(
        {
            "Outputs": {"O": {}},
            "Resources": {"a-b": {"Typ": "x"}, "C": []},
            "Parameters": {"P": {"Type": "Strin"}},
            "Zonk": {},
        }
    )
    assert found == [
        "Invalid template property or properties [Zonk]",
        "Template format error: Unrecognized parameter type: Strin",
        "Template format error: Resource name a-b is non alphanumeric.",
        NO_TYPE,
        "Invalid template resource property 'Typ'",
        "Template format error: Any Resources member must be an object.",
        "Template format error: Every Outputs member must contain a Value object",
    ]


def test_a_slip_gets_a_hint():
    _, diagnostics = read(resources(A=GOOD | {"Propertys": {}}))
    assert diagnostics[0].action == "did you mean Properties?"
    assert diagnostics[0].path == ("Resources", "A", "Propertys")


def test_a_member_of_an_output_that_has_no_use_is_a_warning_only():
    found, diagnostics = read(outputs(O={"Value": "x", "Zonk": 1}))
    assert found is not None
    assert [d.severity for d in diagnostics] == [Severity.WARNING]


def test_a_template_becomes_values():
    source = """
    Description: d
    Transform: [AWS::LanguageExtensions, {Name: Mine}]
    Parameters:
      P: {Type: Number, Default: 1.50, NoEcho: true, AllowedValues: [1.50, 2], MinValue: 1}
    Mappings: {M: {us-east-1: {K: [a, 1]}}}
    Conditions: {C: !Equals [!Ref P, 2]}
    Rules:
      R: {RuleCondition: !Equals [a, a], Assertions: [{Assert: x, AssertDescription: never}]}
    Resources:
      A:
        Type: T
        Properties: {N: !Ref P}
        DependsOn: B
        Condition: C
        Metadata: {m: 1}
        DeletionPolicy: Retain
        CreationPolicy: {ResourceSignal: {Count: 1}}
      B: {Type: T, DependsOn: [A, C]}
    Outputs:
      O: {Value: !Ref A, Description: 1, Export: {Name: !Sub '${P}-x'}, Condition: C}
    """
    data, _ = parse(source)
    found, diagnostics = read(data)
    assert diagnostics == []
    assert found.parameters == {
        "P": Parameter("Number", "1.50", no_echo=True, allowed_values=("1.50", "2"), min_value="1")
    }
    assert found.resources["A"].properties == {"N": {"Ref": "P"}}
    assert found.resources["A"].depends_on == ("B",)
    assert found.resources["B"].depends_on == ("A", "C")
    assert found.resources["A"].creation_policy == {"ResourceSignal": {"Count": 1}}
    assert found.outputs["O"] == Output({"Ref": "A"}, "1", {"Fn::Sub": "${P}-x"}, "C")
    assert found.rules["R"].assertions == (("x", "never"),)
    assert found.mappings["M"]["us-east-1"]["K"] == ["a", 1]
    assert found.language_extensions
    assert found.transforms == ("AWS::LanguageExtensions", {"Name": "Mine"})


def test_parameters_can_be_read_before_macros_have_run():
    data = {"Transform": "Mine", "Parameters": {"P": {"Type": "String"}}, "Resources": {"A": 1}}
    found, diagnostics = read_parameters(data)
    assert (list(found), diagnostics) == (["P"], [])
    assert transforms(data) == ("Mine",)
    assert read_parameters({"Parameters": {"P": {}}})[0] is None


def test_globals_are_for_serverless_templates_only():
    assert summaries(template(Globals={}, Transform="AWS::Serverless-2016-10-31")) == []
    assert summaries(template(Globals={})) == ["Invalid template property or properties [Globals]"]


@pytest.mark.parametrize("odd", [[], "x", 5, True, Decimal("1.5"), {"a": []}])
@pytest.mark.parametrize(
    "section",
    ["Parameters", "Rules", "Mappings", "Conditions", "Resources", "Outputs", "Transform"],
)
def test_no_odd_section_or_member_breaks_the_reader(section, odd):
    for data in (template(**{section: odd}), template(**{section: {"M": odd}})):
        found, diagnostics = read(data)
        assert (found is None) <= bool(diagnostics), json.dumps(data, default=str)
