"""Who may import whom: the contracts of [tool.importlinter] in pyproject.toml, and some more."""

import ast
import copy
import subprocess
import sys
from pathlib import Path

import grimp
import pytest
from importlinter.api import read_configuration
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.independence import IndependenceContract
from importlinter.contracts.layers import LayersContract
from importlinter.contracts.protected import ProtectedContract

ROOT = Path(__file__).parents[2]
OURS = {"domain", "workflows", "webapp"}
SETTINGS = read_configuration(str(ROOT / "pyproject.toml"))
CONTRACTS = {one["name"]: one for one in SETTINGS["contracts_options"]}
KINDS = {
    "forbidden": ForbiddenContract,
    "independence": IndependenceContract,
    "layers": LayersContract,
    "protected": ProtectedContract,
}
_DOMAIN = "The domain knows neither a framework nor AWS nor anything else of the product"
_WORKFLOWS = "The workflows know no framework, no AWS client and nothing of the web application"
_USE_CASES = "The use cases know no request, no page, no table and no AWS"
_SUBJECTS = "A subject's use cases know those of the subjects below it; ports are known to all"
_PORTS = "Ports know neither a bundle nor a use case nor an adapter"
_ADAPTERS = "Tables and AWS adapters know ports, no use case and nothing above"
_OWN_TABLES = "The tables of one subject know no other subject's"
_TABLES = "Tables are known to the composition root, the template and the outbox alone"
_AWS = "AWS adapters are known to the composition root and the template alone"
_ROOT = "Only the entrances ask the composition root for the services"
_SHOWN = "What is shown is made of values alone: no request, no table, no AWS, no use case"
_EXTENSIONS = "Extensions know the domain and their kit, nothing else of the product"
_SCHEDULER = "APScheduler never comes into the function"
BREACHES = [
    (_DOMAIN, "domain.orders", "workflows.asl"),
    (_DOMAIN, "domain.menu", "flask"),
    (_WORKFLOWS, "workflows.asl", "webapp.settings"),
    (_WORKFLOWS, "workflows.template", "botocore"),
    (_USE_CASES, "webapp.services.orders.sweep", "flask"),
    (_USE_CASES, "webapp.services.orders.sweep", "webapp.cloud.executions"),
    (_USE_CASES, "webapp.services.staff.people", "webapp.storage.tables"),
    (_SUBJECTS, "webapp.services.shop.rush", "webapp.services.orders.moves"),
    (_SUBJECTS, "webapp.services.orders.sweep", "webapp.services.intake.claims"),
    (_SUBJECTS, "webapp.services.limits.limits", "webapp.services.staff.sign_in"),
    (_PORTS, "webapp.services.orders.ports", "webapp.services.past.bundle"),
    (_PORTS, "webapp.services.phone.ports", "webapp.services.phone.signing_in"),
    (_ADAPTERS, "webapp.storage.orders.order_repository", "webapp.services.orders.moves"),
    (_ADAPTERS, "webapp.cloud.texts", "webapp.routes.phone"),
    (_OWN_TABLES, "webapp.storage.past.metric_repository", "webapp.storage.orders.order_items"),
    (_TABLES, "webapp.routes.customer", "webapp.storage.tables"),
    (_AWS, "webapp.consumers.forward", "webapp.cloud.event_bus"),
    (_ROOT, "webapp.routes.customer", "webapp.bootstrap"),
    (_SHOWN, "webapp.presenters.order", "webapp.services.orders.waits"),
    (_SHOWN, "webapp.drawings.charts", "flask"),
    (_EXTENSIONS, "webapp.extensions.labels", "webapp.services.orders.ports"),
    (_EXTENSIONS, "webapp.extension_kit.table", "webapp.words"),
    (_SCHEDULER, "webapp.local", "apscheduler"),
]


@pytest.fixture(scope="module")
def graph() -> grimp.ImportGraph:
    return grimp.build_graph(*sorted(OURS), include_external_packages=True, cache_dir=None)


def _outside(graph: grimp.ImportGraph, package: str) -> set[str]:
    """The packages outside this one that its modules import."""
    modules = {package} | graph.find_descendants(package)
    imported = set().union(*(graph.find_modules_directly_imported_by(one) for one in modules))
    return {name.split(".")[0] for name in imported} - {package}


def test_the_import_contracts_are_kept():
    # In a process of its own: it changes the logging of the one it runs in.
    done = subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name, importer, imported", BREACHES)
def test_a_contract_notices_its_breach(graph, name, importer, imported):
    """Each title of the settings, with imports that it forbids."""
    broken = copy.deepcopy(graph)
    broken.add_import(importer=importer, imported=imported)
    assert not _is_kept(name, broken)


def test_every_contract_is_tried():
    assert {name for name, _, _ in BREACHES} == set(CONTRACTS)
    assert set(SETTINGS["session_options"]["root_packages"]) == OURS


def _is_kept(name: str, graph: grimp.ImportGraph) -> bool:
    options = CONTRACTS[name]
    contract = KINDS[options["type"]](name, SETTINGS["session_options"], options)
    return contract.check(graph, verbose=False).kept


def test_ports_know_the_domain_alone_and_what_an_extension_is(graph):
    for ports in graph.find_matching_modules("webapp.services.*.ports"):
        ours = {one for one in _imported(graph, ports) if one.startswith(("webapp", "workflows"))}
        assert ours <= {"webapp.extension_kit"}, ports


def test_a_subjects_tables_know_the_ports_of_that_subject_alone(graph):
    subjects = {one.rpartition(".")[2] for one in graph.find_children("webapp.services")}
    tables = {one.rpartition(".")[2] for one in graph.find_children("webapp.storage")}
    for subject in subjects & tables:
        for module in _modules_of(graph, f"webapp.storage.{subject}"):
            used = {one for one in _imported(graph, module) if one.startswith("webapp.services")}
            assert used <= {f"webapp.services.{subject}.ports", "webapp.services.refused"}, module
    assert len(subjects & tables) > 5


def test_aws_adapters_know_ports_alone_of_the_use_cases(graph):
    for module in _modules_of(graph, "webapp.cloud"):
        used = {one for one in _imported(graph, module) if one.startswith("webapp.services")}
        assert all(one.endswith((".ports", ".refused")) for one in used), module


def _modules_of(graph: grimp.ImportGraph, package: str) -> set[str]:
    return {package} | graph.find_descendants(package)


def _imported(graph: grimp.ImportGraph, module: str) -> set[str]:
    return graph.find_modules_directly_imported_by(module)


def test_nothing_outside_the_tests_imports_the_tests():
    folders = ("domain", "scripts", "webapp", "workflows")
    files = [file for folder in folders for file in (ROOT / folder).rglob("*") if _is_python(file)]
    named = {file.relative_to(ROOT).as_posix() for file in files}
    assert named >= {"scripts/bench", "scripts/commands/cost.py"}
    assert [file for file in files if "tests" in _imported_by(file)] == []


def _is_python(file: Path) -> bool:
    if not file.is_file() or file.is_symlink():
        return False
    with file.open("rb") as opened:
        return file.suffix == ".py" or b"python" in opened.readline()[:40]


def _imported_by(file: Path) -> set[str]:
    """The packages that a file names anywhere in its import statements."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module.split(".")[0])
    return found


def test_the_domain_imports_the_standard_library_only(graph):
    imported = _outside(graph, "domain")
    assert "datetime" in imported
    assert imported <= sys.stdlib_module_names


def test_the_workflows_import_the_domain_and_troposphere_only(graph):
    imported = _outside(graph, "workflows")
    assert imported - sys.stdlib_module_names == {"domain", "troposphere"}
