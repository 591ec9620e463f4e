#include "runtime/delivery/decision_gate.hpp"

#include <iterator>

namespace millrace::delivery {
namespace {

void append(std::vector<output_frame>& to, std::vector<output_frame>& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

}  // namespace

std::vector<output_frame> decision_gate::pass(position before, std::vector<output_frame> frames,
                                              bool decision) {
  if (decision)
    gates_.push_back({before, begun_ + 1, std::move(frames)});
  else if (!gates_.empty())
    append(gates_.back().frames, frames);
  else
    return frames;
  return {};
}

std::vector<output_frame> decision_gate::capture_durable(bool twice) {
  ++done_;
  std::vector<output_frame> out;
  while (twice && !gates_.empty() && gates_.front().capture <= done_) {
    append(out, gates_.front().frames);
    gates_.pop_front();
  }
  return out;
}

}  // namespace millrace::delivery
