#include "tests/property/node/shared_store.hpp"

#include "runtime/chain/rules.hpp"

namespace millrace::node::trial {
namespace {

unexpected no_answer() { return outside_error(ec::unavailable, "the store does not answer"); }
unexpected taken() { return fatal_error(ec::fenced, "a higher life is there"); }

class shared_chain final : public chain::actor_chain {
public:
  shared_chain(shared_store& store, const life& mine, chain::contents found)
      : store_(store), mine_(mine), found_(std::move(found)) {}

  expected<chain::contents> read() override { return found_; }
  expected<std::uint64_t> append(std::string_view bytes, bool) override {
    return store_.append(mine_, std::string(bytes)).map([&] { return ++appended_; });
  }
  expected<bool> append_base(std::string_view bytes) override {
    return store_.append_base(mine_, std::string(bytes)).map([] { return true; });
  }
  [[nodiscard]] chain::weight size() const override { return {}; }
  [[nodiscard]] std::uint64_t bytes() const override { return 0; }

private:
  shared_store& store_;
  life mine_;
  chain::contents found_;
  std::uint64_t appended_ = 0;
};

class way final : public chain_store {
public:
  explicit way(shared_store& store) : store_(store) {}

  expected<opened_chain> open(const cluster::actor_id&, const life&) override {
    return our_error("the control plane opens no chain of an actor");
  }
  expected<opened_chain> open_chosen(const cluster::actor_id&, const life& chosen) override {
    RETURN_IF_ERROR(store_.open(chosen));
    auto found = store_.contents();
    if (store_.is_lost())
      return no_answer();
    return std::make_unique<shared_chain>(store_, chosen, std::move(found));
  }
  expected<found_chain> look(const cluster::actor_id&) override {
    if (store_.is_lost())
      return no_answer();
    return found_chain{store_.contents(), store_.highest()};
  }
  expected<std::unique_ptr<snapshot::segments>> open_segments(const cluster::actor_id&, incarnation,
                                                              const std::vector<segment_id>&) override {
    return our_error("the control plane spills nothing");
  }
  expected<void> clear(const std::string&) override {
    return our_error("the control plane has no chains of a topology");
  }
  [[nodiscard]] std::string shown() const override { return "memory"; }

private:
  shared_store& store_;
};

}  // namespace

expected<void> shared_store::open(const life& mine) {
  if (chain::is_taken(mine, highest_))
    return taken();
  highest_ = mine;
  return {};
}

bool shared_store::land(const life& by, const std::string& bytes) {
  if (by < highest_)
    return false;
  const auto what = cluster::decode_change(bytes);
  if (!what) {
    wrong_("control gets what is no change");
    return false;
  }
  counts_(*what);
  increments_.push_back(bytes);
  ++sequence_;
  return true;
}

expected<void> shared_store::append(const life& by, const std::string& bytes) {
  if (is_lost()) {
    if (random_() % 2 == 0)
      late_.push_back({by, bytes});
    else
      static_cast<void>(land(by, bytes));
    return no_answer();
  }
  return land(by, bytes) ? expected<void>() : taken();
}

expected<void> shared_store::append_base(const life& by, const std::string& bytes) {
  if (by < highest_)
    return taken();
  const auto all = cluster::sum_up(base_, increments_);
  if (!all || cluster::encode_base(*all) != bytes)
    wrong_("a base is not what its records add up to");
  base_ = bytes;
  increments_.clear();
  return {};
}

void shared_store::settle() {
  if (late_.empty())
    return;
  const auto at = late_.begin() + static_cast<std::ptrdiff_t>(random_() % late_.size());
  const auto l = *at;
  late_.erase(at);
  if (random_() % 4 != 0)
    static_cast<void>(land(l.by, l.bytes));
}

std::shared_ptr<chain_store> way_to(shared_store& store) { return std::make_shared<way>(store); }

}  // namespace millrace::node::trial
