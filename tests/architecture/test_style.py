"""The style that a machine can see; STYLE.md says why. The maximum is held, for beauty is lost in the tail."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture.source import CHECKOUT, PACKAGE, all_code, packages, product

MOST_LINES_A_FILE = 400
MOST_LINES_A_FUNCTION = 50
MOST_PARAMETERS = 5
SURROUNDINGS = ("self", "cls", "tx", "connection", "world")
EMPTY_WORDS = {"manager", "handler", "helper", "service", "processor", "util", "common", "misc"}
LATER = re.compile(r"\b(TO" + r"DO|FIX" + r"ME)\b")


def test_every_module_says_what_it_is() -> None:
    """A reader who opens a file is told in one sentence what it is. Put a docstring at its top."""
    wrong = [module.where for module in product() if not ast.get_docstring(module.tree)]
    assert not wrong, "\n".join(wrong)


def test_files_are_short() -> None:
    """Beyond 400 lines a file is two things: find the seam and split it."""
    wrong = [
        f"{each.where}: {lines} lines" for each in all_code() if (lines := each.text.count("\n")) > MOST_LINES_A_FILE
    ]
    assert not wrong, "\n".join(wrong)


def test_functions_are_short() -> None:
    """Beyond 50 lines a function is several: name its parts. A migration is one list of statements, read from top to bottom."""
    wrong = [
        f"{module.where}:{node.lineno} {node.name}: {lines} lines"
        for module in all_code()
        for node in module.functions()
        if module.path.parent != PACKAGE / "storage" / "migrations" / "versions"
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > MOST_LINES_A_FUNCTION
    ]
    assert not wrong, "\n".join(wrong)


def test_functions_take_few_parameters() -> None:
    """Beyond five, parameters are a thing without a name: make it a frozen dataclass.

    What a function works in (itself, its transaction, its connection, the world) is not counted; a command's are its options.
    """
    wrong = []
    for module in product():
        for node in module.functions():
            if module.layer == "cli" and node.decorator_list:
                continue
            names = [each.arg for each in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
            count = len(names) - (names[:1] in [[name] for name in SURROUNDINGS])
            if count > MOST_PARAMETERS:
                wrong.append(f"{module.where}:{node.lineno} {node.name}: {count} parameters")
    assert not wrong, "\n".join(wrong)


def test_names_say_something() -> None:
    """Manager, Helper, utils and their like name no thing of the field: say what it does, or what it is."""
    wrong = []
    for module in product():
        names = {(1, module.path.stem if module.path.stem != "__init__" else module.path.parent.name)}
        for node in ast.walk(module.tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                names.add((node.lineno, node.name))
        for line, name in sorted(names):
            words = {word.lower().removesuffix("s") for word in re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)}
            if words & EMPTY_WORDS:
                wrong.append(f"{module.where}:{line} {name}")
    assert not wrong, "\n".join(wrong)


def test_nothing_is_left_for_later() -> None:
    """What is missing is an issue or a sentence in the README; in the code it would be forgotten."""
    wrong = [f"{module.where}" for module in all_code() if LATER.search(module.text)]
    assert not wrong, "\n".join(wrong)


def test_only_the_command_line_prints() -> None:
    """All else is silent, or logs: output belongs to who asked."""
    wrong = [
        f"{module.where}:{node.lineno}"
        for module in product()
        if module.layer != "cli"
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert not wrong, "\n".join(wrong)


def plugin_folders() -> dict[str, str]:
    """Folder and constant, as the table in ARCHITECTURE.md says."""
    text = (CHECKOUT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    section = text.split("## One new file")[1].split("\n## ")[0]
    return dict(re.findall(r"(?m)^\| `([a-z0-9_/]+)/` \| `([A-Z]+)` \|", section))


@pytest.mark.parametrize(("folder", "constant"), sorted(plugin_folders().items()))
def test_plugins_define_their_constant(folder: str, constant: str) -> None:
    """Each file of a folder that grows is one thing, under the constant that `collect` looks for."""
    assert folder in packages(), f"ARCHITECTURE.md names {folder}, which is not there"
    here = [
        module
        for module in product()
        if module.path.parent == PACKAGE / folder and not module.path.stem.startswith("_")
    ]
    assert here, f"{folder} holds no plugin"
    wrong = [module.where for module in here if constant not in module.constants()]
    assert not wrong, f"no constant {constant} in:\n" + "\n".join(wrong)


def test_every_plugin_constant_is_in_its_folder() -> None:
    """A constant that nothing collects would be a plugin that never runs: list its folder in ARCHITECTURE.md."""
    folders = plugin_folders()
    wrong = [
        f"{module.where} defines {constant}"
        for module in product()
        for constant in module.constants() & set(folders.values())
        if folders.get(str(module.path.parent.relative_to(PACKAGE))) != constant
    ]
    assert not wrong, "\n".join(wrong)
