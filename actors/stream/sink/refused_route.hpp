// The way of refused rows from one sink to the dead-letter sink: where that is, and what goes there (refused_rows decides).
// Pure; the shell has the handle.
#pragma once

#include "actors/stream/sink/refused_rows.hpp"
#include "actors/stream/sink/sink_effects.hpp"

#include <string>
#include <utility>
#include <vector>

namespace millrace::sink {

class refused_route {
public:
  explicit refused_route(std::string sink) : rows_(std::move(sink)) {}

  /// A life of the dead-letter sink begins. Returns false for one that another has followed.
  [[nodiscard]] bool came(const life& now);
  /// That life is over. Returns false where a later one, on another node, has been introduced meanwhile.
  [[nodiscard]] bool went(const life& of);
  [[nodiscard]] bool is_there() const { return is_there_; }

  /// Asks the dead-letter sink where it stands, once it is there and the target was tried to be opened.
  void ask(const life& own, effect_list& out);
  void answered(const delivery::answer& a) { rows_.answered(a); }
  [[nodiscard]] bool acknowledged(position below) { return rows_.acknowledged(below); }
  [[nodiscard]] refused_rows::next wanted() const { return rows_.wanted(); }
  void send(std::vector<rejected_row> rows, effect_list& out);
  void send_end(effect_list& out);

  [[nodiscard]] std::uint64_t after() const { return rows_.after(); }
  [[nodiscard]] std::uint64_t newest() const { return rows_.newest(); }
  [[nodiscard]] bool end_is_sent() const { return rows_.end_is_sent(); }

private:
  refused_rows rows_;
  bool is_there_ = false;
  life life_;  // the newest of the dead-letter sink
};

}  // namespace millrace::sink
