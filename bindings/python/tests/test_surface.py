"""The package and the registry are the same."""

import ast
import importlib
import inspect
import pathlib
import subprocess
import sys

import heptad

PACKAGE = pathlib.Path(heptad.__file__).parent


def methods(system):
    """The methods of both handles of a system, as its stub has them."""
    tree = ast.parse((PACKAGE / f"{system}.pyi").read_text())
    classes = [node for node in tree.body if isinstance(node, ast.ClassDef)]
    return {cls.name: {node.name for node in cls.body if isinstance(node, ast.FunctionDef)} for cls in classes}


def test_every_operation_is_a_method(h):
    operations = h.platform.operations().operations
    systems = {}
    for operation in operations:
        system, name = operation.name.split(".")
        systems.setdefault(system, set()).add(name)
    for system, names in systems.items():
        name = system.title()
        stubs = methods(system)
        # A build may have fewer operations than the package knows.
        assert names <= stubs[name] and stubs[name] == stubs[f"Async{name}"], system
        for handle in (getattr(h, system), getattr(h.aio, system)):
            for operation in names:
                assert inspect.getdoc(getattr(handle, operation)), (system, operation)


def test_the_first_paragraph_is_the_summary(h):
    for operation in h.platform.operations().operations:
        system, name = operation.name.split(".")
        doc = inspect.getdoc(getattr(getattr(h, system), name))
        assert doc.splitlines()[0].split("`")[0] == operation.summary.split("`")[0].split("[")[0], operation.name


def test_every_module_has_what_it_says():
    for path in PACKAGE.glob("*.py"):
        name = "heptad" if path.stem == "__init__" else f"heptad.{path.stem}"
        if path.stem == "__main__":
            continue
        module = importlib.import_module(name)
        for exported in getattr(module, "__all__", ()):
            assert hasattr(module, exported), (name, exported)


def check(*arguments):
    run = subprocess.run([sys.executable, "-m", *arguments], capture_output=True, text=True, cwd=PACKAGE.parent)
    assert run.returncode == 0, run.stdout + run.stderr


def test_mypy_is_content():
    check("mypy", "--strict", "-p", "heptad")


def test_the_stubs_tell_the_truth():
    check("mypy.stubtest", "heptad")


def test_a_wrong_call_is_seen_by_mypy(tmp_path):
    program = tmp_path / "wrong.py"
    program.write_text(
        "import heptad\n"
        "h = heptad.open()\n"
        "h.review.scan(1)\n"
        "h.review.scan('src', min_severity='awful')\n"
        "h.review.scan('src').findings[0].nothing\n"
        "reveal_type(h.review.scan('src').findings[0].span.start.line)\n"
    )
    run = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(program)], capture_output=True, text=True, cwd=PACKAGE.parent
    )
    lines = {line.split(":")[1] for line in run.stdout.splitlines() if ": error:" in line}
    assert lines == {"3", "4", "5"}, run.stdout
    assert "int\"" in run.stdout.split("Revealed type is")[1]
