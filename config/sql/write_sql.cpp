#include "config/sql/write_sql.hpp"

#include "config/core_options.hpp"
#include "config/sql/option_forms.hpp"
#include "config/sql/read_sql.hpp"
#include "config/sql/written_columns.hpp"
#include "config/sql/written_options.hpp"
#include "config/sql/written_stage.hpp"
#include "config/sql/written_text.hpp"
#include "config/text/tokens.hpp"
#include "runtime/expression/statements/read_statements.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string_view>

namespace millrace::config {
namespace {

using expression::quoted_identifier;

constexpr std::string_view dead_letters = "dead_letters";

/// The words of WITH that say what a table is made of.
bool is_table_word(std::string_view option) {
  return option == "connector" || option == "format" || option == "source" || option == "from";
}

/// Bytes of the text's last line.
std::size_t last_line(std::string_view text) {
  const auto line = text.rfind('\n');
  return text.size() - (line == std::string_view::npos ? 0 : line + 1);
}

class topology_writer {
public:
  topology_writer(const node& topology, const catalog& connectors, report& out)
      : topology_(topology), connectors_(connectors), out_(out), types_(names_taken(topology)) {}

  std::string run() {
    if (!topology_.is_map()) {
      out_.error(topology_.where, {},
                 fmt::format("found {}; expected the map of a topology", describe(topology_)));
      return {};
    }
    settings();
    const auto* const stages = topology_.find("stages");
    if (stages == nullptr || !stages->value.is_map())
      out_.error(stages == nullptr ? topology_.where : stages->value.where, "stages",
                 "there is no map of stages; expected that of a topology (an overlay stays JSON)");
    else if (stages->value.members.size() > sql::most_statements)
      out_.error(stages->value.where, "stages",
                 fmt::format("there are {} stages; expected at most {}", stages->value.members.size(),
                             sql::most_statements));
    else
      all_stages(stages->value);
    if (const auto* const letters = topology_.find(dead_letters);
        letters != nullptr && is_sink(letters->value) && kind_of(*letters, letters->name) == stage_kind::sink)
      stage_statement(*letters, std::string(dead_letters));
    written_text text;
    for (const auto& s : statements_) {
      text += s;
      text += ";\n";
    }
    tell_unreadable(text);
    return text.text();
  }

private:
  static std::set<std::string> names_taken(const node& topology) {
    std::set<std::string> out;
    if (const auto* const stages = topology.find("stages"))
      for (const auto& m : stages->value.members)
        out.insert(m.name);
    return out;
  }

  static bool is_sink(const node& letters) {
    return letters.is_map() && std::ranges::any_of(letters.members, [](const member& m) {
             return kind_of_key(m.name).has_value();
           });
  }

  /// A statement of several lines has an empty one before and behind it.
  void add(written_text statement) {
    const bool is_long = statement.text().find('\n') != std::string::npos ||
                         !statement.text().starts_with("SET ") || !only_settings_;
    written_text out{is_long && !statements_.empty() ? "\n" : ""};
    only_settings_ = statement.text().starts_with("SET ");
    out += statement;
    statements_.push_back(std::move(out));
  }

  void settings() {
    for (const auto& m : topology_.members) {
      if (m.name == "stages" || m.name == "$schema" || (m.name == dead_letters && is_sink(m.value)))
        continue;
      if (m.name == "millrace") {
        if (m.value.what != node::kind::number || m.value.text != "1")
          out_.error(m.value.where, m.name,
                     fmt::format("found {}; expected 1, the version of the language that SQL has, too",
                                 describe(m.value)));
        continue;
      }
      setting(m.value, quoted_identifier(m.name), m.name);
    }
  }

  /// `is_member`: of a map of the top level. A map within it is JSON.
  void setting(const node& value, const std::string& name, const std::string& path, bool is_member = false) {
    if (value.is_map() && !is_member) {
      for (const auto& m : value.members)
        setting(m.value, fmt::format("{}.{}", name, quoted_identifier(m.name)), join(path, m.name), true);
      return;
    }
    if (value.what == node::kind::null || value.what == node::kind::list)
      return out_.error(
          value.where, path,
          fmt::format("{} has no form in SQL; expected a text, a number, true or false", describe(value)));
    written_text statement{fmt::format("SET {} = {}", name,
                                       value.is_map()                      ? json_literal(value)
                                       : value.is_text()                   ? text_literal(value.text)
                                       : value.what == node::kind::boolean ? value.flag ? "true" : "false"
                                                                           : value.text)};
    statement.note(value, path);
    add(std::move(statement));
  }

  void all_stages(const node& stages) {
    find_single_parsers(stages);
    std::set<std::string_view> done;
    for (const auto& m : stages.members) {
      const auto path = join("stages", m.name);
      const auto kind = kind_of(m, path);
      if (!kind || done.contains(m.name))
        continue;
      done.insert(m.name);
      const member* source = *kind == stage_kind::source ? &m : nullptr;
      const member* parser = *kind == stage_kind::parser ? &m : nullptr;
      if (const auto other = single_.find(&m); other != single_.end()) {
        (*kind == stage_kind::source ? parser : source) = other->second;
        done.insert(other->second->name);
      }
      if (source != nullptr || parser != nullptr)
        table(source, parser);
      else
        stage_statement(m, path);
    }
  }

  std::optional<stage_kind> kind_of(const member& m, const std::string& path) {
    const auto* const first =
        m.value.is_map() && !m.value.members.empty() ? &m.value.members.front() : nullptr;
    const auto kind = first == nullptr ? std::nullopt : kind_of_key(first->name);
    if (kind && first->value.is_text())
      return kind;
    out_.error(m.value.where, path,
               fmt::format("this stage does not say its kind in its first key; expected {} with a type (an "
                           "overlay stays JSON)",
                           one_of({std::begin(kind_keys), std::end(kind_keys)})));
    return std::nullopt;
  }

  /// A source that one parser alone reads, which reads no other, becomes one table with it.
  void find_single_parsers(const node& stages) {
    std::map<std::string, std::vector<const member*>> readers;
    for (const auto& m : stages.members)
      for (const auto* const option : {"from", "left", "right"})
        for (const auto& name : stages_read(m.value, option))
          readers[name].push_back(&m);
    for (const auto& m : stages.members) {
      const auto read = readers.find(m.name);
      if (!is_kind(m, "source") || read == readers.end() || read->second.size() != 1)
        continue;
      const auto* const parser = read->second.front();
      if (is_kind(*parser, "parser") && stages_read(parser->value, "from").size() == 1) {
        single_.emplace(&m, parser);
        single_.emplace(parser, &m);
      }
    }
  }
  static bool is_kind(const member& m, std::string_view kind) {
    return m.value.is_map() && !m.value.members.empty() && m.value.members.front().name == kind;
  }

  /// A source, a parser, or both.
  void table(const member* source, const member* parser) {
    const auto& named = parser != nullptr ? *parser : *source;
    const auto path = join("stages", named.name);
    written_items options;
    written_schema_columns columns;
    if (parser != nullptr)
      columns = columns_of(*parser);
    const auto theirs =
        source == nullptr ? std::vector<option>() : options_of_stage(source->value, connectors_);
    const auto ours =
        parser == nullptr ? std::vector<option>() : options_of_stage(parser->value, connectors_);
    if (source != nullptr)
      source_options(*source, parser, theirs, ours, columns, options);
    if (parser != nullptr)
      parser_options(*parser, source, theirs, ours, columns, options);
    for (auto& t : columns.types)
      add(std::move(t));
    written_text statement{fmt::format("CREATE TABLE {} ", quoted_identifier(named.name))};
    statement += listed(columns.columns, statement.text().size(), 2, "(", ")");
    statement += " ";
    statement += with_options(options, last_line(statement.text()));
    statement.note(named.value, path);
    add(std::move(statement));
  }

  written_schema_columns columns_of(const member& parser) {
    const auto* const schema = parser.value.find("schema");
    if (schema == nullptr)
      return {};
    return write_columns(schema->value, parser.name, join(join("stages", parser.name), "schema"), types_,
                         out_);
  }

  void source_options(const member& source, const member* parser, const std::vector<option>& theirs,
                      const std::vector<option>& ours, written_schema_columns& columns,
                      written_items& options) {
    const auto path = join("stages", source.name);
    const auto& type = source.value.members.front();
    options.push_back(text_option("connector", type.value.text, type.value, join(path, type.name)));
    if (parser != nullptr && source.name != parser->name + "-source")
      options.push_back(text_option("source", source.name, source.value, path));
    for (const auto& m : source.value.members) {
      if (&m == &type || (m.name == "key" && primary_key(m, theirs, parser, columns)))
        continue;
      const bool both =
          is_table_word(m.name) || (parser != nullptr && (find_declared(ours, m.name) != nullptr ||
                                                          find_declared(theirs, m.name) == nullptr));
      write_option(m, find_declared(theirs, m.name), both ? "source" : "", path, options, out_);
    }
  }

  /// The key of a source that reads a table, where the table here has these columns.
  static bool primary_key(const member& key, const std::vector<option>& theirs, const member* parser,
                          written_schema_columns& columns) {
    const auto* const option = find_declared(theirs, key.name);
    if (option == nullptr || option->type != option_type::text_list || parser == nullptr ||
        columns.columns.empty())
      return false;
    const auto& schema = parser->value.find("schema")->value;
    written_items names;
    const auto items = key.value.what == node::kind::list ? key.value.items : std::vector<node>{key.value};
    for (const auto& item : items) {
      if (!item.is_text() || schema.find(item.text) == nullptr)
        return false;
      names.emplace_back(quoted_identifier(item.text));
    }
    if (names.empty())
      return false;
    columns.columns.push_back(listed(names, 0, 4, "PRIMARY KEY (", ")"));
    return true;
  }

  void parser_options(const member& parser, const member* source, const std::vector<option>& theirs,
                      const std::vector<option>& ours, const written_schema_columns& columns,
                      written_items& options) {
    const auto path = join("stages", parser.name);
    const auto& type = parser.value.members.front();
    const auto* const from = parser.value.find("from");
    if (source == nullptr && from != nullptr)
      write_option(*from, find_declared(ours, "from"), "", path, options, out_);
    options.push_back(text_option("format", type.value.text, type.value, join(path, type.name)));
    for (const auto& m : parser.value.members) {
      if (&m == &type || &m == from || (m.name == "schema" && !columns.as_json))
        continue;
      const bool both =
          is_table_word(m.name) || (source != nullptr && (find_declared(theirs, m.name) != nullptr ||
                                                          find_declared(ours, m.name) == nullptr));
      write_option(m, find_declared(ours, m.name), both ? "parser" : "", path, options, out_);
    }
  }

  /// A view or a sink.
  void stage_statement(const member& m, const std::string& path) {
    const auto known = options_of_stage(m.value, connectors_);
    const auto* const stages = topology_.find("stages");
    static const node none;
    auto statement =
        write_stage({m, path, stages == nullptr ? none : stages->value, known, m.name == path}, out_);
    if (statement.empty())
      return;
    statement.note(m.value, path);
    add(std::move(statement));
  }

  /// The text must be what reads as the same topology; whatever is refused there is told where the topology has it.
  void tell_unreadable(const written_text& text) {
    if (out_.errors() > 0)
      return;
    report found;
    static_cast<void>(read_sql(text.text(), {}, connectors_, found));
    const line_table lines(text.text());
    for (const auto& f : found.take({})) {
      if (f.warning)
        continue;
      const auto offset = lines.offset_of({f.where.line, f.where.column});
      const auto* const from = text.at(offset);
      const auto where = from == nullptr  ? topology_.where
                         : from->as_it_is ? location_in_text(*from->from, offset - from->begin)
                                          : from->from->where;
      out_.error(where, from == nullptr ? std::string() : from->path,
                 fmt::format("this has no form in SQL: {}", f.message));
    }
  }

  const node& topology_;
  const catalog& connectors_;
  report& out_;
  written_types types_;
  std::map<const member*, const member*> single_;  // a source and its only parser, either way
  written_items statements_;
  bool only_settings_ = true;
};

}  // namespace

std::string write_sql(const node& topology, const catalog& connectors, report& out) {
  return topology_writer(topology, connectors, out).run();
}

}  // namespace millrace::config
