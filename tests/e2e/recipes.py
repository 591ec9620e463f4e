#!/usr/bin/env -S python3 -B
"""The recipes of pipelines/recipes on real servers: each is run as its README says, killed with -9 on the way, and its rows are those of an oracle.

    recipes.py --millrace BINARY [--only NAME]

A recipe NAME has a module recipe_NAME.py beside this one, whose run(r) plays it; its docstring says what it shows. `r` is an OnServers.
"""
import importlib
import pathlib
import re

from command_under_test import needs_duckdb
from parquet_tables import needs_parquet
from real_systems import ROOT, OnServers, case, check, main, run_cases

RECIPES = ROOT / "pipelines" / "recipes"
MODULES = {file.stem.removeprefix("recipe_"): file.stem for file in sorted(pathlib.Path(__file__).parent.glob("recipe_*.py"))}


def each_has_a_case(r):
    """Each recipe stands in the table of the recipes, and is played here."""
    folders = {file.parent.name for file in RECIPES.glob("*/README.md")}
    listed = set(re.findall(r"^\| \[\w+\]\((\w+)/README\.md\) \|", (RECIPES / "README.md").read_text(), re.M))
    check(folders == set(MODULES), f"recipes without a case, or cases without a recipe: {folders ^ set(MODULES)}")
    check(folders == listed, f"pipelines/recipes/README.md lists other recipes than there are: {folders ^ listed}")


def of_module(name, stem):
    module = importlib.import_module(stem)
    return case(name, module.run, doc=module.__doc__)


CASES = [each_has_a_case, *(of_module(name, stem) for name, stem in MODULES.items())]


def test(options, folder):
    needs_parquet(options)
    needs_duckdb()
    run_cases(CASES, OnServers, options, folder)


if __name__ == "__main__":
    main(test, __doc__, CASES)
