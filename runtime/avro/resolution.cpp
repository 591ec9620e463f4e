#include "runtime/avro/resolution.hpp"

#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <tuple>
#include <unordered_map>
#include <unordered_set>

namespace millrace::avro {

/// A type in its schema.
struct place_in_schema {
  const schema* in = nullptr;
  type_index at = 0;
  [[nodiscard]] const type& operator*() const { return (*in)[at]; }
  [[nodiscard]] const type* operator->() const { return &(*in)[at]; }
  [[nodiscard]] place_in_schema of(type_index i) const { return {in, i}; }
  friend auto operator<=>(const place_in_schema&, const place_in_schema&) = default;
};

namespace {

// Pairs of types that must be read: as many as a large schema has types. Unions whose branches fit many others have more.
constexpr std::size_t most_readings = 200'000;

std::string shown(const place_in_schema& t) { return describe(*t.in, t.at); }

bool is_number(kind k) {
  return k == kind::int32 || k == kind::int64 || k == kind::float32 || k == kind::float64;
}

/// int, long, float, double: each of them may be read as a later one.
bool is_promoted(kind from, kind to) {
  if (is_number(from) && is_number(to))
    return from < to;
  return (from == kind::string && to == kind::bytes) || (from == kind::bytes && to == kind::string);
}
static_assert(kind::int32 < kind::int64 && kind::int64 < kind::float32 && kind::float32 < kind::float64);

/// Records, enums and fixed: the names without their namespaces, or a former name of the reader's.
bool same_name(const type& writer, const type& reader) {
  return short_name(writer.name) == short_name(reader.name) ||
         std::ranges::any_of(reader.aliases, [&](const std::string& a) {
           return a == writer.name || short_name(a) == short_name(writer.name);
         });
}

/// Whether a writer's type that is no union may be read as this one, by the rules that do not look within records. Nested as
/// deep as a schema's text at most.
bool fits(place_in_schema w, place_in_schema r) {
  if (w->is == kind::one_of || r->is == kind::one_of)
    return true;  // by branch, once there is a value
  if (w->is != r->is)
    return is_promoted(w->is, r->is);
  switch (w->is) {
  case kind::record:
  case kind::enumeration:
    return same_name(*w, *r);
  case kind::fixed:
    return w->size == r->size && same_name(*w, *r);
  case kind::array:
  case kind::map:
    return fits(w.of(w->of.front()), r.of(r->of.front()));
  default:
    return true;
  }
}

bool is_time(meaning m) { return m == meaning::time_millis || m == meaning::time_micros; }
bool is_moment(meaning m) { return m == meaning::timestamp_millis || m == meaning::timestamp_micros; }

/// The reader's logical type counts; its unit and its scale are the writer's where that has them.
const type& meant(const type& writer, const type& reader) {
  const auto w = writer.means;
  const auto r = reader.means;
  const bool alike = (is_time(w) && is_time(r)) || (is_moment(w) && is_moment(r)) || w == r;
  return alike ? writer : reader;
}

content content_of(kind to, meaning means) {
  switch (means) {
  case meaning::none:
    break;
  case meaning::decimal:
    return content::decimal;
  case meaning::uuid:
    return to == kind::fixed ? content::uuid : content::text;
  case meaning::date:
    return content::date;
  case meaning::time_millis:
  case meaning::time_micros:
    return content::time;
  case meaning::timestamp_millis:
  case meaning::timestamp_micros:
    return content::timestamp;
  }
  switch (to) {
  case kind::null:
    return content::null;
  case kind::boolean:
    return content::boolean;
  case kind::int32:
  case kind::int64:
    return content::integer;
  case kind::float32:
  case kind::float64:
    return content::real;
  case kind::bytes:
  case kind::fixed:
    return content::binary;
  case kind::string:
    return content::text;
  case kind::record:
    return content::record;
  case kind::enumeration:
    return content::symbol;
  case kind::array:
    return content::array;
  case kind::map:
    return content::map;
  case kind::one_of:
    return content::one_of;
  }
  return content::nothing;
}

}  // namespace

class resolver {
public:
  resolver(schema_ptr writer, schema_ptr reader) : out_(std::make_shared<resolution>()) {
    out_->writer_ = std::move(writer);
    out_->reader_ = std::move(reader);
  }

  expected<resolution_ptr> run() {
    const place_in_schema w{out_->writer_.get(), out_->writer_->root_index()};
    const place_in_schema r =
        out_->reader_ ? place_in_schema{out_->reader_.get(), out_->reader_->root_index()} : w;
    reading_of(w, r);  // the first: root()
    // Types name each other over any number of records, so this goes by a list and not by calls.
    while (done_ < pairs_.size()) {
      if (pairs_.size() > most_readings)
        return user_error(
            ec::invalid_argument,
            fmt::format("the Avro schemas of writer and reader have more than {} pairs of types to read",
                        most_readings));
      const auto [of_writer, of_reader] = pairs_[done_];
      auto built = read_as(of_writer, of_reader);
      out_->readings_[done_++] = std::move(built);
    }
    return resolution_ptr(std::move(out_));
  }

private:
  reading_index reading_of(place_in_schema w, place_in_schema r) {
    const auto [known, is_new] = known_.emplace(std::pair{w, r}, static_cast<reading_index>(pairs_.size()));
    if (is_new) {
      pairs_.emplace_back(w, r);
      out_->readings_.emplace_back();
    }
    return known->second;
  }

  static reading fails(place_in_schema w, place_in_schema r) {
    reading out;
    out.problem = fmt::format("the writer's schema has {}, which cannot be read as the reader's {}", shown(w),
                              shown(r));
    return out;
  }

  reading read_as(place_in_schema w, place_in_schema r) {
    if (w->is == kind::one_of) {
      reading out{.from = kind::one_of, .as = content::one_of};
      for (std::size_t i = 0; i < w->of.size(); ++i)
        out.of.push_back(reading_of(w.of(w->of[i]), w == r ? r.of(r->of[i]) : r));
      return out;
    }
    if (r->is == kind::one_of) {
      const auto branch = branch_for(w, r);
      return branch ? read_as(w, r.of(*branch)) : fails(w, r);
    }
    if (!fits(w, r))
      return fails(w, r);
    reading out{.from = w->is, .as = content_of(r->is, r->means), .size = w->size};
    const auto& logical = meant(*w, *r);
    out.scale = logical.scale;
    const bool millis = logical.means == meaning::time_millis || logical.means == meaning::timestamp_millis;
    out.micros = millis ? 1'000 : 1;
    if (w->is == kind::array || w->is == kind::map) {
      out.value = w->of.front();
      out.of.push_back(reading_of(w.of(out.value), r.of(r->of.front())));
    } else if (w->is == kind::enumeration)
      add_symbols(*w, *r, out);
    else if (w->is == kind::record)
      add_members(w, r, out);
    return out;
  }

  /// The branch of that very type and name, or else the first that fits.
  static std::optional<type_index> branch_for(place_in_schema w, place_in_schema r) {
    for (const auto b : r->of)
      if (const auto& t = (*r.in)[b]; t.is == w->is && t.name == w->name && fits(w, r.of(b)))
        return b;
    for (const auto b : r->of)
      if (fits(w, r.of(b)))
        return b;
    return std::nullopt;
  }

  static void add_symbols(const type& w, const type& r, reading& out) {
    const std::unordered_set<std::string_view> known(r.symbols.begin(), r.symbols.end());
    out.name = r.name;
    for (const auto& s : w.symbols)
      if (known.contains(s))
        out.symbols.push_back({s});
      else if (r.other)
        out.symbols.push_back({r.symbols[*r.other]});
      else
        out.symbols.push_back({s, false});
  }

  void add_members(place_in_schema w, place_in_schema r, reading& out) {
    out.name = r->name;
    if (w == r) {
      for (const auto& f : w->fields)
        out.members.push_back({f.name, reading_of(w.of(f.of), r.of(f.of)), f.of});
      return;
    }
    std::unordered_map<std::string_view, std::size_t> written;
    for (std::size_t i = 0; i < w->fields.size(); ++i)
      written.emplace(w->fields[i].name, i);
    for (const auto& f : w->fields)
      out.members.push_back({{}, std::nullopt, f.of});
    const auto place_of = [&](const field& f) -> std::optional<std::size_t> {
      if (const auto at = written.find(f.name); at != written.end())
        return at->second;
      for (const auto& alias : f.aliases)
        if (const auto at = written.find(alias); at != written.end())
          return at->second;
      return std::nullopt;
    };
    for (const auto& f : r->fields) {
      const auto at = place_of(f);
      if (at && !out.members[*at].of) {
        out.members[*at].name = f.name;
        out.members[*at].of = reading_of(w.of(w->fields[*at].of), r.of(f.of));
      } else if (f.default_datum) {
        out.defaults.push_back({f.name, reading_of(r.of(f.of), r.of(f.of)), *f.default_datum});
      } else if (out.problem.empty()) {
        out.problem = fmt::format(
            "the writer's schema has no field {} in its {}, and the reader's has no default for it{}{}",
            data::excerpt(f.name), shown(w), f.default_problem.empty() ? "" : ": ", f.default_problem);
      }
    }
  }

  std::shared_ptr<resolution> out_;
  std::map<std::pair<place_in_schema, place_in_schema>, reading_index> known_;
  std::vector<std::pair<place_in_schema, place_in_schema>> pairs_;
  std::size_t done_ = 0;
};

expected<resolution_ptr> resolution::of(schema_ptr writer, schema_ptr reader) {
  return resolver(std::move(writer), std::move(reader)).run();
}

}  // namespace millrace::avro
