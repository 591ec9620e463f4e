// The file sink's options: what `check` says, and how rows look in each format.
#include "actors/stream/sink/row_format.hpp"
#include "tests/unit/file_sink/sink_fixture.hpp"

namespace millrace::sink {
namespace {

std::vector<std::string> findings(const config::values& o, const data::schema* input) {
  std::vector<std::string> said;
  file_sink_declaration().check({o, input}, [&](std::string_view option, std::string m) {
    said.push_back(std::string(option) + ": " + m);
  });
  return said;
}

config::values with_template(std::string text) {
  auto o = file_options("out.txt", "text");
  o.set("template", std::move(text), {});
  return o;
}

std::string rendered(const row_format& f, const data::batch& b) {
  std::string out;
  for (std::size_t i = 0; i < b.rows; ++i)
    f.append(out, b, i);
  return out;
}

}  // namespace

TEST_CASE("Good options pass the check") {
  CHECK(findings(file_options("out.jsonl"), numbers().get()).empty());
  CHECK(findings(with_template("{n} of {name}"), numbers().get()).empty());
  CHECK(findings(with_template("{n}"), nullptr).empty());
}

TEST_CASE("Each wrong option is found") {
  const auto schema = numbers();
  const auto finds = [&](const config::values& o, const std::string& part) {
    const auto said = findings(o, schema.get());
    INFO(part);
    REQUIRE(said.size() == 1);
    CHECK_THAT(said[0], Catch::Contains(part));
  };
  finds(file_options("folder/"), "path: 'folder/' names no file");
  finds(file_options(".."), "names no file");
  finds(file_options("a/.millrace-x"), "millrace's own");
  finds(file_options("out", "text"), "needs a template");
  finds(with_template("no column"), "template: it names no column");
  finds(with_template("{{n}}"), "names no column");
  finds(with_template("{n} {Name}"), "no column \"Name\"");
  finds(with_template("{n} {name"), "character 5 is not closed");
  finds(with_template("{}"), "no column \"\"");
  auto o = with_template("{n}");
  o.set("format", std::string("csv"), {});
  finds(o, "belongs to format text only");
  o = file_options("out");
  o.set("roll", std::make_shared<config::values>(), {});
  finds(o, "roll: says no limit");
}

TEST_CASE("A template's columns are named for projection") {
  const auto connector = file_sink_declaration();
  CHECK(connector.sink(with_template("{a}{{x}}{b c}")).columns_named == std::vector<std::string>{"a", "b c"});
  CHECK(connector.sink(with_template("{a")).columns_named.empty());
  CHECK(connector.sink(file_options("out")).columns_named.empty());
}

TEST_CASE("A template writes values bare, nulls as nothing, and braces by doubling") {
  const auto t = parse_template("{{{n}}}: '{name}' }x{n}").value();
  CHECK(rendered(row_format::text(*numbers(), t), numbered_rows(6, 8)) == "{6}: 'row 6' }x6\n{7}: '' }x7\n");
}

TEST_CASE("JSON rows are one line each, whatever the values hold") {
  const auto schema = std::make_shared<data::schema>(
      std::vector<data::field>{{"a\"b", data::type_id::text}, {"raw", data::type_id::json}});
  data::column_builder text(data::type_id::text);
  text.append_text("line\nbreak \"quoted\" \xc3\xa9 {}");
  data::column_builder raw(data::type_id::json);
  raw.append_text("{\n \"x\": \"a\\nb\",\r\n \"y\": [1]}");
  CHECK(rendered(row_format::json(*schema), {schema, {text.finish(), raw.finish()}, 1}) ==
        "{\"a\\\"b\":\"line\\nbreak \\\"quoted\\\" \xc3\xa9 {}\",\"raw\":{  \"x\": \"a\\nb\",   \"y\": "
        "[1]}}\n");
}

TEST_CASE("CSV keeps null and the empty text apart") {
  const auto schema = std::make_shared<data::schema>(
      std::vector<data::field>{{"a,b", data::type_id::text}, {"c", data::type_id::float64}});
  data::column_builder text(data::type_id::text);
  text.append_null();
  text.append_text("");
  text.append_text("say \"x\", y");
  data::column_builder number(data::type_id::float64);
  number.append_double(0.1);
  number.append_null();
  number.append_double(3);
  const auto f = row_format::csv(*schema);
  CHECK(f.head() == "\"a,b\",c\n");
  CHECK(rendered(f, {schema, {text.finish(), number.finish()}, 3}) ==
        ",0.1\n\"\",\n\"say \"\"x\"\", y\",3\n");
}

}  // namespace millrace::sink
