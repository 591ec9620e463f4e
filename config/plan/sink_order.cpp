// The order in which a sink writes a window's rows: `order_by`, the first `limit` of them, of each group of
// `limit_by`, and the column `rank` that numbers them.
#include "config/plan/missing_column.hpp"
#include "config/plan/plan_stages.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace millrace::config {
namespace {

struct order_text {
  std::string column;
  bool descending = false;
};

/// "name", "name asc" or "name desc".
order_text split_order(const std::string& text) {
  for (const std::string_view suffix : {" asc", " desc", " ASC", " DESC"}) {
    if (!text.ends_with(suffix))
      continue;
    auto name = text.substr(0, text.size() - suffix.size());
    name.erase(name.find_last_not_of(' ') + 1);
    return {std::move(name), suffix == " desc" || suffix == " DESC"};
  }
  return {text};
}

/// A column spelt exactly as the whole text goes first.
std::optional<order_item> parse_order(const std::string& text, const data::schema& columns) {
  if (const auto at = columns.find(text))
    return order_item{*at, false};
  const auto order = split_order(text);
  if (const auto at = columns.find(order.column))
    return order_item{*at, order.descending};
  return std::nullopt;
}

/// Spellings in other languages of an order that is turned.
std::string missing_order(const std::string& text, const data::schema& columns) {
  const bool minus = text.starts_with('-');
  const auto word = minus ? text.substr(1) : text.substr(0, text.find(' '));
  if (text.find(',') == std::string::npos && columns.find(word))
    return fmt::format("\"{}\" is not a column; expected one with an optional asc or desc; did you mean "
                       "\"{} desc\"?",
                       text, word);
  return missing_column(text, columns, "this sink");
}

class order_reader {
public:
  order_reader(draft& d, const known_rows& rows, report& out) : d_(d), rows_(rows), out_(out) {}

  row_order read() {
    check_limit();
    row_order made;
    each("order_by", [&](const node& item) {
      const auto column = split_order(item.safe_text()).column;
      if (const auto o = parse_order(item.text, rows_.columns)) {
        if (is_plain("order_by", item, o->column, "has no order"))
          made.by.push_back(*o);
      } else if (rows_.misses(column)) {
        say("order_by", item, missing_order(column, rows_.columns));
      }
    });
    each("limit_by", [&](const node& item) {
      if (const auto at = rows_.columns.find(item.text)) {
        if (is_plain("limit_by", item, *at, "stands for no group of rows"))
          made.limit_by.push_back(*at);
      } else if (rows_.misses(item.text)) {
        say("limit_by", item, missing_column(item.safe_text(), rows_.columns, "this sink"));
      }
    });
    return made;
  }

private:
  /// Options of which one is without meaning where the other is missing.
  void check_limit() {
    needs("limit", "order_by",
          "which rows of a window are the first is not said; expected \"order_by\" beside it, such as "
          "\"amount desc\"");
    needs("limit_by", "limit",
          "how many rows of each group are written is not said; expected \"limit\" beside it");
    needs("rank", "limit",
          "how many rows of each window are numbered is not said; expected \"limit\" beside it");
  }

  void needs(std::string_view option, std::string_view other, const char* message) {
    if (d_.built.options.has(option) && d_.member_of(other) == nullptr &&
        d_.checked.insert(std::string(option)).second)
      d_.fail(out_, option, message);
  }

  template<class Look>
  void each(std::string_view option, Look look) {
    const auto* const items = d_.member_of(option);
    if (items != nullptr && d_.checked.insert(std::string(option)).second)
      for (const auto* const item : items_of(*items))
        if (item->is_text())
          look(*item);
  }

  bool is_plain(std::string_view option, const node& item, std::size_t column, std::string_view why) {
    const bool nested = !rows_.untyped[column] && rows_.columns[column].type.is_nested();
    if (nested)
      say(option, item, fmt::format("{} is nested and {}; expected a plain column", describe(item), why));
    return !nested;
  }

  void say(std::string_view option, const node& item, std::string message) {
    out_.error(item.where, join(d_.path, option), std::move(message));
    d_.broken = true;
  }

  draft& d_;
  const known_rows& rows_;
  report& out_;
};

}  // namespace

row_order read_order(draft& d, const known_rows& rows, report& out) {
  return order_reader(d, rows, out).read();
}

std::optional<data::field> read_rank(draft& d, const data::schema& rows, report& out) {
  if (!d.built.options.has("rank"))
    return std::nullopt;
  const auto& name = d.built.options.text("rank");
  if (name.empty() || is_reserved(name))
    d.fail(
        out, "rank",
        name.empty()
            ? std::string("a column needs a name; expected text")
            : fmt::format("the name \"{}\" is reserved, as all that begin with _; expected another", name));
  else if (rows.find(name))
    d.fail(out, "rank",
           fmt::format("a column \"{}\" is written already; expected another name for the number of the row",
                       name));
  else
    return data::field{name, data::type_id::bigint};
  return std::nullopt;
}

bool refuse_limit_of_updates(draft& d, const drafts& all, report& out) {
  if (!d.built.options.has("limit"))
    return false;
  const auto window = std::ranges::find_if(d.windows, [&](std::size_t i) {
    const auto& options = all[i].built.options;
    return options.has("emit") && options.text("emit") == "updates";
  });
  if (window == d.windows.end())
    return false;
  d.checked.insert("limit");
  out.error(d.location_of("limit"), join(d.path, "limit"),
            fmt::format("\"{}\" emits updates: each tick gives the rows that have changed, and the first "
                        "of those are not the first of a window; expected emit \"final\" there, or an "
                        "upsert into a table without limit, and order by and limit in a query on it",
                        all[*window].built.name));
  return true;
}

}  // namespace millrace::config
