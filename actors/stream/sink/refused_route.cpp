#include "actors/stream/sink/refused_route.hpp"

namespace millrace::sink {
namespace {

effects::send_refused sent(delivery::lane_frame frame) {
  return {std::make_shared<const delivery::lane_frame>(std::move(frame))};
}

}  // namespace

bool refused_route::came(const life& now) {
  if (now < life_)
    return false;
  life_ = now;
  is_there_ = true;
  return true;
}

bool refused_route::went(const life& of) {
  if (of < life_)
    return false;
  is_there_ = false;
  return true;
}

void refused_route::ask(const life& own, effect_list& out) {
  rows_.ask_again();
  if (is_there_ && own.count != 0)
    out.emplace_back(effects::ask_dead_letter_sink{rows_.log(), own});
}

void refused_route::send(std::vector<rejected_row> rows, effect_list& out) {
  out.emplace_back(sent(rows_.send(std::move(rows))));
}

void refused_route::send_end(effect_list& out) {
  if (auto end = rows_.send_end())
    out.emplace_back(sent(std::move(*end)));
}

}  // namespace millrace::sink
