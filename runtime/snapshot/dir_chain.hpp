// A chain as files in a folder of its own (run_files.hpp): the `dir:` store of the chain protocol. A run
// comes into being whole, at the next place, under a name that nobody else can have taken; only the life that
// made it appends to it. A new life seals the newest run before it reads that, and then begins its own, whose
// first record names the last one that counts. A life that appends looks for a seal afterwards. A life
// removes another's file only below the trim mark. docs/design/chains.md has the reasons; lives of one
// process meet in life_fence before.
#pragma once

#include "runtime/chain/chain.hpp"
#include "runtime/snapshot/chain_scan.hpp"
#include "runtime/snapshot/file_system.hpp"
#include "runtime/snapshot/life_fence.hpp"

#include <atomic>
#include <memory>
#include <optional>
#include <string>

namespace millrace::snapshot {

class dir_chain final : public chain::actor_chain {
public:
  /// Reads the chain and appends the opening record (R2). The folder must exist. ec::fenced when a higher
  /// life is there.
  [[nodiscard]] static expected<std::unique_ptr<dir_chain>> open(file_system& files, std::string folder,
                                                                 std::string actor, chain::life life,
                                                                 std::shared_ptr<life_fence> fence);
  /// Opens likewise where nobody gives terms: under a life that the opener has chosen above all that a look
  /// has shown (chain::chosen_above). ec::fenced, too, when another has opened under its term meanwhile.
  /// `forget_up_to`: no record at or below that place counts any more; 0: all count.
  [[nodiscard]] static expected<std::unique_ptr<dir_chain>> open_chosen(file_system& files,
                                                                        std::string folder, std::string actor,
                                                                        chain::life life,
                                                                        std::uint64_t forget_up_to = 0);
  /// Reads the chain, and changes nothing.
  [[nodiscard]] static expected<scanned_chain> look(file_system& files, std::string folder,
                                                    std::string actor);
  /// Makes durable what looks have shown so far: a writer syncs a record after others may have read it.
  [[nodiscard]] static expected<void> settle(file_system& files, const std::string& folder,
                                             std::string actor);
  /// Opens for readers: no opening record, no repair; writing calls are refused.
  [[nodiscard]] static std::unique_ptr<dir_chain> open_read_only(file_system& files, std::string folder,
                                                                 std::string actor);

  expected<chain::contents> read() override;
  expected<std::uint64_t> append(std::string_view increment, bool twice) override;
  expected<bool> append_base(std::string_view base) override;
  [[nodiscard]] chain::weight size() const override;
  [[nodiscard]] std::uint64_t bytes() const override { return bytes_; }

private:
  /// The outcome of a run that was to begin at a place.
  enum class begun : std::uint8_t { counts, lost };

  dir_chain(file_system& files, std::string folder, std::string actor, chain::life life,
            std::shared_ptr<life_fence> fence);
  [[nodiscard]] expected<void> begin_life();

  [[nodiscard]] expected<void> check_fence() const;
  [[nodiscard]] unexpected fenced_by(chain::life by) const;
  /// R2: whether this life ends where that one stands before it.
  [[nodiscard]] bool stops(chain::life found) const;
  [[nodiscard]] expected<run_listing> list() const;
  [[nodiscard]] expected<scanned_chain> scan() const;
  [[nodiscard]] expected<scanned_chain> seal_and_scan();
  [[nodiscard]] expected<scanned_chain> take_over();
  [[nodiscard]] expected<void> seal_newest(const run_listing& listed);
  [[nodiscard]] expected<void> mend(const std::vector<file_repair>& repairs);
  [[nodiscard]] expected<void> remove_leftovers();

  [[nodiscard]] expected<std::uint64_t> append_record(record_kind kind, std::string_view payload, bool twice);
  [[nodiscard]] expected<begun> begin_run(std::uint64_t place, record_kind kind, std::string_view payload,
                                          bool twice);
  [[nodiscard]] expected<void> begin_next_run(record_kind kind, std::string_view payload, bool twice);
  [[nodiscard]] expected<void> extend_run(file_system::parts contents, bool twice, const std::string& buried);
  [[nodiscard]] expected<std::uint64_t> place_after_own();
  [[nodiscard]] expected<run_listing> see_who_is_there() const;
  [[nodiscard]] expected<bool> is_there(const std::string& name) const;
  [[nodiscard]] expected<bool> counts(std::uint64_t place) const;
  [[nodiscard]] error lost_race() const;
  [[nodiscard]] unexpected not_known(error why);
  [[nodiscard]] record_header header_of(record_kind kind, std::string_view payload, bool twice) const;
  void record_counts(const record_header& header, std::uint64_t size, bool twice);

  [[nodiscard]] expected<std::string> read_tail();
  [[nodiscard]] expected<std::string> tail_to_copy();
  [[nodiscard]] expected<void> copy_record(const std::string& bytes, std::uint64_t at);
  [[nodiscard]] expected<void> copy_all_up_to_tail();
  [[nodiscard]] expected<void> write_new(const std::string& name, file_system::parts contents, bool synced);
  [[nodiscard]] expected<void> write_anew(const std::string& name, file_system::parts contents, bool synced);
  [[nodiscard]] expected<void> write_base(const std::string& temporary, const record_header& header,
                                          std::string_view base);
  [[nodiscard]] expected<void> make_mark(std::uint64_t place);
  void trim();
  void count_bytes();
  [[nodiscard]] std::string path(const std::string& name) const { return folder_ + "/" + name; }
  [[nodiscard]] std::string temporary(const std::string& name) const;

  file_system& files_;
  std::string folder_;
  std::string actor_;
  chain::life life_;
  bool is_choosing_ = false;  // it has chosen its life, and has not opened yet
  std::uint64_t forgotten_ = 0;
  std::shared_ptr<life_fence> fence_;  // none: read only

  /// The run that the newest record lies in, and where.
  struct newest_run {
    std::uint64_t place = 0;
    bool is_open = false;        // further records go there
    bool copy_is_named = false;  // the name of its second copy is durable
    bool copy_is_torn = false;   // and has to be written anew
    std::uint64_t tail_at = 0;
    std::uint64_t end = 0;
  };

  chain::link tail_;
  bool tail_has_copy_ = true;
  newest_run run_;
  std::uint64_t last_place_ = 0;  // the highest place that this life knows to be taken
  bool is_unsure_ = false;        // an append has failed: what it has left is not known (R4)
  std::uint64_t next_sequence_ = 1;
  std::uint64_t base_place_ = 0;
  chain::weight weight_;
  std::optional<chain::contents> just_opened_;  // the result of open(), for a read() before the first append
  std::atomic<std::uint64_t> bytes_{0};
};

}  // namespace millrace::snapshot
