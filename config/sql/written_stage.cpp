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
  written_items with;
  const auto from = s_.takes_dead_letters ? std::optional(relation_read{s_.stage.name, s_.stage.name})
                                          : relation("from", "inputs", with);
  const bool plain = body_.find("columns") == nullptr && body_.find("where") == nullptr;
  auto out = plain_query(from, with, items(), "SELECT ", plain);
  std::string order;
  for (const auto& o : names("order_by")) {
    const auto [column, descending] = order_of(o);
    order += fmt::format("{}{}{}", order.empty() ? "" : ", ", quoted_identifier(column),
                         descending ? " DESC" : "");
  }
  if (!order.empty())
    out.push_back({"ORDER BY " + order});
  if (const auto* const limit = body_.find("limit");
      limit != nullptr && limit->value.what == node::kind::number) {
    used_.insert("limit");
    out.push_back({"LIMIT " + limit->value.text, limit->value, join(s_.path, "limit"), false});
  }
  return out;
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
