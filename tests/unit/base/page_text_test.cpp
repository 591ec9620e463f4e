#include "runtime/base/page_text.hpp"

#include <catch2/catch.hpp>

namespace millrace {

TEST_CASE("a paragraph with a long line is filled anew, and others stay as they are") {
  CHECK(wrapped_page("one two three\nfour five\n\nsix\nseven\n", 10) ==
        "one two\nthree four\nfive\n\nsix\nseven\n");
}

TEST_CASE("the lines of a list's entry stand below its text") {
  CHECK(wrapped_page("- one two three\n- four\n  1. five six seven\n", 10) ==
        "- one two\n  three\n- four\n  1. five\n     six\n     seven\n");
}

TEST_CASE("headings, tables, comments and code are not wrapped") {
  constexpr auto page = "# A heading that is long\n| a table | that is long |\n<!-- a comment -->\n```\ncode "
                        "that is long\n```\n"
                        "\n    code that is long\n";
  CHECK(wrapped_page(page, 10) == page);
}

TEST_CASE("code within a line is not broken, and a line does not begin with what begins a list") {
  CHECK(wrapped_page("see `a + b` and `c - d`\n", 10) == "see\n`a + b`\nand\n`c - d`\n");
  CHECK(wrapped_page("one two - three\n", 8) == "one two -\nthree\n");
  CHECK(wrapped_page("one two 3. three\n", 8) == "one two 3.\nthree\n");
}

TEST_CASE("code may be parted in the page already") {
  CHECK(wrapped_page("see the `a +\nb` and more\n", 11) == "see the\n`a + b` and\nmore\n");
}

}  // namespace millrace
