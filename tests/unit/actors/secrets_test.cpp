// Connectors get the values of secrets, take none that breaks their own rules, and repeat none.
#include "actors/without_secrets.hpp"
#include "config/secrets.hpp"
#include "tests/support/fake_target.hpp"
#include "tests/support/planned.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>

using namespace millrace;

namespace {

/// A folder of secrets that is this process's own while the object lives.
class secrets_folder {
public:
  secrets_folder() { config::use_secrets_of(own_.path().string()); }
  ~secrets_folder() { config::use_secrets_of({}); }
  void put(const std::string& name, const std::string& text) const { own_.write(name, text, 0600); }

private:
  test::scratch own_;
};

config::topology planned(const std::string& source, const std::string& sink) {
  return *test::planned(R"("in": )" + source + R"(, "rows": { "parser": "text", "from": "in" }, "out": )" +
                        sink);
}

std::string refusal_of_reader(const config::topology& t) {
  const auto made = make_reader(*t.find("in"), {}, {"t", "in", {}});
  return made ? std::string() : made.error().message;
}

}  // namespace

TEST_CASE("a secret that its connector does not take is refused where it is used, and not shown") {
  const secrets_folder f;
  f.put("header", "one\r\nX-Evil: two");
  f.put("host", "h;plugin-dir=/tmp");
  const auto t = planned(
      R"json({ "source": "http_stream", "url": "http://127.0.0.1:1/", "headers": { "X": "${secret:header}" } })json",
      R"json({ "sink": "sql", "from": "rows", "table": "t", "connection": "mysql://u@${secret:host}/d" })json");
  CHECK_THAT(refusal_of_reader(t),
             Catch::StartsWith("t:1:") && Catch::Contains("stages.in.headers: \"X\" is not a header"));
  const auto writer = make_writer(*t.find("out"), {"t", "out", {}});
  REQUIRE_FALSE(writer);
  CHECK_THAT(writer.error().message, Catch::Contains("stages.out.connection: ") &&
                                         Catch::Contains("plug-ins of its own") &&
                                         !Catch::Contains("plugin-dir"));
  CHECK(config::missing_secrets(t, connectors()).size() == 2);
  f.put("header", "one");
  CHECK(refusal_of_reader(t).empty());
}

TEST_CASE("dead letters' own sink has secrets, too") {
  const secrets_folder f;
  auto t =
      planned(R"json({ "source": "file", "path": "x" })json",
              R"json({ "sink": "console", "from": "rows" }}, "dead_letters": { "sink": "sql", "table": "t",
                      "connection": "postgresql://u:${secret:letters}@h/d" )json");
  const auto missing = config::missing_secrets(t, connectors());
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].path == "dead_letters.connection");
}

TEST_CASE("what a server repeats of a secret is masked in a connector's errors") {
  const secrets_folder f;
  f.put("words", "two words");
  const auto t = planned(
      R"json({ "source": "file", "path": "x" })json",
      R"json({ "sink": "sql", "from": "rows", "table": "t", "connection": "mysql://u:${secret:words}@h/d" })json");
  REQUIRE(config::with_secrets(*t.find("out"), connectors()));
  test::fake_target target;
  target.on_call = [](const std::string&) {
    return error{ec::unavailable, fault::outside, true, "you sent two words, encoded two%20words", {}};
  };
  const auto writer = without_secrets(target.writer());
  for (const auto& message : {writer->open({}).error().message, writer->write({}).error().message,
                              writer->commit({}).error().message, writer->keep_alive().error().message})
    CHECK(message == "you sent ***, encoded ***");
}
