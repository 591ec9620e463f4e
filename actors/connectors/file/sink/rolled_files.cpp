#include "actors/connectors/file/sink/rolled_files.hpp"

#include "actors/connectors/file/sink/gather_rows.hpp"
#include "actors/connectors/file/sink/numbered_files.hpp"

#include <fmt/format.h>

namespace millrace::sink {

std::filesystem::path rolled_files::hidden(std::uint64_t number) const {
  return path_.parent_path() / fmt::format(".millrace-{}.{:06}", path_.filename().string(), number);
}

rolled_files::~rolled_files() { publish_committed(); }

void rolled_files::publish_committed() {
  if (!std::exchange(open_, false) || record_.rows == 0)
    return;
  // Errors leave the hidden file for the next open, which goes on with it.
  static_cast<void>(side_->as_owner([this]() -> expected<void> {
    if (data_ && length_ != record_.length)
      RETURN_IF_ERROR(data_->cut(record_.length));
    return end_file();
  }));
}

/// Stores the record that makes the file whole, and publishes it.
expected<void> rolled_files::end_file() {
  record_.publish = true;
  RETURN_IF_ERROR(store());
  return publish();
}

expected<std::optional<progress>> rolled_files::open(const claim& who) {
  publish_committed();
  buffer_.clear();
  data_.reset();
  ASSIGN_OR_RETURN(auto side, open_side(path_, who, side_, begin_));
  RETURN_IF_ERROR(prepare(side.found));
  open_ = true;
  return record_.at;
}

expected<void> rolled_files::prepare(taken_over<file_record>& t) {
  if (t.record.number == 0 && t.record.at && !t.replaced)
    return user_error(ec::mismatch,
                      fmt::format("{} was written without `roll` so far; write to another path, or start "
                                  "over with --fresh",
                                  path_.string()));
  if (t.replaced) {  // a state that begins anew: exactly the files that the old state wrote
    std::error_code failed;
    for (auto n = t.replaced->first; n > 0 && n <= t.replaced->number && !failed; ++n) {
      std::filesystem::remove(numbered(path_, n), failed);
      if (!failed)
        std::filesystem::remove(hidden(n), failed);
    }
    if (failed)
      return file_error("remove the old files of", path_, failed.value());
  }
  record_ = std::move(t.record);
  if (record_.number == 0)
    record_.first = record_.number = first_free(path_);
  RETURN_IF_ERROR(side_->claim());
  if (record_.publish)
    RETURN_IF_ERROR(publish());
  RETURN_IF_ERROR(resume());
  return store();
}

/// Goes on with the hidden file of the record, cut back to what is committed of it.
expected<void> rolled_files::resume() {
  length_ = record_.length;
  rows_ = record_.rows;
  if (record_.length == 0) {
    std::error_code ignored;
    std::filesystem::remove(hidden(record_.number), ignored);  // never committed
    return {};
  }
  bool made = false;
  ASSIGN_OR_RETURN(auto data, data_file::open(hidden(record_.number), made));
  ASSIGN_OR_RETURN(const auto there, data.length());
  if (there < record_.length) {
    if (std::error_code ignored; made)
      std::filesystem::remove(data.path(), ignored);
    return user_error(
        made ? ec::not_found : ec::mismatch,
        fmt::format("{} holds {} committed bytes that are not visible yet, but {}; put it back as it was, "
                    "or start over with --fresh",
                    data.path().string(), record_.length,
                    made ? "it has vanished" : fmt::format("has only {}", there)));
  }
  data_ = std::move(data);
  return data_->cut(record_.length);
}

expected<void> rolled_files::store() { return side_->store(encode_record(record_), durable_); }

/// The file of the record is whole and the record says so: make it visible, go on with the next number.
expected<void> rolled_files::publish() {
  const auto from = hidden(record_.number);
  std::error_code failed;
  const auto there = std::filesystem::symlink_status(from, failed).type();
  // Gone means renamed just before a crash: nothing else takes that name away.
  if (there != std::filesystem::file_type::not_found && there != std::filesystem::file_type::none) {
    bool made = false;
    ASSIGN_OR_RETURN(auto data, data_file::open(from, made));
    RETURN_IF_ERROR(data.cut(record_.length));
    RETURN_IF_ERROR(reveal(from, numbered(path_, record_.number)));
    if (durable_)
      RETURN_IF_ERROR(sync_folder(path_.parent_path()));
  } else if (there == std::filesystem::file_type::none) {
    return file_error("read", from, failed.value());
  }
  data_.reset();
  record_.number += 1;
  record_.length = record_.rows = length_ = rows_ = 0;
  record_.since = 0;
  record_.publish = false;
  return store();
}

expected<void> rolled_files::write(const data::batch& rows) {
  if (!open_)
    return our_error("write to a file sink that is not open");
  RETURN_IF_ERROR(gather_rows(buffer_, format_, rows, length_ == 0, *side_, [this] { return flush(); }));
  rows_ += rows.rows;
  return {};
}

expected<void> rolled_files::flush() {
  open_ = false;
  RETURN_IF_ERROR(side_->check_owner());
  if (!buffer_.empty()) {
    if (!data_) {
      bool made = false;
      ASSIGN_OR_RETURN(auto data, data_file::open(hidden(record_.number), made));
      if (durable_)
        RETURN_IF_ERROR(sync_folder(path_.parent_path()));
      data_ = std::move(data);
    }
    if (const auto there = data_->length(); !there || *there != length_)
      return there ? user_error(ec::mismatch,
                                fmt::format("{} was changed by somebody else; start over with --fresh",
                                            data_->path().string()))
                   : unexpected(there.error());
    RETURN_IF_ERROR(data_->append(buffer_));
    length_ += buffer_.size();
    buffer_.clear();
  }
  open_ = true;
  return {};
}

bool rolled_files::is_due() const {
  return record_.rows != 0 && roll_.is_due(record_.rows, record_.length, record_.since, clock_->now());
}

expected<std::uint64_t> rolled_files::commit(const progress& p) {
  if (!open_)
    return our_error("commit to a file sink that is not open");
  ASSIGN_OR_RETURN(const auto locked, side_->lock());
  RETURN_IF_ERROR(flush());
  open_ = false;
  if (durable_ && data_ && length_ != record_.length)
    RETURN_IF_ERROR(data_->sync());
  if (record_.rows == 0 && rows_ != 0)
    record_.since = clock_->now();
  record_.length = length_;
  record_.rows = rows_;
  record_.at = p;
  RETURN_IF_ERROR(is_due() ? end_file() : store());
  open_ = true;
  return 0;
}

std::optional<micros> rolled_files::keep_alive_in() const {
  return record_.rows != 0 ? roll_.left(record_.since, clock_->now()) : std::nullopt;
}

expected<void> rolled_files::keep_alive() {
  if (!open_ || !buffer_.empty() || length_ != record_.length || !is_due())
    return {};
  open_ = false;
  auto ended = side_->as_owner([this] { return end_file(); });
  open_ = ended.has_value();
  return ended;
}

}  // namespace millrace::sink
