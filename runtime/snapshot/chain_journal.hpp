// An actor's journal over a chain: a record holds the entries that were appended at once, or all that are
// kept. Each is in two copies. Entries are held in memory too: they are few, since decisions are trimmed as
// snapshots pass them.
#pragma once

#include "runtime/chain/chain.hpp"
#include "runtime/snapshot/snapshot.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace millrace::snapshot {

/// A journal as its chain has it.
struct journal_state {
  std::vector<std::string> entries;
  bool is_new = true;  // nothing was ever written
};

[[nodiscard]] std::string encode_journal_record(bool replaces, const std::vector<std::string>& entries);
[[nodiscard]] expected<journal_state> sum_up_journal(chain::contents records);

class chain_journal final : public journal {
public:
  /// The entries that a folder of an earlier format has; asked for where nothing was ever written to the
  /// chain.
  using older_entries = std::function<expected<std::vector<std::string>>()>;

  /// Takes older entries over before it returns.
  [[nodiscard]] static expected<std::unique_ptr<journal>> open(std::unique_ptr<chain::actor_chain> records,
                                                               const older_entries& older);
  /// For readers, of a chain that was opened for reading only. None: there is no chain yet.
  [[nodiscard]] static std::unique_ptr<journal> open_read_only(std::unique_ptr<chain::actor_chain> records,
                                                               older_entries older);

  expected<std::vector<std::string>> load() override;
  expected<void> append(const std::vector<std::string>& entries) override;
  expected<void> replace(const std::vector<std::string>& entries) override;

private:
  explicit chain_journal(std::unique_ptr<chain::actor_chain> records) : records_(std::move(records)) {}
  [[nodiscard]] expected<void> write(bool replaces, const std::vector<std::string>& entries);
  [[nodiscard]] expected<void> write_base_if_due();

  std::unique_ptr<chain::actor_chain> records_;
  older_entries older_;  // of a reader
  std::vector<std::string> entries_;
};

}  // namespace millrace::snapshot
