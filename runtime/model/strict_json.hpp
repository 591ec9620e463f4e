// Reads JSON as a model's file must have it: known members, each once, of the right type. The first mistake
// is kept, with its path, and ends the reading; the caller asks good() at the end. Used within this folder.
#pragma once

#include <simdjson.h>

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::model {

class strict_json {
public:
  using value = simdjson::ondemand::value;

  [[nodiscard]] bool good() const { return mistake_.empty(); }
  [[nodiscard]] const std::string& mistake() const { return mistake_; }
  void fail(std::string_view path, std::string_view what);

  /// Calls f(name, value), which says whether it knows the member. All of `required` must be there.
  template<class F>
  void members(simdjson::ondemand::object object, std::string_view path,
               std::initializer_list<std::string_view> required, F&& f) {
    names seen;
    for (auto member : object) {
      std::string_view name;
      value v;
      if (member.unescaped_key().get(name) || member.value().get(v))
        return broken(path);
      // The name lies in a buffer that reading a value overwrites.
      const auto [kept, is_new] = seen.emplace(name);
      if (!is_new)
        return fail(join(path, *kept), "is there twice");
      if (!f(std::string_view(*kept), v) && good())
        fail(join(path, *kept), "is not known here; the file may be of a newer version");
      if (!good())
        return;
    }
    require(seen, required, path);
  }
  template<class F>
  void members(value v, std::string_view path, std::initializer_list<std::string_view> required, F&& f) {
    simdjson::ondemand::object object;
    if (v.get_object().get(object))
      return not_a("an object", path);
    members(object, path, required, f);
  }
  /// Calls f(value) for each element.
  template<class F>
  void elements(value v, std::string_view path, F&& f) {
    simdjson::ondemand::array array;
    if (v.get_array().get(array))
      return not_a("a list", path);
    for (auto element : array) {
      value e;
      if (element.get(e))
        return broken(path);
      f(e);
      if (!good())
        return;
    }
  }

  [[nodiscard]] std::string text(value v, std::string_view path);
  [[nodiscard]] std::int64_t integer(value v, std::string_view path);
  /// A number that `double` has, and the nearest `float` to the number's digits (not that of a double).
  [[nodiscard]] double real(value v, std::string_view path);
  [[nodiscard]] float real32(value v, std::string_view path);
  [[nodiscard]] std::vector<std::int64_t> integers(value v, std::string_view path);
  [[nodiscard]] std::vector<float> reals32(value v, std::string_view path);
  [[nodiscard]] std::vector<std::string> texts(value v, std::string_view path);
  /// An integer that XGBoost writes as a text: "23".
  [[nodiscard]] std::int64_t quoted_integer(value v, std::string_view path);
  /// The value's bytes, checked to be an object.
  [[nodiscard]] std::string_view raw_object(value v, std::string_view path);

  [[nodiscard]] static std::string join(std::string_view path, std::string_view name);
  void not_a(std::string_view expected, std::string_view path);
  void broken(std::string_view path);

private:
  /// An object may have as many members as a file holds: a name is looked up, and not compared with each.
  using names = std::set<std::string, std::less<>>;
  void require(const names& seen, std::initializer_list<std::string_view> required, std::string_view path);

  std::string mistake_;
};

/// The nearest float to a decimal number, finite; none for anything else.
[[nodiscard]] std::optional<float> float_of(std::string_view digits);

}  // namespace millrace::model
