"""The capability gate: what a caller must acknowledge before a template may run.

AWS: Acknowledging IAM resources and macros in CloudFormation templates.
"""

from collections.abc import Collection, Mapping
from typing import Any

from understudy.base.diagnostic import Diagnostic
from understudy.cloudformation.template import Template

INSUFFICIENT_CAPABILITIES = "InsufficientCapabilitiesException"
"""The error code that goes with the gate's sentence."""

_IAM_NAMES = {
    "AWS::IAM::AccessKey": "",
    "AWS::IAM::Group": "GroupName",
    "AWS::IAM::InstanceProfile": "InstanceProfileName",
    "AWS::IAM::ManagedPolicy": "ManagedPolicyName",
    "AWS::IAM::Policy": "",
    "AWS::IAM::Role": "RoleName",
    "AWS::IAM::User": "UserName",
    "AWS::IAM::UserToGroupAddition": "",
}
"""The types that need a capability, and the property that gives each a custom name."""


def required(template: Template, macros: Collection[Any] = ()) -> dict[str, list[str]]:
    """The capabilities that a template needs, and the resources or macros that need each.

    ``macros`` are those of the template before they ran.
    """
    iam = [
        (logical_id, resource)
        for logical_id, resource in template.resources.items()
        if resource.type in _IAM_NAMES
    ]
    named = [i for i, r in iam if _IAM_NAMES[r.type] and _IAM_NAMES[r.type] in r.properties]
    needs: Mapping[str, list[str]] = {
        "CAPABILITY_NAMED_IAM": named,
        "CAPABILITY_IAM": [] if named else [logical_id for logical_id, _ in iam],
        "CAPABILITY_AUTO_EXPAND": [str(macro) for macro in macros],
    }
    return {capability: why for capability, why in needs.items() if why}


def gate(needs: Mapping[str, list[str]], given: Collection[str]) -> Diagnostic | None:
    """The refusal of a caller who has not acknowledged all that is needed, or None.

    CAPABILITY_NAMED_IAM covers CAPABILITY_IAM.
    """
    granted = set(given)
    if "CAPABILITY_NAMED_IAM" in granted:
        granted.add("CAPABILITY_IAM")
    missing = [capability for capability in needs if capability not in granted]
    if not missing:
        return None
    detail = "\n".join(f"{c} for {', '.join(needs[c])}" for c in missing)
    return Diagnostic(
        f"Requires capabilities : [{', '.join(missing)}]",
        detail=detail,
        action=f"acknowledge them: --capabilities {' '.join(missing)}",
    )
