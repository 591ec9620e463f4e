#include "tools/dry_run/day_or_month.hpp"

#include "actors/catalog.hpp"
#include "actors/deployment/start_positions.hpp"
#include "actors/parsers/timestamp_format.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <span>

namespace millrace::dry_run {
namespace {

/// Records that are parsed at once, so that their columns stay small.
constexpr std::size_t records_at_once = 4096;

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

/// One column, or a member of a nested one.
struct dates_of_column {
  std::string name;
  bool is_date = false;
  std::size_t all = 0;
  std::size_t either = 0;       // could be read both ways
  std::size_t month_first = 0;  // can only be read with the month first
  std::size_t day_first = 0;
  std::string example{};  // the first of `either`
};

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

class column_counter {
public:
  /// `type`: the declared one, `c`: the column of the type that as_written() makes of it.
  void count(const data::type& type, const data::column& c, const std::string& name) {
    if (c.type() == type)
      return;
    if (type.id() == data::type_id::list)
      return count(type.element(), *c.children().front(), name + "[0]");
    if (type.id() == data::type_id::object) {
      for (std::size_t i = 0; i < type.fields().size(); ++i)
        count(type.fields()[i].type, *c.children()[i], name + "." + type.fields()[i].name);
      return;
    }
    auto at = std::ranges::find(found_, name, &dates_of_column::name);
    if (at == found_.end())
      at = found_.insert(at, {name, type.id() == data::type_id::date});
    for (std::size_t i = 0; i < c.size(); ++i)
      if (!c.is_null(i))
        count(c.text_at(i), *at);
  }
  [[nodiscard]] const std::vector<dates_of_column>& found() const { return found_; }

private:
  void count(std::string_view text, dates_of_column& to) {
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

  bool is_read(std::string_view text, bool as_date) {
    return as_date ? parser::read_date_text(text, {}, std::nullopt, day_).has_value()
                   : parser::read_timestamp_text(text, {}, std::nullopt, day_).has_value();
  }

  std::vector<dates_of_column> found_;
  day_memory day_;
};

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

/// Parses the records of the parser's source, and counts.
void count_dates(const config::topology& t, const config::stage& declared, const config::stage& written,
                 const std::vector<arrival>& records, column_counter& to) {
  auto parser = make_parser(written);
  if (!parser)
    return;  // the records have a schema of their own, by which these columns are no texts
  for (const auto& from : declared.from) {
    const auto* const source = t.find(from.stage);
    if (source == nullptr)
      continue;
    const auto shape = deployment::shape_of(*source);
    const bool has_header = deployment::wants_of(declared).header;
    std::optional<source::header_line> header;
    position next{};
    std::vector<source::written_record> some;
    const auto take = [&] {
      auto chunk = source::make_chunk(some, source::only_partition, shape, next);
      if (has_header && !header)
        header = {std::string(chunk.record(0)), chunk.positions[0]};
      chunk.header = header;
      next = chunk.to;
      const auto parsed = (*parser)->parse(chunk);
      const auto plan = std::get<config::parser_plan>(declared.plan);
      for (std::size_t i = 0; i < plan.declared; ++i)
        if (const auto& c = parsed.rows.columns[i])
          to.count((*declared.schema)[i].type, *c, (*declared.schema)[i].name);
      some.clear();
    };
    for (const auto& a : records) {
      if (a.source != from.stage || (!some.empty() && a.record.schema != some.front().schema)) {
        if (!some.empty())
          take();
        if (a.source != from.stage)
          continue;
      }
      some.push_back(a.record);
      if (some.size() == records_at_once)
        take();
    }
    if (!some.empty())
      take();
  }
}

}  // namespace

std::vector<std::string> days_or_months(const config::topology& t, const std::vector<arrival>& records) {
  std::vector<std::string> out;
  for (const auto& s : t.stages) {
    const auto written = s.kind == config::stage_kind::parser ? as_written(s) : std::nullopt;
    if (!written)
      continue;
    column_counter counter;
    count_dates(t, s, *written, records, counter);
    for (const auto& c : counter.found())
      if (c.either > 0 && c.month_first == 0)
        out.push_back(fmt::format(
            "{}: column \"{}\": {} of {} values, such as \"{}\", could have the day or the month first{}, "
            "and are "
            "read with the month first; if the day is, declare the column's \"format\", such as \"{}\"",
            s.name, c.name, c.either, c.all, data::excerpt(c.example),
            c.day_first > 0 ? fmt::format(" ({} have the day first, and are dead letters)", c.day_first) : "",
            day_first_format(*read_numbers(c.example))));
  }
  return out;
}

}  // namespace millrace::dry_run
