#include "test_catalog.hpp"

#include <filesystem>
#include <stdlib.h>

namespace millrace::config::test {
namespace {

connector kafka_source() {
  connector c{.kind = stage_kind::source, .type = "kafka", .doc = "Reads a topic"};
  c.options = {
      {.name = "brokers", .doc = "Addresses", .required = true},
      {.name = "topic", .doc = "Name", .required = true},
      {.name = "start", .doc = "Where to begin", .default_text = "earliest"},
      {.name = "read_committed", .type = option_type::boolean, .doc = "Only those", .default_text = "true"},
      {.name = "properties", .type = option_type::text_map, .doc = "More", .secret = true}};
  c.check = [](const check_input& in, const say& say) {
    const auto& start = in.options.text("start");
    if (start != "earliest" && start != "latest")
      say("start", "found \"" + start + "\"; expected \"earliest\" or \"latest\"");
  };
  c.source = [](const values&) {
    return source_traits{.stores_timestamps = true, .gives_again = true, .key_type = data::type_id::text};
  };
  return c;
}

connector file_source() {
  connector c{.kind = stage_kind::source, .type = "file", .doc = "Reads files"};
  c.options = {{.name = "path", .doc = "File or glob", .required = true},
               {.name = "follow", .type = option_type::boolean, .doc = "Goes on", .default_text = "false"}};
  c.source = [](const values& v) { return source_traits{.bounded = !v.boolean("follow")}; };
  return c;
}

connector file_sink() {
  connector c{.kind = stage_kind::sink, .type = "file", .doc = "Writes files"};
  c.options = {{.name = "path", .doc = "The file", .required = true},
               {.name = "format",
                .type = option_type::choice,
                .doc = "How",
                .default_text = "json",
                .choices = {"json", "csv", "text"}},
               {.name = "roll",
                .type = option_type::object,
                .doc = "Numbered files",
                .members = {{.name = "age", .type = option_type::duration, .doc = "Time"},
                            {.name = "size", .type = option_type::size, .doc = "Bytes", .minimum = 1},
                            {.name = "rows", .type = option_type::integer, .doc = "Rows", .minimum = 1}}}};
  c.check = [](const check_input& in, const say& say) {
    if (in.options.has("roll") && !in.options.object("roll").has("age"))
      say("roll.size", "says no age; expected one");
  };
  c.sink = [](const values& v) { return sink_traits{.own_file = v.text("path")}; };
  c.guarantee = "exactly once";
  return c;
}

connector kafka_sink() {
  connector c{.kind = stage_kind::sink, .type = "kafka", .doc = "Writes a topic"};
  c.options = {{.name = "brokers", .doc = "Addresses", .required = true, .plain = true},
               {.name = "topic", .doc = "Name", .required = true, .plain = true},
               {.name = "key", .doc = "Column"},
               {.name = "value", .doc = "Column"}};
  c.check = [](const check_input& in, const say& say) {
    for (const auto* const name : {"key", "value"})
      if (in.options.has(name) && in.input != nullptr && !in.input->find(in.options.text(name)))
        say(name, "there is no column \"" + in.options.text(name) + "\"");
  };
  c.sink = [](const values& v) {
    sink_traits out;
    for (const auto* const name : {"key", "value"})
      if (v.has(name))
        out.columns_named.push_back(v.text(name));
    return out;
  };
  c.guarantee = "exactly once";
  return c;
}

connector sql_sink() {
  connector c{.kind = stage_kind::sink, .type = "sql", .doc = "Writes a table"};
  c.options = {{.name = "connection", .doc = "URI", .required = true, .secret = true},
               {.name = "table", .doc = "Name", .required = true},
               {.name = "mode",
                .type = option_type::choice,
                .doc = "How",
                .default_text = "append",
                .choices = {"append", "upsert"}},
               {.name = "key", .type = option_type::text_list, .doc = "Columns"},
               {.name = "create", .type = option_type::boolean, .doc = "Creates", .default_text = "false"}};
  c.guarantee = "exactly once";
  return c;
}

}  // namespace

const catalog& connectors() {
  static const catalog all{kafka_source(),
                           file_source(),
                           {.kind = stage_kind::parser, .type = "json", .doc = "JSON"},
                           {.kind = stage_kind::sink,
                            .type = "console",
                            .doc = "Prints rows",
                            .options = {{.name = "style",
                                         .type = option_type::choice,
                                         .doc = "How",
                                         .default_text = "table",
                                         .choices = {"table", "show", "json"}}},
                            .guarantee = "at least once"},
                           file_sink(),
                           kafka_sink(),
                           sql_sink()};
  return all;
}

loaded load_text(std::string_view topology, const std::vector<std::string>& sets, std::string_view overlay) {
  const files f;
  load_request request{f.write("topology.json", topology), {}, sets};
  if (!overlay.empty())
    request.overlays.push_back(f.write("overlay.json", overlay));
  auto result = load(request, connectors());
  for (auto& found : result.findings) {
    found.where.file = std::filesystem::path(found.where.file).filename().string();
    for (const auto& file :
         {request.file, request.overlays.empty() ? request.file : request.overlays.front()})
      for (auto at = found.message.find(file); at != std::string::npos; at = found.message.find(file))
        found.message.replace(at, file.size(), std::filesystem::path(file).filename().string());
  }
  return result;
}

std::string lines(const std::vector<finding>& findings) {
  std::string out;
  for (const auto& f : findings)
    out += to_string(f) + "\n";
  return out;
}

std::string with_stages(std::string_view stages) {
  return "{ \"millrace\": 1, \"topology\": \"t\", \"stages\": {\n" + std::string(stages) + "\n} }\n";
}

std::string downstream_of_parser(std::string_view stages) {
  return with_stages(R"("clicks": { "source": "file", "path": "clicks.jsonl" },
"parsed": { "parser": "json", "from": "clicks", "schema": { "userid": "text", "amount": "bigint", "at": "timestamp" }, "event_time": "at" },
)" + std::string(stages));
}

}  // namespace millrace::config::test
