#include "actors/sink/file/appended_file.hpp"

#include "actors/sink/file/gather_rows.hpp"

#include <fmt/format.h>

namespace millrace::sink {

appended_file::~appended_file() { close(); }

void appended_file::close() {
  if (!std::exchange(open_, false) || !buffer_.empty() || length_ != record_.length)
    return;
  if (const auto locked = side_->lock())
    side_->mark_clean();
}

expected<std::optional<progress>> appended_file::open(const claim& who) {
  close();
  buffer_.clear();
  auto side = open_side(path_, who, side_, begin_);
  if (!side)
    return unexpected(side.error());
  if (auto ready = prepare(side->found, who.fresh); !ready)
    return unexpected(ready.error());
  open_ = true;
  return record_.at;
}

expected<void> appended_file::prepare(taken_over& t, bool fresh) {
  bool made = false;
  auto data = data_file::open(path_, made, rule_);
  if (!data)
    return unexpected(data.error());
  data_ = std::move(*data);
  const auto there = data_.length();
  if (!there)
    return unexpected(there.error());
  auto& committed = t.record.length;
  if (t.replaced || (t.first && (fresh || begin_ == at_start::empty)))
    committed = 0;
  else if (t.first || (side_->was_clean() && *there > committed))
    committed = *there;
  if (*there < committed) {
    if (std::error_code ignored; made)
      std::filesystem::remove(path_, ignored);
    return user_error(
        made ? ec::not_found : ec::mismatch,
        fmt::format("{} {}, but {} bytes of it are committed; put the file back as it was, or start over "
                    "with --fresh",
                    path_.string(), made ? "has vanished" : fmt::format("has only {} bytes", *there),
                    committed));
  }
  // The record first: whatever happens next, a new open cuts back to the same length.
  if (auto stored = side_->store(encode_record(t.record), durable_); !stored)
    return stored;
  if (auto claimed = side_->claim(); !claimed)
    return claimed;
  if (*there > committed)
    if (auto cut = data_.cut(committed); !cut)
      return cut;
  if (durable_)
    if (auto synced = sync_folder(path_.parent_path()); !synced)
      return synced;
  record_ = std::move(t.record);
  length_ = record_.length;
  return {};
}

expected<void> appended_file::write(const data::batch& rows) {
  if (!open_)
    return our_error("write to a file sink that is not open");
  return gather_rows(buffer_, format_, rows, length_ == 0, *side_, [this] { return flush(); });
}

expected<void> appended_file::flush() {
  open_ = false;
  if (auto mine = side_->check_owner(); !mine)
    return mine;
  const auto there = data_.length();
  if (!there)
    return unexpected(there.error());
  if (*there < length_)
    return user_error(ec::mismatch,
                      fmt::format("{} was shortened to {} bytes by somebody else while the sink was "
                                  "writing to it; put back what is missing, or start over with --fresh",
                                  path_.string(), *there));
  length_ = *there;
  // Somebody else's unterminated line must not swallow our first row.
  if (!buffer_.empty() && !data_.ends_line(length_))
    buffer_.insert(0, 1, '\n');
  if (auto appended = data_.append(buffer_); !appended)
    return appended;
  length_ += buffer_.size();
  buffer_.clear();
  open_ = true;
  return {};
}

expected<std::uint64_t> appended_file::commit(const progress& p) {
  if (!open_)
    return our_error("commit to a file sink that is not open");
  const auto locked = side_->lock();
  if (!locked)
    return unexpected(locked.error());
  if (auto flushed = flush(); !flushed)
    return unexpected(flushed.error());
  open_ = false;
  if (durable_ && length_ != record_.length)
    if (auto synced = data_.sync(); !synced)
      return unexpected(synced.error());
  record_.length = length_;
  record_.at = p;
  if (auto stored = side_->store(encode_record(record_), durable_); !stored)
    return unexpected(stored.error());
  open_ = true;
  return 0;
}

}  // namespace millrace::sink
