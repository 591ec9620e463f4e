#include "config/text/reader.hpp"
#include "config/text/tokens.hpp"
#include "config/text/utf8.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <string>

using namespace millrace::config;

namespace {

struct outcome {
  std::optional<node> root;
  std::string findings;
};

outcome read(std::string_view text) {
  report out;
  outcome o;
  o.root = read_json(text, "f", out);
  for (const auto& f : out.take({"f"}))
    o.findings += to_string(f) + "\n";
  return o;
}

std::string spot(const location& p) { return std::to_string(p.line) + ":" + std::to_string(p.column); }

}  // namespace

TEST_CASE("a file of one long line is read in time that grows with it alone") {
  // A column counted from the line's start each time would be 4 * 10^11 steps, minutes of work.
  std::string text = "{\"a\":[";
  while (text.size() < largest_file - 100)
    text += "{\"bé\":1},";
  text += "]}";
  report out;
  const auto n = read_json(text, "f", out);
  REQUIRE(n);
  const auto& items = n->members[0].value.items;
  CHECK(items[0].where.column == 7);
  CHECK(items.back().where.column == 7 + 9 * static_cast<int>(items.size() - 1));
}

TEST_CASE("a key that is too long is one finding, whatever stands beneath it") {
  const std::string longest(1'000, 'k');
  CHECK(read("{\"" + longest + "\": 1}").findings.empty());
  // Beneath it each path would have its two megabytes once more.
  std::string text = "{\"a\": {\"" + std::string(2'000'000, 'k') + "\": {";
  for (int i = 0; i < 100'000; ++i)
    text += (i == 0 ? "\"" : ",\"") + std::to_string(i) + "\":1";
  const auto o = read(text + "}}}");
  CHECK(o.findings.find(" has 2000000 bytes; expected at most 1000\n") == o.findings.find(" has "));
  CHECK(std::count(o.findings.begin(), o.findings.end(), '\n') == 1);
}

TEST_CASE("every key and value knows its line and column") {
  const auto o =
      read("{ // one\n  \"a\": 1, /* two\n */ \"b\": [true, \"x\"],\n  \"c\": { \"d\": null, }, }");
  REQUIRE(o.root);
  REQUIRE(o.findings.empty());
  const auto& r = *o.root;
  CHECK(spot(r.where) == "1:1");
  CHECK(spot(r.find("a")->where) == "2:3");
  CHECK(spot(r.find("a")->value.where) == "2:8");
  CHECK(spot(r.find("b")->where) == "3:5");
  CHECK(spot(r.find("b")->value.where) == "3:10");
  CHECK(spot(r.find("b")->value.items[1].where) == "3:17");
  CHECK(spot(r.find("c")->value.find("d")->value.where) == "4:15");
}

TEST_CASE("columns count characters, not bytes") {
  const auto o = read("{ \"é€𝄞\": 1 }");
  REQUIRE(o.root);
  CHECK(spot(o.root->members[0].value.where) == "1:10");
}

TEST_CASE("comments and braces within texts are text") {
  const auto o = read(R"({ "a": "// no /* comment */ { \" }", "b": "\\" })");
  REQUIRE(o.root);
  CHECK(o.root->find("a")->value.text == "// no /* comment */ { \" }");
  CHECK(o.root->find("a")->value.escaped);
  CHECK(o.root->find("b")->value.text == "\\");
  CHECK(spot(o.root->find("b")->value.where) == "1:43");
}

TEST_CASE("numbers keep their digits") {
  const auto o = read(R"({ "a": 12345678901234567890123, "b": -0.50e+1, "c": 18446744073709551615 })");
  REQUIRE(o.root);
  CHECK(o.root->find("a")->value.text == "12345678901234567890123");
  CHECK(o.root->find("b")->value.text == "-0.50e+1");
  CHECK(o.root->find("c")->value.text == "18446744073709551615");
}

TEST_CASE("duplicate keys are refused at every depth, all of them") {
  const auto o = read("{\"a\":1,\n\"a\":2,\"b\":{\"c\":1,\"c\":2},\"l\":[{\"x\":1,\"x\":1}]}");
  CHECK(o.findings ==
        "f:2:1: a: the key \"a\" is here a second time; expected it once (the first is at 1:2)\n"
        "f:2:18: b.c: the key \"c\" is here a second time; expected it once (the first is at 2:12)\n"
        "f:2:37: l[0].x: the key \"x\" is here a second time; expected it once (the first is at 2:31)\n");
}

TEST_CASE("a key is a duplicate whatever escapes spell it") {
  CHECK(read(R"({"a":1,"\u0061":2})").findings.find("a second time") != std::string::npos);
}

TEST_CASE("a syntax error says where, what is there and what was expected") {
  const auto check = [](std::string_view text, const std::string& expected) {
    const auto o = read(text);
    CHECK_FALSE(o.root);
    CHECK(o.findings == "f:" + expected + "\n");
  };
  check("", "1:1: the file is empty; expected a map that begins with '{' (docs/reference.md)");
  check(" \r\n\t\n", "1:1: the file is empty; expected a map that begins with '{' (docs/reference.md)");
  check("// only\n", "2:1: the file ends here; expected a map that begins with '{'");
  check("{\"a\":1 \"b\":2}", "1:8: found \"b\"; expected ',' or '}'");
  check("{\"a\":[1 2]}", "1:9: found '2'; expected ',' or ']'");
  check("{a:1}", "1:2: found 'a'; expected a key in double quotes or '}'");
  check("{'a':1}",
        "1:2: found ''a''; expected a key in double quotes or '}' (texts and keys stand in double quotes)");
  check("{\"a\" 1}", "1:6: found '1'; expected ':' after the key");
  check("{\"a\":}", "1:6: found '}'; expected a value (text in double quotes, a number, true, false, null, a "
                    "map or a list)");
  check("{\"a\":tru}", "1:6: found 'tru'; expected a value (text in double quotes, a number, true, false, "
                       "null, a map or a list)");
  check("{\"a\":01}", "1:6: found '01'; expected a value (text in double quotes, a number, true, false, "
                      "null, a map or a list)");
  check("{\"a\":-}", "1:6: found '-'; expected a value (text in double quotes, a number, true, false, null, "
                     "a map or a list)");
  check("{\"a\":[1,2}", "1:10: found '}'; expected ',' or ']'");
  check("{\"a\":1", "1:7: the file ends here; expected ',' or '}' (the '{' of 1:1 is still open)");
  check("{\n \"a\": {\n",
        "3:1: the file ends here; expected a key in double quotes or '}' (the '{' of 2:7 is still open)");
  check("{} x", "1:4: found 'x'; expected the end of the file");
  check("{}{}", "1:3: found '{'; expected the end of the file");
  check("{\"a\":\"x\ny\"}", "1:8: the line ends inside a text; expected a closing '\"' (a line break within "
                            "a text is written \\n)");
  check("{\"a\":\"x\ty\"}", "1:8: the control character 0x09 in a text; expected it as \\u0009");
  check("{\"a\":\"x", "1:8: the file ends inside a text; expected a closing '\"'");
  check("{\"a\":\"\\q\"}",
        "1:8: a broken escape in a text; expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\u with "
        "four hex digits");
}

TEST_CASE("only a map is a configuration") {
  CHECK(read("[1]").findings ==
        "f:1:1: found a list; expected a map that begins with '{' (docs/reference.md)\n");
  CHECK(read("12").findings == "f:1:1: found 12; expected a map that begins with '{' (docs/reference.md)\n");
}

TEST_CASE("what is not UTF-8 is refused with its place") {
  CHECK(read("\xEF\xBB\xBF{}").findings ==
        "f:1:1: the file begins with a byte order mark; expected UTF-8 without one "
        "(save it as plain UTF-8)\n");
  CHECK(read(std::string("\xFF\xFE{\0", 4)).findings ==
        "f:1:1: the file is UTF-16; expected UTF-8 (save it as plain UTF-8)\n");
  CHECK(read("{\n\"a\": \"\xE9\"}").findings ==
        "f:2:7: the byte 0xe9 is not UTF-8; expected a file in UTF-8\n");
  CHECK(read("{} // \xC0\x80").findings == "f:1:7: the byte 0xc0 is not UTF-8; expected a file in UTF-8\n");
}

TEST_CASE("UTF-8 is checked to the letter") {
  for (const std::string_view good : {"", "a", "\xC2\x80", "\xE0\xA0\x80", "\xED\x9F\xBF", "\xEF\xBF\xBF",
                                      "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"})
    CHECK_FALSE(first_invalid_utf8(good));
  for (const std::string_view bad : {"\x80", "\xC1\xBF", "\xC2", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE2\x82",
                                     "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"})
    CHECK(first_invalid_utf8(bad) == 0U);
  CHECK(first_invalid_utf8("abc\xE2\x28\xA1") == 3U);
}

TEST_CASE("nesting and size are bounded") {
  std::string deep = "{\"a\":";
  for (int i = 0; i < 100'000; ++i)
    deep += '[';
  CHECK(read(deep).findings.find("nested deeper than 64 levels") != std::string::npos);
  const std::string huge(largest_file + 1, ' ');
  CHECK(read(huge).findings ==
        "f: the file has 4194305 bytes; expected a topology of at most 4194304 bytes\n");
}

TEST_CASE("a missing file and a folder are named with what is wrong") {
  report out;
  CHECK_FALSE(read_json_file("/nonexistent/x.json", out));
  CHECK_FALSE(read_json_file("/", out));
  const auto f = out.take({});
  REQUIRE(f.size() == 2);
  CHECK(to_string(f[0]) ==
        "/nonexistent/x.json: cannot be read: No such file or directory; expected a topology file");
  CHECK(to_string(f[1]) == "/: cannot be read: Is a directory; expected a topology file");
}

TEST_CASE("any cut of a file gives one finding and never a crash") {
  const std::string_view whole =
      "{ // c\n \"a\": [1, -2.5e3, true, null, \"x\\u00e9\\n\"], /* d */ \"b\": { \"c\": {} } }";
  for (std::size_t n = 0; n < whole.size(); ++n) {
    const auto o = read(whole.substr(0, n));
    CAPTURE(n);
    CHECK_FALSE(o.root);
    CHECK(std::count(o.findings.begin(), o.findings.end(), '\n') == 1);
  }
}

TEST_CASE("any changed byte is survived") {
  const std::string whole = "{ \"a\": [1, -2.5e3, true, \"x\\u00e9\"], /* d */ \"b\": { \"c\": {} } } // e";
  for (std::size_t i = 0; i < whole.size(); ++i)
    for (int c = 0; c < 256; ++c) {
      auto text = whole;
      text[i] = static_cast<char>(c);
      const auto o = read(text);
      if (!o.root)
        CHECK_FALSE(o.findings.empty());
    }
}
