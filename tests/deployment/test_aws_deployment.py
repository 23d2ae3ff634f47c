"""What stands around the function is made, connected and taken away whatever state it is in."""

from __future__ import annotations

import io
import zipfile
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import boto3
import pytest
from zappa.core import Zappa

from scripts.aws import deployment as aws_deployment
from scripts.aws import zappa_callbacks
from scripts.aws.deployment import AwsDeployment
from scripts.aws.zappa_settings import read_settings, stage_settings
from scripts.machine import StackError

NAME = "serverlesspresso-dev"
_READS = ("Describe", "Get", "Head", "List")


@pytest.fixture
def deployment(emulator, monkeypatch):
    for name, value in emulator.environment.items():
        monkeypatch.setenv(name, value)
    settings = stage_settings(read_settings(), "dev") | {
        "aws_region": "us-east-1",
        "s3_bucket": "packages-of-tests",
    }
    session = boto3.Session(region_name="us-east-1")
    zappa = Zappa(boto_session=session)
    deployment = AwsDeployment("dev", NAME, settings, session, zappa)
    yield deployment
    zappa.delete_stack(NAME, wait=True)
    if deployment.function():
        session.client("lambda").delete_function(FunctionName=NAME)
    deployment.remove(with_data=True)


def _make_function(emulator, variables: dict[str, str]) -> str:
    package = io.BytesIO()
    with zipfile.ZipFile(package, "w") as archive:
        archive.writestr("entry.py", "def handler(event, context): return {'created': False}")
    return emulator.client("lambda").create_function(
        FunctionName=NAME,
        Runtime="python3.11",
        Handler="entry.handler",
        Role="arn:aws:iam::000000000000:role/serverlesspresso-dev-function",
        Code={"ZipFile": package.getvalue()},
        Environment={"Variables": variables},
    )["FunctionArn"]


def _make_api(deployment: AwsDeployment, function_arn: str) -> None:
    deployment.zappa.create_stack_template(
        lambda_arn=function_arn,
        lambda_name=NAME,
        api_key_required=False,
        iam_authorization=False,
        authorizer=None,
        apigateway_version="v2",
        stage_name="dev",
    )
    template = deployment.zappa.cf_template.to_json()
    client = deployment.session.client("cloudformation")
    client.create_stack(
        StackName=NAME, TemplateBody=template, Tags=[{"Key": "ZappaProject", "Value": NAME}]
    )
    client.get_waiter("stack_create_complete").wait(StackName=NAME, WaiterConfig={"Delay": 1})


def test_preparing_twice_makes_one_stack_and_one_key(deployment, emulator):
    variables = deployment.prepare()
    assert deployment.prepare() == variables
    assert len(variables["SECRET_KEY"]) >= 48 and variables["SECRET_KEY_FALLBACKS"] == ""
    assert "PUBLIC_URL" not in variables
    tables = emulator.client("dynamodb").list_tables()["TableNames"]
    assert "serverlesspresso-dev-orders" in tables
    assert emulator.client("lambda").list_event_source_mappings()["EventSourceMappings"] == []


def test_connecting_tells_the_function_its_address_and_points_everything_at_it(
    deployment, emulator
):
    variables = deployment.prepare()
    arn = _make_function(emulator, variables)
    _make_api(deployment, arn)
    deployment.connect()
    url = deployment.function()["Environment"]["Variables"]["PUBLIC_URL"]
    assert url.startswith("http://") and url.endswith("/dev")
    client = emulator.client("lambda")
    mappings = client.list_event_source_mappings(FunctionName=arn)["EventSourceMappings"]
    assert mappings
    deployment.remove_what_was_interrupted()
    assert deployment.function() is not None

    deployment.disconnect()
    assert client.list_event_source_mappings()["EventSourceMappings"] == []


def test_an_address_that_the_team_gives_is_the_bars_own(deployment, emulator):
    given = "https://cups.example.net/coffee"
    variables = deployment.settings["aws_environment_variables"] | {"PUBLIC_URL": given + "/"}
    settings = deployment.settings | {"aws_environment_variables": variables}
    behind_cdn = AwsDeployment("dev", NAME, settings, deployment.session, deployment.zappa)
    variables = behind_cdn.prepare()
    assert variables["PUBLIC_URL"] == given
    _make_api(deployment, _make_function(emulator, variables))
    behind_cdn.connect()
    assert behind_cdn.function()["Environment"]["Variables"]["PUBLIC_URL"] == given


def test_an_address_that_is_none_is_refused_before_anything_is_made(deployment):
    variables = deployment.settings["aws_environment_variables"] | {"PUBLIC_URL": "bar.example"}
    settings = deployment.settings | {"aws_environment_variables": variables}
    wrong = AwsDeployment("dev", NAME, settings, deployment.session, deployment.zappa)
    with pytest.raises(StackError, match="PUBLIC_URL must be an address such as"):
        wrong.prepare()
    assert deployment.stack.describe() is None


def test_a_domain_that_came_later_is_the_address_after_an_update(deployment, emulator):
    """Pages that are open at the old address go on: the stage without a name takes their links."""
    _make_api(deployment, _make_function(emulator, deployment.prepare()))
    deployment.connect()
    parameters = {"DomainName": "bar.example.net", "CertificateArn": "arn:aws:acm:::certificate/1"}
    settings = deployment.settings | {"domain": "bar.example.net", "stack_parameters": parameters}
    named = AwsDeployment("dev", NAME, settings, deployment.session, deployment.zappa)
    assert named.prepare()["PUBLIC_URL"] == "https://bar.example.net"
    named.connect()
    variables = named.function()["Environment"]["Variables"]
    assert variables["PUBLIC_URL"] == "https://bar.example.net"
    client = emulator.client("apigatewayv2")
    [mapping] = client.get_api_mappings(DomainName="bar.example.net")["Items"]
    assert mapping["Stage"] == "$default"
    named.disconnect()


def test_a_first_deployment_that_was_interrupted_is_begun_anew(deployment, emulator):
    _make_function(emulator, deployment.prepare())
    deployment.remove_what_was_interrupted()
    assert deployment.function() is None


def test_zappa_finds_the_address_that_it_names_beside_a_domain(deployment, emulator):
    _make_api(deployment, _make_function(emulator, deployment.prepare()))
    cli = SimpleNamespace(
        api_stage="dev",
        lambda_name=NAME,
        stage_config=deployment.settings,
        zappa=deployment.zappa,
        apigateway_version="v2",
    )
    assert cli.zappa.get_api_url(NAME, "dev") is None
    zappa_callbacks.after(cli)
    assert cli.zappa.get_api_url(NAME, "dev").endswith(".amazonaws.com/dev")


@pytest.mark.parametrize(
    ("command", "says"),
    [
        ("update", "not deployed yet .* scripts/zappa deploy dev"),
        ("undeploy", "nothing to undeploy"),
    ],
)
def test_what_needs_a_function_is_refused_before_anything_is_made(deployment, command, says):
    with pytest.raises(StackError, match=says):
        deployment.check(command)
    deployment.check("deploy")
    assert deployment.stack.describe() is None


def test_a_second_deployment_is_refused_and_an_interrupted_one_is_not(deployment, emulator):
    arn = _make_function(emulator, deployment.prepare())
    for command in ("deploy", "update", "undeploy"):
        deployment.check(command)
    _make_api(deployment, arn)
    deployment.connect()
    with pytest.raises(StackError, match="scripts/zappa update dev"):
        deployment.check("deploy")
    deployment.disconnect()


def _broken_off(deployment: AwsDeployment, done: set[str]) -> AwsDeployment:
    """The same deployment at a terminal that ends once AWS has made a change of another kind."""
    session = boto3.Session(region_name="us-east-1")

    def notice(model, http_response, **_) -> None:
        is_change = http_response.status_code < 300 and not model.name.startswith(_READS)
        if is_change and model.name not in done:
            done.add(model.name)
            raise KeyboardInterrupt

    session.events.register("after-call", notice)
    return AwsDeployment("dev", NAME, deployment.settings, session, Zappa(boto_session=session))


def test_broken_off_after_each_kind_of_change_and_run_again_it_finishes(deployment, emulator):
    def deploy(tried: AwsDeployment) -> bool:
        try:
            variables = tried.prepare()
            function = deployment.function()
            arn = function["FunctionArn"] if function else _make_function(emulator, variables)
            if not deployment.session.client("apigatewayv2").get_apis()["Items"]:
                _make_api(deployment, arn)
            tried.connect()
        except KeyboardInterrupt:
            return False
        return True

    done: set[str] = set()
    while not deploy(_broken_off(deployment, done)):
        pass
    assert done >= {
        "CreateBucket",
        "PutParameter",
        "PutObject",
        "CreateStack",
        "UpdateStack",
        "UpdateFunctionConfiguration",
    }
    assert deployment.function()["Environment"]["Variables"]["PUBLIC_URL"].endswith("/dev")
    assert emulator.client("lambda").list_event_source_mappings()["EventSourceMappings"]
    before = deployment.stack.describe()
    assert deploy(deployment) and deployment.stack.describe() == before


def test_without_an_api_nothing_is_connected(deployment, emulator):
    _make_function(emulator, deployment.prepare())
    with pytest.raises(StackError, match="There is no API in front of serverlesspresso-dev"):
        deployment.connect()


def test_a_replaced_key_stays_good_as_long_as_a_cookie_lives(deployment, emulator, monkeypatch):
    first = deployment.prepare()["SECRET_KEY"]
    emulator.client("ssm").put_parameter(
        Name=deployment.secret_key_name, Value="the-next-key", Type="SecureString", Overwrite=True
    )
    variables = deployment.prepare()
    assert variables["SECRET_KEY"] == "the-next-key"
    assert variables["SECRET_KEY_FALLBACKS"] == first

    class Later(datetime):
        @classmethod
        def now(cls, zone):
            return datetime.now(UTC) + timedelta(days=31)

    monkeypatch.setattr(aws_deployment, "datetime", Later)
    assert deployment.prepare()["SECRET_KEY_FALLBACKS"] == ""


def test_a_function_that_does_not_start_is_one_line_that_says_where_to_look(
    deployment, emulator, monkeypatch
):
    _make_function(emulator, deployment.prepare())
    emulator.client("lambda").update_function_configuration(
        FunctionName=NAME, Handler="nothing.handler"
    )
    monkeypatch.setattr(aws_deployment, "_PAUSES", (0, 0))
    with pytest.raises(StackError, match="The function fails at this: .*zappa tail dev") as said:
        deployment.open_bar()
    assert "\n" not in str(said.value)


def test_an_unknown_stack_parameter_is_named(deployment):
    deployment.settings = deployment.settings | {"stack_parameters": {"AlarmMail": "x"}}
    with pytest.raises(StackError, match="there is no AlarmMail; there are AlarmEmail, "):
        deployment.prepare()


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"s3_bucket": ""}, "names no s3_bucket yet. Run this first: scripts/deploy init"),
        ({"aws_region": "eu-central-1"}, "AWS_DEFAULT_REGION says us-east-1"),
        ({"role_name": "wide"}, "The stage dev is not one to deploy"),
        ({"domain": "https://bar.example.com"}, "must be a name such as bar.example.com"),
    ],
)
def test_settings_that_cannot_work_are_refused_before_anything_is_made(deployment, change, says):
    with pytest.raises(StackError, match=says):
        AwsDeployment(
            "dev", NAME, deployment.settings | change, deployment.session, deployment.zappa
        )


def test_a_stage_cannot_have_the_name_of_an_api(deployment):
    with pytest.raises(StackError, match="cannot be called v2"):
        AwsDeployment("v2", NAME, deployment.settings, deployment.session)
