// One connection of the broker that has all of a process: messages, each after its length, preceded by the
// connection's first bytes. Runs on CAF's I/O thread.
#pragma once

#include "actors/link/caf_transport.hpp"
#include "actors/link/wire_format.hpp"

#include <caf/io/typed_broker.hpp>

#include <algorithm>
#include <memory>
#include <sys/socket.h>
#include <utility>
#include <variant>
#include <vector>

namespace millrace::link {

/// The end of a connection that reads: a length, then so many bytes, and so on.
class caf_wire {
public:
  struct more {};   // the rest of a message is to come
  struct wrong {};  // the bytes are no message
  using taken = std::variant<more, wrong, piece>;

  explicit caf_wire(caf::io::connection_handle handle) : handle_(handle) {}

  [[nodiscard]] caf::io::connection_handle handle() const { return handle_; }

  void begin(connections_broker::broker_pointer self) { next(self, length_size); }
  /// Takes bytes that are in front of the first message.
  void next(connections_broker::broker_pointer self, std::size_t size) {
    self->configure_read(handle_, caf::io::receive_policy::exactly(size));
  }
  void say(connections_broker::broker_pointer self, std::string_view bytes) const {
    auto& out = self->wr_buf(handle_);
    out.insert(out.end(), bytes.begin(), bytes.end());
    self->flush(handle_);
  }
  /// Ends it both ways, and CAF finds that. CAF's close() ends one way, and waits for the other side, which may never
  /// end its own.
  void hang_up() const { ::shutdown(static_cast<int>(handle_.id()), SHUT_RDWR); }
  /// Takes what has been read, and has the broker read what comes next.
  [[nodiscard]] taken take(connections_broker::broker_pointer self, std::vector<char>& bytes) {
    if (std::exchange(reads_length_, !reads_length_)) {
      wire_length length{};
      std::copy_n(bytes.begin(), std::min(bytes.size(), length.size()), length.begin());
      const auto size = length_of(length);
      if (bytes.size() != length.size() || !is_length_of_message(size))
        return wrong{};
      next(self, size);
      return more{};
    }
    const auto owner = std::make_shared<const std::vector<char>>(std::move(bytes));
    next(self, length_size);
    return piece{owner, {owner->data(), owner->size()}};
  }
  void write(connections_broker::broker_pointer self, const pieces& all) const {
    auto& out = self->wr_buf(handle_);
    const auto length = length_bytes(size_of(all));
    out.insert(out.end(), length.begin(), length.end());
    for (const auto& p : all)
      out.insert(out.end(), p.bytes.begin(), p.bytes.end());
    self->flush(handle_);
  }
  /// Returns how many bytes CAF has not begun to write.
  [[nodiscard]] std::size_t unsent(connections_broker::broker_pointer self) const {
    return self->wr_buf(handle_).size();
  }

private:
  static constexpr std::size_t length_size = std::tuple_size_v<wire_length>;

  caf::io::connection_handle handle_;
  bool reads_length_ = true;
};

}  // namespace millrace::link
