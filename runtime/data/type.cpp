#include "runtime/data/type.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

namespace millrace::data {
namespace {

constexpr std::array<std::pair<std::string_view, type_id>, 8> scalar_names{{{"text", type_id::text},
                                                                            {"bigint", type_id::bigint},
                                                                            {"double", type_id::float64},
                                                                            {"boolean", type_id::boolean},
                                                                            {"timestamp", type_id::timestamp},
                                                                            {"json", type_id::json},
                                                                            {"numeric", type_id::numeric},
                                                                            {"date", type_id::date}}};

/// Reads "(10,2)", "(10, 2)" and "(10)".
std::optional<type> numeric_of_text(std::string_view text) {
  const auto number = [&](char end) -> std::optional<int> {
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    int n = 0;
    const auto [at, err] = std::from_chars(text.data(), text.data() + text.size(), n);
    text.remove_prefix(static_cast<std::size_t>(at - text.data()));
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    if (err != std::errc{} || !text.starts_with(end))
      return std::nullopt;
    text.remove_prefix(1);
    return n;
  };
  if (!text.starts_with('(') || !text.ends_with(')'))
    return std::nullopt;
  text.remove_prefix(1);
  const bool has_scale = text.find(',') != std::string_view::npos;
  const auto precision = number(has_scale ? ',' : ')');
  const auto scale = has_scale ? number(')') : std::optional(0);
  if (!precision || !scale || !text.empty() || !is_numeric(*precision, *scale))
    return std::nullopt;
  return type::numeric_of(*precision, *scale);
}

}  // namespace

type type::object_of(std::vector<field> fields) {
  type t(type_id::object);
  t.children_ = std::make_shared<const std::vector<field>>(std::move(fields));
  return t;
}

type type::list_of(type element) {
  type t(type_id::list);
  t.children_ =
      std::make_shared<const std::vector<field>>(std::vector<field>{{std::string{}, std::move(element)}});
  return t;
}

type type::numeric_of(int precision, int scale) {
  type t(type_id::numeric);
  t.precision_ = static_cast<std::uint8_t>(precision);
  t.scale_ = static_cast<std::uint8_t>(scale);
  return t;
}

const type& type::element() const {
  static const type text;
  return id_ == type_id::list && children_ ? children_->front().type : text;
}

std::string type::name() const {
  if (id_ == type_id::list)
    return "[" + element().name() + "]";
  if (id_ == type_id::object) {
    std::string out = "{";
    for (const auto& f : fields())
      out += (out.size() > 1 ? ", " : "") + f.name + " " + f.type.name();
    return out + "}";
  }
  if (precision_ != 0)
    return fmt::format("numeric({},{})", precision_, scale_);
  for (const auto& [name, id] : scalar_names)
    if (id == id_)
      return std::string(name);
  return "?";
}

bool operator==(const type& a, const type& b) {
  if (a.id_ != b.id_ || a.precision_ != b.precision_ || a.scale_ != b.scale_)
    return false;
  if (a.children_ == b.children_)
    return true;
  return a.children_ && b.children_ && *a.children_ == *b.children_;
}

bool holds(const type& numeric, const decimal& v) {
  return numeric.precision() == 0 ||
         (v.scale() == numeric.scale() && magnitude_of(v) < power_of_ten(numeric.precision()));
}

decimal_or_none fitted(const decimal& v, const type& numeric) {
  const auto out = numeric.precision() == 0 ? decimal_or_none(v) : at_scale(v, numeric.scale());
  return out && holds(numeric, *out) ? out : std::nullopt;
}

std::optional<type> type_of_name(std::string_view name) {
  for (const auto& [known, id] : scalar_names)
    if (known == name)
      return type(id);
  constexpr std::string_view numeric = "numeric";
  return name.starts_with(numeric) ? numeric_of_text(name.substr(numeric.size())) : std::nullopt;
}

std::optional<std::size_t> schema::find(std::string_view name) const {
  for (std::size_t i = 0; i < fields_.size(); ++i)
    if (fields_[i].name == name)
      return i;
  return std::nullopt;
}

}  // namespace millrace::data
