#include "config/sql/written_stage.hpp"

#include "config/sql/option_forms.hpp"
#include "config/sql/stage_writer.hpp"
#include "config/sql/written_options.hpp"
#include "runtime/expression/syntax/keywords.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace millrace::config {
namespace {

using expression::quoted_identifier;

/// `amount desc` -> the column, and whether it is turned.
std::pair<std::string, bool> order_of(const std::string& text) {
  for (const std::string_view word : {" asc", " desc", " ASC", " DESC"})
    if (text.ends_with(word)) {
      auto column = text.substr(0, text.size() - word.size());
      column.erase(column.find_last_not_of(' ') + 1);
      return {std::move(column), word.size() == 5};
    }
  return {text, false};
}

std::size_t lengths(const written_items& items) {
  std::size_t out = 0;
  for (const auto& i : items)
    out += i.text().size() + 1;
  return out;
}

}  // namespace

written_text stage_writer::run() {
  const auto before = out_.errors();
  used_.insert(body_.members.front().name);
  const auto kind = *kind_of_key(body_.members.front().name);
  auto query = query_of(kind);
  if (out_.errors() != before)
    return {};
  written_items options;
  if (kind == stage_kind::sink)
    options.push_back(text_option("connector", type_, body_.members.front().value, join(s_.path, "sink")));
  std::ranges::move(first_options_, std::back_inserter(options));
  for (const auto& m : body_.members)
    if (!used_.contains(m.name))
      write_option(m, find_declared(s_.declared, m.name), "", s_.path, options, out_);
  written_text out{fmt::format("CREATE {} {} ", kind == stage_kind::sink ? "TABLE" : "VIEW",
                               quoted_identifier(s_.stage.name))};
  if (!options.empty()) {
    out += with_options(options, out.text().size() + 3);
    out += " ";
  }
  out += "AS";
  const auto line = out.text().rfind('\n');
  const auto width = out.text().size() - (line == std::string::npos ? 0 : line + 1);
  const bool short_one = query.size() <= 2 && width + lengths(query) < widest_line &&
                         std::ranges::none_of(query, [](const written_text& c) {
                           return c.text().find('\n') != std::string::npos;
                         });
  for (const auto& c : query) {
    out += short_one ? " " : "\n" + std::string(query_indent, ' ');
    out += c;
  }
  return out;
}

written_items stage_writer::query_of(stage_kind kind) {
  switch (kind) {
  case stage_kind::transform:
    if (type_ == "select" || type_ == "model")
      return selected();
    break;
  case stage_kind::window:
    if (type_ == "dedup")
      return first_rows();
    if (const auto call = window_call(type_))
      return grouped(*call);
    break;
  case stage_kind::join:
    if (type_ == "window" || type_ == "interval" || type_ == "as_of")
      return joined();
    break;
  case stage_kind::sink:
    return written();
  default:
    break;
  }
  out_.error(body_.members.front().value.where, s_.path,
             fmt::format("a {} \"{}\" has no form in SQL", body_.members.front().name, type_));
  return {};
}

written_items stage_writer::selected() {
  written_items with;
  const auto from = relation("from", "inputs", with);
  const bool plain = body_.find("columns") == nullptr && body_.find("where") == nullptr;
  return plain_query(from, with, items(), "SELECT ", plain);
}

written_items stage_writer::plain_query(const std::optional<relation_read>& from, written_items& with,
                                        const written_items& outputs, const std::string& words,
                                        bool is_union) {
  written_items out;
  if (!from)
    return out;
  if (!with.empty() && is_union) {
    out.push_back(branches(stages_read(body_, "from"), query_indent));
    return out;
  }
  put_with(with, out);
  out.push_back(select_clause(outputs, words));
  out.emplace_back("FROM " + from->name + alias(*from));
  if (auto where = clause("where", "WHERE "); !where.empty())
    out.push_back(std::move(where));
  return out;
}

written_items stage_writer::first_rows() {
  written_items with;
  const auto from = relation("from", "inputs", with);
  const auto key = names("key");
  std::string on;
  for (const auto& k : key)
    on += (on.empty() ? "" : ", ") + quoted_identifier(k);
  if (key.empty())
    out_.error(body_.where, join(s_.path, "key"), "DISTINCT ON needs a key; expected at least one column");
  return plain_query(from, with, items(), fmt::format("SELECT DISTINCT ON ({}) ", on), false);
}

written_items stage_writer::written() {
  if (body_.find("limit_by") != nullptr || body_.find("rank") != nullptr)
    return first_of_groups();
  written_items with;
  const auto from = s_.takes_dead_letters ? std::optional(relation_read{s_.stage.name, s_.stage.name})
                                          : relation("from", "inputs", with);
  const bool plain = body_.find("columns") == nullptr && body_.find("where") == nullptr;
  auto out = plain_query(from, with, items(), "SELECT ", plain);
  if (auto order = order_of_rows(); !order.empty())
    out.push_back(std::move(order));
  if (auto limit = number("limit"); !limit.empty()) {
    written_text clause{"LIMIT "};
    clause += limit;
    out.push_back(std::move(clause));
  }
  return out;
}

written_text stage_writer::order_of_rows() {
  std::string order;
  for (const auto& o : names("order_by")) {
    const auto [column, descending] = order_of(o);
    order += fmt::format("{}{}{}", order.empty() ? "" : ", ", quoted_identifier(column),
                         descending ? " DESC" : "");
  }
  return order.empty() ? written_text{} : written_text{"ORDER BY " + order};
}

written_text stage_writer::number(const std::string& option) {
  const auto* const m = body_.find(option);
  if (m == nullptr || m->value.what != node::kind::number)
    return {};
  used_.insert(option);
  return {m->value.text, m->value, join(s_.path, option), false};
}

written_items stage_writer::first_of_groups() {
  written_items with;
  written_items out;
  const auto from = relation("from", "inputs", with);
  const auto groups = names("limit_by");
  const auto rank = body_.find("rank") == nullptr ? std::nullopt : needed_text("rank");
  const auto name = quoted_identifier(rank ? *rank : free_name("place"));
  auto outputs = items();
  check_ranked_columns(rank.has_value());
  if (!from)
    return out;
  std::string partition = "window_end";
  for (const auto& g : groups)
    partition += ", " + quoted_identifier(g);
  const auto* const columns = body_.find("columns");
  if (rank && columns != nullptr && columns->value.find("*") == nullptr)
    outputs.emplace_back(name);
  put_with(with, out);
  out.push_back(select_clause(outputs));
  written_text ranked{fmt::format("FROM (SELECT *, row_number() OVER (PARTITION BY {} ", partition)};
  ranked += order_of_rows();
  ranked += fmt::format(") AS {} FROM {}{}) AS {}", name, from->name, alias(*from), free_name("ranked"));
  out.push_back(std::move(ranked));
  written_text where{fmt::format("WHERE {} <= ", name)};
  where += number("limit");
  out.push_back(std::move(where));
  return out;
}

void stage_writer::check_ranked_columns(bool written) {
  const auto refuse = [&](const node& n, const std::string& path, std::string_view why) {
    out_.error(n.where, path,
               fmt::format("this has no form in SQL beside \"limit_by\" and \"rank\": {}", why));
  };
  if (const auto* const m = body_.find("where"))
    refuse(m->value, join(s_.path, "where"), "expected it in a select in front of the sink");
  const auto* const columns = body_.find("columns");
  if (!written && (columns == nullptr || columns->value.find("*") != nullptr))
    refuse(
        columns == nullptr ? body_ : columns->value, columns == nullptr ? s_.path : join(s_.path, "columns"),
        "all columns have the place of the row among them; expected \"rank\", or the columns by their names");
  if (columns == nullptr)
    return;
  const auto check = [&](const std::string& column) {
    const auto* const made = columns->value.find(column);
    if (made != nullptr && made->value.what == node::kind::text && made->value.text != column)
      refuse(made->value, join(join(s_.path, "columns"), column),
             "rows are ordered and grouped before it is made; expected it in a select in front of the sink");
  };
  for (const std::string option : {"order_by", "limit_by"})
    for (const auto& n : stages_read(body_, option))
      check(option == "order_by" ? order_of(n).first : n);
}

std::vector<std::string> stages_read(const node& stage, std::string_view option) {
  std::vector<std::string> out;
  const auto* const m = stage.find(option);
  if (m == nullptr)
    return out;
  if (m->value.is_text())
    out.push_back(m->value.text);
  for (const auto& item : m->value.items)
    if (item.is_text())
      out.push_back(item.text);
  return out;
}

written_text write_stage(const stage_to_write& s, report& out) { return stage_writer(s, out).run(); }

}  // namespace millrace::config
