#include "actors/connectors/file/sink/appended_file.hpp"

#include "actors/connectors/file/sink/gather_rows.hpp"
#include "actors/connectors/file/sink/numbered_files.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

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
  rows_ = 0;
  ASSIGN_OR_RETURN(auto side, open_side(path_, who, side_, begin_));
  RETURN_IF_ERROR(prepare(side.found, who.fresh));
  open_ = true;
  return record_.at;
}

expected<void> appended_file::store() { return side_->store(encode_record(record_), durable_); }

expected<void> appended_file::open_data(std::uint64_t& there, bool& made) {
  ASSIGN_OR_RETURN(data_, data_file::open(path_, made, rule_));
  const auto length = data_.length();
  there = length.value_or(0);
  return length ? expected<void>() : unexpected(length.error());
}

/// A state that begins anew: exactly the parts that the old state made.
expected<void> appended_file::remove_parts_of(const file_record& replaced) {
  std::error_code failed;
  for (const auto n : numbers_beside(path_))
    if (n >= replaced.first && n <= replaced.number && !failed)
      std::filesystem::remove(numbered(path_, n), failed);
  return failed ? file_error("remove the old parts of", path_, failed.value()) : expected<void>();
}

expected<void> appended_file::prepare(taken_over<file_record>& t, bool fresh) {
  if (t.record.publish) {
    record_ = t.record;
    RETURN_IF_ERROR(side_->claim());
    RETURN_IF_ERROR(finish_part());
    t.record = record_;
  }
  if (parts_ && t.replaced && t.replaced->first != 0)
    RETURN_IF_ERROR(remove_parts_of(*t.replaced));
  bool made = false;
  std::uint64_t length = 0;
  RETURN_IF_ERROR(open_data(length, made));
  const auto* const there = &length;
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
  // The record comes first: a new open always cuts back to the same length.
  RETURN_IF_ERROR(side_->store(encode_record(t.record), durable_));
  RETURN_IF_ERROR(side_->claim());
  if (*there > committed)
    RETURN_IF_ERROR(data_.cut(committed));
  if (durable_)
    RETURN_IF_ERROR(sync_folder(path_.parent_path()));
  record_ = std::move(t.record);
  length_ = record_.length;
  return {};
}

expected<void> appended_file::write(const data::batch& rows) {
  if (!open_)
    return our_error("write to a file sink that is not open");
  rows_ += rows.rows;
  return gather_rows(buffer_, format_, rows, length_ == 0, *side_, [this] { return flush(); });
}

expected<void> appended_file::flush() {
  open_ = false;
  RETURN_IF_ERROR(side_->check_owner());
  ASSIGN_OR_RETURN(const auto there, data_.length());
  if (there < length_)
    return user_error(ec::mismatch,
                      fmt::format("{} was shortened to {} bytes by somebody else while the sink was "
                                  "writing to it; put back what is missing, or start over with --fresh",
                                  path_.string(), there));
  length_ = there;
  // Somebody else's unterminated line must not swallow our first row.
  if (!buffer_.empty() && !data_.ends_line(length_))
    buffer_.insert(0, 1, '\n');
  RETURN_IF_ERROR(data_.append(buffer_));
  length_ += buffer_.size();
  buffer_.clear();
  open_ = true;
  return {};
}

expected<std::uint64_t> appended_file::commit(const progress& p) {
  if (!open_)
    return our_error("commit to a file sink that is not open");
  ASSIGN_OR_RETURN(const auto locked, side_->lock());
  RETURN_IF_ERROR(flush());
  open_ = false;
  if (durable_ && length_ != record_.length)
    RETURN_IF_ERROR(data_.sync());
  record_.length = length_;
  record_.at = p;
  if (parts_) {
    record_.rows += std::exchange(rows_, 0);
    if (record_.since == 0 && record_.length != 0)
      record_.since = clock_->now();
  }
  RETURN_IF_ERROR(is_due() ? begin_part() : store());
  open_ = true;
  return 0;
}

bool appended_file::is_due() const {
  return parts_ && record_.length != 0 &&
         parts_->roll.is_due(record_.rows, record_.length, record_.since, clock_->now());
}

/// Stores the record that makes the file a part; from then on it is one, also after a crash.
expected<void> appended_file::begin_part() {
  record_.publish = true;
  record_.number = first_free(path_);
  if (record_.first == 0)
    record_.first = record_.number;
  RETURN_IF_ERROR(store());
  RETURN_IF_ERROR(finish_part());
  bool made = false;
  RETURN_IF_ERROR(open_data(length_, made));
  if (durable_)
    RETURN_IF_ERROR(sync_folder(path_.parent_path()));
  remove_oldest_parts();
  return {};
}

/// The record says that the file is a part: gives it its number, and takes the record on to an empty file.
expected<void> appended_file::finish_part() {
  std::error_code failed;
  // The next file stays empty until the record names it: a file with bytes in it is still the part.
  const auto size = std::filesystem::file_size(path_, failed);
  const bool is_renamed = failed ? failed == std::errc::no_such_file_or_directory : size == 0;
  if (failed && !is_renamed)
    return file_error("read", path_, failed.value());
  const bool is_taken = std::filesystem::exists(numbered(path_, record_.number), failed);
  if (is_renamed && !is_taken)
    return user_error(
        ec::not_found,
        fmt::format("{} has vanished, but {} bytes of it are committed; put the file back as it "
                    "was, or start over with --fresh",
                    path_.string(), record_.length));
  if (!is_renamed) {
    if (is_taken) {  // somebody else has taken it since the number was chosen
      record_.number = first_free(path_);
      RETURN_IF_ERROR(store());
    }
    RETURN_IF_ERROR(reveal(path_, numbered(path_, record_.number)));
    if (durable_)
      RETURN_IF_ERROR(sync_folder(path_.parent_path()));
  }
  record_.length = record_.rows = 0;
  record_.since = 0;
  record_.publish = false;
  return store();
}

void appended_file::remove_oldest_parts() {
  if (!parts_->keep)
    return;
  auto numbers = numbers_beside(path_);
  std::erase_if(numbers, [&](auto n) { return n < record_.first || n > record_.number; });
  for (std::size_t i = 0; i + *parts_->keep < numbers.size(); ++i) {
    const auto part = numbered(path_, numbers[i]);
    std::error_code failed;
    if (std::filesystem::remove(part, failed))
      spdlog::info("{} is removed: \"keep\" says {} parts", part.string(), *parts_->keep);
    else if (failed)
      spdlog::warn("{} cannot be removed, as \"keep\" says: {}", part.string(), failed.message());
  }
}

std::optional<micros> appended_file::keep_alive_in() const {
  return parts_ && record_.length != 0 ? parts_->roll.left(record_.since, clock_->now()) : std::nullopt;
}

expected<void> appended_file::keep_alive() {
  if (!open_ || !buffer_.empty() || length_ != record_.length || !is_due())
    return {};
  open_ = false;
  auto begun = side_->as_owner([this] { return begin_part(); });
  open_ = begun.has_value();
  return begun;
}

}  // namespace millrace::sink
