// The pages that are generated from the declarations, against what is checked in.
#include "actors/catalog.hpp"
#include "config/schema/described_stage.hpp"
#include "config/schema/schema.hpp"
#include "tests/support/scratch.hpp"

#include <boost/json.hpp>
#include <catch2/catch.hpp>
#include <fmt/format.h>

#include <cctype>
#include <map>
#include <regex>
#include <set>
#include <sstream>

using namespace millrace;

namespace {

/// GitHub's anchor of a heading.
std::string anchor_of(const std::string& heading) {
  std::string out;
  for (const unsigned char c : heading)
    if (std::isalnum(c) != 0 || c == '_' || c == '-' || c == ' ')
      out += c == ' ' ? '-' : static_cast<char>(std::tolower(c));
  return out;
}

/// The text below each heading of the reference page, by anchor.
std::map<std::string, std::string> sections_of(const std::string& page) {
  std::map<std::string, std::string> out;
  std::istringstream lines(page);
  std::string current;
  for (std::string line; std::getline(lines, line);)
    if (const auto at = line.find_first_not_of('#'); at > 1 && at < line.size() && line[at] == ' ') {
      current = anchor_of(line.substr(at + 1));
      CAPTURE(line);
      CHECK(out.emplace(current, "").second);
    } else {
      out[current] += line + "\n";
    }
  return out;
}

std::set<std::string> matches(const std::string& text, const std::regex& pattern) {
  std::set<std::string> out;
  for (std::sregex_iterator at(text.begin(), text.end(), pattern); at != std::sregex_iterator(); ++at)
    out.insert((*at)[1]);
  return out;
}

/// The first column of a section's table.
std::set<std::string> rows_of(const std::string& section) {
  std::set<std::string> out;
  std::istringstream lines(section);
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("| `"))
      out.insert(line.substr(3, line.find('`', 3) - 3));
  return out;
}

}  // namespace

TEST_CASE(
    "docs/topology.schema.json is what the declarations say; `millrace reference docs` writes it anew") {
  CHECK(test::contents("docs/topology.schema.json") == config::schema_text(connectors()));
}

TEST_CASE("docs/test.schema.json is what the declarations say; `millrace reference docs` writes it anew") {
  CHECK(test::contents("docs/test.schema.json") == config::test_schema_text());
}

TEST_CASE("docs/reference.md is what the declarations say; `millrace reference docs` writes it anew") {
  CHECK(test::contents("docs/reference.md") == config::reference_text(connectors()));
}

TEST_CASE("docs/functions.md is what the list of functions says; `millrace reference docs` writes it anew") {
  CHECK(test::contents("docs/functions.md") == config::functions_text());
}

TEST_CASE("the schema is JSON, and every reference in it leads somewhere") {
  const auto schema = boost::json::parse(config::schema_text(connectors())).as_object();
  CHECK(schema.at("$schema") == "https://json-schema.org/draft/2020-12/schema");
  const auto& definitions = schema.at("$defs").as_object();
  const auto text = config::schema_text(connectors());
  constexpr std::string_view mark = "\"#/$defs/";
  std::size_t references = 0;
  for (auto at = text.find(mark); at != std::string::npos; at = text.find(mark, at + 1)) {
    const auto begin = at + mark.size();
    const auto name = text.substr(begin, text.find('"', begin) - begin);
    CAPTURE(name);
    CHECK(definitions.contains(name));
    ++references;
  }
  CHECK(references > 20);
}

TEST_CASE("every option of every connector stands in both pages") {
  const auto schema = boost::json::parse(config::schema_text(connectors())).as_object();
  const auto page = config::reference_text(connectors());
  for (const auto& c : connectors()) {
    const auto name = std::string(config::to_string(c.kind)) + "_" + c.type;
    const auto& properties = schema.at("$defs").at(name).at("properties").as_object();
    for (const auto& o : c.options) {
      CAPTURE(name, o.name);
      CHECK(properties.contains(o.name));
      CHECK(page.find("| `" + o.name + "` |") != std::string::npos);
      CHECK_FALSE(o.doc.empty());
    }
  }
}

TEST_CASE("each link within the reference page leads to a heading, and the contents have every stage") {
  const auto sections = sections_of(config::reference_text(connectors()));
  std::set<std::string> linked;
  for (const auto& [name, text] : sections)
    for (const auto& anchor : matches(text, std::regex(R"(\]\(#([^)]*)\))"))) {
      CAPTURE(name, anchor);
      CHECK(sections.contains(anchor));
      if (name == "contents")
        linked.insert(anchor);
    }
  for (const auto& s : config::described_stages(connectors())) {
    CAPTURE(s.type);
    CHECK(linked.contains(fmt::format("{}-{}", to_string(s.kind), s.type)));
  }
}

TEST_CASE(
    "a stage's section has each of its options once: in its table, or in a list that links a shared table") {
  const auto sections = sections_of(config::reference_text(connectors()));
  std::size_t shared = 0;
  for (const auto& s : config::described_stages(connectors())) {
    const auto& section = sections.at(fmt::format("{}-{}", to_string(s.kind), s.type));
    std::map<std::string, int> found;
    for (const auto& name : rows_of(section))
      ++found[name];
    // The page is wrapped: a line of a list goes on below its text.
    std::istringstream lines(std::regex_replace(section, std::regex("\n  "), " "));
    for (std::string line; std::getline(lines, line);)
      if (line.starts_with("- [")) {
        const auto anchors = matches(line, std::regex(R"(\]\(#([^)]*)\))"));
        REQUIRE(anchors.size() == 1);
        const auto rows = rows_of(sections.at(*anchors.begin()));
        for (const auto& name : matches(line, std::regex("`([^`]*)`"))) {
          CAPTURE(s.type, name);
          CHECK(rows.contains(name));
          ++found[name];
          ++shared;
        }
      }
    for (const auto& o : s.options) {
      CAPTURE(to_string(s.kind), s.type, o.name);
      CHECK(found[o.name] == 1);
    }
  }
  CHECK(shared > 100);
}

TEST_CASE("no row of the reference page stands there more than twice") {
  std::map<std::string, int> rows;
  std::istringstream lines(config::reference_text(connectors()));
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("| `"))
      ++rows[line];
  CHECK(rows.size() > 150);
  for (const auto& [row, times] : rows) {
    CAPTURE(row);
    CHECK(times <= 2);
  }
}
