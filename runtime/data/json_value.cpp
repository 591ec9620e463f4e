#include "runtime/data/json_value.hpp"

#include "runtime/data/render.hpp"

#include <boost/json/memory_resource.hpp>
#include <boost/json/parser.hpp>

#include <cmath>
#include <new>

namespace millrace::data {
namespace {

/// Gives memory up to a bound; what takes it may outlive the parser, and holds it by a storage_ptr.
class bounded_memory final : public boost::json::memory_resource {
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
  bool do_is_equal(const boost::json::memory_resource& other) const noexcept override {
    return this == &other;
  }

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

}  // namespace

void append_json(std::string& out, const boost::json::value& v) {
  switch (v.kind()) {
  case boost::json::kind::null:
    out += "null";
    break;
  case boost::json::kind::bool_:
    out += v.get_bool() ? "true" : "false";
    break;
  case boost::json::kind::int64:
    out += std::to_string(v.get_int64());
    break;
  case boost::json::kind::uint64:
    out += std::to_string(v.get_uint64());
    break;
  case boost::json::kind::double_:
    append_number(out, v.get_double());
    break;
  case boost::json::kind::string:
    append_json_string(out, {v.get_string().data(), v.get_string().size()});
    break;
  case boost::json::kind::array: {
    const char* between = "[";
    for (const auto& item : v.get_array()) {
      out += between;
      append_json(out, item);
      between = ",";
    }
    out += v.get_array().empty() ? "[]" : "]";
    break;
  }
  case boost::json::kind::object: {
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

std::string json_text(const boost::json::value& v) {
  std::string out;
  append_json(out, v);
  return out;
}

std::optional<boost::json::value> read_json_value(std::string_view text, std::size_t most) {
  const auto memory = boost::json::make_shared_resource<bounded_memory>(most);
  try {
    boost::json::parser p(memory);
    p.reset(memory);
    boost::json::error_code failed;
    p.write(text, failed);
    return failed ? std::nullopt : std::optional(p.release());
  } catch (const std::bad_alloc&) {
    return std::nullopt;
  }
}

}  // namespace millrace::data
