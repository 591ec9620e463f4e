#include "actors/stream/sink/refused_rows.hpp"

#include <algorithm>

namespace millrace::sink {

void refused_rows::ask_again() {
  fence_.reset();
  under_way_ = false;
}

void refused_rows::answered(const delivery::answer& a) {
  if (a.stamp < newest_answer_)
    return;  // an earlier life of the dead-letter sink said it, overtaken by its new life's
  newest_answer_ = a.stamp;
  fence_ = a.stamp;
  sent_ = a.have;
  under_way_ = false;
  newest_ = std::max(newest_, sequence_at(sent_));
}

delivery::lane_frame refused_rows::frame() const {
  delivery::lane_frame f;
  f.log = log_;
  f.stamp = *fence_;
  f.from = f.to = sent_.at;
  return f;
}

void refused_rows::went(const delivery::lane_frame& f) {
  sent_ = {f.to, f.watermark};
  under_way_ = true;
}

delivery::lane_frame refused_rows::send(std::vector<rejected_row> rows) {
  auto f = frame();
  auto letters = std::make_shared<delivery::dead_letters>();
  if (is_end(sent_))
    f.to.major += 1;
  for (auto& r : rows) {
    f.to.minor = static_cast<std::int64_t>(r.sequence);
    letters->push_back({sink_, log_, f.to, std::move(r.error), std::move(r.record)});
  }
  newest_ = std::max(newest_, static_cast<std::uint64_t>(f.to.minor));
  f.content = std::move(letters);
  went(f);
  return f;
}

std::optional<delivery::lane_frame> refused_rows::send_end() {
  if (is_end(sent_))
    return std::nullopt;
  auto f = frame();
  f.to.minor += 1;
  f.watermark = end_of_time;
  went(f);
  return f;
}

bool refused_rows::acknowledged(position below) {
  if (below < sent_.at)
    return false;
  under_way_ = false;
  return true;
}

}  // namespace millrace::sink
