// A dry run gives the rows that `run` gives: the golden cases of `run` whose input is a plain file, against
// what is expected there.
#include "runtime/data/text_encoding.hpp"
#include "tests/unit/dry_run/dry_run_fixture.hpp"
#include "tools/dry_run/sample_file.hpp"

#include <boost/json.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>

using namespace millrace;
using namespace millrace::dry_run;
using namespace millrace::dry_run::test;

namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

const fs::path root = "tests/golden/run";

/// Returns no topology where the case is about other things than rows, or its input is not a file that lies
/// there.
std::optional<config::topology> topology_of(const fs::path& folder) {
  if (!fs::exists(folder / "case.json") || !fs::exists(folder / "expected"))
    return std::nullopt;
  ::setenv("CASE", folder.c_str(), 1);
  ::setenv("IN", "/nowhere", 1);
  ::setenv("OUT", "/nowhere", 1);
  auto loaded = config::load({(folder / "topology.json").string(), {}, {}}, connectors());
  if (!loaded.plan)
    return std::nullopt;
  for (const auto& s : loaded.plan->stages)
    if (s.kind == config::stage_kind::source &&
        (s.type != "file" || !fs::is_regular_file(s.options.text("path"))))
      return std::nullopt;
  return std::move(loaded.plan);
}

/// The table then holds less than what was written to it.
bool is_upsert(const config::stage& sink) {
  return sink.options.has("mode") && sink.options.text("mode") == "upsert";
}

std::vector<json::value> lines_of(const fs::path& file) {
  std::vector<json::value> out;
  std::ifstream in(file);
  for (std::string line; std::getline(in, line);)
    out.push_back(json::parse(line));
  return out;
}

std::vector<json::value> rows_of(const stage_rows& s) {
  std::vector<json::value> out;
  for (const auto& b : s.batches)
    for (std::size_t i = 0; i < b.rows; ++i) {
      std::string text;
      data::append_json_row(text, b, i);
      auto row = json::parse(text).as_object();
      for (const auto& f : *b.schema)
        if (f.name.starts_with('_'))
          row.erase(f.name);
      out.emplace_back(std::move(row));
    }
  return out;
}

/// Sorts the rows, since their order says nothing.
std::vector<std::string> sorted(const std::vector<json::value>& rows) {
  std::vector<std::string> out;
  for (const auto& r : rows) {
    std::map<std::string, std::string> members;
    for (const auto& m : r.as_object())
      members[m.key()] = json::serialize(m.value());
    std::string text;
    for (const auto& [name, value] : members)
      text += name + "=" + value + " ";
    out.push_back(std::move(text));
  }
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> in_order(const std::vector<json::value>& rows) {
  std::vector<std::string> out;
  for (const auto& r : rows)
    out.push_back(sorted({r}).front());
  return out;
}

/// A firing then stops after each window, since its outbox is full.
void give_output_no_room(config::topology& t) {
  for (auto& s : t.stages)
    if (auto* const w = std::get_if<config::window_plan>(&s.plan))
      w->retain = w->retain_memory = 0;
}

/// Returns how many sinks were compared.
std::size_t compare(const config::topology& t, const fs::path& folder) {
  const auto r = make(t);
  std::vector<arrival> records;
  for (const auto& s : t.stages)
    if (s.kind == config::stage_kind::source) {
      const auto sample = read_sample(s.options.text("path"), t, s.name);
      REQUIRE(sample);
      for (const auto& one : *sample)
        records.push_back({s.name, one});
    }
  REQUIRE(r->feed(records));
  REQUIRE(r->end());
  std::size_t compared = 0;
  for (const auto& s : r->rows()) {
    const auto file = folder / "expected" / (s.name + ".jsonl");
    if (!fs::exists(file))
      continue;
    INFO(s.name);
    if (s.name == "dead_letters") {
      CHECK(s.rows == lines_of(file).size());
      continue;
    }
    if (is_upsert(*t.find(s.name)))
      continue;
    ++compared;
    if (s.ordered)
      CHECK(in_order(rows_of(s)) == in_order(lines_of(file)));
    else
      CHECK(sorted(rows_of(s)) == sorted(lines_of(file)));
  }
  return compared;
}

}  // namespace

TEST_CASE("a dry run gives the rows that are expected of run, whatever room its output has") {
  std::vector<fs::path> folders;
  for (const auto& entry : fs::directory_iterator(root))
    folders.push_back(entry.path());
  std::sort(folders.begin(), folders.end());
  std::size_t compared = 0;
  for (const auto& folder : folders) {
    auto t = topology_of(folder);
    if (!t)
      continue;
    INFO(folder.filename());
    compared += compare(*t, folder);
    give_output_no_room(*t);
    INFO("without room for output");
    compare(*t, folder);
  }
  CHECK(compared >= 40);
}
