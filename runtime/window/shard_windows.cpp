#include "runtime/window/window_table.hpp"

namespace millrace::window {

std::unique_ptr<window_table> make_window_table(const definition& d) {
  return d.kind == shape::session ? make_session_windows(d) : make_aligned_windows(d);
}

shard_windows::shard_windows(const definition& d) : table_(make_window_table(d)) {}
shard_windows::~shard_windows() = default;
shard_windows::shard_windows(shard_windows&&) noexcept = default;
shard_windows& shard_windows::operator=(shard_windows&&) noexcept = default;

std::uint64_t shard_windows::absorb(const partials& p, event_micros fired) {
  return table_->absorb(p, fired);
}
std::vector<fired_window> shard_windows::fire(event_micros fired, event_micros watermark) {
  std::vector<fired_window> windows;
  while (fired < watermark)
    if (auto next = table_->fire_next(fired, watermark))
      windows.push_back(std::move(*next));
  return windows;
}
std::optional<fired_window> shard_windows::changes() { return table_->changes(); }
bool shard_windows::has_changes() const { return table_->has_changes(); }
void shard_windows::capture_all(wire::writer& out) { table_->capture_all(out); }
void shard_windows::capture_changes(wire::writer& out) { table_->capture_changes(out); }
expected<void> shard_windows::apply(wire::reader& in) { return table_->apply(in); }
std::size_t shard_windows::windows_open() const { return table_->windows_open(); }
std::size_t shard_windows::keys() const { return table_->keys(); }
std::size_t shard_windows::byte_size() const { return table_->byte_size(); }

}  // namespace millrace::window
