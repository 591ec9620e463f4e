// The way of one process to the files of the store that its cluster shares. The process may die, also within an
// operation; some operations may fail, happen although they are said to have failed, or happen later.
#pragma once

#include "runtime/snapshot/file_system.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

namespace millrace::simulation {

/// The text of an error whose operation may have happened.
inline constexpr std::string_view no_answer_of_store = "the simulated store does not answer";

class node_files final : public snapshot::file_system {
public:
  /// `gone`: the process is dead; `shared` and `random` outlive it. `used` is called with each operation.
  node_files(snapshot::file_system& shared, std::shared_ptr<bool> gone, std::mt19937_64& random,
             std::function<void()> used)
      : shared_(shared), gone_(std::move(gone)), random_(random), used_(std::move(used)) {}

  /// The process dies within one of the next changes, by its number from 1 on; that one happens or not.
  void die_in(unsigned operation) { dies_in_ = operation; }
  [[nodiscard]] bool is_doomed() const { return dies_in_ != 0; }
  /// The next `good` changes succeed, and the n after them have an unknown outcome.
  void fail_next(unsigned n, unsigned good) {
    fail_next_ = n;
    good_ = good;
  }
  /// Makes changes happen now, or never, whose outcome is still unknown.
  void settle();

  expected<bool> make_folder(const std::string& path) override;
  expected<std::vector<entry>> list(const std::string& path) override;
  expected<std::string> read(const std::string& path) override;
  expected<std::string> read_part(const std::string& path, std::uint64_t offset,
                                  std::uint64_t length) override;
  expected<void> write(const std::string& path, parts contents, bool synced) override;
  expected<void> append(const std::string& path, parts contents, bool synced) override;
  expected<void> publish(const std::string& from, const std::string& to) override;
  expected<void> replace(const std::string& from, const std::string& to) override;
  expected<void> remove(const std::string& path) override;
  expected<void> sync_folder(const std::string& path) override;
  expected<std::unique_ptr<snapshot::folder_lock>> lock(const std::string& path,
                                                        snapshot::lock_kind kind) override;

private:
  template<class F>
  auto change(F operation) -> decltype(operation());
  /// Makes a change that may happen later.
  template<class F>
  auto change_perhaps_later(F operation) -> decltype(operation());
  [[nodiscard]] bool fails();
  template<class F>
  auto look(F operation) -> decltype(operation());

  snapshot::file_system& shared_;
  std::shared_ptr<bool> gone_;
  std::mt19937_64& random_;
  std::function<void()> used_;
  unsigned dies_in_ = 0;  // 0: in none
  unsigned fail_next_ = 0;
  unsigned good_ = 0;
  std::vector<std::function<void()>> late_;
};

}  // namespace millrace::simulation
