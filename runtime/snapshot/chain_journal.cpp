#include "runtime/snapshot/chain_journal.hpp"

#include "runtime/snapshot/merged_snapshots.hpp"
#include "runtime/wire/bytes.hpp"

#include <utility>

namespace millrace::snapshot {
namespace {

enum class journal_record : std::uint8_t { appended = 1, replaced = 2 };

}  // namespace

std::string encode_journal_record(bool replaces, const std::vector<std::string>& entries) {
  wire::writer out;
  out.fixed(static_cast<std::uint8_t>(replaces ? journal_record::replaced : journal_record::appended));
  out.varint(entries.size());
  for (const auto& e : entries)
    out.string(e);
  return out.take();
}

expected<journal_state> sum_up_journal(chain::contents records) {
  journal_state all;
  for (const auto& bytes : chain::records_of(std::move(records))) {
    wire::reader in(bytes);
    const journal_record kind{in.fixed<std::uint8_t>()};
    if (kind == journal_record::replaced)
      all.entries.clear();
    for (auto left = in.varint(); left > 0 && in.ok(); --left)
      all.entries.emplace_back(in.string());
    if (!in.ok() || !in.at_end() || (kind != journal_record::replaced && kind != journal_record::appended))
      return our_error("a journal's record is whole but unreadable");
    all.is_new = false;
  }
  return all;
}

expected<std::unique_ptr<journal>> chain_journal::open(std::unique_ptr<chain::actor_chain> records,
                                                       const older_entries& older) {
  std::unique_ptr<chain_journal> opened(new chain_journal(std::move(records)));
  auto found = opened->records_->read().and_then(sum_up_journal);
  if (!found)
    return unexpected(found.error());
  opened->entries_ = std::move(found->entries);
  auto done = expected<void>();
  if (found->is_new)
    done = older().and_then([&](const std::vector<std::string>& entries) {
      return entries.empty() ? expected<void>() : opened->write(true, entries);
    });
  // An opening begins a run, and a journal may be opened often and never written.
  if (done)
    done = opened->write_base_if_due();
  if (!done)
    return unexpected(done.error());
  return opened;
}

std::unique_ptr<journal> chain_journal::open_read_only(std::unique_ptr<chain::actor_chain> records,
                                                       older_entries older) {
  std::unique_ptr<chain_journal> opened(new chain_journal(std::move(records)));
  opened->older_ = std::move(older);
  return opened;
}

expected<std::vector<std::string>> chain_journal::load() {
  auto found = records_->read().and_then(sum_up_journal);
  const bool has_no_chain = !found && found.error().code == ec::not_found;
  if (older_ && (has_no_chain || (found && found->is_new)))
    return older_();
  if (!found)
    return unexpected(found.error());
  return std::move(found->entries);
}

expected<void> chain_journal::append(const std::vector<std::string>& entries) {
  return entries.empty() ? expected<void>() : write(false, entries);
}

expected<void> chain_journal::replace(const std::vector<std::string>& entries) {
  return write(true, entries);
}

expected<void> chain_journal::write(bool replaces, const std::vector<std::string>& entries) {
  if (const auto done = records_->append(encode_journal_record(replaces, entries), true); !done)
    return unexpected(done.error());
  if (replaces)
    entries_.clear();
  entries_.insert(entries_.end(), entries.begin(), entries.end());
  return write_base_if_due();
}

expected<void> chain_journal::write_base_if_due() {
  return append_base_if_due(*records_, [this] { return encode_journal_record(true, entries_); });
}

}  // namespace millrace::snapshot
