// Entries of keys that come and go, each at an address of its own: open addressing over 16-byte slots (entry, tag).
// Callers that know which keys come next have their memory on its way meanwhile, first the slot, then the entry.
// Where nothing goes there is keyed_table.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace millrace::window {

/// `Entry`: has the members `key`, a string, and `tag`, that of keyed_table.
template<class Entry>
class keyed_entries {
public:
  /// Null pointer where there is none.
  [[nodiscard]] Entry* find(std::string_view key, std::uint32_t tag) const {
    return slots_.empty() ? nullptr : slots_[place_of(key, tag)].entry.get();
  }
  /// The key's entry, a new one where there is none.
  [[nodiscard]] Entry& at(std::string_view key, std::uint32_t tag) {
    if (size_ >= slots_.size() / 16 * 11)  // as full as a keyed_table
      grow();
    auto& s = slots_[place_of(key, tag)];
    if (!s.entry) {
      s.entry = std::make_unique<Entry>();
      s.entry->key = key;
      s.tag = s.entry->tag = tag;
      ++size_;
    }
    return *s.entry;
  }
  /// `e` ends; what stands behind it moves up to where a search for it still comes by.
  void erase(Entry& e) {
    auto at = e.tag & mask();
    while (slots_[at].entry.get() != &e)
      at = after(at);
    for (auto next = after(at); slots_[next].entry; next = after(next))
      if (const auto home = slots_[next].tag & mask(); ((next - home) & mask()) >= ((next - at) & mask()))
        slots_[std::exchange(at, next)] = std::move(slots_[next]);
    slots_[at].entry.reset();
    --size_;
  }
  // GCC takes a function that only prefetches for one without effects, and drops calls of it that it has not inlined yet.
  [[gnu::always_inline]] void prefetch_slot(std::uint32_t tag) const {
    if (!slots_.empty())
      __builtin_prefetch(&slots_[tag & mask()]);
  }
  /// Many keys do not lie where a search for them begins: the tags say where.
  [[gnu::always_inline]] void prefetch_entry(std::uint32_t tag) const {
    if (slots_.empty())
      return;
    auto at = tag & mask();
    while (slots_[at].entry && slots_[at].tag != tag)
      at = after(at);
    if (slots_[at].entry)
      prefetch(slots_[at].entry.get());
  }
  [[gnu::always_inline]] static void prefetch(const Entry* e) {
    constexpr std::size_t line = 64;
    for (std::size_t at = 0; at < sizeof(Entry); at += line)
      __builtin_prefetch(reinterpret_cast<const char*>(e) + at);
  }
  /// Calls f(entry) for each, in no order.
  template<class F>
  void each(F&& f) const {
    for (const auto& s : slots_)
      if (s.entry)
        f(std::as_const(*s.entry));
  }
  [[nodiscard]] std::size_t size() const { return size_; }
  void clear() {
    slots_.clear();
    size_ = 0;
  }

private:
  struct slot {
    std::unique_ptr<Entry> entry;
    std::uint32_t tag = 0;
  };

  [[nodiscard]] std::size_t mask() const { return slots_.size() - 1; }
  [[nodiscard]] std::size_t after(std::size_t at) const { return (at + 1) & mask(); }
  /// Where the key's entry lies, or has room.
  [[nodiscard]] std::size_t place_of(std::string_view key, std::uint32_t tag) const {
    auto at = tag & mask();
    while (slots_[at].entry && (slots_[at].tag != tag || slots_[at].entry->key != key))
      at = after(at);
    return at;
  }
  void grow() {
    std::vector<slot> larger(slots_.empty() ? 16 : 2 * slots_.size());
    for (auto& s : std::exchange(slots_, std::move(larger)))
      if (s.entry) {
        auto at = s.tag & mask();
        while (slots_[at].entry)
          at = after(at);
        slots_[at] = std::move(s);
      }
  }

  std::vector<slot> slots_;  // a power of two of them
  std::size_t size_ = 0;
};

}  // namespace millrace::window
