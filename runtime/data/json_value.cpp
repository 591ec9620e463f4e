#include "runtime/data/json_value.hpp"

#include "runtime/data/json_events.hpp"
#include "runtime/data/render.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/memory_resource.hpp>
#include <boost/json/value_stack.hpp>

#include <charconv>
#include <cmath>
#include <limits>
#include <new>

namespace millrace::data {
namespace {

namespace json = boost::json;

/// No text in UTF-8 has this byte, so no string that is read begins with it.
constexpr char mark_of_digits = '\xFF';

/// Gives memory up to a bound; what takes it may outlive the parser, and holds it by a storage_ptr.
class bounded_memory final : public json::memory_resource {
public:
  explicit bounded_memory(std::size_t most) : left_(most) {}

private:
  // Boost.JSON gives back with another alignment than it has asked for; none is above that of any new object.
  void* do_allocate(std::size_t bytes, std::size_t) override {
    if (bytes > left_)
      throw std::bad_alloc();
    void* const out = ::operator new(bytes);
    left_ -= bytes;
    return out;
  }
  void do_deallocate(void* p, std::size_t bytes, std::size_t) override {
    left_ += bytes;
    ::operator delete(p);
  }
  bool do_is_equal(const json::memory_resource& other) const noexcept override { return this == &other; }

  std::size_t left_;
};

void append_number(std::string& out, double v) {
  const bool finite = std::isfinite(v);
  if (!finite)
    out.push_back('"');
  append_double(out, v);
  if (!finite)
    out.push_back('"');
}

/// Builds a value of Boost.JSON's events.
class value_handler : public json_events<value_handler> {
public:
  explicit value_handler(const json::storage_ptr& memory) : values_(memory) { values_.reset(memory); }
  [[nodiscard]] json::value release() { return values_.release(); }

  bool on_object_begin(json::error_code&) { return true; }
  bool on_object_end(std::size_t members, json::error_code&) {
    values_.push_object(members);
    return true;
  }
  bool on_array_begin(json::error_code&) { return true; }
  bool on_array_end(std::size_t items, json::error_code&) {
    values_.push_array(items);
    return true;
  }
  bool on_key_part(json::string_view s, std::size_t, json::error_code&) { return part(s); }
  bool on_key(json::string_view s, std::size_t, json::error_code&) {
    values_.push_key(s);
    return true;
  }
  bool on_string_part(json::string_view s, std::size_t, json::error_code&) { return part(s); }
  bool on_string(json::string_view s, std::size_t, json::error_code&) {
    values_.push_string(s);
    return true;
  }
  bool on_bool(bool v, json::error_code&) {
    values_.push_bool(v);
    return true;
  }
  bool on_null(json::error_code&) {
    values_.push_null();
    return true;
  }
  bool number(const std::string& digits) {
    const auto v = number_of_digits(digits);
    if (v.is_int64())
      values_.push_int64(v.get_int64());
    else if (v.is_uint64())
      values_.push_uint64(v.get_uint64());
    else if (v.is_double())
      values_.push_double(v.get_double());
    else
      values_.push_string(v.get_string());
    return true;
  }

private:
  bool part(json::string_view s) {
    values_.push_chars(s);
    return true;
  }

  json::value_stack values_;
};

/// The number where its text is these digits.
template<class T>
std::optional<T> of_same_digits(std::string_view digits) {
  T v{};
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), v);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size() || json_text(v) != digits)
    return std::nullopt;
  return v;
}

}  // namespace

json::value number_of_digits(std::string_view digits) {
  if (const auto v = of_same_digits<std::int64_t>(digits))
    return *v;
  if (const auto v = of_same_digits<std::uint64_t>(digits))
    return *v;
  if (const auto v = of_same_digits<double>(digits))
    return *v;
  json::string kept(1, mark_of_digits);
  kept.append(json::string_view(digits.data(), digits.size()));
  return kept;
}

std::optional<std::string_view> kept_digits(const json::value& v) {
  const auto* const s = v.if_string();
  if (s == nullptr || s->empty() || s->front() != mark_of_digits)
    return std::nullopt;
  const std::string_view digits(s->data() + 1, s->size() - 1);
  const bool is_number =
      !digits.empty() && digits.find_first_not_of("0123456789+-.eE") == std::string_view::npos;
  return is_number ? std::optional(digits) : std::nullopt;
}

void append_json(std::string& out, const json::value& v) {
  switch (v.kind()) {
  case json::kind::null:
    out += "null";
    break;
  case json::kind::bool_:
    out += v.get_bool() ? "true" : "false";
    break;
  case json::kind::int64:
    out += std::to_string(v.get_int64());
    break;
  case json::kind::uint64:
    out += std::to_string(v.get_uint64());
    break;
  case json::kind::double_:
    append_number(out, v.get_double());
    break;
  case json::kind::string:
    if (const auto digits = kept_digits(v))
      out += *digits;
    else
      append_json_string(out, {v.get_string().data(), v.get_string().size()});
    break;
  case json::kind::array: {
    const char* between = "[";
    for (const auto& item : v.get_array()) {
      out += between;
      append_json(out, item);
      between = ",";
    }
    out += v.get_array().empty() ? "[]" : "]";
    break;
  }
  case json::kind::object: {
    const char* between = "{";
    for (const auto& member : v.get_object()) {
      out += between;
      append_json_string(out, {member.key().data(), member.key().size()});
      out.push_back(':');
      append_json(out, member.value());
      between = ",";
    }
    out += v.get_object().empty() ? "{}" : "}";
    break;
  }
  }
}

std::string json_text(const json::value& v) {
  std::string out;
  append_json(out, v);
  return out;
}

std::optional<json::value> read_json_value(std::string_view text, const json_limits& limits) {
  const auto memory = json::make_shared_resource<bounded_memory>(limits.most_memory);
  json::parse_options options;
  options.max_depth = limits.most_depth;
  try {
    json::basic_parser<value_handler> p(options, memory);
    json::error_code failed;
    const auto taken = p.write_some(false, text.data(), text.size(), failed);
    if (failed || text.substr(taken).find_first_not_of(" \t\r\n") != std::string_view::npos)
      return std::nullopt;
    return p.handler().release();
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

}  // namespace millrace::data
