// The open readers of a lane, a source actor each. The lane actor opens and closes them as the lane says; however
// the actor ends, the threads that read for it end as well.
#pragma once

#include "actors/stream/lane/lane_messages.hpp"
#include "actors/stream/lane/reader_number.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>

namespace millrace::lane {

class open_readers {
public:
  using make_reader = std::function<expected<std::unique_ptr<source::reader>>()>;

  /// `self` outlives it, and monitors each that it opens.
  open_readers(lane_interface::pointer self, make_reader make, source::source_options options)
      : self_(self), make_(std::move(make)), options_(std::move(options)) {}
  ~open_readers() { close_all(); }
  open_readers(const open_readers&) = delete;
  open_readers& operator=(const open_readers&) = delete;

  [[nodiscard]] expected<void> open(reader_number reader);
  void close(reader_number reader);
  void close_all();
  template<class M>
  void tell(reader_number reader, M message) {
    if (const auto r = readers_.find(reader); r != readers_.end())  // none at the lane's end
      self_->send(r->second.source, std::move(message));
  }

  /// Returns whether that reader is open and not over.
  [[nodiscard]] bool has(reader_number reader) const { return readers_.contains(reader); }
  [[nodiscard]] bool has(const caf::actor_addr& source) const;
  /// The reader's source actor; null: it is not open.
  [[nodiscard]] caf::actor_addr source_of(reader_number reader) const;
  /// The log's identity is kept as `text` from now on.
  void identity_is(std::string text) { options_.identity.value = std::move(text); }

private:
  struct open_reader {
    std::shared_ptr<source::reader> connector;
    source::source_actor source;
  };

  static void end(const open_reader& r);

  lane_interface::pointer self_;
  make_reader make_;
  source::source_options options_;
  std::map<reader_number, open_reader> readers_;
};

}  // namespace millrace::lane
