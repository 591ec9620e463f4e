#include "actors/connectors/parquet/sink/parquet_writer.hpp"

#include "actors/connectors/parquet/sink/old_data.hpp"
#include "actors/connectors/parquet/sink/table_claim.hpp"
#include "actors/stream/sink/files/data_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

namespace millrace::sink {
namespace {

constexpr std::string_view side_name = ".millrace-table";

}  // namespace

parquet_writer::~parquet_writer() { publish_committed(); }

void parquet_writer::publish_committed() {
  if (!std::exchange(open_, false) || record_.staged_rows == 0 || has_uncommitted())
    return;
  // Errors leave what is staged for the next open, which goes on with it.
  if (side_->as_owner([this] { return roll(); }))
    staged_.empty();
}

expected<std::optional<progress>> parquet_writer::open(const claim& who) {
  publish_committed();
  RETURN_IF_ERROR(work_.make());
  ASSIGN_OR_RETURN(side_, side_file::open(work_.path_of(side_name)));
  ASSIGN_OR_RETURN(const auto locked, side_->lock());
  RETURN_IF_ERROR(take_over(who));
  RETURN_IF_ERROR(resume());
  open_ = true;
  return record_.at;
}

/// Reads the record, and makes it this claim's own, under its life.
expected<void> parquet_writer::take_over(const claim& who) {
  ASSIGN_OR_RETURN(const auto bytes, side_->load());
  ASSIGN_OR_RETURN(auto record, claim_table({.table = table_.get(),
                                             .record_place = side_->path().string(),
                                             .begin = options_.begin,
                                             .partition_by = &options_.partition_by,
                                             .file_columns = parts_.file_columns().get(),
                                             .looks_beside = !fits_},
                                            who, bytes));
  fits_ = true;
  record_ = std::move(record);
  return side_->claim();
}

void parquet_writer::begin_files() {
  files_.begin({tag_of(record_.owner), record_.owner.life, options_.packed}, record_.next_number);
}

/// Finishes a renaming that was begun, and makes the files of what is staged anew.
expected<void> parquet_writer::resume() {
  refused_.clear();
  rows_ = record_.staged_rows;
  RETURN_IF_ERROR(publish());
  RETURN_IF_ERROR(work_.remove_all(hidden_part));
  if (table_->has_mark()) {
    const auto tag = tag_of(record_.owner);
    const auto is_ours = [&](std::string_view name) { return is_named_by(tag, name); };
    RETURN_IF_ERROR(remove_uploads(*table_, is_ours));
  }
  row_bytes_ = record_.row_bytes;
  RETURN_IF_ERROR(staged_.open(record_.staged_bytes));
  RETURN_IF_ERROR(work_.sync());
  begin_files();
  auto read = staged_.read(record_.staged_bytes, [&](const data::batch& rows) -> expected<void> {
    if (*rows.schema != *parts_.columns())
      return user_error(ec::mismatch,
                        fmt::format("{} holds {} committed rows that are in no visible file yet, with other "
                                    "columns than this topology's; let the earlier topology end in order "
                                    "(SIGTERM), or start over with --fresh",
                                    staged_.path().string(), record_.staged_rows));
    RETURN_IF_ERROR(files_.add(rows));
    return {};
  });
  if (!read)
    return read;
  return store();
}

expected<void> parquet_writer::store() { return side_->store(encode_record(record_), options_.durable); }

expected<void> parquet_writer::write(const data::batch& rows) {
  if (!open_)
    return our_error("write to a parquet sink that is not open");
  open_ = false;
  RETURN_IF_ERROR(add(rows));
  if (staged_.waiting() >= write_size)
    RETURN_IF_ERROR(side_->as_owner([this] { return staged_.flush(); }));
  open_ = true;
  return {};
}

expected<void> parquet_writer::add(const data::batch& rows) {
  ASSIGN_OR_RETURN(auto refused, files_.add(rows));
  auto kept = without_refused(rows, std::move(refused), record_.next_rejected + refused_.size());
  std::move(kept.refused.begin(), kept.refused.end(), std::back_inserter(refused_));
  if (kept.kept) {
    staged_.add(*kept.kept);
    rows_ += kept.kept->rows;
  }
  return {};
}

bool parquet_writer::is_due() const {
  if (record_.staged_rows == 0)
    return false;
  const auto bytes = static_cast<std::uint64_t>(static_cast<double>(record_.row_bytes) * packed_to_);
  return options_.roll.is_due(record_.staged_rows, bytes, record_.since, clock_->now()) ||
         files_.files() >= most_files;
}

expected<std::uint64_t> parquet_writer::commit(const progress& p) {
  if (!open_)
    return our_error("commit to a parquet sink that is not open");
  ASSIGN_OR_RETURN(const auto locked, side_->lock());
  open_ = false;
  RETURN_IF_ERROR(side_->check_owner());
  if (record_.staged_rows == 0 && rows_ != 0)
    record_.since = clock_->now();
  record_.staged_rows = rows_;
  record_.row_bytes = row_bytes_ + staged_.added();
  record_.next_rejected += refused_.size();
  const auto refused = refused_.size();
  std::move(refused_.begin(), refused_.end(), std::back_inserter(record_.rejected));
  refused_.clear();
  record_.at = p;
  // Nobody comes again after the end to publish what could not be published then.
  if (is_due() || (record_.staged_rows != 0 && has_ended(p.positions))) {
    RETURN_IF_ERROR(roll());
  } else {
    ASSIGN_OR_RETURN(record_.staged_bytes, staged_.complete(options_.durable));
    RETURN_IF_ERROR(store());
  }
  open_ = true;
  return refused;
}

/// Ends the files, and commits them in the place of what is staged. Called under the side file's lock.
expected<void> parquet_writer::roll() {
  ASSIGN_OR_RETURN(auto whole, files_.finish());
  if (record_.row_bytes >= tells_of_size)
    packed_to_ =
        std::min(1.0, static_cast<double>(files_.bytes_written()) / static_cast<double>(record_.row_bytes));
  record_.to_publish = std::move(whole);
  record_.next_number = files_.next_number();
  record_.staged_bytes = record_.staged_rows = record_.row_bytes = rows_ = row_bytes_ = 0;
  record_.since = 0;
  RETURN_IF_ERROR(work_.sync());
  RETURN_IF_ERROR(store());
  RETURN_IF_ERROR(publish());
  staged_.restart();
  begin_files();
  return {};
}

/// Makes the whole files that the record names visible. The record forgets them with its next replacement.
expected<void> parquet_writer::publish() {
  if (record_.to_publish.empty())
    return {};
  std::set<std::string> folders;
  std::vector<storage::table_folder::whole_file_here> files;
  for (const auto& f : record_.to_publish) {
    files.push_back({work_.path_of(f.hidden), f.visible});
    folders.insert(f.visible.substr(0, f.visible.find_last_of('/') + 1));
  }
  RETURN_IF_ERROR(table_->publish(files));
  folders.insert("");
  RETURN_IF_ERROR(table_->sync({folders.begin(), folders.end()}));
  record_.to_publish.clear();
  return store();
}

expected<std::vector<rejected_row>> parquet_writer::rejected(std::uint64_t after, std::size_t limit) {
  return rejected_after(record_, after, limit);
}

void parquet_writer::forget_rejected(std::uint64_t up_to) { sink::forget_rejected(record_, up_to); }

std::optional<micros> parquet_writer::keep_alive_in() const {
  return record_.staged_rows != 0 ? options_.roll.left(record_.since, clock_->now()) : std::nullopt;
}

expected<void> parquet_writer::keep_alive() {
  if (!open_ || has_uncommitted() || !refused_.empty() || !is_due())
    return {};
  open_ = false;
  auto rolled = side_->as_owner([this] { return roll(); });
  open_ = rolled.has_value();
  return rolled;
}

}  // namespace millrace::sink
