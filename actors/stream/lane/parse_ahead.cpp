#include "actors/stream/lane/parse_ahead.hpp"

#include "runtime/base/flight_recorder.hpp"
#include "runtime/control/spawn.hpp"

#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <utility>

namespace millrace::lane {
namespace {

class helper {
public:
  explicit helper(make_parser make) : make_(std::move(make)) {}

  [[nodiscard]] chunk_parsed parse(const parse_chunk& m) {
    const auto begun = std::chrono::steady_clock::now();
    const in_hand noted(m.what);
    auto rows = try_to_parse(*m.chunk);
    return {m.number, std::move(rows),
            std::chrono::duration_cast<micros>(std::chrono::steady_clock::now() - begun)};
  }

private:
  std::shared_ptr<parser::parsed> try_to_parse(const source::chunk& c) {
    try {
      if (!parser_) {
        auto made = make_();
        if (!made)
          return nullptr;
        parser_ = std::move(*made);
      }
      return std::make_shared<parser::parsed>(parser_->parse(c));
    } catch (...) {
      parser_.reset();  // its state of that chunk is of no use
      return nullptr;
    }
  }

  make_parser make_;
  std::unique_ptr<parser::record_parser> parser_;
};

parse_helper::behavior_type helper_behaviour(parse_helper::pointer self, make_parser make) {
  auto state = std::make_shared<helper>(std::move(make));
  return {
      [=](const parse_chunk& m) {
        self->send(caf::actor_cast<parsing_lane>(self->current_sender()), state->parse(m));
      },
      [=](const messages::stop&) { self->quit(); },
  };
}

}  // namespace

parse_helper spawn_parse_helper(caf::actor_system& system, const std::string& topology,
                                const std::string& lane, make_parser make) {
  return control::spawn_recorded<parse_helper>(
      system, topology, lane,
      [make = std::move(make)](parse_helper::pointer self) { return helper_behaviour(self, make); });
}

}  // namespace millrace::lane
