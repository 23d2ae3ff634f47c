"""Builds the CloudFormation template of a deployment, on this machine and on AWS."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.machine import StackError
from workflows.variants import FOR_AWS, FOR_EMULATORS, Variant


def build_template(environment: Mapping[str, str], variant: Variant | None = None) -> str:
    """Returns the template of a deployment whose function has these variables.

    variant: the form of its workflow; None for the first choice, which is that for emulators when
        the variables name an endpoint.
    """
    from webapp.extending import load_all
    from webapp.settings import Settings, SettingsError
    from webapp.stack import build_template_body

    try:
        # The template does not depend on the address and the key, which AWS knows only later.
        settings = Settings.from_environment(
            {"PUBLIC_URL": "https://not.known.yet", "SECRET_KEY": "not known yet", **environment}
        )
        extensions = load_all(settings)
    except SettingsError as error:
        raise StackError(str(error)) from None
    first = FOR_EMULATORS[0] if "AWS_ENDPOINT_URL" in environment else FOR_AWS[0]
    return build_template_body(
        settings.choose_seconds,
        settings.make_seconds,
        settings.prefix,
        extensions=extensions,
        variant=variant or first,
    )
