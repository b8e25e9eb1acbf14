"""The roles in whose name a StackSet works: they have to exist and to trust each other.

AWS: Grant self-managed permissions.
"""

from understudy.base.arn import ACCOUNT
from understudy.base.fault import validation_error
from understudy.control.events import Params
from understudy.deploy.trust import trusted, trusts_us


def check_administration(params: Params, arn: str) -> None:
    """Refuse an administration role that CloudFormation cannot assume. Raises Missing."""
    if not trusts_us(params, arn):
        raise validation_error(
            f"Account {ACCOUNT} should have '{_name(arn)}' role with trust relationship to "
            "CloudFormation service."
        )


def check_execution(params: Params, account: str, name: str, administration: str) -> None:
    """Refuse an execution role that the administration role cannot assume. Raises Missing.

    There is one account: in no other can a role be assumed.
    """
    welcome = ("*", ACCOUNT, f"arn:aws:iam::{ACCOUNT}:root", administration)
    if account != ACCOUNT or not any(each in welcome for each in trusted(params, name, "AWS")):
        raise validation_error(
            f"Account {account} should have '{name}' role with trust relationship to Role "
            f"'{_name(administration)}'."
        )


def _name(arn: str) -> str:
    """The name of a role with its path, as AWS's sentences have it."""
    return arn.partition(":role/")[2] or arn
