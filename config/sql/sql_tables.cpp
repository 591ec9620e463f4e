// Tables: sources, and the parsers that make rows of their records.
#include "config/known_words.hpp"
#include "config/sql/sql_stages.hpp"
#include "runtime/data/text_encoding.hpp"
#include "runtime/expression/statements/foreign_options.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

namespace millrace::config {
namespace {

class table_maker {
public:
  table_maker(const sql::create_table& t, sql_stages& to) : t_(t), to_(to) {}

  void run() {
    const auto* const connector = find_option(t_.options, "connector");
    const auto* const format = find_option(t_.options, "format");
    const auto* const from = find_option(t_.options, "from");
    if (connector == nullptr && from == nullptr)
      return to_.say(
          t_.called.at,
          fmt::format("nothing says where the records of \"{}\" come from; expected WITH (connector = "
                      "'kafka', ...), or \"from\" = the table whose records it parses",
                      t_.called.text));
    if (connector != nullptr && from != nullptr)
      return to_.say(from->key.at,
                     "a table with a connector reads its own records; expected \"from\" or a connector");
    const bool parses = format != nullptr || !t_.columns.empty() || from != nullptr;
    if (parses && format == nullptr)
      return to_.say(
          t_.called.at,
          fmt::format(
              "nothing says how the records of \"{}\" are read; expected format = 'json', 'csv', 'text', "
              "'avro' or 'protobuf' in its WITH (...)",
              t_.called.text));
    const bool known_source = is_offered(stage_kind::source, connector);
    if (!is_offered(stage_kind::parser, format) || !known_source)
      return;
    check_own(connector != nullptr && parses);
    share_out(connector, format);
    if (connector != nullptr)
      add_source(parses ? source_name() : t_.called.text, *connector);
    if (parses)
      add_parser(*format, from);
  }

private:
  /// Tells of a connector or format that there is none of: its options are no matter then.
  bool is_offered(stage_kind kind, const sql::option* o) const {
    const auto offered = offered_types(to_.connectors, kind);
    if (o == nullptr || std::ranges::find(offered, o->value) != offered.end())
      return true;
    to_.say(o->value_at.begin, fmt::format("there is no {} \"{}\"; expected {}{}", to_string(kind), o->value,
                                           one_of(offered), meant_type(to_.connectors, kind, o->value)));
    return false;
  }

  [[nodiscard]] std::string source_name() const {
    const auto* const given = find_option(t_.options, "source");
    return given == nullptr ? source_of(t_.called.text) : given->value;
  }

  static bool is_own(const sql::option& o) {
    constexpr std::array<std::string_view, 4> own{"connector", "format", "source", "from"};
    return o.space.empty() && std::ranges::find(own, o.key.text) != own.end();
  }

  /// Refuses words of the table itself that nothing would read. `both`: it is a source and a parser.
  void check_own(bool both) const {
    std::set<std::string_view> given;
    for (const auto& o : t_.options) {
      if (!is_own(o))
        continue;
      if (!given.insert(o.key.text).second)
        to_.say(o.key.at, fmt::format("the option \"{}\" is given a second time", o.key.text));
      if (o.key.text == "source" && !both)
        to_.say(o.key.at,
                "source = names the source of a table that has a parser, too; expected a connector and a "
                "format beside it");
    }
  }

  /// Divides the options among the source and the parser; null: the table has none.
  void share_out(const sql::option* connector, const sql::option* format) {
    const auto declared = [&](std::string_view kind, const sql::option* type) {
      return type == nullptr ? std::vector<option>()
                             : to_.declared_for(to_.stage(kind, type->value, t_.called.at));
    };
    const auto of_parser = declared("parser", format);
    const auto of_source = declared("source", connector);
    for (const auto& o : t_.options) {
      if (is_own(o))
        continue;
      if (o.space == "source" || o.space == "parser") {
        if ((o.space == "source" ? connector : format) == nullptr)
          to_.say(o.key.at,
                  fmt::format("this table has no {0}; expected no option {0}.{1}", o.space, o.key.text));
        auto plain = o;
        plain.space.clear();
        (o.space == "source" ? for_source_ : for_parser_).push_back(std::move(plain));
        continue;
      }
      const auto name = o.space.empty() ? o.key.text : o.space;
      const bool parsers = find_declared(of_parser, name) != nullptr;
      const bool sources = find_declared(of_source, name) != nullptr;
      if (parsers && sources)
        to_.say(
            o.key.at,
            fmt::format(
                "both the source and the parser of this table have an option \"{0}\"; write source.{0} or "
                "parser.{0}",
                name));
      else if (sources || format == nullptr)
        for_source_.push_back(o);
      else if (parsers || connector == nullptr)
        for_parser_.push_back(o);
      else
        unknown(o, name, of_source, of_parser);
    }
  }

  void unknown(const sql::option& o, const std::string& name, const std::vector<option>& of_source,
               const std::vector<option>& of_parser) const {
    std::vector<std::string> known;
    for (const auto* const list : {&of_source, &of_parser})
      for (const auto& d : *list)
        if (d.name != "schema" && d.name != "from")
          known.push_back(d.name);
    const auto here = sql::option_here(name);
    const auto meant = here ? fmt::format("; write {}", *here) : did_you_mean(name, known);
    to_.say(o.key.at, fmt::format("a table with this connector and format has no option \"{}\"{}{}", name,
                                  meant, meant.empty() ? needed(of_source, of_parser) : std::string()));
  }

  /// Names the options that the table lacks: this finding keeps its stages from being looked at.
  [[nodiscard]] std::string needed(const std::vector<option>& of_source,
                                   const std::vector<option>& of_parser) const {
    std::vector<std::string> names;
    for (const auto* const list : {&of_source, &of_parser})
      for (const auto& d : *list)
        if (d.required && d.name != "schema" && d.name != "from" &&
            std::ranges::none_of(
                t_.options, [&](const sql::option& o) { return o.key.text == d.name || o.space == d.name; }))
          names.push_back('"' + d.name + '"');
    return names.empty() ? std::string() : fmt::format("; it needs {}", fmt::join(names, ", "));
  }

  void add_source(const std::string& name, const sql::option& connector) {
    auto stage = to_.stage("source", to_.text.value_of(connector, nullptr, to_.out), t_.called.at);
    const auto declared = to_.declared_for(stage);
    to_.add_options(stage, for_source_, declared);
    if (!t_.primary_key.empty()) {
      const auto* const key = find_declared(declared, "key");
      if (key == nullptr || key->type != option_type::text_list) {
        to_.say(t_.primary_key.front().at, "records of this connector may repeat a key; PRIMARY KEY is for "
                                           "sources that read a table: connector 'sql', and 'file' "
                                           "with a whole table in it");
      } else {
        std::vector<node> names;
        for (const auto& k : t_.primary_key)
          names.push_back(to_.text.made(k.text, k.at));
        add_member(stage, "key", to_.text.at(t_.primary_key.front().at), one_or_list(std::move(names)));
      }
    }
    to_.add(name, t_.called.at, std::move(stage));
  }

  void add_parser(const sql::option& format, const sql::option* from) {
    if (from != nullptr && !t_.primary_key.empty())
      to_.say(t_.primary_key.front().at,
              "PRIMARY KEY is for the table with the connector; expected none beside \"from\"");
    auto stage = to_.stage("parser", to_.text.value_of(format, nullptr, to_.out), t_.called.at);
    if (from != nullptr)
      add_member(stage, "from", to_.text.at(from->key.at),
                 to_.text.value_of(*from, find_declared(to_.declared_for(stage), "from"), to_.out));
    else
      add_member(stage, "from", to_.text.at(t_.called.at), to_.text.made(source_name(), t_.called.at));
    const auto declared = to_.declared_for(stage);
    if (!t_.columns.empty() && !declared.empty() && find_declared(declared, "schema") == nullptr)
      to_.say(
          t_.columns.front().called.at,
          fmt::format("a table with format '{}' has columns of its own; leave these out: CREATE TABLE {} () "
                      "WITH (...)",
                      data::excerpt(stage.members.front().value.text),
                      expression::quoted_identifier(t_.called.text)));
    else if (!t_.columns.empty()) {
      if (finds_columns_by_name(format))
        warn_of_folded_names(t_.columns, to_);
      add_member(stage, "schema", to_.text.at(t_.columns.front().called.at), columns_of(t_.columns, to_));
    }
    to_.add_options(stage, for_parser_, declared);
    to_.add(t_.called.text, t_.called.at, std::move(stage));
  }

  /// CSV without a header goes by places.
  [[nodiscard]] bool finds_columns_by_name(const sql::option& format) const {
    const auto* const header = find_option(for_parser_, "header");
    return format.value != "csv" || (header != nullptr && header->value == "true");
  }

  const sql::create_table& t_;
  sql_stages& to_;
  std::vector<sql::option> for_source_;
  std::vector<sql::option> for_parser_;
};

}  // namespace

void add_table(const sql::create_table& t, sql_stages& to) { table_maker(t, to).run(); }

}  // namespace millrace::config
