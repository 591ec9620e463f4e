#include "config/sql/read_sql.hpp"

#include "config/core_options.hpp"
#include "config/sql/sql_stages.hpp"
#include "config/text/other_language.hpp"
#include "config/text/reader.hpp"
#include "runtime/expression/statements/read_statements.hpp"
#include "runtime/expression/syntax/source_text.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace millrace::config {
namespace {

class sql_reader {
public:
  sql_reader(std::string_view text, const std::string& file, const catalog& connectors, report& out)
      : text_(text, file), read_(sql::read_statements(text)),
        expressions_(text_, read_.words, out), stages_{text_, expressions_, connectors, out}, out_(out) {}

  std::optional<node> run(std::string_view text) {
    const auto begin = text_.at(0);
    if (read_.problems.empty() && read_.all.empty()) {
      out_.error(begin, {},
                 "there is no statement; expected tables, views and sinks (docs/topologies_in_sql.md)");
      return std::nullopt;
    }
    if (auto other = read_.problems.empty() ? std::nullopt : other_language(text, read_as::sql)) {
      out_.error(begin, {}, std::move(*other));
      return std::nullopt;
    }
    for (auto& p : read_.problems)
      out_.error(text_.at(p.offset), {}, std::move(p.message));
    for (const auto& name : read_.unreadable)
      note_unreadable(name);
    // A function or type holds for the statements behind it.
    for (const auto& s : read_.all) {
      const auto before = out_.errors();
      const auto stages = stages_.all.size();
      stages_.has_unreadable_type = false;
      expressions_.forget_unreadable();
      std::visit([&](const auto& what) { take(what); }, s.what);
      if (out_.errors() > before || stages_.has_unreadable_type || expressions_.called_unreadable())
        drop(stages, std::visit([](const auto& what) { return name_of(what); }, s.what));
    }
    auto root = text_.empty(node::kind::map, 0);
    add_member(root, "millrace", root.where, text_.number("1", 0));
    std::ranges::move(top_, std::back_inserter(root.members));
    auto stages = text_.empty(node::kind::map, 0);
    stages.members = std::move(stages_.all);
    add_member(root, "stages", root.where, std::move(stages));
    if (const auto* const kept = root.find("dead_letters"); kept != nullptr && !stages_.dead_letters.empty())
      out_.error(
          kept->where, {},
          "dead letters go to their sink, and so the state folder keeps none; expected the sink or SET "
          "dead_letters");
    std::ranges::move(stages_.dead_letters, std::back_inserter(root.members));
    if (root.find("topology") == nullptr) {
      if (read_.problems.empty())
        out_.error(root.where, {},
                   "nothing says what the topology is called; expected SET topology = 'name'");
      add_member(root, "topology", root.where, text_.made("unnamed", 0));
    }
    if (out_.errors() > 0 && root.find("stages")->value.members.empty())
      return std::nullopt;  // that there is no stage is no mistake of its own
    return root;
  }

private:
  static std::string name_of(const sql::set_value&) { return {}; }
  static std::string name_of(const auto& made) { return made.called.text; }

  /// Drops the stages of a statement with a mistake, which has been told, or that uses what such a statement makes: what else is wrong with them may come of it.
  void drop(std::size_t from, std::string name) {
    for (auto i = from; i < stages_.all.size(); ++i)
      out_.note_unreadable(stages_.all[i].name);
    stages_.all.resize(from);
    stages_.times.drop_from(from);
    stages_.given.drop_from(from);
    if (!name.empty())
      note_unreadable(name);
  }

  /// The name of a table, with that of its source, a view, a type or a function.
  void note_unreadable(const std::string& name) {
    out_.note_unreadable(name);
    out_.note_unreadable(source_of(name));
  }

  void take(const sql::set_value& s) {
    const auto& first = s.path.front();
    std::vector<std::string> names;
    for (const auto& o : top_level_options())
      if (o.name != "stages" && o.name != "millrace")
        names.push_back(o.name);
    const auto say = [&](std::string message) { stages_.say(s.value.key.at, std::move(message)); };
    const auto* const declared = find_declared(top_level_options(), first);
    if (std::ranges::find(names, first) == names.end())
      return say(fmt::format("there is no setting \"{}\"; expected {}{}", first, one_of(names),
                             did_you_mean(first, names)));
    if ((first == "dead_letters") != (s.path.size() > 1) || s.path.size() > 2)
      return say(first == "dead_letters"
                     ? "expected SET dead_letters.keep = 10 or dead_letters.roll; a sink for them is CREATE "
                       "TABLE ... AS SELECT * FROM dead_letters"
                     : fmt::format("\"{}\" has no parts; expected SET {} = value", first, first));
    const auto where = text_.at(s.value.key.at);
    auto known = std::ranges::find(top_, first, &member::name);
    if (s.path.size() == 1) {
      if (known != top_.end())
        return say(fmt::format("\"{}\" is set a second time", first));
      top_.push_back({first, where, text_.value_of(s.value, declared, out_)});
      return;
    }
    if (known == top_.end())
      known = top_.insert(top_.end(), {first, where, text_.empty(node::kind::map, s.value.key.at)});
    if (known->value.find(s.path[1]) != nullptr)
      return say(fmt::format("\"{}\" is set a second time", s.path[1]));
    add_member(known->value, s.path[1], where,
               text_.value_of(s.value, find_declared(dead_letter_options(), s.path[1]), out_));
  }
  void take(const sql::create_type& t) { add_type(t, stages_); }
  void take(const sql::create_table& t) {
    const auto before = out_.errors();
    t.as ? add_sink(t, stages_) : add_table(t, stages_);
    if (const auto* const source = find_option(t.options, "source");
        source != nullptr && out_.errors() > before)
      out_.note_unreadable(source->value);
  }
  void take(const sql::create_view& v) { add_view(v, stages_); }
  void take(const sql::create_function& f) { expressions_.add_function(f); }
  void take(const sql::insert_into& i) {
    stages_.say(i.called.at, fmt::format("a sink has its query with it: CREATE TABLE {} WITH (connector = "
                                         "...) AS SELECT ...; several queries "
                                         "into one sink stand side by side with UNION ALL",
                                         i.called.text));
  }

  sql_text text_;
  sql::statements read_;
  sql_expressions expressions_;
  sql_stages stages_;
  report& out_;
  std::vector<member> top_;
};

}  // namespace

std::optional<node> read_sql(std::string_view text, const std::string& file, const catalog& connectors,
                             report& out) {
  if (!is_readable(text, file, out))
    return std::nullopt;
  return sql_reader(text, file, connectors, out).run(text);
}

bool is_sql_file(std::string_view file) {
  constexpr std::string_view ending = ".sql";
  return file.size() >= ending.size() && expression::fold(file.substr(file.size() - ending.size())) == ending;
}

std::optional<node> read_topology_file(const std::string& file, const catalog& connectors, report& out) {
  if (!is_sql_file(file))
    return read_json_file(file, out);
  const auto text = read_whole_file(file, out);
  return text ? read_sql(*text, file, connectors, out) : std::nullopt;
}

}  // namespace millrace::config
