"""The CloudFormation template of a deployment, here and on AWS."""

from __future__ import annotations

from collections.abc import Mapping

from scripts.machine import StackError


def build_template(environment: Mapping[str, str]) -> str:
    """The template of a deployment whose function has these variables."""
    from webapp.extending import load_all
    from webapp.settings import Settings, SettingsError
    from webapp.stack import build_template_body

    try:
        # The template needs neither address nor key, which AWS knows only later.
        settings = Settings.from_environment(
            {"PUBLIC_URL": "https://not.known.yet", "SECRET_KEY": "not known yet", **environment}
        )
        extensions = load_all(settings)
    except SettingsError as error:
        raise StackError(str(error)) from None
    return build_template_body(
        settings.choose_seconds, settings.make_seconds, settings.prefix, extensions=extensions
    )
