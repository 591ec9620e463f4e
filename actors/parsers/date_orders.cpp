#include "actors/parsers/date_orders.hpp"

#include "actors/parsers/timestamp_format.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <mutex>
#include <optional>
#include <utility>

namespace millrace::parser {
namespace {

/// Two numbers in front of a year, with one sign between them: 05.11.2026, 5/11/26, 05-11-2026.
struct numbers {
  int first = 0;
  int second = 0;
  char separator = '.';
  bool long_year = false;
  std::string_view behind;  // what follows the date
};

int number_at(std::string_view& text, std::size_t most_digits) {
  int value = 0;
  std::size_t digits = 0;
  for (; digits < text.size() && std::isdigit(static_cast<unsigned char>(text[digits])) != 0; ++digits)
    value = digits < most_digits ? value * 10 + (text[digits] - '0') : -1;
  text.remove_prefix(digits);
  return digits == 0 || digits > most_digits ? -1 : value;
}

std::optional<numbers> read_numbers(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(" \t"), text.size()));
  numbers out;
  out.first = number_at(text, 2);
  if (out.first < 0 || text.empty() || std::string_view("./-").find(text.front()) == std::string_view::npos)
    return std::nullopt;
  out.separator = text.front();
  text.remove_prefix(1);
  out.second = number_at(text, 2);
  if (out.second < 0 || !text.starts_with(out.separator))
    return std::nullopt;
  text.remove_prefix(1);
  const auto before = text.size();
  if (number_at(text, 4) < 0)
    return std::nullopt;
  out.long_year = before - text.size() == 4;
  out.behind = text;
  return out;
}

/// Texts in the place of timestamps and dates without a format, so that a parser gives them as they are written.
data::type as_written(const data::type& type, const config::timestamp_format& format) {
  const auto member = [&](std::size_t i) {
    return i < format.members.size() ? format.members[i] : config::timestamp_format{};
  };
  switch (type.id()) {
  case data::type_id::timestamp:
  case data::type_id::date:
    return format.format.empty() ? data::type(data::type_id::text) : type;
  case data::type_id::list:
    return data::type::list_of(as_written(type.element(), member(0)));
  case data::type_id::object: {
    auto fields = type.fields();
    for (std::size_t i = 0; i < fields.size(); ++i)
      fields[i].type = as_written(fields[i].type, member(i));
    return data::type::object_of(std::move(fields));
  }
  default:
    return type;
  }
}

/// The pattern of such texts with the day first, such as "%d.%m.%Y %H:%M"; what follows the date is left to the user where it is no time.
std::string day_first_format(const numbers& n) {
  auto out = fmt::format("%d{0}%m{0}{1}", n.separator, n.long_year ? "%Y" : "%y");
  const auto colons = std::ranges::count(n.behind, ':');
  if (!n.behind.empty() && colons > 0)
    out += fmt::format("{}%H:%M{}", n.behind.front(), colons > 1 ? ":%S" : "");
  return out;
}

/// The parser with texts in the place of dates; nothing where it has none of them.
std::optional<config::stage> as_written(const config::stage& s) {
  auto out = s;
  auto& plan = std::get<config::parser_plan>(out.plan);
  std::vector<data::field> fields(s.schema->begin(), s.schema->end());
  bool any = false;
  plan.used.assign(fields.size(), false);
  for (std::size_t i = 0; i < plan.declared; ++i) {
    const auto format = i < plan.formats.size() ? plan.formats[i] : config::timestamp_format{};
    auto type = as_written(fields[i].type, format);
    plan.used[i] = !(type == fields[i].type);
    any = any || plan.used[i];
    fields[i].type = std::move(type);
  }
  if (!any)
    return std::nullopt;
  plan.event_time.reset();
  plan.timed_by.reset();
  plan.validate_whole = false;
  out.schema = std::make_shared<const data::schema>(std::move(fields));
  return out;
}

}  // namespace

date_orders::date_orders(const config::stage& parser, std::unique_ptr<record_parser> as_written)
    : declared_(parser.schema), columns_(std::get<config::parser_plan>(parser.plan).declared),
      as_written_(std::move(as_written)) {}

std::unique_ptr<date_orders> date_orders::of(const config::stage& parser, const make_record_parser& make) {
  const auto written = as_written(parser);
  if (!written)
    return nullptr;
  auto made = make(*written);
  // A record's own schema says what a date is, and these columns are no texts there.
  return made ? std::unique_ptr<date_orders>(new date_orders(parser, std::move(*made))) : nullptr;
}

void date_orders::count(const source::chunk& c) {
  const auto parsed = as_written_->parse(c);
  for (std::size_t i = 0; i < columns_; ++i)
    if (const auto& texts = parsed.rows.columns[i])
      count((*declared_)[i].type, *texts, (*declared_)[i].name);
  records_ += c.records();
}

/// `type`: the declared one, `c`: the column of the type that as_written() makes of it.
void date_orders::count(const data::type& type, const data::column& c, const std::string& name) {
  if (c.type() == type)
    return;
  if (type.id() == data::type_id::list)
    return count(type.element(), *c.children().front(), name + "[0]");
  if (type.id() == data::type_id::object) {
    for (std::size_t i = 0; i < type.fields().size(); ++i)
      count(type.fields()[i].type, *c.children()[i], name + "." + type.fields()[i].name);
    return;
  }
  auto at = std::ranges::find(found_, name, &column::name);
  if (at == found_.end())
    at = found_.insert(at, {name, type.id() == data::type_id::date});
  for (std::size_t i = 0; i < c.size(); ++i)
    if (!c.is_null(i))
      count(c.text_at(i), *at);
}

void date_orders::count(std::string_view text, column& to) {
  ++to.all;
  const auto n = read_numbers(text);
  if (!n || n->first < 1 || n->second < 1 || n->first > 31 || n->second > 31)
    return;
  if (n->first > 12 || n->second > 12) {
    to.day_first += n->second <= 12 ? 1 : 0;
    to.month_first += n->first <= 12 ? 1 : 0;
    return;
  }
  // A text that is read neither way is a dead letter, which says so.
  if (n->first == n->second || !is_read(text, to.is_date))
    return;
  if (to.either++ == 0)
    to.example = std::string(text);
}

bool date_orders::is_read(std::string_view text, bool as_date) {
  return as_date ? read_date_text(text, {}, std::nullopt, day_).has_value()
                 : read_timestamp_text(text, {}, std::nullopt, day_).has_value();
}

std::vector<std::string> date_orders::ambiguous(std::string_view of) const {
  std::vector<std::string> out;
  for (const auto& c : found_)
    if (c.either > 0 && c.month_first == 0)
      out.push_back(fmt::format(
          "column \"{}\": {} of {}{} values, such as \"{}\", could have the day or the month first{}, and "
          "are "
          "read with the month first; if the day is, declare the column's \"format\", such as \"{}\"",
          c.name, c.either, of, c.all, data::excerpt(c.example),
          c.day_first == 1  ? " (1 has the day first, and is a dead letter)"
          : c.day_first > 0 ? fmt::format(" ({} have the day first, and are dead letters)", c.day_first)
                            : "",
          day_first_format(*read_numbers(c.example))));
  return out;
}

class first_dates {
public:
  first_dates(std::unique_ptr<date_orders> orders, std::function<void(const std::string&)> say)
      : orders_(std::move(orders)), say_(std::move(say)) {}

  void look(const source::chunk& c) {
    if (is_over_.load(std::memory_order_relaxed))
      return;
    const std::lock_guard lock(mutex_);
    if (is_over_)
      return;
    try {
      orders_->count(c);
    } catch (...) {
      is_over_ = true;  // the parser itself says what is wrong with these records
      return;
    }
    const auto found = orders_->ambiguous("the first ");
    for (const auto& text : found)
      say_(text);
    is_over_ = !found.empty() || orders_->records() >= most_records;
  }

private:
  /// Records that come later are not looked at.
  static constexpr std::size_t most_records = 1000;

  std::atomic<bool> is_over_ = false;
  std::mutex mutex_;
  std::unique_ptr<date_orders> orders_;
  std::function<void(const std::string&)> say_;
};

std::shared_ptr<first_dates> watch_first_dates(const config::stage& parser, const make_record_parser& make,
                                               std::function<void(const std::string&)> say) {
  auto orders = date_orders::of(parser, make);
  return orders ? std::make_shared<first_dates>(std::move(orders), std::move(say)) : nullptr;
}

namespace {

class watched_parser : public record_parser {
public:
  watched_parser(std::unique_ptr<record_parser> rows, std::shared_ptr<first_dates> dates)
      : rows_(std::move(rows)), dates_(std::move(dates)) {}

  [[nodiscard]] parsed parse(const source::chunk& c) override {
    dates_->look(c);
    return rows_->parse(c);
  }

private:
  std::unique_ptr<record_parser> rows_;
  std::shared_ptr<first_dates> dates_;
};

}  // namespace

std::unique_ptr<record_parser> watched(std::unique_ptr<record_parser> rows,
                                       std::shared_ptr<first_dates> dates) {
  if (!dates)
    return rows;
  return std::make_unique<watched_parser>(std::move(rows), std::move(dates));
}

}  // namespace millrace::parser
