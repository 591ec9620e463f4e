#include "actors/stream/sink/taken_rows.hpp"

#include "actors/stream/sink/dead_letters.hpp"

#include <utility>

namespace millrace::sink {

template<class Call>
auto timed_target::timed(Call call) {
  struct under_way {
    timed_target& target;
    steady_time::clock::time_point began = target.time_.now();
    explicit under_way(timed_target& t) : target(t) { target.gauges_->call.begin(began); }
    ~under_way() {
      target.spent_ += target.time_.now() - began;
      target.gauges_->call.end();
    }
    under_way(const under_way&) = delete;
    under_way& operator=(const under_way&) = delete;
  };
  const under_way noted(*this);
  return call();
}

expected<std::optional<progress>> timed_target::open(const claim& who) {
  return timed([&]() -> expected<std::optional<progress>> {
    if (!writer_) {
      ASSIGN_OR_RETURN(writer_, make_());
    }
    return writer_->open(who);
  });
}

expected<void> timed_target::write(const data::batch& rows) {
  return timed([&] { return writer_->write(rows); });
}

void timed_target::end_of_window() {
  timed([&] { writer_->end_of_window(); });
}

expected<std::uint64_t> timed_target::commit(const progress& p) {
  return timed([&] { return writer_->commit(p); });
}

expected<std::vector<rejected_row>> timed_target::rejected(std::uint64_t after, std::size_t limit) {
  return timed([&] { return writer_->rejected(after, limit); });
}

expected<void> timed_target::keep_alive() {
  return timed([&] { return writer_->keep_alive(); });
}

expected<void> taken_rows::restore(const std::optional<progress>& stored) {
  begin_anew();
  letters_.clear();
  counts_ = {};
  batch_ = stored ? stored->batch : 0;
  expected<void> read;
  if (stored && !stored->counters.empty()) {
    wire::reader in(stored->counters);
    read = counts_.decode(in);
  }
  committed_counts_ = counts_;
  return read;
}

expected<void> taken_rows::write(const delivery::lane_frame& f) {
  counts_.add(f.counts);
  bytes_ += f.bytes;
  if (!f.has_content())
    return {};
  if (options_.takes_dead_letters)
    return write(*std::get<delivery::letters_ptr>(f.content));
  for (const auto& batch : *std::get<delivery::rows_ptr>(f.content))
    RETURN_IF_ERROR(write(batch));
  return {};
}

expected<void> taken_rows::write(const delivery::whole_window& w, const window_input& input) {
  auto formed = form_rows_to_write(
      w, input, *options_.topology, options_.takes_dead_letters ? nullptr : options_.schema, options_.order,
      options_.takes_dead_letters ? std::nullopt : std::optional(batch_ + 1), options_.clock->now());
  counts_.add(formed.counts);
  if (options_.takes_dead_letters)
    return write(formed.failed);
  for (const auto& batch : formed.batches)
    RETURN_IF_ERROR(write(batch));
  if (!formed.batches.empty())
    target_.end_of_window();
  return {};
}

expected<void> taken_rows::write(const delivery::dead_letters& letters) {
  if (letters.empty())
    return {};
  for (const auto& l : letters) {
    auto& of_stage = letters_[l.stage];
    if (++of_stage.count == 1)
      of_stage.first = {l.partition, l.at, l.error};
  }
  return write(dead_letter_rows(letters, options_.clock->now()));
}

expected<void> taken_rows::write(const data::batch& rows) {
  if (rows.rows == 0)
    return {};
  RETURN_IF_ERROR(target_.write(rows));
  rows_ += rows.rows;
  if (!first_)
    first_ = time_.now();
  return {};
}

progress taken_rows::commit_of(std::map<log_id, mark> positions) const {
  progress p;
  p.positions = std::move(positions);
  p.batch = batch_ + (rows_ != 0 ? 1 : 0);
  wire::writer counters;
  counts_.encode(counters);
  p.counters = counters.take();
  return p;
}

void taken_rows::committed(std::uint64_t batch) {
  options_.flow->gained(committed_counts_, counts_);
  committed_counts_ = counts_;
  batch_ = batch;
  begin_anew();
  for (const auto& [name, l] : std::exchange(letters_, {}))
    options_.losses->note(stage::loss::dead_letter, name, l.count, l.first, time_.now());
}

void taken_rows::begin_anew() {
  rows_ = bytes_ = 0;
  first_.reset();
  target_.forget_time();
}

}  // namespace millrace::sink
