#include "tools/dry_run/test_file.hpp"

#include "actors/deployment/layout.hpp"
#include "config/test_options.hpp"
#include "config/text/overlay.hpp"
#include "config/text/reader.hpp"
#include "config/validate.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/formats/time_text.hpp"
#include "tools/dry_run/sample_file.hpp"
#include "tools/dry_run/typed_value.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>

namespace millrace::dry_run {
namespace {

using config::node;

class test_reader {
public:
  test_reader(std::string file, const config::catalog& connectors)
      : file_(std::move(file)), connectors_(connectors) {}

  loaded_tests run() {
    loaded_tests result;
    const auto root = config::read_json_file(file_, out_);
    if (root && read(*root) && out_.errors() == 0)
      result.tests = std::move(tests_);
    result.findings = std::move(of_topology_);
    for (auto& f : out_.take({file_}))
      result.findings.push_back(std::move(f));
    return result;
  }

private:
  bool read(const node& root) {
    if (!root.is_map()) {
      out_.error(root.where, {},
                 fmt::format("found {}; expected a map with \"topology\" and \"cases\"", describe(root)));
      return false;
    }
    node body = root;
    std::erase_if(body.members, [](const config::member& m) { return m.name == "$schema"; });  // the editor's
    const auto options =
        config::read_options(body, config::test_file_options(), {{}, "a test file", {}, {}}, out_);
    if (!options.has("topology") || !plan(options))
      return false;
    const auto* const cases = body.find("cases");
    if (!cases)
      return false;
    if (cases->value.what != node::kind::list || cases->value.items.empty()) {
      out_.error(
          cases->value.where, "cases",
          fmt::format("found {}; expected a list of one case or more",
                      cases->value.what == node::kind::list ? "an empty list" : describe(cases->value)));
      return false;
    }
    for (std::size_t i = 0; i < cases->value.items.size(); ++i)
      read_case(cases->value.items[i], fmt::format("cases[{}]", i));
    return true;
  }

  [[nodiscard]] std::string beside(const std::string& path) const {
    return (std::filesystem::path(file_).parent_path() / path).lexically_normal().string();
  }

  bool plan(const config::values& options) {
    config::load_request request{beside(options.text("topology")), {}, {}};
    if (options.has("with"))
      for (const auto& f : options.text_list("with"))
        request.overlays.push_back(beside(f));
    if (options.has("set"))
      request.sets = options.text_list("set");
    auto loaded = config::load(request, connectors_);
    of_topology_ = std::move(loaded.findings);
    for (auto& f : of_topology_)
      if (f.where.file == config::set_file)  // no argument here, but a line of the test file
        f.where = options.where("set");
    if (!loaded.plan)
      return false;
    tests_.topology = std::move(*loaded.plan);
    const auto probed = with_probes(tests_.topology);
    for (const auto& s : tests_.topology.stages)
      if (s.kind == config::stage_kind::source)
        sources_.push_back(s.name);
    for (const auto& p : probed.probes) {
      stages_.push_back(p.name);
      schemas_[p.name] = std::get<config::sink_plan>(probed.topology->stages[p.sink].plan).rows;
    }
    stages_.emplace_back(deployment::dead_letter_sink);
    schemas_[std::string(deployment::dead_letter_sink)] = config::dead_letter_schema();
    return true;
  }

  void read_case(const node& n, const std::string& path) {
    if (!n.is_map()) {
      out_.error(
          n.where, path,
          fmt::format("found {}; expected a map with \"name\", \"input\" and \"expect\"", describe(n)));
      return;
    }
    const auto options = config::read_options(n, config::test_case_options(), {path, "a case", {}, {}}, out_);
    test_case c;
    if (options.has("name"))
      c.name = options.text("name");
    c.end = !options.has("end") || options.boolean("end");
    if (options.has("clock"))
      c.clock = moment(n.find("clock")->value, config::join(path, "clock"));
    if (const auto* const input = n.find("input"))
      read_input(input->value, config::join(path, "input"), c);
    if (const auto* const expect = n.find("expect"))
      read_expect(expect->value, config::join(path, "expect"), c);
    tests_.cases.push_back(std::move(c));
  }

  std::optional<event_micros> moment(const node& n, const std::string& path) {
    const auto t = expression::parse_timestamp(n.text);
    if (n.is_text() && t)
      return *t;
    out_.error(n.where, path,
               fmt::format("found {}; expected a moment such as \"2021-04-24T19:55:00Z\"", describe(n)));
    return std::nullopt;
  }

  void read_input(const node& n, const std::string& path, test_case& c) {
    if (n.is_map())
      return read_step(n, path, c);
    if (n.what != node::kind::list) {
      out_.error(
          n.where, path,
          fmt::format("found {}; expected a map of sources to records, or a list of such maps", describe(n)));
      return;
    }
    for (std::size_t i = 0; i < n.items.size(); ++i) {
      const auto at = fmt::format("{}[{}]", path, i);
      if (n.items[i].is_map())
        read_step(n.items[i], at, c);
      else
        out_.error(n.items[i].where, at,
                   fmt::format("found {}; expected a map of sources to records, or {{\"advance\": \"30 s\"}}",
                               describe(n.items[i])));
    }
  }

  void read_step(const node& n, const std::string& path, test_case& c) {
    step s;
    for (const auto& m : n.members) {
      const auto at = config::join(path, m.name);
      if (std::find(sources_.begin(), sources_.end(), m.name) != sources_.end())
        read_records(m, at, s);
      else if (m.name == "advance")
        read_advance(m.value, at, s);
      else
        out_.error(m.where, at,
                   fmt::format("the topology has no source \"{}\"; expected {}, or \"advance\"{}", m.name,
                               config::one_of(sources_), config::did_you_mean(m.name, sources_)));
    }
    for (const auto& a : s.records)
      c.partitions[a.source].insert(a.partition);
    c.steps.push_back(std::move(s));
  }

  void read_advance(const node& n, const std::string& path, step& s) {
    const auto d = parse_duration(n.text);
    if (n.is_text() && d)
      s.advance = *d;
    else
      out_.error(n.where, path,
                 fmt::format("found {}; expected a duration with a unit such as \"30 s\"", describe(n)));
  }

  void read_records(const config::member& m, const std::string& path, step& s) {
    if (m.value.what != node::kind::list) {
      out_.error(m.value.where, path, fmt::format("found {}; expected a list of records", describe(m.value)));
      return;
    }
    for (std::size_t i = 0; i < m.value.items.size(); ++i)
      read_record(m.value.items[i], fmt::format("{}[{}]", path, i), m.name, s);
  }

  void read_record(const node& n, const std::string& path, const std::string& source, step& s) {
    if (is_file(n)) {
      const auto& name = n.members.front().value;
      auto records = read_sample(beside(name.text), tests_.topology, source);
      if (!records)
        out_.error(name.where, config::join(path, "file"), records.error().message);
      else
        for (auto& r : *records)
          s.records.push_back({source, std::move(r)});
    } else if (is_long_form(n)) {
      read_long_form(n, path, source, s);
    } else {
      s.records.push_back({source, {value_of(n)}});
    }
  }

  static bool is_file(const node& n) {
    return n.is_map() && n.members.size() == 1 && n.members.front().name == "file" &&
           n.members.front().value.is_text();
  }

  /// A map with `value` or `base64` and none but the members of the long form.
  static bool is_long_form(const node& n) {
    const auto& known = config::test_record_options();
    return n.is_map() && (n.find("value") == nullptr) != (n.find("base64") == nullptr) &&
           std::all_of(n.members.begin(), n.members.end(), [&](const config::member& m) {
             return std::any_of(known.begin(), known.end(), [&](const auto& o) { return o.name == m.name; });
           });
  }

  /// Text as it is; JSON on one line.
  static std::string value_of(const node& n) {
    if (n.is_text())
      return n.text;
    std::string out;
    append_json(out, n);
    return out;
  }

  std::string bytes_of(const node& n, const std::string& path) {
    const auto bytes = data::from_base64(n.text);
    if (!bytes)
      out_.error(n.where, path, fmt::format("found {}; expected base64, with = at its end", describe(n)));
    return bytes.value_or(std::string());
  }

  void read_long_form(const node& n, const std::string& path, const std::string& source, step& s) {
    const auto options =
        config::read_options(n, config::test_record_options(), {path, "a record", {}, {}}, out_);
    arrival a{source, {}, source::only_partition};
    if (const auto* const value = n.find("value"); value == nullptr)
      a.record.value = bytes_of(n.find("base64")->value, config::join(path, "base64"));
    else if (value->value.what != node::kind::null)
      a.record.value = value_of(value->value);
    if (const auto* const key = n.find("key"); key != nullptr && key->value.what != node::kind::null)
      a.record.key = value_of(key->value);
    if (options.has("timestamp"))
      a.record.timestamp = moment(n.find("timestamp")->value, config::join(path, "timestamp"));
    if (options.has("partition"))
      a.partition = std::to_string(options.integer("partition"));
    if (const auto* const headers = n.find("headers")) {
      if (!headers->value.is_map())
        out_.error(headers->value.where, config::join(path, "headers"),
                   fmt::format("found {}; expected a map of names to texts", describe(headers->value)));
      a.record.headers.clear();
      append_json(a.record.headers, headers->value);
    }
    s.records.push_back(std::move(a));
  }

  void read_expect(const node& n, const std::string& path, test_case& c) {
    if (!n.is_map()) {
      out_.error(n.where, path, fmt::format("found {}; expected a map of stages to rows", describe(n)));
      return;
    }
    for (const auto& m : n.members) {
      const auto at = config::join(path, m.name);
      if (!schemas_.contains(m.name)) {
        out_.error(m.where, at,
                   fmt::format("no stage \"{}\" gives rows; expected {}{}", m.name, config::one_of(stages_),
                               config::did_you_mean(m.name, stages_)));
        continue;
      }
      c.expect.push_back(read_expectation(m, at));
    }
  }

  expectation read_expectation(const config::member& m, const std::string& path) {
    expectation e{m.name, std::nullopt, std::nullopt, std::nullopt};
    if (m.value.what == node::kind::list) {
      e.rows = read_rows(m.value, path, m.name);
    } else if (m.value.is_map()) {
      const auto before = out_.errors();
      const auto options = config::read_options(m.value, config::expectation_options(),
                                                {path, "what is expected", {}, {}}, out_);
      if (options.has("count"))
        e.count = static_cast<std::uint64_t>(options.integer("count"));
      if (options.has("ordered"))
        e.ordered = options.boolean("ordered");
      if (const auto* const rows = m.value.find("rows"))
        e.rows = read_rows(rows->value, config::join(path, "rows"), m.name);
      else if (!options.has("count") && out_.errors() == before)
        out_.error(m.value.where, path, "nothing is expected; expected \"rows\" or \"count\"");
    } else {
      out_.error(m.value.where, path,
                 fmt::format("found {}; expected a list of rows, or a map with \"rows\", \"count\" or "
                             "\"ordered\"",
                             describe(m.value)));
    }
    return e;
  }

  std::vector<expected_row> read_rows(const node& n, const std::string& path, const std::string& stage) {
    std::vector<expected_row> rows;
    if (n.what != node::kind::list) {
      out_.error(n.where, path, fmt::format("found {}; expected a list of rows", describe(n)));
      return rows;
    }
    for (std::size_t i = 0; i < n.items.size(); ++i)
      rows.push_back(read_row(n.items[i], fmt::format("{}[{}]", path, i), *schemas_.at(stage)));
    return rows;
  }

  expected_row read_row(const node& n, const std::string& path, const data::schema& schema) {
    expected_row row;
    append_json(row.text, n);
    if (!n.is_map()) {
      out_.error(n.where, path, fmt::format("found {}; expected a map of columns to values", describe(n)));
      return row;
    }
    std::vector<std::string> names;
    for (const auto& f : schema)
      names.push_back(f.name);
    for (const auto& m : n.members) {
      const auto at = config::join(path, m.name);
      const auto column = schema.find(m.name);
      if (!column) {
        out_.error(m.where, at,
                   fmt::format("there is no column \"{}\"; expected {}{}", m.name, config::one_of(names),
                               config::did_you_mean(m.name, names)));
        continue;
      }
      const auto& type = schema[*column].type;
      const auto* const part = m.value.find("contains");
      if (type.id() == data::type_id::text && m.value.is_map() && m.value.members.size() == 1 && part &&
          part->value.is_text()) {
        row.cells.push_back({m.name, nullptr, part->value.text});
        continue;
      }
      auto v = typed_value(m.value, type);
      if (v)
        row.cells.push_back({m.name, std::move(*v), std::nullopt});
      else
        out_.error(v.error().where, at, v.error().message);
    }
    return row;
  }

  std::string file_;
  const config::catalog& connectors_;
  config::report out_;
  std::vector<config::finding> of_topology_;
  test_file tests_;
  std::vector<std::string> sources_;
  std::vector<std::string> stages_;
  std::map<std::string, data::schema_ptr> schemas_;
};

}  // namespace

loaded_tests load_tests(const std::string& file, const config::catalog& connectors) {
  return test_reader(file, connectors).run();
}

}  // namespace millrace::dry_run
