// Plain structs as bytes: one function a type names its members, for both directions.
//   void fields(auto& c, wire::like<mine> auto& x) { c.members(x.first, x.second); }     beside the type
// Versions are not known here: who writes a format puts its own in front.
#pragma once

#include "runtime/base/attempt.hpp"
#include "runtime/base/time.hpp"
#include "runtime/wire/bytes.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

namespace millrace::wire {

/// Holds for `Of` itself, const or not.
template<class T, class Of>
concept like = std::is_same_v<std::remove_const_t<T>, Of>;

struct encoder {
  writer& out;

  void members(const auto&... each) { (field(each), ...); }
  void field(const std::string& v) { out.string(v); }
  void field(bool v) { out.fixed<std::uint8_t>(v ? 1 : 0); }
  void field(std::uint32_t v) { out.varint(v); }
  void field(std::uint64_t v) { out.varint(v); }
  void field(std::int64_t v) { out.fixed(v); }
  void field(double v) { out.fixed(v); }
  void field(micros v) { out.fixed<std::int64_t>(v.count()); }
  void field(position v) { out.put(v); }
  void field(const mark& v) { out.put(v); }
  template<class T>
  void field(const std::optional<T>& v) {
    field(v.has_value());
    if (v)
      field(*v);
  }
  template<class T>
  void field(const std::vector<T>& v) {
    out.varint(v.size());
    for (const auto& x : v)
      field(x);
  }
  void field(const std::map<log_id, mark>& v) {
    out.varint(v.size());
    for (const auto& [log, at] : v) {
      field(log);
      field(at);
    }
  }
  template<class T>
  requires std::is_class_v<T>
  void field(const T& v) { fields(*this, v); }
};

/// Never trusts the bytes: after the first that cannot be right, `in` has failed.
struct decoder {
  reader& in;

  void members(auto&... each) { (field(each), ...); }
  void field(std::string& v) { v = in.string(); }
  void field(bool& v) {
    const auto b = in.fixed<std::uint8_t>();
    if (b > 1)
      in.fail();
    v = b == 1;
  }
  void field(std::uint32_t& v) {
    const auto wide = in.varint();
    if (wide > std::numeric_limits<std::uint32_t>::max())
      in.fail();
    v = static_cast<std::uint32_t>(wide);
  }
  void field(std::uint64_t& v) { v = in.varint(); }
  void field(std::int64_t& v) { v = in.fixed<std::int64_t>(); }
  void field(double& v) {
    v = in.fixed<double>();
    if (!std::isfinite(v))
      in.fail();
  }
  void field(micros& v) { v = micros(in.fixed<std::int64_t>()); }
  void field(position& v) { v = in.read_position(); }
  void field(mark& v) { v = in.read_mark(); }
  template<class T>
  void field(std::optional<T>& v) {
    bool there = false;
    field(there);
    v.reset();
    if (there)
      field(v.emplace());
  }
  template<class T>
  void field(std::vector<T>& v) {
    // Grows with what is there: a count from outside reserves nothing.
    for (auto n = in.varint(); n > 0 && in.ok(); --n)
      field(v.emplace_back());
  }
  void field(std::map<log_id, mark>& v) {
    for (auto n = in.varint(); n > 0 && in.ok(); --n) {
      std::string log;
      field(log);
      field(v[log]);
    }
  }
  template<class T>
  requires std::is_class_v<T>
  void field(T& v) { fields(*this, v); }
};

}  // namespace millrace::wire

namespace millrace {

void fields(auto& c, wire::like<attempt> auto& x) {
  c.members(x.log, x.from, x.to, x.records, x.record, x.cutting, x.taken_before);
}

}  // namespace millrace
