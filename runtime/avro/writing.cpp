#include "runtime/avro/writing.hpp"

#include "runtime/base/decimal.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace millrace::avro {
namespace {

using data::type_id;

constexpr std::size_t most_unwritable = 20;
constexpr std::size_t most_known_names = 1'000;

/// Says what a value of a type becomes as one of the schema's; the least rank is taken of a union's branches.
struct way {
  put how;
  int rank;
};
constexpr int as_it_is = 0;
constexpr int checked = 1;  // some values do not fit
constexpr int as_text = 2;
constexpr int by_contents = 3;  // json

std::optional<way> way_of_number(type_id from, kind to) {
  const bool whole = from == type_id::bigint;
  switch (to) {
  case kind::int32:
    return whole ? std::optional(way{put::short_integer, checked}) : std::nullopt;
  case kind::int64:
    return whole ? std::optional(way{put::integer, as_it_is}) : std::nullopt;
  case kind::float32:
    return whole ? way{put::integer_as_short_real, as_text} : way{put::short_real, checked};
  case kind::float64:
    return whole ? way{put::integer_as_real, as_text} : way{put::real, as_it_is};
  default:
    return std::nullopt;
  }
}

std::optional<way> way_of_text(const type& t) {
  switch (t.is) {
  case kind::string:
    return t.means == meaning::uuid ? way{put::uuid_text, checked} : way{put::text, as_it_is};
  case kind::enumeration:
    return way{put::symbol, checked};
  case kind::bytes:
    return t.means == meaning::none ? std::optional(way{put::binary, as_text}) : std::nullopt;
  case kind::fixed:
    return t.means == meaning::uuid   ? std::optional(way{put::uuid_bytes, checked})
           : t.means == meaning::none ? std::optional(way{put::fixed_binary, as_text})
                                      : std::nullopt;
  default:
    break;
  }
  if (t.means == meaning::time_millis)
    return way{put::time_millis, checked};
  if (t.means == meaning::time_micros)
    return way{put::time_micros, checked};
  return std::nullopt;
}

std::optional<way> way_of_scalar(type_id from, const type& t) {
  if (t.means == meaning::decimal) {
    if (t.scale > most_decimal_digits || (from != type_id::numeric && from != type_id::bigint))
      return std::nullopt;
    return way{put::decimal, from == type_id::numeric ? as_it_is : checked};
  }
  const bool is_plain = t.means == meaning::none;
  switch (from) {
  case type_id::boolean:
    return t.is == kind::boolean ? std::optional(way{put::boolean, as_it_is}) : std::nullopt;
  case type_id::bigint:
  case type_id::float64:
    return is_plain ? way_of_number(from, t.is) : std::nullopt;
  case type_id::text:
    return way_of_text(t);
  case type_id::timestamp:
    if (t.means == meaning::timestamp_micros)
      return way{put::integer, as_it_is};
    if (t.means == meaning::timestamp_millis)
      return way{put::millis, checked};
    break;
  case type_id::date:
    if (t.means == meaning::date)
      return way{put::integer, as_it_is};
    break;
  case type_id::numeric:
    if (is_plain && (t.is == kind::int32 || t.is == kind::int64))
      return way{put::whole_number, checked};
    break;
  default:
    return std::nullopt;
  }
  return is_plain && t.is == kind::string ? std::optional(way{put::text_of_value, as_text}) : std::nullopt;
}

/// The type of PostgreSQL's that a column has to be cast to, so that it fits; empty: no cast helps.
std::string cast_for(const type& t) {
  switch (t.means) {
  case meaning::decimal:
    return t.precision <= most_decimal_digits ? fmt::format("numeric({},{})", t.precision, t.scale)
                                              : "numeric";
  case meaning::date:
    return "date";
  case meaning::timestamp_millis:
  case meaning::timestamp_micros:
    return "timestamptz";
  default:
    break;
  }
  switch (t.is) {
  case kind::boolean:
    return "boolean";
  case kind::int32:
  case kind::int64:
    return t.means == meaning::none ? "bigint" : "text";
  case kind::float32:
  case kind::float64:
    return "double precision";
  case kind::string:
  case kind::enumeration:
    return t.means == meaning::none ? "text" : "";
  default:
    return {};
  }
}

class planner {
public:
  planner(const schema& s) : schema_(s) {}

  /// Fills in how the column is written as that type; false leaves the reasons in wrong_.
  bool plan(writing& out, const data::type& from, type_index of, const std::string& column,
            std::uint32_t depth) {
    const auto before = wrong_.size();
    if (depth > deepest_value)
      return refuse({fmt::format("the column \"{}\" is nested deeper than {}", column, deepest_value)});
    int rank = 0;
    const auto& t = schema_[of];
    if (t.is != kind::one_of) {
      if (plan_alone(out, from, of, column, depth, rank))
        return true;
      return before != wrong_.size() || misfits(from, of, column, out.field);
    }
    return plan_union(out, from, of, column, depth) || before != wrong_.size() ||
           misfits(from, of, column, out.field);
  }

  bool plan_fields(writing& out, type_index record, const std::vector<data::field>& columns,
                   const std::vector<std::size_t>& places, const std::string& path, std::uint32_t depth) {
    const auto& t = schema_[record];
    const auto before = wrong_.size();
    out.how = put::record;
    out.of = record;
    std::unordered_map<std::string_view, std::size_t> by_name;
    std::unordered_map<std::string_view, std::size_t> by_alias;
    for (std::size_t i = 0; i < t.fields.size(); ++i) {
      by_name.emplace(t.fields[i].name, i);
      for (const auto& a : t.fields[i].aliases)
        by_alias.emplace(a, i);
    }
    constexpr auto nobody = static_cast<std::size_t>(-1);
    std::vector<std::size_t> filled(t.fields.size(), nobody);
    std::vector<std::size_t> unknown;
    for (std::size_t c = 0; c < columns.size(); ++c) {
      auto at = by_name.find(columns[c].name);
      if (at == by_name.end() && (at = by_alias.find(columns[c].name)) == by_alias.end()) {
        unknown.push_back(c);
        continue;
      }
      auto& by = filled[at->second];
      if (by != nobody)
        refuse({fmt::format(
            "the columns \"{}\" and \"{}\" are both the field {}; a select before it leaves one out",
            path + columns[by].name, path + columns[c].name, field_of(record, at->second))});
      by = c;
    }
    for (const auto c : unknown)
      refuse_column(record, path + columns[c].name, columns[c].name, filled, nobody);
    out.members.reserve(t.fields.size());
    for (std::size_t i = 0; i < t.fields.size(); ++i) {
      auto& m = out.members.emplace_back();
      if (filled[i] == nobody) {
        plan_missing(m, record, i, path);
        continue;
      }
      const auto& column = columns[filled[i]];
      m.column = places[filled[i]];
      m.name = column.name;
      m.field = field_of(record, i);
      plan(m, column.type, t.fields[i].of, path + column.name, depth + 1);
    }
    return wrong_.size() == before;
  }

  [[nodiscard]] std::vector<unwritable> take() { return std::move(wrong_); }

private:
  bool refuse(unwritable w) {
    if (wrong_.size() < most_unwritable)
      wrong_.push_back(std::move(w));
    return false;
  }

  bool misfits(const data::type& from, type_index of, const std::string& column, const std::string& field) {
    std::optional<type_index> only;
    const auto& t = schema_[of];
    if (t.is == kind::one_of) {
      for (const auto b : t.of)
        if (schema_[b].is != kind::null)
          only = only ? std::nullopt : std::optional(b);
    } else {
      only = of;
    }
    std::string remedy;
    const auto cast = only ? cast_for(schema_[*only]) : std::string();
    if (from.id() == type_id::bigint && cast == "timestamptz")
      remedy = fmt::format("; a select before it makes one of it: to_timestamp(\"{}\"), of seconds", column);
    else if (from.is_nested() && cast == "text")
      remedy = fmt::format("; a select before it makes a text of it: to_json(\"{}\")::text", column);
    else if (!from.is_nested() && from.id() != type_id::json && !cast.empty() &&
             column.find('.') == std::string::npos)
      remedy = fmt::format("; a select before it casts it: \"{}\"::{}", column, cast);
    return refuse({fmt::format("the column \"{}\" is {}, and {} is {}, which cannot be written from it{}",
                               column, from.name(), field, describe(schema_, of), remedy)});
  }

  [[nodiscard]] std::string field_of(type_index record, std::size_t i) const {
    return fmt::format("the field \"{}\" of {}", data::excerpt(schema_[record].fields[i].name),
                       describe(schema_, record));
  }

  void refuse_column(type_index record, const std::string& path, const std::string& name,
                     const std::vector<std::size_t>& filled, std::size_t nobody) {
    unwritable w{
        fmt::format("the column \"{}\" has no field in {}; a select before it leaves it out, or names "
                    "it as the field is named",
                    path, describe(schema_, record)),
        name};
    const auto& fields = schema_[record].fields;
    for (std::size_t i = 0; i < fields.size() && w.known.size() < most_known_names; ++i)
      if (filled[i] == nobody)
        w.known.push_back(fields[i].name);
    refuse(std::move(w));
  }

  /// A field without a column: its default, or null.
  void plan_missing(writing& out, type_index record, std::size_t i, const std::string& path) {
    const auto& f = schema_[record].fields[i];
    if (f.default_datum) {
      out.constant = *f.default_datum;
      return;
    }
    const auto& t = schema_[f.of];
    if (t.is == kind::null)
      return;
    if (t.is == kind::one_of)
      for (std::size_t b = 0; b < t.of.size(); ++b)
        if (schema_[t.of[b]].is == kind::null) {
          out.null_branch = static_cast<std::int32_t>(b);
          return;
        }
    refuse(
        {fmt::format("{} has no column \"{}{}\", {}, and takes no null; a select before it gives the column",
                     field_of(record, i), path, data::excerpt(f.name),
                     f.default_problem.empty() ? "no default" : "no default that fits")});
  }

  /// The type is no union. False without a reason: the types do not go together.
  bool plan_alone(writing& out, const data::type& from, type_index of, const std::string& column,
                  std::uint32_t depth, int& rank) {
    const auto& t = schema_[of];
    out.of = of;
    rank = as_it_is;
    switch (from.id()) {
    case type_id::object: {
      if (t.is != kind::record)
        return false;
      std::vector<std::size_t> places(from.fields().size());
      for (std::size_t i = 0; i < places.size(); ++i)
        places[i] = i;
      return plan_fields(out, of, from.fields(), places, column + ".", depth);
    }
    case type_id::list: {
      if (t.is != kind::array)
        return false;
      out.how = put::array;
      auto& items = out.members.emplace_back();
      items.field = fmt::format("an item of {}", out.field);
      return plan(items, from.element(), t.of.front(), column, depth + 1);
    }
    case type_id::json:
      rank = by_contents;
      out.how = t.is == kind::string && t.means == meaning::none ? put::text_of_json : put::json;
      return true;
    default:
      break;
    }
    const auto found = way_of_scalar(from.id(), t);
    if (!found)
      return false;
    out.how = found->how;
    rank = found->rank;
    if (out.how == put::decimal)
      out.is_same_scale = from.precision() != 0 && from.scale() == t.scale && from.precision() <= t.precision;
    if (out.how == put::symbol)
      for (std::uint32_t i = 0; i < t.symbols.size(); ++i)
        out.symbols.emplace(t.symbols[i], i);
    return true;
  }

  bool plan_union(writing& out, const data::type& from, type_index of, const std::string& column,
                  std::uint32_t depth) {
    const auto& t = schema_[of];
    std::size_t others = 0;
    for (std::size_t b = 0; b < t.of.size(); ++b)
      if (schema_[t.of[b]].is == kind::null)
        out.null_branch = static_cast<std::int32_t>(b);
      else
        ++others;
    if (from.id() == type_id::json && others != 1) {  // its contents say which branch
      out.how = put::json;
      out.of = of;
      return true;
    }
    std::optional<writing> best;
    int best_rank = 0;
    std::vector<unwritable> reasons;
    for (std::size_t b = 0; b < t.of.size(); ++b) {
      if (schema_[t.of[b]].is == kind::null)
        continue;
      writing found;
      found.field = out.field;
      int rank = 0;
      const auto before = wrong_.size();
      if (plan_alone(found, from, t.of[b], column, depth + 1, rank)) {
        found.branch = static_cast<std::int32_t>(b);
        if (!best || rank < best_rank) {
          best = std::move(found);
          best_rank = rank;
        }
      }
      for (auto i = before; i < wrong_.size(); ++i)
        reasons.push_back(std::move(wrong_[i]));
      wrong_.resize(before);
    }
    if (!best) {
      for (auto& r : reasons)
        refuse(std::move(r));
      return false;
    }
    best->null_branch = out.null_branch;
    best->column = out.column;
    best->name = std::move(out.name);
    out = std::move(*best);
    if (out.how == put::json || out.how == put::text_of_json)
      out.branch = -1, out.of = of;  // its contents may be null
    return true;
  }

  const schema& schema_;
  std::vector<unwritable> wrong_;
};

bool has_field(const type& record, const std::string& name) {
  return std::ranges::any_of(record.fields, [&](const field& f) {
    return f.name == name || std::ranges::find(f.aliases, name) != f.aliases.end();
  });
}

}  // namespace

tl::expected<writing, std::vector<unwritable>>
writing_of(const schema& s, const data::schema& rows, const std::vector<std::size_t>& columns, bool is_bare) {
  planner p(s);
  writing out;
  const auto& root = s.root();
  const auto failed = [&] { return tl::make_unexpected(p.take()); };
  const bool is_whole = is_bare && rows[columns.front()].type.id() == type_id::json &&
                        !has_field(root, rows[columns.front()].name);
  if (root.is == kind::record && !is_whole) {
    std::vector<data::field> fields;
    for (const auto c : columns)
      fields.push_back(rows[c]);
    if (!p.plan_fields(out, s.root_index(), fields, columns, {}, 0))
      return failed();
    return out;
  }
  if (!is_bare)
    return tl::make_unexpected(std::vector<unwritable>{
        {fmt::format("the Avro schema is {}; expected a record, whose fields are the columns",
                     describe(s, s.root_index()))}});
  out.field = "the schema";
  const auto& column = rows[columns.front()];
  if (!p.plan(out, column.type, s.root_index(), column.name, 0))
    return failed();
  return out;
}

}  // namespace millrace::avro
