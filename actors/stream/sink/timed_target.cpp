#include "actors/stream/sink/timed_target.hpp"

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
      auto made = make_();
      if (!made)
        return unexpected(made.error());
      writer_ = std::move(*made);
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

}  // namespace millrace::sink
