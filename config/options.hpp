// Declarations of options: the one place from which reading, checking, the JSON Schema, the reference page
// and --help of a connector come. A connector declares its options as data; config validates a stage's
// members against them and hands back values that have the right type.
#pragma once

#include "config/text/finding.hpp"
#include "runtime/base/error.hpp"
#include "runtime/base/time.hpp"

#include <boost/json/value.hpp>

#include <cassert>
#include <cstdint>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace millrace::config {

enum class option_type : std::uint8_t {
  text,    // not empty, if it is required
  choice,  // one of `choices`
  boolean,
  integer,
  duration,    // "5 minutes" -> micros; a word of `choices` ("off") stands for no value
  size,        // "128 MB" -> bytes
  rate,        // "10/s" -> records per second
  text_map,    // {"name": "text"} (values may be numbers or booleans: their text)
  text_list,   // "a" or ["a", "b"]
  key_pairs,   // "a", ["a", "b"], or {"a": "x", "b": "y"}: JSON
  expression,  // PostgreSQL's grammar; bound by the planner
  expression_map,
  object,  // nested options, in `members`
  any,     // JSON, checked by the connector (schema, start)
};

struct option {
  std::string name;
  option_type type = option_type::text;
  std::string doc{};  // one sentence, ends without a full stop
  bool required = false;
  std::string default_text{};  // the form that a user would write, for docs and the schema; "" for none
  std::vector<std::string> choices{};
  std::int64_t minimum = 0;  // of an integer, a size in bytes, a duration in microseconds; likewise `maximum`
  bool secret = false;       // hides the value: connection, properties
  std::vector<option> members{};  // an object's members
  std::int64_t maximum = std::numeric_limits<std::int64_t>::max();
  bool plain =
      false;  // names a place, a column: what the environment gives here may stand in logs and errors
  /// Says of a secret map's member whether its value may be shown after all. Empty: no member's may.
  bool (*shows)(std::string_view member) = nullptr;
};

/// Validated options of one stage (or of an object within it). Defaults are filled in. `has` says whether
/// there is a value (given or default). The getters take an option that has one of that type: they assert
/// that there is a value, and std::get throws where it has another type.
class values {
public:
  using value = std::variant<std::string, bool, std::int64_t, micros, std::uint64_t, double,
                             std::map<std::string, std::string>, std::vector<std::string>,
                             std::shared_ptr<values>, boost::json::value>;
  [[nodiscard]] bool has(std::string_view name) const { return values_.find(name) != values_.end(); }
  [[nodiscard]] const std::string& text(std::string_view name) const { return get<std::string>(name); }
  [[nodiscard]] bool boolean(std::string_view name) const { return get<bool>(name); }
  [[nodiscard]] std::int64_t integer(std::string_view name) const { return get<std::int64_t>(name); }
  [[nodiscard]] micros duration(std::string_view name) const { return get<micros>(name); }
  [[nodiscard]] std::uint64_t size(std::string_view name) const { return get<std::uint64_t>(name); }
  [[nodiscard]] double rate(std::string_view name) const { return get<double>(name); }
  [[nodiscard]] const std::map<std::string, std::string>& text_map(std::string_view name) const {
    return get<std::map<std::string, std::string>>(name);
  }
  [[nodiscard]] const std::vector<std::string>& text_list(std::string_view name) const {
    return get<std::vector<std::string>>(name);
  }
  [[nodiscard]] const values& object(std::string_view name) const {
    return *get<std::shared_ptr<values>>(name);
  }
  [[nodiscard]] const boost::json::value& json(std::string_view name) const {
    return get<boost::json::value>(name);
  }

  void set(std::string name, value v, location where) {
    locations_[name] = std::move(where);
    values_[std::move(name)] = std::move(v);
  }
  /// Returns where the user wrote it; the stage's own location for a default.
  [[nodiscard]] const location& where(std::string_view name) const {
    const auto at = locations_.find(name);
    return at == locations_.end() ? stage_ : at->second;
  }
  void set_stage_location(location p) { stage_ = std::move(p); }

  /// The user gave this, fit to be shown: `${VAR}` unfilled, secrets masked. Sorted as the file.
  struct given {
    std::string name;
    std::string text;
  };
  [[nodiscard]] const std::vector<given>& shown() const { return shown_; }
  void show(std::string name, std::string text) { shown_.push_back({std::move(name), std::move(text)}); }

private:
  template<class T>
  [[nodiscard]] const T& get(std::string_view name) const {
    const auto found = values_.find(name);
    assert(found != values_.end());
    return std::get<T>(found->second);
  }
  std::map<std::string, value, std::less<>> values_;
  std::map<std::string, location, std::less<>> locations_;
  location stage_;
  std::vector<given> shown_;
};

}  // namespace millrace::config
