#include "runtime/window/given_rows.hpp"

#include <algorithm>
#include <functional>

namespace millrace::window {
namespace {

constexpr std::size_t node_bytes = 56;  // of a key in its set, beside its text, about

}  // namespace

bool given_rows::has(event_micros end, std::string_view key) const {
  const auto at = ends_.find(end);
  return at != ends_.end() && at->second.contains(key);
}

void given_rows::put(event_micros end, std::string_view key, bool given) {
  if (given) {
    if (ends_[end].emplace(key).second)
      bytes_ += key.size() + node_bytes;
    return;
  }
  const auto at = ends_.find(end);
  if (at == ends_.end())
    return;
  if (const auto known = at->second.find(key); known != at->second.end()) {
    bytes_ -= key.size() + node_bytes;
    at->second.erase(known);
  }
  if (at->second.empty())
    ends_.erase(at);
}

void given_rows::set(event_micros end, std::string_view key, bool given) {
  put(end, key, given);
  changes_[{end, std::string(key)}] = given;
}

void given_rows::erase_up_to(event_micros over) {
  while (!ends_.empty() && ends_.begin()->first <= over) {
    for (const auto& key : ends_.begin()->second)
      bytes_ -= key.size() + node_bytes;
    ends_.erase(ends_.begin());
  }
}

void given_rows::drop(event_micros over) {
  dropped_ = std::max(dropped_, over);
  erase_up_to(over);
  while (!changes_.empty() && changes_.begin()->first.first <= over)
    changes_.erase(changes_.begin());
}

void given_rows::capture_all(wire::writer& out) {
  out.varint(ends_.size());
  for (const auto& [end, keys] : ends_) {
    out.svarint(end);
    out.varint(keys.size());
    for (const auto& key : keys)
      out.string(key);
  }
  changes_.clear();
  dropped_ = no_watermark;
}

void given_rows::capture_changes(wire::writer& out) {
  out.svarint(std::exchange(dropped_, no_watermark));
  out.varint(changes_.size());
  for (const auto& [of, given] : changes_) {
    out.svarint(of.first);
    out.string(of.second);
    out.fixed(static_cast<std::uint8_t>(given));
  }
  changes_.clear();
}

bool given_rows::apply(wire::reader& in, bool whole) {
  if (whole) {
    for (auto n = in.varint(); n > 0 && in.ok(); --n) {
      const auto end = in.svarint();
      for (auto m = in.varint(); m > 0 && in.ok(); --m)
        put(end, in.string(), true);
    }
    return in.ok();
  }
  erase_up_to(in.svarint());
  for (auto n = in.varint(); n > 0 && in.ok(); --n) {
    const auto end = in.svarint();
    const auto key = in.string();
    const auto given = in.fixed<std::uint8_t>();
    if (in.ok())
      put(end, key, given != 0);
  }
  return in.ok();
}

}  // namespace millrace::window
