#include "runtime/model/strict_json.hpp"

#include "runtime/base/visible_text.hpp"
#include "runtime/data/text_encoding.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace millrace::model {

void strict_json::fail(std::string_view path, std::string_view what) {
  if (mistake_.empty())
    mistake_ =
        path.empty() ? std::string(what) : fmt::format("{}: {}", visible(data::excerpt(path, 120)), what);
}

void strict_json::not_a(std::string_view expected, std::string_view path) {
  fail(path, fmt::format("expected {}, or the file is cut off here", expected));
}

void strict_json::broken(std::string_view path) {
  fail(path, "is not whole JSON; the file is cut off or damaged");
}

std::string strict_json::join(std::string_view path, std::string_view name) {
  return path.empty() ? std::string(name) : fmt::format("{}.{}", path, name);
}

void strict_json::require(const names& seen, std::initializer_list<std::string_view> required,
                          std::string_view path) {
  for (const auto name : required)
    if (!seen.contains(name))
      return fail(join(path, name), "is missing");
}

std::string strict_json::text(value v, std::string_view path) {
  std::string_view out;
  if (v.get_string().get(out))
    not_a("a text", path);
  return std::string(out);
}

std::int64_t strict_json::integer(value v, std::string_view path) {
  std::int64_t out = 0;
  if (v.get_int64().get(out))
    not_a("an integer", path);
  return out;
}

double strict_json::real(value v, std::string_view path) {
  double out = 0;
  if (v.get_double().get(out) || !std::isfinite(out))
    not_a("a finite number", path);
  return out;
}

std::optional<float> float_of(std::string_view digits) {
  while (!digits.empty() &&
         (digits.back() == ' ' || digits.back() == '\n' || digits.back() == '\r' || digits.back() == '\t'))
    digits.remove_suffix(1);
  float out = 0;
  const auto* const end = digits.data() + digits.size();
  const auto [at, failed] = std::from_chars(digits.data(), end, out);
  if (failed != std::errc() || at != end || !std::isfinite(out))
    return std::nullopt;
  return out;
}

float strict_json::real32(value v, std::string_view path) {
  const auto out = float_of(v.raw_json_token());
  if (!out)
    not_a("a finite number", path);
  return out.value_or(0);
}

std::vector<std::int64_t> strict_json::integers(value v, std::string_view path) {
  std::vector<std::int64_t> out;
  elements(v, path, [&](value e) {
    // Some releases write flags as booleans.
    bool flag = false;
    if (!e.get_bool().get(flag))
      out.push_back(flag ? 1 : 0);
    else
      out.push_back(integer(e, path));
  });
  return out;
}

std::vector<float> strict_json::reals32(value v, std::string_view path) {
  std::vector<float> out;
  elements(v, path, [&](value e) { out.push_back(real32(e, path)); });
  return out;
}

std::vector<std::string> strict_json::texts(value v, std::string_view path) {
  std::vector<std::string> out;
  elements(v, path, [&](value e) { out.push_back(text(e, path)); });
  return out;
}

std::int64_t strict_json::quoted_integer(value v, std::string_view path) {
  const auto digits = text(v, path);
  std::int64_t out = 0;
  const auto* const end = digits.data() + digits.size();
  const auto [at, failed] = std::from_chars(digits.data(), end, out);
  if (good() && (failed != std::errc() || at != end))
    fail(path, "expected an integer as a text");
  return out;
}

std::string_view strict_json::raw_object(value v, std::string_view path) {
  simdjson::ondemand::object object;
  std::string_view out;
  if (v.get_object().get(object) || object.raw_json().get(out))
    not_a("an object", path);
  return out;
}

}  // namespace millrace::model
