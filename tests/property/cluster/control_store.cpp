#include "tests/property/cluster/control_store.hpp"

namespace millrace::cluster::trial {

void require(bool is_true, const std::string& text) {
  if (!is_true)
    throw wrong{text};
}

bool control_store::land(const epoch& by, const change& what) {
  if (by < highest_)
    return false;
  counts_(by, what);
  increments_.push_back(encode_change(what));
  return true;
}

append_outcome control_store::append(const epoch& by, const change& what, std::mt19937_64& random,
                                     unsigned loss) {
  if (random() % 100 < loss) {
    if (random() % 2 == 0)
      late_.push_back({by, what});
    else
      static_cast<void>(land(by, what));
    return append_outcome::unknown;
  }
  return land(by, what) ? append_outcome::acknowledged : append_outcome::refused;
}

append_outcome control_store::write_base(const epoch& by, const control_state& s) {
  if (by < highest_)
    return append_outcome::refused;
  require(s == read(), "a base is not what its records add up to");
  base_ = encode_base(s);
  increments_.clear();
  return append_outcome::acknowledged;
}

void control_store::settle(std::mt19937_64& random) {
  if (late_.empty())
    return;
  const auto at = late_.begin() + static_cast<std::ptrdiff_t>(random() % late_.size());
  const auto l = *at;
  late_.erase(at);
  if (random() % 4 != 0)
    static_cast<void>(land(l.by, l.what));
}

control_state control_store::read() const {
  auto all = sum_up(base_, increments_);
  require(all.has_value(), all ? "" : "control cannot be read: " + all.error().message);
  return *all;
}

}  // namespace millrace::cluster::trial
