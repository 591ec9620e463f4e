// Reads the live log: asks the source for chunks while there is room for them, has helpers parse them ahead, and
// goes elsewhere when the receivers stand elsewhere. A source that is away is asked again; one that has broken
// ends the life once all that it gave has gone on its way.
#pragma once

#include "actors/stream/lane/figures.hpp"
#include "actors/stream/lane/frame_dispatch.hpp"
#include "actors/stream/lane/schedule.hpp"
#include "actors/stream/lane/shared.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace millrace::lane {

class chunk_reader {
public:
  chunk_reader(shared& all, frame_dispatch& receivers, schedule& when, figures& shown)
      : all_(all), dispatch_(receivers), schedule_(when), figures_(shown) {}

  /// The partition stands somewhere else than it has read: the source goes there, and what was read for the old
  /// place is dropped.
  void begin_at(partition& p);
  void read_more();
  /// The source's answer. False: the request was cancelled, and nothing comes of it.
  bool on_chunk(const source::chunk_read& m);
  /// A helper has parsed a chunk, or could not. False: the chunk is not there any more, because the lane has begun
  /// elsewhere.
  bool on_parsed(const chunk_parsed& m);
  /// Ends the life, once the source has broken and all that it gave before has gone on its way.
  bool fail_at_the_end_of_what_was_read();

private:
  /// The source's last word.
  struct broken {
    error why;
    // The positions by partition, while the receivers are asked whether they still need what is gone.
    std::optional<std::vector<position>> stood_at{};
  };

  [[nodiscard]] std::vector<schedule::place> places() const;
  void on_failure(const error& why);
  void on_nothing(std::uint64_t ticket);
  void take(const std::shared_ptr<const source::chunk>& c, std::uint64_t ticket);
  /// Partitions are idle, too, while others have records at each read.
  void tell_idle_before(std::size_t turn, std::uint64_t ticket);
  /// Has a chunk that was just read parsed by a helper, where there are some and it is worth it.
  void parse_ahead(const partition& p, waiting_chunk& w);
  bool is_still_needed();

  shared& all_;
  frame_dispatch& dispatch_;
  schedule& schedule_;
  figures& figures_;
  std::optional<broken> broken_;
  std::uint64_t given_away_ = 0;  // chunks that helpers were asked to parse; the number of the newest
};

}  // namespace millrace::lane
