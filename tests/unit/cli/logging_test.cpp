#include "config/secrets.hpp"
#include "tools/cli/logging.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <spdlog/formatter.h>
#include <spdlog/sinks/base_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>

using namespace millrace;

namespace {

void hide(const std::string& value) {
  config::report of;
  of.keep_secret(value, "***");
  config::hide_secrets(of);
}

boost::json::object line(const std::string& text, const cli::log_names& names) {
  const auto format = cli::json_lines(names);
  spdlog::memory_buf_t out;
  format->format(spdlog::details::log_msg("millrace", spdlog::level::warn, text), out);
  const std::string written(out.data(), out.size());
  CHECK(written.back() == '\n');
  CHECK(std::count(written.begin(), written.end(), '\n') == 1);
  return boost::json::parse(written).as_object();
}

const cli::log_names one{{{"counts", {"clicks"}}, {"parsed", {"clicks"}}}, {{"clicks", "All clicks"}}};
const cli::log_names two{{{"counts", {"a"}}, {"parsed", {"a", "b"}}, {"table", {"b"}}},
                         {{"a", "Job A"}, {"b", "b"}}};

}  // namespace

TEST_CASE("a JSON log line has time, level, topology, stage and message, in this order") {
  const auto l = line("counts/3: no snapshot could be written", one);
  std::vector<std::string> names;
  for (const auto& m : l)
    names.emplace_back(m.key());
  CHECK(names == std::vector<std::string>{"time", "level", "topology", "stage", "message"});
  CHECK(l.at("level") == "warning");
  CHECK(l.at("topology") == "clicks");
  CHECK(l.at("stage") == "counts");
  CHECK(l.at("message") == "counts/3: no snapshot could be written");
  CHECK(l.at("time").as_string().size() == std::string("2021-04-24T19:55:00.796Z").size());
}

TEST_CASE("a line is JSON whatever the message holds") {
  for (const std::string text :
       {"two\nlines\r\n", "quotes \" and \\ and {}", "größer 漢字", "tab\t and \x01 and \x1b[2J"})
    CHECK(line(text, one).at("message").as_string().c_str() == text);
  CHECK(line("latin \xE9 byte", one).at("message") == "latin \xEF\xBF\xBD byte");
  CHECK(line("", one).at("message") == "");
}

TEST_CASE("a JSON log line drives no terminal either, as it stands") {
  const std::string text = "C1 \xc2\x9b"
                           "2J and \xc2\x80\xc2\x9f, DEL \x7f, \u202E, but not \xc2\xa0 or größer";
  const auto format = cli::json_lines(one);
  spdlog::memory_buf_t out;
  format->format(spdlog::details::log_msg("millrace", spdlog::level::warn, text), out);
  const std::string written(out.data(), out.size());
  CHECK_THAT(written,
             Catch::Contains(R"("message":"C1 \u009b2J and \u0080\u009f, DEL \u007f, \u202e, but not )"
                             "\xc2\xa0 or größer\"}"));
  CHECK(line(text, one).at("message").as_string().c_str() == text);
}

TEST_CASE("a text log line is one line that drives no terminal, whatever a server says") {
  hide("hush-hush");
  const auto format = cli::text_lines();
  spdlog::memory_buf_t out;
  format->format(spdlog::details::log_msg(
                     "millrace", spdlog::level::warn,
                     "counts: refused: \x1b[2J\r\n2021-04-24 all is well \xc2\x9b hush-hush größer"),
                 out);
  const std::string written(out.data(), out.size());
  CHECK_THAT(written, Catch::EndsWith(" warning counts: refused: \\u001b[2J\\r\\n2021-04-24 all is well "
                                      "\\u009b *** größer\n"));
}

TEST_CASE("of several topologies a line belongs to the one that alone has the stage, or that it names") {
  CHECK(line("counts/0/0 failed (x); a new life begins", two).at("topology") == "a");
  CHECK(line("table: the target answers again", two).at("topology") == "b");
  CHECK(line("parsed/lane0: caught up", two).at("topology").is_null());
  CHECK(line("parsed/lane0: caught up", two).at("stage") == "parsed");
  CHECK(line("Job A: 12 records/s", two).at("topology") == "a");
  CHECK(line("Job A: 12 records/s", two).at("stage").is_null());
  CHECK(line("'b' has ended", two).at("topology") == "b");
  CHECK(line("stopping: committing what was taken", two).at("topology").is_null());
}

TEST_CASE("a line that begins with topology and actor is about them, whatever other topologies have") {
  const auto shard = line("b/parsed/3: no snapshot could be written", two);
  CHECK(shard.at("topology") == "b");
  CHECK(shard.at("stage") == "parsed");
  CHECK(shard.at("actor") == "parsed/3");
  CHECK_FALSE(shard.contains("node"));
  const auto sink = line("b/table: the target answers again", two);
  CHECK(sink.at("topology") == "b");
  CHECK(sink.at("stage") == "table");
  CHECK_FALSE(sink.contains("actor"));
  CHECK(line("topology b is paused", two).at("topology") == "b");
  CHECK(line("c/table: x", two).at("topology").is_null());
  CHECK(line("topology of nobody", two).at("topology").is_null());
}

TEST_CASE("a node's lines are about topologies of any name, and name the node") {
  cli::log_names of_node;
  of_node.node = "n1";
  const auto shard = line("clicks/counts/3 has ended on node n1: it was told to stop", of_node);
  CHECK(shard.at("topology") == "clicks");
  CHECK(shard.at("stage") == "counts");
  CHECK(shard.at("actor") == "counts/3");
  CHECK(shard.at("node") == "n1");
  CHECK(line("topology clicks has failed: rows: gone", of_node).at("topology") == "clicks");
  for (const std::string text : {"node n2 has joined", "/srv/x: cut off", "API: x asks for PUT /api", "a/ b"})
    CHECK(line(text, of_node).at("topology").is_null());
}

TEST_CASE("members of a line stand behind those that every line has, as what they are") {
  std::string written;
  class kept_lines final : public spdlog::sinks::base_sink<std::mutex> {
  public:
    explicit kept_lines(std::string& to) : to_(to) {}

  private:
    void sink_it_(const spdlog::details::log_msg& message) override {
      spdlog::memory_buf_t line;
      formatter_->format(message, line);
      to_.append(line.data(), line.size());
    }
    void flush_() override {}
    std::string& to_;
  };
  const auto before = spdlog::default_logger();
  auto logger = std::make_shared<spdlog::logger>("millrace", std::make_shared<kept_lines>(written));
  hide("hunter2");
  logger->set_formatter(cli::json_lines(one));
  spdlog::set_default_logger(logger);
  cli::log_with(spdlog::level::info, "All clicks: 0 records/s",
                {{"topology", "b"},
                 {"records_per_second", 0.0},
                 {"rows", 12},
                 {"place", "at hunter2"},
                 {"none", nullptr}});
  spdlog::info("next");
  spdlog::set_default_logger(before);
  CHECK(
      written.find(
          R"("topology":"b","stage":null,"message":"All clicks: 0 records/s","records_per_second":0,"rows":12,"place":"at ***","none":null})") !=
      std::string::npos);
  CHECK(written.ends_with("\"message\":\"next\"}\n"));
}

TEST_CASE("secrets do not show in JSON lines either") {
  hide("hunter2hunter2");
  CHECK(line("counts: hunter2hunter2 is wrong", one).at("message") == "counts: *** is wrong");
}

TEST_CASE("a stage with a level of its own shows its lines by it, the others by theirs") {
  auto names = two;
  names.levels_of_stages = {{"counts", spdlog::level::debug}, {"table", spdlog::level::err}};
  const auto shown = [&](spdlog::level::level_enum level, std::string_view text) {
    return cli::is_shown(level, text, spdlog::level::info, names);
  };
  using namespace spdlog::level;
  CHECK(shown(debug, "counts/3: took a frame"));
  CHECK_FALSE(shown(trace, "counts/3: took a frame"));
  CHECK_FALSE(shown(warn, "table: kafka: gone"));
  CHECK(shown(err, "table: kafka: gone"));
  CHECK(shown(info, "parsed: read"));
  CHECK_FALSE(shown(debug, "parsed: read"));
  CHECK_FALSE(shown(debug, "no new partitions were looked for: x"));
  CHECK(shown(debug, "a/counts/3: took a frame"));
  CHECK_FALSE(shown(warn, "b/table: kafka: gone"));
  CHECK(shown(info, "counts"));  // no stage: a word alone
}
