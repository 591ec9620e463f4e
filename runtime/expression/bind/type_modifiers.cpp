// The binder's casts to types with a size or fields, and what to write instead of types that there are not.
#include "runtime/expression/bind/binder.hpp"
#include "runtime/expression/formats/interval_fields.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>

namespace millrace::expression {
namespace {

constexpr std::int64_t longest_varchar = 10'485'760;  // PostgreSQL's limit

std::optional<std::vector<std::int64_t>> sizes_of(const syntax& cast) {
  std::vector<std::int64_t> out;
  for (std::size_t i = 1; i < cast.args.size(); ++i) {
    const auto& text = cast.args[i].text;
    out.push_back(0);
    if (cast.args[i].what != form::integer ||
        std::from_chars(text.data(), text.data() + text.size(), out.back()).ec != std::errc{})
      return std::nullopt;
  }
  return out;
}

struct missing_type {
  std::string_view name;    // as the parser has it
  std::string_view called;  // as people write it
  std::string_view remedy;
};
constexpr std::array missing_types{
    missing_type{
        "bpchar", "character(n)",
        "use varchar(n), which cuts to n characters, or rpad(x, n), which fills up with blanks, too"},
    missing_type{"char", "\"char\"", "use left(x, 1)"},
    missing_type{"float4", "real", "use double precision"},
    missing_type{"string", "string", "use text"},
    missing_type{"tinytext", "tinytext", "use text"},
    missing_type{"mediumtext", "mediumtext", "use text"},
    missing_type{"longtext", "longtext", "use text"},
    missing_type{"nvarchar", "nvarchar", "use text"},
    missing_type{"varchar2", "varchar2", "use text"},
    missing_type{"clob", "clob", "use text"},
    missing_type{"int64", "int64", "use bigint"},
    missing_type{"long", "long", "use bigint"},
    missing_type{"signed", "signed", "use bigint"},
    missing_type{"unsigned", "unsigned", "use bigint"},
    missing_type{"tinyint", "tinyint", "use bigint"},
    missing_type{"mediumint", "mediumint", "use bigint"},
    missing_type{"byte", "byte", "use bigint"},
    missing_type{"short", "short", "use bigint"},
    missing_type{"float64", "float64", "use double precision"},
    missing_type{"double", "double", "use double precision"},
    missing_type{"datetime", "datetime", "use timestamp"},
    missing_type{"timestamp_ntz", "timestamp_ntz", "use timestamp"},
    missing_type{"timestamp_ltz", "timestamp_ltz", "use timestamptz"},
    missing_type{"bignumeric", "bignumeric", "use numeric"},
    missing_type{"bigdecimal", "bigdecimal", "use numeric"},
    missing_type{"number", "number", "use numeric"},
    missing_type{"bytes", "bytes", "sha256_hex(x) and base64_encode(x) take the text"},
    missing_type{"binary", "binary", "sha256_hex(x) and base64_encode(x) take the text"},
    missing_type{"varbinary", "varbinary", "sha256_hex(x) and base64_encode(x) take the text"},
    missing_type{"blob", "blob", "sha256_hex(x) and base64_encode(x) take the text"},
    missing_type{"timetz", "time with time zone", "use time, or timestamptz for a moment"},
};

}  // namespace

std::string why_no_type(std::string_view name) {
  const auto* const found = std::ranges::find(missing_types, name, &missing_type::name);
  return found == missing_types.end()
             ? std::string()
             : fmt::format("there is no type {} here; {}", found->called, found->remedy);
}

node_ptr binder::modified(const function* by, node_ptr n, std::span<const std::int64_t> sizes,
                          std::size_t offset) const {
  auto out = make(op::call, by->gives, offset);
  out->fn = by;
  out->args.push_back(std::move(n));
  for (const auto size : sizes) {
    auto constant = make(op::constant, kind::bigint, offset);
    constant->value.null = false;
    constant->value.i = size;
    out->args.push_back(std::move(constant));
  }
  return out;
}

node_ptr binder::cast_with_size(const syntax& s, kind to, node_ptr n) {
  if (to == kind::numeric)
    return cast_to_scale(s, std::move(n));
  const auto sizes = sizes_of(s);
  const bool is_varchar = s.text == "varchar";
  const bool takes_size = is_varchar || to == kind::timestamptz || to == kind::timestamp ||
                          to == kind::time || to == kind::interval;
  if (!sizes || !takes_size || (to != kind::interval && sizes->size() != 1))
    return problem_at(s.offset, fmt::format("the type {} takes no size; leave it out", s.text));
  if (is_varchar && (sizes->front() < 1 || sizes->front() > longest_varchar))
    return problem_at(s.offset, fmt::format("a varchar(n) has 1 to {} characters", longest_varchar));
  if (to == kind::interval)
    return cast_to_fields(std::move(n), *sizes, s.offset);
  const auto size = is_varchar ? sizes->front() : std::min(sizes->front(), most_precision);
  auto whole = cast_to(std::move(n), to, 64, s.offset);
  return whole ? fold_constant(modified(type_modifier(is_varchar ? "varchar" : "precision", to),
                                        std::move(whole), std::array{size}, s.offset))
               : nullptr;
}

node_ptr binder::cast_to_fields(node_ptr n, std::span<const std::int64_t> sizes, std::size_t offset) {
  const std::array parts{sizes[0], std::min(sizes.size() > 1 ? sizes[1] : most_precision, most_precision)};
  const bool is_literal = n->type == kind::unknown && !n->value.null;
  if (is_literal)  // a literal alone is read by the fields, as in PostgreSQL
    n->type = kind::text;
  else
    n = cast_to(std::move(n), kind::interval, 64, offset);
  if (!n)
    return nullptr;
  const auto at = is_literal ? n->offset : offset;
  const auto* by = type_modifier("fields", n->type);
  auto out = modified(by, std::move(n), parts, at);
  return is_literal ? read_literal(std::move(out)) : fold_constant(std::move(out));
}

}  // namespace millrace::expression
