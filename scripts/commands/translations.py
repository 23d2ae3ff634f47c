"""Keeps the catalogs: extracts the messages from code and templates, updates every .po file, and
compiles the .mo files that the pages read: scripts/translations --help
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

from babel import Locale, UnknownLocaleError
from babel.messages import Catalog
from babel.messages.catalog import Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import PoFileError, read_po, write_po

from domain.languages import LANGUAGES

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "webapp" / "translations"
TEMPLATE = FOLDER / "messages.pot"
PROJECT = "coffee-bar"
SOURCE = "en"
_SOURCES = (("domain", "python"), ("webapp", "python"), ("templates", "jinja2"))
_OF_TEMPLATES = {
    "encoding": "utf-8",
    "silent": "false",
    "extensions": "webapp.line_breaks.LineBreaks",
}
_PLACEHOLDER = re.compile(r"%\((\w+)\)s|\{(\w+)\}")
_TAG = re.compile(r"</?[^>]+>")


def main() -> None:
    chosen = _arguments()
    problems: list[str] = []
    if chosen.command == "compile":
        compile_all()
        return
    if chosen.command == "check":
        problems = check()
    else:
        problems = update([chosen.language] if chosen.command == "add" else [])
        compile_all()
    for problem in problems:
        print(problem)
    if problems:
        sys.exit(f"{len(problems)} things to do; docs/translations.md says how.")
    print("All catalogs are complete.")


def extracted() -> Catalog:
    """Returns all messages of code and templates, in the order of the files."""
    catalog = Catalog(project=PROJECT, charset="utf-8")
    for folder, method in _SOURCES:
        found = extract_from_dir(
            ROOT / folder,
            method_map=[("**.html" if method == "jinja2" else "**.py", method)],
            options_map={"**.html": _OF_TEMPLATES},
            keywords=DEFAULT_KEYWORDS,
            comment_tags=("For translators:",),
            strip_comment_tags=True,
        )
        for name, _, message, comments, context in sorted(found, key=lambda one: one[:2]):
            if message:
                catalog.add(
                    message,
                    None,
                    [(f"{folder}/{name}", 1)],
                    auto_comments=comments,
                    context=context,
                )
    return catalog


def update(new: list[str]) -> list[str]:
    """Writes the template and every catalog anew; returns what is left to translate."""
    wanted = extracted()
    _write(TEMPLATE, wanted, template=True)
    problems = []
    for language in [*languages(), *new]:
        catalog = catalog_of(language)
        catalog.update(wanted, no_fuzzy_matching=True, update_creation_date=False)
        catalog.obsolete.clear()
        _write(FOLDER / f"{language}.po", catalog)
        problems += problems_of(language, catalog)
    return problems


def check() -> list[str]:
    """Returns what is wrong with the catalogs as they are committed."""
    wanted = _ids(extracted())
    problems = []
    if _ids(_read(TEMPLATE)) != wanted:
        problems.append("messages.pot is not what the code says: run scripts/translations update")
    for language in languages():
        catalog = catalog_of(language)
        missing = wanted - _ids(catalog)
        problems += [f"{language}: has no “{_words(one[0])}”" for one in sorted(missing, key=str)]
        problems += problems_of(language, catalog)
    return problems


def problems_of(language: str, catalog: Catalog) -> list[str]:
    """Returns the messages that have no translation, or a translation that cannot be shown."""
    return [
        f"{language}: {what}: “{_words(message.id)}”"
        for message in catalog
        if message.id
        for what in _problems(message, catalog)
    ]


def compile_all(folder: Path = FOLDER) -> None:
    """Makes the .mo file of every catalog."""
    for language in languages():
        made = folder / f"{language}.tmp"
        with open(made, "wb") as file:
            write_mo(file, catalog_of(language))
        made.replace(folder / f"{language}.mo")


def languages() -> list[str]:
    """Returns the languages that have a catalog."""
    return sorted(file.stem for file in FOLDER.glob("*.po"))


def catalog_of(language: str) -> Catalog:
    """Returns the language's catalog; a new language gets an empty one."""
    file = FOLDER / f"{language}.po"
    if file.exists():
        return _read(file, language)
    return Catalog(
        locale=language,
        project=PROJECT,
        version="1",
        header_comment=f"# What customers read: {LANGUAGES.get(language, language)}.",
        msgid_bugs_address="docs/translations.md",
        last_translator="the team",
        language_team="the team",
        revision_date=datetime.now(UTC),
        charset="utf-8",
        fuzzy=False,
    )


def _problems(message: Message, catalog: Catalog) -> list[str]:
    texts = message.string if isinstance(message.string, tuple) else (message.string,)
    ids = message.id if isinstance(message.id, tuple) else (message.id,)
    found = []
    if message.fuzzy:
        found.append("guessed, look at it and take the word fuzzy away")
    if not all(texts) or len(texts) != (catalog.num_plurals if message.pluralizable else 1):
        return [*found, "not translated"]
    known = _placeholders(ids[-1])
    # A translation may leave the number out, because a plural form can stand for exactly one or
    # two.
    must = known - {"count", "num"} if message.pluralizable else known
    for text in texts:
        names = _placeholders(text)
        if not must <= names <= known:
            found.append(f"other placeholders than {sorted(known)}")
        if Counter(_TAG.findall(text)) != Counter(_TAG.findall(ids[-1])):
            found.append("other tags")
    return found


def _placeholders(text: str) -> set[str]:
    return {name or other for name, other in _PLACEHOLDER.findall(text)}


def _ids(catalog: Catalog) -> set[tuple]:
    return {(message.id, message.context) for message in catalog if message.id}


def _words(message_id: str | tuple) -> str:
    return message_id if isinstance(message_id, str) else message_id[0]


def _read(file: Path, language: str | None = None) -> Catalog:
    try:
        with open(file, "rb") as opened:
            return read_po(opened, locale=language, abort_invalid=True)
    except PoFileError as error:
        sys.exit(f"{file.name} cannot be read: {error}.")
    except FileNotFoundError:
        return Catalog()


def _write(file: Path, catalog: Catalog, template: bool = False) -> None:
    with open(file, "wb") as opened:
        # Without line numbers and dates, changes elsewhere in the code do not change the catalogs.
        write_po(opened, catalog, width=100, include_lineno=False, omit_header=template)


def _language(text: str) -> str:
    try:
        Locale.parse(text)
    except (UnknownLocaleError, ValueError):
        raise argparse.ArgumentTypeError(f"“{text}” is no language's code, such as pt") from None
    if text not in LANGUAGES:
        raise argparse.ArgumentTypeError(f"write “{text}” into domain/languages.py first")
    return text


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/translations", description="What customers read, in other languages."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("update", help="take new messages into all catalogs, then compile them")
    add = commands.add_parser("add", help="begin the catalog of one more language")
    add.add_argument("language", type=_language, help="its code, such as pt")
    commands.add_parser("check", help="say what is missing or wrong; changes nothing")
    commands.add_parser("compile", help="make the .mo files only")
    return parser.parse_args()


if __name__ == "__main__":
    main()
