"""Account settings: kept, and without effect here. AWS: PutAccountSetting, ListAccountSettings."""

from typing import TYPE_CHECKING

from understudy.base.arn import ACCOUNT
from understudy.control.ecs.names import paged
from understudy.control.events import Params
from understudy.control.turn import Turn

if TYPE_CHECKING:
    from understudy.control.ecs.service import Ecs

PRINCIPAL = f"arn:aws:iam::{ACCOUNT}:root"
DEFAULTS = {
    "serviceLongArnFormat": "enabled",
    "taskLongArnFormat": "enabled",
    "containerInstanceLongArnFormat": "enabled",
    "awsvpcTrunking": "disabled",
    "containerInsights": "disabled",
    "fargateTaskRetirementWaitPeriod": "7",
    "guardDutyActivate": "off",
    "tagResourceAuthorization": "off",
}


def _setting(name: str, value: str) -> Params:
    return {"name": name, "value": value, "principalArn": PRINCIPAL, "type": "user"}


def put_account_setting(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """PutAccountSetting and PutAccountSettingDefault."""
    del turn
    ecs.state.settings[params["name"]] = params["value"]
    return {"setting": _setting(params["name"], params["value"])}


def delete_account_setting(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """DeleteAccountSetting: the default holds again."""
    del turn
    name = params["name"]
    ecs.state.settings.pop(name, None)
    return {"setting": _setting(name, DEFAULTS.get(name, ""))}


def list_account_settings(ecs: "Ecs", params: Params, turn: Turn) -> Params:
    """ListAccountSettings: what was put, with the defaults where effective ones are wanted."""
    del turn
    there = {**(DEFAULTS if params.get("effectiveSettings") else {}), **ecs.state.settings}
    name, value = params.get("name"), params.get("value")
    found = [
        _setting(key, text)
        for key, text in sorted(there.items())
        if name in (None, key) and value in (None, text)
    ]
    shown, more = paged(found, params, 10)
    return {"settings": shown, **more}
