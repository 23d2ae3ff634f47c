"""What becomes of the line breaks of a template in the page that it makes."""

from __future__ import annotations

import pytest
from jinja2 import DictLoader, Environment, StrictUndefined, UndefinedError

from webapp.line_breaks import LineBreaks


def environment(**templates: str) -> Environment:
    extensions = ["jinja2.ext.i18n", LineBreaks]
    made = Environment(
        extensions=extensions, loader=DictLoader(templates), undefined=StrictUndefined
    )
    made.install_gettext_callables(str, lambda one, many, n: one if n == 1 else many, newstyle=True)
    return made


def rendered(source: str, **values: object) -> str:
    return environment().from_string(source).render(**values)


@pytest.mark.parametrize(
    ("source", "page"),
    [
        ("<ul>\n  <li>a</li>\n  <li>b</li>\n</ul>", "<ul><li>a</li><li>b</li></ul>"),
        ("<p>\n  two\n  words\n</p>", "<p>two words</p>"),
        ("<p>\n  an\n  <b>inline</b>\n  one\n</p>", "<p>an <b>inline</b> one</p>"),
        ("<p>\n  <b>\n    inside\n  </b>\n</p>", "<p><b>inside</b></p>"),
        ("<p>\n  at\n  <b>noon</b>\n  , or sooner\n</p>", "<p>at <b>noon</b>, or sooner</p>"),
        ("<b>a</b>\n<b>b</b>", "<b>a</b><b>b</b>"),
        ("<b>a</b>\n{{ ' ' }}\n<b>b</b>", "<b>a</b> <b>b</b>"),
        ("as {{ x }}\n  goes", "as 1 goes"),
        ("{{ x }}\n{{ x }}\n<b>b</b>", "11<b>b</b>"),
        ("a b  c <i>d</i>", "a b  c <i>d</i>"),
    ],
)
def test_a_line_break_is_a_space_only_beside_a_word(source, page):
    assert rendered(source, x=1) == page


@pytest.mark.parametrize("x", [True, False])
def test_a_line_break_beside_a_statement_is_nothing(x):
    source = "<p>\n  {% if x %}\n    yes\n  {% else %}\n    no\n  {% endif %}\n</p>"
    assert rendered(source, x=x) == f"<p>{'yes' if x else 'no'}</p>"


def test_a_comment_on_its_own_lines_leaves_nothing():
    assert rendered("{# one #}\n<p>\n  {# two #}\n  a\n  {# three #}\n</p>") == "<p>a</p>"


def test_attributes_on_their_own_lines_stay_apart():
    source = '<a\n  href="/"\n  {% if x %}hidden{% endif %}\n  id="a"\n>\n  a\n</a>'
    assert rendered(source, x=True) == '<a href="/" hidden id="a">a</a>'


def test_an_attributes_value_goes_on_in_the_next_line():
    assert rendered('<path\n  d="\n    M1 2\n    3 4\n  "\n/>') == '<path d="M1 2 3 4"/>'


@pytest.mark.parametrize("element", ["pre", "textarea"])
def test_where_line_breaks_can_be_seen_they_stay(element):
    source = f"<{element}>\n  one\n  <b>\n</{element}>\n<p>\n  two\n</p>"
    assert rendered(source) == f"<{element}>\n  one\n  <b>\n</{element}><p>two</p>"


def test_the_formatters_slash_is_left_out_where_html_needs_none():
    source = '<input name="a" />\n<br/>\n<svg><path d="M1 2" /></svg>'
    assert rendered(source) == '<input name="a"><br><svg><path d="M1 2" /></svg>'


def test_a_message_for_translators_is_one_line():
    source = "{% trans %}\n  Take\n  <b>it</b>\n  , please\n  .\n{% endtrans %}"
    assert rendered(source) == "Take <b>it</b>, please."


def test_a_value_that_somebody_wrote_is_left_alone():
    assert rendered("<p>\n  {{ x }}\n</p>", x=" a\n  b ") == "<p> a\n  b </p>"


def test_a_mistake_in_a_template_is_still_named_by_its_line():
    made = environment(page="<p>\n  a\n  b\n</p>\n<p>\n  {{ missing }}\n</p>")
    with pytest.raises(UndefinedError) as error:
        made.get_template("page").render()
    assert error.traceback[-1].lineno + 1 == 6
