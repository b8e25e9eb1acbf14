"""Tables about stacks."""

from understudy.app.stacks.history import Version
from understudy.report.stacks import history_table, outputs_table
from understudy.testing.terminal import text_of


def test_an_output_stands_in_one_line_however_long_it_is() -> None:
    arn = f"arn:aws:sagemaker:us-east-1:000000000000:endpoint/{'long-' * 12}name"
    written = text_of(outputs_table("ml", {"Name": "long", "EndpointArn": arn}))
    assert written == f"Name         long\nEndpointArn  {arn}\n"


def test_a_version_lists_its_parameters_one_below_the_other() -> None:
    parameters = {"ModelId": "Qwen/Qwen2.5-7B", "MinCapacity": "1"}
    version = Version(1, 0.0, "{}", parameters, {}, "CREATE_COMPLETE", "arn", "me")
    lines = text_of(history_table("ml", [version], 1)).splitlines()
    assert [line.split()[-1] for line in lines[1:3]] == ["ModelId=Qwen/Qwen2.5-7B", "MinCapacity=1"]
