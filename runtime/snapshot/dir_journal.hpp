// An actor's journal as two files, NAME.1 and NAME.2, of which either is enough. Opening writes both anew
// from the better one, which cuts torn ends, repairs damage and fences older incarnations in one step.
// Entries are held in memory too: they are few, since decisions are trimmed as snapshots pass them.
#pragma once

#include "runtime/snapshot/file_system.hpp"
#include "runtime/snapshot/life_fence.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <memory>
#include <string>
#include <vector>

namespace millrace::snapshot {

class dir_journal final : public journal {
public:
  /// `stem` is the path without ".1" and ".2"; `folder` the one it lies in. A null fence: reading only.
  [[nodiscard]] static expected<std::unique_ptr<journal>> open(file_system& files, std::string folder,
                                                               std::string stem, std::string actor,
                                                               incarnation life,
                                                               std::shared_ptr<life_fence> fence);

  expected<std::vector<std::string>> load() override;
  expected<void> append(const std::vector<std::string>& entries) override;
  expected<void> replace(const std::vector<std::string>& entries) override;

private:
  dir_journal(file_system& files, std::string folder, std::string stem, std::string actor, incarnation life,
              std::shared_ptr<life_fence> fence);

  [[nodiscard]] expected<void> check_fence() const;
  [[nodiscard]] expected<void> read_better_copy();
  [[nodiscard]] expected<void> rewrite(std::vector<std::string> entries);
  [[nodiscard]] std::string path(int copy) const;

  file_system& files_;
  std::string folder_;
  std::string stem_;
  std::string actor_;
  incarnation life_;
  std::shared_ptr<life_fence> fence_;

  std::vector<std::string> entries_;
  std::uint64_t generation_ = 0;
  incarnation last_life_ = 0;
  bool copies_are_whole_ = false;  // not after a failure: the next write is a rewriting
};

}  // namespace millrace::snapshot
