"""What a template may never do, so that no text a person wrote becomes markup or a script."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

TEMPLATES = sorted(Path("templates").rglob("*.html"))
_FORBIDDEN = {
    "an attribute without quotes": re.compile(
        r"<[^<>\"']*(?:(?:\"[^\"]*\"|'[^']*')[^<>\"']*)*\s[\w:-]+=\{\{"
    ),
    "markup that is not escaped": re.compile(r"\|\s*safe\b|Markup\(|autoescape\s+false"),
    "a script in the page": re.compile(r"<script(?![^>]*\ssrc=)", re.IGNORECASE),
    "a style in the page": re.compile(r"<style|\sstyle\s*=", re.IGNORECASE),
    "an event handler in an attribute": re.compile(
        r"\s(?:on[a-z]+|hx-on[:a-z-]*)\s*=", re.IGNORECASE
    ),
    "an address that runs": re.compile(r"javascript:", re.IGNORECASE),
    "a value computed in the browser": re.compile(
        r"hx-vals\s*=\s*.js:|hx-headers\s*=\s*.js:", re.IGNORECASE
    ),
    # The formatter takes the space away that such an attribute begins with.
    "an attribute without a space before it": re.compile(
        r"<[^<>]*[\w\"]\{% if (?:(?!%\}).)*%\}\s*[\w-]+=\""
    ),
}
_LONGEST_LINE = 100


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
@pytest.mark.parametrize("smell", _FORBIDDEN)
def test_a_template_holds_no(smell, template):
    assert not _FORBIDDEN[smell].search(template.read_text())


def test_each_smell_would_be_found():
    bad = {
        "an attribute without quotes": "<a href={{ url }}>",
        "markup that is not escaped": "{{ name|safe }}",
        "a script in the page": "<script>1</script>",
        "a style in the page": '<p style="color:red">',
        "an event handler in an attribute": '<p onclick="x()">',
        "an address that runs": '<a href="javascript:x()">',
        "a value computed in the browser": "<p hx-vals='js:{}'>",
        "an attribute without a space before it": '<p a="b"{% if x %}c="d"{% endif %}>',
    }
    assert bad.keys() == _FORBIDDEN.keys()
    for smell, text in bad.items():
        assert _FORBIDDEN[smell].search(text), smell


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_every_form_that_changes_something_carries_the_token(template):
    for form in re.findall(r"<form[^>]*method=\"post\".*?</form>", template.read_text(), re.DOTALL):
        assert "{{ form_token() }}" in form


def test_the_token_is_written_in_one_template():
    holders = [str(path) for path in TEMPLATES if "csrf_token" in path.read_text()]
    assert holders == ["templates/components/forms.html"]


@pytest.mark.parametrize("template", TEMPLATES, ids=str)
def test_no_line_is_too_long_to_be_read(template):
    lines = template.read_text().splitlines()
    long = [number for number, line in enumerate(lines, 1) if len(line) > _LONGEST_LINE]
    assert long == [], f"{template} has lines over {_LONGEST_LINE} characters: {long}"
