"""The sentences of AWS for what is wrong with a template, and the order in which they are said.

Sources: texts recorded from AWS between 2022 and 2025, and the CloudFormation user guide.
"""

import pytest

from understudy.base.fault import Fault
from understudy.testing.region import Region

TOPIC = "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n"
JOIN = (
    "Template error: every Fn::Join object requires two parameters, (1) a string delimiter and (2) "
    "a list of strings to be joined or a function that returns a list of strings (such as "
    "Fn::GetAZs) to be joined."
)
SPLIT = (
    "Template error: every Fn::Split object requires two parameters, (1) a string delimiter and "
    "(2) a string to be split or a function that returns a string to be split."
)
NO_MAP = "Template error: Mapping named 'N' is not present in the 'Mappings' section of template."
NO_TEXT = "Template format error: The Value field of every Outputs member must evaluate to a String"
GET_ATT = (
    "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name "
    "and the resource attribute"
)


def named(value):
    """A template with a value in a property."""
    return (
        "Mappings: {M: {A: {S: x}}}\nResources:\n  Topic:\n    Type: AWS::SNS::Topic\n"
        f"    Properties: {{TopicName: {value}}}\n"
    )


@pytest.fixture(scope="module")
def region():
    return Region()


def refused(region, body, **parameters):
    given = [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()]
    with pytest.raises(Fault) as caught:
        region.call(
            "cloudformation", "CreateStack", StackName="s", TemplateBody=body, Parameters=given
        )
    assert caught.value.code == "ValidationError"
    assert caught.value.status == 400
    return caught.value.message


TEMPLATES = {
    "bad JSON": (
        '{"Resources": {"A": oops}}',
        "Template format error: JSON not well-formed. (line 1, column 22)",
    ),
    "bad YAML": ("A: [", "Template format error: YAML not well-formed. (line 2, column 1)"),
    "a URL": ("https://example.com/x", "Template format error: unsupported structure."),
    "no resources": (
        "Description: x",
        "Template format error: At least one Resources member must be defined.",
    ),
    "a resource that is no map": (
        "Resources: {A: text}",
        "Template format error: Any Resources member must be an object.",
    ),
    "a resource without a type": (
        "Resources: {Foo: {Properties: {}}}",
        (
            "Template format error: [/Resources/Foo] Every Resources object must contain a "
            "Type member."
        ),
    ),
    "an attribute that no resource has": (
        "Resources: {Foo: {Type: AWS::SNS::Topic, Invalid: 1}}",
        "Invalid template resource property 'Invalid'",
    ),
    "a logical id with dashes": (
        "Resources: {my-bad-resource-id: {Type: AWS::SNS::Topic}}",
        "Template format error: Resource name my-bad-resource-id is non alphanumeric.",
    ),
    "a pseudo parameter as a resource": (
        "Resources: {'AWS::NoValue': {Type: AWS::SNS::Topic}}",
        "Template format error: Resource name AWS::NoValue is non alphanumeric.",
    ),
    "a pseudo parameter as a parameter": (
        "Parameters: {'AWS::NoValue': {Type: String}}\n" + TOPIC,
        "Template format error: Parameter name AWS::NoValue is non alphanumeric.",
    ),
    "a section that no template has": (
        "X: 1\n" + TOPIC,
        "Invalid template property or properties [X]",
    ),
    "a null": (
        TOPIC + "Outputs: {MyOutput: {Value: null}}",
        "[/Outputs/MyOutput/Value] 'null' values are not allowed in templates",
    ),
    "types that nobody has": (
        "Resources: {A: {Type: 'AWS::A::B'}, B: {Type: 'X::Y::Z'}}",
        "Template format error: Unrecognized resource types: [AWS::A::B, X::Y::Z]",
    ),
    "references to nothing": (
        named("!Join [a, [!Ref A, !Ref B]]"),
        (
            "Template format error: Unresolved resource dependencies [A, B] in the Resources block "
            "of the template"
        ),
    ),
    "a dependency on nothing": (
        "Resources: {A: {Type: AWS::SNS::Topic, DependsOn: NonExistingResource}}",
        (
            "Template format error: Unresolved resource dependencies [NonExistingResource] in the "
            "Resources block of the template"
        ),
    ),
    "a condition about a resource": (
        "Conditions: {C: !Equals [!Ref Topic, a]}\n" + TOPIC,
        (
            "Template format error: Unresolved dependencies [Topic]. Cannot "
            "reference resources in the "
            "Conditions block of the template"
        ),
    ),
    "a choice by a condition that is not there": (
        named("!If [MissingCondition, a, b]"),
        "Template error: unresolved condition dependency MissingCondition in Fn::If",
    ),
    "a resource on a condition that is not there": (
        "Resources: {A: {Type: AWS::SNS::Topic, Condition: X}}",
        (
            "Template format error: Unresolved condition dependency X in the "
            "Resources block of the "
            "template"
        ),
    ),
    "a circle": (
        (
            "Resources:\n  A: {Type: AWS::SNS::Topic, DependsOn: B}\n"
            "  B: {Type: AWS::SNS::Topic, DependsOn: A}\n"
        ),
        "Circular dependency between resources: [A, B]",
    ),
    "an attribute of nothing": (
        named("!GetAtt X.Arn"),
        "Template error: instance of Fn::GetAtt references undefined resource X",
    ),
    "Fn::GetAtt without an attribute": (named("{'Fn::GetAtt': [Topic]}"), GET_ATT),
    "Fn::Sub of nothing's attribute": (
        named("!Sub '${X.Y}'"),
        "Template error: instance of Fn::Sub references invalid resource attribute X.Y",
    ),
    "a key that a mapping lacks": (
        named("!FindInMap [M, C, S]"),
        "Template error: Unable to get mapping for M::C::S",
    ),
    "a mapping that is not there": (named("!FindInMap [N, C, S]"), NO_MAP),
    "Fn::Join of one argument": (named("!Join [a]"), JOIN),
    "Fn::Split of one argument": (named("!Split [a]"), SPLIT),
    "Fn::Select by a word": (
        named("!Select [a, [b]]"),
        (
            "Template error: Fn::Select requires a list argument with two "
            "elements: an integer index "
            "and a list"
        ),
    ),
    "Fn::Select of what is not there": (
        named("!Select [2, [a, b]]"),
        "Template error: Fn::Select cannot select nonexistent value at index 2",
    ),
    "Fn::Equals of one argument": (
        "Conditions: {C: !Equals [a]}\n" + TOPIC,
        "Template error: every Fn::Equals object requires a list of 2 string parameters.",
    ),
    "Fn::And of one argument": (
        "Conditions: {C: !And [!Equals [a, b]]}\n" + TOPIC,
        (
            "Template error: every Fn::And object requires a list of at least 2 "
            "and at most 10 boolean "
            "parameters."
        ),
    ),
    "a parameter type that is none": (
        "Parameters: {A: {Type: Strin}}\n" + TOPIC,
        "Template format error: Unrecognized parameter type: Strin",
    ),
    "a parameter's property that is none": (
        "Parameters: {A: {Type: String, X: 1}}\n" + TOPIC,
        "Invalid template parameter property 'X'",
    ),
    "a mapping of one level": (
        "Mappings: {M: {A: text}}\n" + TOPIC,
        "Template format error: Every Mappings member A must be a map",
    ),
    "a mapping to a map": (
        "Mappings: {M: {A: {S: {Ref: X}}}}\n" + TOPIC,
        "Template format error: Every Mappings attribute must be a String or a List.",
    ),
    "an output without a value": (
        TOPIC + "Outputs: {O: {Description: x}}",
        "Template format error: Every Outputs member must contain a Value object",
    ),
    "an output that is a list": (
        TOPIC + "Outputs: {O: {Value: [a]}}",
        f"{NO_TEXT} and not a List.",
    ),
    "an output that is a map": (
        TOPIC + "Outputs: {O: {Value: {a: b}}}",
        f"{NO_TEXT} and not a Map.",
    ),
    "an output of a parameter that is a list": (
        "Parameters: {P: {Type: CommaDelimitedList, Default: 'a,b'}}\n"
        + TOPIC
        + "Outputs: {O: {Value: !Ref P}}",
        f"{NO_TEXT}.",
    ),
    "an output of nothing": (
        TOPIC + "Outputs: {O: {Value: !Ref 'AWS::NoValue'}}",
        f"{NO_TEXT}.",
    ),
    "an export that is named by a resource": (
        TOPIC + "Outputs: {O: {Value: a, Export: {Name: !Ref Topic}}}",
        (
            "Template format error: Output O is malformed. The Name field of Export must not "
            "depend on any resources, imported values, or Fn::GetAZs."
        ),
    ),
    "an export whose name has a dot": (
        "Parameters: {P: {Type: String, Default: a.b}}\n"
        + TOPIC
        + "Outputs: {O: {Value: a, Export: {Name: !Sub 'x-${P}'}}}",
        (
            "Template format error: Output O is malformed. The Name field of every Export member "
            "must be specified and consist only of alphanumeric characters, colons, or hyphens."
        ),
    ),
    "a text with a list in it": (
        "Parameters: {P: {Type: CommaDelimitedList, Default: 'a,b'}}\n" + named("!Sub '${P}'"),
        "Template error: variable P in Fn::Sub expression does not resolve to a string",
    ),
    "a deletion policy that is a function": (
        "Resources: {A: {Type: AWS::SNS::Topic, DeletionPolicy: !Ref 'AWS::Region'}}",
        "Template format error: Every DeletionPolicy member must be a string.",
    ),
    "an output of a resource that its condition leaves out": (
        (
            "Conditions: {Never: !Equals [a, b]}\n"
            "Resources:\n  Topic: {Type: AWS::SNS::Topic}\n"
            "  MyTopic: {Type: AWS::SNS::Topic, Condition: Never}\n"
            "Outputs: {O: {Value: !Ref MyTopic}}"
        ),
        "Unresolved resource dependencies [MyTopic] in the Outputs block of the template",
    ),
    "a macro named by a reference": (
        "Transform: {Name: !Ref X}\n" + TOPIC,
        "Key Name of transform definition must be a string.",
    ),
    "parameters without values": (
        "Parameters: {A: {Type: String}, B: {Type: String}}\n" + TOPIC,
        "Parameters: [A, B] must have values",
    ),
    "too many resources": (
        "Resources:\n" + "".join(f"  T{n}: {{Type: AWS::SNS::Topic}}\n" for n in range(501)),
        "Template format error: Number of resources, 501, is greater than maximum allowed, 500",
    ),
}


@pytest.mark.parametrize(("body", "sentence"), TEMPLATES.values(), ids=TEMPLATES)
def test_what_is_wrong_with_a_template_is_said_in_the_words_of_aws(region, body, sentence):
    assert refused(region, body) == sentence


VALUES = {
    "a parameter that is not declared": (
        "A: {Type: String, Default: a}",
        {"X": "1", "Y": "2"},
        "Parameters: [X, Y] do not exist in the template",
    ),
    "a value that is not allowed": (
        "Stage: {Type: String, AllowedValues: [a]}",
        {"Stage": "b"},
        "Parameter 'Stage' must be one of AllowedValues",
    ),
    "a number that is none": (
        "Value: {Type: Number}",
        {"Value": "b"},
        "Parameter 'Value' must be a number.",
    ),
    "a value with a rule in words": (
        "P: {Type: String, AllowedPattern: '[a-z]+', ConstraintDescription: small letters}",
        {"P": "A"},
        "Parameter P failed to satisfy constraint: small letters",
    ),
    "a stored parameter without a name": (
        "InputValue: {Type: 'AWS::SSM::Parameter::Value<String>'}",
        {},
        "Parameter InputValue should either have input value or default value",
    ),
}


@pytest.mark.parametrize(("declared", "given", "sentence"), VALUES.values(), ids=VALUES)
def test_what_is_wrong_with_values_is_said_in_the_words_of_aws(region, declared, given, sentence):
    assert refused(region, f"Parameters: {{{declared}}}\n{TOPIC}", **given) == sentence


STAGES = [
    ("B: 1", "Invalid template property or properties [B]"),
    ("Parameters: {P: {Type: String}}", "Parameters: [P] must have values"),
    (
        "Rules: {R: {Assertions: [{Assert: !Equals [a, b], AssertDescription: a must be b}]}}",
        "a must be b",
    ),
    (
        "Conditions: {C: !Equals [!Ref T, a]}",
        (
            "Template format error: Unresolved dependencies [T]. Cannot reference resources in the "
            "Conditions block of the template"
        ),
    ),
    (
        "Outputs: {O: {Value: !Ref Nothing}}",
        (
            "Template format error: Unresolved resource dependencies [Nothing] in "
            "the Outputs block "
            "of the template"
        ),
    ),
    (
        (
            "Resources:\n  A: {Type: AWS::SNS::Topic, DependsOn: B}\n"
            "  B: {Type: AWS::A::B, DependsOn: A}"
        ),
        "Circular dependency between resources: [A, B]",
    ),
    (
        "Resources:\n  A: {Type: AWS::SNS::Topic}\n  B: {Type: AWS::A::B}",
        "Template format error: Unrecognized resource types: [AWS::A::B]",
    ),
]
"""What is wrong at each stage of evaluation, from the first to the last."""


@pytest.mark.parametrize("first", range(len(STAGES)), ids=[text for _, text in STAGES])
def test_of_many_mistakes_that_of_the_earliest_stage_is_said(region, first):
    left = STAGES[first:]
    resources = [body for body, _ in left if body.startswith("Resources")]
    others = [body for body, _ in left if not body.startswith("Resources")]
    assert refused(region, "\n".join([*others, resources[0]])) == STAGES[first][1]
