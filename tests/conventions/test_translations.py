"""What customers read is there in every language that a shop may offer, whole and showable."""

from __future__ import annotations

import re

import pytest
from babel.messages import Catalog

from domain.languages import LANGUAGES
from scripts.commands import translations
from webapp import words

CATALOGS = translations.languages()
_CUSTOMERS = ("templates/customer", "templates/layouts/phone.html", "templates/errors")
_TEAMS = re.compile(r"{% if (?:is_local|error\.sign_in_url) %}.*?{% endif %}", re.DOTALL)
"""What only people of the bar see."""
_LETTERS = re.compile(r"[A-Za-z]{2,}")


def test_every_language_on_offer_has_a_catalog_and_no_other():
    assert {translations.SOURCE, *CATALOGS} == set(LANGUAGES)


def test_the_catalogs_hold_every_message_of_code_and_templates_whole():
    assert translations.check() == []


@pytest.mark.parametrize("language", CATALOGS)
def test_the_compiled_catalog_says_what_the_translators_wrote(language):
    catalog = translations.catalog_of(language)
    with words.in_locale(language):
        said = words.gettext("Scan the code on the screen")
    assert said == catalog.get("Scan the code on the screen").string
    assert said != "Scan the code on the screen"


@pytest.mark.parametrize(
    ("message", "text", "found"),
    [
        ("Order %(number)s", "", "not translated"),
        ("Order %(number)s", "Bestellung", "placeholders"),
        ("Order %(number)s", "Bestellung %(nummer)s", "placeholders"),
        ("<b>Scan</b> it", "Scannen", "tags"),
        ("{drink} is gone", "Weg", "placeholders"),
        (("a day", "%(count)s days"), ("ein Tag", ""), "not translated"),
        (("a day", "%(count)s days"), ("ein Tag",), "not translated"),
    ],
)
def test_a_message_that_cannot_be_shown_is_found(message, text, found):
    catalog = Catalog(locale="de")
    catalog.add(message, text)
    assert found in "".join(translations.problems_of("de", catalog))


def test_a_guessed_message_is_found():
    catalog = Catalog(locale="de")
    catalog.add("Order", "Bestellung", flags=["fuzzy"])
    assert "guessed" in "".join(translations.problems_of("de", catalog))


def test_one_of_a_thing_may_go_without_its_number():
    catalog = Catalog(locale="de")
    catalog.add(("%(count)s day", "%(count)s days"), ("ein Tag", "%(count)s Tage"))
    assert translations.problems_of("de", catalog) == []


def _untranslated(template: str) -> str:
    """The words of a template outside of tags, comments and what Jinja replaces."""
    text = _TEAMS.sub(" ", template)
    text = re.sub(r"{%\s*trans.*?endtrans\s*%}|{#.*?#}|{%.*?%}|{{.*?}}", " ", text, flags=re.DOTALL)
    return re.sub(r"<[^>]*>|[\w-]+=\"", " ", text)


@pytest.mark.parametrize(
    "template",
    sorted(
        path
        for path in (translations.ROOT / "templates").rglob("*.html")
        if str(path.relative_to(translations.ROOT)).startswith(_CUSTOMERS)
    ),
    ids=lambda path: path.name,
)
def test_a_customers_page_has_no_words_of_its_own(template):
    assert _LETTERS.findall(_untranslated(template.read_text())) == []
