"""The callbacks that Zappa calls around its commands (zappa_settings.json, `callbacks`).

`before` runs once the settings are read: for deploy and update it makes the stack, so that the
function's role and tables exist. `trim` makes the zip small. `after` runs last, when function and
API exist: it points rules and mappings to the function and opens the bar.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

# Zappa loads this file by its path, so the project is not on the import path yet.
ROOT = str(Path(__file__).resolve().parents[2])
if ROOT not in sys.path:
    sys.path.insert(0, ROOT)

from click import ClickException  # noqa: E402

from scripts.aws.advice import in_one_line  # noqa: E402
from scripts.aws.deployment import AwsDeployment  # noqa: E402
from scripts.environment import SetUpError, build_assets, compile_translations  # noqa: E402
from scripts.function.package import PackageError, trim_package  # noqa: E402
from scripts.machine import StackError  # noqa: E402


def before(cli) -> None:
    """Prepares a command: Zappa's `settings` callback."""
    with _in_one_line():
        if cli.command in ("deploy", "update", "package", "save-python-settings-file"):
            build_assets()
            compile_translations()
            _tell_package_the_extensions(cli)
        if cli.command in ("deploy", "update", "undeploy"):
            deployment = AwsDeployment.of(cli)
            deployment.check(cli.command)
            if cli.command == "undeploy":
                _be_sure(cli)
            deployment.take_turn()
        if cli.command == "deploy":
            deployment.remove_what_was_interrupted()
        if cli.command in ("deploy", "update"):
            cli.aws_environment_variables = deployment.prepare()
        if cli.command == "undeploy":
            deployment.disconnect()


def trim(cli) -> None:
    """Trims the zip before it is sent: Zappa's `zip` callback."""
    with _in_one_line():
        size = trim_package(Path(cli.zip_path))
        print(f"Trimmed to {size / 1_000_000:.1f} MB, byte-code included.")


def after(cli) -> None:
    """Connects the bar to the function and opens it: Zappa's `post` callback."""
    with _in_one_line():
        deployment = AwsDeployment.of(cli)
        deployment.connect()
        for line in deployment.open_bar():
            print(line)
    # At the end of an update Zappa asks for the address of an API of the older kind. For a stage
    # with a domain that fails, because there is no such API.
    cli.zappa.get_api_url = partial(
        cli.zappa.get_api_url, apigateway_version=cli.apigateway_version
    )


def _tell_package_the_extensions(cli) -> None:
    """Passes EXTENSIONS on, because the package gets none of the
    function's own variables from Zappa.
    """
    if named := cli.stage_config.get("aws_environment_variables", {}).get("EXTENSIONS"):
        cli.environment_variables = {**cli.environment_variables, "EXTENSIONS": named}


def _be_sure(cli) -> None:
    """Asks in Zappa's place, because Zappa would ask only after this callback."""
    if not cli.vargs["yes"]:
        cli.vargs["yes"] = input("Are you sure you want to undeploy? [y/n] ") == "y"
        if not cli.vargs["yes"]:
            raise ClickException("Nothing was done.")


@contextmanager
def _in_one_line() -> Iterator[None]:
    try:
        with in_one_line():
            yield
    except (StackError, SetUpError, PackageError) as error:
        raise ClickException(str(error)) from None
