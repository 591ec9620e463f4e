#!/usr/bin/env python3
"""Tests that tools/dev/check_sources finds two types of one name, and takes none for one that is not."""
import importlib.machinery
import importlib.util
import pathlib
import sys
import tempfile
import unittest

sys.dont_write_bytecode = True
ROOT = pathlib.Path(__file__).resolve().parents[2]
loader = importlib.machinery.SourceFileLoader("check_sources", str(ROOT / "tools/dev/check_sources"))
check_sources = importlib.util.module_from_spec(importlib.util.spec_from_loader(loader.name, loader))
loader.exec_module(check_sources)


TOP = "runtime"  # one of the folders that are looked through


def found_in(first, second):
    with tempfile.TemporaryDirectory() as folder:
        check_sources.ROOT = pathlib.Path(folder)
        (check_sources.ROOT / TOP).mkdir()
        (check_sources.ROOT / TOP / "a.hpp").write_text(first)
        (check_sources.ROOT / TOP / "b.cpp").write_text(second)
        return check_sources.types()


def space(name, text):
    return f"namespace {name} {{\n\n{text}\n\n}}  // namespace {name}\n" if name else f"namespace {{\n\n{text}\n\n}}  // namespace\n"


class Types(unittest.TestCase):
    def test_two_types_of_one_name_in_one_namespace_are_found(self):
        for one, two in (("struct x {};", "class x final : public y {\n};"), ("enum class x : char { a };", "template<class T>\nstruct x {\n};"),
                         ("struct alignas(64) x {\n};", "union x {\n};")):
            found = found_in("// struct x {\n" + space("m::n", one), "\n" + space("m::n", two))
            line = 5 if two.startswith("template") else 4
            self.assertEqual([f.partition(" too;")[0] for f in found], [f"{TOP}/b.cpp:{line}: m::n::x is defined at {TOP}/a.hpp:4"])

    def test_parts_of_a_namespace_are_one(self):
        self.assertEqual(len(found_in(space("m", space("n", "struct x {};")), space("m::n", "struct x {};"))), 1)
        self.assertEqual(len(found_in("struct x {\n};\n", "struct x {\n};\n")), 1)

    def test_others_are_not_found(self):
        for one, two in ((space("m", "struct x {};"), space("n", "struct x {};")),
                         (space("m", "struct x {};"), space("m", space("", "struct x {};"))),
                         (space("m", "struct x {};"), space("m", "struct x;\nenum class x : char;\nstruct x f() {\n}")),
                         (space("m", "class a::impl {\n};"), space("m", "class b::impl {\n};\n\ntemplate<>\nstruct x<int> {\n};")),
                         (space("m", "struct x {};"), space("m", "const auto text = R\"(}\n)\" \"{\" + '{';\n// {\n" + space("", "struct x {};"))),
                         (space("m", "struct a {\n  struct x {};\n};"), space("m", "struct b {\n  struct x {};\n};"))):
            self.assertEqual(found_in(one, two), [])


if __name__ == "__main__":
    unittest.main()
