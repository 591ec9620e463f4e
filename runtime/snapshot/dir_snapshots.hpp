// An actor's snapshot chain as files in its folder: bases, and between two of them one file that increments
// are appended to. One object an incarnation; older ones of the same actor are fenced as soon as a newer one
// opens, in memory by life_fence, on disk by its opening record: that begins a file of its own, which the old
// one finds when its next append looks whether its own file is still the newest.
#pragma once

#include "runtime/snapshot/chain_scan.hpp"
#include "runtime/snapshot/file_system.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace millrace::snapshot {

/// The newest incarnation of an actor in this process. Writers hold the mutex while they change files that a
/// newer incarnation would read.
struct life_fence {
  std::mutex mutex;
  incarnation newest = 0;

  /// With the mutex held: ec::fenced when `life` is not the newest of the actor's.
  [[nodiscard]] expected<void> check(incarnation life, std::string_view actor) const;
};

/// The error of a life that a newer one has taken over from.
[[nodiscard]] unexpected superseded(incarnation life, std::string_view actor, incarnation by);

/// When a new base is due.
struct base_rule {
  /// Below this a state is not worth a base of its own; above, a base is due when increments weigh twice as
  /// much, so that merging costs no more than a share of capturing, and a recovery reads three times the
  /// state at most.
  std::uint64_t smallest_base = 2 << 20;
  /// Records that a recovery has to merge, where they weigh half of the base: a large base is not written
  /// again for a few small ones.
  std::uint64_t most_increments = 200;
  /// Files of increments since the base. Each opening and each append that fails begins one.
  std::uint64_t most_files = 4;
};

class dir_snapshots final : public snapshots {
public:
  /// Recovers the chain and appends the opening record. The folder must exist.
  [[nodiscard]] static expected<std::unique_ptr<snapshots>> open(file_system& files, std::string folder,
                                                                 std::string actor, incarnation life,
                                                                 std::shared_ptr<life_fence> fence,
                                                                 base_rule rule = {});
  /// For readers: no opening record, no repair; append and compact are refused.
  [[nodiscard]] static std::unique_ptr<snapshots> open_read_only(file_system& files, std::string folder,
                                                                 std::string actor);

  expected<chain> load() override;
  expected<std::uint64_t> append(std::string_view increment, bool twice) override;
  expected<bool> compact(const std::function<expected<std::string>(const chain&)>& merge) override;
  [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }

private:
  dir_snapshots(file_system& files, std::string folder, std::string actor, incarnation life,
                std::shared_ptr<life_fence> fence, base_rule rule);

  [[nodiscard]] expected<void> check_fence() const;
  [[nodiscard]] expected<snapshots::chain> recover(record_name& newest, std::uint64_t& newest_bytes);
  [[nodiscard]] expected<void> repair(const file_repair& missing);
  [[nodiscard]] bool is_base_due() const;
  [[nodiscard]] expected<void> remove_leftovers();
  [[nodiscard]] expected<std::string> read_tail();
  [[nodiscard]] expected<std::string> tail_to_copy();
  [[nodiscard]] expected<void> copy_record(const std::string& bytes, std::uint64_t at);
  [[nodiscard]] expected<void> copy_all_up_to_tail();
  [[nodiscard]] expected<void> begin_file(file_system::parts contents, bool twice);
  [[nodiscard]] expected<void> extend_file(file_system::parts contents, bool twice,
                                           const std::string& buried);
  [[nodiscard]] expected<void> check_newest_file() const;
  [[nodiscard]] expected<void> check_unchanged(const record_name& file, std::uint64_t size);
  [[nodiscard]] expected<std::uint64_t> append_record(record_kind kind, std::string_view payload, bool twice);
  [[nodiscard]] expected<void> write_new(const record_name& name, file_system::parts contents, bool synced);
  [[nodiscard]] expected<void> publish_base(std::string_view base, std::uint64_t& size);
  void drop_superseded();
  void count_bytes();
  [[nodiscard]] std::string path(const record_name& name) const;

  file_system& files_;
  std::string folder_;
  std::string actor_;
  incarnation life_;
  std::shared_ptr<life_fence> fence_;  // none: read only
  base_rule rule_;

  /// The file that the newest record lies in, and where.
  struct newest_file {
    std::uint64_t first = 0;     // the number that it is named after
    bool is_open = false;        // further records go there
    bool has_rest = false;       // of an append that failed, which counts until the next file begins
    bool copy_is_named = false;  // the name of its second copy is durable
    bool copy_is_torn = false;   // and has to be written anew
    std::uint64_t tail_at = 0;
    std::uint64_t end = 0;
  };

  chain_link tail_;
  bool tail_has_copy_ = true;
  newest_file file_;
  std::uint64_t next_sequence_ = 1;
  std::uint64_t base_sequence_ = 0;
  std::uint64_t base_bytes_ = 0;
  std::uint64_t increments_bytes_ = 0;
  std::uint64_t increments_ = 0;
  std::uint64_t increment_files_ = 0;
  bool base_due_ = false;
  std::vector<record_name> leftovers_;           // of a failed append, that must go before the next
  std::optional<snapshots::chain> just_opened_;  // what open() read, for a load() before the first append
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace millrace::snapshot
