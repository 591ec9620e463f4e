#include "actors/connectors/http/server/spool_groups.hpp"

#include <boost/asio/post.hpp>

#include <chrono>
#include <utility>

namespace millrace::source {
namespace {

/// A disk that refuses is asked again after as long.
constexpr std::chrono::milliseconds again{500};

}  // namespace

spool_groups::~spool_groups() { disk_.join(); }

/// The request that goes beyond a group's bytes is the last.
bool spool_groups::has_room() const { return gathered_bytes_ < log_->group_bytes(); }

void spool_groups::add(request_records records, event_micros time, sender of) {
  gathered_bytes_ += records.bytes;
  gathered_.push_back({std::move(records), time});
  senders_.push_back(std::move(of));
  if (!is_writing_)
    write_next();
}

void spool_groups::write_next() {
  is_writing_ = true;
  gathered_bytes_ = 0;
  written_ = std::exchange(senders_, {});
  boost::asio::post(disk_, [this, group = std::exchange(gathered_, {})] {
    for (const auto& r : group)
      for (const auto& record : r.records.records)
        log_->add(record, r.time);
    commit();
  });
}

/// Runs on the disk's thread, which also frees the group: freeing so many texts takes time.
void spool_groups::commit() {
  boost::asio::post(io_, [this, kept = log_->commit()] { on_committed(kept); });
}

void spool_groups::on_committed(const expected<void>& kept) {
  if (!kept) {
    tell_.refused(kept.error());
    again_.expires_after(again);
    again_.async_wait(
        [this](const boost::system::error_code&) { boost::asio::post(disk_, [this] { commit(); }); });
    return;
  }
  is_writing_ = false;
  const auto durable = std::exchange(written_, {});
  if (!gathered_.empty())
    write_next();
  tell_.durable(durable);
}

}  // namespace millrace::source
