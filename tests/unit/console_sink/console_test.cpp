// The console sink: what each style prints, when, and what a restart repeats.
#include "actors/connectors/console/console_sink.hpp"
#include "actors/connectors/console/table.hpp"
#include "runtime/base/display.hpp"
#include "tests/support/scratch.hpp"

#include <catch2/catch.hpp>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <termios.h>
#include <unistd.h>

namespace millrace::sink {
namespace {

/// Standard output of a test.
class captured {
public:
  ~captured() { std::fclose(file); }
  std::string take() {
    std::string text(static_cast<std::size_t>(std::ftell(file)), '\0');
    std::rewind(file);
    text.resize(std::fread(text.data(), 1, text.size(), file));
    std::rewind(file);
    return text;
  }
  std::FILE* file = std::tmpfile();
};

data::schema_ptr users() {
  return std::make_shared<data::schema>(
      std::vector<data::field>{{"userid", data::type_id::text}, {"clicks", data::type_id::bigint}});
}

using row = std::pair<const char*, std::int64_t>;
data::batch rows(const std::vector<row>& values) {
  data::column_builder user(data::type_id::text);
  data::column_builder clicks(data::type_id::bigint);
  for (const auto& [u, n] : values) {
    u ? user.append_text(u) : user.append_null();
    clicks.append_int(n);
  }
  return {users(), {user.finish(), clicks.finish()}, values.size()};
}

data::batch many(std::int64_t n) {
  std::vector<row> values;
  for (std::int64_t i = 0; i < n; ++i)
    values.emplace_back("user", i);
  return rows(values);
}

/// Standard output of a test that is a terminal, which changes nothing of what it is given.
class captured_terminal {
public:
  captured_terminal() {
    REQUIRE(other_end_ >= 0);
    REQUIRE((::grantpt(other_end_) == 0 && ::unlockpt(other_end_) == 0));
    const int fd = ::open(::ptsname(other_end_), O_RDWR | O_NOCTTY);
    REQUIRE(fd >= 0);
    termios raw{};
    REQUIRE(::tcgetattr(fd, &raw) == 0);
    ::cfmakeraw(&raw);
    REQUIRE(::tcsetattr(fd, TCSANOW, &raw) == 0);
    file = ::fdopen(fd, "w");
  }
  captured_terminal(const captured_terminal&) = delete;
  captured_terminal& operator=(const captured_terminal&) = delete;
  ~captured_terminal() {
    std::fclose(file);
    ::close(other_end_);
  }
  /// Returns what was written, which is less than a terminal holds.
  std::string take() const {
    std::string text(4'096, '\0');
    const auto n = ::read(other_end_, text.data(), text.size());
    text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return text;
  }
  std::FILE* file = nullptr;

private:
  int other_end_ = ::posix_openpt(O_RDWR | O_NOCTTY);
};

std::unique_ptr<writer> console(const char* style, std::FILE* out, const std::filesystem::path& state = {},
                                const char* line = nullptr) {
  config::values o;
  if (line != nullptr)
    o.set("template", std::string(line), {});
  o.set("style", std::string(style), {});
  o.set("batch_header", false, {});
  return std::move(make_console_writer(o, users(), state, out).value());
}
std::unique_ptr<writer> console(const char* style, captured& out, const std::filesystem::path& state = {},
                                const char* line = nullptr) {
  return console(style, out.file, state, line);
}

claim life(incarnation n, bool expects = false) { return {"state-a", "topology", "screen", n, expects}; }

progress at(std::int64_t n) {
  progress p;
  p.positions["counts/1/0"] = {{n, whole}, n};
  return p;
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace

TEST_CASE("A table's columns are as wide as their content, numbers on the right, null spelt out") {
  captured out;
  auto w = console("table", out);
  REQUIRE(w->open(life(1)));
  REQUIRE(w->write(rows({{"u1", 5}, {"a longer name", 12345}})));
  REQUIRE(w->write(rows({{nullptr, -1}})));
  w->end_of_window();
  CHECK(out.take().empty());  // no row is shown before the commit
  REQUIRE(w->commit(at(1)));
  CHECK(out.take() == "userid         clicks\n"
                      "-------------  ------\n"
                      "u1                  5\n"
                      "a longer name   12345\n"
                      "null               -1\n"
                      "\n");
}

TEST_CASE("Each window is a table of its own, and one without rows prints nothing") {
  captured out;
  auto w = console("table", out);
  REQUIRE(w->open(life(1)));
  w->end_of_window();
  REQUIRE(w->write(rows({{"a", 1}})));
  w->end_of_window();
  w->end_of_window();
  REQUIRE(w->write(rows({{"b", 2}})));
  w->end_of_window();
  REQUIRE(w->commit(at(1)));
  CHECK(out.take() == "userid  clicks\n------  ------\na            1\n\n"
                      "userid  clicks\n------  ------\nb            2\n\n");
}

TEST_CASE("A commit in the middle of a window prints what is there; the same table goes on") {
  captured out;
  auto w = console("table", out);
  REQUIRE(w->open(life(1)));
  REQUIRE(w->write(rows({{"a", 1}})));
  REQUIRE(w->commit(at(1)));
  CHECK(out.take() == "userid  clicks\n------  ------\na            1\n");
  REQUIRE(w->write(rows({{"longer than before", 1234567}})));
  w->end_of_window();
  REQUIRE(w->commit(at(2)));
  CHECK(out.take() == "longer than before  1234567\n\n");
}

TEST_CASE("A window of a million rows is streamed, with the widths of its first thousand") {
  captured out;
  auto w = console("table", out);
  REQUIRE(w->open(life(1)));
  for (int i = 0; i < 100; ++i)
    REQUIRE(w->write(many(10'000)));
  std::fseek(out.file, 0, SEEK_END);
  CHECK(std::ftell(out.file) > 10'000'000);  // most is printed before the commit
  w->end_of_window();
  REQUIRE(w->commit(at(1)));
  CHECK(lines(out.take()) == 1'000'003);
}

TEST_CASE("Widths are those of a terminal: wide characters take two columns, combining marks none") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("\xe6\x97\xa5\xe6\x9c\xac") == 4);  // two Japanese characters
  CHECK(display_width("e\xcc\x81") == 1);                 // e and a combining acute
  CHECK(display_width("\xc3\xa9") == 1);                  // e acute
  CHECK(display_width("\xff\xfe") == 2);                  // no UTF-8
  CHECK(display_width(std::string_view("a\0b", 3)) == 3);
  CHECK(display_width("\xe6\x97") == 2);  // cut off
  captured out;
  auto w = console("table", out);
  REQUIRE(w->open(life(1)));
  REQUIRE(w->write(rows({{"\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac", 1}, {"ab", 2}})));
  REQUIRE(w->commit(at(1)));
  CHECK(out.take() ==
        "userid    clicks\n--------  ------\n\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac       1\n"
        "ab             2\n");
}

TEST_CASE("Values cannot break a line or drive the terminal") {
  captured out;
  auto w = console("table", out);
  REQUIRE(w->open(life(1)));
  REQUIRE(w->write(rows({{"a\nb\tc\r\x1b[2J\x7f\xc2\x9b", 1}})));
  REQUIRE(w->commit(at(1)));
  CHECK_THAT(out.take(), Catch::Contains("a\\nb\\tc\\r\\u001b[2J\\u007f\\u009b       1\n"));
}

TEST_CASE("show prints as Spark does") {
  captured out;
  auto w = console("show", out);
  REQUIRE(w->open(life(1)));
  REQUIRE(
      w->write(rows({{"u1", 5}, {nullptr, 12}, {"exactly 20 character", 1}, {"one more than 20 char", 1}})));
  w->end_of_window();
  REQUIRE(w->commit(at(1)));
  CHECK(out.take() == "+--------------------+------+\n"
                      "|              userid|clicks|\n"
                      "+--------------------+------+\n"
                      "|                  u1|     5|\n"
                      "|                null|    12|\n"
                      "|exactly 20 character|     1|\n"
                      "|one more than 20 ...|     1|\n"
                      "+--------------------+------+\n\n");
}

TEST_CASE("With batch_header each commit with rows has its number above its tables, as Spark's console sink "
          "prints it") {
  const test::scratch state;
  const std::string rule(43, '-');
  captured out;
  const auto make = [&] {
    config::values o;
    o.set("style", std::string("show"), {});
    o.set("batch_header", true, {});
    return std::move(make_console_writer(o, users(), state.path(), out.file).value());
  };
  const auto table = [](const std::string& user) {
    return "+------+------+\n|userid|clicks|\n+------+------+\n|    " + user +
           "|     1|\n+------+------+\n\n";
  };
  const auto numbered = [](std::int64_t n) {
    auto p = at(n);
    p.batch = static_cast<std::uint64_t>(n);
    return p;
  };
  auto w = make();
  REQUIRE(w->open(life(1)));
  REQUIRE(w->write(rows({{"u1", 1}})));
  w->end_of_window();
  REQUIRE(w->write(rows({{"u2", 1}})));
  w->end_of_window();
  REQUIRE(w->commit(numbered(1)));
  REQUIRE(w->commit(numbered(1)));  // progress alone
  CHECK(out.take() == rule + "\nBatch: 1\n" + rule + "\n" + table("u1") + table("u2"));
  w = make();
  REQUIRE(w->open(life(2)));
  REQUIRE(w->write(rows({{"u3", 1}})));
  w->end_of_window();
  REQUIRE(w->commit(numbered(2)));
  CHECK(out.take() == rule + "\nBatch: 2\n" + rule + "\n" + table("u3"));
}

TEST_CASE("show has at least three columns a cell, and twenty rows at most") {
  captured out;
  short_table t(std::make_shared<data::schema>(std::vector<data::field>{{"n", data::type_id::bigint}}));
  data::column_builder n(data::type_id::bigint);
  for (int i = 0; i < 21; ++i)
    n.append_int(i);
  const data::batch b{nullptr, {n.finish()}, 21};
  std::string text;
  for (std::size_t i = 0; i < 20; ++i)
    t.add(b, i);
  t.end(text);
  CHECK(text.starts_with("+---+\n|  n|\n+---+\n|  0|\n"));
  CHECK(text.ends_with("| 19|\n+---+\n\n"));
  text.clear();
  for (std::size_t i = 0; i < 21; ++i)
    t.add(b, i);
  t.end(text);
  CHECK(text.ends_with("| 19|\n+---+\nonly showing top 20 rows\n\n"));
  text.clear();
  t.end(text);
  CHECK(text.empty());
}

TEST_CASE("Cells are shortened by characters, never inside one") {
  CHECK(shorten("12345", 5) == "12345");
  CHECK(shorten("123456", 5) == "12...");
  CHECK(shorten("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 5) == "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9");
  CHECK(shorten("\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9", 5) == "\xc3\xa9\xc3\xa9...");
  CHECK(shorten("\xff\xff\xff\xff\xff\xff", 5) == "\xff\xff...");
}

TEST_CASE("Rows of text and JSON that go to a terminal do not drive it; piped ones stay as they are") {
  const std::string hostile = "\x1b[2J\x7f\xc2\x9b\u202E";
  for (const auto& [style, piped, shown] :
       {std::tuple(std::string("text"), hostile + "\n", std::string(R"(\u001b[2J\u007f\u009b\u202e)") + "\n"),
        std::tuple(std::string("json"),
                   std::string("{\"userid\":\"\\u001b[2J\x7f\xc2\x9b\u202E\",\"clicks\":1}\n"),
                   std::string(R"({"userid":"\u001b[2J\u007f\u009b\u202e","clicks":1})") + "\n")}) {
    captured pipe;
    captured_terminal terminal;
    const auto print = [&, style = style](std::FILE* to) {
      auto w = console(style.c_str(), to, {}, "{userid}");
      REQUIRE(w->open(life(1)));
      REQUIRE(w->write(rows({{hostile.c_str(), 1}})));
      REQUIRE(w->commit(at(1)));
    };
    print(pipe.file);
    CHECK(pipe.take() == piped);
    print(terminal.file);
    CHECK(terminal.take() == shown);
  }
}

TEST_CASE("text is a line a row by the template") {
  captured out;
  auto w = console("text", out, {}, "{clicks} of {{{userid}}}");
  w->open(life(1)).value();
  REQUIRE(w->write(rows({{"Ada", 3}, {nullptr, 4}})));
  w->end_of_window();
  w->commit(at(1)).value();
  CHECK(out.take() == "3 of {Ada}\n4 of {}\n");
}

TEST_CASE("json is a line a row") {
  captured out;
  auto w = console("json", out);
  REQUIRE(w->open(life(1)));
  REQUIRE(w->write(rows({{"a\"", 1}, {nullptr, 2}})));
  w->end_of_window();
  REQUIRE(w->commit(at(1)));
  CHECK(out.take() == "{\"userid\":\"a\\\"\",\"clicks\":1}\n{\"userid\":null,\"clicks\":2}\n");
}

TEST_CASE("Progress is kept in the state folder, by stage") {
  const test::scratch state;
  captured out;
  {
    auto w = console("json", out, state.path());
    CHECK_FALSE(w->open(life(1)).value());
    REQUIRE(w->write(rows({{"a", 1}})));
    REQUIRE(w->commit(at(7)));
    REQUIRE(w->write(rows({{"not printed", 1}})));
  }
  CHECK(lines(out.take()) == 1);
  auto w = console("json", out, state.path());
  const auto p = w->open(life(2, true)).value();
  REQUIRE(p);
  CHECK(p->positions == at(7).positions);
  auto other = life(1);
  other.sink = "../../odd name";
  CHECK_FALSE(console("json", out, state.path())->open(other).value());
  CHECK(out.take().empty());
  for (const auto& e : std::filesystem::directory_iterator(state.path()))
    CHECK(e.path().filename().string().starts_with("console-"));
}

TEST_CASE("A fresh state prints from the start; expected progress that is missing is an error") {
  const test::scratch state;
  captured out;
  auto w = console("json", out, state.path());
  REQUIRE(w->open(life(1)));
  REQUIRE(w->commit(at(7)));
  auto fresh = life(1);
  fresh.state_id = "state-b";
  fresh.expects_progress = true;
  const auto missing = console("json", out, state.path())->open(fresh);
  REQUIRE_FALSE(missing);
  CHECK(missing.error().code == ec::mismatch);
  fresh.expects_progress = false;
  CHECK_FALSE(console("json", out, state.path())->open(fresh).value());
}

TEST_CASE("An older life is fenced before it prints") {
  const test::scratch state;
  captured out;
  auto old = console("json", out, state.path());
  REQUIRE(old->open(life(1)));
  REQUIRE(old->write(rows({{"a", 1}})));
  auto newer = console("json", out, state.path());
  REQUIRE(newer->open(life(2)));
  const auto refused = old->commit(at(1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::fenced);
  CHECK(out.take().empty());
}

TEST_CASE("A reader that went away is an error value") {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  std::FILE* file = ::fdopen(ends[1], "w");
  ::close(ends[0]);
  config::values o;
  o.set("style", std::string("table"), {});
  o.set("batch_header", false, {});
  auto w = std::move(make_console_writer(o, users(), {}, file).value());
  REQUIRE(w->open(life(1)));
  REQUIRE(w->write(rows({{"a", 1}})));
  const auto refused = w->commit(at(1));
  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == ec::io);
  CHECK_FALSE(refused.error().retry);
  CHECK_THAT(refused.error().message, Catch::Contains("nobody reads"));
  std::fclose(file);
  std::signal(SIGPIPE, before);
}

}  // namespace millrace::sink
