// The interface that a chain has to the topic in which its records lie. The real one is kafka_topic; tests have one in
// memory, and put themselves in between.
#pragma once

#include "actors/node/stores/kafka/record_format.hpp"
#include "runtime/base/error.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace millrace::kafka_chain {

/// Is told of messages of one owner in the order of their offsets. The payload belongs to the caller, and is
/// empty where only digests are kept.
using taker = std::function<void(const sighting&, std::string_view payload)>;

/// Passes on what comes for one owner while a chain of it is open here. Destroying it ends that.
class followed {
public:
  virtual ~followed() = default;
  /// Waits, for a bounded time, until the partition has been read to an end that lay after `place`, and
  /// passes on what has come since the last call. That includes the opening that voids the record at `place`,
  /// or a later base. After an error it is not known what has come.
  [[nodiscard]] virtual expected<void> look(std::uint64_t place, const taker& take) = 0;
};

class topic {
public:
  virtual ~topic() = default;
  /// Sends messages of one owner in their order. Returns the offset of the last one when all are stored as
  /// durably as the topic stores anything. After an error any of them may be there, or come later.
  [[nodiscard]] virtual expected<std::uint64_t> append(std::string_view prefix,
                                                       std::vector<message> messages) = 0;
  /// Reads the owner's partition anew from the offset `from` to its end, which is not below `least`. Returns
  /// the end. ec::mismatch where a message of another version of the format stands there.
  [[nodiscard]] virtual expected<std::uint64_t> read(std::string_view prefix, std::uint64_t from,
                                                     std::uint64_t least, const taker& take) = 0;
  /// Begins to follow the topic: each record that a later read does not see is passed to the follower.
  [[nodiscard]] virtual expected<std::unique_ptr<followed>> follow(std::string_view prefix) = 0;
  /// Bytes of a payload that go into one message.
  [[nodiscard]] virtual std::size_t piece_bytes() const { return largest_piece; }
  /// A number that no other call gives, here or elsewhere.
  [[nodiscard]] virtual std::uint64_t unique() = 0;
  /// Says where it is: `topic "millrace-chains" at kafka-1:9092`.
  [[nodiscard]] virtual const std::string& shown() const = 0;
};

/// ec::mismatch: a message of another version of the format stands among the chains.
[[nodiscard]] unexpected other_version(std::string_view shown);

}  // namespace millrace::kafka_chain
