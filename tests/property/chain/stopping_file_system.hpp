// One writer's view of a disk that several share: it stops before each operation, and an operation may fail
// without an answer: it has happened, or has not, or happens later, when others have gone on. A listing takes
// two steps; what comes or goes in between may be in it or not.
#pragma once

#include "tests/property/chain/turns.hpp"
#include "tests/unit/snapshot/interposed_file_system.hpp"

#include <algorithm>
#include <random>

namespace millrace::chain::trial {

/// The part that the writers of a schedule share.
struct trouble {
  std::mt19937_64 random;
  unsigned one_in = 0;  // operations that fail; 0: none
  std::vector<std::function<void()>> late;

  bool strikes(unsigned n) { return n != 0 && random() % n == 0; }
  void settle() {
    if (late.empty())
      return;
    const auto which = static_cast<std::ptrdiff_t>(random() % late.size());
    const auto happen = std::move(late[static_cast<std::size_t>(which)]);
    late.erase(late.begin() + which);
    happen();
  }
};

class stopping_file_system final : public snapshot::test::interposed_file_system {
public:
  stopping_file_system(snapshot::file_system& disk, trouble& t, std::function<void()> stop)
      : interposed_file_system(disk), disk_(disk), trouble_(t), stop_(std::move(stop)) {
    before = [this](auto, const auto&) {
      stop_();
      if (!trouble_.strikes(trouble_.one_in))
        return answer::given;
      return trouble_.random() % 2 == 0 ? answer::lost : answer::refused;
    };
  }

  expected<std::vector<entry>> list(const std::string& path) override {
    auto first = interposed_file_system::list(path);
    stop_();
    auto second = disk_.list(path);
    if (!first || !second)
      return first ? second : first;
    std::vector<entry> seen;
    for (const auto& e : *first)
      if (holds(*second, e.name) || trouble_.random() % 2 == 0)
        seen.push_back(e);
    for (const auto& e : *second)
      if (!holds(*first, e.name) && trouble_.random() % 2 == 0)
        seen.push_back(e);
    return seen;
  }

  expected<void> append(const std::string& path, parts contents, bool synced) override {
    if (happens_later(
            [&disk = disk_, path, all = join(contents), synced] { (void)disk.append(path, {all}, synced); }))
      return lost();
    return interposed_file_system::append(path, contents, synced);
  }
  expected<void> publish(const std::string& from, const std::string& to) override {
    if (happens_later([&disk = disk_, from, to] { (void)disk.publish(from, to); }))
      return lost();
    return interposed_file_system::publish(from, to);
  }

private:
  /// An operation that happens later outlives its writer.
  bool happens_later(std::function<void()> what) {
    if (!trouble_.strikes(2 * trouble_.one_in))
      return false;
    stop_();
    trouble_.late.push_back(std::move(what));
    return true;
  }
  static unexpected lost() { return outside_error(ec::io, "no answer yet"); }
  static bool holds(const std::vector<entry>& all, const std::string& name) {
    return std::ranges::any_of(all, [&](const auto& e) { return e.name == name; });
  }
  static std::string join(parts contents) {
    std::string all;
    for (const auto part : contents)
      all.append(part);
    return all;
  }

  snapshot::file_system& disk_;
  trouble& trouble_;
  std::function<void()> stop_;
};

}  // namespace millrace::chain::trial
