#include "actors/connectors/parquet/sink/stored_table.hpp"

#include "actors/connectors/parquet/sink/table_claim.hpp"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

namespace millrace::sink {
namespace {

/// So many records are one from then on: an opening reads them all.
constexpr std::uint64_t most_records = 50;

/// A name of its own for each life: two of them never write one upload.
std::string upload_name(incarnation life, std::string_view visible) {
  const auto name = visible.substr(visible.find_last_of('/') + 1);
  return fmt::format("{}{}-{}{}", storage::hidden_upload, life, name, storage::waiting_upload);
}

/// The life in the name of an upload of the state with this tag; nothing where it is none.
std::optional<incarnation> life_of_upload(std::string_view tag, std::string_view name) {
  if (!name.starts_with(storage::hidden_upload) || !name.ends_with(storage::waiting_upload))
    return std::nullopt;
  name.remove_prefix(storage::hidden_upload.size());
  name.remove_suffix(storage::waiting_upload.size());
  incarnation life = 0;
  const auto [end, failed] = std::from_chars(name.data(), name.data() + name.size(), life);
  name.remove_prefix(static_cast<std::size_t>(end - name.data()));
  if (failed != std::errc() || !name.starts_with('-') || !is_named_by(tag, name.substr(1)))
    return std::nullopt;
  return life;
}

}  // namespace

std::string name_of_table(std::string_view sink) { return fmt::format("table:{}", sink); }

expected<std::optional<progress>> stored_table::open(const claim& who) {
  chain_.reset();
  RETURN_IF_ERROR(work_.make());
  ASSIGN_OR_RETURN(auto opened, chains_->open_chain(name_of_table(who.sink), life_of(who.life)));
  RETURN_IF_ERROR(take_over(who, *opened));
  chain_ = std::move(opened);
  return record_.at;
}

expected<void> stored_table::take_over(const claim& who, chain::actor_chain& chain) {
  ASSIGN_OR_RETURN(auto found, chain.read());
  auto records = chain::records_of(std::move(found));
  std::optional<std::string> newest;
  if (!records.empty())
    newest = std::move(records.back());
  auto record = claim_table({.table = table_.get(),
                             .record_place = fmt::format("\"{}\" in the store", name_of_table(who.sink)),
                             .begin = options_.begin,
                             .partition_by = &options_.partition_by,
                             .file_columns = parts_.file_columns().get(),
                             .looks_beside = !fits_},
                            who, newest);
  if (!record)
    return unexpected(record.error());
  fits_ = true;
  record_ = std::move(*record);
  refused_.clear();
  RETURN_IF_ERROR(remove_unnamed());
  RETURN_IF_ERROR(reveal(chain));
  RETURN_IF_ERROR(append(chain));
  return begin_files();
}

/// Removes what lives before this one have uploaded and no record names. Those of a later life, which this one may not
/// know of yet, stay.
expected<void> stored_table::remove_unnamed() {
  std::set<std::string_view> named;
  for (const auto& f : record_.to_publish)
    named.insert(f.hidden);
  const auto tag = tag_of(record_.owner);
  ASSIGN_OR_RETURN(const auto all, table_->list(""));
  for (const auto& e : all) {
    const auto life = life_of_upload(tag, e.name);
    if (!life || *life > record_.owner.life || named.contains(e.name))
      continue;
    RETURN_IF_ERROR(table_->remove(e.name));
  }
  return {};
}

expected<void> stored_table::begin_files() {
  rows_ = row_bytes_ = 0;
  files_.begin({tag_of(record_.owner), record_.owner.life, options_.packed}, record_.next_number);
  return work_.remove_all(hidden_part);
}

expected<void> stored_table::write(const data::batch& rows) {
  if (!chain_)
    return our_error("write to a parquet sink that is not open");
  auto refused = files_.add(rows);
  if (!refused) {
    chain_.reset();
    return unexpected(refused.error());
  }
  auto kept = without_refused(rows, std::move(*refused), record_.next_rejected + refused_.size());
  std::move(kept.refused.begin(), kept.refused.end(), std::back_inserter(refused_));
  if (!kept.kept)
    return {};
  if (rows_ == 0)
    since_ = clock_->now();
  rows_ += kept.kept->rows;
  row_bytes_ += kept.kept->byte_size();
  return {};
}

std::optional<micros> stored_table::commit_in() const {
  if (rows_ == 0)
    return std::nullopt;
  const auto bytes = static_cast<std::uint64_t>(static_cast<double>(row_bytes_) * packed_to_);
  if (options_.roll.is_full(rows_, bytes) || files_.files() >= most_files)
    return micros(0);
  const auto age = options_.roll.age.value_or(default_age);
  return std::max(micros(0), micros(since_ - clock_->now()) + age);
}

expected<std::uint64_t> stored_table::commit(const progress& p) {
  if (!chain_)
    return our_error("commit to a parquet sink that is not open");
  // Whatever fails, the next open finds out how far it came.
  auto chain = std::move(chain_);
  const auto refused = refused_.size();
  record_.next_rejected += refused;
  std::move(refused_.begin(), refused_.end(), std::back_inserter(record_.rejected));
  refused_.clear();
  record_.at = p;
  if (rows_ != 0)
    RETURN_IF_ERROR(end_files(record_));
  // Nothing becomes visible before the record counts: a life that is over is refused here.
  RETURN_IF_ERROR(append(*chain));
  if (rows_ != 0) {
    RETURN_IF_ERROR(reveal(*chain));
    RETURN_IF_ERROR(begin_files());
  }
  chain_ = std::move(chain);
  return refused;
}

/// Ends the files and uploads them; they are durable then, and hidden.
expected<void> stored_table::end_files(table_record& next) {
  ASSIGN_OR_RETURN(auto whole, files_.finish());
  if (row_bytes_ >= tells_of_size)
    packed_to_ = std::min(1.0, static_cast<double>(files_.bytes_written()) / static_cast<double>(row_bytes_));
  std::vector<storage::table_folder::upload> uploads;
  next.to_publish.clear();
  for (const auto& f : whole) {
    auto hidden = upload_name(next.owner.life, f.visible);
    uploads.push_back({work_.path_of(f.hidden), hidden});
    next.to_publish.push_back({std::move(hidden), f.visible});
  }
  next.next_number = files_.next_number();
  return table_->upload_hidden(uploads);
}

expected<void> stored_table::append(chain::actor_chain& chain) {
  const auto bytes = encode_record(record_);
  RETURN_IF_ERROR(chain.append(bytes, true));
  if (chain.size().increments <= most_records && !chain.size().is_base_due)
    return {};
  const auto done = chain.append_base(bytes);
  if (!done && done.error().code == ec::fenced)
    return unexpected(done.error());
  // The record before it counts whatever becomes of this.
  if (!done)
    spdlog::warn("the records of {} are not joined yet, and will be later: {}", table_->shown(""),
                 done.error().message);
  return {};
}

/// Gives the files that the record names their visible names, and has a record without them.
expected<void> stored_table::reveal(chain::actor_chain& chain) {
  if (record_.to_publish.empty())
    return {};
  std::vector<storage::table_folder::hidden_file> files;
  for (const auto& f : record_.to_publish)
    files.push_back({f.hidden, f.visible});
  RETURN_IF_ERROR(table_->reveal_hidden(files));
  record_.to_publish.clear();
  return append(chain);
}

expected<std::vector<rejected_row>> stored_table::rejected(std::uint64_t after, std::size_t limit) {
  return rejected_after(record_, after, limit);
}

void stored_table::forget_rejected(std::uint64_t up_to) { sink::forget_rejected(record_, up_to); }

}  // namespace millrace::sink
