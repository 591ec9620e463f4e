#include "runtime/avro/schema.hpp"

#include "runtime/avro/default_datum.hpp"
#include "runtime/avro/skip.hpp"
#include "runtime/data/json_value.hpp"
#include "runtime/data/text_encoding.hpp"

#include <boost/json/value.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <unordered_map>
#include <unordered_set>

namespace millrace::avro {
namespace {

namespace json = boost::json;

// Each level of types takes up to three of JSON.
constexpr data::json_limits limits{.most_memory = std::size_t{512} << 20, .most_depth = 256};
// A schema of 5 MB has hardly more, and each takes some hundreds of bytes.
constexpr std::size_t most_types = 100'000;
// No datum is as long; sums of lengths stay far from the end of 64 bits.
constexpr std::uint64_t longest_length = std::uint64_t{1} << 40;
constexpr std::size_t longest_shown = 64;

constexpr std::array primitives{
    std::pair{std::string_view("null"), kind::null},
    std::pair{std::string_view("boolean"), kind::boolean},
    std::pair{std::string_view("int"), kind::int32},
    std::pair{std::string_view("long"), kind::int64},
    std::pair{std::string_view("float"), kind::float32},
    std::pair{std::string_view("double"), kind::float64},
    std::pair{std::string_view("bytes"), kind::bytes},
    std::pair{std::string_view("string"), kind::string},
};

std::optional<std::uint64_t> length_of_primitive(kind k) {
  switch (k) {
  case kind::null:
    return 0;
  case kind::boolean:
    return 1;
  case kind::float32:
    return 4;
  case kind::float64:
    return 8;
  default:
    return std::nullopt;
  }
}

std::string_view view(const json::string& s) { return {s.data(), s.size()}; }

std::string shown(const json::value& v) {
  switch (v.kind()) {
  case json::kind::object:
    return "an object";
  case json::kind::array:
    return "a list";
  default:
    return data::excerpt(data::json_text(v), longest_shown);
  }
}

std::string with_namespace(std::string_view name, std::string_view space) {
  if (space.empty() || name.find('.') != std::string_view::npos)
    return std::string(name.starts_with('.') ? name.substr(1) : name);
  return fmt::format("{}.{}", space, name);
}

std::string_view namespace_of(std::string_view full) {
  const auto dot = full.rfind('.');
  return dot == std::string_view::npos ? std::string_view() : full.substr(0, dot);
}

/// How many digits a signed number of so many bytes has for certain.
std::int64_t digits_of_bytes(std::uint64_t size) {
  constexpr std::uint64_t most = 1'000;
  return static_cast<std::int64_t>(static_cast<double>(8 * std::min(size, most) - (size > 0)) *
                                   0.30102999566);
}

}  // namespace

class schema_reader {
public:
  schema_reader() {
    for (const auto& [word, k] : primitives)
      types_.push_back({.is = k, .length = length_of_primitive(k)});
  }

  expected<schema_ptr> read(const json::value& v) {
    ASSIGN_OR_RETURN(const auto root, read_type(v, {}, ""));
    encode_defaults();
    auto out = std::make_shared<schema>();
    out->types_ = std::move(types_);
    out->root_ = root;
    for (auto& t : out->types_)
      for (const auto& f : t.fields)
        t.passed.push_back(how_to_pass(*out, f.of));
    return schema_ptr(std::move(out));
  }

private:
  static unexpected wrong(std::string_view path, const std::string& what) {
    return user_error(ec::invalid_argument,
                      fmt::format("the Avro schema, at {}: {}", path.empty() ? "its root" : path, what));
  }
  static unexpected found(std::string_view path, const json::value& v, std::string_view wanted) {
    return wrong(path, fmt::format("found {}, expected {}", shown(v), wanted));
  }
  static unexpected missing(std::string_view path, std::string_view key, std::string_view wanted) {
    return wrong(path, fmt::format("\"{}\" is missing; expected {}", key, wanted));
  }

  expected<type_index> read_type(const json::value& v, std::string_view space, const std::string& path) {
    if (types_.size() >= most_types)
      return wrong(path, fmt::format("the schema has more than {} types", most_types));
    if (data::is_text(v))
      return read_name(view(v.get_string()), space, path);
    if (v.is_array())
      return read_union(v.get_array(), space, path);
    if (!v.is_object())
      return found(path, v, "a type: a name, an object with \"type\", or a list (a union)");
    const auto& o = v.get_object();
    const auto* const word = o.if_contains("type");
    if (word == nullptr)
      return missing(path, "type", "the type's name, such as \"record\" or \"long\"");
    if (!data::is_text(*word))
      return read_type(*word, space, path + "/type");
    const auto name = view(word->get_string());
    if (name == "record" || name == "error")
      return read_record(o, space, path);
    if (name == "enum")
      return read_enum(o, space, path);
    if (name == "fixed")
      return read_fixed(o, space, path);
    if (name == "array")
      return read_items(o, kind::array, "items", space, path);
    if (name == "map")
      return read_items(o, kind::map, "values", space, path);
    ASSIGN_OR_RETURN(const auto plain, read_name(name, space, path + "/type"));
    return plain < primitives.size() ? with_meaning(o, plain) : plain;
  }

  expected<type_index> read_name(std::string_view name, std::string_view space, const std::string& path) {
    for (type_index i = 0; i < primitives.size(); ++i)
      if (primitives[i].first == name)
        return i;
    auto known = names_.find(with_namespace(name, space));
    if (known == names_.end())
      known = names_.find(std::string(name));
    if (known != names_.end())
      return known->second;
    return wrong(path,
                 fmt::format("there is no type {}; expected null, boolean, int, long, float, double, bytes, "
                             "string, or a record, enum or fixed that is defined before",
                             data::excerpt(name, longest_shown)));
  }

  /// A primitive type with its logical one.
  type_index with_meaning(const json::object& o, type_index plain) {
    type t{.is = types_[plain].is, .length = types_[plain].length};
    set_meaning(o, t);
    return t.means == meaning::none ? plain : add(std::move(t));
  }

  static void set_meaning(const json::object& o, type& t) {
    const auto* const v = o.if_contains("logicalType");
    if (v == nullptr || !v->is_string())
      return;
    struct logical {
      std::string_view word;
      kind of;
      meaning means;
    };
    static constexpr std::array all{
        logical{"uuid", kind::string, meaning::uuid},
        logical{"date", kind::int32, meaning::date},
        logical{"time-millis", kind::int32, meaning::time_millis},
        logical{"time-micros", kind::int64, meaning::time_micros},
        logical{"timestamp-millis", kind::int64, meaning::timestamp_millis},
        logical{"timestamp-micros", kind::int64, meaning::timestamp_micros},
        logical{"local-timestamp-millis", kind::int64, meaning::timestamp_millis},
        logical{"local-timestamp-micros", kind::int64, meaning::timestamp_micros},
    };
    const auto word = view(v->get_string());
    for (const auto& l : all)
      if (l.word == word && l.of == t.is)
        t.means = l.means;
    constexpr std::uint32_t bytes_of_uuid = 16;
    if (word == "uuid" && t.is == kind::fixed && t.size == bytes_of_uuid)
      t.means = meaning::uuid;
    if (word == "decimal" && (t.is == kind::bytes || t.is == kind::fixed))
      set_decimal(o, t);
  }

  static void set_decimal(const json::object& o, type& t) {
    constexpr std::int64_t greatest = 1'000'000;
    const auto number = [&](std::string_view key, std::int64_t otherwise) {
      const auto* const v = o.if_contains(json::string_view(key.data(), key.size()));
      return v == nullptr ? otherwise : v->is_int64() ? v->get_int64() : -1;
    };
    const auto precision = number("precision", -1);
    const auto scale = number("scale", 0);
    if (precision < 1 || precision > greatest || scale < 0 || scale > precision)
      return;  // an invalid logical type is none
    t.precision = static_cast<int>(precision);
    if (t.is == kind::fixed && precision > digits_of_bytes(t.size))
      return;
    t.means = meaning::decimal;
    t.scale = static_cast<int>(scale);
  }

  expected<type_index> read_union(const json::array& branches, std::string_view space,
                                  const std::string& path) {
    type t{.is = kind::one_of};
    std::unordered_set<std::string> seen;
    for (std::size_t i = 0; i < branches.size(); ++i) {
      const auto at = fmt::format("{}/{}", path, i);
      ASSIGN_OR_RETURN(const auto branch, read_type(branches[i], space, at));
      const auto& b = types_[branch];
      if (b.is == kind::one_of)
        return wrong(at, "a union stands directly in a union; expected any other type");
      auto key = b.name.empty() ? std::string(word_of(b.is)) : b.name;
      if (!seen.insert(key).second)
        return wrong(at, fmt::format("the union has {} twice", data::excerpt(key, longest_shown)));
      t.of.push_back(branch);
    }
    if (t.of.empty())
      return wrong(path, "the union has no branch; expected at least one type");
    return add(std::move(t));
  }

  expected<type_index> read_items(const json::object& o, kind k, std::string_view key, std::string_view space,
                                  const std::string& path) {
    const auto* const v = o.if_contains(json::string_view(key.data(), key.size()));
    if (v == nullptr)
      return missing(path, key, "the type of its values");
    ASSIGN_OR_RETURN(const auto of, read_type(*v, space, fmt::format("{}/{}", path, key)));
    return add({.is = k, .of = {of}});
  }

  /// Adds a named type under its names, so that what is within it may name it.
  expected<type_index> add_named(const json::object& o, kind k, std::string_view space,
                                 const std::string& path) {
    const auto* const v = o.if_contains("name");
    if (v == nullptr)
      return missing(path, "name", fmt::format("the name of the {}", word_of(k)));
    const auto* const own = o.if_contains("namespace");
    const bool has_own = own != nullptr && data::is_text(*own);
    if (own != nullptr && !has_own && !own->is_null())
      return found(path + "/namespace", *own, "a text");
    ASSIGN_OR_RETURN(const auto name, name_in(*v, path + "/name"));
    type t{.is = k, .name = with_namespace(name, has_own ? view(own->get_string()) : space)};
    if (t.name.size() > longest_name)
      return wrong(path + "/name", fmt::format("the name has more than {} bytes", longest_name));
    ASSIGN_OR_RETURN(const auto aliases, read_aliases(o, path));
    for (const auto& a : aliases)
      t.aliases.push_back(with_namespace(a, namespace_of(t.name)));
    const auto at = static_cast<type_index>(types_.size());
    if (!names_.emplace(t.name, at).second)
      return wrong(path + "/name",
                   fmt::format("the name {} is taken; expected another one, or the name alone "
                               "where the same type is meant",
                               data::excerpt(t.name, longest_shown)));
    return add(std::move(t));
  }

  static expected<std::string> name_in(const json::value& v, const std::string& path) {
    if (!data::is_text(v) || v.get_string().empty())
      return found(path, v, "a name");
    if (v.get_string().size() > longest_name)
      return wrong(path, fmt::format("the name has more than {} bytes", longest_name));
    return std::string(view(v.get_string()));
  }

  static expected<std::vector<std::string>> names_in(const json::value& v, const std::string& path) {
    if (!v.is_array())
      return found(path, v, "a list of names");
    std::vector<std::string> out;
    for (std::size_t i = 0; i < v.get_array().size(); ++i) {
      ASSIGN_OR_RETURN(auto name, name_in(v.get_array()[i], fmt::format("{}/{}", path, i)));
      out.push_back(std::move(name));
    }
    return out;
  }

  static expected<std::vector<std::string>> read_aliases(const json::object& o, const std::string& path) {
    const auto* const v = o.if_contains("aliases");
    if (v == nullptr || v->is_null())
      return std::vector<std::string>();
    return names_in(*v, path + "/aliases");
  }

  expected<type_index> read_record(const json::object& o, std::string_view space, const std::string& path) {
    ASSIGN_OR_RETURN(const auto at, add_named(o, kind::record, space, path));
    const auto* const fields = o.if_contains("fields");
    if (fields == nullptr)
      return missing(path, "fields", "a list of fields");
    if (!fields->is_array())
      return found(path + "/fields", *fields, "a list of fields");
    const auto name = types_[at].name;
    std::vector<field> read;
    std::unordered_set<std::string> seen;
    std::optional<std::uint64_t> length = 0;
    for (std::size_t i = 0; i < fields->get_array().size(); ++i) {
      const auto place = fmt::format("{}/fields/{}", path, i);
      ASSIGN_OR_RETURN(auto f, read_field(fields->get_array()[i], namespace_of(name), place));
      if (!seen.insert(f.name).second)
        return wrong(place,
                     fmt::format("the record has a field {} already", data::excerpt(f.name, longest_shown)));
      const auto& own = types_[f.of].length;
      length = length && own ? std::optional(std::min(*length + *own, longest_length)) : std::nullopt;
      if (const auto* const v = fields->get_array()[i].get_object().if_contains("default"))
        defaults_.emplace(default_place{at, i}, v);
      read.push_back(std::move(f));
    }
    types_[at].fields = std::move(read);
    types_[at].length = length;
    return at;
  }

  expected<field> read_field(const json::value& v, std::string_view space, const std::string& path) {
    if (!v.is_object())
      return found(path, v, "a field: an object with \"name\" and \"type\"");
    const auto& o = v.get_object();
    const auto* const name = o.if_contains("name");
    if (name == nullptr)
      return missing(path, "name", "the name of the field");
    const auto* const of = o.if_contains("type");
    if (of == nullptr)
      return missing(path, "type", "the type of the field");
    field f;
    ASSIGN_OR_RETURN(f.name, name_in(*name, path + "/name"));
    ASSIGN_OR_RETURN(f.aliases, read_aliases(o, path));
    ASSIGN_OR_RETURN(f.of, read_type(*of, space, path + "/type"));
    return f;
  }

  expected<type_index> read_enum(const json::object& o, std::string_view space, const std::string& path) {
    ASSIGN_OR_RETURN(const auto at, add_named(o, kind::enumeration, space, path));
    const auto* const symbols = o.if_contains("symbols");
    if (symbols == nullptr)
      return missing(path, "symbols", "a list of names");
    auto& t = types_[at];
    ASSIGN_OR_RETURN(t.symbols, names_in(*symbols, path + "/symbols"));
    std::unordered_map<std::string_view, std::uint32_t> places;
    for (const auto& s : t.symbols)
      if (!places.emplace(s, static_cast<std::uint32_t>(places.size())).second)
        return wrong(path + "/symbols",
                     fmt::format("the enum has {} twice", data::excerpt(s, longest_shown)));
    if (const auto* const other = o.if_contains("default")) {
      const auto known = data::is_text(*other) ? places.find(view(other->get_string())) : places.end();
      if (known == places.end())
        return found(path + "/default", *other, "one of the enum's symbols");
      t.other = known->second;
    }
    return at;
  }

  expected<type_index> read_fixed(const json::object& o, std::string_view space, const std::string& path) {
    ASSIGN_OR_RETURN(const auto at, add_named(o, kind::fixed, space, path));
    const auto* const size = o.if_contains("size");
    if (size == nullptr)
      return missing(path, "size", "the number of bytes");
    if (!size->is_int64() || size->get_int64() < 0 ||
        size->get_int64() > std::numeric_limits<std::int32_t>::max())
      return found(path + "/size", *size, "a number of bytes from 0 to 2147483647");
    auto& t = types_[at];
    t.size = static_cast<std::uint32_t>(size->get_int64());
    t.length = t.size;
    set_meaning(o, t);
    return at;
  }

  type_index add(type t) {
    types_.push_back(std::move(t));
    return static_cast<type_index>(types_.size() - 1);
  }

  void encode_defaults() {
    default_encoder encoder(types_, defaults_);
    for (const auto& [place, v] : defaults_) {
      auto& f = types_[place.record].fields[place.field];
      f.default_datum = encoder.datum_of(*v, f.of, f.default_problem);
    }
  }

  std::vector<type> types_;
  std::unordered_map<std::string, type_index> names_;
  written_defaults defaults_;
};

expected<schema_ptr> parse_schema(std::string_view text) {
  if (text.size() > longest_schema)
    return user_error(ec::invalid_argument, fmt::format("the Avro schema has {} bytes; expected at most {}",
                                                        text.size(), longest_schema));
  const auto v = data::read_json_value(text, limits);
  if (!v)
    return user_error(
        ec::invalid_argument,
        fmt::format("the Avro schema is not JSON, or nested deeper than {} levels; it begins with {}",
                    limits.most_depth, data::excerpt(text, longest_shown)));
  return schema_reader().read(*v);
}

std::string_view short_name(std::string_view full) {
  const auto dot = full.rfind('.');
  return dot == std::string_view::npos ? full : full.substr(dot + 1);
}

std::string_view word_of(kind k) {
  switch (k) {
  case kind::record:
    return "record";
  case kind::enumeration:
    return "enum";
  case kind::array:
    return "array";
  case kind::map:
    return "map";
  case kind::one_of:
    return "union";
  case kind::fixed:
    return "fixed";
  default:
    return primitives[static_cast<std::size_t>(k)].first;
  }
}

namespace {

std::string describe_alone(const type& t) {
  switch (t.means) {
  case meaning::none:
    break;
  case meaning::decimal:
    return fmt::format("decimal({},{})", t.precision, t.scale);
  case meaning::uuid:
    return "uuid";
  case meaning::date:
    return "date";
  case meaning::time_millis:
    return "time-millis";
  case meaning::time_micros:
    return "time-micros";
  case meaning::timestamp_millis:
    return "timestamp-millis";
  case meaning::timestamp_micros:
    return "timestamp-micros";
  }
  if (t.name.empty())
    return std::string(word_of(t.is));
  if (t.is == kind::fixed && t.precision > 0)
    return fmt::format("fixed {} (no decimal: {} digits do not fit its {} bytes)",
                       data::excerpt(t.name, longest_shown), t.precision, t.size);
  return fmt::format("{} {}", word_of(t.is), data::excerpt(t.name, longest_shown));
}

}  // namespace

std::string describe(const schema& s, type_index i) {
  const auto& t = s[i];
  if (t.is == kind::array || t.is == kind::map)
    return fmt::format("{} of {}", word_of(t.is), describe_alone(s[t.of.front()]));
  if (t.is != kind::one_of)
    return describe_alone(t);
  constexpr std::size_t most_shown = 5;
  std::string out = "union of ";
  for (std::size_t b = 0; b < std::min(t.of.size(), most_shown); ++b)
    out += (b == 0 ? "" : ", ") + describe_alone(s[t.of[b]]);
  return out + (t.of.size() > most_shown ? ", ..." : "");
}

}  // namespace millrace::avro
